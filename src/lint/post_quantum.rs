//! Rules on post-quantum keys (FIPS 203 to 205; RFC 9881, 9909, 9935).

use super::facts::Facts;
use super::findings::Findings;
use super::oids;
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[&BEFORE_STANDARD, &HASH_AUTHORITY];

const BEFORE_STANDARD: Rule = Rule {
    code: "post-quantum-before-standard",
    severity: Severity::Error,
    title: "a post-quantum key from before the standard",
    why: "The drafts of ML-DSA, ML-KEM and SLH-DSA do not interoperate with FIPS 203 to 205, and programs have dropped their identifiers.",
};
const HASH_AUTHORITY: Rule = Rule {
    code: "hash-ml-dsa-authority",
    severity: Severity::Error,
    title: "an authority or signature with HashML-DSA",
    why: "RFC 9881, 2: HashML-DSA must not be used in certificates; verifiers of paths do not have it.",
};

/// Round 3 of the competition, draft standards and the Open Quantum Safe project.
const DRAFTS: [&str; 4] = ["1.3.6.1.4.1.2.267.", "1.3.9999.", "1.3.6.1.4.1.22554.5.", "1.3.6.1.4.1.2.6.4."];
const SIGNATURES: &str = "2.16.840.1.101.3.4.3.";
const KEY_EXCHANGES: &str = "2.16.840.1.101.3.4.4.";

/// The octets of a public key of FIPS 203 to 205, by the dotted identifier of its algorithm.
pub fn key_octets(dotted: &str) -> Option<usize> {
    match (signature(dotted), kem(dotted)) {
        (Some(17 | 32), _) => Some(1312),
        (Some(18 | 33), _) => Some(1952),
        (Some(19 | 34), _) => Some(2592),
        (Some(n @ (20..=31 | 35..=46)), _) => Some([32, 32, 48, 48, 64, 64][usize::from(if n < 32 { n - 20 } else { n - 35 }) % 6]),
        (_, Some(n @ 1..=3)) => Some([800, 1184, 1568][usize::from(n - 1)]),
        _ => None,
    }
}

pub fn is_post_quantum(dotted: &str) -> bool {
    key_octets(dotted).is_some()
}

/// ML-DSA, SLH-DSA and their variants over a digest.
pub fn is_signature(dotted: &str) -> bool {
    matches!(signature(dotted), Some(17..=46))
}

pub fn is_kem(dotted: &str) -> bool {
    matches!(kem(dotted), Some(1..=3))
}

fn signature(dotted: &str) -> Option<u8> {
    dotted.strip_prefix(SIGNATURES)?.parse().ok()
}

fn kem(dotted: &str) -> Option<u8> {
    dotted.strip_prefix(KEY_EXCHANGES)?.parse().ok()
}

pub fn key_is_of_the_standard(dotted: &str, found: &mut Findings<'_>) {
    if DRAFTS.iter().any(|draft| dotted.starts_with(draft)) {
        found.add(
            &BEFORE_STANDARD,
            format!("the algorithm {dotted} of the key comes from before FIPS 203 to 205"),
            "make a key of ML-DSA or SLH-DSA, and have it certified",
        );
    }
}

pub fn authority_signs_without_digest(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let dotted = |algorithm: Option<super::der::Element<'_>>| {
        algorithm.and_then(|a| a.child(0)).map(|id| oids::dotted(id.content)).unwrap_or_default()
    };
    let is_hash = |dotted: &str| matches!(signature(dotted), Some(32..=34));
    let [key, signed] = [dotted(facts.key.child(0)), dotted(Some(facts.inner_algorithm))];
    if is_hash(&signed) || (facts.is_authority() && is_hash(&key)) {
        let which = if is_hash(&signed) { signed } else { key };
        found.add(&HASH_AUTHORITY, format!("the algorithm {which} is HashML-DSA"), "make an authority with ML-DSA itself (RFC 9881, 2)");
    }
}

#[cfg(test)]
mod tests {
    use super::super::oids::Oid;
    use super::super::specimen::{algorithm, authority, key};
    use super::*;

    #[test]
    fn drafts_and_digests_first_are_found() {
        let with = |dotted, octets| {
            let id = Oid::new_unwrap(dotted);
            authority().but(|authority| authority.key = key(algorithm(id, &[]), &vec![1; octets])).without(oids::SUBJECT_KEY_ID).codes()
        };
        let missing = "subject-key-id-missing";
        assert_eq!(with("2.16.840.1.101.3.4.3.17", 1312), [missing]);
        assert_eq!(with("2.16.840.1.101.3.4.3.32", 1312), ["hash-ml-dsa-authority", missing]);
        assert_eq!(with("1.3.6.1.4.1.2.267.7.4.4", 1312), [missing, "post-quantum-before-standard"]);
    }

    #[test]
    fn keys_have_the_lengths_of_the_standards() {
        for (dotted, octets) in [
            ("2.16.840.1.101.3.4.3.17", Some(1312)),
            ("2.16.840.1.101.3.4.3.34", Some(2592)),
            ("2.16.840.1.101.3.4.3.25", Some(64)),
            ("2.16.840.1.101.3.4.3.46", Some(64)),
            ("2.16.840.1.101.3.4.4.2", Some(1184)),
            ("2.16.840.1.101.3.4.3.2", None),
            ("1.2.3", None),
        ] {
            assert_eq!(key_octets(dotted), octets, "{dotted}");
        }
    }
}
