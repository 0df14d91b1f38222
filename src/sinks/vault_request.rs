//! What is asked of Vault, and what it answers.

use std::time::Duration;

use reqwest::Method;

use crate::pki::Secret;

/// What is asked for.
pub struct Request {
    /// For people: `read`, `write`.
    pub action: &'static str,
    pub method: Method,
    /// Below `/v1/`, of characters that need no escape; with the query.
    pub path: String,
    pub body: Option<Secret>,
    pub twice: Twice,
}

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twice {
    /// It does no more than once.
    Harmless,
    /// Whoever asks finds out first.
    Never,
}

impl Request {
    /// What a policy calls it: the path without the query.
    pub fn address(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// Of any status.
pub struct Answer {
    pub status: u16,
    pub body: Secret,
    /// Where it points to, and was not followed.
    pub location: Option<String>,
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// Whether Vault took it, or has it.
    pub const fn is_done(&self) -> bool {
        matches!(self.status, 200 | 204)
    }
}
