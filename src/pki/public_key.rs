//! Public keys of any kind, and what kind they are.

use std::fmt;

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
    /// By the curve's usual name, `P-256` or `brainpoolP256r1`; parameters that are written out and match no known curve are `explicit`.
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
        let _ = der;
        todo!("helper keys")
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 over the DER, lower-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        super::sha256_hex(&self.der)
    }
}
