//! Keys, without their secrets.

use serde::Serialize;

use crate::keystore::{KeyState, Lock};
use crate::pki::{PublicKey, sha256_hex};

/// A public key: what every kind of key may show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyFacts {
    /// `RSA 2048`, `EC P-256`, or a dotted object identifier.
    pub algorithm: String,
    /// SHA-256 over the SubjectPublicKeyInfo, lower-case hexadecimal: equal for a key and its certificates.
    pub spki_sha256: String,
    /// The same of an RSA-PSS key under plain RSA's identifier, by which programs know it that do not keep the restriction to PSS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spki_sha256_as_rsa: Option<String>,
}

impl KeyFacts {
    /// Of a SubjectPublicKeyInfo.
    pub fn of_der(spki: &[u8]) -> Self {
        let unreadable = || Self { algorithm: "unreadable".to_owned(), spki_sha256: sha256_hex(spki), spki_sha256_as_rsa: None };
        PublicKey::from_der(spki).map_or_else(unreadable, |key| Self::from(&key))
    }
}

impl From<&PublicKey> for KeyFacts {
    fn from(key: &PublicKey) -> Self {
        let as_rsa = key.as_plain_rsa().map(|plain| plain.fingerprint());
        Self { algorithm: key.algorithm.to_string(), spki_sha256: key.fingerprint(), spki_sha256_as_rsa: as_rsa }
    }
}

/// A private key: open, or why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum PrivateKeyFacts {
    Open(KeyFacts),
    Locked { reason: Locked, message: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Locked {
    NoPassword,
    WrongPassword,
    Unsupported,
}

impl From<&KeyState> for PrivateKeyFacts {
    fn from(state: &KeyState) -> Self {
        match state {
            KeyState::Open(key) => Self::Open(key.public().into()),
            KeyState::Locked(lock) => Self::Locked {
                reason: match lock {
                    Lock::NoPassword => Locked::NoPassword,
                    Lock::WrongPassword => Locked::WrongPassword,
                    Lock::Unsupported(_) => Locked::Unsupported,
                },
                message: lock.to_string(),
            },
        }
    }
}
