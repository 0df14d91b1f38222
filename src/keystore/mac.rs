//! The MAC that seals a PKCS#12 store: with PKCS#12's own key derivation (RFC 7292, B), or PBMAC1 (RFC 9579).

use std::num::NonZeroU32;

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::AnyRef;
use pkcs8::der::{Reader, SliceReader};
use pkcs8::spki::AlgorithmIdentifierRef;

use super::pfx::{self, MacData};
use super::{Protected, Scheme};
use crate::pbe::derivation::{Derivation, Purpose, pkcs12};
use crate::pbe::hash::Hash;
use crate::pbe::pbes2::key_derivation;
use crate::pbe::spelling;
use crate::pbe::{Effort, PbeError, ROUNDS};
use crate::pki::Passphrase;

const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");

/// How a store is sealed.
#[derive(Debug)]
pub(super) enum Mac<'a> {
    Pkcs12 { hash: Hash, salt: &'a [u8], rounds: NonZeroU32 },
    Pbmac1 { derivation: Derivation<'a>, derivation_name: String, length: usize, hash: Hash },
}

impl<'a> Mac<'a> {
    pub(super) fn parse(data: &'a MacData) -> Result<Self, PbeError> {
        let algorithm = pfx::algorithm(&data.algorithm)?;
        if algorithm.oid == PBMAC1 {
            return Self::pbmac1(&algorithm);
        }
        let hash = Hash::of_digest(algorithm.oid).ok_or_else(|| PbeError::Unsupported(format!("HMAC with {}", algorithm.oid)))?;
        if data.rounds > ROUNDS {
            return Err(PbeError::TooCostly("more than 5,000,000 iterations"));
        }
        let rounds = u32::try_from(data.rounds).ok().and_then(NonZeroU32::new).ok_or(PbeError::Damaged("it has no iterations"))?;
        Ok(Self::Pkcs12 { hash, salt: &data.salt, rounds })
    }

    fn pbmac1(algorithm: &AlgorithmIdentifierRef<'a>) -> Result<Self, PbeError> {
        let parameters: AnyRef<'a> = algorithm.parameters.ok_or(PbeError::Damaged("it has no parameters"))?;
        let mut fields = SliceReader::new(parameters.value())?;
        let (derivation, scheme): (AlgorithmIdentifierRef<'a>, AlgorithmIdentifierRef<'a>) = (fields.decode()?, fields.decode()?);
        let hash = Hash::of_hmac(scheme.oid).ok_or_else(|| PbeError::Unsupported(format!("PBMAC1 with {}", scheme.oid)))?;
        let (derivation, derivation_name, length) = key_derivation(&derivation)?;
        let length = length.unwrap_or(hash.length());
        // RFC 9579, 4 wants the key as long as the digest; longer ones are of no use.
        if length > hash.block() {
            return Err(PbeError::Damaged("its MAC key is longer than a block of the digest"));
        }
        Ok(Self::Pbmac1 { derivation, derivation_name, length, hash })
    }

    pub(super) fn scheme(&self) -> Scheme {
        let (name, iterations) = match self {
            Self::Pkcs12 { hash, rounds, .. } => (format!("HMAC-{}", hash.name()), rounds.get().into()),
            Self::Pbmac1 { derivation, derivation_name, hash, .. } => {
                (format!("PBMAC1 {derivation_name} HMAC-{}", hash.name()), derivation.rounds())
            }
        };
        Scheme { protects: Protected::Store, name, iterations: Some(iterations) }
    }

    /// Whether `digest` is the MAC over `content` with this password, in whatever spelling.
    pub(super) fn fits(&self, digest: &[u8], content: &[u8], password: &Passphrase, effort: &mut Effort) -> Result<bool, PbeError> {
        let spellings = match self {
            Self::Pkcs12 { .. } => spelling::pkcs12(password),
            Self::Pbmac1 { .. } => spelling::pbkdf2(password),
        };
        for password in spellings {
            effort.spend(self.cost(&password))?;
            if aws_lc_rs::constant_time::verify_slices_are_equal(&self.over(content, &password), digest).is_ok() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn cost(&self, password: &[u8]) -> u64 {
        match *self {
            Self::Pkcs12 { hash, salt, rounds } => Derivation::Pkcs12 { hash, salt, rounds }.cost(password, hash.length(), 0),
            Self::Pbmac1 { ref derivation, length, .. } => derivation.cost(password, length, 0),
        }
    }

    fn over(&self, content: &[u8], password: &[u8]) -> Vec<u8> {
        match self {
            Self::Pkcs12 { hash, salt, rounds } => hash.hmac(&pkcs12(*hash, Purpose::Mac, password, salt, *rounds, hash.length()), content),
            Self::Pbmac1 { derivation, length, hash, .. } => hash.hmac(&derivation.derive(password, *length, 0).0, content),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{hmac, pbkdf2};

    use super::*;
    use crate::pki::asn1::{NULL, OCTET_STRING, SEQUENCE, encode, encode_integer, encode_oid};

    /// RFC 9579, 4, put together by hand and computed by aws-lc alone.
    #[test]
    fn pbmac1_seals_by_pbkdf2_and_hmac() {
        let (salt, rounds, content) = ([5; 16], NonZeroU32::new(2048).unwrap(), b"the authenticated safe");
        let algorithm = |oid: &str, parameters: &[u8]| encode(SEQUENCE, &[&encode_oid(ObjectIdentifier::new_unwrap(oid)), parameters]);
        let hmac_sha256 = algorithm("1.2.840.113549.2.9", &[NULL, 0]);
        let [count, length] = [encode_integer(&rounds.get().to_be_bytes()), encode_integer(&[32])];
        let pbkdf2_parameters = encode(SEQUENCE, &[&encode(OCTET_STRING, &[&salt]), &count, &length, &hmac_sha256]);
        let pbkdf2_algorithm = algorithm("1.2.840.113549.1.5.12", &pbkdf2_parameters);
        let mut key = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, b"correct horse", &mut key);
        let digest = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), content).as_ref().to_vec();
        let data = MacData {
            algorithm: algorithm("1.2.840.113549.1.5.14", &encode(SEQUENCE, &[&pbkdf2_algorithm, &hmac_sha256])),
            digest,
            // RFC 9579, 5: neither is used.
            salt: b"NOT USED".to_vec(),
            rounds: 1,
        };
        let mac = Mac::parse(&data).unwrap();
        let scheme = mac.scheme();
        assert_eq!((scheme.name.as_str(), scheme.iterations), ("PBMAC1 PBKDF2-HMAC-SHA256 HMAC-SHA256", Some(2048)));
        let passphrase = |password: &str| Passphrase::new(password.to_owned());
        let fits = |password| mac.fits(&data.digest, content, &passphrase(password), &mut Effort::of_a_file()).unwrap();
        assert!(fits("correct horse") && !fits("battery staple"));
    }
}
