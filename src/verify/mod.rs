//! Floor 9: the proof. Who visits whom, over loopback with the files as they lie on the disk, and at running brokers as the client
//! would; and what must be refused.
//!
//! Everything is handed in as values; nothing here reads a file or prints. rustls decides every handshake, with the visitor's own
//! anchors and nothing else, and always with the host name checked.

mod agenda;
mod board;
#[cfg(test)]
mod bounds_tests;
mod by_name;
mod cluster;
mod discover;
#[cfg(test)]
mod fixture;
mod hearsay;
mod impostor;
mod loopback;
#[cfg(test)]
mod loopback_tests;
mod messages;
mod mock;
mod options;
mod outcome;
mod party;
mod patience;
mod probe;
mod run;
#[cfg(test)]
mod run_tests;
mod server;

use std::time::Duration;

pub use agenda::{Agenda, Attendee, Entry, Intruders, KafkaMessage, Meeting, Target, Wishes};
pub use by_name::{Place, agenda as agenda_by_name};
pub use cluster::{agenda as agenda_by_cluster, at_kafka, by_certificate, handshakes};
pub use loopback::loopback;
pub use mock::{message_through_mock, stand_in_hosts};
pub use options::Options;
pub use run::run;

use crate::visit::allowance::{self, Lack};

/// How many connections the proof over loopback has under way at once, where this process may open their files.
const AT_ONCE: usize = 32;

/// How many it may have under way, if any: what [`loopback`] takes.
pub fn loopback_at_once() -> Result<usize, Lack> {
    /// A listener, and both ends of the connection.
    const FILES: u64 = 3;
    allowance::at_once("the proof over loopback", AT_ONCE, FILES)
}

/// How many of `wanted` connections [`run`] may have open at once, if any.
pub fn connections_at_once(wanted: usize) -> Result<usize, Lack> {
    /// The connection, one more to ask again with, and what the resolver opens.
    const FILES: u64 = 4;
    allowance::at_once("the connections to the brokers", wanted, FILES)
}

/// How long each step over loopback may take.
const DEADLINE: Duration = Duration::from_secs(5);
