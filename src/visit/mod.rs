//! Floor 8: one identity at one endpoint, step by step, as a client would.

mod kafka;
mod kafka_error;
mod kafka_login;
#[cfg(test)]
mod kafka_tests;
mod kafka_wire;
mod librdkafka;
mod scram;
mod scratch_topic;
mod tls;
mod visitor;

pub use kafka::{KafkaSession, Metadata, Operations, Partition, Topic};
pub use librdkafka::{Delivery, Librdkafka, RoundTrip};
pub use scratch_topic::ScratchTopic;
pub use visitor::{Credential, Login, Mechanism, Visitor};
