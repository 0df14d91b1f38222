//! How a key is made of a password: PBKDF1 and PBKDF2 (RFC 8018), PKCS#12's own way (RFC 7292, B), scrypt (RFC 7914), and Sun's.

use std::num::NonZeroU32;
use std::sync::Mutex;

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::hash::Hash;

/// The parts of a [`Cipher`](super::cipher::Cipher)'s input that come from the password.
pub type Octets = Zeroizing<Vec<u8>>;

#[derive(Debug, Clone, Copy)]
pub enum Derivation<'a> {
    Pbkdf1 {
        hash: Hash,
        salt: &'a [u8],
        rounds: NonZeroU32,
    },
    Pbkdf2 {
        hash: Hash,
        salt: &'a [u8],
        rounds: NonZeroU32,
    },
    Pkcs12 {
        hash: Hash,
        salt: &'a [u8],
        rounds: NonZeroU32,
    },
    Scrypt {
        salt: &'a [u8],
        params: scrypt::Params,
    },
    /// `com.sun.crypto.provider.PBES1Core` for PBEWithMD5AndTripleDES.
    Sun {
        salt: [u8; 8],
        rounds: NonZeroU32,
    },
}

/// scrypt fills memory on purpose: many files that are read at once must not fill it many times.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What PKCS#12 derives something for (RFC 7292, B.3).
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

impl Derivation<'_> {
    /// How often the password is digested, for who judges the store by it. For scrypt: N.
    pub fn rounds(&self) -> u64 {
        match self {
            Self::Pbkdf1 { rounds, .. } | Self::Pbkdf2 { rounds, .. } | Self::Pkcs12 { rounds, .. } | Self::Sun { rounds, .. } => {
                rounds.get().into()
            }
            Self::Scrypt { params, .. } => params.n(),
        }
    }

    /// What [`Self::derive`] takes, in iterations of PBKDF2 with HMAC-SHA256. Counted is all that the work grows by: rounds, the blocks
    /// of what is derived, the digest, and salts and passwords where they are digested again and again.
    pub fn cost(&self, password: &[u8], key: usize, iv: usize) -> u64 {
        let blocks = |octets: usize, of: usize| octets.div_ceil(of).max(1) as u64;
        let digested = |octets: &[u8]| 1 + octets.len() as u64 / 64;
        match *self {
            Self::Pkcs12 { hash, salt, rounds } => {
                let made = blocks(key, hash.length()) + blocks(iv, hash.length());
                made * (hash.cost() * u64::from(rounds.get()) + digested(salt) + digested(password))
            }
            Self::Pbkdf2 { hash, salt, rounds } => blocks(key, hash.length()) * (hash.cost() * u64::from(rounds.get()) + digested(salt)),
            Self::Pbkdf1 { hash, rounds, .. } => hash.cost() * u64::from(rounds.get()),
            Self::Sun { rounds, .. } => 2 * Hash::Md5.cost() * u64::from(rounds.get()) * digested(password),
            // Each of p lanes of 128 · r octets: filled by PBKDF2, 32 octets and a digest of the salt at a time, and mixed twice N times.
            Self::Scrypt { salt, ref params } => {
                let lanes = u64::from(params.r()) * u64::from(params.p());
                lanes.saturating_mul(2 * params.n() + 4 * (3 + digested(salt)))
            }
        }
    }

    /// The key; and the initialisation vector, which only the older ways derive too.
    pub fn derive(&self, password: &[u8], key: usize, iv: usize) -> (Octets, Octets) {
        match *self {
            Self::Pkcs12 { hash, salt, rounds } => {
                (pkcs12(hash, Purpose::Key, password, salt, rounds, key), pkcs12(hash, Purpose::Iv, password, salt, rounds, iv))
            }
            Self::Pbkdf1 { hash, salt, rounds } => {
                let input = Zeroizing::new([password, salt].concat());
                halves(&hash.repeated(&input, rounds.get().into()), key, iv)
            }
            Self::Sun { salt, rounds } => halves(&sun(password, salt, rounds), key, iv),
            Self::Pbkdf2 { hash, salt, rounds } => {
                let mut derived = Zeroizing::new(vec![0; key]);
                hash.pbkdf2(password, salt, rounds, &mut derived);
                (derived, Octets::default())
            }
            Self::Scrypt { salt, ref params } => {
                let mut derived = Zeroizing::new(vec![0; key]);
                let _alone = ONE_AT_A_TIME.lock();
                // It fails for no key at all, or one of 128 gigabytes.
                let _ = scrypt::scrypt(password, salt, params, &mut derived);
                (derived, Octets::default())
            }
        }
    }
}

fn halves(derived: &[u8], key: usize, iv: usize) -> (Octets, Octets) {
    let part = |from: usize, to: usize| Zeroizing::new(derived.get(from..to).unwrap_or_default().to_vec());
    (part(0, key), part(key, key + iv))
}

/// RFC 7292, B.2. `password` is as [`spelling::pkcs12`](super::spelling::pkcs12) has it.
pub fn pkcs12(hash: Hash, purpose: Purpose, password: &[u8], salt: &[u8], rounds: NonZeroU32, length: usize) -> Octets {
    let block = hash.block();
    let stretched =
        |text: &[u8]| -> Octets { Zeroizing::new(text.iter().copied().cycle().take(text.len().div_ceil(block) * block).collect()) };
    let diversifier = vec![purpose as u8; block];
    let mut input = Zeroizing::new([stretched(salt).as_slice(), &stretched(password)].concat());
    let mut derived = Zeroizing::new(Vec::with_capacity(length + hash.length()));
    loop {
        let first = Zeroizing::new([diversifier.as_slice(), &input].concat());
        let digest = hash.repeated(&first, rounds.get().into());
        derived.extend_from_slice(&digest);
        if derived.len() >= length {
            derived.truncate(length);
            return derived;
        }
        // Each block of the input plus the digest, repeated to its size, plus one.
        for chunk in input.chunks_mut(block) {
            let mut carry = 1;
            for (octet, more) in chunk.iter_mut().zip(digest.iter().cycle().take(block).collect::<Vec<_>>()).rev() {
                carry += u16::from(*octet) + u16::from(*more);
                *octet = carry as u8;
                carry >>= 8;
            }
        }
    }
}

/// Each half of the salt is digested with the password for itself: 16 octets each, of which 24 are the key and 8 the vector.
fn sun(password: &[u8], mut salt: [u8; 8], rounds: NonZeroU32) -> Octets {
    // Equal halves would make equal keys. Java means to reverse the first, and swaps the wrong octets; so does who reads it.
    if salt[..4] == salt[4..] {
        for i in 0..2 {
            let octet = salt[i];
            salt[i] = salt[3 - i];
            salt[2] = octet;
        }
    }
    let mut derived = Zeroizing::new(Vec::with_capacity(32));
    for half in salt.chunks(4) {
        let mut digest = Md5::new().chain_update(half).chain_update(password).finalize();
        for _ in 1..rounds.get() {
            digest = Md5::new().chain_update(digest).chain_update(password).finalize();
        }
        derived.extend_from_slice(&digest);
    }
    derived
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scrypt(n: u8, r: u32, p: u32, salt: &[u8]) -> Derivation<'_> {
        Derivation::Scrypt { salt, params: scrypt::Params::new(n, r, p).unwrap() }
    }

    /// What programs write by default, and what is the most that people set.
    #[test]
    fn stores_of_people_who_mean_well_are_within_the_effort_for_a_file() {
        use super::super::Effort;
        let rounds = NonZeroU32::new(1_000_000).unwrap();
        let salt = [0; 16];
        let usual = [
            Derivation::Pbkdf2 { hash: Hash::Sha512, salt: &salt, rounds },
            Derivation::Pbkdf2 { hash: Hash::Sha1, salt: &salt, rounds },
            Derivation::Pkcs12 { hash: Hash::Sha256, salt: &salt, rounds },
            Derivation::Sun { salt: [0; 8], rounds },
            scrypt(14, 8, 1, &salt),
            scrypt(17, 8, 1, &salt),
        ];
        for derivation in usual {
            let cost = derivation.cost(b"correct horse battery staple", 32, 16);
            assert!(cost * 2 <= Effort::OF_A_FILE, "{derivation:?} costs {cost}");
        }
    }

    /// 0.3 s and more in a release build, whatever N is.
    #[test]
    fn scrypt_costs_by_its_lanes_where_n_is_small() {
        assert!(scrypt(1, 200_000, 1, b"salt").cost(b"", 32, 0) > 1_000_000);
        assert!(scrypt(1, 1, 200_000, b"salt").cost(b"", 32, 0) > 1_000_000);
    }

    proptest! {
        #[test]
        fn whatever_the_work_grows_by_the_cost_grows_by(rounds in 1_000..1_000_000u32, blocks in 1..4usize, hash in 0..3usize) {
            let hash = [Hash::Sha1, Hash::Sha256, Hash::Sha512][hash];
            let pbkdf2 = |rounds, hash: Hash, blocks: usize| {
                let rounds = NonZeroU32::new(rounds).unwrap();
                Derivation::Pbkdf2 { hash, salt: b"salt", rounds }.cost(b"", hash.length() * blocks, 0)
            };
            prop_assert!(pbkdf2(rounds, hash, blocks) >= u64::from(rounds) * blocks as u64);
            prop_assert!(pbkdf2(rounds, Hash::Sha512, blocks) > 2 * pbkdf2(rounds, Hash::Sha256, blocks));
            let long = [0; 1 << 16];
            let salted = |salt| scrypt(1, rounds, 1, salt).cost(b"", 32, 0);
            prop_assert!(salted(&long[..]) > 100 * salted(&long[..8]));
            let sun = |password: &[u8]| Derivation::Sun { salt: [0; 8], rounds: NonZeroU32::new(rounds).unwrap() }.cost(password, 24, 8);
            prop_assert!(sun(&long) > 100 * sun(b"short"));
        }
    }
}
