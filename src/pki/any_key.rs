//! Private keys of any kind that others made. What countersign signs with itself is a [`super::PrivateKey`].

use super::{Entropy, KeyError, Password, PublicKey, Secret};

/// A private key of any kind, as PKCS#8, with its public half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyKey {
    pkcs8: Secret,
    public: PublicKey,
}

/// Why bytes are no private key. Never holds key bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a private key: {0}")]
pub struct AnyKeyError(pub String);

impl AnyKey {
    /// Reads PKCS#8 (RFC 5958), of either version.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, AnyKeyError> {
        let _ = der;
        todo!("helper keys")
    }

    /// PKCS#8, DER, as it was read.
    pub fn pkcs8(&self) -> &Secret {
        &self.pkcs8
    }

    /// EncryptedPrivateKeyInfo, DER: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018).
    pub fn encrypted(&self, passphrase: &Password, entropy: &Entropy) -> Result<Secret, KeyError> {
        super::key::encrypted(&self.pkcs8, passphrase, entropy)
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}
