//! Rules on the AlgorithmIdentifier of a signature (RFC 3279, 4055, 5758, 8410, 8692, 9814, 9881).

use super::der::{Element, INTEGER, NULL, OID, SEQUENCE};
use super::findings::Findings;
use super::oids::{self, Oid};
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[&PARAMETERS, &DIGEST_BROKEN, &PSS_UNUSUAL, &UNKNOWN];

const PARAMETERS: Rule = Rule {
    code: "signature-parameters",
    severity: Severity::Error,
    title: "a signature algorithm with the wrong parameters",
    why: "RFC 4055, 5758, 8410 and 9881 say for each algorithm whether its parameters are NULL or absent. rustls refuses the rest, and so do Go and \
          parts of Java.",
};
const DIGEST_BROKEN: Rule = Rule {
    code: "signature-digest-broken",
    severity: Severity::Error,
    title: "signed over a broken digest",
    why: "A second document with the same digest can be made. rustls and OpenSSL 3 refuse SHA-1 and MD5 signatures, Java disables them.",
};
const PSS_UNUSUAL: Rule = Rule {
    code: "signature-pss-unusual",
    severity: Severity::Warning,
    title: "RSASSA-PSS parameters that not everybody takes",
    why: "rustls takes the same digest twice, SHA-256, SHA-384 or SHA-512, and a salt as long as the digest (RFC 4055, 3.1; RFC 8446, 4.2.3).",
};
const UNKNOWN: Rule = Rule {
    code: "signature-algorithm-unknown",
    severity: Severity::Warning,
    title: "a signature algorithm that is not known here",
    why: "What is not known cannot be judged, and few programs verify it.",
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parameters {
    Null,
    Absent,
    Pss,
}
use Parameters::{Absent, Null, Pss};

/// Object identifier, name and parameters.
const KNOWN: &[(&str, &str, Parameters)] = &[
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption", Null),
    ("1.2.840.113549.1.1.3", "md4WithRSAEncryption", Null),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption", Null),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption", Null),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption", Null),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption", Null),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption", Null),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption", Null),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS", Pss),
    ("1.3.14.3.2.29", "sha1WithRSASignature", Null),
    ("1.2.840.10040.4.3", "dsa-with-sha1", Absent),
    ("2.16.840.1.101.3.4.3.1", "dsa-with-sha224", Absent),
    ("2.16.840.1.101.3.4.3.2", "dsa-with-sha256", Absent),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1", Absent),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224", Absent),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256", Absent),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384", Absent),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512", Absent),
    ("1.3.101.112", "Ed25519", Absent),
    ("1.3.101.113", "Ed448", Absent),
    ("1.3.6.1.5.5.7.6.30", "RSASSA-PSS-SHAKE128", Absent),
    ("1.3.6.1.5.5.7.6.31", "RSASSA-PSS-SHAKE256", Absent),
    ("1.3.6.1.5.5.7.6.32", "ecdsa-with-shake128", Absent),
    ("1.3.6.1.5.5.7.6.33", "ecdsa-with-shake256", Absent),
];
const BROKEN: [&str; 3] = ["md", "sha1", "SHA1"];
const NIST: &str = "2.16.840.1.101.3.4.3.";

/// Name and parameters of a signature algorithm.
fn known(id: Element<'_>) -> Option<(String, Parameters)> {
    let dotted = oids::dotted(id.content);
    if let Some((_, name, parameters)) = KNOWN.iter().find(|(oid, ..)| *oid == dotted) {
        return Some(((*name).to_owned(), *parameters));
    }
    let (name, parameters) = match dotted.strip_prefix(NIST)?.parse().ok()? {
        9..=12_u8 => ("ecdsa-with-sha3", Absent),
        13..=16 => ("rsa-with-sha3", Null),
        17..=19 => ("ML-DSA", Absent),
        20..=31 => ("SLH-DSA", Absent),
        32..=34 => ("HashML-DSA", Absent),
        35..=46 => ("HashSLH-DSA", Absent),
        _ => return None,
    };
    Some((name.to_owned(), parameters))
}

/// `holder` says where the AlgorithmIdentifier stands.
pub fn parameters(algorithm: Element<'_>, holder: &str, found: &mut Findings<'_>) {
    let Some((name, wanted)) = algorithm.child(0).and_then(known) else { return };
    let given = algorithm.child(1);
    let problem = match (wanted, given) {
        (Null, Some(given)) if given.tag == NULL => return,
        (Absent, None) => return,
        (Pss, Some(given)) if given.tag == SEQUENCE => return,
        (Null, None) => "has no parameters where NULL belongs",
        (Null, Some(_)) => "has parameters other than NULL",
        (Absent, Some(given)) if given.tag == NULL => "has NULL where no parameters belong",
        (Absent, Some(_)) => "has parameters where none belong",
        (Pss, _) => "has no parameters where RSASSA-PSS-params belong",
    };
    found.add(
        &PARAMETERS,
        format!("{name} {problem}, {holder}"),
        "have it signed again by a program that writes the algorithm as its RFC demands",
    );
}

/// A signature on a self-issued certificate is verified by nobody and does not count.
pub fn digest_holds(algorithm: Element<'_>, found: &mut Findings<'_>) {
    let Some((name, wanted)) = algorithm.child(0).and_then(known) else { return };
    let is_broken = match wanted {
        Null | Absent => BROKEN.iter().any(|part| name.contains(part)),
        Pss => algorithm.child(1).filter(|given| given.tag == SEQUENCE).and_then(pss).is_some_and(|pss| pss.digest == Some(oids::SHA1)),
    };
    if is_broken {
        found.add(&DIGEST_BROKEN, format!("it is signed with {name}"), "have it signed again over SHA-256 or better");
    }
}

pub fn is_known(algorithm: Element<'_>, found: &mut Findings<'_>) {
    if let Some(id) = algorithm.child(0)
        && known(id).is_none()
    {
        found.add(&UNKNOWN, format!("it is signed with {}", oids::dotted(id.content)), "have it signed with ECDSA, RSA or Ed25519");
    }
}

/// What RSASSA-PSS-params say (RFC 4055, 3.1).
#[derive(Debug)]
struct PssParameters {
    digest: Option<Oid>,
    mask_digest: Option<Oid>,
    mask_is_mgf1: bool,
    salt: Option<i64>,
    trailer: Option<i64>,
}

fn pss(parameters: Element<'_>) -> Option<PssParameters> {
    let algorithm = |tag| parameters.tagged(tag).and_then(|field| field.child(0));
    let oid = |algorithm: Element<'_>| algorithm.child(0).filter(|id| id.tag == OID).and_then(|id| Oid::from_bytes(id.content).ok());
    let number = |tag, default| match parameters.tagged(tag) {
        None => Some(default),
        Some(field) => field.child(0).filter(|number| number.tag == INTEGER)?.number(),
    };
    let mask = algorithm(0xa1);
    Some(PssParameters {
        digest: algorithm(0xa0).map_or(Some(oids::SHA1), oid),
        mask_digest: mask.map_or(Some(oids::SHA1), |mask| mask.child(1).and_then(oid)),
        mask_is_mgf1: mask.is_none_or(|mask| oid(mask) == Some(oids::MGF1)),
        salt: number(0xa2, 20),
        trailer: number(0xa3, 1),
    })
}

pub fn pss_is_usual(algorithm: Element<'_>, found: &mut Findings<'_>) {
    let Some(id) = algorithm.child(0).filter(|id| oids::is(*id, oids::RSA_PSS)) else { return };
    let Some(given) = algorithm.child(1).filter(|given| given.tag == SEQUENCE).and_then(pss) else { return };
    let digest = given.digest.map(|oid| oid.to_string()).unwrap_or_default();
    let length = match digest.as_str() {
        "1.3.14.3.2.26" => 20,
        "2.16.840.1.101.3.4.2.1" => 32,
        "2.16.840.1.101.3.4.2.2" => 48,
        "2.16.840.1.101.3.4.2.3" => 64,
        _ => 0,
    };
    let problem = if length == 0 {
        format!("the digest {digest}")
    } else if !given.mask_is_mgf1 || given.mask_digest != given.digest {
        "a mask over another digest".to_owned()
    } else if given.salt != Some(length) {
        format!("a salt of {} octets with a digest of {length}", given.salt.unwrap_or_default())
    } else if given.trailer != Some(1) {
        format!("the trailer field {}", given.trailer.unwrap_or_default())
    } else {
        return;
    };
    let name = oids::dotted(id.content);
    found.add(&PSS_UNUSUAL, format!("RSASSA-PSS ({name}) has {problem}"), "have it signed again with one digest and a salt as long as it");
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{Specimen, algorithm, leaf, null, sequence, tlv};
    use super::*;

    fn signed(dotted: &str, parameters: &[u8]) -> Specimen {
        leaf().but(|leaf| leaf.algorithm = algorithm(Oid::new_unwrap(dotted), parameters))
    }

    #[test]
    fn parameters_are_null_or_absent_as_the_algorithm_demands() {
        const ECDSA: &str = "1.2.840.10045.4.3.2";
        for (dotted, parameters) in [
            (ECDSA, null()),
            ("1.3.101.112", null()),
            ("2.16.840.1.101.3.4.3.17", null()),
            ("1.2.840.113549.1.1.11", vec![]),
            ("1.2.840.113549.1.1.11", tlv(SEQUENCE, [])),
            ("1.2.840.113549.1.1.10", null()),
        ] {
            assert_eq!(signed(dotted, &parameters).codes(), ["signature-parameters"], "{dotted}");
        }
        for (dotted, parameters) in [(ECDSA, vec![]), ("1.2.840.113549.1.1.11", null()), ("2.16.840.1.101.3.4.3.20", vec![])] {
            assert!(signed(dotted, &parameters).codes().is_empty(), "{dotted}");
        }
    }

    #[test]
    fn broken_digests_are_found_except_where_nobody_looks() {
        for dotted in ["1.2.840.113549.1.1.5", "1.2.840.113549.1.1.4", "1.2.840.113549.1.1.2"] {
            assert_eq!(signed(dotted, &null()).codes(), ["signature-digest-broken"], "{dotted}");
        }
        assert_eq!(signed("1.2.840.10045.4.1", &[]).codes(), ["signature-digest-broken"]);
        assert!(signed("1.2.840.10045.4.1", &[]).but(|root| root.subject = root.issuer.clone()).codes().is_empty());
    }

    #[test]
    fn pss_has_one_digest_and_a_salt_as_long() {
        const SHA256: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.1");
        let pss = |mask: Oid, salt: u8| {
            let digest = |id| algorithm(id, &null());
            let mask = algorithm(oids::MGF1, &digest(mask));
            let parameters = sequence([tlv(0xa0, digest(SHA256)), tlv(0xa1, mask), tlv(0xa2, tlv(INTEGER, [salt]))]);
            signed("1.2.840.113549.1.1.10", &parameters).codes()
        };
        assert!(pss(SHA256, 32).is_empty());
        assert_eq!(pss(SHA256, 20), ["signature-pss-unusual"]);
        assert_eq!(pss(oids::SHA1, 32), ["signature-pss-unusual"]);
        assert_eq!(signed("1.2.840.113549.1.1.10", &sequence([])).codes(), ["signature-digest-broken"]);
    }

    #[test]
    fn an_unknown_algorithm_is_said_to_be_so() {
        assert_eq!(signed("1.2.3.4", &[]).codes(), ["signature-algorithm-unknown"]);
    }
}
