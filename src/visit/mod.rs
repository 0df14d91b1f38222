//! Floor 8: one identity at one endpoint, step by step, as a client would.

mod kafka;
mod kafka_error;
mod kafka_login;
mod kafka_metadata;
#[cfg(test)]
mod kafka_tests;
mod kafka_wire;
mod librdkafka;
mod librdkafka_error;
mod scram;
mod scratch_topic;
mod tls;
mod visitor;

pub use kafka::KafkaSession;
pub use kafka_metadata::{Metadata, Operations, Partition, Topic};
pub use librdkafka::{Delivery, Librdkafka, RoundTrip};
pub use scratch_topic::ScratchTopic;
pub use visitor::{Credential, Login, Mechanism, Visitor};
