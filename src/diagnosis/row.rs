//! A row of the table, and what it makes of the evidence.

use serde::Serialize;
use serde::ser::SerializeMap;

use super::{Evidence, Step};
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
    /// It cannot be told from here.
    Unknown,
}

impl Side {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Broker => "broker",
            Self::Network => "network",
            Self::Unknown => "unknown",
        }
    }
}

/// What is wrong, on which side, and how to mend it.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    pub rule: &'static Rule,
    pub explanation: Explanation,
    /// The step that failed, and the raw cause; none for a probe that was let in.
    pub symptom: Option<(Step, String)>,
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
