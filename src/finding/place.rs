//! How rules are written down, and how a finding is said at its place.

use std::fmt;

use super::{Finding, Place, Rule, Severity};

impl Rule {
    pub const fn error(code: &'static str, title: &'static str, why: &'static str) -> Self {
        Self { code, severity: Severity::Error, title, why }
    }

    pub const fn warning(code: &'static str, title: &'static str, why: &'static str) -> Self {
        Self { code, severity: Severity::Warning, title, why }
    }

    pub const fn note(code: &'static str, title: &'static str, why: &'static str) -> Self {
        Self { code, severity: Severity::Note, title, why }
    }

    /// What this rule found: one sentence with the values, and what to do.
    pub fn at(&'static self, place: Place, message: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { rule: self, place, message: message.into(), fix: fix.into() }
    }
}

/// Where, what and what to do, in a line: for verbs that do something else and tell of it.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, message, fix, .. } = self;
        if place.target.is_empty() { write!(f, "the directory: {message}; {fix}") } else { write!(f, "{}: {message}; {fix}", place.target) }
    }
}

impl Place {
    pub fn target(target: impl Into<String>) -> Self {
        Self { target: target.into(), ..Self::default() }
    }

    /// The same, at one entry.
    pub fn entry(mut self, entry: impl Into<String>) -> Self {
        self.entry = Some(entry.into());
        self
    }
}
