//! Rules on which extensions are critical (RFC 5280, 4.2 and 5.2).

use super::facts::{Extension, Extensions, Facts};
use super::findings::Findings;
use super::oids::{self, Oid};
use super::syntax;
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[&MUST_BE, &SHOULD_BE, &MUST_NOT_BE, &SHOULD_NOT_BE, &UNKNOWN_CRITICAL];

const MUST_BE: Rule = Rule {
    code: "extension-not-critical",
    severity: Severity::Warning,
    title: "an extension that must be critical is not",
    why: "Whoever does not know the extension passes over it and trusts more than was meant (RFC 5280, 4.2).",
};
const SHOULD_BE: Rule = Rule {
    code: "extension-better-critical",
    severity: Severity::Warning,
    title: "an extension that should be critical is not",
    why: "RFC 5280, 4.2.1.3 and 4.2.1.5: authorities should mark keyUsage and policyMappings as critical, lest somebody pass over them.",
};
const MUST_NOT_BE: Rule = Rule {
    code: "extension-critical",
    severity: Severity::Error,
    title: "an extension that must not be critical is",
    why: "Programs that do not look at this extension refuse the certificate, rustls first (RFC 5280, 4.2).",
};
const SHOULD_NOT_BE: Rule = Rule {
    code: "extension-better-not-critical",
    severity: Severity::Warning,
    title: "an extension that should not be critical is",
    why: "Programs that do not look at this extension refuse the certificate; with RFC 5280, 4.2 it should not be critical.",
};
const UNKNOWN_CRITICAL: Rule = Rule {
    code: "unknown-critical-extension",
    severity: Severity::Error,
    title: "a critical extension that nobody knows",
    why: "RFC 5280, 4.2: whoever does not know a critical extension refuses the certificate. Java, Erlang, OpenSSL and rustls all do.",
};

const MUST_BE_CRITICAL: &[Oid] = &[
    oids::NAME_CONSTRAINTS,
    oids::POLICY_CONSTRAINTS,
    oids::INHIBIT_ANY_POLICY,
    oids::PRECERTIFICATE_POISON,
    oids::DELTA_CRL,
    oids::ISSUING_DISTRIBUTION_POINT,
    oids::CERTIFICATE_ISSUER,
];
const SHOULD_BE_CRITICAL: &[Oid] = &[oids::KEY_USAGE, oids::POLICY_MAPPINGS];
const MUST_NOT_BE_CRITICAL: &[Oid] = &[
    oids::AUTHORITY_KEY_ID,
    oids::SUBJECT_KEY_ID,
    oids::SUBJECT_DIRECTORY_ATTRIBUTES,
    oids::FRESHEST_CRL,
    oids::AUTHORITY_INFO_ACCESS,
    oids::SUBJECT_INFO_ACCESS,
    oids::NO_REV_AVAIL,
    oids::PRIVATE_KEY_USAGE_PERIOD,
    oids::SCT_LIST,
    oids::CRL_NUMBER,
    oids::REASON_CODE,
    oids::INVALIDITY_DATE,
];
const SHOULD_NOT_BE_CRITICAL: &[Oid] = &[oids::ISSUER_ALT_NAME, oids::CRL_DISTRIBUTION_POINTS, oids::OCSP_NO_CHECK, oids::TLS_FEATURE];
/// Nobody writes it any more, and OpenSSL and Java know it.
const NETSCAPE_CERTIFICATE_TYPE: Oid = Oid::new_unwrap("2.16.840.1.113730.1.1");

/// Of certificates, lists and their entries alike.
pub fn each_as_it_must(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    for extension in &extensions.0 {
        let listed = |list: &[Oid]| list.iter().any(|id| extension.is(*id));
        match extension.critical {
            false if listed(MUST_BE_CRITICAL) => missing(&MUST_BE, extension, found),
            false if listed(SHOULD_BE_CRITICAL) => missing(&SHOULD_BE, extension, found),
            true if listed(MUST_NOT_BE_CRITICAL) => present(&MUST_NOT_BE, extension, found),
            true if listed(SHOULD_NOT_BE_CRITICAL) => present(&SHOULD_NOT_BE, extension, found),
            true | false => {}
        }
    }
}

/// basicConstraints and subjectAltName: it depends on the certificate.
pub fn as_the_certificate_needs(facts: &Facts<'_>, found: &mut Findings<'_>) {
    const KINDS: [Oid; 3] = [oids::BASIC_CONSTRAINTS, oids::SUBJECT_ALT_NAME, oids::EXTENDED_KEY_USAGE];
    for extension in KINDS.into_iter().filter_map(|id| facts.extensions.get(id)) {
        if extension.is(oids::BASIC_CONSTRAINTS) && facts.is_authority() && !extension.critical {
            missing(&MUST_BE, extension, found);
        }
        if extension.is(oids::SUBJECT_ALT_NAME) {
            match (facts.has_subject(), extension.critical) {
                (false, false) => missing(&MUST_BE, extension, found),
                (true, true) => present(&SHOULD_NOT_BE, extension, found),
                (true, false) | (false, true) => {}
            }
        }
        if extension.is(oids::EXTENDED_KEY_USAGE) && extension.critical && facts.has_purpose(oids::ANY_USAGE) {
            present(&SHOULD_NOT_BE, extension, found);
        }
    }
}

pub fn critical_is_known(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    for extension in extensions.0.iter().filter(|extension| extension.critical) {
        if syntax::extension(extension.id.content).is_none() && !extension.is(NETSCAPE_CERTIFICATE_TYPE) {
            found.add(
                &UNKNOWN_CRITICAL,
                format!("nobody knows the critical extension {}", extension.name()),
                "issue it again with this extension not critical",
            );
        }
    }
}

fn missing(rule: &'static Rule, extension: &Extension<'_>, found: &mut Findings<'_>) {
    let name = extension.name();
    found.add(rule, format!("{name} is not critical"), format!("issue it again with {name} marked critical"));
}

fn present(rule: &'static Rule, extension: &Extension<'_>, found: &mut Findings<'_>) {
    let name = extension.name();
    found.add(rule, format!("{name} is critical"), format!("issue it again with {name} not marked critical"));
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{authority, leaf, name, null, sequence, tlv, usage};
    use super::*;

    #[test]
    fn constraints_are_critical() {
        let subtree = sequence([tlv(0x82, "example.com")]);
        let constraints = sequence([tlv(0xa0, subtree)]);
        assert_eq!(authority().with(oids::NAME_CONSTRAINTS, false, constraints.clone()).codes(), ["extension-not-critical"]);
        assert!(authority().with(oids::NAME_CONSTRAINTS, true, constraints).codes().is_empty());
        let authority =
            authority().but(|authority| authority.extensions.iter_mut().for_each(|each| each.1 &= each.0 != oids::BASIC_CONSTRAINTS));
        assert_eq!(authority.codes(), ["extension-not-critical"]);
    }

    #[test]
    fn alternative_names_are_critical_where_there_is_no_subject() {
        let nameless = leaf().but(|leaf| leaf.subject = name(&[]));
        let (_, _, names) = nameless.extensions.last().unwrap().clone();
        assert_eq!(nameless.codes(), ["extension-not-critical"]);
        assert!(nameless.with(oids::SUBJECT_ALT_NAME, true, names.clone()).codes().is_empty());
        assert_eq!(leaf().with(oids::SUBJECT_ALT_NAME, true, names).codes(), ["extension-better-not-critical"]);
    }

    #[test]
    fn key_usage_is_better_critical() {
        assert_eq!(leaf().with(oids::KEY_USAGE, false, usage(0x80)).codes(), ["extension-better-critical"]);
    }

    #[test]
    fn identifiers_and_pointers_are_not_critical() {
        assert_eq!(leaf().with(oids::AUTHORITY_KEY_ID, true, sequence([tlv(0x80, [7; 20])])).codes(), ["extension-critical"]);
        assert_eq!(leaf().with(oids::TLS_FEATURE, true, sequence([tlv(2, [5])])).codes(), ["extension-better-not-critical"]);
    }

    #[test]
    fn what_nobody_knows_is_not_critical() {
        let own = Oid::new_unwrap("1.3.6.1.4.1.99999.1");
        assert_eq!(leaf().with(own, true, null()).codes(), ["unknown-critical-extension"]);
        assert!(leaf().with(own, false, null()).codes().is_empty());
    }
}
