//! From the private half of a key to its SubjectPublicKeyInfo: taken where it is inside, derived where it is not, and refused where
//! the two halves are of different keys.

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use num_bigint::BigUint;

use super::asn1::{self, Element, Elements, encode_public_key};
use super::curve::Curve;
use super::curve448::{ed448, x448};
use super::post_quantum::Parameters;
use super::{AnyKeyError, oid, public_key};

const CONTRADICTION: &str = "its public half is of another key";
/// Of a modulus, in bits: beyond it RSA is of no use to anybody, and arithmetic takes seconds.
const MAX_RSA: u32 = 65_536;
/// OpenSSL makes keys of five at the most.
const MAX_PRIMES: usize = 16;
/// Of the prime of a group; OpenSSL's own bound.
const MAX_GROUP: u32 = 10_000;

/// Of a PKCS#8 key's AlgorithmIdentifier and the octets within its OCTET STRING.
pub(super) fn public_half(algorithm: Element<'_>, private: &[u8]) -> Result<Vec<u8>, AnyKeyError> {
    let mut fields = algorithm.inside();
    let id = fields.next().and_then(Element::oid).ok_or(AnyKeyError::new("its algorithm is damaged"))?;
    let parameters = fields.next();
    let derived = match id {
        oid::RSA => rsa(&public_key::rsa_algorithm(), private),
        oid::RSA_PSS => rsa(algorithm.whole, private),
        oid::DSA | oid::DH | oid::X942_DH => group(algorithm, parameters, private),
        oid::EC => elliptic(parameters, private),
        oid::ED25519 => octets(private)
            .and_then(|seed| Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| "it is not 32 octets"))
            .map(|pair| encode_public_key(algorithm.whole, pair.public_key().as_ref())),
        oid::X25519 => octets(private)
            .and_then(|scalar| point_by_aws_lc(&agreement::X25519, scalar).ok_or("it is not 32 octets"))
            .map(|point| encode_public_key(algorithm.whole, &point)),
        oid::ED448 => array(private).map(|seed| encode_public_key(algorithm.whole, &ed448(seed))),
        oid::X448 => array(private).map(|scalar| encode_public_key(algorithm.whole, &x448(scalar))),
        other => match Parameters::of(other) {
            Some(parameters) => parameters.public(private).map(|public| encode_public_key(algorithm.whole, &public)),
            None => return Err(AnyKeyError(format!("keys of algorithm {other} are not supported"))),
        },
    };
    derived.map_err(AnyKeyError::new)
}

fn octets(private: &[u8]) -> Result<&[u8], &'static str> {
    Elements::only(private).filter(|element| element.tag == asn1::OCTET_STRING).map(|element| element.value).ok_or("it is damaged")
}

fn array<const N: usize>(private: &[u8]) -> Result<[u8; N], &'static str> {
    octets(private)?.try_into().map_err(|_| "it is of a wrong size")
}

/// RSAPrivateKey (RFC 8017, A.1.2), of two primes or more.
fn rsa(algorithm: &[u8], private: &[u8]) -> Result<Vec<u8>, &'static str> {
    let damaged = "its RSA numbers are damaged";
    let mut fields = Elements::within(private, asn1::SEQUENCE).ok_or(damaged)?;
    let mut octets = [&[][..]; 9];
    for number in &mut octets {
        *number = fields.integer().ok_or(damaged)?;
    }
    let [_, modulus, exponent, ..] = octets;
    let long = |number: &[u8]| public_key::bits(number) > MAX_RSA;
    if octets.into_iter().any(long) {
        return Err("one of its numbers is longer than 65536 bits");
    }
    let [_, n, e, d, p, q, ..] = octets.map(BigUint::from_bytes_be);
    let mut primes = vec![p, q];
    while let Some(other) = fields.tagged(asn1::SEQUENCE).map(Element::inside) {
        let mut others = other;
        while let Some(prime) = others.tagged(asn1::SEQUENCE).and_then(|further| further.inside().integer()) {
            if primes.len() == MAX_PRIMES || long(prime) {
                return Err("it has more than 16 primes, or one of more than 65536 bits");
            }
            primes.push(BigUint::from_bytes_be(prime));
        }
    }
    let one = BigUint::from(1u8);
    if n <= one || e == BigUint::ZERO {
        return Err("it has no public exponent, or no modulus");
    }
    // Zeros stand for primes that are not known: then only the private exponent is there, and nothing to check it by.
    if primes.iter().all(|prime| *prime > one) {
        let fits = |prime: &BigUint| (&d * &e) % (prime - &one) == &one % (prime - &one);
        if primes.iter().product::<BigUint>() != n || !primes.iter().all(fits) {
            return Err(CONTRADICTION);
        }
    }
    Ok(public_key::rsa(algorithm, modulus, exponent))
}

/// DSA and Diffie-Hellman: gˣ modulo p.
fn group(algorithm: Element<'_>, parameters: Option<Element<'_>>, private: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut numbers = parameters.filter(|parameters| parameters.tag == asn1::SEQUENCE).ok_or("it lacks its parameters")?.inside();
    let mut next = || numbers.integer().ok_or("its parameters are damaged");
    let (first, second) = (next()?, next()?);
    let id = algorithm.inside().next().and_then(Element::oid);
    // DSA has p, q, g; both kinds of Diffie-Hellman have p, g.
    let generator = if id == Some(oid::DSA) { next()? } else { second };
    let x = Elements::only(private).filter(|x| x.tag == asn1::INTEGER).ok_or("it is no number")?.value;
    if [first, generator, x].iter().any(|number| public_key::bits(number) > MAX_GROUP) {
        return Err("its numbers are longer than 10000 bits");
    }
    let [p, g, x] = [first, generator, x].map(BigUint::from_bytes_be);
    if p.bits() < 3 || !p.bit(0) {
        return Err("its prime is none");
    }
    let y = asn1::encode_integer(&g.modpow(&x, &p).to_bytes_be());
    Ok(encode_public_key(algorithm.whole, &y))
}

/// ECPrivateKey (RFC 5915). Parameters that are written out become the name of the curve, if it has one.
fn elliptic(parameters: Option<Element<'_>>, private: &[u8]) -> Result<Vec<u8>, &'static str> {
    let damaged = "its numbers are damaged";
    let mut fields = Elements::within(private, asn1::SEQUENCE).ok_or(damaged)?;
    fields.integer().ok_or(damaged)?;
    let scalar = fields.tagged(asn1::OCTET_STRING).ok_or(damaged)?.value;
    let inner = fields.tagged(asn1::context(0)).and_then(|inner| inner.inside().next());
    let stored = match fields.tagged(asn1::context(1)) {
        Some(public) => Some(public.inside().tagged(asn1::BIT_STRING).and_then(Element::bits).ok_or(damaged)?),
        None => None,
    };
    let named = parameters.filter(|parameters| parameters.tag != asn1::NULL).or(inner).ok_or("its curve is not named")?;
    let curve = Curve::of_parameters(named.whole).ok_or("its curve is not known")?;
    let octets = usize::try_from(curve.domain.bits().div_ceil(8)).unwrap_or(usize::MAX);
    let by_aws_lc = curve.named.and_then(|(oid, _)| match oid {
        oid::P_256 => Some(&ECDH_P256),
        oid::P_384 => Some(&ECDH_P384),
        oid::P_521 => Some(&ECDH_P521),
        _ => None,
    });
    let point = match by_aws_lc.zip(sized(scalar, octets)) {
        Some((algorithm, scalar)) => point_by_aws_lc(algorithm, scalar.expose()),
        None => curve.domain.public_point(scalar),
    }
    .ok_or("its number is outside the order of the curve")?;
    let known_point = match stored {
        Some(stored) if is_point(&curve, stored, &point) => stored,
        Some(_) => return Err(CONTRADICTION),
        None => &point,
    };
    let id = curve.named.map_or(named.whole.to_vec(), |(oid, _)| asn1::encode_oid(oid));
    Ok(encode_public_key(&asn1::encode(asn1::SEQUENCE, &[&asn1::encode_oid(oid::EC), &id]), known_point))
}

/// Compressed points of a binary field are compared by x alone: the rest takes a half-trace that nothing else needs.
fn is_point(curve: &Curve, stored: &[u8], point: &[u8]) -> bool {
    let compressed_x = || matches!(stored.first(), Some(2 | 3)).then(|| point.get(1..stored.len())).flatten();
    curve.domain.decompressed(stored).as_deref() == Some(point)
        || curve.domain.is_binary() && compressed_x().is_some_and(|x| x == &stored[1..])
}

/// With leading zeros put before it, or left out.
fn sized(scalar: &[u8], octets: usize) -> Option<super::Secret> {
    let significant = &scalar[scalar.iter().take_while(|octet| **octet == 0).count()..];
    let zeros = octets.checked_sub(significant.len())?;
    let mut sized = Vec::with_capacity(octets);
    sized.resize(zeros, 0);
    sized.extend_from_slice(significant);
    Some(super::Secret::new(sized))
}

fn point_by_aws_lc(algorithm: &'static agreement::Algorithm, private: &[u8]) -> Option<Vec<u8>> {
    let key = agreement::PrivateKey::from_private_key(algorithm, private).ok()?;
    key.compute_public_key().ok().map(|public| public.as_ref().to_vec())
}
