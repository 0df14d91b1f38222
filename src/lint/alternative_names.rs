//! Rules on subjectAltName and issuerAltName as a whole, and on the subject beside them (RFC 5280, 4.1.2.6 and 4.2.1.6).

use super::facts::{Facts, attributes};
use super::findings::Findings;
use super::general_names::general_name;
use super::oids;
use super::text::{quoted, text};
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[&ISSUER_EMPTY, &SUBJECT_EMPTY, &NAME_TWICE, &MAIL_ONLY_IN_SUBJECT, &HOST_ONLY_IN_SUBJECT];

const ISSUER_EMPTY: Rule = Rule {
    code: "issuer-empty",
    severity: Severity::Error,
    title: "an issuer without a name",
    why: "RFC 5280, 4.1.2.4: the issuer has a name that is not empty. Issuers are found by it.",
};
const SUBJECT_EMPTY: Rule = Rule {
    code: "subject-empty",
    severity: Severity::Error,
    title: "a subject without any name",
    why: "RFC 5280, 4.1.2.6: an authority has a subject, and a leaf without one has its names in subjectAltName. Java refuses the rest.",
};
const NAME_TWICE: Rule = Rule {
    code: "alternative-name-twice",
    severity: Severity::Note,
    title: "the same name twice",
    why: "It does no harm, and says that the list was put together without care.",
};
const MAIL_ONLY_IN_SUBJECT: Rule = Rule {
    code: "mail-only-in-subject",
    severity: Severity::Warning,
    title: "an e-mail address in the subject alone",
    why: "RFC 5280, 4.1.2.6: addresses belong into subjectAltName; emailAddress in the subject is of the past. Name constraints meet it by surprise.",
};
const HOST_ONLY_IN_SUBJECT: Rule = Rule {
    code: "host-only-in-subject",
    severity: Severity::Note,
    title: "a host name in the common name alone",
    why: "Java, librdkafka, Erlang and rustls read host names from subjectAltName alone when there is one (RFC 9525, 6.1).",
};

pub fn issuer_has_name(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.issuer.content.is_empty() {
        found.add(&ISSUER_EMPTY, "the issuer is an empty name", "issue it again with an authority that has a subject (RFC 5280, 4.1.2.4)");
    }
}

pub fn subject_has_name(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if !facts.has_subject() && (facts.is_authority() || !facts.extensions.has(oids::SUBJECT_ALT_NAME)) {
        let whose = if facts.is_authority() { "it is an authority" } else { "it has no subjectAltName" };
        found.add(
            &SUBJECT_EMPTY,
            format!("the subject is an empty name, and {whose}"),
            "issue it again with a subject (RFC 5280, 4.1.2.6)",
        );
    }
}

/// Each name of both extensions by its own rules.
pub fn alternative_names(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for id in [oids::SUBJECT_ALT_NAME, oids::ISSUER_ALT_NAME] {
        for name in facts.extensions.body(id).into_iter().flat_map(|body| body.children()) {
            general_name(name, &oids::name(id.as_bytes()), found);
        }
    }
}

pub fn no_name_twice(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    let names = facts.extensions.body(oids::SUBJECT_ALT_NAME).into_iter().flat_map(|body| body.children());
    for name in names.filter(|name| matches!(name.tag, 0x81 | 0x82 | 0x86 | 0x87)) {
        if !seen.insert(name.raw) && name.tag != 0x87 {
            let text = quoted(&String::from_utf8_lossy(name.content));
            found.add(&NAME_TWICE, format!("subjectAltName has {text} more than once"), "issue it again with each name once");
        }
    }
}

pub fn mail_is_alternative_name(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let names = names_of(facts, 0x81);
    for attribute in attributes(facts.subject).filter(|attribute| oids::is(attribute.id, oids::EMAIL_ADDRESS)) {
        let text = text(attribute.value);
        if !names.contains(text.to_ascii_lowercase().as_bytes()) {
            found.add(
                &MAIL_ONLY_IN_SUBJECT,
                format!("emailAddress {} of the subject is not in subjectAltName", quoted(&text)),
                "issue it again without emailAddress, or with the address as an rfc822Name (RFC 5280, 4.1.2.6)",
            );
        }
    }
}

pub fn host_is_alternative_name(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.is_authority() || !facts.has_purpose(oids::SERVER_AUTH) {
        return;
    }
    let names = names_of(facts, 0x82);
    for attribute in attributes(facts.subject).filter(|attribute| oids::is(attribute.id, oids::COMMON_NAME)) {
        let text = text(attribute.value);
        let is_host = text.contains('.') && super::name_syntax::host_problem(text.strip_prefix("*.").unwrap_or(&text)).is_none();
        let is_address = text.parse::<std::net::IpAddr>().is_ok();
        if is_host && !is_address && !names.contains(text.to_ascii_lowercase().as_bytes()) {
            found.add(
                &HOST_ONLY_IN_SUBJECT,
                format!("the common name {} is a host name and is not in subjectAltName", quoted(&text)),
                "issue it again with every host name as a dNSName",
            );
        }
    }
}

/// The alternative names of one kind, in lower case.
fn names_of(facts: &Facts<'_>, tag: u8) -> std::collections::BTreeSet<Vec<u8>> {
    let names = facts.extensions.body(oids::SUBJECT_ALT_NAME).into_iter().flat_map(|body| body.children());
    names.filter(|name| name.tag == tag).map(|name| name.content.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::der::{IA5_STRING, UTF8_STRING};
    use super::super::oids;
    use super::super::specimen::{authority, leaf, name, sequence, tlv};

    #[test]
    fn somebody_issued_it_to_somebody() {
        let empty = || name(&[]);
        assert_eq!(leaf().but(|leaf| leaf.issuer = empty()).codes(), ["issuer-empty"]);
        assert_eq!(authority().but(|authority| authority.subject = empty()).codes(), ["subject-empty"]);
        assert_eq!(leaf().but(|leaf| leaf.subject = empty()).without(oids::SUBJECT_ALT_NAME).codes(), ["subject-empty"]);
    }

    #[test]
    fn a_name_that_stands_twice_is_noted() {
        let names = sequence([tlv(0x82, "broker-1.example.com"), tlv(0x82, "broker-1.example.com")]);
        assert_eq!(leaf().with(oids::SUBJECT_ALT_NAME, false, names).codes(), ["alternative-name-twice"]);
    }

    #[test]
    fn what_only_the_subject_has_is_found() {
        let mail = name(&[(oids::EMAIL_ADDRESS, IA5_STRING, "a@example.com")]);
        assert_eq!(leaf().but(|leaf| leaf.subject = mail).codes(), ["mail-only-in-subject"]);
        let host = name(&[(oids::COMMON_NAME, UTF8_STRING, "broker-2.example.com")]);
        assert_eq!(leaf().but(|leaf| leaf.subject = host).codes(), ["host-only-in-subject"]);
    }
}
