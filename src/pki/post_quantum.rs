//! ML-DSA (FIPS 204, RFC 9881), ML-KEM (FIPS 203, RFC 9935) and SLH-DSA (FIPS 205, RFC 9909): names, sizes, and the public half.

use aws_lc_rs::encoding::AsRawBytes;
use aws_lc_rs::signature::{KeyPair, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm};
use ml_kem::kem::KeyExport;
use pkcs8::ObjectIdentifier;

use super::asn1::{self, Elements};

/// One set of parameters.
#[derive(Debug)]
pub(super) struct Parameters {
    oid: ObjectIdentifier,
    name: &'static str,
    family: Family,
    /// Octets of the expanded private key and of the public key.
    private: usize,
    public: usize,
}

#[derive(Debug)]
enum Family {
    MlDsa(&'static PqdsaSigningAlgorithm),
    /// With the rank of its module.
    MlKem(usize),
    SlhDsa,
}

/// Octets of a seed.
const ML_DSA_SEED: usize = 32;
const ML_KEM_SEED: usize = 64;

static KNOWN: [Parameters; 18] = [
    ml_dsa("2.16.840.1.101.3.4.3.17", "ML-DSA-44", &ML_DSA_44_SIGNING, 2560, 1312),
    ml_dsa("2.16.840.1.101.3.4.3.18", "ML-DSA-65", &ML_DSA_65_SIGNING, 4032, 1952),
    ml_dsa("2.16.840.1.101.3.4.3.19", "ML-DSA-87", &ML_DSA_87_SIGNING, 4896, 2592),
    ml_kem("2.16.840.1.101.3.4.4.1", "ML-KEM-512", 2),
    ml_kem("2.16.840.1.101.3.4.4.2", "ML-KEM-768", 3),
    ml_kem("2.16.840.1.101.3.4.4.3", "ML-KEM-1024", 4),
    slh_dsa("2.16.840.1.101.3.4.3.20", "SLH-DSA-SHA2-128s", 16),
    slh_dsa("2.16.840.1.101.3.4.3.21", "SLH-DSA-SHA2-128f", 16),
    slh_dsa("2.16.840.1.101.3.4.3.22", "SLH-DSA-SHA2-192s", 24),
    slh_dsa("2.16.840.1.101.3.4.3.23", "SLH-DSA-SHA2-192f", 24),
    slh_dsa("2.16.840.1.101.3.4.3.24", "SLH-DSA-SHA2-256s", 32),
    slh_dsa("2.16.840.1.101.3.4.3.25", "SLH-DSA-SHA2-256f", 32),
    slh_dsa("2.16.840.1.101.3.4.3.26", "SLH-DSA-SHAKE-128s", 16),
    slh_dsa("2.16.840.1.101.3.4.3.27", "SLH-DSA-SHAKE-128f", 16),
    slh_dsa("2.16.840.1.101.3.4.3.28", "SLH-DSA-SHAKE-192s", 24),
    slh_dsa("2.16.840.1.101.3.4.3.29", "SLH-DSA-SHAKE-192f", 24),
    slh_dsa("2.16.840.1.101.3.4.3.30", "SLH-DSA-SHAKE-256s", 32),
    slh_dsa("2.16.840.1.101.3.4.3.31", "SLH-DSA-SHAKE-256f", 32),
];

const fn ml_dsa(oid: &str, name: &'static str, algorithm: &'static PqdsaSigningAlgorithm, private: usize, public: usize) -> Parameters {
    Parameters { oid: ObjectIdentifier::new_unwrap(oid), name, family: Family::MlDsa(algorithm), private, public }
}

const fn ml_kem(oid: &str, name: &'static str, rank: usize) -> Parameters {
    let public = 384 * rank + 32;
    Parameters { oid: ObjectIdentifier::new_unwrap(oid), name, family: Family::MlKem(rank), private: 384 * rank + public + 64, public }
}

const fn slh_dsa(oid: &str, name: &'static str, n: usize) -> Parameters {
    Parameters { oid: ObjectIdentifier::new_unwrap(oid), name, family: Family::SlhDsa, private: 4 * n, public: 2 * n }
}

/// What a private key may hold; at least one of the first two.
struct Parts<'a> {
    seed: Option<&'a [u8]>,
    expanded: Option<&'a [u8]>,
    public: Option<&'a [u8]>,
}

impl Parameters {
    pub fn of(oid: ObjectIdentifier) -> Option<&'static Self> {
        KNOWN.iter().find(|parameters| parameters.oid == oid)
    }

    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The public half of what a PKCS#8 key of this kind holds: seed, expanded key or both, which must agree. Also of the same
    /// without an ASN.1 envelope, and with the public half behind, as the early implementations wrote them.
    pub fn public(&self, private: &[u8]) -> Result<Vec<u8>, &'static str> {
        let parts = self.parts(private).ok_or("it is neither a seed nor an expanded key")?;
        let of_seed = parts.seed.map(|seed| self.of_seed(seed, parts.expanded)).transpose()?;
        let of_expanded = parts.expanded.map(|expanded| self.of_expanded(expanded)).transpose()?;
        let derived: Vec<&[u8]> = [of_seed.as_deref(), of_expanded.as_deref(), parts.public].into_iter().flatten().collect();
        match derived.as_slice() {
            [public, others @ ..] if others.iter().all(|other| other == public) => Ok(public.to_vec()),
            _ => Err("its parts are of different keys"),
        }
    }

    const fn seed(&self) -> usize {
        match self.family {
            Family::MlDsa(_) => ML_DSA_SEED,
            Family::MlKem(_) => ML_KEM_SEED,
            // Its private key is short as it is: RFC 9909 has no other form.
            Family::SlhDsa => usize::MAX,
        }
    }

    fn parts<'a>(&self, private: &'a [u8]) -> Option<Parts<'a>> {
        let envelope = Elements::only(private);
        if let Some(both) = envelope.filter(|envelope| envelope.tag == asn1::SEQUENCE) {
            let mut both = both.inside();
            let mut next = || both.tagged(asn1::OCTET_STRING).map(|octets| octets.value);
            let (seed, expanded) = (next()?, next()?);
            let fits = seed.len() == self.seed() && expanded.len() == self.private;
            return fits.then_some(Parts { seed: Some(seed), expanded: Some(expanded), public: None });
        }
        let octets = envelope.filter(|envelope| [asn1::context_primitive(0), asn1::OCTET_STRING].contains(&envelope.tag));
        let bare = octets.map_or(private, |octets| octets.value);
        if bare.len() == self.seed() {
            return Some(Parts { seed: Some(bare), expanded: None, public: None });
        }
        let (expanded, public) = bare.split_at_checked(self.private)?;
        (public.is_empty() || public.len() == self.public).then_some(Parts {
            seed: None,
            expanded: Some(expanded),
            public: Some(public).filter(|public| !public.is_empty()),
        })
    }

    fn of_seed(&self, seed: &[u8], expanded: Option<&[u8]>) -> Result<Vec<u8>, &'static str> {
        let different = "its parts are of different keys";
        match self.family {
            Family::MlDsa(algorithm) => {
                let pair = PqdsaKeyPair::from_seed(algorithm, seed).map_err(|_| "its seed is refused")?;
                let raw = pair.private_key().as_raw_bytes().map_err(|_| "its seed is refused")?;
                let agrees = expanded.is_none_or(|expanded| expanded == raw.as_ref());
                if agrees { Ok(pair.public_key().as_ref().to_vec()) } else { Err(different) }
            }
            Family::MlKem(rank) => {
                let seed: [u8; ML_KEM_SEED] = seed.try_into().map_err(|_| "its seed is of a wrong size")?;
                // What rejects a ciphertext stands at the end of both.
                if expanded.is_some_and(|expanded| !expanded.ends_with(&seed[ML_KEM_SEED / 2..])) {
                    return Err(different);
                }
                Ok(match rank {
                    2 => ml_kem::DecapsulationKey512::from_seed(seed.into()).encapsulation_key().to_bytes().to_vec(),
                    3 => ml_kem::DecapsulationKey768::from_seed(seed.into()).encapsulation_key().to_bytes().to_vec(),
                    _ => ml_kem::DecapsulationKey1024::from_seed(seed.into()).encapsulation_key().to_bytes().to_vec(),
                })
            }
            Family::SlhDsa => Err("a key of this kind has no seed"),
        }
    }

    fn of_expanded(&self, expanded: &[u8]) -> Result<Vec<u8>, &'static str> {
        match self.family {
            Family::MlDsa(algorithm) => PqdsaKeyPair::from_raw_private_key(algorithm, expanded)
                .map(|pair| pair.public_key().as_ref().to_vec())
                .map_err(|_| "its expanded key is refused"),
            // FIPS 203, algorithm 16: the private key of K-PKE, the public key, its SHA3-256, and what rejects a ciphertext.
            Family::MlKem(rank) => {
                let (public, rest) = expanded[384 * rank..].split_at(self.public);
                let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA3_256, public);
                if rest.starts_with(digest.as_ref()) { Ok(public.to_vec()) } else { Err("its digest is of another public key") }
            }
            // FIPS 205, figure 16: the public key is the second half of the private one.
            Family::SlhDsa => Ok(expanded[self.public..].to_vec()),
        }
    }
}
