//! Floor 8: one identity at one endpoint, step by step, as a client would.

mod kafka;
mod kafka_error;
mod kafka_login;
mod kafka_wire;
mod scram;
mod tls;
mod visitor;

pub use kafka::{KafkaSession, Metadata, Operations, Partition, Topic};
mod amqp;
mod amqp_conversation;
mod amqp_frame;
mod amqp_name;
mod tls;
mod visitor;

pub use amqp::{Errand, Message};
pub use amqp_conversation::{Conversation, Start};
pub use visitor::{Credential, Login, Mechanism, Visitor};
