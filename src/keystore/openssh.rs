//! OpenSSH's private keys (`openssh-key-v1`, PROTOCOL.key), as far as they are not encrypted.

use num_bigint::BigUint;

use crate::pki::asn1::{self, OCTET_STRING, SEQUENCE, encode, encode_integer};
use crate::pki::{AnyKey, AnyKeyError, Secret};

const MAGIC: &[u8] = b"openssh-key-v1\0";
const ED25519_SEED: usize = 32;
/// The AlgorithmIdentifier of Ed25519 (RFC 8410).
const ED25519: [u8; 7] = [SEQUENCE, 5, asn1::OID, 3, 0x2B, 0x65, 0x70];

#[derive(Debug)]
pub(super) enum OpensshError {
    /// By its cipher.
    Encrypted(String),
    Key(AnyKeyError),
}

/// As [`AnyKey::effort`]. Several keys in one block are refused, so each stands by itself.
pub(super) fn effort(bytes: &[u8]) -> u64 {
    let length = bytes.len() as u64;
    let is_dsa = bytes.windows(7).any(|word| word == b"ssh-dss");
    if is_dsa { length.saturating_pow(3) / 8_000 } else { length.saturating_pow(2) / 25_000 }
}

pub(super) fn read(bytes: &[u8]) -> Result<AnyKey, OpensshError> {
    let unusable = |problem: &str| OpensshError::Key(AnyKeyError(problem.to_owned()));
    let damaged = || unusable("its OpenSSH format is damaged");
    let mut input = Input(bytes.strip_prefix(MAGIC).ok_or_else(damaged)?);
    let mut text = || input.string().map(|octets| String::from_utf8_lossy(octets).into_owned());
    let (cipher, derivation, _) = (text().ok_or_else(damaged)?, text().ok_or_else(damaged)?, text().ok_or_else(damaged)?);
    if cipher != "none" {
        return Err(OpensshError::Encrypted(format!("OpenSSH {derivation} {cipher}")));
    }
    if input.number() != Some(1) {
        return Err(unusable("it is not one OpenSSH key"));
    }
    let (_public, private) = input.string().zip(input.string()).ok_or_else(damaged)?;
    let mut input = Input(private);
    if input.number().is_none_or(|check| input.number() != Some(check)) {
        return Err(damaged());
    }
    let kind = input.string().ok_or_else(damaged)?;
    let key = match kind {
        b"ssh-rsa" => rsa(input),
        b"ssh-dss" => dsa(input),
        b"ssh-ed25519" => ed25519(input),
        b"ecdsa-sha2-nistp256" | b"ecdsa-sha2-nistp384" | b"ecdsa-sha2-nistp521" => ecdsa(input),
        other => return Err(unusable(&format!("OpenSSH keys of type {} are not supported", String::from_utf8_lossy(other)))),
    };
    key.ok_or_else(damaged)?.map_err(OpensshError::Key)
}

fn rsa(mut input: Input<'_>) -> Option<Result<AnyKey, AnyKeyError>> {
    let mut next = || input.string();
    let [n, e, d, q_inverse, p, q] = [next()?, next()?, next()?, next()?, next()?, next()?];
    let one = BigUint::from(1u8);
    let exponent = |prime: &[u8]| {
        let prime = BigUint::from_bytes_be(prime);
        (prime > one).then(|| Secret::new((BigUint::from_bytes_be(d) % (prime - &one)).to_bytes_be()))
    };
    let (dp, dq) = (exponent(p)?, exponent(q)?);
    let numbers = [&[0], n, e, d, p, q, dp.expose(), dq.expose(), q_inverse].map(|number| Secret::new(encode_integer(number)));
    let key = Secret::new(encode(SEQUENCE, &numbers.each_ref().map(Secret::expose)));
    Some(AnyKey::from_pkcs1(key.expose()))
}

fn dsa(mut input: Input<'_>) -> Option<Result<AnyKey, AnyKeyError>> {
    let mut next = || input.string();
    let numbers = [Some(&[0][..]), next(), next(), next(), next(), next()];
    let numbers = numbers.map(|number| number.map(|number| Secret::new(encode_integer(number))));
    let numbers = numbers.iter().map(|number| number.as_ref().map(Secret::expose)).collect::<Option<Vec<_>>>()?;
    let key = Secret::new(encode(SEQUENCE, &numbers));
    Some(AnyKey::from_dsa(key.expose()))
}

fn ecdsa(mut input: Input<'_>) -> Option<Result<AnyKey, AnyKeyError>> {
    let (curve, point, scalar) = (input.string()?, input.string()?, input.string()?);
    let curve = match curve {
        b"nistp256" => "1.2.840.10045.3.1.7",
        b"nistp384" => "1.3.132.0.34",
        b"nistp521" => "1.3.132.0.35",
        _ => return None,
    };
    let curve = asn1::encode_oid(pkcs8::ObjectIdentifier::new(curve).ok()?);
    let scalar = Secret::new(encode(OCTET_STRING, &[scalar]));
    let point = encode(asn1::context(1), &[&encode(asn1::BIT_STRING, &[&[0], point])]);
    let key = Secret::new(encode(SEQUENCE, &[&encode_integer(&[1]), scalar.expose(), &point]));
    Some(AnyKey::from_sec1(key.expose(), Some(&curve)))
}

/// Seed and public key, one after the other.
fn ed25519(mut input: Input<'_>) -> Option<Result<AnyKey, AnyKeyError>> {
    let (public, pair) = (input.string()?, input.string()?);
    let (seed, again) = pair.split_at_checked(ED25519_SEED)?;
    if public != again {
        return None;
    }
    let seed = Secret::new(encode(OCTET_STRING, &[seed]));
    let private = Secret::new(encode(OCTET_STRING, &[seed.expose()]));
    let key = Secret::new(encode(SEQUENCE, &[&encode_integer(&[0]), &ED25519, private.expose()]));
    Some(AnyKey::from_pkcs8(key.expose()).and_then(|key| {
        let same = key.public().der().ends_with(public);
        if same { Ok(key) } else { Err(AnyKeyError("its public half is of another key".to_owned())) }
    }))
}

/// SSH's data types (RFC 4251, 5).
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn number(&mut self) -> Option<u32> {
        let (octets, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*octets))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (octets, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(octets)
    }
}
