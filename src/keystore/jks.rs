//! Sun's JKS, format version 2, as `sun.security.provider.JavaKeyStore` reads and writes it.
//!
//! ```text
//! u32 0xFEEDFEED   u32 version 2   u32 entries
//! each entry:   u32 tag (1 key, 2 trusted)   UTF alias   i64 milliseconds since 1970
//!   key:        u32 length, EncryptedPrivateKeyInfo   u32 certificates, each: UTF "X.509", u32 length, DER
//!   trusted:    UTF "X.509", u32 length, DER
//! SHA-1 over the password (UTF-16BE), "Mighty Aphrodite" and everything before
//! ```
//!
//! A key is protected by a stream of SHA-1 over password and salt, which is weak: the file mode is what guards it.

use time::OffsetDateTime;

use super::entry::check;
use super::modified_utf8;
use super::protector::{DIGEST, protect, seal, unprotect};
use super::{Entry, KeystoreError};
use crate::pki::{Certificate, Entropy, Password, Secret};

const FORMAT: &str = "JKS";
const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
const KEY_ENTRY: u32 = 1;
const TRUSTED_ENTRY: u32 = 2;
const CERTIFICATE_TYPE: &str = "X.509";

/// Encodes `entries`; `created` becomes the creation date of each. The keys are protected with the store's password.
/// Aliases are written in lower case, as Java does.
pub fn write(entries: &[Entry], password: &Password, created: OffsetDateTime, entropy: &Entropy) -> Result<Vec<u8>, KeystoreError> {
    check(entries, FORMAT)?;
    let mut out = Writer::default();
    out.u32(MAGIC);
    out.u32(VERSION);
    out.length(entries.len())?;
    for entry in entries {
        match entry {
            Entry::PrivateKey { alias, key, chain } => {
                out.header(KEY_ENTRY, alias, created)?;
                out.block(&protected(key, password, entropy)?)?;
                out.length(chain.len())?;
                chain.iter().try_for_each(|certificate| out.certificate(certificate))?;
            }
            Entry::Trusted { alias, certificate } => {
                out.header(TRUSTED_ENTRY, alias, created)?;
                out.certificate(certificate)?;
            }
        }
    }
    let seal = seal(password, &out.0);
    out.0.extend_from_slice(&seal);
    Ok(out.0)
}

/// Reads a store of anyone's.
pub(super) fn open(bytes: &[u8], passwords: &super::Passwords) -> Result<super::Contents, KeystoreError> {
    let _ = (bytes, passwords);
    Err(KeystoreError::Unrecognised { looks_like: "a store" })
}

/// Reads a store whose keys are protected with the store's password.
pub fn read(bytes: &[u8], password: &Password) -> Result<Vec<Entry>, KeystoreError> {
    let mut input = Reader { bytes, at: 0 };
    if input.u32()? != MAGIC {
        return Err(damaged("it does not begin with FEEDFEED", 0));
    }
    if input.u32()? != VERSION {
        return Err(damaged("its version is not 2", 4));
    }
    let count = input.u32()?;
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(input.entry(password)?);
    }
    let body = &bytes[..input.at];
    if input.take(DIGEST)? != seal(password, body) {
        return Err(KeystoreError::WrongPasswordOrDamaged(FORMAT));
    }
    if input.at < bytes.len() {
        return Err(damaged("more follows its end", input.at));
    }
    // Only now: a wrong password is told by the seal, not by the first key that does not open.
    entries.into_iter().collect()
}

fn damaged(problem: &str, at: usize) -> KeystoreError {
    KeystoreError::Damaged { format: FORMAT, problem: problem.to_owned(), at: Some(at) }
}

fn unwritable(problem: String) -> KeystoreError {
    KeystoreError::Unwritable { format: FORMAT, problem }
}

fn protected(key: &Secret, password: &Password, entropy: &Entropy) -> Result<Vec<u8>, KeystoreError> {
    let mut salt = [0; DIGEST];
    entropy.fill(&mut salt).map_err(|_| unwritable("no random numbers to be had".to_owned()))?;
    protect(key, password, salt).map_err(|error| unwritable(error.to_string()))
}

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn length(&mut self, length: usize) -> Result<(), KeystoreError> {
        self.u32(u32::try_from(length).map_err(|_| unwritable(format!("{length} does not fit its length field")))?);
        Ok(())
    }

    fn block(&mut self, bytes: &[u8]) -> Result<(), KeystoreError> {
        self.length(bytes.len())?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn utf(&mut self, text: &str) -> Result<(), KeystoreError> {
        let octets = modified_utf8::encode(text);
        let length = u16::try_from(octets.len()).map_err(|_| unwritable(format!("an alias of {} octets is too long", octets.len())))?;
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(&octets);
        Ok(())
    }

    fn header(&mut self, tag: u32, alias: &str, created: OffsetDateTime) -> Result<(), KeystoreError> {
        self.u32(tag);
        self.utf(&alias.to_lowercase())?;
        self.0.extend_from_slice(&(created.unix_timestamp() * 1000).to_be_bytes());
        Ok(())
    }

    fn certificate(&mut self, certificate: &Certificate) -> Result<(), KeystoreError> {
        self.utf(CERTIFICATE_TYPE)?;
        self.block(certificate.der())
    }
}

/// Every length is checked against what is left before anything is read or allocated.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], KeystoreError> {
        let taken = self
            .at
            .checked_add(length)
            .and_then(|end| self.bytes.get(self.at..end))
            .ok_or_else(|| damaged("it ends too early", self.at))?;
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], KeystoreError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32, KeystoreError> {
        self.array().map(u32::from_be_bytes)
    }

    fn block(&mut self) -> Result<&'a [u8], KeystoreError> {
        let length = self.u32()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn utf(&mut self) -> Result<String, KeystoreError> {
        let (at, length) = (self.at, u16::from_be_bytes(self.array()?));
        modified_utf8::decode(self.take(length.into())?).ok_or_else(|| damaged("a name is not modified UTF-8", at))
    }

    fn certificate(&mut self) -> Result<Certificate, KeystoreError> {
        let at = self.at;
        if self.utf()? != CERTIFICATE_TYPE {
            return Err(damaged("a certificate is not of type X.509", at));
        }
        let at = self.at;
        Certificate::from_der(self.block()?.to_vec()).map_err(|error| damaged(&error.to_string(), at))
    }

    /// The outer error is damage; the inner one is a key that does not open.
    fn entry(&mut self, password: &Password) -> Result<Result<Entry, KeystoreError>, KeystoreError> {
        let at = self.at;
        let tag = self.u32()?;
        let alias = self.utf()?;
        self.take(size_of::<i64>())?;
        match tag {
            KEY_ENTRY => {
                let at = self.at;
                let key = unprotect(self.block()?, password).map_err(|_| damaged("the key is not protected as JKS keys are", at))?;
                let certificates = self.u32()?;
                let mut chain = Vec::new();
                for _ in 0..certificates {
                    chain.push(self.certificate()?);
                }
                Ok(match key {
                    Some(key) => Ok(Entry::PrivateKey { alias, key, chain }),
                    None => Err(KeystoreError::WrongKeyPassword(alias)),
                })
            }
            TRUSTED_ENTRY => Ok(Ok(Entry::Trusted { alias, certificate: Box::new(self.certificate()?) })),
            _ => Err(damaged("an entry is neither a key nor a trusted certificate", at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;

    use super::*;
    use crate::pki::{KeyKind, PrivateKey};

    fn password(text: &str) -> Password {
        Password::new(text.to_owned()).unwrap()
    }

    fn written(alias: &str, password: &Password) -> Vec<u8> {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        let chain = vec![Certificate::from_der(certificate.der().to_vec()).unwrap()];
        let entry = Entry::PrivateKey { alias: alias.to_owned(), key: key.pkcs8().clone(), chain };
        write(&[entry], password, OffsetDateTime::UNIX_EPOCH, &SystemRandom::new()).unwrap()
    }

    fn resealed(written: &[u8], password: &Password) -> Vec<u8> {
        let body = &written[..written.len() - DIGEST];
        [body, &seal(password, body)].concat()
    }

    /// Java looks aliases up in lower case, and does not find others.
    #[test]
    fn any_alias_is_written_in_lower_case() {
        let read = read(&written("Größe 😀", &password("correct horse")), &password("correct horse")).unwrap();
        assert_eq!(read[0].alias(), "größe 😀");
    }

    #[test]
    fn a_key_may_have_a_password_of_its_own() {
        let store = resealed(&written("broker-1", &password("of the key")), &password("of the store"));
        assert_eq!(read(&store, &password("of the store")), Err(KeystoreError::WrongKeyPassword("broker-1".to_owned())));
        assert_eq!(read(&store, &password("of the key")), Err(KeystoreError::WrongPasswordOrDamaged(FORMAT)));
    }

    /// A length that promises four gigabytes costs nothing.
    #[test]
    fn no_length_is_believed() {
        let password = password("correct horse");
        let right = written("broker-1", &password);
        for at in 0..right.len() - DIGEST - 4 {
            let mut huge = right.clone();
            huge[at..at + 4].fill(0xFF);
            if huge != right {
                assert_eq!(read(&huge, &password).ok(), None, "length at byte {at}");
            }
        }
    }

    #[test]
    fn an_error_says_where() {
        let (right, password) = (written("broker-1", &password("correct horse")), password("correct horse"));
        let changed = |at: usize, byte| {
            let mut bytes = right.clone();
            bytes[at] = byte;
            read(&bytes, &password).unwrap_err().to_string()
        };
        assert_eq!(changed(0, 0), "not a JKS store: it does not begin with FEEDFEED at byte 0");
        assert_eq!(changed(7, 1), "not a JKS store: its version is not 2 at byte 4");
        assert_eq!(changed(15, 3), "not a JKS store: an entry is neither a key nor a trusted certificate at byte 12");
        assert_eq!(changed(18, 0xFF), "not a JKS store: a name is not modified UTF-8 at byte 16");
        assert_eq!(read(&right[..14], &password), Err(damaged("it ends too early", 12)));
        let longer = [&right[..], b"!"].concat();
        assert_eq!(read(&longer, &password), Err(damaged("more follows its end", right.len())));
    }
}
