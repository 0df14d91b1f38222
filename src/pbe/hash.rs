//! The digests that stores and keys are derived and sealed with, old ones included: what somebody wrote is to be read.

use aws_lc_rs::pbkdf2 as aws;
use hmac::{Hmac, KeyInit, Mac};
use pkcs8::ObjectIdentifier;
use sha1::digest::Digest;
use sha1::digest::block_api::BlockSizeUser;
use zeroize::Zeroizing;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    Md2,
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    /// SHA-512/224 (FIPS 180-4, 5.3.6).
    Sha512Cut224,
    Sha512Cut256,
    Sha3Of224,
    Sha3Of256,
    Sha3Of384,
    Sha3Of512,
}

/// Binds `$digest` to the RustCrypto type of `$hash` in `$body`.
macro_rules! with {
    ($hash:expr, $digest:ident => $body:expr) => {
        match $hash {
            Hash::Md2 => with!(@ md2::Md2, $digest, $body),
            Hash::Md5 => with!(@ md5::Md5, $digest, $body),
            Hash::Sha1 => with!(@ sha1::Sha1, $digest, $body),
            Hash::Sha224 => with!(@ sha2::Sha224, $digest, $body),
            Hash::Sha256 => with!(@ sha2::Sha256, $digest, $body),
            Hash::Sha384 => with!(@ sha2::Sha384, $digest, $body),
            Hash::Sha512 => with!(@ sha2::Sha512, $digest, $body),
            Hash::Sha512Cut224 => with!(@ sha2::Sha512_224, $digest, $body),
            Hash::Sha512Cut256 => with!(@ sha2::Sha512_256, $digest, $body),
            Hash::Sha3Of224 => with!(@ sha3::Sha3_224, $digest, $body),
            Hash::Sha3Of256 => with!(@ sha3::Sha3_256, $digest, $body),
            Hash::Sha3Of384 => with!(@ sha3::Sha3_384, $digest, $body),
            Hash::Sha3Of512 => with!(@ sha3::Sha3_512, $digest, $body),
        }
    };
    (@ $type:ty, $digest:ident, $body:expr) => {{
        type $digest = $type;
        $body
    }};
}

impl Hash {
    /// Each with the object identifiers of the digest and of its HMAC. HMAC-MD5 has two: RSA's and IANA's.
    const KNOWN: [(Self, &'static str, ObjectIdentifier, &'static [ObjectIdentifier]); 13] = [
        (Self::Md2, "MD2", oid("1.2.840.113549.2.2"), &[]),
        (Self::Md5, "MD5", oid("1.2.840.113549.2.5"), &[oid("1.2.840.113549.2.6"), oid("1.3.6.1.5.5.8.1.1")]),
        (Self::Sha1, "SHA1", oid("1.3.14.3.2.26"), &[oid("1.2.840.113549.2.7"), oid("1.3.6.1.5.5.8.1.2")]),
        (Self::Sha224, "SHA224", oid("2.16.840.1.101.3.4.2.4"), &[oid("1.2.840.113549.2.8")]),
        (Self::Sha256, "SHA256", oid("2.16.840.1.101.3.4.2.1"), &[oid("1.2.840.113549.2.9")]),
        (Self::Sha384, "SHA384", oid("2.16.840.1.101.3.4.2.2"), &[oid("1.2.840.113549.2.10")]),
        (Self::Sha512, "SHA512", oid("2.16.840.1.101.3.4.2.3"), &[oid("1.2.840.113549.2.11")]),
        (Self::Sha512Cut224, "SHA512-224", oid("2.16.840.1.101.3.4.2.5"), &[oid("1.2.840.113549.2.12")]),
        (Self::Sha512Cut256, "SHA512-256", oid("2.16.840.1.101.3.4.2.6"), &[oid("1.2.840.113549.2.13")]),
        (Self::Sha3Of224, "SHA3-224", oid("2.16.840.1.101.3.4.2.7"), &[oid("2.16.840.1.101.3.4.2.13")]),
        (Self::Sha3Of256, "SHA3-256", oid("2.16.840.1.101.3.4.2.8"), &[oid("2.16.840.1.101.3.4.2.14")]),
        (Self::Sha3Of384, "SHA3-384", oid("2.16.840.1.101.3.4.2.9"), &[oid("2.16.840.1.101.3.4.2.15")]),
        (Self::Sha3Of512, "SHA3-512", oid("2.16.840.1.101.3.4.2.10"), &[oid("2.16.840.1.101.3.4.2.16")]),
    ];

    pub fn of_digest(wanted: ObjectIdentifier) -> Option<Self> {
        Self::KNOWN.iter().find(|known| known.2 == wanted).map(|known| known.0)
    }

    pub fn of_hmac(wanted: ObjectIdentifier) -> Option<Self> {
        Self::KNOWN.iter().find(|known| known.3.contains(&wanted)).map(|known| known.0)
    }

    pub fn name(self) -> &'static str {
        Self::KNOWN.iter().find(|known| known.0 == self).map_or("", |known| known.1)
    }

    /// What a round of PBKDF2 costs by it, in those by SHA-256. Measured, and rounded up.
    pub const fn cost(self) -> u64 {
        match self {
            Self::Md5 | Self::Sha1 | Self::Sha224 | Self::Sha256 => 1,
            Self::Sha384 | Self::Sha512 | Self::Sha512Cut224 | Self::Sha512Cut256 => 3,
            Self::Md2 | Self::Sha3Of224 | Self::Sha3Of256 | Self::Sha3Of384 | Self::Sha3Of512 => 4,
        }
    }

    /// Octets of a digest.
    pub fn length(self) -> usize {
        with!(self, D => D::output_size())
    }

    /// Octets that the digest takes at a time: "v" of RFC 7292, B.2.
    pub fn block(self) -> usize {
        with!(self, D => D::block_size())
    }

    /// Digests `data`, the digest of it, and so on, `rounds` times in all.
    pub fn repeated(self, data: &[u8], rounds: u64) -> Zeroizing<Vec<u8>> {
        with!(self, D => {
            let mut digest = D::digest(data);
            for _ in 1..rounds {
                digest = D::digest(digest);
            }
            Zeroizing::new(digest.to_vec())
        })
    }

    pub fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        with!(self, D => match Hmac::<D>::new_from_slice(key) {
            Ok(mac) => mac.chain_update(data).finalize().into_bytes().to_vec(),
            // Unreachable: HMAC takes keys of any length. An empty MAC fits nothing.
            Err(_) => Vec::new(),
        })
    }

    /// PBKDF2 (RFC 8018, 5.2). aws-lc is faster where it knows the digest.
    pub fn pbkdf2(self, password: &[u8], salt: &[u8], rounds: std::num::NonZeroU32, out: &mut [u8]) {
        match self {
            Self::Sha1 => aws::derive(aws::PBKDF2_HMAC_SHA1, rounds, salt, password, out),
            Self::Sha256 => aws::derive(aws::PBKDF2_HMAC_SHA256, rounds, salt, password, out),
            Self::Sha384 => aws::derive(aws::PBKDF2_HMAC_SHA384, rounds, salt, password, out),
            Self::Sha512 => aws::derive(aws::PBKDF2_HMAC_SHA512, rounds, salt, password, out),
            Self::Md2
            | Self::Md5
            | Self::Sha224
            | Self::Sha512Cut224
            | Self::Sha512Cut256
            | Self::Sha3Of224
            | Self::Sha3Of256
            | Self::Sha3Of384
            | Self::Sha3Of512 => {
                // The error is a key of a wrong length: HMAC takes any.
                let _ = with!(self, D => pbkdf2::pbkdf2::<Hmac<D>>(password, salt, rounds.get(), out));
            }
        }
    }
}
