//! Rules on what a key may be used for (RFC 5280, 4.2.1.3, 4.2.1.9 and 4.2.1.12).

use super::der::INTEGER;
use super::facts::Facts;
use super::findings::Findings;
use super::oids::{self, Oid};
use super::post_quantum;
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[
    &AUTHORITY_WITHOUT_KEY_USAGE,
    &AUTHORITY_MAY_NOT_SIGN,
    &LEAF_MAY_SIGN,
    &KEY_USAGE_EMPTY,
    &KEY_USAGE_IMPOSSIBLE,
    &KEY_USAGE_SUPERFLUOUS,
    &ENCIPHER_ONLY,
    &USAGES_CONTRADICT,
    &PATH_LENGTH,
    &KEY_PERIOD,
];

const AUTHORITY_WITHOUT_KEY_USAGE: Rule = Rule {
    code: "authority-without-key-usage",
    severity: Severity::Warning,
    title: "an authority without keyUsage",
    why: "RFC 5280, 4.2.1.3: an authority must say that its key signs certificates. Strict validators refuse it, such as Python 3.13 and pyca.",
};
const AUTHORITY_MAY_NOT_SIGN: Rule = Rule {
    code: "authority-may-not-sign",
    severity: Severity::Error,
    title: "an authority that may not sign certificates",
    why: "Without keyCertSign, Java, OpenSSL and Erlang refuse every certificate that it has signed (RFC 5280, 4.2.1.3 and 6.1.4).",
};
const LEAF_MAY_SIGN: Rule = Rule {
    code: "leaf-may-sign",
    severity: Severity::Warning,
    title: "keyCertSign without being an authority",
    why: "RFC 5280, 4.2.1.9: keyCertSign must not be asserted unless cA is. Whoever forgets to look at cA takes the holder for an authority.",
};
const KEY_USAGE_EMPTY: Rule = Rule {
    code: "key-usage-empty",
    severity: Severity::Error,
    title: "a key usage without any bit",
    why: "RFC 5280, 4.2.1.3: at least one bit must be set. The key may be used for nothing.",
};
const KEY_USAGE_IMPOSSIBLE: Rule = Rule {
    code: "key-usage-impossible",
    severity: Severity::Error,
    title: "a key usage that the key cannot have",
    why: "RFC 9295, 9881, 9909 and 9935 list what each kind of key may be used for: a key that signs only does not agree on keys, and the reverse.",
};
const KEY_USAGE_SUPERFLUOUS: Rule = Rule {
    code: "key-usage-superfluous",
    severity: Severity::Warning,
    title: "a key usage that is not for this kind of key",
    why: "RFC 3279, 2.3 and RFC 5480, 3 do not let RSA keys agree on keys nor EC keys encipher. Brokers do not mind; strict authorities refuse it.",
};
const ENCIPHER_ONLY: Rule = Rule {
    code: "encipher-only-alone",
    severity: Severity::Warning,
    title: "encipherOnly or decipherOnly without keyAgreement",
    why: "RFC 5280, 4.2.1.3: without keyAgreement their meaning is undefined.",
};
const USAGES_CONTRADICT: Rule = Rule {
    code: "usages-contradict",
    severity: Severity::Error,
    title: "no use is allowed by both usage extensions",
    why: "RFC 5280, 4.2.1.12: the key is used only as both allow. Java and OpenSSL refuse the certificate for the purpose that it names.",
};
const PATH_LENGTH: Rule = Rule {
    code: "path-length-misplaced",
    severity: Severity::Error,
    title: "a path length where none belongs",
    why: "RFC 5280, 4.2.1.9: only with cA and keyCertSign, and not negative. OpenSSL refuses a path length without cA.",
};
const KEY_PERIOD: Rule = Rule {
    code: "private-key-period",
    severity: Severity::Warning,
    title: "a private key usage period without dates",
    why: "RFC 3280, 4.2.1.4: one of the two dates at least, the first before the second.",
};

const DIGITAL_SIGNATURE: u16 = 0x8000;
const CONTENT_COMMITMENT: u16 = 0x4000;
const KEY_ENCIPHERMENT: u16 = 0x2000;
const DATA_ENCIPHERMENT: u16 = 0x1000;
const KEY_AGREEMENT: u16 = 0x0800;
const KEY_CERT_SIGN: u16 = 0x0400;
const CRL_SIGN: u16 = 0x0200;
const ENCIPHER_OR_DECIPHER_ONLY: u16 = 0x0180;
const SIGNS: u16 = DIGITAL_SIGNATURE | CONTENT_COMMITMENT | KEY_CERT_SIGN | CRL_SIGN;

const BITS: [&str; 9] = [
    "digitalSignature",
    "contentCommitment",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

fn words(bits: u16) -> String {
    let set: Vec<_> = BITS.iter().enumerate().filter(|(i, _)| bits & 0x8000 >> i != 0).map(|(_, word)| *word).collect();
    set.join(", ")
}

pub fn authority_has_key_usage(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.is_authority() && !facts.extensions.has(oids::KEY_USAGE) {
        found.add(
            &AUTHORITY_WITHOUT_KEY_USAGE,
            "it is an authority and has no keyUsage",
            "issue it again with a critical keyUsage of keyCertSign and cRLSign (RFC 5280, 4.2.1.3)",
        );
    }
}

pub fn authority_may_sign(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if let Some(bits) = facts.key_usage().filter(|bits| *bits != 0 && bits & KEY_CERT_SIGN == 0 && facts.is_authority()) {
        let message = format!("it is an authority, and its keyUsage is {} without keyCertSign", words(bits));
        found.add(&AUTHORITY_MAY_NOT_SIGN, message, "issue it again with keyCertSign, or without cA if it is a leaf");
    }
}

pub fn leaf_may_not_sign(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.key_usage().is_some_and(|bits| bits & KEY_CERT_SIGN != 0) && !facts.is_authority() {
        found.add(
            &LEAF_MAY_SIGN,
            "its keyUsage has keyCertSign, and it is no authority",
            "issue it again without keyCertSign, or with cA if it is an authority",
        );
    }
}

pub fn key_usage_has_bits(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.key_usage() == Some(0) {
        found.add(&KEY_USAGE_EMPTY, "its keyUsage has no bit set", "issue it again with the usages of the key, or without keyUsage");
    }
}

pub fn key_usage_fits_key(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let Some(id) = facts.key.child(0).and_then(|algorithm| algorithm.child(0)) else { return };
    let Some(bits) = facts.key_usage() else { return };
    let dotted = oids::dotted(id.content);
    let is = |oid: Oid| oids::is(id, oid);
    let (allowed, rule) = if is(oids::RSA) {
        (!(KEY_AGREEMENT | ENCIPHER_OR_DECIPHER_ONLY), &KEY_USAGE_SUPERFLUOUS)
    } else if is(oids::EC) {
        (!(KEY_ENCIPHERMENT | DATA_ENCIPHERMENT), &KEY_USAGE_SUPERFLUOUS)
    } else if is(oids::RSA_PSS) || is(oids::DSA) || is(oids::ED25519) || is(oids::ED448) || post_quantum::is_signature(&dotted) {
        (SIGNS, &KEY_USAGE_IMPOSSIBLE)
    } else if is(oids::X25519) || is(oids::X448) {
        (KEY_AGREEMENT | ENCIPHER_OR_DECIPHER_ONLY, &KEY_USAGE_IMPOSSIBLE)
    } else if post_quantum::is_kem(&dotted) {
        (KEY_ENCIPHERMENT, &KEY_USAGE_IMPOSSIBLE)
    } else {
        return;
    };
    if bits & !allowed != 0 {
        found.add(
            rule,
            format!("its keyUsage has {}, which is not for a key of the algorithm {dotted}", words(bits & !allowed)),
            "issue it again with usages that the key has",
        );
    }
}

pub fn encipher_only_agrees(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if let Some(bits) = facts.key_usage().filter(|bits| bits & ENCIPHER_OR_DECIPHER_ONLY != 0 && bits & KEY_AGREEMENT == 0) {
        let message = format!("its keyUsage is {} without keyAgreement", words(bits));
        found.add(&ENCIPHER_ONLY, message, "issue it again without encipherOnly and decipherOnly");
    }
}

/// Which usages serve which purpose: RFC 5280, 4.2.1.12.
const PURPOSES: &[(Oid, u16)] = &[
    (oids::SERVER_AUTH, DIGITAL_SIGNATURE | KEY_ENCIPHERMENT | KEY_AGREEMENT),
    (oids::CLIENT_AUTH, DIGITAL_SIGNATURE | KEY_AGREEMENT),
    (oids::CODE_SIGNING, DIGITAL_SIGNATURE),
    (oids::EMAIL_PROTECTION, DIGITAL_SIGNATURE | CONTENT_COMMITMENT | KEY_ENCIPHERMENT | KEY_AGREEMENT),
    (oids::TIME_STAMPING, DIGITAL_SIGNATURE | CONTENT_COMMITMENT),
    (oids::OCSP_SIGNING, DIGITAL_SIGNATURE | CONTENT_COMMITMENT),
];

pub fn usages_agree(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let Some(bits) = facts.key_usage().filter(|bits| *bits != 0 && !facts.is_authority()) else { return };
    for (purpose, serving) in PURPOSES {
        if facts.has_purpose(*purpose) && bits & serving == 0 {
            let purpose = oids::name(purpose.as_bytes());
            found.add(
                &USAGES_CONTRADICT,
                format!("extKeyUsage has {purpose}, and keyUsage is {}, which does not serve it", words(bits)),
                format!("issue it again with one of {} (RFC 5280, 4.2.1.12)", words(*serving)),
            );
        }
    }
}

pub fn path_length_in_place(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let Some(length) = facts.basic_constraints().and_then(|constraints| constraints.tagged(INTEGER)) else { return };
    let problem = if !facts.is_authority() {
        "and it is no authority"
    } else if facts.key_usage().is_some_and(|bits| bits & KEY_CERT_SIGN == 0) {
        "and its keyUsage lacks keyCertSign"
    } else if length.content.first().is_some_and(|first| *first >= 0x80) {
        "which is negative"
    } else {
        return;
    };
    let shown = length.number().map_or_else(|| "a long number".to_owned(), |number| number.to_string());
    found.add(
        &PATH_LENGTH,
        format!("it has the path length {shown}, {problem}"),
        "issue it again without the path length (RFC 5280, 4.2.1.9)",
    );
}

pub fn key_period_has_dates(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let Some(period) = facts.extensions.body(oids::PRIVATE_KEY_USAGE_PERIOD) else { return };
    let problem = match (period.tagged(0x80), period.tagged(0x81)) {
        (None, None) => "has neither date",
        (Some(first), Some(last)) if last.content < first.content => "ends before it begins",
        _ => return,
    };
    found.add(&KEY_PERIOD, format!("privateKeyUsagePeriod {problem}"), "issue it again without privateKeyUsagePeriod");
}

#[cfg(test)]
mod tests {
    use super::super::der::{BIT_STRING, BOOLEAN};
    use super::super::specimen::{Specimen, algorithm, authority, key, leaf, rsa_key, sequence, tlv, usage};
    use super::*;

    #[test]
    fn an_authority_says_that_it_signs() {
        assert_eq!(authority().without(oids::KEY_USAGE).codes(), ["authority-without-key-usage"]);
        let no_length = sequence([tlv(BOOLEAN, [0xff])]);
        let codes = authority().with(oids::BASIC_CONSTRAINTS, true, no_length).with(oids::KEY_USAGE, true, usage(0x80)).codes();
        assert_eq!(codes, ["authority-may-not-sign"]);
    }

    #[test]
    fn a_leaf_does_not() {
        assert_eq!(leaf().with(oids::KEY_USAGE, true, usage(0x84)).codes(), ["leaf-may-sign"]);
    }

    #[test]
    fn key_usage_has_a_bit() {
        assert_eq!(leaf().with(oids::KEY_USAGE, true, tlv(BIT_STRING, [0])).codes(), ["key-usage-empty"]);
    }

    #[test]
    fn usages_are_those_of_the_key() {
        let with = |key: Vec<u8>, bits| {
            let plain: Specimen = leaf().without(oids::SUBJECT_KEY_ID).without(oids::EXTENDED_KEY_USAGE).but(|leaf| leaf.key = key);
            plain
                .with(oids::KEY_USAGE, true, usage(bits))
                .codes()
                .into_iter()
                .filter(|code| *code != "leaf-key-id-missing")
                .collect::<Vec<_>>()
        };
        let modern = |dotted, octets| key(algorithm(Oid::new_unwrap(dotted), &[]), &vec![1; octets]);
        assert_eq!(leaf().with(oids::KEY_USAGE, true, usage(0xa0)).codes(), ["key-usage-superfluous"]);
        assert_eq!(with(rsa_key(2203, &[1, 0, 1]), 0x88), ["key-usage-superfluous"]);
        assert!(with(rsa_key(2203, &[1, 0, 1]), 0xa0).is_empty());
        assert_eq!(with(modern("1.3.101.112", 32), 0x88), ["key-usage-impossible"]);
        assert_eq!(with(modern("1.3.101.110", 32), 0x80), ["key-usage-impossible"]);
        assert!(with(modern("1.3.101.110", 32), 0x08).is_empty());
        assert_eq!(with(modern("2.16.840.1.101.3.4.3.18", 1952), 0xa0), ["key-usage-impossible"]);
        assert_eq!(with(modern("2.16.840.1.101.3.4.4.1", 800), 0x80), ["key-usage-impossible"]);
        assert!(with(modern("2.16.840.1.101.3.4.4.1", 800), 0x20).is_empty());
    }

    #[test]
    fn encipher_only_comes_with_key_agreement() {
        assert_eq!(leaf().with(oids::KEY_USAGE, true, usage(0x81)).codes(), ["encipher-only-alone"]);
        assert!(leaf().with(oids::KEY_USAGE, true, usage(0x89)).codes().is_empty());
    }

    #[test]
    fn both_usage_extensions_leave_a_use() {
        assert_eq!(leaf().with(oids::KEY_USAGE, true, usage(0x40)).codes(), ["usages-contradict"]);
        let found = leaf().with(oids::KEY_USAGE, true, usage(0x40)).findings();
        assert_eq!(found[0].message, "extKeyUsage has serverAuth, and keyUsage is contentCommitment, which does not serve it");
    }

    #[test]
    fn path_lengths_are_for_authorities() {
        let codes = |constraints| leaf().with(oids::BASIC_CONSTRAINTS, true, constraints).codes();
        assert_eq!(codes(sequence([tlv(INTEGER, [0])])), ["path-length-misplaced"]);
        let negative = sequence([tlv(BOOLEAN, [0xff]), tlv(INTEGER, [0xff])]);
        assert_eq!(authority().with(oids::BASIC_CONSTRAINTS, true, negative).codes(), ["path-length-misplaced"]);
    }

    #[test]
    fn a_key_period_has_a_date() {
        assert_eq!(leaf().with(oids::PRIVATE_KEY_USAGE_PERIOD, false, sequence([])).codes(), ["private-key-period"]);
        let backwards = sequence([tlv(0x80, "20250101000000Z"), tlv(0x81, "20240101000000Z")]);
        assert_eq!(leaf().with(oids::PRIVATE_KEY_USAGE_PERIOD, false, backwards).codes(), ["private-key-period"]);
    }
}
