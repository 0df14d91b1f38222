//! Rules on nameConstraints (RFC 5280, 4.2.1.10; RFC 9549).

use std::net::Ipv6Addr;

use super::der::Element;
use super::facts::Facts;
use super::findings::Findings;
use super::name_syntax::{host_problem, mailbox_problem};
use super::oids;
use super::text::quoted;
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[&IN_LEAF, &EMPTY, &DISTANCE, &IP_MASK, &BASE, &UNCOMMON_KIND];

const IN_LEAF: Rule = Rule {
    code: "name-constraints-in-leaf",
    severity: Severity::Warning,
    title: "nameConstraints in a leaf",
    why: "RFC 5280, 4.2.1.10: it must be used in certificates of authorities alone.",
};
const EMPTY: Rule = Rule {
    code: "name-constraints-empty",
    severity: Severity::Error,
    title: "nameConstraints without a constraint",
    why: "RFC 5280, 4.2.1.10: it must not be an empty sequence. rustls refuses it.",
};
const DISTANCE: Rule = Rule {
    code: "name-constraints-distance",
    severity: Severity::Error,
    title: "nameConstraints with minimum or maximum",
    why: "RFC 5280, 4.2.1.10: minimum is zero and maximum absent. Java, OpenSSL and rustls refuse the rest.",
};
const IP_MASK: Rule = Rule {
    code: "name-constraints-mask",
    severity: Severity::Error,
    title: "an address constraint that is no network",
    why: "RFC 5280, 4.2.1.10: an address and a mask in the style of RFC 4632, 8 octets or 32. rustls refuses a mask with holes.",
};
const BASE: Rule = Rule {
    code: "name-constraints-base",
    severity: Severity::Error,
    title: "a constraint that is no name",
    why: "RFC 5280, 4.2.1.10: a host, a domain or a mailbox. OpenSSL and Java refuse every path through a constraint that they cannot read.",
};
const UNCOMMON_KIND: Rule = Rule {
    code: "name-constraints-uncommon",
    severity: Severity::Warning,
    title: "a constraint on a kind of name that few know",
    why: "RFC 5280, 4.2.1.10: authorities should not impose constraints on x400Address, ediPartyName and registeredID; many refuse the path.",
};

fn subtrees<'a>(facts: &Facts<'a>) -> impl Iterator<Item = Element<'a>> {
    let both = facts.extensions.body(oids::NAME_CONSTRAINTS).into_iter().flat_map(|body| body.children());
    both.flat_map(|subtrees| subtrees.children())
}

pub fn leaf_has_none(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.extensions.has(oids::NAME_CONSTRAINTS) && !facts.is_authority() {
        found.add(&IN_LEAF, "it has nameConstraints and is no authority", "issue it again without nameConstraints");
    }
}

pub fn there_is_a_constraint(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.extensions.body(oids::NAME_CONSTRAINTS).is_some_and(|body| body.content.is_empty()) {
        found.add(&EMPTY, "nameConstraints is empty", "issue it again without, or with the names that are permitted");
    }
}

pub fn no_distance(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for subtree in subtrees(facts) {
        let minimum = subtree.tagged(0x80).filter(|minimum| minimum.content != [0] && subtree.child(0) != Some(*minimum));
        let maximum = subtree.children().skip(1).any(|field| field.tag == 0x81);
        if minimum.is_some() || maximum {
            let which = if maximum { "a maximum" } else { "a minimum other than 0" };
            found.add(&DISTANCE, format!("a subtree of nameConstraints has {which}"), "issue it again with the base of each subtree alone");
        }
    }
}

pub fn addresses_are_networks(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for base in subtrees(facts).filter_map(|subtree| subtree.child(0)).filter(|base| base.tag == 0x87) {
        let problem = match base.content.len() {
            8 | 32 => {
                let mask = &base.content[base.content.len() / 2..];
                let zeros = mask.iter().map(|octet| octet.count_zeros()).sum::<u32>();
                let trailing =
                    mask.iter().rev().scan(true, |go, octet| go.then(|| (*go = *octet == 0, octet.trailing_zeros().min(8)).1)).sum::<u32>();
                if zeros == trailing {
                    continue;
                }
                format!("has the mask {}, which has holes", mask_text(mask))
            }
            octets => format!("has {octets} octets"),
        };
        found.add(
            &IP_MASK,
            format!("an iPAddress of nameConstraints {problem}"),
            "issue it again with an address and a mask, 8 octets for IPv4 or 32 for IPv6",
        );
    }
}

fn mask_text(mask: &[u8]) -> String {
    match <[u8; 16]>::try_from(mask) {
        Ok(mask) => Ipv6Addr::from(mask).to_string(),
        Err(_) => mask.iter().map(u8::to_string).collect::<Vec<_>>().join("."),
    }
}

pub fn bases_are_names(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for base in subtrees(facts).filter_map(|subtree| subtree.child(0)) {
        let text = String::from_utf8_lossy(base.content);
        // A leading dot stands for all below; nothing at all for every name.
        let host = |text: &str| (!text.is_empty()).then(|| host_problem(text.strip_prefix('.').unwrap_or(text))).flatten();
        let (kind, problem) = match base.tag {
            0x81 if text.contains('@') => ("rfc822Name", mailbox_problem(&text)),
            0x81 => ("rfc822Name", host(&text)),
            0x82 if text.contains('*') => ("dNSName", Some("has a wildcard")),
            0x82 => ("dNSName", host(&text)),
            0x86 => ("URI", host(&text)),
            _ => continue,
        };
        if let Some(problem) = problem {
            found.add(
                &BASE,
                format!("the {kind} {} of nameConstraints {problem}", quoted(&text)),
                "issue it again with a host such as a.example.com, or a domain such as .example.com for a URI or mailbox",
            );
        }
    }
}

pub fn kinds_are_common(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for base in subtrees(facts).filter_map(|subtree| subtree.child(0)) {
        let kind = match base.tag {
            0xa3 => "x400Address",
            0xa5 => "ediPartyName",
            0x88 => "registeredID",
            _ => continue,
        };
        found.add(
            &UNCOMMON_KIND,
            format!("nameConstraints has an {kind}"),
            "issue it again with constraints on host names, addresses and directory names",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{authority, leaf, sequence, tlv};
    use super::*;

    fn codes(subtree: &[u8]) -> Vec<&'static str> {
        authority().with(oids::NAME_CONSTRAINTS, true, sequence([tlv(0xa0, tlv(0x30, subtree))])).codes()
    }

    #[test]
    fn they_are_for_authorities_and_constrain() {
        let some = sequence([tlv(0xa1, sequence([tlv(0x82, "example.com")]))]);
        assert!(authority().with(oids::NAME_CONSTRAINTS, true, some.clone()).codes().is_empty());
        assert_eq!(leaf().with(oids::NAME_CONSTRAINTS, true, some).codes(), ["name-constraints-in-leaf"]);
        assert_eq!(authority().with(oids::NAME_CONSTRAINTS, true, sequence([])).codes(), ["name-constraints-empty"]);
    }

    #[test]
    fn distances_are_of_the_past() {
        let host = tlv(0x82, "example.com");
        assert_eq!(codes(&[&host[..], &tlv(0x80, [1])].concat()), ["name-constraints-distance"]);
        assert_eq!(codes(&[&host[..], &tlv(0x81, [1])].concat()), ["name-constraints-distance"]);
    }

    #[test]
    fn addresses_are_networks() {
        assert!(codes(&tlv(0x87, [10, 0, 0, 0, 255, 240, 0, 0])).is_empty());
        assert!(codes(&tlv(0x87, [0; 32])).is_empty());
        assert_eq!(codes(&tlv(0x87, [10, 0, 0, 0, 255, 0, 255, 0])), ["name-constraints-mask"]);
        assert_eq!(codes(&tlv(0x87, [10, 0, 0, 0])), ["name-constraints-mask"]);
    }

    #[test]
    fn bases_are_hosts_domains_or_mailboxes() {
        for (tag, good) in
            [(0x82, "example.com"), (0x82, ".example.com"), (0x82, ""), (0x81, ".example.com"), (0x81, "a@b.de"), (0x86, "a.de")]
        {
            assert!(codes(&tlv(tag, good)).is_empty(), "{good}");
        }
        for (tag, bad) in [(0x82, "*.example.com"), (0x82, "a..b"), (0x81, "..b"), (0x81, "@b.de"), (0x86, "http://a.de/")] {
            assert_eq!(codes(&tlv(tag, bad)), ["name-constraints-base"], "{bad}");
        }
        assert_eq!(codes(&tlv(0x88, [42, 3])), ["name-constraints-uncommon"]);
    }
}
