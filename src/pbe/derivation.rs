//! How a key is made of a password: PBKDF1 and PBKDF2 (RFC 8018), PKCS#12's own way (RFC 7292, B), scrypt (RFC 7914), and Sun's.

use std::num::NonZeroU32;

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
