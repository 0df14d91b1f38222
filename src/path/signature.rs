//! Signatures on certificates and revocation lists, verified with aws-lc.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::asn1_rs::{BitString, Tag};
use x509_parser::oid_registry::{self as oids, Oid};
use x509_parser::public_key::PublicKey;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

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
    scheme(algorithm) == Some(Scheme::Pkcs1(Digest::Sha1))
}

/// The length of an RSA modulus; `None` for any other key.
pub(super) fn rsa_bits(key: &SubjectPublicKeyInfo<'_>) -> Option<usize> {
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => Some(rsa.key_size()),
        _ => None,
    }
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
    Pss(Digest),
    Ecdsa(Digest),
    Ed25519,
}

/// rsa, of X.509's own 1988 edition: what rsaEncryption is called by a few old tools.
const X509_RSA: &[u8] = &[0x55, 8, 1, 1];
/// id-mgf1 (RFC 8017, B.2.1).
const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
/// Signature algorithms whose digest has collisions that anyone can make. SHA-1's cost too much yet to be among them.
const BROKEN: [Oid<'static>; 3] = [oids::OID_PKCS1_MD2WITHRSAENC, oids::OID_PKCS1_MD4WITHRSAENC, oids::OID_PKCS1_MD5WITHRSAENC];

impl Signed<'_> {
    pub fn verify(&self, key: &SubjectPublicKeyInfo<'_>) -> Check {
        let Some(scheme) = scheme(self.algorithm) else { return Check::Unsupported };
        // Every signature here is a whole number of octets.
        if self.value.unused_bits != 0 || !scheme.is_for(key) {
            return Check::Bad;
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
        return pss(algorithm).map(Scheme::Pss);
    }
    table.iter().find(|(known, _)| *known == oid).map(|(_, scheme)| *scheme)
}

/// RFC 4055, 3.1: the parameters must be there, both digests agree, and the salt is as long as they are (aws-lc verifies no other).
fn pss(algorithm: &AlgorithmIdentifier<'_>) -> Option<Digest> {
    let parameters = RsaSsaPssParams::try_from(algorithm.parameters.as_ref()?).ok()?;
    let digest = parameters.hash_algorithm_oid();
    let mask = parameters.mask_gen_algorithm().ok()?;
    if mask.mgf.as_bytes() != MGF1 || mask.hash != *digest || parameters.trailer_field() != 1 {
        return None;
    }
    let known = [
        (&oids::OID_NIST_HASH_SHA256, 32, Digest::Sha256),
        (&oids::OID_NIST_HASH_SHA384, 48, Digest::Sha384),
        (&oids::OID_NIST_HASH_SHA512, 64, Digest::Sha512),
    ];
    known.into_iter().find(|(oid, length, _)| *oid == digest && *length == parameters.salt_length()).map(|(_, _, digest)| digest)
}

impl Scheme {
    fn is_for(self, key: &SubjectPublicKeyInfo<'_>) -> bool {
        let kind = &key.algorithm.algorithm;
        let is_rsa = *kind == oids::OID_PKCS1_RSAENCRYPTION || kind.as_bytes() == X509_RSA;
        match self {
            Self::Pkcs1(_) => is_rsa,
            Self::Pss(digest) => is_rsa || is_pss_key_for(digest, key),
            Self::Ecdsa(_) => *kind == oids::OID_KEY_TYPE_EC_PUBLIC_KEY,
            Self::Ed25519 => *kind == oids::OID_SIG_ED25519,
        }
    }

    /// The shortest modulus that aws-lc verifies with.
    fn least_bits(self) -> usize {
        match self {
            Self::Pkcs1(Digest::Sha1 | Digest::Sha256 | Digest::Sha512) => 1024,
            Self::Pkcs1(Digest::Sha384) | Self::Pss(_) => 2048,
            Self::Ecdsa(_) | Self::Ed25519 => 0,
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
        Scheme::Pss(Digest::Sha1) => None,
        Scheme::Pss(Digest::Sha256) => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Scheme::Pss(Digest::Sha384) => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Scheme::Pss(Digest::Sha512) => Some(&signature::RSA_PSS_2048_8192_SHA512),
        Scheme::Ecdsa(digest) => ecdsa(digest, &named_curve(key)?),
        Scheme::Ed25519 => Some(&signature::ED25519),
    }
}

/// RFC 4055, 1.2: an RSASSA-PSS key with parameters is for that digest alone.
fn is_pss_key_for(digest: Digest, key: &SubjectPublicKeyInfo<'_>) -> bool {
    key.algorithm.algorithm == oids::OID_PKCS1_RSASSAPSS && (key.algorithm.parameters.is_none() || pss(&key.algorithm) == Some(digest))
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
