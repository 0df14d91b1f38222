//! Rules on Certificate Transparency (RFC 6962, 3.1 and 3.3).

use super::facts::Facts;
use super::findings::Findings;
use super::oids;
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[&PRECERTIFICATE, &TIMESTAMPS];

const PRECERTIFICATE: Rule = Rule {
    code: "precertificate",
    severity: Severity::Error,
    title: "a precertificate",
    why: "RFC 6962, 3.1: it is for logs alone, and its critical extension makes every program refuse it.",
};
const TIMESTAMPS: Rule = Rule {
    code: "sct-list-malformed",
    severity: Severity::Warning,
    title: "a list of timestamps that cannot be read",
    why: "RFC 6962, 3.3: one timestamp at least, each with its length. Clients that look at it refuse the certificate.",
};

pub fn is_no_precertificate(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.extensions.has(oids::PRECERTIFICATE_POISON) {
        let beside = if facts.extensions.has(oids::SCT_LIST) { ", although it has timestamps of logs" } else { "" };
        found.add(&PRECERTIFICATE, format!("it is a precertificate{beside}"), "use the certificate that was issued for it");
    }
}

pub fn timestamps_can_be_read(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let Some(list) = facts.extensions.body(oids::SCT_LIST) else { return };
    let problem = match framed(list.content) {
        Some(([], [])) => "is empty",
        Some((timestamps, [])) if are_timestamps(timestamps) => return,
        _ => "has a length that does not fit",
    };
    found.add(&TIMESTAMPS, format!("the list of signed certificate timestamps {problem}"), "have it issued again");
}

/// What is framed by two octets of length, and what follows.
fn framed(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

fn are_timestamps(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        match framed(rest) {
            Some((timestamp, after)) if is_timestamp(timestamp) => rest = after,
            _ => return false,
        }
    }
    true
}

/// Version 1, log, time, extensions, two octets of algorithm, signature.
fn is_timestamp(octets: &[u8]) -> bool {
    let after = octets.strip_prefix(&[0]).and_then(|rest| rest.get(32 + 8..)).and_then(framed);
    let signature = after.and_then(|(_, rest)| rest.get(2..)).and_then(framed);
    signature.is_some_and(|(signature, rest)| !signature.is_empty() && rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::der::OCTET_STRING;
    use super::super::oids::{PRECERTIFICATE_POISON, SCT_LIST};
    use super::super::specimen::{leaf, null, tlv};

    #[test]
    fn a_precertificate_is_told() {
        assert_eq!(leaf().with(PRECERTIFICATE_POISON, true, null()).codes(), ["precertificate"]);
    }

    #[test]
    fn timestamps_fit_their_lengths() {
        let framed = |octets: &[u8]| [&(octets.len() as u16).to_be_bytes()[..], octets].concat();
        let timestamp = [&[0][..], &[1; 40], &framed(&[]), &[4, 3], &framed(&[9; 70])].concat();
        let codes = |list: &[u8]| leaf().with(SCT_LIST, false, tlv(OCTET_STRING, list)).codes();
        assert!(codes(&framed(&framed(&timestamp))).is_empty());
        for bad in [framed(&[]), framed(&timestamp), framed(&framed(&timestamp[..50])), framed(&framed(&timestamp))[1..].to_vec()] {
            assert_eq!(codes(&bad), ["sct-list-malformed"]);
        }
    }
}
