//! Floor 8: one identity at one endpoint, step by step, as a client would.

mod amqp;
mod amqp_conversation;
mod amqp_frame;
mod amqp_name;
mod tls;
mod visitor;

pub use amqp::{Errand, Message};
pub use amqp_conversation::{Conversation, Start};
pub use visitor::{Credential, Login, Mechanism, Visitor};
