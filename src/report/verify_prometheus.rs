//! A verification for the textfile collector of Prometheus' node exporter.
//!
//! Of what is met twice under the same labels, the worse counts. A probe that proved nothing has no value of its own; that something
//! is amiss is in `countersign_verify_passed`.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;

use super::metric::{Metric, labels, moment, text, truth};
use crate::diagnosis::{Cell, ProbeOutcome, Served, Verdict, VerifyReport};

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
        for served in served(cell) {
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

/// Also what kept the handshake from being finished.
fn served(cell: &Cell) -> Vec<Served> {
    match (cell.handshake(), &cell.verdict) {
        (Some(handshake), _) => handshake.served.clone(),
        (None, Verdict::Failed(failure)) => failure.evidence.served.iter().map(Served::from).collect(),
        (None, Verdict::Passed) => Vec::new(),
    }
}

fn lowest(values: &mut Values, labels: String, value: f64) {
    values.entry(labels).and_modify(|lowest| *lowest = lowest.min(value)).or_insert(value);
}

/// The word that JSON has for it.
fn label(word: impl Serialize) -> String {
    serde_json::to_value(word).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::verify_prometheus;
    use crate::diagnosis::{Verdict, VerifyReport};
    use crate::report::verify_fixture::{self, AT};

    fn lines(report: &VerifyReport, metric: &str) -> Vec<String> {
        verify_prometheus(report, AT).lines().filter(|line| line.starts_with(metric)).map(str::to_owned).collect()
    }

    #[test]
    fn each_identity_at_each_endpoint_has_its_value() {
        let of_one = lines(&verify_fixture::report(), "countersign_verify_success{identity=\"clients/orders\"");
        assert_eq!(
            of_one,
            [
                r#"countersign_verify_success{identity="clients/orders",via="pem",target="kafka/broker-1",endpoint="broker-1.example:9094"} 1"#,
                r#"countersign_verify_success{identity="clients/orders",via="pem",target="kafka/broker-10",endpoint="broker-10.example:9094"} 1"#,
                r#"countersign_verify_success{identity="clients/orders",via="pem",target="kafka/broker-2",endpoint="broker-2.example:9094"} 0"#,
            ]
        );
    }

    #[test]
    fn steps_are_in_seconds() {
        let labels = r#"identity="clients/rogue",via="pem",target="kafka/broker-1",endpoint="broker-1.example:9094""#;
        let steps = lines(&verify_fixture::report(), &format!("countersign_verify_step_seconds{{{labels}"));
        let value = |step: &str, seconds: &str| format!("countersign_verify_step_seconds{{{labels},step=\"{step}\"}} {seconds}");
        assert_eq!(steps, [value("connect", "0.002"), value("handshake", "0.003"), value("resolve", "0.001")]);
    }

    #[test]
    fn a_probe_that_proved_nothing_has_no_value() {
        let report = verify_fixture::report();
        assert_eq!(
            lines(&report, "countersign_verify_probe_refused"),
            [
                r#"countersign_verify_probe_refused{endpoint="broker-1.example:9094",attempt="foreign-authority"} 1"#,
                r#"countersign_verify_probe_refused{endpoint="broker-1.example:9094",attempt="no-certificate"} 0"#,
                r#"countersign_verify_probe_refused{endpoint="broker-10.example:9094",attempt="no-certificate"} 0"#,
            ]
        );
        assert_eq!(lines(&report, "countersign_verify_passed"), ["countersign_verify_passed 0"]);
    }

    #[test]
    fn a_certificate_that_broke_the_handshake_has_its_end_too() {
        let mut report = verify_fixture::report();
        report.cells.retain(|cell| cell.target == "kafka/broker-2");
        for cell in &mut report.cells {
            if let Verdict::Failed(failure) = &mut cell.verdict {
                failure.evidence.served.push(verify_fixture::certificate("back\\slash \"and\" quote"));
            }
        }
        assert_eq!(
            lines(&report, "countersign_verify_certificate"),
            [
                r#"countersign_verify_certificate_not_after_seconds{endpoint="broker-2.example:9094",subject="CN=back\\\\slash \\\"and\\\" quote"} 1767225600"#
            ]
        );
    }

    #[test]
    fn every_series_stands_once_below_its_help_and_its_type() {
        let mut report = verify_fixture::report();
        report.extend(verify_fixture::report());
        let text = verify_prometheus(&report, AT);
        assert_eq!(text, verify_prometheus(&verify_fixture::report(), AT));
        let mut series = BTreeSet::new();
        let mut metric = "";
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                metric = help.split(' ').next().unwrap();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                assert_eq!(kind, format!("{metric} gauge"));
            } else {
                let (labels, value) = line.rsplit_once(' ').unwrap();
                assert_eq!(labels.split('{').next().unwrap(), metric);
                assert!(series.insert(labels) && value.parse::<f64>().unwrap().is_finite(), "{line}");
            }
        }
    }

    #[test]
    fn nothing_tried_is_a_moment_and_a_verdict() {
        let text = verify_prometheus(&VerifyReport::default(), AT);
        let values: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(values, ["countersign_verify_passed 1", "countersign_verify_time_seconds 1769904000"]);
    }
}
