//! Floor 8: one identity at one endpoint, step by step, as a client would.

mod kafka;
mod kafka_error;
mod kafka_login;
mod kafka_wire;
mod scram;
mod tls;
mod visitor;

pub use kafka::{KafkaSession, Metadata, Operations, Partition, Topic};
pub use visitor::{Credential, Login, Mechanism, Visitor};
