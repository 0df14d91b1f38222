//! How countersign encrypts and seals PKCS#12: what each [`Pkcs12Profile`] names.

use std::num::NonZeroU32;

use pkcs8::ObjectIdentifier;

use super::pfx::{DATA, ENCRYPTED_DATA};
use super::{KeystoreError, Pkcs12Profile};
use crate::pbe::cipher::Cipher;
use crate::pbe::derivation::{Derivation, Purpose, pkcs12};
use crate::pbe::hash::Hash;
use crate::pbe::spelling;
use crate::pki::asn1::{NULL, OCTET_STRING, SEQUENCE, context, context_primitive, encode, encode_integer, encode_oid};
use crate::pki::{Entropy, Passphrase, Password, Secret};

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const PBES2: ObjectIdentifier = oid("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = oid("1.2.840.113549.1.5.12");
const HMAC_SHA256: ObjectIdentifier = oid("1.2.840.113549.2.9");
const AES_256_CBC: ObjectIdentifier = oid("2.16.840.1.101.3.4.1.42");
const SHA1_3DES: ObjectIdentifier = oid("1.2.840.113549.1.12.1.3");
const SHA1: ObjectIdentifier = oid("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");

/// One store's password and the way it is used.
pub(super) struct Encryption<'a> {
    pub profile: Pkcs12Profile,
    pub password: &'a Password,
    pub entropy: &'a Entropy,
}

impl Encryption<'_> {
    /// An EncryptedPrivateKeyInfo (RFC 5208, 6).
    pub(super) fn encrypted_key(&self, key: &Secret) -> Result<Vec<u8>, KeystoreError> {
        let (algorithm, data) = self.encrypt(key.expose())?;
        Ok(encode(SEQUENCE, &[&algorithm, &encode(OCTET_STRING, &[&data])]))
    }

    /// A ContentInfo with EncryptedData (RFC 2315, 13).
    pub(super) fn encrypted_data(&self, plain: &[u8]) -> Result<Vec<u8>, KeystoreError> {
        let (algorithm, data) = self.encrypt(plain)?;
        let info = encode(SEQUENCE, &[&encode_oid(DATA), &algorithm, &encode(context_primitive(0), &[&data])]);
        let encrypted = encode(SEQUENCE, &[&encode_integer(&[0]), &info]);
        Ok(encode(SEQUENCE, &[&encode_oid(ENCRYPTED_DATA), &encode(context(0), &[&encrypted])]))
    }

    /// A MacData (RFC 7292, 4) over `content`.
    pub(super) fn mac(&self, content: &[u8]) -> Result<Vec<u8>, KeystoreError> {
        let (hash, name) = match self.profile {
            Pkcs12Profile::Modern => (Hash::Sha256, SHA256),
            Pkcs12Profile::Java8 => (Hash::Sha1, SHA1),
        };
        let salt = self.salt::<16>()?;
        let key = pkcs12(hash, Purpose::Mac, &self.utf16(), &salt, ROUNDS, hash.length());
        let digest = encode(OCTET_STRING, &[&hash.hmac(&key, content)]);
        let digest_info = encode(SEQUENCE, &[&encode(SEQUENCE, &[&encode_oid(name), &[NULL, 0]]), &digest]);
        Ok(encode(SEQUENCE, &[&digest_info, &encode(OCTET_STRING, &[&salt]), &rounds()]))
    }

    /// The AlgorithmIdentifier, and the data.
    fn encrypt(&self, plain: &[u8]) -> Result<(Vec<u8>, Vec<u8>), KeystoreError> {
        let salt = self.salt::<16>()?;
        let salted = [encode(OCTET_STRING, &[&salt]), rounds()].concat();
        let (algorithm, encrypted) = match self.profile {
            Pkcs12Profile::Modern => {
                let iv = self.salt::<16>()?;
                let derivation = Derivation::Pbkdf2 { hash: Hash::Sha256, salt: &salt, rounds: ROUNDS };
                let (key, _) = derivation.derive(self.password.expose().as_bytes(), Cipher::Aes256.key(), 0);
                let prf = encode(SEQUENCE, &[&encode_oid(HMAC_SHA256), &[NULL, 0]]);
                let pbkdf2 = encode(SEQUENCE, &[&encode_oid(PBKDF2), &encode(SEQUENCE, &[&salted, &prf])]);
                let aes = encode(SEQUENCE, &[&encode_oid(AES_256_CBC), &encode(OCTET_STRING, &[&iv])]);
                let parameters = encode(SEQUENCE, &[&pbkdf2, &aes]);
                (encode(SEQUENCE, &[&encode_oid(PBES2), &parameters]), Cipher::Aes256.encrypt(&key, &iv, plain))
            }
            Pkcs12Profile::Java8 => {
                let derivation = Derivation::Pkcs12 { hash: Hash::Sha1, salt: &salt, rounds: ROUNDS };
                let (key, iv) = derivation.derive(&self.utf16(), Cipher::TripleDes.key(), Cipher::TripleDes.iv());
                let algorithm = encode(SEQUENCE, &[&encode_oid(SHA1_3DES), &encode(SEQUENCE, &[&salted])]);
                (algorithm, Cipher::TripleDes.encrypt(&key, &iv, plain))
            }
        };
        // Key and vector are as long as their cipher takes.
        Ok((algorithm, encrypted.ok_or_else(|| unwritable("its cipher takes no such key"))?))
    }

    /// What PKCS#12's own key derivation takes.
    fn utf16(&self) -> zeroize::Zeroizing<Vec<u8>> {
        spelling::pkcs12(&Passphrase::from(self.password)).swap_remove(0)
    }

    fn salt<const N: usize>(&self) -> Result<[u8; N], KeystoreError> {
        let mut salt = [0; N];
        self.entropy.fill(&mut salt).map_err(|_| unwritable("no random numbers to be had"))?;
        Ok(salt)
    }
}

const ROUNDS: NonZeroU32 = NonZeroU32::new(Pkcs12Profile::ITERATIONS).expect("iterations");

fn rounds() -> Vec<u8> {
    encode_integer(&Pkcs12Profile::ITERATIONS.to_be_bytes())
}

fn unwritable(problem: &str) -> KeystoreError {
    KeystoreError::Unwritable { format: "PKCS#12", problem: problem.to_owned() }
}
