//! Rules on the encoding: DER (X.690) and the ASN.1 of RFC 5280.

use super::der::Element;
use super::facts::Extensions;
use super::findings::Findings;
use super::grammar::{Breach, Misfit, Shape, misfits};
use super::{strict, syntax};
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[&NOT_DER, &DEFAULT_WRITTEN_OUT, &MALFORMED, &EXTENSION_MALFORMED, &EXTENSION_TWICE];

const NOT_DER: Rule = Rule {
    code: "not-der",
    severity: Severity::Error,
    title: "encoded against DER",
    why: "RFC 5280, 4.1 demands DER. rustls refuses BER, Java and OpenSSL accept some of it, and a signature made over one encoding does not \
          hold for another.",
};
const DEFAULT_WRITTEN_OUT: Rule = Rule {
    code: "default-written-out",
    severity: Severity::Error,
    title: "a default value is written out",
    why: "DER leaves default values out (X.690, 11.5). rustls and Go refuse some of them, such as `critical FALSE`.",
};
const MALFORMED: Rule = Rule {
    code: "malformed",
    severity: Severity::Error,
    title: "not as RFC 5280 writes it",
    why: "What does not keep to the ASN.1 of RFC 5280 is read differently by each program, or by none.",
};
const EXTENSION_MALFORMED: Rule = Rule {
    code: "extension-malformed",
    severity: Severity::Error,
    title: "an extension that cannot be read",
    why: "Java, OpenSSL and rustls refuse the whole certificate when an extension that they look at does not keep to its ASN.1 (RFC 5280, 4.2).",
};
const EXTENSION_TWICE: Rule = Rule {
    code: "extension-twice",
    severity: Severity::Error,
    title: "an extension occurs twice",
    why: "RFC 5280, 4.2: not more than one instance of an extension. Java and rustls refuse such a certificate.",
};

/// The whole of a certificate, list or request against DER and its grammar.
pub fn whole(whole: Element<'_>, shape: &Shape, found: &mut Findings<'_>) {
    for defect in strict::defects(whole) {
        not_der(&format!("at offset {}, {}", defect.at, defect.problem), found);
    }
    for Misfit { breach, at, problem } in misfits(shape, whole) {
        match breach {
            // The walk over all of it has found those.
            Breach::Encoding => {}
            Breach::Default => default_written_out(at, &problem, found),
            Breach::Syntax => {
                found.add(&MALFORMED, format!("at offset {at}, {problem}"), "have it issued again by a program that writes RFC 5280")
            }
        }
    }
}

/// The value of each extension against DER and its grammar.
pub fn extension_values(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    for extension in &extensions.0 {
        let name = extension.name();
        let Some(shape) = syntax::extension(extension.id.content) else { continue };
        let Some(value) = extension.value.inside() else {
            malformed(&name, extension.value.at, "its value is not one element", found);
            continue;
        };
        for defect in strict::defects(value) {
            not_der(&format!("at offset {}, in {name}, {}", defect.at, defect.problem), found);
        }
        let strict = strict::defects(value).is_empty();
        for Misfit { breach, at, problem } in misfits(shape, value) {
            match breach {
                Breach::Syntax => malformed(&name, at, &problem, found),
                Breach::Default => default_written_out(at, &format!("in {name}, {problem}"), found),
                Breach::Encoding if strict => not_der(&format!("at offset {at}, in {name}, {problem}"), found),
                Breach::Encoding => {}
            }
        }
    }
}

pub fn no_extension_twice(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    for extension in &extensions.0 {
        if !seen.insert(extension.id.content) {
            found.add(
                &EXTENSION_TWICE,
                format!("the extension {} occurs a second time at offset {}", extension.name(), extension.id.at),
                "issue it again with one extension that holds both values (RFC 5280, 4.2)",
            );
        }
    }
}

fn not_der(message: &str, found: &mut Findings<'_>) {
    found.add(&NOT_DER, message, "have it issued again by a program that writes DER (RFC 5280, 4.1)");
}

fn default_written_out(at: usize, problem: &str, found: &mut Findings<'_>) {
    found.add(&DEFAULT_WRITTEN_OUT, format!("at offset {at}, {problem}"), "issue it again without the default value (X.690, 11.5)");
}

fn malformed(name: &str, at: usize, problem: &str, found: &mut Findings<'_>) {
    found.add(
        &EXTENSION_MALFORMED,
        format!("{name} cannot be read: at offset {at}, {problem}"),
        "issue it again with this extension as RFC 5280, 4.2 writes it",
    );
}

#[cfg(test)]
mod tests {
    use super::super::der::{BIT_STRING, BOOLEAN, INTEGER, OCTET_STRING};
    use super::super::oids;
    use super::super::specimen::{authority, leaf, sequence, tlv};

    #[test]
    fn ber_is_told_from_der() {
        let long = leaf().but(|leaf| leaf.serial = [&[INTEGER, 0x81, 16], &[0x41; 16][..]].concat());
        assert_eq!(long.codes(), ["not-der"]);
        let padded = leaf().but(|leaf| leaf.serial = tlv(INTEGER, [&[0], &[0x41; 15][..]].concat()));
        assert_eq!(padded.codes(), ["not-der"]);
        assert_eq!(padded.findings()[0].message, "at offset 13, the INTEGER has a superfluous leading zero");
    }

    #[test]
    fn named_bits_end_with_one_that_is_set() {
        for bits in [&[0, 0x80][..], &[7, 0x80, 0]] {
            assert_eq!(leaf().with(oids::KEY_USAGE, true, tlv(BIT_STRING, bits)).codes(), ["not-der"], "{bits:x?}");
        }
    }

    #[test]
    fn default_values_are_left_out() {
        let constraints = sequence([tlv(BOOLEAN, [0])]);
        assert_eq!(leaf().with(oids::BASIC_CONSTRAINTS, true, constraints).codes(), ["default-written-out"]);
        assert_eq!(leaf().but(|leaf| leaf.version = tlv(0xa0, tlv(INTEGER, [0]))).codes(), ["default-written-out", "extensions-before-v3"]);
    }

    #[test]
    fn extensions_keep_to_their_grammar() {
        for (id, value) in [
            (oids::KEY_USAGE, [tlv(BIT_STRING, [7, 0x80]), vec![0]].concat()),
            (oids::KEY_USAGE, tlv(OCTET_STRING, [7, 0x80])),
            (oids::BASIC_CONSTRAINTS, sequence([tlv(INTEGER, [1]), tlv(BOOLEAN, [0xff])])),
            (oids::EXTENDED_KEY_USAGE, sequence([])),
            (oids::AUTHORITY_INFO_ACCESS, sequence([])),
            (oids::OCSP_NO_CHECK, vec![]),
        ] {
            let codes = leaf().with(id, false, value).codes();
            assert!(codes.contains(&"extension-malformed"), "{id}: {codes:?}");
        }
    }

    #[test]
    fn a_field_too_many_is_malformed() {
        assert_eq!(leaf().but(|leaf| leaf.unique_ids = tlv(0x85, [0])).codes(), ["malformed"]);
    }

    #[test]
    fn no_extension_stands_twice() {
        let twice = authority().but(|authority| authority.extensions.push(authority.extensions[0].clone()));
        assert_eq!(twice.codes(), ["extension-twice"]);
    }
}
