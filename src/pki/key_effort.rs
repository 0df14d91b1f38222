//! How much arithmetic it takes to read a private key.

use super::AnyKey;
use super::asn1::{self, Element, Elements};
use super::oid;

/// What grows how.
enum Arithmetic {
    /// Products and remainders of long numbers.
    Rsa,
    /// A power modulo a prime.
    Group,
    /// A multiple of a point, in `BigUint`.
    Curve,
    /// By aws-lc, or none at all.
    Fast,
}

impl AnyKey {
    /// What [`Self::from_der`] takes for `der`, in iterations of PBKDF2 with HMAC-SHA256: estimated from lengths alone, and rather too
    /// high. A store of strangers may hold thousands of keys, each with the longest numbers that are read.
    pub fn effort(der: &[u8]) -> u64 {
        let length = der.len() as u64;
        match Arithmetic::of(der) {
            Arithmetic::Rsa => length.saturating_pow(2) / 25_000,
            Arithmetic::Group => length.saturating_pow(3) / 8_000,
            Arithmetic::Curve => 200_000,
            Arithmetic::Fast => 500,
        }
    }
}

impl Arithmetic {
    fn of(der: &[u8]) -> Self {
        let Some(mut fields) = Elements::within(der, asn1::SEQUENCE) else { return Self::Fast };
        let numbers = std::iter::from_fn(|| fields.integer()).count();
        let second = fields.next();
        match second.map(|second| second.tag) {
            Some(asn1::SEQUENCE) => Self::of_algorithm(second.map(Element::inside)),
            Some(asn1::OCTET_STRING) => Self::of_curve(fields.tagged(asn1::context(0)).and_then(|curve| curve.inside().next())),
            // OpenSSL's own format of DSA keys has six numbers.
            _ if numbers == 6 => Self::Group,
            _ => Self::Rsa,
        }
    }

    fn of_algorithm(fields: Option<Elements<'_>>) -> Self {
        let Some(mut fields) = fields else { return Self::Fast };
        match fields.next().and_then(Element::oid) {
            Some(oid::RSA | oid::RSA_PSS) => Self::Rsa,
            Some(oid::DSA | oid::DH | oid::X942_DH) => Self::Group,
            Some(oid::EC) => Self::of_curve(fields.next()),
            Some(oid::ED448 | oid::X448) => Self::Curve,
            Some(_) | None => Self::Fast,
        }
    }

    fn of_curve(named: Option<Element<'_>>) -> Self {
        match named.and_then(Element::oid) {
            Some(oid::P_256 | oid::P_384 | oid::P_521) => Self::Fast,
            Some(_) | None => Self::Curve,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{KeyKind, PrivateKey};

    fn effort(kind: KeyKind) -> u64 {
        AnyKey::effort(PrivateKey::generate(kind).unwrap().pkcs8().expose())
    }

    #[test]
    fn keys_that_brokers_use_cost_next_to_nothing() {
        for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519, KeyKind::Rsa2048, KeyKind::Rsa4096] {
            assert!(effort(kind) <= 500, "{kind}");
        }
    }

    /// Half a second each, in a release build.
    #[test]
    fn a_group_of_the_longest_numbers_costs_as_much_as_a_long_derivation() {
        let long = asn1::encode_integer(&[0xFF; 1250]);
        let parameters = asn1::encode(asn1::SEQUENCE, &[&long, &asn1::encode_integer(&[2])]);
        let algorithm = asn1::encode(asn1::SEQUENCE, &[&asn1::encode_oid(oid::DH), &parameters]);
        let private = asn1::encode(asn1::OCTET_STRING, &[&long]);
        let key = asn1::encode(asn1::SEQUENCE, &[&asn1::encode_integer(&[0]), &algorithm, &private]);
        assert!(AnyKey::effort(&key) > 1_000_000, "{}", AnyKey::effort(&key));
    }
}
