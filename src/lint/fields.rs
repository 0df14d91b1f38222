//! Rules on the fields of a certificate that are not names, dates or keys (RFC 5280, 4.1).

use super::facts::Facts;
use super::findings::Findings;
use crate::finding::{Rule, Severity};
use crate::pki::hex;

pub const RULES: &[&Rule] = &[&VERSION_NOT_3, &EXTENSIONS_BEFORE_V3, &UNIQUE_ID, &SERIAL_OUT_OF_RANGE, &SERIAL_SHORT, &ALGORITHMS_DIFFER];

const VERSION_NOT_3: Rule = Rule {
    code: "version-not-3",
    severity: Severity::Error,
    title: "not a version 3 certificate",
    why: "Only version 3 has extensions: names, usages, authority. rustls refuses any other, and Java and OpenSSL take it for no authority \
          (RFC 5280, 4.1.2.1).",
};
const EXTENSIONS_BEFORE_V3: Rule = Rule {
    code: "extensions-before-v3",
    severity: Severity::Error,
    title: "extensions without version 3",
    why: "RFC 5280, 4.1.2.9: extensions occur in version 3 only. Java and rustls refuse the certificate.",
};
const UNIQUE_ID: Rule = Rule {
    code: "unique-id",
    severity: Severity::Error,
    title: "a unique identifier",
    why: "RFC 5280, 4.1.2.8: an authority must not issue certificates with issuerUniqueID or subjectUniqueID. rustls refuses them.",
};
const SERIAL_OUT_OF_RANGE: Rule = Rule {
    code: "serial-out-of-range",
    severity: Severity::Error,
    title: "a serial number that may not be",
    why: "RFC 5280, 4.1.2.2: a serial number is positive and has 20 octets at most. rustls and Go refuse some of the others, and revocation \
          lists cannot name them reliably.",
};
const SERIAL_SHORT: Rule = Rule {
    code: "serial-short",
    severity: Severity::Note,
    title: "a serial number that can be guessed",
    why: "64 random bits in the serial number are what keeps a collision of the digest from being turned into a forged certificate.",
};
const ALGORITHMS_DIFFER: Rule = Rule {
    code: "signature-algorithms-differ",
    severity: Severity::Error,
    title: "two different signature algorithms",
    why: "RFC 5280, 4.1.1.2: the algorithm beside the signature and the signed one must be the same. Java, OpenSSL and rustls refuse the rest.",
};

pub fn version_is_3(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.version != 3 && facts.extensions.0.is_empty() {
        found.add(
            &VERSION_NOT_3,
            format!("its version is {}", facts.version),
            "issue it again with version 3 and the extensions that say what it is for (RFC 5280, 4.1.2.1)",
        );
    }
}

pub fn extensions_have_version_3(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.version != 3 && !facts.extensions.0.is_empty() {
        found.add(
            &EXTENSIONS_BEFORE_V3,
            format!("it has extensions although its version is {}", facts.version),
            "issue it again with version 3 (RFC 5280, 4.1.2.1)",
        );
    }
}

pub fn no_unique_ids(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.has_unique_ids {
        found.add(&UNIQUE_ID, "it has an issuerUniqueID or subjectUniqueID", "issue it again without (RFC 5280, 4.1.2.8)");
    }
}

pub fn serial_in_range(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let problem = match facts.serial.content {
        [0x80..=0xff, ..] => "is negative",
        octets if octets.iter().all(|octet| *octet == 0) => "is zero",
        octets if octets.len() > 20 => "has more than 20 octets",
        _ => return,
    };
    let serial = facts.serial.number().map_or_else(|| hex(&facts.serial.content[..facts.serial.content.len().min(32)]), |n| n.to_string());
    found.add(
        &SERIAL_OUT_OF_RANGE,
        format!("the serial number {serial} {problem}"),
        "issue it again with a positive serial number of at most 20 octets (RFC 5280, 4.1.2.2)",
    );
}

pub fn serial_cannot_be_guessed(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let octets = facts.serial.content;
    if octets.len() < 8 && !facts.is_self_issued() && octets.first().is_some_and(|first| *first < 0x80) {
        let octets = octets.len();
        found.add(
            &SERIAL_SHORT,
            format!("the serial number {} has {octets} octets", hex(facts.serial.content)),
            "let the authority draw 16 random octets for each serial number",
        );
    }
}

pub fn algorithms_agree(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let [inner, outer] = [facts.inner_algorithm.raw, facts.outer_algorithm.raw];
    if inner != outer {
        let [inner, outer] = [inner, outer].map(|raw| hex(&raw[..raw.len().min(32)]));
        found.add(
            &ALGORITHMS_DIFFER,
            format!("the signed algorithm is {inner}, and the one beside the signature is {outer}"),
            "have it issued again: both must be the same, parameters included (RFC 5280, 4.1.1.2)",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::der::INTEGER;
    use super::super::specimen::{ECDSA_SHA256, algorithm, authority, leaf, null, tlv};

    #[test]
    fn only_version_3_passes() {
        let old = leaf().but(|leaf| leaf.version = vec![]);
        assert_eq!(old.codes(), ["extensions-before-v3"]);
        assert_eq!(old.but(|leaf| leaf.extensions.clear()).codes(), ["version-not-3"]);
        assert_eq!(leaf().but(|leaf| leaf.version = tlv(0xa0, tlv(INTEGER, [7]))).codes(), ["extensions-before-v3"]);
    }

    #[test]
    fn unique_identifiers_are_found() {
        for tag in [0x81, 0x82] {
            assert_eq!(leaf().but(|leaf| leaf.unique_ids = tlv(tag, [0, 1])).codes(), ["unique-id"]);
        }
    }

    #[test]
    fn serial_numbers_are_positive_and_have_20_octets_at_most() {
        let codes = |serial: &[u8]| leaf().but(|leaf| leaf.serial = tlv(INTEGER, serial)).codes();
        assert_eq!(codes(&[0xfb]), ["serial-out-of-range"]);
        assert_eq!(codes(&[0x41; 21]), ["serial-out-of-range"]);
        assert_eq!(codes(&[0]), ["serial-out-of-range", "serial-short"]);
        assert_eq!(codes(&[5]), ["serial-short"]);
        assert!(codes(&[0x41; 20]).is_empty());
        let negative = leaf().but(|leaf| leaf.serial = tlv(INTEGER, [0xfb])).findings();
        assert_eq!(negative[0].message, "the serial number -5 is negative");
    }

    #[test]
    fn both_algorithms_are_the_same() {
        let codes = authority().but(|root| root.outer_algorithm = Some(algorithm(ECDSA_SHA256, &null()))).codes();
        assert_eq!(codes, ["signature-algorithms-differ", "signature-parameters"]);
    }
}
