//! Chains made to order: a root, authorities below it and leafs, each with one thing changed.

use rcgen::SigningKey;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

use super::{Question, Validator, Verdict, judge};
use crate::pki::{Certificate, Host, RevocationList, Usage};

/// 2026-06-01 at noon.
pub const NOW: OffsetDateTime = match OffsetDateTime::from_unix_timestamp(1_780_315_200) {
    Ok(now) => now,
    Err(_) => OffsetDateTime::UNIX_EPOCH,
};
pub const HOST: &str = "broker-1.example";

pub const EVERYONE: [Validator; 4] = [Validator::Java, Validator::Erlang, Validator::OpenSsl, Validator::Rustls];

pub struct Authority {
    pub issuer: CertifiedIssuer<'static, KeyPair>,
    pub certificate: Certificate,
}

/// What every certificate has unless a test says otherwise: a year behind it, a year to go.
fn parameters(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = Default::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = NOW - Duration::days(365);
    parameters.not_after = NOW + Duration::days(365);
    parameters.serial_number = Some(vec![1, 2, 3].into());
    parameters.use_authority_key_identifier_extension = true;
    parameters
}

fn authority(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut parameters = parameters(name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    change(&mut parameters);
    parameters
}

fn held(issuer: CertifiedIssuer<'static, KeyPair>) -> Authority {
    let certificate = Certificate::from_der(issuer.der().to_vec()).unwrap();
    Authority { issuer, certificate }
}

pub fn root(change: impl FnOnce(&mut CertificateParams)) -> Authority {
    held(CertifiedIssuer::self_signed(authority("root", change), KeyPair::generate().unwrap()).unwrap())
}

impl Authority {
    pub fn authority(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        held(CertifiedIssuer::signed_by(authority(name, change), KeyPair::generate().unwrap(), &self.issuer).unwrap())
    }

    /// The same authority, by another issuer.
    pub fn crossed(&self, name: &str, by: &Self) -> Certificate {
        let parameters = authority(name, |parameters| parameters.serial_number = Some(vec![9].into()));
        Certificate::from_der(parameters.signed_by(self.issuer.key(), &by.issuer).unwrap().der().to_vec()).unwrap()
    }

    /// A broker's certificate: both usages, valid for `HOST`.
    pub fn leaf(&self, change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let mut parameters = parameters("broker");
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        parameters.subject_alt_names = vec![rcgen::SanType::DnsName(HOST.try_into().unwrap())];
        change(&mut parameters);
        let key = KeyPair::generate().unwrap();
        Certificate::from_der(parameters.signed_by(&key, &self.issuer).unwrap().der().to_vec()).unwrap()
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.issuer.key().sign(message).unwrap()
    }
}

/// A question, a part at a time.
#[derive(Clone)]
pub struct Asked {
    pub leaf: Certificate,
    pub intermediates: Vec<Certificate>,
    pub anchors: Vec<Certificate>,
    pub lists: Vec<RevocationList>,
    pub at: OffsetDateTime,
    pub purpose: Option<Usage>,
    pub name: Option<Host>,
}

/// Whether the leaf is a server that is reached as `HOST`, now.
pub fn ask(leaf: &Certificate, intermediates: &[&Authority], anchor: &Authority) -> Asked {
    Asked {
        leaf: leaf.clone(),
        intermediates: intermediates.iter().map(|authority| authority.certificate.clone()).collect(),
        anchors: vec![anchor.certificate.clone()],
        lists: Vec::new(),
        at: NOW,
        purpose: Some(Usage::ServerAuth),
        name: Some(HOST.parse().unwrap()),
    }
}

/// A leaf below an issuing CA below a root, each with its change.
pub fn chain(
    at_root: impl FnOnce(&mut CertificateParams),
    at_issuing: impl FnOnce(&mut CertificateParams),
    at_leaf: impl FnOnce(&mut CertificateParams),
) -> Asked {
    let root = root(at_root);
    let issuing = root.authority("issuing", at_issuing);
    ask(&issuing.leaf(at_leaf), &[&issuing], &root)
}

pub fn same(_: &mut CertificateParams) {}

impl Asked {
    pub fn verdict(&self) -> Verdict {
        judge(&Question {
            leaf: &self.leaf,
            intermediates: &self.intermediates,
            anchors: &self.anchors,
            revocation_lists: &self.lists,
            at: self.at,
            purpose: self.purpose,
            name: self.name.as_ref(),
        })
    }

    /// Each fault as its place in the path and its code.
    pub fn faults(&self) -> Vec<(usize, &'static str)> {
        self.verdict().faults.iter().map(|fault| (fault.at, fault.kind.code())).collect()
    }

    /// Who accepts.
    pub fn accepted_by(&self) -> Vec<Validator> {
        self.verdict().opinions.into_iter().filter(|opinion| opinion.accepts).map(|opinion| opinion.validator).collect()
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

pub fn critical(oid: &[u64], content: Vec<u8>) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, content);
    extension.set_criticality(true);
    extension
}

/// One DER element.
pub fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let header = match content.len() {
        0..=127 => vec![tag, length[1]],
        128..=255 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [header, content].concat()
}
