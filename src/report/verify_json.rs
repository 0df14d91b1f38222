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

/// ```text
/// { "version": 1, "passed": false, "at": "2026-02-01T00:00:00Z",
///   "cut_short": "interrupted",                     only when it was
///   "cells": [ { "identity", "via", "target", "endpoint",
///                "steps": [ { "milliseconds": 0.4, "step": "handshake", … } ],      those that succeeded
///                "notes": [ … ],                    only when there are any
///                "verdict": "passed" | "failed",
///                 of what failed, besides:
///                "code", "side": "client" | "broker" | "network", "certificate": "CN=…" | null,
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
