//! PEM files (RFC 7468) of any mix, and OpenSSL's older labels.

use super::armour::{Block, Content, blocks};
use super::chain::with_chains;
use super::der::{self, Shape};
use super::opener;
use super::unlock::Unlocker;
use super::{Contents, Format, Held, Item, KeystoreError, Passwords, Seal};
use crate::pki::Certificate;
use crate::pki::asn1::{Elements, SEQUENCE};

/// What a label says about its block.
enum Kind {
    Certificate,
    /// OpenSSL's: its own notes on trust follow the certificate.
    TrustedCertificate,
    Request,
    RevocationList,
    PublicKey,
    PrivateKey,
    OpensshKey,
    Pkcs7,
    /// Parameters of curves and groups: they belong to a key, or are of no interest here.
    Parameters,
}

impl Kind {
    fn of(label: &str) -> Option<Self> {
        Some(match label {
            "CERTIFICATE" | "X509 CERTIFICATE" | "X.509 CERTIFICATE" => Self::Certificate,
            "TRUSTED CERTIFICATE" => Self::TrustedCertificate,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Self::Request,
            "X509 CRL" | "CRL" => Self::RevocationList,
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Self::PublicKey,
            "OPENSSH PRIVATE KEY" => Self::OpensshKey,
            "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" | "CERTIFICATE CHAIN" => Self::Pkcs7,
            _ if label.ends_with("PRIVATE KEY") => Self::PrivateKey,
            _ if label.ends_with("PARAMETERS") => Self::Parameters,
            _ => return None,
        })
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Certificate | Self::TrustedCertificate => Shape::Certificate.name(),
            Self::Request => Shape::Request.name(),
            Self::RevocationList => Shape::RevocationList.name(),
            Self::PublicKey => Shape::PublicKey.name(),
            Self::PrivateKey | Self::OpensshKey => Shape::PrivateKey.name(),
            Self::Pkcs7 => Shape::Pkcs7.name(),
            Self::Parameters => "parameters",
        }
    }
}

/// Reads every block of a text. What is damaged or of no known kind is listed as such.
pub(super) fn open(text: &[u8], passwords: &Passwords) -> Result<Contents, KeystoreError> {
    let mut unlocker = Unlocker::new(passwords);
    let mut items = Vec::new();
    let mut parameters = None;
    for Block { label, at, line, content } in blocks(text) {
        let kind = Kind::of(&label);
        let what = kind.as_ref().map_or("block", Kind::name);
        let held = match (kind, content) {
            (_, Err(damage)) => Err((format!("line {}: {}", damage.line, damage.problem), damage.at)),
            (None, Ok(_)) => Err((format!("line {line}: a block labelled {label} is none of keys and certificates"), at)),
            (Some(Kind::Parameters), Ok(content)) => {
                parameters = Some(content.bytes);
                continue;
            }
            (Some(kind), Ok(content)) => {
                // They stand right before the key that they are for.
                let parameters = parameters.take();
                let parameters = parameters.as_ref().map(crate::pki::Secret::expose);
                read(&kind, &content, parameters, &mut unlocker).map_err(|problem| (format!("line {line}: {problem}"), at))
            }
        };
        match held {
            Ok(held) => items.extend(held),
            Err((problem, at)) => items.push(Held::Unreadable { what, problem, at: Some(at) }),
        }
    }
    if items.is_empty() {
        return Err(KeystoreError::Unrecognised { looks_like: "PEM without any key or certificate" });
    }
    let items = items.into_iter().map(|held| Item { alias: None, created: None, held }).collect();
    let schemes = unlocker.into_schemes();
    Ok(Contents { format: Format::Pem, items: with_chains(items), seal: Seal::Absent, schemes })
}

fn read(kind: &Kind, content: &Content, parameters: Option<&[u8]>, unlocker: &mut Unlocker<'_>) -> Result<Vec<Held>, String> {
    let bytes = content.bytes.expose();
    let key = |key: Result<_, crate::pki::AnyKeyError>| {
        key.map(|key| vec![Held::Key { key, chain: Vec::new() }]).map_err(|error| error.to_string())
    };
    match (kind, &content.encryption) {
        (Kind::PrivateKey, Some(encryption)) => key(opener::traditional(encryption, bytes, parameters, unlocker)),
        (_, Some(_)) => Err("it is encrypted, and no private key".to_owned()),
        (Kind::PrivateKey, None) => key(opener::key(bytes, parameters, unlocker)),
        (Kind::OpensshKey, None) => key(opener::openssh(bytes, unlocker)),
        (Kind::Certificate, None) => {
            certificate(bytes, |rest| (!rest.is_empty()).then(|| format!("{} bytes follow the certificate in its block", rest.len())))
        }
        (Kind::TrustedCertificate, None) => certificate(bytes, |_| None),
        (Kind::Request, None) => der::read(bytes, Shape::Request, unlocker),
        (Kind::RevocationList, None) => der::read(bytes, Shape::RevocationList, unlocker),
        (Kind::PublicKey, None) => der::read(bytes, Shape::PublicKey, unlocker),
        (Kind::Pkcs7, None) => der::read(bytes, Shape::Pkcs7, unlocker),
        (Kind::Parameters, None) => Ok(Vec::new()),
    }
}

/// A certificate, even if something follows it: OpenSSL reads on. `complaint` judges what follows.
fn certificate(bytes: &[u8], complaint: impl Fn(&[u8]) -> Option<String>) -> Result<Vec<Held>, String> {
    let first = Elements::new(bytes).tagged(SEQUENCE).map_or(bytes, |first| first.whole);
    let certificate = Certificate::from_der(first.to_vec()).map_err(|error| error.to_string())?;
    let unreadable = complaint(&bytes[first.len()..]).map(|problem| Held::Unreadable { what: "rest", problem, at: None });
    Ok([Held::Certificate(Box::new(certificate))].into_iter().chain(unreadable).collect())
}
