//! Who is to visit whom, and what for.

use std::sync::Arc;

use crate::describe::Protocol;
use crate::diagnosis::{Fault, ToldBy, Via};
use crate::pki::HostPort;
use crate::visit::{Credential, Errand, Messenger, Visitor};

/// Everything that one verification is to do. Indexes point into its own lists.
#[derive(Debug, Default)]
pub struct Agenda {
    pub attendees: Vec<Attendee>,
    pub targets: Vec<Target>,
    pub meetings: Vec<Meeting>,
    /// `None`: no message goes to Kafka.
    pub message: Option<KafkaMessage>,
}

/// Someone who visits, or whose files allow no visit.
#[derive(Debug)]
pub struct Attendee {
    /// `clients/orders`, or the file that the client is configured by.
    pub name: String,
    pub via: Via,
    pub visitor: Result<Visitor, Fault>,
    /// What is worth knowing of it, at whichever broker.
    pub notes: Vec<String>,
}

/// An endpoint of a broker.
#[derive(Debug, Clone)]
pub struct Target {
    /// `kafka/broker-1`, or the endpoint again where no cluster file names it.
    pub name: String,
    pub endpoint: HostPort,
    pub protocol: Protocol,
    /// Kafka's `node.id`, once it is known.
    pub node_id: Option<i32>,
    /// Who said that the broker is reached there; `None` when the user did.
    pub told_by: Option<ToldBy>,
    pub entry: Entry,
    /// Somebody whom it takes, and who takes it: its own node, by its own files. `None`: whoever got in is asked to help.
    pub insider: Option<Visitor>,
}

/// Whom a target is to let in.
#[derive(Debug, Clone)]
pub enum Entry {
    /// Whoever shows a certificate of the right authority. What else there is to show, where it could be made.
    Certificate(Arc<Intruders>),
    /// By password, or nobody asks: a certificate is not what decides.
    WithoutCertificate,
    /// Whoever logs in as the visitor does: where that is by certificate, nobody without one.
    ByLogin,
}

/// Certificates that nobody must take.
#[derive(Debug, Default)]
pub struct Intruders {
    /// Of the right authority, but ended.
    pub expired: Option<Credential>,
    /// Of the right authority, but for servers alone.
    pub wrong_usage: Option<Credential>,
}

/// One visit to be made.
#[derive(Debug, Clone)]
pub struct Meeting {
    pub attendee: usize,
    pub target: usize,
    pub errand: Errand,
}

/// How messages go to Kafka and back.
#[derive(Debug, Clone)]
pub struct KafkaMessage {
    /// One that stays; where there is none, what the names of those begin with that are made and removed again.
    pub topic: String,
    /// Who looks after the topic, an index of the attendees, and through which brokers; `None`: each does for itself.
    pub steward: Option<(Visitor, Vec<HostPort>)>,
    pub transactional: bool,
    pub messenger: Messenger,
}

/// What the user wants of the messages.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Kafka's topic, where it is not the one that goes without saying.
    pub topic: Option<String>,
    /// Whether any message is sent at all.
    pub message: bool,
    pub transactional: bool,
    /// Who sends it, where it is Kafka's.
    pub messenger: Messenger,
}
