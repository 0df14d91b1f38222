//! What Kafka tells of its brokers, apart from where they are: too few of them, or too many.

use super::row::{Explanation, Row, Side};
use super::{Evidence, Symptom};
use crate::finding::Rule;

pub const ROWS: &[Row] = &[
    Row {
        rule: &Rule::error(
            "not-visited",
            "a broker that was told of, and left alone",
            "Of the brokers that another one told of, 128 visits had failed, or sixty deadlines had gone by. What is told may be wrong \
             or made to keep us waiting, so the rest of it is not tried. Brokers that the user or the cluster file names are.",
        ),
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::Untried { why } => Some(Explanation::new(
                Side::Broker,
                format!("{} was not visited: {why}", evidence.endpoint),
                "mend what failed at the others first; allow more time with --deadline, or more connections at once with --parallel",
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "too-many-brokers",
            "more brokers than any cluster has",
            "A client connects to whatever Metadata tells of. Of one answer the first 1,000 brokers are looked at, and of answers that \
             differ each time 100,000 lines in all: more is no cluster of Kafka.",
        ),
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::TooManyBrokers { told, kept } => Some(Explanation::new(
                Side::Broker,
                format!("{} tells of {told} brokers; the first {kept} are looked at", evidence.endpoint),
                "see who answers there: whether it is a broker of yours, and what its advertised.listeners say",
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "broker-untold",
            "a broker that does not tell of itself",
            "Whoever answers Metadata is a broker, and tells of itself at least. One that does not is no member of its cluster yet, or \
             any more (fenced, or started with another cluster's data), or no broker at all: clients find nobody to send anything to.",
        ),
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::Untold { id } => Some(untold(evidence, *id)),
            _ => None,
        },
    },
];

fn untold(evidence: &Evidence, id: Option<i32>) -> Explanation {
    let cause = match id {
        None => format!("{} tells of no broker at all, not even of itself", evidence.endpoint),
        Some(id) => format!("{} does not tell of itself, broker {id}, among the brokers", evidence.endpoint),
    };
    let fix = "see whether it has joined the cluster (kafka-metadata-quorum describe --status, and its log at this time), and run it again \
               if it has just started";
    Explanation::new(Side::Broker, cause, fix)
}
