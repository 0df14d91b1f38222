//! Rules on public keys that are not RSA: parameters, lengths, curves (RFC 3279, 4055, 5480, 8410, 9881, 9935).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256K1_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, EcdsaVerificationAlgorithm,
    ParsedPublicKey,
};

use super::der::{Element, NULL, OID, SEQUENCE};
use super::findings::Findings;
use super::{oids, post_quantum};
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[&KEY_PARAMETERS, &KEY_MALFORMED, &EC_POINT_COMPRESSED, &EC_CURVE_WEAK, &EC_CURVE_UNCOMMON, &KEY_DSA];

const KEY_PARAMETERS: Rule = Rule {
    code: "key-parameters",
    severity: Severity::Error,
    title: "a key with the wrong parameters",
    why: "RFC 3279, 5480, 8410, 9881 and 9935 say what the parameters of each kind of key are. rustls and Java refuse the rest.",
};
const KEY_MALFORMED: Rule = Rule {
    code: "key-malformed",
    severity: Severity::Error,
    title: "a key that cannot be read",
    why: "No program can verify with it or encrypt to it.",
};
const EC_POINT_COMPRESSED: Rule = Rule {
    code: "ec-point-compressed",
    severity: Severity::Error,
    title: "an EC key as a compressed point",
    why: "RFC 5480, 2.2 lets it be optional: Java and rustls read uncompressed points alone.",
};
const EC_CURVE_WEAK: Rule = Rule {
    code: "ec-curve-weak",
    severity: Severity::Error,
    title: "a curve that is too small",
    why: "Below 224 bits, keys are within reach of an attacker. Java, OpenSSL 3 and rustls refuse them.",
};
const EC_CURVE_UNCOMMON: Rule = Rule {
    code: "ec-curve-uncommon",
    severity: Severity::Warning,
    title: "a curve that not everybody has",
    why: "TLS 1.3 has P-256, P-384 and P-521. Java 16 and later and rustls have dropped or never had the others.",
};
const KEY_DSA: Rule = Rule {
    code: "key-dsa",
    severity: Severity::Error,
    title: "a DSA key",
    why: "TLS 1.3 has no DSA (RFC 8446), rustls never had, and FIPS 186-5 has withdrawn it.",
};

/// Every rule on a SubjectPublicKeyInfo, RSA aside.
pub fn subject_key(key: Element<'_>, found: &mut Findings<'_>) {
    let Some((algorithm, id)) = key.child(0).and_then(|algorithm| Some((algorithm, algorithm.child(0)?))) else { return };
    parameters(id, algorithm.child(1), found);
    length(id, key, found);
    if oids::is(id, oids::EC) {
        ec_point(algorithm.child(1), key, found);
        ec_curve(algorithm.child(1), found);
    }
    if oids::is(id, oids::DSA) {
        found.add(&KEY_DSA, "the key is DSA", "make an EC or RSA key, and have it certified");
    }
}

fn parameters(id: Element<'_>, given: Option<Element<'_>>, found: &mut Findings<'_>) {
    let name = oids::dotted(id.content);
    let curve25519 = [oids::X25519, oids::X448, oids::ED25519, oids::ED448].iter().any(|oid| oids::is(id, *oid));
    let problem = if oids::is(id, oids::RSA) && given.is_none_or(|given| given.tag != NULL) {
        "an RSA key without NULL as its parameters (RFC 3279, 2.3.1)"
    } else if oids::is(id, oids::EC) && given.is_none_or(|given| given.tag != OID) {
        match given.map(|given| given.tag) {
            Some(SEQUENCE) => "an EC key whose curve is written out instead of named (RFC 5480, 2.1.1)",
            _ => "an EC key without a named curve (RFC 5480, 2.1.1)",
        }
    } else if oids::is(id, oids::DSA) && given.is_none_or(|given| given.tag != SEQUENCE) {
        "a DSA key without parameters, which are to be had from its issuer (RFC 3279, 2.3.2)"
    } else if given.is_some() && curve25519 {
        "a key of RFC 8410 with parameters"
    } else if given.is_some() && post_quantum::is_post_quantum(&name) {
        "a post-quantum key with parameters (RFC 9881, RFC 9909, RFC 9935)"
    } else {
        return;
    };
    found.add(
        &KEY_PARAMETERS,
        format!("it is {problem}"),
        "have the key certified again by a program that writes the parameters as its RFC demands",
    );
}

fn length(id: Element<'_>, key: Element<'_>, found: &mut Findings<'_>) {
    let name = oids::dotted(id.content);
    let edwards = [(oids::ED25519, 32), (oids::X25519, 32), (oids::ED448, 57), (oids::X448, 56)];
    let wanted = edwards.iter().find(|(oid, _)| oids::is(id, *oid)).map(|(_, octets)| *octets).or_else(|| post_quantum::key_octets(&name));
    let has = key.child(1).and_then(|key| key.bits()).map_or(0, <[u8]>::len);
    if let Some(wanted) = wanted.filter(|wanted| *wanted != has) {
        found.add(
            &KEY_MALFORMED,
            format!("a key of the algorithm {name} has {wanted} octets, and this one has {has}"),
            "have the right key certified",
        );
    }
}

/// A named curve: object identifier, name, octets of a coordinate, and what checks its points.
type Curve = (&'static str, &'static str, usize, Option<&'static EcdsaVerificationAlgorithm>);

const CURVES: &[Curve] = &[
    ("1.2.840.10045.3.1.7", "P-256", 32, Some(&ECDSA_P256_SHA256_FIXED)),
    ("1.3.132.0.34", "P-384", 48, Some(&ECDSA_P384_SHA384_FIXED)),
    ("1.3.132.0.35", "P-521", 66, Some(&ECDSA_P521_SHA512_FIXED)),
    ("1.3.132.0.10", "secp256k1", 32, Some(&ECDSA_P256K1_SHA256_FIXED)),
    ("1.3.132.0.33", "P-224", 28, None),
    ("1.2.840.10045.3.1.1", "P-192", 24, None),
    ("1.3.132.0.6", "secp112r1", 14, None),
    ("1.3.132.0.8", "secp160r1", 20, None),
    ("1.3.132.0.9", "secp160k1", 20, None),
    ("1.3.132.0.28", "secp128r1", 16, None),
    ("1.3.132.0.31", "secp192k1", 24, None),
    ("1.3.132.0.32", "secp224k1", 28, None),
    ("1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1", 20, None),
    ("1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1", 24, None),
    ("1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1", 28, None),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 32, None),
    ("1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1", 40, None),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 48, None),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 64, None),
];

fn curve(given: Option<Element<'_>>) -> Option<&'static Curve> {
    let dotted = oids::dotted(given.filter(|given| given.tag == OID)?.content);
    CURVES.iter().find(|(oid, ..)| *oid == dotted)
}

fn ec_point(given: Option<Element<'_>>, key: Element<'_>, found: &mut Findings<'_>) {
    let (Some((_, name, octets, checker)), Some(point)) = (curve(given), key.child(1).and_then(|key| key.bits())) else { return };
    match (point.first(), point.len()) {
        (Some(2 | 3), length) if length == 1 + octets => {
            found.add(
                &EC_POINT_COMPRESSED,
                format!("the {name} key is a compressed point"),
                "have the key certified again as an uncompressed point",
            );
        }
        (Some(4), length) if length == 1 + 2 * octets => {
            if checker.is_some_and(|checker| ParsedPublicKey::new(checker, point).is_err()) {
                found.add(&KEY_MALFORMED, format!("the key is no point of the curve {name}"), "have the right key certified");
            }
        }
        (_, length) => {
            let message = format!("a key on {name} is 04 and {} octets, and this one has {length} octets", 2 * octets);
            found.add(&KEY_MALFORMED, message, "have the right key certified");
        }
    }
}

fn ec_curve(given: Option<Element<'_>>, found: &mut Findings<'_>) {
    let Some(given) = given.filter(|given| given.tag == OID) else { return };
    let fix = "make a key on P-256 or P-384, and have it certified";
    match curve(Some(given)) {
        Some((_, "P-256" | "P-384" | "P-521", ..)) => {}
        Some((_, name, ..28, _)) => found.add(&EC_CURVE_WEAK, format!("the key is on the curve {name}"), fix),
        Some((_, name, ..)) => found.add(&EC_CURVE_UNCOMMON, format!("the key is on the curve {name}"), fix),
        None => found.add(&EC_CURVE_UNCOMMON, format!("the key is on the curve {}", oids::dotted(given.content)), fix),
    }
}

#[cfg(test)]
mod tests {
    use super::super::oids::Oid;
    use super::super::public_key;
    use super::super::specimen::{P256, algorithm, ec_key, key, null, oid, point, tlv};
    use super::*;
    use crate::finding::Place;

    fn codes(key: &[u8]) -> Vec<&'static str> {
        let place = Place::default();
        let mut found = Findings::at(&place);
        public_key::info(Element::only(key, 0).unwrap(), &mut found);
        found.into_list().iter().map(|finding| finding.rule.code).collect()
    }

    fn ec(curve: &str, point: &[u8]) -> Vec<u8> {
        key(algorithm(oids::EC, &oid(Oid::new_unwrap(curve))), point)
    }

    #[test]
    fn parameters_are_those_of_the_kind() {
        for wrong in [
            key(algorithm(oids::EC, &[]), &point()),
            key(algorithm(oids::EC, &null()), &point()),
            key(algorithm(oids::EC, &tlv(SEQUENCE, [])), &point()),
            key(algorithm(oids::ED25519, &null()), &[1; 32]),
            key(algorithm(Oid::new_unwrap("2.16.840.1.101.3.4.4.1"), &null()), &[1; 800]),
        ] {
            assert_eq!(codes(&wrong), ["key-parameters"]);
        }
    }

    #[test]
    fn keys_have_their_length() {
        assert!(codes(&key(algorithm(oids::ED25519, &[]), &[1; 32])).is_empty());
        assert_eq!(codes(&key(algorithm(oids::ED25519, &[]), &[1; 31])), ["key-malformed"]);
        assert_eq!(codes(&key(algorithm(Oid::new_unwrap("2.16.840.1.101.3.4.3.17"), &[]), &[1; 1313])), ["key-malformed"]);
    }

    #[test]
    fn points_lie_on_their_curve_and_are_uncompressed() {
        assert!(codes(&ec_key()).is_empty());
        let mut beside = point();
        beside[64] ^= 1;
        let p256 = P256.to_string();
        assert_eq!(codes(&ec(&p256, &beside)), ["key-malformed"]);
        assert_eq!(codes(&ec(&p256, &point()[..64])), ["key-malformed"]);
        assert_eq!(codes(&ec(&p256, &[&[3], &point()[1..33]].concat())), ["ec-point-compressed"]);
    }

    #[test]
    fn curves_that_few_have_are_found() {
        assert_eq!(codes(&ec("1.2.840.10045.3.1.1", &[&[4], &[1; 48][..]].concat())), ["ec-curve-weak"]);
        assert_eq!(codes(&ec("1.3.36.3.3.2.8.1.1.7", &[&[4], &[1; 64][..]].concat())), ["ec-curve-uncommon"]);
        assert_eq!(codes(&ec("1.2.3", &[4])), ["ec-curve-uncommon"]);
    }

    #[test]
    fn dsa_is_of_the_past() {
        assert_eq!(codes(&key(algorithm(oids::DSA, &tlv(SEQUENCE, [])), &[2, 1, 1])), ["key-dsa"]);
        assert_eq!(codes(&key(algorithm(oids::DSA, &[]), &[2, 1, 1])), ["key-parameters", "key-dsa"]);
    }
}
