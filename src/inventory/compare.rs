//! A file that is not, byte for byte, what was written: does it still hold the same?

use crate::keystore::{Entry, KeystoreError, jks, pkcs12};
use crate::layout::HolderFile;
use crate::pki::{Certificate, Password, PrivateKey, sha256_hex};

/// What a file holds, compared with what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The bytes that were written, or others that hold the same.
    AsWritten,
    /// Readable, but something else.
    Changed,
    Unreadable(String),
    /// A store that the password file does not open.
    PasswordDiffers,
    /// Text that can only be held against what it is to be: the SHA-256 of its bytes.
    Text(String),
}

/// What the rest of the generation holds, to compare with.
#[derive(Debug, Clone, Copy)]
pub struct Rest<'a> {
    pub chain: &'a [Certificate],
    pub anchors: &'a [Certificate],
    pub keystore_password: Option<&'a Password>,
    pub truststore_password: Option<&'a Password>,
}

/// Opens `bytes` as `file` and compares them by content with `rest`.
pub fn compare(file: HolderFile, bytes: &[u8], rest: Rest<'_>) -> Content {
    let leaf_key = |pem: &[u8]| match (PrivateKey::from_pem(pem, None), rest.chain.first()) {
        (Err(error), _) => Content::Unreadable(error.to_string()),
        (Ok(key), Some(leaf)) if key.public_key() == leaf.public_key => Content::AsWritten,
        (Ok(_), _) => Content::Unreadable("the private key does not belong to the certificate in tls.crt".to_owned()),
    };
    match file {
        HolderFile::Key => leaf_key(bytes),
        HolderFile::CombinedPem => match leaf_key(bytes) {
            Content::AsWritten => certificates(bytes, rest.chain),
            other => other,
        },
        HolderFile::Chain => certificates(bytes, rest.chain),
        HolderFile::Anchors => certificates(bytes, rest.anchors),
        HolderFile::KeystorePkcs12 => {
            store(rest.keystore_password, |password| pkcs12::read(bytes, password), |entries| is_keystore(entries, rest))
        }
        HolderFile::KeystoreJks => {
            store(rest.keystore_password, |password| jks::read(bytes, password), |entries| is_keystore(entries, rest))
        }
        HolderFile::TruststorePkcs12 => {
            store(rest.truststore_password, |password| pkcs12::read(bytes, password), |entries| is_truststore(entries, rest))
        }
        HolderFile::TruststoreJks => {
            store(rest.truststore_password, |password| jks::read(bytes, password), |entries| is_truststore(entries, rest))
        }
        HolderFile::KeystorePassword | HolderFile::TruststorePassword | HolderFile::SaslPassword | HolderFile::Snippet(_) => {
            Content::Text(sha256_hex(bytes))
        }
    }
}

fn certificates(pem: &[u8], wanted: &[Certificate]) -> Content {
    match Certificate::from_pem(pem) {
        Err(error) => Content::Unreadable(error.to_string()),
        Ok(found) if found == wanted => Content::AsWritten,
        Ok(_) => Content::Changed,
    }
}

fn store(
    password: Option<&Password>,
    read: impl FnOnce(&Password) -> Result<Vec<Entry>, KeystoreError>,
    fits: impl FnOnce(&[Entry]) -> bool,
) -> Content {
    let Some(password) = password else {
        return Content::PasswordDiffers;
    };
    match read(password) {
        Ok(entries) if fits(&entries) => Content::AsWritten,
        Ok(_) => Content::Changed,
        Err(KeystoreError::WrongPassword(_) | KeystoreError::WrongKeyPassword(_)) => Content::PasswordDiffers,
        Err(error) => Content::Unreadable(error.to_string()),
    }
}

/// One key entry, with the key and chain of the holder. (The alias is a part of what the store was made from.)
fn is_keystore(entries: &[Entry], rest: Rest<'_>) -> bool {
    let [Entry::PrivateKey { key, chain, .. }] = entries else {
        return false;
    };
    let fits = |leaf: &Certificate| PrivateKey::from_pkcs8(key.expose()).is_ok_and(|key| key.public_key() == leaf.public_key);
    chain == rest.chain && rest.chain.first().is_some_and(fits)
}

/// The anchors, in any order, and nothing else.
fn is_truststore(entries: &[Entry], rest: Rest<'_>) -> bool {
    let held: Option<Vec<&Certificate>> = entries
        .iter()
        .map(|entry| match entry {
            Entry::Trusted { certificate, .. } => Some(&**certificate),
            Entry::PrivateKey { .. } | Entry::SecretKey { .. } => None,
        })
        .collect();
    held.is_some_and(|held| held.len() == rest.anchors.len() && rest.anchors.iter().all(|anchor| held.contains(&anchor)))
}
