//! Signatures on certificates and revocation lists, verified with aws-lc.

use aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::asn1_rs::{BitString, Tag};
use x509_parser::oid_registry::{self as oids, Oid};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::pss;

/// What became of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Good,
    Bad,
    /// Its algorithm is not known here, or the key is not one for it.
    Unsupported,
}

/// A signature as it stands in a certificate or list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed<'a> {
    pub algorithm: &'a AlgorithmIdentifier<'a>,
    pub value: &'a BitString<'a>,
    pub message: &'a [u8],
}

/// The usual name of a signature algorithm, or its dotted identifier.
pub(super) fn name(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let oid = &algorithm.algorithm;
    oids::OidRegistry::default().with_crypto().get(oid).map_or_else(|| oid.to_id_string(), |entry| entry.sn().to_owned())
}

pub(super) fn is_broken(algorithm: &AlgorithmIdentifier<'_>) -> bool {
    BROKEN.contains(&algorithm.algorithm)
}

pub(super) fn is_sha1(algorithm: &AlgorithmIdentifier<'_>) -> bool {
    match scheme(algorithm) {
        Some(Scheme::Pkcs1(digest) | Scheme::Ecdsa(digest)) => digest == Digest::Sha1,
        Some(Scheme::Pss(parameters)) => *parameters.digest == SHA1_FOR_LEGACY_USE_ONLY,
        Some(Scheme::Ed25519) | None => false,
    }
}

/// Whether aws-lc would verify it with a fitting key: RSASSA-PSS comes with parameters that it does not.
pub(super) fn is_usual(algorithm: &AlgorithmIdentifier<'_>) -> bool {
    match scheme(algorithm) {
        Some(Scheme::Pss(parameters)) => parameters.are_usual(),
        Some(Scheme::Pkcs1(_) | Scheme::Ecdsa(_) | Scheme::Ed25519) | None => true,
    }
}

/// The length of an RSA modulus; `None` for any other key.
pub(super) fn rsa_bits(key: &SubjectPublicKeyInfo<'_>) -> Option<usize> {
    rsa(key).map(|key| key.key_size())
}

/// An RSA key, whether it is for any scheme or for RSASSA-PSS alone.
fn rsa<'k>(key: &'k SubjectPublicKeyInfo<'_>) -> Option<RSAPublicKey<'k>> {
    let is_rsa = is_plain_rsa(key) || key.algorithm.algorithm == oids::OID_PKCS1_RSASSAPSS;
    is_rsa.then(|| RSAPublicKey::from_der(&key.subject_public_key.data).ok().map(|(_, key)| key))?
}

fn is_plain_rsa(key: &SubjectPublicKeyInfo<'_>) -> bool {
    let kind = &key.algorithm.algorithm;
    *kind == oids::OID_PKCS1_RSAENCRYPTION || kind.as_bytes() == X509_RSA
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Pkcs1(Digest),
    Pss(pss::Parameters),
    Ecdsa(Digest),
    Ed25519,
}

/// rsa, of X.509's own 1988 edition: what rsaEncryption is called by a few old tools.
const X509_RSA: &[u8] = &[0x55, 8, 1, 1];
/// Signature algorithms whose digest has collisions that anyone can make. SHA-1's cost too much yet to be among them.
const BROKEN: [Oid<'static>; 3] = [oids::OID_PKCS1_MD2WITHRSAENC, oids::OID_PKCS1_MD4WITHRSAENC, oids::OID_PKCS1_MD5WITHRSAENC];

impl Signed<'_> {
    pub fn verify(&self, key: &SubjectPublicKeyInfo<'_>) -> Check {
        let Some(scheme) = scheme(self.algorithm) else { return Check::Unsupported };
        // Every signature here is a whole number of octets.
        if self.value.unused_bits != 0 || !scheme.is_for(key) {
            return Check::Bad;
        }
        if let (Scheme::Pss(parameters), Some(key)) = (scheme, rsa(key)) {
            return if parameters.verify(&key, self.message, &self.value.data) { Check::Good } else { Check::Bad };
        }
        let Some(algorithm) = verifier(scheme, key).filter(|_| rsa_bits(key).is_none_or(|bits| bits >= scheme.least_bits())) else {
            return Check::Unsupported;
        };
        match UnparsedPublicKey::new(algorithm, &*key.subject_public_key.data).verify(self.message, &self.value.data) {
            Ok(()) => Check::Good,
            Err(_) => Check::Bad,
        }
    }
}

fn scheme(algorithm: &AlgorithmIdentifier<'_>) -> Option<Scheme> {
    use Digest::{Sha1, Sha256, Sha384, Sha512};
    let oid = &algorithm.algorithm;
    let table = [
        (&oids::OID_PKCS1_SHA1WITHRSA, Scheme::Pkcs1(Sha1)),
        (&oids::OID_SHA1_WITH_RSA, Scheme::Pkcs1(Sha1)),
        (&oids::OID_PKCS1_SHA256WITHRSA, Scheme::Pkcs1(Sha256)),
        (&oids::OID_PKCS1_SHA384WITHRSA, Scheme::Pkcs1(Sha384)),
        (&oids::OID_PKCS1_SHA512WITHRSA, Scheme::Pkcs1(Sha512)),
        (&oids::OID_SIG_ECDSA_WITH_SHA256, Scheme::Ecdsa(Sha256)),
        (&oids::OID_SIG_ECDSA_WITH_SHA384, Scheme::Ecdsa(Sha384)),
        (&oids::OID_SIG_ECDSA_WITH_SHA512, Scheme::Ecdsa(Sha512)),
        (&oids::OID_SIG_ED25519, Scheme::Ed25519),
    ];
    if *oid == oids::OID_PKCS1_RSASSAPSS {
        return pss::Parameters::read(algorithm.parameters.as_ref()).map(Scheme::Pss);
    }
    table.iter().find(|(known, _)| *known == oid).map(|(_, scheme)| *scheme)
}

impl Scheme {
    fn is_for(self, key: &SubjectPublicKeyInfo<'_>) -> bool {
        let kind = &key.algorithm.algorithm;
        match self {
            Self::Pkcs1(_) => is_plain_rsa(key),
            Self::Pss(parameters) => is_plain_rsa(key) || is_pss_key_for(&parameters, key),
            Self::Ecdsa(_) => *kind == oids::OID_KEY_TYPE_EC_PUBLIC_KEY,
            Self::Ed25519 => *kind == oids::OID_SIG_ED25519,
        }
    }

    /// The shortest modulus that aws-lc verifies with.
    fn least_bits(self) -> usize {
        match self {
            Self::Pkcs1(Digest::Sha1 | Digest::Sha256 | Digest::Sha512) => 1024,
            Self::Pkcs1(Digest::Sha384) => 2048,
            Self::Pss(_) | Self::Ecdsa(_) | Self::Ed25519 => 0,
        }
    }
}

/// `None` where aws-lc has nothing for the two.
fn verifier(scheme: Scheme, key: &SubjectPublicKeyInfo<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    match scheme {
        Scheme::Pkcs1(Digest::Sha1) => Some(&signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        Scheme::Pkcs1(Digest::Sha256) => Some(&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        Scheme::Pkcs1(Digest::Sha384) => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Scheme::Pkcs1(Digest::Sha512) => Some(&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        Scheme::Pss(_) => None,
        Scheme::Ecdsa(digest) => ecdsa(digest, &named_curve(key)?),
        Scheme::Ed25519 => Some(&signature::ED25519),
    }
}

fn is_pss_key_for(signature: &pss::Parameters, key: &SubjectPublicKeyInfo<'_>) -> bool {
    let parameters = key.algorithm.parameters.as_ref();
    let allowed = || pss::Parameters::read(parameters).is_some_and(|key| signature.are_allowed_by(&key));
    key.algorithm.algorithm == oids::OID_PKCS1_RSASSAPSS && (parameters.is_none() || allowed())
}

fn ecdsa(digest: Digest, curve: &Oid<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let curves = [&oids::OID_EC_P256, &oids::OID_NIST_EC_P384, &oids::OID_NIST_EC_P521];
    let verifiers: [&'static dyn VerificationAlgorithm; 3] = match digest {
        Digest::Sha1 => return None,
        Digest::Sha256 => [&signature::ECDSA_P256_SHA256_ASN1, &signature::ECDSA_P384_SHA256_ASN1, &signature::ECDSA_P521_SHA256_ASN1],
        Digest::Sha384 => [&signature::ECDSA_P256_SHA384_ASN1, &signature::ECDSA_P384_SHA384_ASN1, &signature::ECDSA_P521_SHA384_ASN1],
        Digest::Sha512 => [&signature::ECDSA_P256_SHA512_ASN1, &signature::ECDSA_P384_SHA512_ASN1, &signature::ECDSA_P521_SHA512_ASN1],
    };
    curves.iter().position(|known| *known == curve).map(|index| verifiers[index])
}

/// `None` for a key of another kind, and where the curve is written out.
pub(super) fn named_curve<'k>(key: &'k SubjectPublicKeyInfo<'_>) -> Option<Oid<'k>> {
    let parameters = key.algorithm.parameters.as_ref()?;
    (parameters.tag() == Tag::Oid).then(|| parameters.as_oid().ok())?
}
