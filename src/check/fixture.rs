//! What the tests of the rules are made of: an authority, leafs with one fault each, and files that hold them.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

use super::Options;
use crate::finding::Finding;
use crate::keystore::{Contents, Format, Held, Item, KeyState, Protected, Scheme, Seal};
use crate::pki::{AnyKey, Certificate, KeyKind, PrivateKey};

/// The hour at which every test looks.
pub const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH.saturating_add(Duration::days(20_605));

pub struct Made {
    pub params: CertificateParams,
    pub key: PrivateKey,
    pub certificate: Certificate,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = NOW - Duration::days(10);
    params.not_after = NOW + Duration::days(80);
    params
}

/// A root that lives longer than whatever it signs.
pub fn root(name: &str) -> Made {
    signed(authority_params(name, 3650), KeyKind::P256, None)
}

/// An authority below another.
pub fn issuing(name: &str, issuer: &Made) -> Made {
    signed(authority_params(name, 365), KeyKind::P256, Some(issuer))
}

fn authority_params(name: &str, days: i64) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_after = NOW + Duration::days(days);
    params
}

/// What a broker's leaf says when nothing is wrong with it.
pub fn broker_params(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.subject_alt_names = vec![SanType::DnsName(format!("{name}.example").try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params
}

pub fn broker(name: &str, issuer: &Made) -> Made {
    signed(broker_params(name), KeyKind::P256, Some(issuer))
}

/// Signed by `issuer`, or by its own key.
pub fn signed(params: CertificateParams, kind: KeyKind, issuer: Option<&Made>) -> Made {
    let key = PrivateKey::generate(kind).unwrap();
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, &Issuer::from_params(&issuer.params, &issuer.key)),
        None => params.self_signed(&key),
    };
    let certificate = Certificate::from_der(certificate.unwrap().der().to_vec()).unwrap();
    Made { params, key, certificate }
}

pub fn any_key(made: &Made) -> KeyState {
    KeyState::Open(AnyKey::from_pkcs8(made.key.pkcs8().expose()).unwrap())
}

/// A key entry: the key of `chain[0]`, with all of `chain`.
pub fn key_entry(alias: &str, chain: &[&Made]) -> Item {
    item(Some(alias), Held::Key { key: any_key(chain[0]), chain: chain.iter().map(|made| made.certificate.clone()).collect() })
}

pub fn trusted(alias: &str, made: &Made) -> Item {
    item(Some(alias), Held::Trusted(Box::new(made.certificate.clone())))
}

pub fn bare(made: &Made) -> Item {
    item(None, Held::Certificate(Box::new(made.certificate.clone())))
}

pub fn item(alias: Option<&str>, held: Held) -> Item {
    Item { alias: alias.map(str::to_owned), created: None, held }
}

pub fn file(format: Format, items: Vec<Item>) -> Contents {
    let seal = if matches!(format, Format::Pkcs12 | Format::Jks | Format::Jceks) { Seal::Intact } else { Seal::Absent };
    let scheme = Scheme { protects: Protected::Keys, name: "PBES2 PBKDF2-HMAC-SHA256 AES-256-CBC".to_owned(), iterations: Some(10_000) };
    Contents { format, items, seal, schemes: if format == Format::Pkcs12 { vec![scheme] } else { Vec::new() } }
}

pub fn options() -> Options<'static> {
    Options {
        at: NOW,
        expires_within: Duration::days(30),
        anchors: &[],
        intermediates: &[],
        revocation_lists: &[],
        purpose: None,
        name: None,
    }
}

/// The codes of all that is found in a file, sorted.
pub fn codes(target: &str, contents: &Contents) -> Vec<&'static str> {
    codes_of(&super::contents(target, contents, &options()).findings)
}

pub fn codes_of(findings: &[Finding]) -> Vec<&'static str> {
    let mut codes: Vec<&'static str> = findings.iter().map(|finding| finding.rule.code).collect();
    codes.sort_unstable();
    codes
}
