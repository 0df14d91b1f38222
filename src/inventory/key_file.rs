//! The key of an authority as it lies on the disk: can it sign?

use crate::pki::{Certificate, KeyError, PrivateKey};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFile {
    /// Not there: the authority was brought along, or its key was taken away.
    Absent,
    Plain,
    /// Encrypted as countersign can open it; whose key it is only its passphrase shows.
    Encrypted,
    /// Of no use, and why, to go on with after the file's name.
    Broken(String),
}

impl KeyFile {
    /// What `pem` is to the authority of `certificate`, which lies in `file`.
    pub fn of(pem: &[u8], certificate: &Certificate, file: &str) -> Self {
        match PrivateKey::from_pem(pem, None) {
            Ok(key) if key.public_key() == certificate.public_key => Self::Plain,
            Ok(_) => Self::Broken(format!("is not the key of {file}")),
            Err(KeyError::PassphraseNeeded) => Self::Encrypted,
            Err(_) if pem.trim_ascii().is_empty() => Self::Broken("is empty".to_owned()),
            Err(error) => Self::Broken(format!("cannot be used: {error}")),
        }
    }
}
