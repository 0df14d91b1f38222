//! What Kafka tells of a cluster: its brokers, and of each topic where it lies and what the client may do.

use std::sync::Arc;

use super::kafka_error::refused;
use super::kafka_wire::{Answer, Malformed};
use crate::diagnosis::{Advertised, Fact, Fault, Step, Symptom};

/// The cluster, as one of its brokers tells it to clients of this listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    pub cluster: Option<String>,
    /// `node.id`; with KRaft it is any broker, to which requests for the controller may go.
    pub controller: Option<i32>,
    /// The first 1,000 of those that were told of.
    pub brokers: Arc<[Advertised]>,
    /// How many were told of.
    pub told: usize,
    /// Those that were asked for.
    pub topics: Arc<[Topic]>,
}

/// More brokers than any cluster has.
const BROKERS: usize = 1000;
/// The characters of a host name (RFC 1035, 2.3.4), and of a cluster's id.
const NAME: usize = 255;
/// The longest name of a topic (`org.apache.kafka.common.internals.Topic`).
const TOPIC: usize = 249;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic {
    pub name: String,
    /// 0, or why no more is told: 3 when there is none, 29 when the client may not know.
    pub code: i16,
    /// In the order of their numbers.
    pub partitions: Vec<Partition>,
    /// What the client may do with it; `None` when the broker does not tell (before Kafka 2.3).
    pub operations: Option<Operations>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partition {
    pub id: i32,
    /// `node.id`; `None` while there is none.
    pub leader: Option<i32>,
}

/// A set of Kafka's AclOperations, each a bit by its code (KIP-430).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operations(i32);

impl Operations {
    const READ: u8 = 3;
    const WRITE: u8 = 4;

    pub fn read(self) -> bool {
        self.holds(Self::READ)
    }

    pub fn write(self) -> bool {
        self.holds(Self::WRITE)
    }

    fn holds(self, operation: u8) -> bool {
        self.0 >> operation & 1 == 1
    }
}

impl Metadata {
    pub fn fact(&self) -> Fact {
        Fact::Metadata { cluster: self.cluster.clone(), brokers: self.brokers.clone() }
    }

    /// Whether the broker `id` is told of.
    pub fn lists(&self, id: i32) -> bool {
        self.brokers.iter().any(|broker| broker.id == id)
    }

    /// One of the topics that were asked for, or why there is nothing to tell of it.
    pub fn topic(&self, name: &str) -> Result<&Topic, Fault> {
        let failed = |symptom| Fault::new(Step::Topic, symptom);
        match self.topics.iter().find(|topic| topic.name == name) {
            Some(topic) if topic.code == 0 => Ok(topic),
            Some(topic) => Err(failed(refused(topic.code, None, Some(name)))),
            None => Err(failed(Symptom::Other(format!("the broker says nothing of the topic {name}")))),
        }
    }
}

impl Topic {
    /// Why the client can do nothing with it: it may not even know whether it is there (TOPIC_AUTHORIZATION_FAILED).
    pub fn denied(&self) -> Option<Symptom> {
        (self.code == 29).then(|| refused(self.code, None, Some(&self.name)))
    }

    /// `node.id`s, in the order of the partitions, of those that have one.
    pub fn leaders(&self) -> impl Iterator<Item = i32> {
        self.partitions.iter().filter_map(|partition| partition.leader)
    }
}

/// Of the topics only those in `asked` are kept.
pub(super) fn metadata(answer: &mut Answer<'_>, version: i16, asked: &[&str]) -> Result<Metadata, Malformed> {
    let _throttled = answer.int32()?;
    let (brokers, told) = answer.some_of(BROKERS, |answer| {
        let broker = Advertised { id: answer.int32()?, host: answer.text(NAME)?, port: answer.int32()? };
        let _rack = answer.text(0)?;
        Ok(Some(broker))
    })?;
    let (cluster, controller) = (answer.nullable_text(NAME)?, node(answer.int32()?));
    let (topics, _) = answer.some_of(asked.len(), |answer| topic(answer, version, asked))?;
    Ok(Metadata { cluster, controller, brokers: brokers.into(), told, topics: topics.into() })
}

fn topic(answer: &mut Answer<'_>, version: i16, asked: &[&str]) -> Result<Option<Topic>, Malformed> {
    let code = answer.int16()?;
    let name = answer.text(TOPIC)?;
    let _internal = answer.boolean()?;
    let mut partitions = answer.array(|answer| partition(answer, version))?;
    partitions.sort_unstable_by_key(|partition| partition.id);
    let operations = if version >= 8 { Some(answer.int32()?).filter(|told| *told != i32::MIN).map(Operations) } else { None };
    Ok(asked.contains(&name.as_str()).then_some(Topic { name, code, partitions, operations }))
}

fn partition(answer: &mut Answer<'_>, version: i16) -> Result<Partition, Malformed> {
    let _code = answer.int16()?;
    let partition = Partition { id: answer.int32()?, leader: node(answer.int32()?) };
    if version >= 7 {
        let _leader_epoch = answer.int32()?;
    }
    let _replicas = answer.array(Answer::int32)?;
    let _in_sync = answer.array(Answer::int32)?;
    if version >= 5 {
        let _offline = answer.array(Answer::int32)?;
    }
    Ok(partition)
}

/// -1 is none.
fn node(id: i32) -> Option<i32> {
    (id >= 0).then_some(id)
}
