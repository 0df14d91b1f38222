//! Floor 9: running brokers take new files, and are seen to serve them.
//!
//! What a broker answers is not what counts: Kafka says "done" before it has looked at a file whose path is the same, and RabbitMQ says
//! nothing at all. So every listener is asked for its certificate at every address of its name, before and after.

mod kafka;
mod watch;

use std::net::IpAddr;
use std::time::Duration;

pub use kafka::{Node, Untaken, reload as reload_kafka, settings};
use time::OffsetDateTime;
pub use watch::{look, until_served};

use crate::pki::{Certificate, HostPort};

/// A listener, by the name that it has for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    pub name: String,
    pub endpoint: HostPort,
}

/// What a listener serves at one address.
#[derive(Debug, Clone)]
pub struct Place {
    pub listener: Listener,
    /// `None` where the name leads nowhere.
    pub address: Option<IpAddr>,
    /// The leaf; or why none was seen.
    pub leaf: Result<Certificate, String>,
}

impl Place {
    /// Whether it is the leaf with this fingerprint.
    pub fn serves(&self, fingerprint: &str) -> bool {
        self.leaf.as_ref().is_ok_and(|leaf| leaf.fingerprint() == fingerprint)
    }
}

/// How a reload is gone about.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub now: OffsetDateTime,
    /// For each connection, with all that is done over it.
    pub deadline: Duration,
    /// How long a broker may take until it serves what it was told to.
    pub patience: Duration,
}
