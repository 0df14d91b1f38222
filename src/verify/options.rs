//! How a verification goes about it.

use std::time::Duration;

use time::OffsetDateTime;

/// How to go about it.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub now: OffsetDateTime,
    /// For each connection and what is done over it.
    pub deadline: Duration,
    /// How many connections are open at once, those of librdkafka's clients with them; the one by which a topic is made comes on top.
    pub at_once: usize,
    pub probes: bool,
    /// Whether the first failure ends it.
    pub fail_fast: bool,
}
