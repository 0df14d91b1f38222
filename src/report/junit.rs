//! JUnit's XML, as Jenkins, GitLab and GitHub read it: one suite for each target, one case for each rule that found something.
//!
//! A case fails when one of its findings is denied; what is only worth knowing stands in the output of a case that passes.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Deny, Report, TargetReport, help, word};
use crate::finding::Finding;

pub fn junit(report: &Report) -> String {
    let suites: Vec<Suite<'_>> = report.targets.iter().map(|target| Suite::new(target, &report.deny)).collect();
    let tests: usize = suites.iter().map(Suite::tests).sum();
    let failures: usize = suites.iter().map(|suite| suite.failures).sum();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites name=\"countersign check\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
    for suite in &suites {
        suite.write(&mut xml, &report.deny);
    }
    xml.push_str("</testsuites>\n");
    xml
}

struct Suite<'a> {
    target: &'a str,
    /// By code.
    cases: BTreeMap<&'static str, Vec<&'a Finding>>,
    failures: usize,
}

impl<'a> Suite<'a> {
    fn new(target: &'a TargetReport, deny: &Deny) -> Self {
        let mut cases: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for finding in &target.findings {
            cases.entry(finding.rule.code).or_default().push(finding);
        }
        let failures = cases.values().filter(|findings| findings.iter().any(|finding| deny.denies(finding))).count();
        Self { target: &target.target, cases, failures }
    }

    /// A target in which nothing was found counts as one test that passed.
    fn tests(&self) -> usize {
        self.cases.len().max(1)
    }

    fn write(&self, xml: &mut String, deny: &Deny) {
        let target = escaped(self.target);
        let (tests, failures) = (self.tests(), self.failures);
        let _ = writeln!(xml, "  <testsuite name=\"{target}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">");
        if self.cases.is_empty() {
            let _ = writeln!(xml, "    <testcase classname=\"{target}\" name=\"nothing-found\"/>");
        }
        for (code, findings) in &self.cases {
            let _ = writeln!(xml, "    <testcase classname=\"{target}\" name=\"{code}\">");
            let text = escaped(&findings.iter().map(|finding| lines(finding)).collect::<Vec<_>>().join("\n"));
            match findings.iter().find(|finding| deny.denies(finding)) {
                Some(first) => {
                    let (message, kind) = (escaped(&first.message), word(first.rule.severity));
                    let _ = writeln!(xml, "      <failure message=\"{message}\" type=\"{kind}\">{text}</failure>");
                }
                None => {
                    let _ = writeln!(xml, "      <system-out>{text}</system-out>");
                }
            }
            xml.push_str("    </testcase>\n");
        }
        xml.push_str("  </testsuite>\n");
    }
}

fn lines(finding: &Finding) -> String {
    let Finding { rule, place, message, fix } = finding;
    let entry = place.entry.as_ref().map(|entry| format!(" {entry}:")).unwrap_or_default();
    let line = place.line.map(|line| format!(" line {line}:")).unwrap_or_default();
    format!("{}:{entry}{line} {message}\nfix: {fix}\nsee: {}", word(rule.severity), help(rule))
}

/// For text and for attributes in double quotes. Characters that XML 1.0 cannot hold at all become U+FFFD.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\n' => xml.push_str("&#10;"),
            '\r' => xml.push_str("&#13;"),
            '\t' => xml.push_str("&#9;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            c => xml.push(c),
        }
    }
    xml
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
               unused-entry system-out None 'note: old|one: nothing uses it, \u{fffd}[31mreally'\n\
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
