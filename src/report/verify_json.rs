//! A verification for programs. The schema is stable: fields are added, never changed or taken away, unless `version` grows.

use serde::Serialize;
use time::OffsetDateTime;

use super::order;
use crate::diagnosis::{Cell, Probe, VerifyReport};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    passed: bool,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut_short: Option<&'a str>,
    cells: Vec<&'a Cell>,
    probes: Vec<&'a Probe>,
}

/// One document:
///
/// ```text
/// { "version": 1, "passed": false, "at": "2026-02-01T00:00:00Z",
///   "cut_short": "interrupted",                     only when it was
///   "cells": [ { "identity", "via", "target", "endpoint",
///                "steps": [ { "milliseconds": 0.4, "step": "handshake", … } ],      those that succeeded
///                "notes": [ … ],                    only when there are any
///                "verdict": "passed" | "failed",
///                 of what failed, besides:
///                "code", "side": "client" | "broker" | "network" | "unknown", "certificate": "CN=…" | null,
///                "cause", "fix", "see", "failed_at": "acceptance", "symptom", "log" } ],
///   "probes": [ { "target", "endpoint", "attempt": "no-certificate",
///                 "outcome": "refused" | "let-in" | "unreachable",
///                  "how", or "code", "side" and so on, or "cause" } ] }
/// ```
///
/// Cells are in the order of identities, probes in that of targets, whoever answered first.
pub fn verify_json(report: &VerifyReport, at: OffsetDateTime) -> impl Serialize {
    Document {
        version: 1,
        passed: report.passed(),
        at,
        cut_short: report.cut_short.as_deref(),
        cells: order::cells(report),
        probes: order::probes(report),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::diagnosis::VerifyReport;
    use crate::report::verify_fixture::{self, AT};

    fn value(report: &VerifyReport) -> Value {
        serde_json::to_value(super::verify_json(report, AT)).unwrap()
    }

    #[test]
    fn a_failed_cell_says_flatly_what_failed_and_what_to_do() {
        let value = value(&verify_fixture::report());
        assert_eq!((&value["version"], &value["passed"], &value["at"]), (&json!(1), &json!(false), &json!("2026-02-01T00:00:00Z")));
        assert_eq!(
            value["cells"][7],
            json!({
                "identity": "clients/rogue",
                "via": "pem",
                "target": "kafka/broker-2",
                "endpoint": "broker-2.example:9094",
                "steps": [
                    { "milliseconds": 1.0, "step": "resolve", "addresses": ["10.0.0.1", "::1"] },
                    { "milliseconds": 2.0, "step": "connect", "address": "10.0.0.1:9094", "from": "10.0.0.9:51234" },
                ],
                "verdict": "failed",
                "code": "server-expired",
                "side": "broker",
                "certificate": "CN=broker-2,O=A & \"B\"",
                "cause": "the certificate of broker-2.example has expired on 2026-01-01",
                "fix": "mend <it>",
                "see": "docs/diagnoses.md#server-expired",
                "failed_at": "handshake",
                "symptom": "the server closed the connection without a word",
                "log": "[SocketServer] \u{1b}]0;Failed authentication\u{7}\nnext",
            })
        );
    }

    #[test]
    fn a_probe_has_what_its_outcome_calls_for() {
        let value = value(&verify_fixture::report());
        let told = |probe: &Value| {
            ["attempt", "outcome", "code", "how", "cause"].map(|field| probe[field].as_str().unwrap_or("-").to_owned()).join(" | ")
        };
        assert_eq!(
            value["probes"].as_array().unwrap().iter().map(told).collect::<Vec<_>>(),
            [
                "no-certificate | let-in | lets-in-without-certificate | - | broker-1.example:9094 asks for certificates, but requires none",
                "foreign-authority | refused | - | the alert unknown_ca | -",
                "foreign-authority | unreachable | - | - | connection \u{1b}refused",
                "plaintext | unreachable | - | - | connection \u{1b}refused",
                "no-certificate | let-in | lets-in-without-certificate | - | broker-10.example:9094 asks for certificates, but requires none",
            ]
        );
    }

    #[test]
    fn whoever_answered_first_the_order_is_the_same() {
        let mut turned = verify_fixture::report();
        turned.cells.reverse();
        turned.probes.reverse();
        assert_eq!(value(&turned), value(&verify_fixture::report()));
    }

    #[test]
    fn what_was_cut_short_has_not_passed() {
        let interrupted = VerifyReport { cut_short: Some("interrupted".to_owned()), ..VerifyReport::default() };
        let whole =
            json!({ "version": 1, "passed": false, "at": "2026-02-01T00:00:00Z", "cut_short": "interrupted", "cells": [], "probes": [] });
        assert_eq!(value(&interrupted), whole);
        assert_eq!(value(&VerifyReport::default())["passed"], true);
    }
}
