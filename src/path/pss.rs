//! RSASSA-PSS with any parameters (RFC 8017, 8.1.2 and 9.1.2; RFC 4055).
//!
//! aws-lc verifies only salts as long as the digest, and OpenSSL signs with the longest unless told otherwise. What is verified here is
//! public, so nothing depends on how long it takes.

use aws_lc_rs::digest::{self, Algorithm, digest};
use x509_parser::asn1_rs::Any;
use x509_parser::num_bigint::BigUint;
use x509_parser::oid_registry::{self as oids, Oid};
use x509_parser::public_key::RSAPublicKey;
use x509_parser::signature_algorithm::RsaSsaPssParams;

/// RSASSA-PSS-params.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    pub digest: &'static Algorithm,
    mask: &'static Algorithm,
    salt: usize,
}

/// id-mgf1 (RFC 8017, B.2.1).
const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
/// As everyone bounds them: 8192 bits, and an exponent of at most five octets.
const LONGEST_MODULUS: u64 = 8192;
const LONGEST_EXPONENT: u64 = 40;

impl Parameters {
    /// `None` where they are missing, malformed or name something unknown.
    pub fn read(parameters: Option<&Any<'_>>) -> Option<Self> {
        let parameters = RsaSsaPssParams::try_from(parameters?).ok()?;
        let mask = parameters.mask_gen_algorithm().ok()?;
        if mask.mgf.as_bytes() != MGF1 || parameters.trailer_field() != 1 {
            return None;
        }
        let salt = usize::try_from(parameters.salt_length()).ok()?;
        Some(Self { digest: algorithm(parameters.hash_algorithm_oid())?, mask: algorithm(&mask.hash)?, salt })
    }

    /// RFC 4055, 3.3: a key that has parameters is for signatures with the same digests and a salt no shorter.
    pub fn are_allowed_by(&self, key: &Self) -> bool {
        self.digest == key.digest && self.mask == key.mask && self.salt >= key.salt
    }

    /// What aws-lc, and so rustls, verifies.
    pub fn are_usual(&self) -> bool {
        self.digest == self.mask && self.salt == self.digest.output_len() && *self.digest != digest::SHA1_FOR_LEGACY_USE_ONLY
    }

    pub fn verify(&self, key: &RSAPublicKey<'_>, message: &[u8], signature: &[u8]) -> bool {
        let (modulus, exponent) = (BigUint::from_bytes_be(key.modulus), BigUint::from_bytes_be(key.exponent));
        let signature = BigUint::from_bytes_be(signature);
        if modulus.bits() > LONGEST_MODULUS || exponent.bits() > LONGEST_EXPONENT || exponent.bits() < 2 || signature >= modulus {
            return false;
        }
        let Ok(bits) = usize::try_from(modulus.bits() - 1) else { return false };
        let encoded = signature.modpow(&exponent, &modulus).to_bytes_be();
        let length = bits.div_ceil(8);
        let Some(zeros) = length.checked_sub(encoded.len()) else { return false };
        self.decodes(&[vec![0; zeros], encoded].concat(), bits, message)
    }

    /// EMSA-PSS-VERIFY.
    fn decodes(&self, encoded: &[u8], bits: usize, message: &[u8]) -> bool {
        let hash = self.digest.output_len();
        let Some((0xbc, rest)) = encoded.split_last() else { return false };
        let Some(masked) = rest.len().checked_sub(hash) else { return false };
        let Some(padding) = masked.checked_sub(self.salt + 1) else { return false };
        let (masked, seed) = rest.split_at(masked);
        let unused = 0xffu8.checked_shl((8 - (8 * encoded.len() - bits)) as u32).unwrap_or(0);
        if masked[0] & unused != 0 {
            return false;
        }
        let mut block: Vec<u8> = masked.iter().zip(self.mask_for(seed, masked.len())).map(|(octet, mask)| octet ^ mask).collect();
        block[0] &= !unused;
        let (zeros, salt) = block.split_at(padding + 1);
        let prefixed = zeros[..padding].iter().all(|octet| *octet == 0) && zeros[padding] == 1;
        let own = [&[0; 8], digest(self.digest, message).as_ref(), salt].concat();
        prefixed && digest(self.digest, &own).as_ref() == seed
    }

    /// MGF1.
    fn mask_for(&self, seed: &[u8], length: usize) -> Vec<u8> {
        let blocks = (0u32..).flat_map(|counter| digest(self.mask, &[seed, &counter.to_be_bytes()].concat()).as_ref().to_vec());
        blocks.take(length).collect()
    }
}

fn algorithm(oid: &Oid<'_>) -> Option<&'static Algorithm> {
    let known: [(Oid<'_>, &'static Algorithm); 4] = [
        (oids::OID_HASH_SHA1, &digest::SHA1_FOR_LEGACY_USE_ONLY),
        (oids::OID_NIST_HASH_SHA256, &digest::SHA256),
        (oids::OID_NIST_HASH_SHA384, &digest::SHA384),
        (oids::OID_NIST_HASH_SHA512, &digest::SHA512),
    ];
    known.into_iter().find(|(known, _)| known == oid).map(|(_, algorithm)| algorithm)
}
