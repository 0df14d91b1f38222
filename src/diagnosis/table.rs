//! The table: symptom → cause → fix. The first row that explains the evidence is the diagnosis.

use serde::Serialize;
use serde::ser::SerializeMap;

use super::{Attempt, Evidence};
use crate::describe::{CertificateRequest, Protocol};
use crate::finding::Rule;
use crate::pki::HostPort;

/// One row.
#[derive(Debug)]
pub struct Row {
    pub rule: Rule,
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

/// Flat, as it stands in a failed cell: `code`, `side`, `certificate`, `cause`, `fix`, `see`, `step`, `symptom`, `log`.
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

/// In the order in which they are asked: what is certain before what is likely.
static TABLE: &[&[Row]] = &[LAST];

/// What explains a step when nothing else does.
static LAST: &[Row] = &[Row {
    rule: Rule::error("unexplained", "a failure without a known cause", "Nothing in the table fits. The raw cause is shown as it is."),
    explain: |evidence| {
        Some(Explanation {
            side: Side::Broker,
            certificate: None,
            cause: format!("{} failed: {}", evidence.fault.step.name(), evidence.fault.symptom),
            fix: "look into the broker's log, or hand it over with --broker-log".to_owned(),
        })
    },
}];

/// Every rule that a diagnosis can have.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    TABLE.iter().flat_map(|rows| rows.iter()).map(|row| &row.rule)
}

/// What the evidence means.
pub fn diagnose(evidence: &Evidence) -> Diagnosis {
    let rows = || TABLE.iter().flat_map(|rows| rows.iter());
    let (rule, explanation) = rows().find_map(|row| Some((&row.rule, (row.explain)(evidence)?))).unwrap_or_else(|| {
        (
            &LAST[0].rule,
            Explanation { side: Side::Broker, certificate: None, cause: evidence.fault.symptom.to_string(), fix: String::new() },
        )
    });
    Diagnosis {
        rule,
        explanation,
        symptom: Some((evidence.fault.step, evidence.fault.symptom.to_string())),
        log: evidence.log.first().cloned(),
    }
}

/// What it means that somebody was let in who must not be.
pub fn let_in(attempt: Attempt, protocol: Protocol, endpoint: &HostPort, asked: Option<&CertificateRequest>) -> Diagnosis {
    let _ = (protocol, asked);
    let explanation = Explanation {
        side: Side::Broker,
        certificate: None,
        cause: format!("{endpoint} lets in a client with {}", attempt.name()),
        fix: String::new(),
    };
    Diagnosis { rule: &LAST[0].rule, explanation, symptom: None, log: None }
}
