//! Rules on the names of subjectAltName and its like (RFC 5280, 4.2.1.6; RFC 9549; RFC 9598).

use super::der::{Element, UTF8_STRING};
use super::findings::Findings;
use super::name_syntax::{host_problem, mailbox_problem, uri_problem, utf8_mailbox_problem};
use super::oids;
use super::text::quoted;
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[
    &DNS_NAME,
    &DNS_NAME_IS_ADDRESS,
    &DNS_UNDERSCORE,
    &DNS_WILDCARD,
    &DNS_HYPHENS,
    &MAIL_NAME,
    &UTF8_MAIL_NAME,
    &URI_NAME,
    &IP_NAME,
    &DIRECTORY_NAME_EMPTY,
];

const DNS_NAME: Rule = Rule {
    code: "dns-name-syntax",
    severity: Severity::Error,
    title: "a dNSName that is no host name",
    why: "RFC 5280, 4.2.1.6 wants the preferred name syntax. rustls refuses a whole certificate for one such name, and no client matches it.",
};
const DNS_NAME_IS_ADDRESS: Rule = Rule {
    code: "dns-name-is-address",
    severity: Severity::Error,
    title: "an address in a dNSName",
    why: "Clients compare an address with iPAddress only (RFC 9525, 6.5): Java, OpenSSL and rustls all say that the name does not match.",
};
const DNS_UNDERSCORE: Rule = Rule {
    code: "dns-name-underscore",
    severity: Severity::Warning,
    title: "an underscore in a dNSName",
    why: "Underscores are no part of a host name (RFC 1123, 2.1). Some programs refuse them, among them Java's URI parser.",
};
const DNS_WILDCARD: Rule = Rule {
    code: "dns-name-wildcard",
    severity: Severity::Warning,
    title: "a wildcard that not everybody takes",
    why: "RFC 9525, 6.3 knows a * as the whole leftmost label alone. OpenSSL and Java match some others, rustls and Erlang none.",
};
const DNS_HYPHENS: Rule = Rule {
    code: "dns-name-hyphens",
    severity: Severity::Warning,
    title: "a reserved label in a dNSName",
    why: "Labels with -- as third and fourth character are kept for encodings such as xn-- (RFC 5891, 4.2.3.1).",
};
const MAIL_NAME: Rule = Rule {
    code: "rfc822-name-syntax",
    severity: Severity::Warning,
    title: "an rfc822Name that is no mailbox",
    why: "RFC 5280, 4.2.1.6: an rfc822Name is local-part@host. Java and OpenSSL refuse it where a name constraint looks at it.",
};
const UTF8_MAIL_NAME: Rule = Rule {
    code: "smtp-utf8-mailbox-syntax",
    severity: Severity::Warning,
    title: "a SmtpUTF8Mailbox that is none",
    why: "RFC 9598, 3: a UTF8String whose local part is not ASCII and whose domain is in A-labels.",
};
const URI_NAME: Rule = Rule {
    code: "uri-syntax",
    severity: Severity::Warning,
    title: "a URI that is not absolute",
    why: "RFC 5280, 4.2.1.6: a URI has a scheme, and where it has an authority, that is a host name or an address.",
};
const IP_NAME: Rule = Rule {
    code: "ip-address-length",
    severity: Severity::Error,
    title: "an iPAddress of the wrong length",
    why: "RFC 5280, 4.2.1.6: 4 octets or 16. Java and rustls refuse the certificate.",
};
const DIRECTORY_NAME_EMPTY: Rule = Rule {
    code: "directory-name-empty",
    severity: Severity::Warning,
    title: "a directoryName without anything in it",
    why: "RFC 5280, 4.2.1.6: names of zero length must not be used.",
};

/// Every rule on one GeneralName; `holder` is the extension that it stands in.
pub fn general_name(name: Element<'_>, holder: &str, found: &mut Findings<'_>) {
    let text = String::from_utf8_lossy(name.content);
    match name.tag {
        0xa0 => other_name(name, holder, found),
        0x81 => mail_name(&text, holder, found),
        0x82 => {
            for rule in [dns_name, dns_name_is_address, dns_underscore, dns_wildcard, dns_hyphens] {
                rule(&text, holder, found);
            }
        }
        0xa4 => directory_name(name, holder, found),
        0x86 => uri(&text, holder, found),
        0x87 => ip_address(name, holder, found),
        _ => {}
    }
}

fn dns_name(text: &str, holder: &str, found: &mut Findings<'_>) {
    // Where a * may stand is another rule.
    if let Some(problem) = host_problem(&text.replace('*', "x")) {
        found.add(
            &DNS_NAME,
            format!("the dNSName {} of {holder} {problem}", quoted(text)),
            "issue it again with the host name as clients write it (RFC 5280, 4.2.1.6)",
        );
    }
}

fn dns_name_is_address(text: &str, holder: &str, found: &mut Findings<'_>) {
    if text.parse::<std::net::IpAddr>().is_ok() {
        found.add(
            &DNS_NAME_IS_ADDRESS,
            format!("the dNSName {} of {holder} is an address", quoted(text)),
            "issue it again with the address as an iPAddress",
        );
    }
}

fn dns_underscore(text: &str, holder: &str, found: &mut Findings<'_>) {
    if text.contains('_') {
        found.add(
            &DNS_UNDERSCORE,
            format!("the dNSName {} of {holder} has an underscore", quoted(text)),
            "rename the host, with a hyphen instead",
        );
    }
}

fn dns_wildcard(text: &str, holder: &str, found: &mut Findings<'_>) {
    let is_usual = text.strip_prefix("*.").is_some_and(|rest| !rest.contains('*') && rest.contains('.'));
    if text.contains('*') && !is_usual {
        found.add(
            &DNS_WILDCARD,
            format!("the dNSName {} of {holder} has its * where not everybody takes it", quoted(text)),
            "issue it again with *.example.com, or better with every name that is used",
        );
    }
}

fn dns_hyphens(text: &str, holder: &str, found: &mut Findings<'_>) {
    let is_reserved = |label: &str| label.get(2..4) == Some("--") && !label.to_ascii_lowercase().starts_with("xn--");
    if text.split('.').any(is_reserved) {
        found.add(
            &DNS_HYPHENS,
            format!("the dNSName {} of {holder} has -- as third and fourth character of a label", quoted(text)),
            "rename the host",
        );
    }
}

fn mail_name(text: &str, holder: &str, found: &mut Findings<'_>) {
    if let Some(problem) = mailbox_problem(text) {
        found.add(
            &MAIL_NAME,
            format!("the rfc822Name {} of {holder} {problem}", quoted(text)),
            "issue it again with local-part@host (RFC 5280, 4.2.1.6)",
        );
    }
}

fn other_name(name: Element<'_>, holder: &str, found: &mut Findings<'_>) {
    let (Some(id), Some(value)) = (name.child(0), name.child(1).and_then(|value| value.child(0))) else { return };
    let text = String::from_utf8_lossy(value.content);
    let problem = match value.tag {
        UTF8_STRING => utf8_mailbox_problem(&text),
        _ => Some("is no UTF8String"),
    };
    if let Some(problem) = problem.filter(|_| oids::is(id, oids::SMTP_UTF8_MAILBOX)) {
        found.add(
            &UTF8_MAIL_NAME,
            format!("the SmtpUTF8Mailbox {} of {holder} {problem}", quoted(&text)),
            "issue it again as RFC 9598, 3 writes it",
        );
    }
}

fn uri(text: &str, holder: &str, found: &mut Findings<'_>) {
    if let Some(problem) = uri_problem(text) {
        found.add(
            &URI_NAME,
            format!("the URI {} of {holder} {problem}", quoted(text)),
            "issue it again with an absolute URI (RFC 3986, 4.3)",
        );
    }
}

fn ip_address(name: Element<'_>, holder: &str, found: &mut Findings<'_>) {
    let octets = name.content.len();
    if !matches!(octets, 4 | 16) {
        found.add(&IP_NAME, format!("an iPAddress of {holder} has {octets} octets"), "issue it again with 4 octets for IPv4, 16 for IPv6");
    }
}

fn directory_name(name: Element<'_>, holder: &str, found: &mut Findings<'_>) {
    if name.child(0).is_some_and(|name| name.content.is_empty()) {
        found.add(&DIRECTORY_NAME_EMPTY, format!("a directoryName of {holder} is empty"), "issue it again without the empty name");
    }
}

#[cfg(test)]
mod tests {
    use super::super::der::UTF8_STRING;
    use super::super::oids::{SMTP_UTF8_MAILBOX, SUBJECT_ALT_NAME};
    use super::super::specimen::{leaf, oid, sequence, tlv};

    fn codes(name: Vec<u8>) -> Vec<&'static str> {
        let host = tlv(0x82, "broker-1.example.com");
        leaf().with(SUBJECT_ALT_NAME, false, sequence([host, name])).codes()
    }

    #[test]
    fn host_names_are_host_names() {
        for bad in ["", " ", ".example.com", "a..b", "example.com.", "http://a", "a b", &"x".repeat(64)] {
            assert_eq!(codes(tlv(0x82, bad)), ["dns-name-syntax"], "{bad}");
        }
        assert_eq!(codes(tlv(0x82, "192.0.2.1")), ["dns-name-is-address"]);
        assert_eq!(codes(tlv(0x82, "broker_1.example.com")), ["dns-name-underscore"]);
        assert_eq!(codes(tlv(0x82, "ab--c.example.com")), ["dns-name-hyphens"]);
        assert_eq!(codes(tlv(0x82, "bücher.example")), ["extension-malformed", "dns-name-syntax"]);
    }

    #[test]
    fn wildcards_stand_alone_on_the_left() {
        for bad in ["*", "*.com.*", "b*.example.com", "a.*.example.com"] {
            assert_eq!(codes(tlv(0x82, bad)), ["dns-name-wildcard"], "{bad}");
        }
        assert!(codes(tlv(0x82, "*.example.com")).is_empty());
    }

    #[test]
    fn other_kinds_of_names_keep_to_their_syntax() {
        assert_eq!(codes(tlv(0x81, "nobody")), ["rfc822-name-syntax"]);
        assert_eq!(codes(tlv(0x86, "/relative")), ["uri-syntax"]);
        assert_eq!(codes(tlv(0x87, [1, 2, 3])), ["ip-address-length"]);
        assert_eq!(codes(tlv(0xa4, sequence([]))), ["directory-name-empty"]);
        for good in [tlv(0x81, "a@example.com"), tlv(0x86, "spiffe://example.com/kafka"), tlv(0x87, [0; 16]), tlv(0x88, [42, 3])] {
            assert!(codes(good).is_empty());
        }
    }

    #[test]
    fn utf8_mailboxes_have_a_domain_in_a_labels() {
        let mailbox = |text: &str| codes(tlv(0xa0, [oid(SMTP_UTF8_MAILBOX), tlv(0xa0, tlv(UTF8_STRING, text))].concat()));
        assert_eq!(mailbox("käfer@bücher.example"), ["smtp-utf8-mailbox-syntax"]);
        assert!(mailbox("käfer@example.com").is_empty());
    }
}
