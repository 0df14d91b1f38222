//! The MAC that seals a PKCS#12 store: with PKCS#12's own key derivation (RFC 7292, B), or PBMAC1 (RFC 9579).

use std::num::NonZeroU32;

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::AnyRef;
use pkcs8::der::{Reader, SliceReader};
use pkcs8::spki::AlgorithmIdentifierRef;

use super::derivation::{Derivation, Purpose, pkcs12};
use super::hash::Hash;
use super::pbe::{PbeError, ROUNDS, key_derivation};
use super::pfx::{self, MacData};
use super::{Protected, Scheme, spelling};
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
    pub(super) fn fits(&self, digest: &[u8], content: &[u8], password: &Passphrase) -> bool {
        let spellings = match self {
            Self::Pkcs12 { .. } => spelling::pkcs12(password),
            Self::Pbmac1 { .. } => spelling::pbkdf2(password),
        };
        spellings.iter().any(|password| aws_lc_rs::constant_time::verify_slices_are_equal(&self.over(content, password), digest).is_ok())
    }

    fn over(&self, content: &[u8], password: &[u8]) -> Vec<u8> {
        match self {
            Self::Pkcs12 { hash, salt, rounds } => hash.hmac(&pkcs12(*hash, Purpose::Mac, password, salt, *rounds, hash.length()), content),
            Self::Pbmac1 { derivation, length, hash, .. } => hash.hmac(&derivation.derive(password, *length, 0).0, content),
        }
    }
}
