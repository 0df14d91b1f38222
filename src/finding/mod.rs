//! Floor 1: a finding, the rule that it comes from, and where it was found.

mod place;

use crate::text::Tone;

/// How bad it is. The order is the order of badness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Works today, with somebody; will not with another, or not for long.
    Warning,
    /// Does not work.
    Error,
}

/// `None` is for what is as it should be.
impl From<Option<Severity>> for Tone {
    fn from(severity: Option<Severity>) -> Self {
        match severity {
            None => Self::Good,
            Some(Severity::Note) => Self::Plain,
            Some(Severity::Warning) => Self::Due,
            Some(Severity::Error) => Self::Bad,
        }
    }
}

/// What is looked for. Each has a section in `docs/findings.md`, under its code; what a failed connection means, in `docs/diagnoses.md`.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Kebab case, stable, unique: `expired`, `leaf-without-san`.
    pub code: &'static str,
    pub severity: Severity,
    /// A few words for a list.
    pub title: &'static str,
    /// Why it matters, who refuses it, with the RFC, KIP or issue it comes from: one to three sentences.
    pub why: &'static str,
}

/// Where something was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Place {
    /// A path as it was given, `host:port`, or a holder such as `kafka/broker-1`.
    pub target: String,
    /// The alias or the number of an entry, or the subject of a certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// Something that is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub rule: &'static Rule,
    pub place: Place,
    /// One sentence with the values, without a full stop.
    pub message: String,
    /// What to do, without a full stop.
    pub fix: String,
}
