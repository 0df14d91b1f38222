//! Findings about keys and signatures that are too weak, or that not everyone can use.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::leaf::is_root;
use super::view::View;
use crate::finding::{Finding, Place, Rule};
use crate::pki::{Certificate, KeyAlgorithm, PublicKey};

pub const RULES: &[&Rule] = &[&KEY_REFUSED, &KEY_WEAK, &KEY_SELDOM_SUPPORTED, &ED25519_LEAF, &SIGNATURE_REFUSED, &SIGNATURE_SHA1];

const KEY_REFUSED: Rule = Rule::error(
    "key-too-short",
    "a key that is refused as too short",
    "Java refuses certificates with RSA and DSA keys below 1024 bits and elliptic curves below 224 (`jdk.certpath.disabledAlgorithms`), OpenSSL and rustls much more.",
);

const KEY_WEAK: Rule = Rule::warning(
    "key-weak",
    "a key of less than 112 bits of security",
    "OpenSSL refuses it at its usual security level (\"ee key too small\"), and rustls does not load it, while Java and Erlang still do. NIST SP 800-131A allows no RSA key below 2048 bits.",
);

const KEY_SELDOM_SUPPORTED: Rule = Rule::warning(
    "key-seldom-supported",
    "a kind of key that TLS implementations seldom support",
    "Java from 16 on knows no curves but P-256, P-384 and P-521 (JDK-8235540), rustls has P-521 for verifying only, and nobody takes DSA in TLS 1.3.",
);

const ED25519_LEAF: Rule = Rule::warning(
    "ed25519-leaf",
    "an Ed25519 key of a leaf",
    "Java has it from 16 on (JDK-8254709), Kafka cannot load it from PEM on any Java, and Erlang offers it in TLS 1.3 only.",
);

const SIGNATURE_REFUSED: Rule = Rule::error(
    "signature-md5",
    "signature over MD2, MD4 or MD5",
    "Collisions have been used to forge authorities. Java, OpenSSL and rustls all refuse it.",
);

const SIGNATURE_SHA1: Rule = Rule::warning(
    "signature-sha1",
    "signature over SHA-1",
    "OpenSSL 3 refuses it at its usual security level, rustls always; Erlang since OTP 25 in TLS 1.3; Java 25 in handshakes.",
);

/// Which kinds of rule are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fatal {
    /// What nobody accepts, too.
    Asked,
    /// That is for the verdict on the chain.
    Judged,
}

/// How strong each certificate is, and each leaf's key.
pub fn check(view: &View<'_>, fatal: Fatal) -> Vec<Finding> {
    let keys = view.certificates().into_iter().filter_map(|certificate| key(certificate, view.place_of(certificate), fatal));
    let signatures = view.certificates().into_iter().filter_map(|certificate| signature(certificate, view.place_of(certificate), fatal));
    keys.chain(signatures).collect()
}

fn key(certificate: &Certificate, place: Place, fatal: Fatal) -> Option<Finding> {
    let algorithm = PublicKey::from_der(&certificate.public_key)?.algorithm;
    let say = |rule: &'static Rule, what: &str, fix: &str| Some(rule.at(place.clone(), format!("its {algorithm} key {what}"), fix));
    let strong = "issue it anew with an EC P-256 key, or RSA of at least 2048 bits";
    match (refused(&algorithm), fatal) {
        (true, Fatal::Asked) => return say(&KEY_REFUSED, "is too short for everyone", strong),
        (true, Fatal::Judged) | (false, Fatal::Asked | Fatal::Judged) => {}
    }
    match &algorithm {
        KeyAlgorithm::Rsa { bits } | KeyAlgorithm::RsaPss { bits } if *bits < 2048 => say(&KEY_WEAK, "is shorter than 2048 bits", strong),
        KeyAlgorithm::Ec { bits, .. } if *bits < 224 => say(&KEY_WEAK, "is shorter than 224 bits", strong),
        KeyAlgorithm::Ec { curve: "P-256" | "P-384" | "P-521", .. } | KeyAlgorithm::Rsa { .. } => None,
        KeyAlgorithm::Ed25519 if !certificate.authority.is_authority => say(
            &ED25519_LEAF,
            "is one that Kafka cannot load from PEM",
            "issue it anew with an EC P-256 or RSA key, or use PKCS#12 and Java 16 or later",
        ),
        KeyAlgorithm::Ed25519 => None,
        KeyAlgorithm::RsaPss { .. }
        | KeyAlgorithm::Ec { .. }
        | KeyAlgorithm::Dsa { .. }
        | KeyAlgorithm::DiffieHellman { .. }
        | KeyAlgorithm::Ed448
        | KeyAlgorithm::X25519
        | KeyAlgorithm::X448
        | KeyAlgorithm::PostQuantum(_)
        | KeyAlgorithm::Other(_) => say(&KEY_SELDOM_SUPPORTED, "is of a kind that some brokers and clients cannot use", strong),
    }
}

fn refused(algorithm: &KeyAlgorithm) -> bool {
    match algorithm {
        KeyAlgorithm::Rsa { bits } | KeyAlgorithm::RsaPss { bits } | KeyAlgorithm::Dsa { bits } => *bits < 1024,
        KeyAlgorithm::Ec { bits, .. } | KeyAlgorithm::DiffieHellman { bits } => *bits < 224 && matches!(algorithm, KeyAlgorithm::Ec { .. }),
        KeyAlgorithm::Ed25519
        | KeyAlgorithm::Ed448
        | KeyAlgorithm::X25519
        | KeyAlgorithm::X448
        | KeyAlgorithm::PostQuantum(_)
        | KeyAlgorithm::Other(_) => false,
    }
}

/// Nobody verifies the signature of a root.
fn signature(certificate: &Certificate, place: Place, fatal: Fatal) -> Option<Finding> {
    let (_, parsed) = X509Certificate::from_der(certificate.der()).ok()?;
    let oid = parsed.signature_algorithm.algorithm.to_id_string();
    if is_root(certificate) {
        return None;
    }
    let fix = "issue it anew, signed with SHA-256";
    match (digest(&oid)?, fatal) {
        (Digest::Sha1, Fatal::Asked | Fatal::Judged) => Some(SIGNATURE_SHA1.at(place, "it is signed over SHA-1", fix)),
        (Digest::Md, Fatal::Asked) => Some(SIGNATURE_REFUSED.at(place, "it is signed over MD2, MD4 or MD5", fix)),
        (Digest::Md, Fatal::Judged) => None,
    }
}

enum Digest {
    Md,
    Sha1,
}

/// RFC 3279, section 2.2, and RFC 5758.
fn digest(signature: &str) -> Option<Digest> {
    Some(match signature {
        "1.2.840.113549.1.1.2" | "1.2.840.113549.1.1.3" | "1.2.840.113549.1.1.4" => Digest::Md,
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" | "1.2.840.10040.4.3" | "1.3.14.3.2.27" | "1.2.840.10045.4.1" => Digest::Sha1,
        _ => return None,
    })
}
