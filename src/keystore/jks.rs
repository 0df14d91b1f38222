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

use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{Decode, Encode, Reader as _, SliceReader, Tag};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{ObjectIdentifier, der};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{Entry, KeystoreError};
use crate::pki::{Certificate, Entropy, Password, Secret};

const FORMAT: &str = "JKS";
const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
const KEY_ENTRY: u32 = 1;
const TRUSTED_ENTRY: u32 = 2;
const CERTIFICATE_TYPE: &str = "X.509";
const WHITENER: &[u8] = b"Mighty Aphrodite";
const DIGEST: usize = 20;
/// `com.sun.crypto.provider.KeyProtector`'s proprietary algorithm.
const KEY_PROTECTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.42.2.17.1.1");

/// Encodes `entries`; `created` becomes the creation date of each. The keys are protected with the store's password.
/// Aliases are written in lower case, as Java does.
pub fn write(entries: &[Entry], password: &Password, created: OffsetDateTime, entropy: &Entropy) -> Result<Vec<u8>, KeystoreError> {
    let mut out = Writer::default();
    out.u32(MAGIC);
    out.u32(VERSION);
    out.length(entries.len())?;
    for entry in entries {
        match entry {
            Entry::PrivateKey { alias, key, chain } => {
                out.header(KEY_ENTRY, alias, created)?;
                out.block(&protect(key, password, entropy)?)?;
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

fn sha1(parts: &[&[u8]]) -> [u8; DIGEST] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY);
    parts.iter().for_each(|part| context.update(part));
    let mut digest = [0; DIGEST];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

fn utf16(password: &Password) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.expose().encode_utf16().flat_map(u16::to_be_bytes).collect())
}

fn seal(password: &Password, body: &[u8]) -> [u8; DIGEST] {
    sha1(&[&utf16(password), WHITENER, body])
}

/// Salt, the key XORed with SHA-1(password, previous block) for each 20 octets, then SHA-1(password, key); all of it in an
/// EncryptedPrivateKeyInfo.
fn protect(key: &Secret, password: &Password, entropy: &Entropy) -> Result<Vec<u8>, KeystoreError> {
    let unwritable = |problem: String| KeystoreError::Unwritable { format: FORMAT, problem };
    let mut salt = [0; DIGEST];
    entropy.fill(&mut salt).map_err(|_| unwritable("no random numbers to be had".to_owned()))?;
    let check = sha1(&[&utf16(password), key.expose()]);
    let protected = [&salt[..], &keystream(key.expose(), password, salt), &check].concat();
    let encode = || -> Result<Vec<u8>, der::Error> {
        let algorithm = AlgorithmIdentifierRef { oid: KEY_PROTECTOR, parameters: Some(AnyRef::NULL) }.to_der()?;
        let content = [algorithm, OctetStringRef::new(&protected)?.to_der()?].concat();
        AnyRef::new(Tag::Sequence, &content)?.to_der()
    };
    encode().map_err(|error| unwritable(error.to_string()))
}

fn unprotect(block: &[u8], password: &Password, alias: &str, at: usize) -> Result<Secret, KeystoreError> {
    let protected = encrypted_data(block).map_err(|_| damaged("the key is not protected as JKS keys are", at))?;
    let Some((salt, rest)) = protected.split_first_chunk::<DIGEST>() else {
        return Err(damaged("the protected key is too short", at));
    };
    let Some((hidden, check)) = rest.split_last_chunk::<DIGEST>() else {
        return Err(damaged("the protected key is too short", at));
    };
    let key = Secret::new(keystream(hidden, password, *salt).to_vec());
    if sha1(&[&utf16(password), key.expose()]) == *check { Ok(key) } else { Err(KeystoreError::WrongKeyPassword(alias.to_owned())) }
}

fn encrypted_data(block: &[u8]) -> Result<&[u8], der::Error> {
    let mut fields = SliceReader::new(AnyRef::from_der(block)?.value())?;
    let algorithm: AlgorithmIdentifierRef<'_> = fields.decode()?;
    algorithm.assert_algorithm_oid(KEY_PROTECTOR).map_err(|_| der::ErrorKind::Failed)?;
    let data: &OctetStringRef = fields.decode()?;
    Ok(data.as_bytes())
}

fn keystream(data: &[u8], password: &Password, salt: [u8; DIGEST]) -> Zeroizing<Vec<u8>> {
    let password = utf16(password);
    let mut block = salt;
    let mut out = Zeroizing::new(Vec::with_capacity(data.len()));
    for chunk in data.chunks(DIGEST) {
        block = sha1(&[&password, &block]);
        out.extend(chunk.iter().zip(block).map(|(byte, mask)| byte ^ mask));
    }
    out
}

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn length(&mut self, length: usize) -> Result<(), KeystoreError> {
        let too_long = || KeystoreError::Unwritable { format: FORMAT, problem: format!("{length} does not fit its length field") };
        self.u32(u32::try_from(length).map_err(|_| too_long())?);
        Ok(())
    }

    fn block(&mut self, bytes: &[u8]) -> Result<(), KeystoreError> {
        self.length(bytes.len())?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    /// Java's modified UTF-8, which is ASCII for what is written here.
    fn utf(&mut self, text: &str) -> Result<(), KeystoreError> {
        let unwritable = || KeystoreError::Unwritable { format: FORMAT, problem: format!("the alias {text:?} is not short ASCII") };
        let length = u16::try_from(text.len()).ok().filter(|_| text.bytes().all(|b| (1..0x80).contains(&b))).ok_or_else(unwritable)?;
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn header(&mut self, tag: u32, alias: &str, created: OffsetDateTime) -> Result<(), KeystoreError> {
        self.u32(tag);
        self.utf(&alias.to_ascii_lowercase())?;
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
        let text = std::str::from_utf8(self.take(length.into())?).map_err(|_| damaged("a name is not UTF-8", at))?;
        Ok(text.to_owned())
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
                let key = unprotect(self.block()?, password, &alias, at);
                let certificates = self.u32()?;
                let mut chain = Vec::new();
                for _ in 0..certificates {
                    chain.push(self.certificate()?);
                }
                Ok(key.map(|key| Entry::PrivateKey { alias, key, chain }))
            }
            TRUSTED_ENTRY => Ok(Ok(Entry::Trusted { alias, certificate: Box::new(self.certificate()?) })),
            _ => Err(damaged("an entry is neither a key nor a trusted certificate", at)),
        }
    }
}
