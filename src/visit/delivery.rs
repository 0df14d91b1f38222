//! What is asked of a broker that takes a message.

use serde::{Deserialize, Serialize};

/// How a message is produced: always to all replicas in sync (`acks=all`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// As librdkafka does unless it is told otherwise. With `enable.idempotence` it would wait for half a second, by a timer that cannot
    /// be set, before it asks for a producer id.
    Acknowledged,
    /// In a transaction by this `transactional.id`, and read only once it is committed.
    Transactional { id: String },
}
