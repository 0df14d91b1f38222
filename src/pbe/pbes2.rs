//! The two halves of PBES2 (RFC 8018, A.4): a key derivation, which PBMAC1 has too, and an encryption scheme.

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Reader, Tag};
use pkcs8::spki::AlgorithmIdentifierRef;

use super::cipher::Cipher;
use super::derivation::Derivation;
use super::hash::Hash;
use super::{PbeError, fields, key_length, number, octets, rounds};

/// scrypt's N · r: 128 MiB of 128 octets.
const SCRYPT_MEMORY: u64 = 1 << 20;
/// Its p · r: 32 MiB beside those.
const SCRYPT_LANES: u64 = 1 << 18;
const SCRYPT_WORK: u64 = 1 << 22;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const PBKDF2: ObjectIdentifier = oid("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = oid("1.3.6.1.4.1.11591.4.11");
const RC2_CBC: ObjectIdentifier = oid("1.2.840.113549.3.2");
const CIPHERS: [(ObjectIdentifier, Cipher); 10] = [
    (oid("1.3.14.3.2.7"), Cipher::Des),
    (oid("1.2.840.113549.3.7"), Cipher::TripleDes),
    (oid("2.16.840.1.101.3.4.1.2"), Cipher::Aes128),
    (oid("2.16.840.1.101.3.4.1.22"), Cipher::Aes192),
    (oid("2.16.840.1.101.3.4.1.42"), Cipher::Aes256),
    (oid("2.16.840.1.101.3.4.1.6"), Cipher::Aes128Gcm),
    (oid("2.16.840.1.101.3.4.1.46"), Cipher::Aes256Gcm),
    (oid("1.2.392.200011.61.1.1.1.2"), Cipher::Camellia128),
    (oid("1.2.392.200011.61.1.1.1.3"), Cipher::Camellia192),
    (oid("1.2.392.200011.61.1.1.1.4"), Cipher::Camellia256),
];

/// PBKDF2 or scrypt, its name, and the length of the key where it says one (RFC 8018, A.2; RFC 7914, 7).
pub fn key_derivation<'a>(algorithm: &AlgorithmIdentifierRef<'a>) -> Result<(Derivation<'a>, String, Option<usize>), PbeError> {
    let mut fields = match algorithm.oid {
        PBKDF2 | SCRYPT => fields(algorithm.parameters)?,
        other => return Err(PbeError::Unsupported(format!("PBES2 with key derivation {other}"))),
    };
    let salt = octets(&mut fields)?;
    if algorithm.oid == SCRYPT {
        let [n, r, p] = [number(&mut fields)?, number(&mut fields)?, number(&mut fields)?];
        return Ok((Derivation::Scrypt { salt, params: scrypt_params(n, r, p)? }, "scrypt".to_owned(), key_length(&mut fields)?));
    }
    let (rounds, length) = (rounds(&mut fields)?, key_length(&mut fields)?);
    let hash = if fields.is_finished() {
        Hash::Sha1
    } else {
        let prf: AlgorithmIdentifierRef<'_> = fields.decode()?;
        Hash::of_hmac(prf.oid).ok_or_else(|| PbeError::Unsupported(format!("PBES2 with PBKDF2 and {}", prf.oid)))?
    };
    Ok((Derivation::Pbkdf2 { hash, salt, rounds }, format!("PBKDF2-HMAC-{}", hash.name()), length))
}

fn scrypt_params(n: u64, r: u64, p: u64) -> Result<scrypt::Params, PbeError> {
    let memory = n.checked_mul(r).filter(|memory| *memory <= SCRYPT_MEMORY);
    let work = memory.and_then(|memory| memory.checked_mul(p)).filter(|work| *work <= SCRYPT_WORK && p <= SCRYPT_LANES / r.max(1));
    work.ok_or(PbeError::TooCostly("scrypt with more than 128 MiB"))?;
    let small = |value: u64| u32::try_from(value).ok();
    (n > 1 && n.is_power_of_two())
        .then(|| scrypt::Params::new(n.ilog2() as u8, small(r)?, small(p)?).ok())
        .flatten()
        .ok_or(PbeError::Damaged("its scrypt parameters are none"))
}

/// The cipher and its vector (RFC 8018, B.2; RFC 5084 for GCM).
pub fn encryption_scheme<'a>(algorithm: &AlgorithmIdentifierRef<'a>, length: Option<usize>) -> Result<(Cipher, &'a [u8]), PbeError> {
    if algorithm.oid == RC2_CBC {
        let mut fields = fields(algorithm.parameters)?;
        // Small key sizes have numbers of their own, and none at all means 32 bits.
        let version = if Tag::peek(&fields)? == Tag::Integer { Some(number(&mut fields)?) } else { None };
        let bits = match version {
            None => 32,
            Some(160) => 40,
            Some(120) => 64,
            Some(58) => 128,
            Some(bits @ 256..=1024) => bits as usize,
            Some(_) => return Err(PbeError::Damaged("its RC2 version is none")),
        };
        let key = length.unwrap_or(bits / 8);
        let usable = (1..=128).contains(&key);
        return usable.then_some((Cipher::Rc2 { key, bits }, octets(&mut fields)?)).ok_or(PbeError::Damaged("its RC2 key has no length"));
    }
    let known = CIPHERS.iter().find(|cipher| cipher.0 == algorithm.oid);
    let cipher = known.ok_or_else(|| PbeError::Unsupported(format!("PBES2 with {}", algorithm.oid)))?.1;
    let iv = match cipher {
        Cipher::Aes128Gcm | Cipher::Aes256Gcm => octets(&mut fields(algorithm.parameters)?)?,
        Cipher::Aes128
        | Cipher::Aes192
        | Cipher::Aes256
        | Cipher::Camellia128
        | Cipher::Camellia192
        | Cipher::Camellia256
        | Cipher::Des
        | Cipher::TwoKeyTripleDes
        | Cipher::TripleDes
        | Cipher::Rc2 { .. }
        | Cipher::Rc4 { .. } => {
            let parameters = algorithm.parameters.ok_or(PbeError::Damaged("it has no parameters"))?;
            <&OctetStringRef>::try_from(parameters)?.as_bytes()
        }
    };
    Ok((cipher, iv))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrypt_is_bounded_in_memory_and_work() {
        for (n, r, p) in [(1 << 20, 8, 1), (1 << 14, 8, 1 << 20), (1 << 63, 8, 1), (2, 1 << 40, 1)] {
            assert_eq!(scrypt_params(n, r, p).err(), Some(PbeError::TooCostly("scrypt with more than 128 MiB")), "{n} {r} {p}");
        }
        assert!([15, 16, 17].into_iter().all(|n| scrypt_params(1 << n, 8, 1).is_ok()));
    }
}
