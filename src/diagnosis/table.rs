//! The table: symptom → cause → fix. The first row that explains the evidence is the diagnosis.

use super::row::{Diagnosis, Row};
use super::{
    Evidence, amqp, client, endings, files, kafka, kafka_access, letting_in, log_rows, login, metadata, network, server, server_name,
    server_trust, tls,
};
use crate::finding::Rule;

/// In the order in which they are asked: what is certain before what is likely, and last what explains a step when nothing else does.
static TABLE: &[&[Row]] = &[
    log_rows::ROWS,
    files::ROWS,
    metadata::ROWS,
    network::ROWS,
    server_trust::ROWS,
    server::ROWS,
    server_name::ROWS,
    server::REST,
    tls::ROWS,
    client::ROWS,
    login::ROWS,
    kafka_access::ROWS,
    kafka::ROWS,
    amqp::ROWS,
    endings::ROWS,
];

/// Every rule that a diagnosis can have, once each.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    // What a log can tell has a row further down that tells it without the log.
    TABLE[1..].iter().flat_map(|rows| rows.iter()).map(|row| row.rule).chain(letting_in::RULES.iter().copied())
}

/// What the evidence means.
pub fn diagnose(evidence: &Evidence) -> Diagnosis {
    let rows = TABLE.iter().flat_map(|rows| rows.iter());
    let found = rows.filter_map(|row| Some((row.rule, (row.explain)(evidence)?))).next();
    let (rule, mut explanation) = found.unwrap_or_else(|| (&endings::UNEXPLAINED, endings::unexplained(evidence)));
    if let Some(more) = log_rows::how_to_hear_more(evidence).filter(|_| rule != &client::REFUSED) {
        explanation.fix += &more;
    }
    Diagnosis {
        rule,
        explanation,
        symptom: Some((evidence.fault.step, evidence.fault.symptom.to_string())),
        log: evidence.log.first().cloned(),
    }
}
