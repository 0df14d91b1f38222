//! PKCS#12 (RFC 7292), by p12-keystore.

use p12_keystore::error::Error;
use p12_keystore::{
    CertificateBag, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, Pkcs12Archive, PrivateKey as StoreKey, PrivateKeyBag,
    PrivateKeyChain,
};
use pkcs8::der::asn1::AnyRef;
use pkcs8::der::{self, Decode, Reader, SliceReader};

use super::entry::check;
use super::{Entry, KeystoreError, Pkcs12Profile};
use crate::pki::{Certificate, Password, PrivateKey, Secret, sha256_hex};

const FORMAT: &str = "PKCS#12";

/// Encodes `entries` under one password for the store and its keys: Java and OpenSSL know no other for PKCS#12.
///
/// Trusted certificates get the attribute without which Java does not see them (2.16.840.1.113894.746875.1.1).
pub fn write(entries: &[Entry], password: &Password, profile: Pkcs12Profile) -> Result<Vec<u8>, KeystoreError> {
    check(entries, FORMAT)?;
    let unwritable = |error: Error| KeystoreError::Unwritable { format: FORMAT, problem: error.to_string() };
    let certificate = |certificate: &Certificate| p12_keystore::Certificate::from_der(certificate.der()).map_err(unwritable);
    let mut store = KeyStore::new();
    for entry in entries {
        let converted = match entry {
            Entry::Trusted { certificate: trusted, .. } => KeyStoreEntry::Certificate(certificate(trusted)?),
            Entry::PrivateKey { key, chain, .. } => {
                let chain = chain.iter().map(certificate).collect::<Result<Vec<_>, _>>()?;
                let key = StoreKey::from_der(key.expose()).map_err(unwritable)?;
                // What ties a key to its certificate inside the store; unique for each key.
                let local_key_id = sha256_hex(chain.first().map_or(&[][..], p12_keystore::Certificate::as_der));
                KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(local_key_id, key, chain))
            }
        };
        store.add_entry(entry.alias(), converted);
    }
    let (encryption, mac) = match profile {
        Pkcs12Profile::Modern => (EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256),
        Pkcs12Profile::Java8 => (EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc, MacAlgorithm::HmacSha1),
    };
    store
        .writer(password.expose())
        .encryption_algorithm(encryption)
        .encryption_iterations(Pkcs12Profile::ITERATIONS)
        .mac_algorithm(mac)
        .mac_iterations(Pkcs12Profile::ITERATIONS)
        .write()
        .map_err(unwritable)
}

/// Reads a store of anyone's.
pub(super) fn open(bytes: &[u8], passwords: &super::Passwords) -> Result<super::Contents, KeystoreError> {
    let _ = (bytes, passwords);
    Err(KeystoreError::Unrecognised { looks_like: "a store" })
}

/// Reads a store. Entries are what Java would see: keys with their chains, and certificates that are marked as trusted.
///
/// A store without a MAC is refused: any password would open it, if nothing in it is encrypted.
pub fn read(bytes: &[u8], password: &Password) -> Result<Vec<Entry>, KeystoreError> {
    if !is_sealed(bytes).map_err(|error| damaged(&error.to_string()))? {
        return Err(damaged("it has no MAC: no password seals it"));
    }
    let archive = Pkcs12Archive::from_pkcs12(bytes, password.expose()).map_err(|error| match error {
        Error::MacError(_) => KeystoreError::WrongPassword(FORMAT),
        other => damaged(&other.to_string()),
    })?;
    let certificates = archive
        .certs
        .iter()
        .map(|bag| Ok((bag, Certificate::from_der(bag.cert.as_der().to_vec()).map_err(|error| damaged(&error.to_string()))?)))
        .collect::<Result<Vec<_>, _>>()?;
    let keys = archive.keys.iter().map(|bag| key_entry(bag, &certificates));
    let trusted = certificates.iter().filter(|(bag, _)| bag.trusted).map(|(bag, certificate)| Ok(trusted(bag, certificate)));
    keys.chain(trusted).collect()
}

/// A PFX is its version, its contents, and a MAC that may be missing (RFC 7292, 4).
fn is_sealed(bytes: &[u8]) -> Result<bool, der::Error> {
    let mut fields = SliceReader::new(AnyRef::from_der(bytes)?.value())?;
    let (_version, _contents): (AnyRef<'_>, AnyRef<'_>) = (fields.decode()?, fields.decode()?);
    Ok(!fields.is_finished())
}

/// The leaf has the key's localKeyId, or else its public half; its issuers follow by name, each once.
fn key_entry(bag: &PrivateKeyBag, certificates: &[(&CertificateBag, Certificate)]) -> Result<Entry, KeystoreError> {
    let key = Secret::new(bag.key.as_der().to_vec());
    let id = bag.local_key_id.as_ref().map(AsRef::as_ref);
    let named = certificates.iter().find(|(bag, _)| id.is_some() && bag.local_key_id.as_deref() == id);
    let leaf = match named {
        Some(named) => Some(named),
        None => {
            let public = PrivateKey::from_pkcs8(key.expose()).map_err(|error| damaged(&error.to_string()))?.public_key();
            certificates.iter().find(|(_, certificate)| certificate.public_key == public)
        }
    };
    let mut chain: Vec<Certificate> = leaf.map(|(_, certificate)| certificate.clone()).into_iter().collect();
    while let Some(last) = chain.last().filter(|last| last.issuer_der != last.subject_der) {
        let issuer = certificates.iter().map(|(_, certificate)| certificate).find(|candidate| candidate.subject_der == last.issuer_der);
        let Some(issuer) = issuer.filter(|issuer| !chain.contains(issuer)).cloned() else { break };
        chain.push(issuer);
    }
    Ok(Entry::PrivateKey { alias: bag.friendly_name.clone().unwrap_or_default(), key, chain })
}

fn trusted(bag: &CertificateBag, certificate: &Certificate) -> Entry {
    let alias = bag.friendly_name.clone().unwrap_or_else(|| certificate.subject.clone());
    Entry::Trusted { alias, certificate: Box::new(certificate.clone()) }
}

fn damaged(problem: &str) -> KeystoreError {
    KeystoreError::Damaged { format: FORMAT, problem: problem.to_owned(), at: None }
}
