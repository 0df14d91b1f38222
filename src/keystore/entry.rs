//! What a store holds, whatever its format.

use std::collections::BTreeSet;

use crate::pki::{Certificate, Secret};

/// One entry of a store under its alias, as Java's KeyStore has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    PrivateKey {
        alias: String,
        /// PKCS#8, DER.
        key: Secret,
        /// Leaf first. Never empty in a store that is written.
        chain: Vec<Certificate>,
    },
    Trusted {
        alias: String,
        certificate: Box<Certificate>,
    },
}

impl Entry {
    pub fn alias(&self) -> &str {
        match self {
            Self::PrivateKey { alias, .. } | Self::Trusted { alias, .. } => alias,
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

/// Refuses what would be written and then not be seen: Java compares aliases in lower case, and wants a certificate for each key.
pub(super) fn check(entries: &[Entry], format: &'static str) -> Result<(), KeystoreError> {
    let unwritable = |problem| Err(KeystoreError::Unwritable { format, problem });
    let mut aliases = BTreeSet::new();
    for entry in entries {
        let alias = entry.alias().to_lowercase();
        match entry {
            Entry::PrivateKey { chain, .. } if chain.is_empty() => return unwritable(format!("the key of {alias:?} has no certificate")),
            Entry::PrivateKey { .. } | Entry::Trusted { .. } => {}
        }
        if let Some(twice) = aliases.replace(alias) {
            return unwritable(format!("two entries are called {twice:?}"));
        }
    }
    Ok(())
}
