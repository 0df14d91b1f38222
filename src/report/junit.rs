//! JUnit's XML: one suite for each target, one case for each rule that found something.
//!
//! A case fails when one of its findings is denied; what is only worth knowing stands in the output of a case that passes.

use std::collections::BTreeMap;

use super::suite::{Case, Outcome, Suite, document};
use super::{Deny, Report, TargetReport, help, word};
use crate::finding::Finding;

pub fn junit(report: &Report) -> String {
    let suites: Vec<Suite> = report.targets.iter().map(|target| suite(target, &report.deny)).collect();
    document("countersign check", &suites)
}

/// A target in which nothing was found counts as one test that passed.
fn suite(target: &TargetReport, deny: &Deny) -> Suite {
    let mut by_code: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for finding in &target.findings {
        by_code.entry(finding.rule.code).or_default().push(finding);
    }
    let mut cases: Vec<Case> = by_code.into_iter().map(|(code, findings)| case(code, &findings, deny)).collect();
    if cases.is_empty() {
        cases.push(Case::new("nothing-found", Outcome::Passed));
    }
    Suite { name: target.target.clone(), cases }
}

fn case(code: &str, findings: &[&Finding], deny: &Deny) -> Case {
    let text = findings.iter().map(|finding| lines(finding)).collect::<Vec<_>>().join("\n");
    match findings.iter().find(|finding| deny.denies(finding)) {
        Some(first) => Case::new(code, Outcome::Failed { message: first.message.clone(), kind: word(first.rule.severity), text }),
        None => Case { output: text, ..Case::new(code, Outcome::Passed) },
    }
}

fn lines(finding: &Finding) -> String {
    let Finding { rule, place, message, fix } = finding;
    let entry = place.entry.as_ref().map(|entry| format!(" {entry}:")).unwrap_or_default();
    let line = place.line.map(|line| format!(" line {line}:")).unwrap_or_default();
    format!("{}:{entry}{line} {message}\nfix: {fix}\nsee: {}", word(rule.severity), help(rule))
}

#[cfg(test)]
mod tests {
    use super::junit;
    use crate::report::fixture;

    /// What Python's parser sees: for each suite its name and counts, for each case its name, its failure and its output.
    const SEEN: &str = r#"
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.stdin).getroot()
print(root.get("tests"), root.get("failures"))
for suite in root:
    print(suite.get("name"), suite.get("tests"), suite.get("failures"))
    for case in suite:
        for found in list(case) or [case]:
            print(" ", case.get("name"), found.tag, found.get("message"), repr((found.text or "").split("\n")[0]))
"#;

    #[test]
    fn another_parser_sees_each_finding_in_the_suite_of_its_target() {
        let seen = fixture::python(SEEN, &junit(&fixture::report()));
        assert_eq!(
            seen,
            "4 1\n\
             stores/broker <1>.p12 2 1\n  \
               expired failure CN=broker-1,O=A & \"B\" has expired on 2026-01-01 'error: broker-1: CN=broker-1,O=A & \"B\" has expired on 2026-01-01'\n  \
               unused-entry system-out None 'note: old|one: nothing uses it, \\\\u{1b}[31mreally'\n\
             server.properties 1 0\n  \
               unknown-key system-out None 'warning: line 3: `ssl.keystore.pasword` is no key of Kafka; the nearest is `ssl.keystore.password`'\n\
             broker-1.example:9093 1 0\n  \
               nothing-found testcase None ''\n"
        );
    }

    #[test]
    fn a_rule_that_is_denied_fails_whatever_its_severity() {
        let mut report = fixture::report();
        report.deny.rules.push(&fixture::UNKNOWN_KEY);
        assert!(junit(&report).contains("tests=\"4\" failures=\"2\""));
    }
}
