//! For programs. The schema is stable: fields are added, never changed or taken away, unless `version` grows.

use serde::Serialize;
use time::OffsetDateTime;

use super::{Report, Summary, TargetReport, help};
use crate::finding::{Finding, Place, Severity};
use crate::path::{Opinion, Verdict};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    targets: Vec<Target<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Target<'a> {
    target: &'a str,
    findings: Vec<Found<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Judged<'a>>,
    certificates: Vec<Ending<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    code: &'static str,
    severity: Severity,
    place: &'a Place,
    message: &'a str,
    fix: &'a str,
    help: String,
    denied: bool,
}

#[derive(Serialize)]
struct Judged<'a> {
    holds: bool,
    /// Leaf first.
    path: Vec<Link<'a>>,
    faults: Vec<FaultOf<'a>>,
    opinions: &'a [Opinion],
}

#[derive(Serialize)]
struct Link<'a> {
    subject: &'a str,
    serial: &'a str,
    fingerprint: String,
}

#[derive(Serialize)]
struct FaultOf<'a> {
    /// Index in `path`.
    at: usize,
    subject: &'a str,
    message: String,
}

#[derive(Serialize)]
struct Ending<'a> {
    entry: &'a str,
    subject: &'a str,
    serial: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    not_after: OffsetDateTime,
    days_left: i64,
}

pub fn json(report: &Report) -> impl Serialize {
    let targets = report.targets.iter().map(|target| one(report, target)).collect();
    Document { version: 1, at: report.at, targets, summary: report.summary() }
}

fn one<'a>(report: &Report, target: &'a TargetReport) -> Target<'a> {
    let found = |finding: &'a Finding| Found {
        code: finding.rule.code,
        severity: finding.rule.severity,
        place: &finding.place,
        message: &finding.message,
        fix: &finding.fix,
        help: help(finding.rule),
        denied: report.deny.denies(finding),
    };
    let certificates = target.certificates.iter().map(|expiry| Ending {
        entry: &expiry.entry,
        subject: &expiry.subject,
        serial: &expiry.serial,
        not_after: expiry.not_after,
        days_left: (expiry.not_after - report.at).whole_days(),
    });
    Target {
        target: &target.target,
        findings: target.findings.iter().map(found).collect(),
        verdict: target.verdict.as_ref().map(judged),
        certificates: certificates.collect(),
    }
}

fn judged(verdict: &Verdict) -> Judged<'_> {
    Judged {
        holds: verdict.holds(),
        path: verdict.path.iter().map(|one| Link { subject: &one.subject, serial: &one.serial, fingerprint: one.fingerprint() }).collect(),
        faults: verdict
            .faults
            .iter()
            .map(|fault| FaultOf { at: fault.at, subject: &fault.subject, message: fault.kind.to_string() })
            .collect(),
        opinions: &verdict.opinions,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::report::fixture;

    #[test]
    fn the_document_has_everything_that_the_text_says() {
        let value = serde_json::to_value(super::json(&fixture::report())).unwrap();
        assert_eq!(value["version"], 1);
        assert_eq!(value["at"], "2026-02-01T00:00:00Z");
        assert_eq!(value["summary"], json!({ "errors": 1, "warnings": 1, "notes": 1, "denied": 1, "allowed": 2 }));
        assert_eq!(
            value["targets"][0]["findings"][0],
            json!({
                "code": "expired",
                "severity": "error",
                "place": { "target": "stores/broker <1>.p12", "entry": "broker-1" },
                "message": "CN=broker-1,O=A & \"B\" has expired on 2026-01-01",
                "fix": "issue it again",
                "help": "docs/findings.md#expired",
                "denied": true,
            })
        );
        let verdict = &value["targets"][0]["verdict"];
        assert_eq!(verdict["holds"], false);
        assert_eq!(verdict["faults"][0]["subject"], "CN=broker-1");
        assert_eq!(verdict["opinions"][0], json!({ "validator": "java", "accepts": true, "because": "it trusts the leaf itself" }));
        let days: Vec<i64> =
            value["targets"][0]["certificates"].as_array().unwrap().iter().map(|c| c["days_left"].as_i64().unwrap()).collect();
        assert_eq!(days, [-31, 88]);
        assert_eq!(value["targets"][1]["findings"][0]["place"], json!({ "target": "server.properties", "line": 3 }));
        assert_eq!(value["targets"][2]["findings"], json!([]));
    }
}
