//! JKS and JCEKS, format version 2, as countersign writes them.
//!
//! In JKS a key is protected by a stream of SHA-1 over password and salt, in JCEKS by MD5 and 3DES. Both are weak: the file mode
//! is what guards them.

use std::num::NonZeroU32;

use time::OffsetDateTime;

use super::entry::check;
use super::jks_layout::{CERTIFICATE_TYPE, JCEKS_MAGIC, JKS_MAGIC, KEY_ENTRY, SECRET_ENTRY, TRUSTED_ENTRY, VERSION};
use super::protector::{DIGEST, protect, seal};
use super::{Entry, Format, KeystoreError};
use crate::java::modified_utf8;
use crate::java::sealed_object::{self, SEAL};
use crate::pbe::cipher::Cipher;
use crate::pbe::derivation::Derivation;
use crate::pki::asn1::{OCTET_STRING, SEQUENCE, encode, encode_integer, encode_oid};
use crate::pki::{Certificate, Entropy, Passphrase, Password, Secret};

/// What Java itself writes into JCEKS since 8u171.
const ROUNDS: NonZeroU32 = NonZeroU32::new(200_000).expect("it is not zero");
/// Names of algorithms are serialised with a length of 16 bits.
const LONGEST_NAME: usize = 1000;

/// What protects a store of Java's own formats.
#[derive(Debug, Clone, Copy)]
pub struct Protection<'a> {
    /// Seals the store.
    pub store: &'a Password,
    /// Hides each key.
    pub keys: &'a Password,
}

/// The two formats that are laid out alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    Jks,
    Jceks,
}

/// Encodes `entries` as JKS; `created` becomes the creation date of each. The keys are protected with the store's password.
/// Aliases are written in lower case, as Java does.
pub fn write(entries: &[Entry], password: &Password, created: OffsetDateTime, entropy: &Entropy) -> Result<Vec<u8>, KeystoreError> {
    write_as(Variant::Jks, entries, Protection { store: password, keys: password }, created, entropy)
}

/// As [`write`], in either format, and with a password of their own for the keys. Secret keys need JCEKS.
pub fn write_as(
    variant: Variant,
    entries: &[Entry],
    protection: Protection<'_>,
    created: OffsetDateTime,
    entropy: &Entropy,
) -> Result<Vec<u8>, KeystoreError> {
    let format = match variant {
        Variant::Jks => Format::Jks,
        Variant::Jceks => Format::Jceks,
    };
    check(entries, format)?;
    let mut out = Writer { out: Vec::new(), variant, format, password: protection.keys.into(), created, entropy };
    out.u32(match variant {
        Variant::Jks => JKS_MAGIC,
        Variant::Jceks => JCEKS_MAGIC,
    });
    out.u32(VERSION);
    out.length(entries.len())?;
    entries.iter().try_for_each(|entry| out.entry(entry))?;
    let seal = seal(&protection.store.into(), &out.out);
    out.out.extend_from_slice(&seal);
    Ok(out.out)
}

struct Writer<'a> {
    out: Vec<u8>,
    variant: Variant,
    format: Format,
    password: Passphrase,
    created: OffsetDateTime,
    entropy: &'a Entropy,
}

impl Writer<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<(), KeystoreError> {
        match entry {
            Entry::PrivateKey { alias, key, chain } => {
                self.header(KEY_ENTRY, alias)?;
                let protected = self.protected(key)?;
                self.block(&protected)?;
                self.length(chain.len())?;
                chain.iter().try_for_each(|certificate| self.certificate(certificate))
            }
            Entry::Trusted { alias, certificate } => {
                self.header(TRUSTED_ENTRY, alias)?;
                self.certificate(certificate)
            }
            Entry::SecretKey { alias, algorithm, key } => {
                if algorithm.len() > LONGEST_NAME {
                    return Err(self.unwritable(format!("the algorithm of {alias:?} has a name of {} octets", algorithm.len())));
                }
                self.header(SECRET_ENTRY, alias)?;
                let (parameters, data) = self.encrypted(&sealed_object::key_spec(algorithm, key))?;
                self.out.extend(sealed_object::write(&parameters, &data));
                Ok(())
            }
        }
    }

    /// An EncryptedPrivateKeyInfo (RFC 5208, 6).
    fn protected(&self, key: &Secret) -> Result<Vec<u8>, KeystoreError> {
        match self.variant {
            Variant::Jks => protect(key, &self.password, self.salt::<DIGEST>()?).map_err(|error| self.unwritable(error.to_string())),
            Variant::Jceks => {
                let (parameters, data) = self.encrypted(key)?;
                let algorithm = encode(SEQUENCE, &[&encode_oid(SEAL), &parameters]);
                Ok(encode(SEQUENCE, &[&algorithm, &encode(OCTET_STRING, &[&data])]))
            }
        }
    }

    /// By Sun's PBEWithMD5AndTripleDES: its PBEParameter, and the data.
    fn encrypted(&self, plain: &Secret) -> Result<(Vec<u8>, Vec<u8>), KeystoreError> {
        let salt = self.salt()?;
        let derivation = Derivation::Sun { salt, rounds: ROUNDS };
        let (key, iv) = derivation.derive(self.password.expose().as_bytes(), Cipher::TripleDes.key(), Cipher::TripleDes.iv());
        let data = Cipher::TripleDes.encrypt(&key, &iv, plain.expose());
        let data = data.ok_or_else(|| self.unwritable("its cipher takes no such key".to_owned()))?;
        Ok((encode(SEQUENCE, &[&encode(OCTET_STRING, &[&salt]), &encode_integer(&ROUNDS.get().to_be_bytes())]), data))
    }

    fn salt<const N: usize>(&self) -> Result<[u8; N], KeystoreError> {
        let mut salt = [0; N];
        self.entropy.fill(&mut salt).map_err(|_| self.unwritable("no random numbers to be had".to_owned()))?;
        Ok(salt)
    }

    fn u32(&mut self, value: u32) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    fn length(&mut self, length: usize) -> Result<(), KeystoreError> {
        self.u32(u32::try_from(length).map_err(|_| self.unwritable(format!("{length} does not fit its length field")))?);
        Ok(())
    }

    fn block(&mut self, bytes: &[u8]) -> Result<(), KeystoreError> {
        self.length(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn utf(&mut self, text: &str) -> Result<(), KeystoreError> {
        let octets = modified_utf8::encode(text);
        let length =
            u16::try_from(octets.len()).map_err(|_| self.unwritable(format!("an alias of {} octets is too long", octets.len())))?;
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.extend_from_slice(&octets);
        Ok(())
    }

    fn header(&mut self, tag: u32, alias: &str) -> Result<(), KeystoreError> {
        self.u32(tag);
        self.utf(&alias.to_lowercase())?;
        self.out.extend_from_slice(&(self.created.unix_timestamp() * 1000).to_be_bytes());
        Ok(())
    }

    fn certificate(&mut self, certificate: &Certificate) -> Result<(), KeystoreError> {
        self.utf(CERTIFICATE_TYPE)?;
        self.block(certificate.der())
    }

    fn unwritable(&self, problem: String) -> KeystoreError {
        KeystoreError::Unwritable { format: self.format.name(), problem }
    }
}
