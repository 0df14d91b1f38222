//! Public keys of any kind, and what kind they are.

use std::fmt;

use super::asn1::{self, Element, Elements};
use super::curve::Curve;
use super::post_quantum::Parameters;
use super::{oid, sha256_hex};

/// The kind of a key and its size, whoever made it. What countersign makes itself is a [`super::KeyKind`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyAlgorithm {
    Rsa {
        bits: u32,
    },
    RsaPss {
        bits: u32,
    },
    Dsa {
        bits: u32,
    },
    DiffieHellman {
        bits: u32,
    },
    /// By the curve's usual name, `P-256` or `brainpoolP256r1`; parameters that are written out and match no known curve are
    /// `explicit`, a name that is not known is `unknown`.
    Ec {
        curve: &'static str,
        bits: u32,
    },
    Ed25519,
    Ed448,
    X25519,
    X448,
    /// ML-DSA-44 and its like (FIPS 203 to 205), by name.
    PostQuantum(&'static str),
    /// A dotted object identifier.
    Other(String),
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::RsaPss { bits } => write!(f, "RSA-PSS {bits}"),
            Self::Dsa { bits } => write!(f, "DSA {bits}"),
            Self::DiffieHellman { bits } => write!(f, "DH {bits}"),
            Self::Ec { curve, .. } => write!(f, "EC {curve}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Ed448 => f.write_str("Ed448"),
            Self::X25519 => f.write_str("X25519"),
            Self::X448 => f.write_str("X448"),
            Self::PostQuantum(name) => f.write_str(name),
            Self::Other(oid) => f.write_str(oid),
        }
    }
}

/// A SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    der: Vec<u8>,
    pub algorithm: KeyAlgorithm,
}

impl PublicKey {
    /// `None` when it is no SubjectPublicKeyInfo.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let (algorithm, key) = parts(der)?;
        Some(Self { der: der.to_vec(), algorithm: kind(algorithm, key.bits().unwrap_or_default())? })
    }

    /// Reads an RSAPublicKey (PKCS#1, RFC 8017, A.1.1).
    pub fn from_pkcs1(der: &[u8]) -> Option<Self> {
        let mut numbers = Elements::within(der, asn1::SEQUENCE)?;
        let (modulus, exponent) = (numbers.integer()?, numbers.integer()?);
        numbers.is_empty().then(|| Self::from_der(&rsa(&rsa_algorithm(), modulus, exponent))).flatten()
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 over the DER, lower-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        sha256_hex(&self.der)
    }

    /// An RSA-PSS key under the identifier of plain RSA: so it is known to programs that do not keep the restriction to PSS, as
    /// Python's cryptography. `None` for other kinds.
    pub fn as_plain_rsa(&self) -> Option<Self> {
        let KeyAlgorithm::RsaPss { .. } = self.algorithm else { return None };
        let (_, key) = parts(&self.der)?;
        Self::from_der(&asn1::encode_public_key(&rsa_algorithm(), key.bits()?))
    }

    /// Whether the keys themselves are alike, whatever is said of their algorithms and parameters.
    pub(super) fn has_bits_of(&self, other: &Self) -> bool {
        let [own, others] = [self, other].map(|key| parts(&key.der).and_then(|(_, bits)| bits.bits()));
        own.is_some() && own == others
    }

    /// Whether both are the same key, even if one names its curve and the other writes it out, or compresses its point.
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.der == other.der || self.plain().is_some_and(|plain| other.plain().is_some_and(|other| plain == other))
    }

    /// Of an elliptic curve, what is the same however it is written: the curve and the uncompressed point.
    fn plain(&self) -> Option<(Curve, Vec<u8>)> {
        let (algorithm, key) = parts(&self.der)?;
        let mut fields = algorithm.inside();
        (fields.next()?.oid()? == oid::EC).then_some(())?;
        let curve = Curve::of_parameters(fields.next()?.whole)?;
        let point = curve.domain.decompressed(key.bits()?)?;
        Some((curve, point))
    }
}

/// AlgorithmIdentifier and BIT STRING.
fn parts(der: &[u8]) -> Option<(Element<'_>, Element<'_>)> {
    let mut fields = Elements::within(der, asn1::SEQUENCE)?;
    let (algorithm, key) = (fields.tagged(asn1::SEQUENCE)?, fields.tagged(asn1::BIT_STRING)?);
    fields.is_empty().then_some((algorithm, key))
}

pub(super) fn rsa_algorithm() -> Vec<u8> {
    asn1::encode(asn1::SEQUENCE, &[&asn1::encode_oid(oid::RSA), &asn1::encode(asn1::NULL, &[])])
}

pub(super) fn rsa(algorithm: &[u8], modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let numbers = [modulus, exponent].map(asn1::encode_integer);
    asn1::encode_public_key(algorithm, &asn1::encode(asn1::SEQUENCE, &[&numbers[0], &numbers[1]]))
}

fn kind(algorithm: Element<'_>, key: &[u8]) -> Option<KeyAlgorithm> {
    let mut fields = algorithm.inside();
    let id = fields.next()?.oid()?;
    let parameters = fields.next();
    // The first number of a sequence: a modulus, or the prime of a group.
    let first = |within: Option<Elements<'_>>| within.and_then(|mut numbers| numbers.integer()).map_or(0, bits);
    let modulus = || first(Elements::within(key, asn1::SEQUENCE));
    let prime = || first(parameters.map(Element::inside));
    Some(match id {
        oid::RSA => KeyAlgorithm::Rsa { bits: modulus() },
        oid::RSA_PSS => KeyAlgorithm::RsaPss { bits: modulus() },
        oid::DSA => KeyAlgorithm::Dsa { bits: prime() },
        oid::DH | oid::X942_DH => KeyAlgorithm::DiffieHellman { bits: prime() },
        oid::EC => match parameters.and_then(|parameters| Curve::of_parameters(parameters.whole)) {
            Some(curve) => KeyAlgorithm::Ec { curve: curve.name(), bits: curve.domain.bits() },
            None => KeyAlgorithm::Ec { curve: "unknown", bits: 0 },
        },
        oid::ED25519 => KeyAlgorithm::Ed25519,
        oid::ED448 => KeyAlgorithm::Ed448,
        oid::X25519 => KeyAlgorithm::X25519,
        oid::X448 => KeyAlgorithm::X448,
        other => match Parameters::of(other) {
            Some(parameters) => KeyAlgorithm::PostQuantum(parameters.name()),
            None => KeyAlgorithm::Other(other.to_string()),
        },
    })
}

/// Of a number in big-endian octets.
pub(super) fn bits(number: &[u8]) -> u32 {
    number.iter().position(|octet| *octet != 0).map_or(0, |zeros| {
        let octets = number.len() - zeros;
        u32::try_from(octets * 8).unwrap_or(u32::MAX) - number[zeros].leading_zeros()
    })
}
