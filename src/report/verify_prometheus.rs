//! A verification for the textfile collector of Prometheus' node exporter.
//!
//! Of what is met twice under the same labels, the worse counts. A probe that proved nothing has no value of its own; that something
//! is amiss is in `countersign_verify_passed`.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;

use super::metric::{Metric, labels, moment, text, truth};
use crate::diagnosis::{ProbeOutcome, Verdict, VerifyReport};

/// By their labels.
type Values = BTreeMap<String, f64>;

pub fn verify_prometheus(report: &VerifyReport, at: OffsetDateTime) -> String {
    let [mut success, mut steps, mut ends, mut refused] = [const { Values::new() }; 4];
    for cell in &report.cells {
        let via = label(cell.via);
        let of = [("identity", cell.identity.as_str()), ("via", &via), ("target", &cell.target), ("endpoint", &cell.endpoint)];
        lowest(&mut success, labels(&of), truth(matches!(cell.verdict, Verdict::Passed)));
        for step in &cell.steps {
            let [identity, via, target, endpoint] = of;
            let of = labels(&[identity, via, target, endpoint, ("step", &label(step.fact.step()))]);
            steps.entry(of).and_modify(|value| *value = value.max(step.took.as_secs_f64())).or_insert(step.took.as_secs_f64());
        }
        for served in cell.handshake().iter().flat_map(|handshake| &handshake.served) {
            let of = labels(&[("endpoint", cell.endpoint.as_str()), ("subject", &served.subject)]);
            lowest(&mut ends, of, moment(served.not_after));
        }
    }
    for probe in &report.probes {
        let value = match probe.outcome {
            ProbeOutcome::Refused { .. } => truth(true),
            ProbeOutcome::LetIn(_) => truth(false),
            ProbeOutcome::Unreachable { .. } => continue,
        };
        lowest(&mut refused, labels(&[("endpoint", probe.endpoint.as_str()), ("attempt", &label(probe.attempt))]), value);
    }
    let whole = |value| Values::from([(String::new(), value)]);
    let metric = |name, help, values| Metric { name, help, values };
    text(&[
        metric("countersign_verify_success", "Whether the identity gets through at the endpoint: 1 or 0.", success),
        metric("countersign_verify_step_seconds", "How long a step that succeeded took, in seconds.", steps),
        metric(
            "countersign_verify_certificate_not_after_seconds",
            "The moment at which a served certificate ends, in seconds since 1970.",
            ends,
        ),
        metric("countersign_verify_probe_refused", "Whether what must be refused was: 1 or 0.", refused),
        metric(
            "countersign_verify_passed",
            "Whether everything works, and everything that must be refused was: 1 or 0.",
            whole(truth(report.passed())),
        ),
        metric("countersign_verify_time_seconds", "The moment of the verification, in seconds since 1970.", whole(moment(at))),
    ])
}

fn lowest(values: &mut Values, labels: String, value: f64) {
    values.entry(labels).and_modify(|lowest| *lowest = lowest.min(value)).or_insert(value);
}

/// The word that JSON has for it.
fn label(word: impl Serialize) -> String {
    serde_json::to_value(word).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
