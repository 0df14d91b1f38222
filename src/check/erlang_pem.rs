//! Findings about a PEM file that Erlang is to load: RabbitMQ's `certfile`, `keyfile` and `cacertfile`.
//!
//! RabbitMQ only looks whether the files are there. What stands in them is read at the first handshake, which then ends in a reset
//! connection and nothing in the log (RabbitMQ before 4.1.1).

use pkcs8::ObjectIdentifier;

use super::encrypted_key::EncryptedKey;
use super::view::named;
use crate::finding::{Finding, Place, Rule};
use crate::pki::{Certificate, Secret};

pub const RULES: &[&Rule] = &[&NOT_PEM, &BYTE_ORDER_MARK, &PASSED_OVER, &WITHOUT_BLOCK, &ORDER, &KEY_ENCRYPTION];

const NOT_PEM: Rule = Rule::error(
    "erlang-not-pem",
    "a file for Erlang that is not PEM",
    "RabbitMQ's `certfile`, `keyfile` and `cacertfile` are PEM. With DER, or an empty file, the node starts and every handshake fails.",
);

const BYTE_ORDER_MARK: Rule = Rule::error(
    "erlang-pem-byte-order-mark",
    "a byte order mark before the first block",
    "Erlang sees a block only where its line begins with it, so the first certificate or key is not there for it. Windows editors write such marks.",
);

const PASSED_OVER: Rule = Rule::error(
    "erlang-pem-passed-over",
    "a PEM block that Erlang does not see",
    "Erlang sees a block only where \"-----BEGIN\" begins a line of its own: one that is indented, or that follows another on the same line, is passed over without a word.",
);

const WITHOUT_BLOCK: Rule = Rule::error(
    "erlang-pem-without-block",
    "a PEM file without what Erlang looks for in it",
    "`certfile` and `cacertfile` need CERTIFICATE blocks, `keyfile` a private key; TRUSTED CERTIFICATE and X509 CERTIFICATE are none to Erlang.",
);

const ORDER: Rule = Rule::error(
    "erlang-pem-order",
    "a certfile that does not begin with the leaf",
    "Erlang shows the first certificate as its own. With an authority first every handshake fails: \"no_suitable_ciphers\", or a bad signature.",
);

const KEY_ENCRYPTION: Rule = Rule::error(
    "erlang-pem-key-encryption",
    "a PEM key in an encryption that Erlang cannot open",
    "Erlang (seen with OTP 25) opens PBES2 with PBKDF2 and AES or 3DES, PBES1, and OpenSSL's traditional form. PKCS#12's own schemes and scrypt crash the handshake.",
);

/// What the file is to RabbitMQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErlangFile {
    /// `certfile`.
    Chain,
    /// `cacertfile`.
    Anchors,
    /// `keyfile`, which may be the same file as `certfile`.
    Key,
}

/// Why Erlang cannot load `bytes`.
pub fn erlang_pem(target: &str, bytes: &[u8], file: ErlangFile) -> Vec<Finding> {
    let place = || Place::target(target);
    let text = String::from_utf8_lossy(bytes);
    if !text.contains("-----BEGIN ") {
        return vec![NOT_PEM.at(place(), "there is no PEM block in it", "convert it to PEM")];
    }
    let label = |line: &'_ str| Some(line.strip_prefix("-----BEGIN ")?.trim_end().strip_suffix("-----")?.to_owned());
    let labels: Vec<String> = text.split(['\n', '\r']).filter_map(label).filter(|label| !label.contains("-----")).collect();
    let mut findings = Vec::new();
    if text.starts_with("\u{feff}-----BEGIN ") {
        findings.push(BYTE_ORDER_MARK.at(place(), "it begins with a UTF-8 byte order mark", "save it without one"));
    } else if text.matches("-----BEGIN ").count() > labels.len() {
        findings.push(PASSED_OVER.at(place(), "a block in it does not begin its line", "write each BEGIN and END on a line of its own"));
    }
    let wanted = |label: &String| match file {
        ErlangFile::Chain | ErlangFile::Anchors => label == "CERTIFICATE",
        ErlangFile::Key => KEYS.contains(&label.as_str()),
    };
    if findings.is_empty() && !labels.iter().any(wanted) {
        let what = match file {
            ErlangFile::Chain | ErlangFile::Anchors => "certificate",
            ErlangFile::Key => "private key",
        };
        findings.push(WITHOUT_BLOCK.at(place(), format!("there is no {what} in it"), format!("put the {what} in as PEM")));
    }
    match file {
        ErlangFile::Chain => findings.extend(order(bytes, place())),
        ErlangFile::Key => findings.extend(key_encryption(bytes, place())),
        ErlangFile::Anchors => {}
    }
    findings
}

/// The labels that `public_key` knows.
const KEYS: [&str; 5] = ["PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "DSA PRIVATE KEY", "EC PRIVATE KEY"];

fn order(bytes: &[u8], place: Place) -> Option<Finding> {
    let certificates = Certificate::from_pem(bytes).ok()?;
    let (first, rest) = certificates.split_first()?;
    let leaf = rest.iter().find(|certificate| certificate.issuer_der == first.subject_der && !certificate.authority.is_authority)?;
    Some(ORDER.at(place, format!("{} comes before the leaf {}", named(first), named(leaf)), "put the leaf first"))
}

fn key_encryption(bytes: &[u8], place: Place) -> Option<Finding> {
    let blocks = pem::parse_many(bytes).ok()?;
    let block = blocks.into_iter().find(|block| block.tag() == "ENCRYPTED PRIVATE KEY")?;
    let der = Secret::new(block.into_contents());
    let key = EncryptedKey::read(der.expose())?;
    (!erlang_opens(&key)).then(|| {
        let message = format!("its key is encrypted by {}", key.name());
        KEY_ENCRYPTION.at(place, message, "encrypt it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc")
    })
}

fn erlang_opens(key: &EncryptedKey) -> bool {
    match key.parts {
        Some((derivation, cipher)) => derivation == PBKDF2 && CIPHERS.contains(&cipher),
        None => PBES1.contains(&key.algorithm),
    }
}

const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
/// DES, 3DES and RC2, and AES of 128, 192 and 256 bits, each in CBC mode.
const CIPHERS: [ObjectIdentifier; 6] = [
    ObjectIdentifier::new_unwrap("1.3.14.3.2.7"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.3.7"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.3.2"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22"),
    ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42"),
];
/// MD5 and SHA-1 with DES and RC2 (RFC 8018, A.3).
const PBES1: [ObjectIdentifier; 4] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.3"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.6"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.10"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.11"),
];
