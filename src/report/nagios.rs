//! For Nagios, Icinga and their kin: one line of status with the days left of each target, then a line for each finding.
//!
//! Denied findings are critical, other errors and warnings are a warning, notes are fine. Where nothing is critical but a target
//! that could not be read, the state is not known.

use std::fmt::Write;

use super::{Report, word};
use crate::check::UNREADABLE;
use crate::finding::{Finding, Severity};
use crate::text::printable;

/// What the exit code tells the monitoring system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Ok,
    Warning,
    Critical,
    Unknown,
}

impl Status {
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    pub fn of(report: &Report) -> Self {
        let unread = |finding: &&Finding| *finding.rule == UNREADABLE;
        let denied = || report.findings().filter(|finding| report.deny.denies(finding));
        if denied().any(|finding| !unread(&finding)) {
            Self::Critical
        } else if denied().next().is_some() {
            Self::Unknown
        } else if report.findings().any(|finding| finding.rule.severity >= Severity::Warning) {
            Self::Warning
        } else {
            Self::Ok
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

pub fn nagios(report: &Report) -> String {
    let mut text = format!("COUNTERSIGN {} - {}", Status::of(report).name(), report.summary());
    let soon = report.expires_within.whole_days();
    let data = report.targets.iter().filter_map(|target| {
        let days = (target.first_to_end()?.not_after - report.at).whole_days();
        Some(format!("{}={days};{soon}:;0:", label(&target.target)))
    });
    let data: Vec<String> = data.collect();
    if !data.is_empty() {
        let _ = write!(text, " | {}", data.join(" "));
    }
    text.push('\n');
    for finding in report.findings() {
        let entry = finding.place.entry.as_ref().map(|entry| format!(" {entry}")).unwrap_or_default();
        let line = finding.place.line.map(|line| format!(" line {line}")).unwrap_or_default();
        let said = format!(
            "[{}] {}{entry}{line}: {} ({}); {}",
            word(finding.rule.severity),
            finding.place.target,
            finding.message,
            finding.rule.code,
            finding.fix
        );
        let _ = writeln!(text, "{}", plain(&said));
    }
    text
}

/// When there is nothing to report on: why.
pub fn unknown(why: &str) -> String {
    format!("COUNTERSIGN {} - {}\n", Status::Unknown.name(), plain(why))
}

/// A bar would begin the performance data.
fn plain(text: &str) -> String {
    printable(text).replace('|', "/")
}

/// Anything but the equals sign, in quotes that are doubled inside.
fn label(text: &str) -> String {
    format!("'{}'", plain(text).replace('=', "_").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::{Status, label, nagios, unknown};
    use crate::check::unreadable;
    use crate::report::fixture;

    #[test]
    fn one_line_has_the_state_and_the_days_left_and_the_rest_follows() {
        let text = nagios(&fixture::report());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "COUNTERSIGN CRITICAL - 1 error, 1 warning, 1 note, 2 allowed | 'stores/broker <1>.p12'=-31;30:;0:");
        assert_eq!(lines[2], r"[note] stores/broker <1>.p12 old/one: nothing uses it, \u{1b}[31mreally (unused-entry); remove it");
        assert_eq!(lines.len(), 4);
        assert_eq!(text.matches('|').count(), 1, "a bar begins the performance data, once");
    }

    #[test]
    fn the_state_is_that_of_the_worst_finding() {
        let mut report = fixture::report();
        assert_eq!(Status::of(&report), Status::Critical);
        report.targets.remove(0);
        assert_eq!(Status::of(&report), Status::Warning);
        report.targets[1].findings.push(unreadable("gone.p12", "there is no such file", "name another"));
        assert_eq!(Status::of(&report), Status::Unknown);
        report.targets.clear();
        assert_eq!(Status::of(&report), Status::Ok);
        assert_eq!([Status::Ok, Status::Warning, Status::Critical, Status::Unknown].map(Status::exit_code), [0, 1, 2, 3]);
    }

    #[test]
    fn what_prevents_a_report_is_told_in_one_line() {
        assert_eq!(unknown("no\nfile | here"), "COUNTERSIGN UNKNOWN - no\\u{a}file / here\n");
        assert_eq!(label("it's a=b"), "'it''s a_b'");
    }
}
