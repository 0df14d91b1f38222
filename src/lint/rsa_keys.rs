//! Rules on RSA keys (RFC 8017, 3.1).

use super::der::{Element, INTEGER};
use super::findings::Findings;
use super::oids;
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[&RSA_MALFORMED, &RSA_WEAK, &RSA_LARGE, &RSA_EXPONENT, &RSA_EXPONENT_SMALL, &RSA_SMALL_FACTOR, &RSA_ROCA];

const RSA_MALFORMED: Rule = Rule {
    code: "rsa-malformed",
    severity: Severity::Error,
    title: "an RSA key that cannot be read",
    why: "RFC 8017, A.1.1: an RSA key is a SEQUENCE of two positive integers.",
};
const RSA_WEAK: Rule = Rule {
    code: "rsa-weak",
    severity: Severity::Error,
    title: "an RSA key that is too small",
    why: "rustls refuses less than 2048 bits, OpenSSL does at its usual security level of 2, and Java below 1024.",
};
const RSA_LARGE: Rule = Rule {
    code: "rsa-large",
    severity: Severity::Warning,
    title: "an RSA key that is too large for some",
    why: "rustls refuses more than 8192 bits, OpenSSL more than 16384, and every handshake waits for it.",
};
const RSA_EXPONENT: Rule = Rule {
    code: "rsa-exponent",
    severity: Severity::Error,
    title: "an RSA exponent that may not be",
    why: "An exponent of 1 encrypts nothing and an even one cannot be undone (RFC 8017, 3.1). Java, OpenSSL and rustls refuse both.",
};
const RSA_EXPONENT_SMALL: Rule = Rule {
    code: "rsa-exponent-small",
    severity: Severity::Warning,
    title: "a small RSA exponent",
    why: "FIPS 186-5 wants more than 65536: exponents such as 3 forgive no mistake in the padding.",
};
const RSA_SMALL_FACTOR: Rule = Rule {
    code: "rsa-small-factor",
    severity: Severity::Error,
    title: "an RSA modulus with a small factor",
    why: "It is no product of two large primes: anybody can make the private key, or nobody.",
};
const RSA_ROCA: Rule = Rule {
    code: "rsa-roca",
    severity: Severity::Error,
    title: "an RSA key made by a broken generator",
    why: "CVE-2017-15361: such moduli can be factored in hours to days.",
};

/// Every rule on the key of a SubjectPublicKeyInfo, if it is RSA.
pub fn rsa_key(key: Element<'_>, found: &mut Findings<'_>) {
    if !key
        .child(0)
        .and_then(|algorithm| algorithm.child(0))
        .is_some_and(|id| [oids::RSA, oids::RSA_PSS].iter().any(|oid| oids::is(id, *oid)))
    {
        return;
    }
    let fix = "make a new key, and have it certified";
    let Some((modulus, exponent)) = numbers(key) else {
        return found.add(&RSA_MALFORMED, "the RSA key is not two positive integers", fix);
    };
    size(modulus, fix, found);
    exponent_is_good(exponent, fix, found);
    // Nobody uses more than 64 Ki bits, and division takes its time.
    if modulus.len() > 8192 {
        return;
    }
    if let Some(factor) = primes(752).find(|prime| remainder(modulus, *prime) == 0) {
        found.add(&RSA_SMALL_FACTOR, format!("the modulus can be divided by {factor}"), fix);
    } else if is_roca(modulus) {
        found.add(&RSA_ROCA, "the modulus has the form of CVE-2017-15361", fix);
    }
}

/// Modulus and exponent without leading zeros.
fn numbers(key: Element<'_>) -> Option<(&[u8], &[u8])> {
    let bits = key.child(1)?;
    let numbers = Element::only(bits.bits()?, bits.at + bits.header() + 1)?;
    let positive = |index| {
        let number =
            numbers.child(index).filter(|number| number.tag == INTEGER && number.content.first().is_some_and(|first| *first < 0x80))?;
        let zeros = number.content.iter().take_while(|octet| **octet == 0).count();
        Some(&number.content[zeros..]).filter(|octets| !octets.is_empty())
    };
    Some((positive(0)?, positive(1)?)).filter(|_| numbers.child(2).is_none())
}

/// The length of a number without leading zeros, in bits.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn size(modulus: &[u8], fix: &str, found: &mut Findings<'_>) {
    match bits(modulus) {
        bits @ ..2048 => found.add(&RSA_WEAK, format!("the RSA key has {bits} bits"), format!("{fix}: 2048 bits at least")),
        bits @ 8193.. => found.add(&RSA_LARGE, format!("the RSA key has {bits} bits"), format!("{fix}: 4096 bits are plenty")),
        2048..=8192 => {}
    }
}

fn exponent_is_good(exponent: &[u8], fix: &str, found: &mut Findings<'_>) {
    let value = exponent.iter().take(8).fold(0_u64, |value, octet| value << 8 | u64::from(*octet));
    let is_even = exponent.last().is_some_and(|last| last % 2 == 0);
    if exponent == [1] || is_even {
        let shown = if exponent.len() <= 8 { value.to_string() } else { format!("of {} bits", bits(exponent)) };
        found.add(&RSA_EXPONENT, format!("the exponent {shown} is 1 or even"), fix);
    } else if exponent.len() <= 8 && value < 65537 {
        found.add(&RSA_EXPONENT_SMALL, format!("the exponent is {value}"), format!("{fix}: 65537 is usual"));
    }
}

fn primes(below: u32) -> impl Iterator<Item = u32> {
    (2..below).filter(|candidate| (2..*candidate).take_while(|d| d * d <= *candidate).all(|d| candidate % d != 0))
}

fn remainder(number: &[u8], divisor: u32) -> u32 {
    number.iter().fold(0, |rest, octet| (rest << 8 | u32::from(*octet)) % divisor)
}

/// Whether the modulus is, modulo each small prime, a power of 65537: what the flawed generator makes, and one other in 2^27.
fn is_roca(modulus: &[u8]) -> bool {
    primes(168).skip(1).all(|prime| {
        let wanted = remainder(modulus, prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * 65537 % prime;
            power == wanted
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{algorithm, key, leaf, null, rsa_key, sequence, tlv};
    use super::*;

    const F4: &[u8] = &[1, 0, 1];

    fn codes(key: Vec<u8>) -> Vec<&'static str> {
        leaf().but(|leaf| leaf.key = key).without(oids::SUBJECT_KEY_ID).codes().into_iter().filter(|code| code.starts_with("rsa")).collect()
    }

    #[test]
    fn sizes_are_those_that_everybody_takes() {
        assert!(codes(rsa_key(2203, F4)).is_empty());
        assert_eq!(codes(rsa_key(1279, F4)), ["rsa-weak"]);
        assert_eq!(codes(rsa_key(9689, F4)), ["rsa-large"]);
    }

    #[test]
    fn exponents_are_odd_and_not_small() {
        assert_eq!(codes(rsa_key(2203, &[1])), ["rsa-exponent"]);
        assert_eq!(codes(rsa_key(2203, &[1, 0, 0])), ["rsa-exponent"]);
        assert_eq!(codes(rsa_key(2203, &[3])), ["rsa-exponent-small"]);
    }

    #[test]
    fn a_modulus_with_a_small_factor_is_found() {
        // 2^2204 - 1 is divisible by 3.
        assert_eq!(codes(rsa_key(2204, F4)), ["rsa-small-factor"]);
    }

    #[test]
    fn a_modulus_in_the_form_of_the_broken_generator_is_found() {
        // Modulo each small prime, 1 is a power of 65537; so is 1 + a multiple of all of them.
        let mut modulus = vec![1_u8];
        for factor in primes(752).chain(std::iter::repeat_n(256, 200)) {
            let mut carry = 0;
            for octet in modulus.iter_mut().rev() {
                carry += u32::from(*octet) * factor;
                *octet = carry as u8;
                carry >>= 8;
            }
            modulus = [&carry.to_be_bytes()[2..], &modulus].concat();
        }
        let zeros = modulus.iter().take_while(|octet| **octet == 0).count();
        modulus = [&[0], &modulus[zeros..]].concat();
        *modulus.last_mut().unwrap() |= 1;
        let numbers = sequence([tlv(INTEGER, modulus), tlv(INTEGER, F4)]);
        assert_eq!(codes(key(algorithm(oids::RSA, &null()), &numbers)), ["rsa-roca"]);
    }

    #[test]
    fn what_is_not_two_positive_integers_is_found() {
        for bits in [vec![], sequence([tlv(INTEGER, [1])]), sequence([tlv(INTEGER, [0xff]), tlv(INTEGER, F4)])] {
            assert_eq!(codes(key(algorithm(oids::RSA, &null()), &bits)), ["rsa-malformed"]);
        }
    }

    #[test]
    fn the_primes_are_known() {
        assert_eq!(primes(20).collect::<Vec<_>>(), [2, 3, 5, 7, 11, 13, 17, 19]);
    }

    #[test]
    fn a_power_of_65537_has_the_form_and_few_others_do() {
        // 65537^15 is less than 2^256.
        let mut power = vec![1_u8];
        for _ in 0..15 {
            let mut carry = 0_u32;
            for octet in power.iter_mut().rev() {
                carry += u32::from(*octet) * 65537;
                *octet = carry as u8;
                carry >>= 8;
            }
            let head = carry.to_be_bytes();
            power = [&head[head.iter().take_while(|octet| **octet == 0).count()..], &power].concat();
        }
        assert!(is_roca(&power));
        *power.last_mut().unwrap() ^= 2;
        assert!(!is_roca(&power));
    }

    #[test]
    fn remainders_are_those_of_long_division() {
        assert_eq!(remainder(&[1, 0, 0, 7], 751), 0x0100_0007 % 751);
    }
}
