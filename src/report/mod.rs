//! Floor 7: findings, and what a verification saw, as text, JSON, JUnit, SARIF, GitHub annotations, Nagios and Prometheus text. Pure.

mod github;
mod human;
mod json;
mod junit;
mod matrix;
mod meetings;
mod metric;
mod nagios;
mod order;
mod prometheus;
mod sarif;
mod suite;
mod verify_human;
mod verify_json;
mod verify_junit;
mod verify_prometheus;
mod verify_steps;

use std::cmp::Reverse;
use std::fmt;

use time::{Duration, OffsetDateTime};

pub use github::github;
pub use human::human;
pub use json::json;
pub use junit::junit;
pub use nagios::{Status, nagios, unknown};
pub use prometheus::prometheus;
pub use sarif::sarif;
pub use verify_human::verify_human;
pub use verify_json::verify_json;
pub use verify_junit::verify_junit;
pub use verify_prometheus::verify_prometheus;
pub use verify_steps::verify_steps;

use crate::finding::{Finding, Rule, Severity};
use crate::path::Verdict;

/// Everything that one run of `check` has to say.
#[derive(Debug)]
pub struct Report {
    /// In the order in which they were asked about.
    pub targets: Vec<TargetReport>,
    /// The moment for which it holds.
    pub at: OffsetDateTime,
    /// A certificate that ends within this is worth a warning.
    pub expires_within: Duration,
    pub deny: Deny,
    /// How many findings were left out because the user allows them.
    pub allowed: usize,
}

/// What was found in one file, directory, endpoint or holder.
#[derive(Debug)]
pub struct TargetReport {
    /// As it was given.
    pub target: String,
    pub place: TargetPlace,
    /// The worst first.
    pub findings: Vec<Finding>,
    /// `None` when no chain was judged.
    pub verdict: Option<Verdict>,
    pub certificates: Vec<Expiry>,
}

/// What sort of thing a target's name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetPlace {
    /// A path.
    File,
    /// `host:port`.
    Endpoint,
}

/// When a certificate ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Its alias or its number in the file.
    pub entry: String,
    /// RFC 2253.
    pub subject: String,
    /// Lower-case hexadecimal.
    pub serial: String,
    pub not_after: OffsetDateTime,
}

/// Which findings make a run fail.
#[derive(Debug, Clone)]
pub struct Deny {
    pub from: Severity,
    /// These whatever their severity.
    pub rules: Vec<&'static Rule>,
}

/// How many findings there are.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
    /// Of these, how many make the run fail.
    pub denied: usize,
    /// Not counted above.
    pub allowed: usize,
}

impl Deny {
    pub fn denies(&self, finding: &Finding) -> bool {
        finding.rule.severity >= self.from || self.rules.iter().any(|rule| rule.code == finding.rule.code)
    }
}

impl TargetReport {
    pub fn new(target: String, place: TargetPlace, findings: Vec<Finding>, verdict: Option<Verdict>, certificates: Vec<Expiry>) -> Self {
        let mut report = Self { target, place, findings: Vec::new(), verdict, certificates };
        report.add(findings);
        report
    }

    /// In their order, the worst first.
    pub fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
        self.findings.sort_by(|a, b| (Reverse(a.rule.severity), &a.place).cmp(&(Reverse(b.rule.severity), &b.place)));
    }

    /// The certificate that ends first.
    fn first_to_end(&self) -> Option<&Expiry> {
        self.certificates.iter().min_by_key(|expiry| expiry.not_after)
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.rule.severity == severity).count()
    }
}

impl Report {
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.targets.iter().flat_map(|target| &target.findings)
    }

    pub fn summary(&self) -> Summary {
        let count = |severity| self.targets.iter().map(|target| target.count(severity)).sum();
        Summary {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            denied: self.findings().filter(|finding| self.deny.denies(finding)).count(),
            allowed: self.allowed,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", counted(self.errors, "error"), counted(self.warnings, "warning"), counted(self.notes, "note"))?;
        if self.allowed == 0 { Ok(()) } else { write!(f, ", {} allowed", self.allowed) }
    }
}

/// `1 error`, `2 errors`
fn counted(count: impl fmt::Display + PartialEq + From<u8>, what: &str) -> String {
    let plural = if count == 1.into() { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Where a visit went: `kafka/broker-1 (broker-1.example:9094)`, or the endpoint alone where it has no other name.
fn place(target: &str, endpoint: &str) -> String {
    if target == endpoint { endpoint.to_owned() } else { format!("{target} ({endpoint})") }
}

/// The word for a severity in every output of ours; formats with words of their own have them in their files.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// Where a rule is explained.
fn help(rule: &Rule) -> String {
    format!("docs/findings.md#{}", rule.code)
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod stranger_tests;
#[cfg(test)]
mod verify_fixture;
#[cfg(test)]
mod verify_tests;
