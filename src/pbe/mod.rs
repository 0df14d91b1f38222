//! Floor 1: encryption by password, as an AlgorithmIdentifier names it: PBES1 and PBES2 (RFC 8018), PKCS#12's own schemes (RFC 7292, C),
//! and Sun's PBEWithMD5AndTripleDES.

pub mod cipher;
pub mod derivation;
mod effort;
pub mod hash;
pub mod pbes2;
mod scheme;
pub mod spelling;

use std::num::NonZeroU32;

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Decode, Reader, SliceReader, Tag, Tagged};
use pkcs8::spki::AlgorithmIdentifierRef;

use cipher::Cipher;
use derivation::Derivation;
pub use effort::Effort;
use hash::Hash;
use pbes2::{encryption_scheme, key_derivation};
pub use scheme::{Protected, Scheme};

use crate::pki::{Passphrase, Secret};

/// Why something stays encrypted. Never holds what it was, nor the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PbeError {
    /// By its name, or the object identifier of what is not known.
    #[error("encrypted by {0}, which is not supported")]
    Unsupported(String),
    #[error("the password does not open it")]
    WrongPassword,
    #[error("its encryption is damaged: {0}")]
    Damaged(&'static str),
    #[error("its encryption asks for more work than any program does: {0}")]
    TooCostly(&'static str),
    /// It and what else the file holds, each passable by itself.
    #[error("the store asks for more than {} iterations in all", Effort::OF_A_FILE)]
    Exhausted,
}

impl From<der::Error> for PbeError {
    fn from(_: der::Error) -> Self {
        Self::Damaged("its parameters are not those of its scheme")
    }
}

/// What Java allows.
pub const ROUNDS: u64 = 5_000_000;

/// Decrypts what holds one DER or BER SEQUENCE: a PrivateKeyInfo, or the SafeContents of PKCS#12.
pub fn decrypt(
    algorithm: &AlgorithmIdentifierRef<'_>,
    data: &[u8],
    password: &Passphrase,
    effort: &mut Effort,
) -> Result<Secret, PbeError> {
    decrypt_to(algorithm, data, password, is_sequence, effort)
}

/// Decrypts what `fits` knows again: padding alone fits one wrong password of 256.
pub fn decrypt_to(
    algorithm: &AlgorithmIdentifierRef<'_>,
    data: &[u8],
    password: &Passphrase,
    fits: fn(&[u8]) -> bool,
    effort: &mut Effort,
) -> Result<Secret, PbeError> {
    let Pbe { derivation, cipher, iv, .. } = Pbe::parse(algorithm)?;
    if data.is_empty() || !data.len().is_multiple_of(cipher.block()) {
        return Err(PbeError::Damaged("its length does not fit its cipher"));
    }
    let spellings = match derivation {
        Derivation::Pkcs12 { .. } => spelling::pkcs12(password),
        Derivation::Pbkdf2 { .. } => spelling::pbkdf2(password),
        Derivation::Pbkdf1 { .. } | Derivation::Scrypt { .. } | Derivation::Sun { .. } => spelling::pkcs5(password),
    };
    for password in spellings {
        effort.spend(derivation.cost(&password, cipher.key(), cipher.iv()))?;
        let (key, derived_iv) = derivation.derive(&password, cipher.key(), cipher.iv());
        if let Some(plain) = cipher.decrypt(&key, iv.unwrap_or(&derived_iv), data).filter(|plain| fits(plain)) {
            return Ok(Secret::new(plain.to_vec()));
        }
    }
    Err(PbeError::WrongPassword)
}

/// How `algorithm` is called, known or not.
pub fn scheme(algorithm: &AlgorithmIdentifierRef<'_>, protects: Protected) -> Scheme {
    let (name, iterations) = match Pbe::parse(algorithm) {
        Ok(pbe) => (pbe.name, Some(pbe.derivation.rounds())),
        Err(PbeError::Unsupported(name)) => (name, None),
        Err(PbeError::WrongPassword | PbeError::Damaged(_) | PbeError::TooCostly(_) | PbeError::Exhausted) => {
            (SIMPLE.iter().find(|simple| simple.0 == algorithm.oid).map_or_else(|| algorithm.oid.to_string(), |s| s.1.to_owned()), None)
        }
    };
    Scheme { protects, name, iterations }
}

/// One SEQUENCE and nothing behind it; or one of indefinite length, with its end.
fn is_sequence(plain: &[u8]) -> bool {
    match plain {
        [0x30, 0x80, .., 0, 0] => true,
        [0x30, short, rest @ ..] if *short < 0x80 => rest.len() == usize::from(*short),
        [0x30, long @ 0x81..=0x84, rest @ ..] => {
            let (length, content) = rest.split_at(usize::from(long & 0x7F).min(rest.len()));
            length.iter().fold(0usize, |length, octet| length << 8 | usize::from(*octet)) == content.len()
        }
        _ => false,
    }
}

struct Pbe<'a> {
    name: String,
    derivation: Derivation<'a>,
    cipher: Cipher,
    /// `None` when it is derived from the password too.
    iv: Option<&'a [u8]>,
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const PBES2: ObjectIdentifier = oid("1.2.840.113549.1.5.13");

/// How the schemes with a salt and a number of iterations derive their key.
#[derive(Clone, Copy)]
enum Way {
    Pbkdf1(Hash),
    Pkcs12,
    Sun,
}

const RC2_64: Cipher = Cipher::Rc2 { key: 8, bits: 64 };
const SIMPLE: [(ObjectIdentifier, &str, Way, Cipher); 13] = [
    (oid("1.2.840.113549.1.5.1"), "pbeWithMD2AndDES-CBC", Way::Pbkdf1(Hash::Md2), Cipher::Des),
    (oid("1.2.840.113549.1.5.3"), "pbeWithMD5AndDES-CBC", Way::Pbkdf1(Hash::Md5), Cipher::Des),
    (oid("1.2.840.113549.1.5.4"), "pbeWithMD2AndRC2-CBC", Way::Pbkdf1(Hash::Md2), RC2_64),
    (oid("1.2.840.113549.1.5.6"), "pbeWithMD5AndRC2-CBC", Way::Pbkdf1(Hash::Md5), RC2_64),
    (oid("1.2.840.113549.1.5.10"), "pbeWithSHA1AndDES-CBC", Way::Pbkdf1(Hash::Sha1), Cipher::Des),
    (oid("1.2.840.113549.1.5.11"), "pbeWithSHA1AndRC2-CBC", Way::Pbkdf1(Hash::Sha1), RC2_64),
    (oid("1.2.840.113549.1.12.1.1"), "pbeWithSHAAnd128BitRC4", Way::Pkcs12, Cipher::Rc4 { key: 16 }),
    (oid("1.2.840.113549.1.12.1.2"), "pbeWithSHAAnd40BitRC4", Way::Pkcs12, Cipher::Rc4 { key: 5 }),
    (oid("1.2.840.113549.1.12.1.3"), "pbeWithSHAAnd3-KeyTripleDES-CBC", Way::Pkcs12, Cipher::TripleDes),
    (oid("1.2.840.113549.1.12.1.4"), "pbeWithSHAAnd2-KeyTripleDES-CBC", Way::Pkcs12, Cipher::TwoKeyTripleDes),
    (oid("1.2.840.113549.1.12.1.5"), "pbeWithSHAAnd128BitRC2-CBC", Way::Pkcs12, Cipher::Rc2 { key: 16, bits: 128 }),
    (oid("1.2.840.113549.1.12.1.6"), "pbeWithSHAAnd40BitRC2-CBC", Way::Pkcs12, Cipher::Rc2 { key: 5, bits: 40 }),
    (oid("1.3.6.1.4.1.42.2.19.1"), "PBEWithMD5AndTripleDES", Way::Sun, Cipher::TripleDes),
];

impl<'a> Pbe<'a> {
    fn parse(algorithm: &AlgorithmIdentifierRef<'a>) -> Result<Self, PbeError> {
        if algorithm.oid == PBES2 {
            return Self::pbes2(algorithm);
        }
        let Some((_, name, way, cipher)) = SIMPLE.into_iter().find(|simple| simple.0 == algorithm.oid) else {
            return Err(PbeError::Unsupported(algorithm.oid.to_string()));
        };
        let mut fields = fields(algorithm.parameters)?;
        let (salt, rounds) = (octets(&mut fields)?, rounds(&mut fields)?);
        let derivation = match way {
            Way::Pbkdf1(hash) => Derivation::Pbkdf1 { hash, salt, rounds },
            Way::Pkcs12 => Derivation::Pkcs12 { hash: Hash::Sha1, salt, rounds },
            Way::Sun => Derivation::Sun { salt: salt.try_into().map_err(|_| PbeError::Damaged("its salt is not of 8 octets"))?, rounds },
        };
        Ok(Self { name: name.to_owned(), derivation, cipher, iv: None })
    }

    fn pbes2(algorithm: &AlgorithmIdentifierRef<'a>) -> Result<Self, PbeError> {
        let mut fields = fields(algorithm.parameters)?;
        let (derivation, encryption): (AlgorithmIdentifierRef<'a>, AlgorithmIdentifierRef<'a>) = (fields.decode()?, fields.decode()?);
        let (derivation, name, length) = key_derivation(&derivation)?;
        let (cipher, iv) = encryption_scheme(&encryption, length)?;
        if length.is_some_and(|length| length != cipher.key()) {
            return Err(PbeError::Damaged("its key is not as long as its cipher takes"));
        }
        if iv.len() != cipher.iv() {
            return Err(PbeError::Damaged("its initialisation vector is not as long as its cipher takes"));
        }
        Ok(Self { name: format!("PBES2 {name} {}", cipher.name()), derivation, cipher, iv: Some(iv) })
    }
}

pub fn fields(parameters: Option<AnyRef<'_>>) -> Result<SliceReader<'_>, PbeError> {
    let parameters = parameters.filter(|parameters| parameters.tag() == Tag::Sequence);
    Ok(SliceReader::new(parameters.ok_or(PbeError::Damaged("it has no parameters"))?.value())?)
}

pub fn octets<'a>(fields: &mut SliceReader<'a>) -> Result<&'a [u8], PbeError> {
    Ok(<&OctetStringRef>::decode(fields)?.as_bytes())
}

pub fn number(fields: &mut SliceReader<'_>) -> Result<u64, PbeError> {
    Ok(u64::decode(fields)?)
}

pub fn rounds(fields: &mut SliceReader<'_>) -> Result<NonZeroU32, PbeError> {
    let rounds = Some(number(fields)?).filter(|rounds| *rounds <= ROUNDS).ok_or(PbeError::TooCostly("more than 5,000,000 iterations"))?;
    u32::try_from(rounds).ok().and_then(NonZeroU32::new).ok_or(PbeError::Damaged("it has no iterations"))
}

pub fn key_length(fields: &mut SliceReader<'_>) -> Result<Option<usize>, PbeError> {
    if fields.is_finished() || Tag::peek(fields)? != Tag::Integer {
        return Ok(None);
    }
    Ok(usize::try_from(number(fields)?).ok())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;
    use crate::pki::{KeyKind, PrivateKey};

    const PASSWORD: &str = "correct horse";

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned())
    }

    /// The key, encrypted by `openssl pkcs8 -topk8` as the arguments say.
    fn encrypted_by_openssl(key: &PrivateKey, password: &str, arguments: &str) -> Vec<u8> {
        let mut command = Command::new("openssl");
        command.args(["pkcs8", "-topk8", "-provider", "default", "-provider", "legacy", "-outform", "DER", "-passout", "env:PASSWORD"]);
        command.args(arguments.split(' ')).env("PASSWORD", password).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut openssl = command.spawn().unwrap();
        openssl.stdin.take().unwrap().write_all(key.to_pem().expose()).unwrap();
        let output = openssl.wait_with_output().unwrap();
        assert!(output.status.success(), "openssl pkcs8 {arguments} failed");
        output.stdout
    }

    /// Of an EncryptedPrivateKeyInfo (RFC 5208, 6).
    fn parts(der: &[u8]) -> (AlgorithmIdentifierRef<'_>, &[u8]) {
        let mut fields = SliceReader::new(AnyRef::from_der(der).unwrap().value()).unwrap();
        (fields.decode().unwrap(), fields.decode::<&OctetStringRef>().unwrap().as_bytes())
    }

    /// The algorithm as OpenSSL 3 takes it after `pkcs8`, and the name by which it is read.
    const SCHEMES: [(&str, &str); 26] = [
        ("-v1 PBE-MD5-DES", "pbeWithMD5AndDES-CBC"),
        ("-v1 PBE-MD5-RC2-64", "pbeWithMD5AndRC2-CBC"),
        ("-v1 PBE-SHA1-DES", "pbeWithSHA1AndDES-CBC"),
        ("-v1 PBE-SHA1-RC2-64", "pbeWithSHA1AndRC2-CBC"),
        ("-v1 PBE-SHA1-RC4-128", "pbeWithSHAAnd128BitRC4"),
        ("-v1 PBE-SHA1-RC4-40", "pbeWithSHAAnd40BitRC4"),
        ("-v1 PBE-SHA1-3DES", "pbeWithSHAAnd3-KeyTripleDES-CBC"),
        ("-v1 PBE-SHA1-2DES", "pbeWithSHAAnd2-KeyTripleDES-CBC"),
        ("-v1 PBE-SHA1-RC2-128", "pbeWithSHAAnd128BitRC2-CBC"),
        ("-v1 PBE-SHA1-RC2-40", "pbeWithSHAAnd40BitRC2-CBC"),
        ("-v2 des-cbc", "PBES2 PBKDF2-HMAC-SHA256 DES-CBC"),
        ("-v2 des3", "PBES2 PBKDF2-HMAC-SHA256 3DES-CBC"),
        ("-v2 rc2-40-cbc", "PBES2 PBKDF2-HMAC-SHA256 RC2-40-CBC"),
        ("-v2 rc2-64-cbc", "PBES2 PBKDF2-HMAC-SHA256 RC2-64-CBC"),
        ("-v2 rc2-cbc", "PBES2 PBKDF2-HMAC-SHA256 RC2-128-CBC"),
        ("-v2 aes-128-cbc", "PBES2 PBKDF2-HMAC-SHA256 AES-128-CBC"),
        ("-v2 aes-192-cbc -v2prf hmacWithSHA1", "PBES2 PBKDF2-HMAC-SHA1 AES-192-CBC"),
        ("-v2 aes-256-cbc -v2prf hmacWithMD5", "PBES2 PBKDF2-HMAC-MD5 AES-256-CBC"),
        ("-v2 aes-256-cbc -v2prf hmacWithSHA224", "PBES2 PBKDF2-HMAC-SHA224 AES-256-CBC"),
        ("-v2 aes-256-cbc -v2prf hmacWithSHA384", "PBES2 PBKDF2-HMAC-SHA384 AES-256-CBC"),
        ("-v2 aes-256-cbc -v2prf hmacWithSHA512", "PBES2 PBKDF2-HMAC-SHA512 AES-256-CBC"),
        ("-v2 aes-256-cbc -v2prf hmacWithSHA512-224", "PBES2 PBKDF2-HMAC-SHA512-224 AES-256-CBC"),
        ("-v2 aes-256-cbc -v2prf hmacWithSHA512-256", "PBES2 PBKDF2-HMAC-SHA512-256 AES-256-CBC"),
        ("-v2 camellia-128-cbc", "PBES2 PBKDF2-HMAC-SHA256 Camellia-128-CBC"),
        ("-v2 camellia-256-cbc", "PBES2 PBKDF2-HMAC-SHA256 Camellia-256-CBC"),
        ("-scrypt", "PBES2 scrypt AES-256-CBC"),
    ];

    #[test]
    fn whatever_openssl_encrypts_is_decrypted() {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        for (arguments, name) in SCHEMES {
            let der = encrypted_by_openssl(&key, PASSWORD, arguments);
            let (algorithm, data) = parts(&der);
            let open = |password| decrypt(&algorithm, data, &passphrase(password), &mut Effort::of_a_file());
            assert_eq!(scheme(&algorithm, Protected::Keys).name, name);
            assert_eq!(open(PASSWORD).map(|opened| opened == *key.pkcs8()), Ok(true), "{arguments}");
            assert_eq!(open("battery staple"), Err(PbeError::WrongPassword), "{arguments}");
            assert_eq!(open(""), Err(PbeError::WrongPassword), "{arguments}");
        }
    }

    /// UTF-8 for PBES2. PKCS#12's own schemes take UTF-16, of which OpenSSL makes the empty password a null.
    #[test]
    fn a_password_may_be_any_text() {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        for arguments in ["-v2 aes-256-cbc", "-v1 PBE-SHA1-3DES"] {
            for password in ["Größe 😀", ""] {
                let der = encrypted_by_openssl(&key, password, arguments);
                let (algorithm, data) = parts(&der);
                let opened = decrypt(&algorithm, data, &passphrase(password), &mut Effort::of_a_file());
                assert_eq!(opened.map(|opened| opened == *key.pkcs8()), Ok(true), "{arguments} {password:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_parameters_make_it_panic(scheme in 0..SIMPLE.len() + 1, parameters in proptest::collection::vec(any::<u8>(), 0..60)) {
            let oid = SIMPLE.get(scheme).map_or(PBES2, |scheme| scheme.0);
            if let Ok(parameters) = AnyRef::new(Tag::Sequence, &parameters) {
                let algorithm = AlgorithmIdentifierRef { oid, parameters: Some(parameters) };
                prop_assert!(decrypt(&algorithm, &[0; 16], &passphrase(PASSWORD), &mut Effort::of_a_file()).is_err());
            }
        }
    }

    #[test]
    fn work_without_end_is_refused() {
        // A salt, and 2^32 - 1 iterations.
        let parameters = [0x04, 0x01, 0x00, 0x02, 0x05, 0x00, 0xFF, 0xFF, 0xFF, 0xFF];
        let algorithm = AlgorithmIdentifierRef { oid: SIMPLE[8].0, parameters: AnyRef::new(Tag::Sequence, &parameters).ok() };
        let refused = decrypt(&algorithm, &[0; 16], &passphrase(PASSWORD), &mut Effort::of_a_file()).unwrap_err();
        assert_eq!(refused, PbeError::TooCostly("more than 5,000,000 iterations"));
    }
}
