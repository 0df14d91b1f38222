//! What explains a step when nothing else does.

use super::row::{Explanation, Row, Side};
use super::{Evidence, Step, Symptom};
use crate::finding::Rule;

pub const UNEXPLAINED: Rule =
    Rule::error("unexplained", "a failure without a known cause", "Nothing in the table fits. The raw cause is shown as it is.");

pub const ROWS: &[Row] = &[
    Row {
        rule: &Rule::error(
            "message-damaged",
            "a message that came back as another",
            "The bytes that were consumed are not those that were produced: somebody between changes them, an interceptor or a proxy, or \
             others write to the same topic or queue.",
        ),
        explain: |evidence| {
            matches!(evidence.fault.symptom, Symptom::OtherBytes).then(|| {
                Explanation::new(
                    Side::Broker,
                    format!("other bytes came back from {} than were sent", evidence.endpoint),
                    "look for interceptors and proxies between, and use a topic or queue that nobody else writes to",
                )
            })
        },
    },
    Row {
        rule: &Rule::error(
            "broke-off",
            "a connection that ended after the handshake",
            "The server had taken the client and closed the connection later, without a word of its protocol: it was stopped, a proxy or \
             a firewall cut the connection, a quota or a limit of connections was reached, or a request was more than it takes.",
        ),
        explain: |evidence| {
            let ended = matches!(evidence.fault.symptom, Symptom::Closed | Symptom::Alert(_)) && evidence.fault.step > Step::Acceptance;
            ended.then(|| {
                Explanation::new(
                    Side::Broker,
                    format!(
                        "{} had taken the client and broke off at the step {}: {}",
                        evidence.endpoint,
                        evidence.fault.step.name(),
                        evidence.fault.symptom
                    ),
                    if evidence.is_kafka() {
                        "look into the broker's log at this time, at max.connections and max.connections.per.ip, and at proxies between"
                    } else {
                        "look into RabbitMQ's log at this time, at its connection limits, and at proxies between"
                    },
                )
            })
        },
    },
    Row {
        rule: &Rule::error(
            "tls-misbehaved",
            "a handshake that fails for no better reason",
            "The other side speaks TLS, and not as it should be: a record that cannot be read, a message out of turn, an alert that says \
             no more. A proxy that inspects TLS looks like this, and so does a broker whose TLS library has a fault.",
        ),
        explain: |evidence| {
            let tls =
                evidence.fault.step == Step::Handshake || matches!(evidence.fault.symptom, Symptom::Misbehaved { .. } | Symptom::Alert(_));
            tls.then(|| {
                Explanation::new(
                    Side::Broker,
                    format!("the handshake with {} failed: {}", evidence.endpoint, evidence.fault.symptom),
                    "see whether a proxy or firewall inspects TLS between, and look into the broker's log at this time (--broker-log)",
                )
            })
        },
    },
    Row { rule: &UNEXPLAINED, explain: |evidence| Some(unexplained(evidence)) },
];

pub fn unexplained(evidence: &Evidence) -> Explanation {
    Explanation::new(
        Side::Broker,
        format!("the step {} failed at {}: {}", evidence.fault.step.name(), evidence.endpoint, evidence.fault.symptom),
        "look into the broker's log at this time, or hand it over with --broker-log",
    )
}
