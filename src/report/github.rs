//! Workflow commands of GitHub Actions: each finding becomes an annotation beside the line it is about.

use std::fmt::Write;

use super::{Report, TargetPlace, help};
use crate::finding::Severity;
use crate::text::printable;

pub fn github(report: &Report) -> String {
    let mut text = String::new();
    for target in &report.targets {
        for finding in &target.findings {
            let place = match target.place {
                TargetPlace::File => format!("file={},", property(&finding.place.target)),
                TargetPlace::Endpoint => String::new(),
            };
            let line = finding.place.line.map(|line| format!("line={line},")).unwrap_or_default();
            let title = property(&format!("{} ({})", finding.rule.title, finding.rule.code));
            let entry = finding.place.entry.as_ref().map(|entry| format!(", {entry}")).unwrap_or_default();
            let said = format!("{}{entry}: {}", finding.place.target, finding.message);
            let message =
                [said, format!("fix: {}", finding.fix), format!("see: {}", help(finding.rule))].map(|line| data(&line)).join("%0A");
            let _ = writeln!(text, "::{} {place}{line}title={title}::{message}", command(finding.rule.severity));
        }
    }
    text
}

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A line of the part after the second `::`.
fn data(text: &str) -> String {
    printable(text).replace('%', "%25")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{github, property};
    use crate::report::fixture;

    #[test]
    fn each_finding_is_one_command_at_its_file_and_line() {
        let text = github(&fixture::report());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[2],
            "::warning file=server.properties,line=3,title=Unknown key (unknown-key)::server.properties: `ssl.keystore.pasword` is no key of \
             Kafka; the nearest is `ssl.keystore.password`%0Afix: rename it%0Asee: docs/findings.md#unknown-key"
        );
        assert!(lines[0].starts_with("::error file=stores/broker <1>.p12,title=Expired (expired)::stores/broker <1>.p12, broker-1: CN="));
    }

    #[test]
    fn nothing_that_others_wrote_ends_a_property_or_a_command() {
        assert_eq!(property("50%:a,b\r\n::error::"), r"50%25%3Aa%2Cb\u{d}\u{a}%3A%3Aerror%3A%3A");
    }
}
