//! Private keys, always held as PKCS#8 version 1.

use std::fmt;
use std::str::FromStr;

use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{Decode, Encode};
use pkcs8::pkcs5::{EncryptionScheme, pbes2};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef};
use rcgen::{KeyPair, PublicKeyData, RsaKeySize, SigningKey};

use super::{Entropy, Password, Secret};

/// The kinds of key that countersign makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// ECDSA on NIST P-256: read by every JVM, Erlang and OpenSSL in use. The default.
    P256,
    P384,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    /// Kafka cannot load it from PEM (its loader tries RSA, DSA and EC only) and Erlang only offers it in TLS 1.3.
    Ed25519,
}

impl KeyKind {
    pub const ALL: [Self; 6] = [Self::P256, Self::P384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::Ed25519];

    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
            Self::Ed25519 => "ed25519",
        }
    }

    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KeyKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(())
    }
}

/// Why a key could not be read or made. Never holds key bytes or a passphrase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("no PEM private key in it")]
    Missing,
    #[error("the key is encrypted and no passphrase is configured")]
    PassphraseNeeded,
    #[error("the passphrase does not open the key")]
    WrongPassphrase,
    #[error("the key's encryption is not supported; it must be PKCS#8 with PBES2 (openssl pkcs8 -topk8 -v2 aes-256-cbc)")]
    Encryption,
    #[error("not a key of a supported kind: ECDSA P-256 or P-384, RSA of 2048, 3072 or 4096 bits, Ed25519")]
    Unsupported,
}

/// A private key with its public half. `Debug` shows the kind only.
pub struct PrivateKey {
    pkcs8: Secret,
    pair: KeyPair,
    kind: KeyKind,
}

impl PrivateKey {
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size);
        let pair = match kind {
            KeyKind::P256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
            KeyKind::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            KeyKind::Rsa2048 => rsa(RsaKeySize::_2048),
            KeyKind::Rsa3072 => rsa(RsaKeySize::_3072),
            KeyKind::Rsa4096 => rsa(RsaKeySize::_4096),
            KeyKind::Ed25519 => KeyPair::generate_for(&rcgen::PKCS_ED25519),
        }
        .map_err(|_| KeyError::Unsupported)?;
        Ok(Self { pkcs8: version_1(pair.serialized_der())?, pair, kind })
    }

    /// Reads unencrypted PKCS#8 DER.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pkcs8 = version_1(der)?;
        let pair = KeyPair::try_from(pkcs8.expose()).map_err(|_| KeyError::Unsupported)?;
        let kind = super::certificate::key_kind(&pair.subject_public_key_info()).ok_or(KeyError::Unsupported)?;
        Ok(Self { pkcs8, pair, kind })
    }

    /// Reads the first private key of a PEM text: PKCS#8, PKCS#8 encrypted by PBES2, PKCS#1 or SEC1.
    pub fn from_pem(text: &[u8], passphrase: Option<&Password>) -> Result<Self, KeyError> {
        let blocks = pem::parse_many(text).map_err(|_| KeyError::Missing)?;
        let block = blocks.into_iter().find(|block| block.tag().ends_with("PRIVATE KEY")).ok_or(KeyError::Missing)?;
        let label = block.tag().to_owned();
        let proc_type = block.headers().get("Proc-Type").is_some();
        let contents = Secret::new(block.into_contents());
        match label.as_str() {
            _ if proc_type => Err(KeyError::Encryption),
            "PRIVATE KEY" => Self::from_pkcs8(contents.expose()),
            "ENCRYPTED PRIVATE KEY" => Self::from_encrypted(contents.expose(), passphrase),
            "RSA PRIVATE KEY" => Self::wrapped(RSA_ENCRYPTION, Some(AnyRef::NULL), contents.expose()),
            "EC PRIVATE KEY" => [P_256, P_384]
                .iter()
                .find_map(|curve| Self::wrapped(EC_PUBLIC_KEY, Some(curve.into()), contents.expose()).ok())
                .ok_or(KeyError::Unsupported),
            _ => Err(KeyError::Unsupported),
        }
    }

    fn from_encrypted(der: &[u8], passphrase: Option<&Password>) -> Result<Self, KeyError> {
        let encrypted = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| KeyError::Encryption)?;
        if !matches!(encrypted.encryption_algorithm, EncryptionScheme::Pbes2(_)) {
            return Err(KeyError::Encryption);
        }
        let passphrase = passphrase.ok_or(KeyError::PassphraseNeeded)?;
        let opened = encrypted.decrypt(passphrase.expose()).map_err(|_| KeyError::WrongPassphrase)?;
        Self::from_pkcs8(opened.as_bytes())
    }

    /// Wraps the older formats, PKCS#1 and SEC1, into PKCS#8.
    fn wrapped(algorithm: ObjectIdentifier, parameters: Option<AnyRef<'_>>, der: &[u8]) -> Result<Self, KeyError> {
        let algorithm = AlgorithmIdentifierRef { oid: algorithm, parameters };
        let private_key = OctetStringRef::new(der).map_err(|_| KeyError::Unsupported)?;
        let pkcs8 = PrivateKeyInfoRef::new(algorithm, private_key).to_der().map_err(|_| KeyError::Unsupported)?;
        Self::from_pkcs8(Secret::new(pkcs8).expose())
    }

    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// PKCS#8 version 1, DER.
    pub fn pkcs8(&self) -> &Secret {
        &self.pkcs8
    }

    /// The SubjectPublicKeyInfo, DER (RFC 5280, 4.1.2.7).
    pub fn public_key(&self) -> Vec<u8> {
        self.pair.subject_public_key_info()
    }

    /// `BEGIN PRIVATE KEY`.
    pub fn to_pem(&self) -> Secret {
        pem_block("PRIVATE KEY", self.pkcs8.expose())
    }

    /// `BEGIN ENCRYPTED PRIVATE KEY`.
    pub fn to_encrypted_pem(&self, passphrase: &Password, entropy: &Entropy) -> Result<Secret, KeyError> {
        Ok(pem_block("ENCRYPTED PRIVATE KEY", encrypted(&self.pkcs8, passphrase, entropy)?.expose()))
    }
}

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

impl PublicKeyData for PrivateKey {
    fn der_bytes(&self) -> &[u8] {
        self.pair.der_bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.pair.algorithm()
    }
}

impl SigningKey for PrivateKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.pair.sign(message)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} private key]", self.kind)
    }
}

/// OpenSSL 3.0 and librdkafka cannot read version 2, in which Ed25519 keys are generated with their public half.
fn version_1(der: &[u8]) -> Result<Secret, KeyError> {
    let mut info = PrivateKeyInfoRef::from_der(der).map_err(|_| KeyError::Unsupported)?;
    info.public_key = None;
    Ok(Secret::new(info.to_der().map_err(|_| KeyError::Unsupported)?))
}

/// What OWASP advises for PBKDF2-HMAC-SHA256 (2023); about 70 ms.
const PBKDF2_ITERATIONS: u32 = 600_000;

/// PKCS#8 to EncryptedPrivateKeyInfo: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018), which OpenSSL and Java 19 read.
pub(super) fn encrypted(pkcs8: &Secret, passphrase: &Password, entropy: &Entropy) -> Result<Secret, KeyError> {
    let (mut salt, mut iv) = ([0u8; 16], [0u8; 16]);
    entropy.fill(&mut salt).and_then(|()| entropy.fill(&mut iv)).map_err(|_| KeyError::Encryption)?;
    let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(PBKDF2_ITERATIONS, &salt, iv).map_err(|_| KeyError::Encryption)?;
    let encrypted = PrivateKeyInfoRef::from_der(pkcs8.expose())
        .map_err(|_| KeyError::Unsupported)?
        .encrypt_with_params(parameters, passphrase.expose())
        .map_err(|_| KeyError::Encryption)?;
    Ok(Secret::new(encrypted.as_bytes().to_vec()))
}

/// One block of PEM (RFC 7468), with LF.
pub fn pem_block(label: &str, der: &[u8]) -> Secret {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    Secret::new(pem::encode_config(&pem::Pem::new(label, der), config).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Password {
        Password::new(text.into()).unwrap()
    }

    #[test]
    fn every_kind_survives_pem() {
        for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Rsa2048, KeyKind::Ed25519] {
            let key = PrivateKey::generate(kind).unwrap();
            let read = PrivateKey::from_pem(key.to_pem().expose(), None).unwrap();
            assert_eq!((read.kind(), read.public_key()), (kind, key.public_key()));
        }
    }

    #[test]
    fn an_encrypted_key_opens_with_its_passphrase_only() {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let pem = key.to_encrypted_pem(&passphrase("correct horse"), &aws_lc_rs::rand::SystemRandom::new()).unwrap();
        let read = |passphrase: Option<&Password>| PrivateKey::from_pem(pem.expose(), passphrase);
        assert_eq!(read(Some(&passphrase("correct horse"))).unwrap().public_key(), key.public_key());
        assert_eq!(read(Some(&passphrase("wrong horse"))).unwrap_err(), KeyError::WrongPassphrase);
        assert_eq!(read(None).unwrap_err(), KeyError::PassphraseNeeded);
    }

    #[test]
    fn a_certificate_is_no_key() {
        let text = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(PrivateKey::from_pem(text, None).unwrap_err(), KeyError::Missing);
        assert_eq!(PrivateKey::from_pem(b"garbage", None).unwrap_err(), KeyError::Missing);
    }
}
