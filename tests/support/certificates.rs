//! Authorities and certificates as they should be; a test changes the one thing that is to be wrong.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

/// What is changed in a certificate before it is signed.
pub type Change = fn(&mut CertificateParams);

pub const NOTHING: Change = |_| {};
pub const ENDED: Change = |params| params.not_after = OffsetDateTime::now_utc() - Duration::days(1);
pub const NOT_BEGUN: Change = |params| params.not_before = OffsetDateTime::now_utc() + Duration::days(1);
pub const FOR_CLIENTS: Change = |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
pub const FOR_SERVERS: Change = |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
pub const OF_ANOTHER_NAME: Change = |params| params.subject_alt_names = vec![SanType::DnsName("other.example".try_into().unwrap())];

/// Signs certificates.
pub struct Authority {
    certified: CertifiedIssuer<'static, KeyPair>,
    /// What is sent after a leaf: this authority and those above it, without the root.
    sent: String,
}

/// A certificate with its key, as PEM.
pub struct Leaf {
    pub key: String,
    pub certificate: String,
    pub above: String,
}

impl Authority {
    pub fn root(name: &str) -> Self {
        let certified = CertifiedIssuer::self_signed(authority(name, NOTHING), KeyPair::generate().unwrap()).unwrap();
        Self { certified, sent: String::new() }
    }

    pub fn below(&self, name: &str, change: Change) -> Self {
        let certified = CertifiedIssuer::signed_by(authority(name, change), KeyPair::generate().unwrap(), &self.certified).unwrap();
        let sent = certified.pem() + &self.sent;
        Self { certified, sent }
    }

    pub fn leaf(&self, name: &str, change: Change) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf(name, change).signed_by(&key, &self.certified).unwrap().pem();
        Leaf { key: key.serialize_pem(), certificate, above: self.sent.clone() }
    }

    pub fn pem(&self) -> String {
        self.certified.pem()
    }

    /// As a client would show it that takes the authority for itself.
    pub fn keystore(&self) -> String {
        self.certified.key().serialize_pem() + &self.pem()
    }
}

impl Leaf {
    pub fn signed_by_itself(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf(name, NOTHING).self_signed(&key).unwrap().pem();
        Self { key: key.serialize_pem(), certificate, above: String::new() }
    }

    pub fn chain(&self) -> String {
        format!("{}{}", self.certificate, self.above)
    }

    /// As Kafka and its clients take it: key, certificate, and what is above.
    pub fn keystore(&self) -> String {
        format!("{}{}", self.key, self.chain())
    }
}

fn authority(name: &str, change: Change) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    change(&mut params);
    params
}

/// For `localhost` alone, and for both sides of a handshake.
fn leaf(name: &str, change: Change) -> CertificateParams {
    let mut params = named(name);
    params.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    change(&mut params);
    params
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - Duration::days(30);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(300);
    params
}
