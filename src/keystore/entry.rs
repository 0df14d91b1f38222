//! What a store holds, whatever its format.

use std::collections::BTreeSet;

use super::{Contents, Format, Held, KeyState, Lock, Seal};
use crate::pki::{Certificate, Secret};

/// One entry of a store under its alias, as Java's KeyStore has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    PrivateKey {
        alias: String,
        /// PKCS#8, DER.
        key: Secret,
        /// Leaf first. JKS and JCEKS hold no key without a certificate.
        chain: Vec<Certificate>,
    },
    Trusted {
        alias: String,
        certificate: Box<Certificate>,
    },
    SecretKey {
        alias: String,
        /// As Java calls it: `AES`, `HmacSHA256`.
        algorithm: String,
        key: Secret,
    },
}

impl Entry {
    pub fn alias(&self) -> &str {
        match self {
            Self::PrivateKey { alias, .. } | Self::Trusted { alias, .. } | Self::SecretKey { alias, .. } => alias,
        }
    }
}

/// Why a store cannot be read or written. Never holds a password or key bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// The bytes are damaged, or are something else altogether. `at` is the offset in bytes, where it is known.
    #[error("not a {format} store: {problem}{}", .at.map(|at| format!(" at byte {at}")).unwrap_or_default())]
    Damaged { format: &'static str, problem: String, at: Option<usize> },
    #[error("the password does not open the {0} store")]
    WrongPassword(&'static str),
    #[error("the password does not open the key of entry {0:?}")]
    WrongKeyPassword(String),
    /// A JKS password protects the digest over the whole store: JKS cannot tell a wrong password from damage.
    #[error("the password does not open the {0} store, or the store was changed after it was written")]
    WrongPasswordOrDamaged(&'static str),
    /// Nothing that holds keys or certificates.
    #[error("neither key, certificate nor store: it looks like {looks_like}; expected is PEM, DER, PKCS#7, PKCS#12, JKS or JCEKS")]
    Unrecognised { looks_like: &'static str },
    /// A file of which nothing can be read; what its first part is, or says to be.
    #[error("its {what} cannot be read: {problem}{}", .at.map(|at| format!(" (byte {at})")).unwrap_or_default())]
    Unreadable { what: &'static str, problem: String, at: Option<usize> },
    #[error("cannot be written as {format}: {problem}")]
    Unwritable { format: &'static str, problem: String },
}

/// Refuses what would be written and then not be seen: Java compares aliases in lower case, and its own formats want a certificate
/// for each key. JKS has no place for secret keys.
pub(super) fn check(entries: &[Entry], format: Format) -> Result<(), KeystoreError> {
    let unwritable = |problem| Err(KeystoreError::Unwritable { format: format.name(), problem });
    let mut aliases = BTreeSet::new();
    for entry in entries {
        let alias = entry.alias().to_lowercase();
        match entry {
            Entry::PrivateKey { chain, .. } if chain.is_empty() && format != Format::Pkcs12 => {
                return unwritable(format!("the key of {alias:?} has no certificate"));
            }
            Entry::SecretKey { .. } if format == Format::Jks => return unwritable(format!("{alias:?} is a secret key")),
            Entry::PrivateKey { .. } | Entry::Trusted { .. } | Entry::SecretKey { .. } => {}
        }
        if let Some(twice) = aliases.replace(alias) {
            return unwritable(format!("two entries are called {twice:?}"));
        }
    }
    Ok(())
}

impl Contents {
    /// The entries that Java would see, if the store is sealed and nothing in it stays closed: how our own stores are judged.
    pub(super) fn into_entries(self) -> Result<Vec<Entry>, KeystoreError> {
        let format = self.format.name();
        let damaged = |problem: String, at| KeystoreError::Damaged { format, problem, at };
        match self.seal {
            Seal::Intact => {}
            Seal::Absent => return Err(damaged("it has no MAC: no password seals it".to_owned(), None)),
            Seal::Unchecked => return Err(damaged("its MAC is of a kind that is not supported".to_owned(), None)),
        }
        let mut entries = Vec::new();
        for item in self.items {
            let alias = item.alias.unwrap_or_default();
            entries.push(match item.held {
                Held::Key { key: KeyState::Open(key), chain } => Entry::PrivateKey { alias, key: key.pkcs8().clone(), chain },
                Held::Trusted(certificate) => Entry::Trusted { alias, certificate },
                Held::SecretKey { algorithm, key: Some(key) } => Entry::SecretKey { alias, algorithm, key },
                Held::Key { key: KeyState::Locked(Lock::Unsupported(name)), .. } => {
                    return Err(damaged(format!("the key of {alias:?} is encrypted by {name}, which is not supported"), None));
                }
                Held::Key { key: KeyState::Locked(Lock::NoPassword | Lock::WrongPassword), .. } | Held::SecretKey { key: None, .. } => {
                    return Err(KeystoreError::WrongKeyPassword(alias));
                }
                Held::Unreadable { problem, at, .. } => return Err(damaged(problem, at)),
                Held::Certificate(_) | Held::PublicKey(_) | Held::Request(_) | Held::RevocationList(_) => continue,
            });
        }
        Ok(entries)
    }
}
