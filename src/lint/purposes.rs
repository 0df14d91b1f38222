//! Rules on extKeyUsage by itself (RFC 5280, 4.2.1.12; RFC 3161, 2.3).

use super::facts::Facts;
use super::findings::Findings;
use super::oids;
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[&PURPOSE_TWICE, &ANY_PURPOSE, &TIME_STAMPING];

const PURPOSE_TWICE: Rule = Rule {
    code: "purpose-twice",
    severity: Severity::Warning,
    title: "an extended key usage occurs twice",
    why: "It does no harm with most, and strict readers refuse it.",
};
const ANY_PURPOSE: Rule = Rule {
    code: "any-purpose",
    severity: Severity::Note,
    title: "anyExtendedKeyUsage",
    why: "Java and OpenSSL take it for every purpose, rustls and Go do not (RFC 5280, 4.2.1.12 leaves it to them).",
};
const TIME_STAMPING: Rule = Rule {
    code: "time-stamping-not-alone",
    severity: Severity::Error,
    title: "timeStamping that is not critical and alone",
    why: "RFC 3161, 2.3: a time-stamping leaf has that one purpose in a critical extension. OpenSSL refuses any other.",
};

pub fn no_purpose_twice(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    if let Some(purpose) = facts.purposes().iter().find(|purpose| !seen.insert(purpose.content)) {
        found.add(
            &PURPOSE_TWICE,
            format!("extKeyUsage has {} more than once", oids::name(purpose.content)),
            "issue it again with each purpose once",
        );
    }
}

pub fn purposes_are_named(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.has_purpose(oids::ANY_USAGE) {
        found.add(&ANY_PURPOSE, "extKeyUsage has anyExtendedKeyUsage", "issue it again with serverAuth and clientAuth as they are needed");
    }
}

pub fn time_stamping_is_alone(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.is_authority() || !facts.has_purpose(oids::TIME_STAMPING) {
        return;
    }
    let is_critical = facts.extensions.get(oids::EXTENDED_KEY_USAGE).is_some_and(|extension| extension.critical);
    let purposes = facts.purposes().len();
    if !is_critical || purposes != 1 {
        let problem = if is_critical { format!("has {purposes} purposes") } else { "is not critical".to_owned() };
        found.add(
            &TIME_STAMPING,
            format!("extKeyUsage has timeStamping and {problem}"),
            "issue a certificate for time stamps alone (RFC 3161, 2.3)",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::oids::{self, Oid};
    use super::super::specimen::{leaf, oid, tlv};

    #[test]
    fn purposes_are_named_once() {
        let with = |critical, purposes: &[Oid]| {
            let list: Vec<u8> = purposes.iter().flat_map(|purpose| oid(*purpose)).collect();
            leaf().with(oids::EXTENDED_KEY_USAGE, critical, tlv(0x30, list)).codes()
        };
        assert_eq!(with(false, &[oids::SERVER_AUTH, oids::SERVER_AUTH]), ["purpose-twice"]);
        assert_eq!(with(false, &[oids::ANY_USAGE]), ["any-purpose"]);
        assert_eq!(with(false, &[oids::TIME_STAMPING]), ["time-stamping-not-alone"]);
        assert_eq!(with(true, &[oids::TIME_STAMPING, oids::SERVER_AUTH]), ["time-stamping-not-alone"]);
        assert!(with(true, &[oids::TIME_STAMPING]).is_empty());
    }
}
