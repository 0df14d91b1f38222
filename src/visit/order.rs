//! What librdkafka is to do and what came of it, as values that may go from one process to another.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::delivery::Delivery;
use super::kafka_error;
use crate::diagnosis::{Fact, Fault, Step, StepTaken, Symptom};

/// Messages to be sent as one client. It holds the client's key and password: it goes through a pipe, and nowhere else.
#[derive(Clone, Serialize, Deserialize)]
pub struct Order {
    /// librdkafka's own.
    pub(super) settings: BTreeMap<String, String>,
    pub(super) group: String,
    /// Of each of the calls that one message takes.
    pub(super) deadline: Duration,
    pub(super) topic: String,
    /// One message goes to each.
    pub(super) partitions: Vec<i32>,
    pub(super) delivery: Delivery,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("topic", &self.topic).field("partitions", &self.partitions).finish_non_exhaustive()
    }
}

/// What one message met, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Trip {
    Unsent(Trouble),
    Lost { produced: Duration, trouble: Trouble },
    Back { produced: Duration, consumed: Duration, bytes: usize },
}

/// What librdkafka says went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Trouble {
    /// An error code of Kafka's, and what was asked for.
    Kafka {
        code: i16,
        message: Option<String>,
        resource: Option<String>,
    },
    /// One of librdkafka's own, by its name.
    Librdkafka {
        code: String,
        reason: String,
    },
    OtherBytes,
    Other(String),
}

impl From<Trouble> for Symptom {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Kafka { code, message, resource } => kafka_error::refused(code, message, resource.as_deref()),
            Trouble::Librdkafka { code, reason } => Self::Librdkafka { code, reason },
            Trouble::OtherBytes => Self::OtherBytes,
            Trouble::Other(cause) => Self::Other(cause),
        }
    }
}

/// What one message met: `Produce` and `Consume`, as far as it came.
#[derive(Debug)]
pub struct RoundTrip {
    pub steps: Vec<StepTaken>,
    pub result: Result<(), Fault>,
}

impl RoundTrip {
    pub(super) fn nowhere(fault: Fault) -> Self {
        Self { steps: Vec::new(), result: Err(fault) }
    }
}

impl Order {
    /// In one line, for [`Order::read`].
    pub(super) fn line(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        let mut line = Zeroizing::new(serde_json::to_vec(self)?);
        line.push(b'\n');
        Ok(line)
    }

    /// Fails on anything but what a parent process writes.
    pub fn read(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }

    /// What was done, told step by step.
    pub(super) fn told(&self, trips: Vec<Trip>) -> Vec<RoundTrip> {
        let transactional = matches!(self.delivery, Delivery::Transactional { .. });
        let tell = |(trip, partition): (Trip, &i32)| {
            let sent = |took| StepTaken { took, fact: Fact::Produce { topic: self.topic.clone(), partition: *partition, transactional } };
            match trip {
                Trip::Unsent(trouble) => RoundTrip::nowhere(Fault::new(Step::Produce, trouble.into())),
                Trip::Lost { produced, trouble } => {
                    RoundTrip { steps: vec![sent(produced)], result: Err(Fault::new(Step::Consume, trouble.into())) }
                }
                Trip::Back { produced, consumed, bytes } => {
                    let back = StepTaken { took: consumed, fact: Fact::Consume { bytes } };
                    RoundTrip { steps: vec![sent(produced), back], result: Ok(()) }
                }
            }
        };
        trips.into_iter().zip(&self.partitions).map(tell).collect()
    }
}
