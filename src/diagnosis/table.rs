//! The table: symptom → cause → fix. The first row that explains the evidence is the diagnosis.

use serde::Serialize;
use serde::ser::SerializeMap;

use super::Evidence;
use super::{
    amqp, client, endings, files, kafka, kafka_access, letting_in, log_rows, login, network, server, server_name, server_trust, tls,
};
use crate::finding::Rule;
use crate::pki::Certificate;

/// One row.
#[derive(Debug)]
pub struct Row {
    pub rule: &'static Rule,
    /// `None` when the evidence is of something else.
    pub explain: fn(&Evidence) -> Option<Explanation>,
}

/// What one row makes of the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub side: Side,
    /// The subject of the certificate that is at fault (RFC 2253).
    pub certificate: Option<String>,
    /// One sentence with the values, without a full stop.
    pub cause: String,
    /// What to do, without a full stop.
    pub fix: String,
}

impl Explanation {
    pub(super) fn new(side: Side, cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { side, certificate: None, cause: cause.into(), fix: fix.into() }
    }

    /// The same, about the certificate with this subject.
    pub(super) fn about(mut self, subject: &str) -> Self {
        self.certificate = Some(subject.to_owned());
        self
    }

    pub(super) fn about_any(self, certificate: Option<&Certificate>) -> Self {
        match certificate {
            Some(certificate) => self.about(&certificate.subject),
            None => self,
        }
    }
}

/// Who has to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    Client,
    Broker,
    /// What lies between: names, routes, firewalls.
    Network,
}

impl Side {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Broker => "broker",
            Self::Network => "network",
        }
    }
}

/// What is wrong, on which side, and how to mend it.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    pub rule: &'static Rule,
    pub explanation: Explanation,
    /// The step that failed, and the raw cause; none for a probe that was let in.
    pub symptom: Option<(super::Step, String)>,
    /// The line of the broker's log that tells the cause.
    pub log: Option<String>,
}

/// Flat, as it stands in a failed cell: `code`, `side`, `certificate`, `cause`, `fix`, `see`, `failed_at`, `symptom`, `log`.
impl Serialize for Diagnosis {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.rule.code)?;
        map.serialize_entry("side", &self.explanation.side)?;
        map.serialize_entry("certificate", &self.explanation.certificate)?;
        map.serialize_entry("cause", &self.explanation.cause)?;
        map.serialize_entry("fix", &self.explanation.fix)?;
        map.serialize_entry("see", &self.see())?;
        if let Some((step, symptom)) = &self.symptom {
            map.serialize_entry("failed_at", step)?;
            map.serialize_entry("symptom", symptom)?;
        }
        if let Some(log) = &self.log {
            map.serialize_entry("log", log)?;
        }
        map.end()
    }
}

impl Diagnosis {
    /// Where the rule is explained.
    pub fn see(&self) -> String {
        format!("docs/diagnoses.md#{}", self.rule.code)
    }
}

/// In the order in which they are asked: what is certain before what is likely, and last what explains a step when nothing else does.
static TABLE: &[&[Row]] = &[
    log_rows::ROWS,
    files::ROWS,
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
