//! What a client asks of Kafka itself: who are you, who are the brokers, what of this topic.

use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::kafka_error::refused;
use super::kafka_wire::{Answer, Api, Body, Malformed, Wire};
use crate::diagnosis::{Advertised, Fact, Fault, Step, Symptom};

/// A conversation with one broker. What must not be heard by others is only said on a stream of TLS: `login` is there for no other.
///
/// ```compile_fail
/// # use countersign::visit::{KafkaSession, Login};
/// async fn in_plaintext(mut session: KafkaSession<tokio::net::TcpStream>, login: &Login) {
///     let _ = session.login(login).await;
/// }
/// ```
///
/// ```
/// # use countersign::visit::{KafkaSession, Login};
/// async fn over_tls(mut session: KafkaSession<tokio_rustls::client::TlsStream<tokio::net::TcpStream>>, login: &Login) {
///     let _ = session.login(login).await;
/// }
/// ```
#[derive(Debug)]
pub struct KafkaSession<S> {
    wire: Wire<S>,
    /// Which requests this broker takes, in which versions.
    offers: Vec<Offer>,
}

#[derive(Debug, Clone, Copy)]
struct Offer {
    key: i16,
    min: i16,
    max: i16,
}

impl<S: AsyncRead + AsyncWrite + Unpin> KafkaSession<S> {
    /// ApiVersions: the first request on a connection, and on one with SASL the only time that it may be made. Every broker takes
    /// version 0, whichever else it refuses (KIP-511).
    pub async fn greet(stream: S) -> Result<Self, Fault> {
        let mut wire = Wire::new(stream);
        let failed = |symptom| Fault::new(Step::Greeting, symptom);
        let answer = wire.ask(Api::ApiVersions, 0, &Body::default()).await.map_err(failed)?;
        let (code, offers) = api_versions(&answer).map_err(|Malformed(at)| {
            let until = answer.len().min(at + 16);
            failed(Symptom::OtherProtocol { answer: answer[until.saturating_sub(64)..until].to_vec() })
        })?;
        if code != 0 {
            return Err(failed(refused(code, None, None)));
        }
        Ok(Self { wire, offers })
    }

    pub fn greeting(&self) -> Fact {
        Fact::Greeting { server: "Kafka".to_owned(), mechanisms: Vec::new() }
    }

    /// The brokers, and what there is to know of each of `topics`, as far as the client may know it. Never makes a topic.
    pub async fn metadata(&mut self, topics: &[&str]) -> Result<Metadata, Fault> {
        self.describe(topics).await.map_err(|symptom| Fault::new(Step::Metadata, symptom))
    }

    /// Waits until this broker knows `topic` with these leaders, by partition; the caller's deadline ends it. A broker that does not
    /// know a new topic yet answers a client that may not create it as if it might not write.
    pub async fn until_known(&mut self, topic: &str, leaders: &[i32]) -> Result<(), Fault> {
        const PAUSE: Duration = Duration::from_millis(20);
        loop {
            let metadata = self.describe(&[topic]).await.map_err(|symptom| Fault::new(Step::Topic, symptom))?;
            if metadata.topics.iter().any(|found| found.name == topic && found.leaders().eq(leaders.iter().copied())) {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn describe(&mut self, topics: &[&str]) -> Result<Metadata, Symptom> {
        // From 4 on the request says whether topics may be made, and from 8 on the answer what the client may do with them.
        let version = self.version(Api::Metadata, 4..=8)?;
        let count = i32::try_from(topics.len()).map_err(|_| Symptom::Other("too many topics".to_owned()))?;
        let body = topics.iter().try_fold(Body::default().int32(count), |body, topic| body.string(topic))?.boolean(false);
        let body = if version >= 8 { body.boolean(false).boolean(true) } else { body };
        self.ask(Api::Metadata, version, &body, |answer| metadata(answer, version)).await
    }

    pub(super) async fn ask<T>(
        &mut self,
        api: Api,
        version: i16,
        body: &Body,
        read: impl FnOnce(&mut Answer<'_>) -> Result<T, Malformed>,
    ) -> Result<T, Symptom> {
        let answer = self.wire.ask(api, version, body).await?;
        read(&mut Answer::new(&answer))
            .map_err(|Malformed(at)| Symptom::Other(format!("the answer to {api} in version {version} makes no sense at byte {at}")))
    }

    /// The newest of `ours` that the broker takes.
    pub(super) fn version(&self, api: Api, ours: RangeInclusive<i16>) -> Result<i16, Symptom> {
        let theirs = self.offers.iter().find(|offer| offer.key == api as i16);
        theirs
            .map(|offer| offer.max.min(*ours.end()))
            .filter(|newest| theirs.is_some_and(|offer| offer.min.max(*ours.start()) <= *newest))
            .ok_or_else(|| {
                let (from, to) = ours.into_inner();
                Symptom::Other(match theirs {
                    Some(Offer { min, max, .. }) => format!("the broker takes {api} in the versions {min} to {max}, not {from} to {to}"),
                    None => format!("the broker does not take {api}"),
                })
            })
    }
}

fn api_versions(answer: &[u8]) -> Result<(i16, Vec<Offer>), Malformed> {
    let mut answer = Answer::new(answer);
    let code = answer.int16()?;
    Ok((code, answer.array(|answer| Ok(Offer { key: answer.int16()?, min: answer.int16()?, max: answer.int16()? }))?))
}

/// The cluster, as one of its brokers tells it to clients of this listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    pub cluster: Option<String>,
    /// `node.id`; with KRaft it is any broker, to which requests for the controller may go.
    pub controller: Option<i32>,
    pub brokers: Vec<Advertised>,
    /// Those that were asked for.
    pub topics: Vec<Topic>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    /// 0, or why no more is told: 3 when there is none, 29 when the client may not know.
    pub code: i16,
    /// In the order of their numbers.
    pub partitions: Vec<Partition>,
    /// What the client may do with it; `None` when the broker does not tell (before Kafka 2.3).
    pub operations: Option<Operations>,
}

impl Topic {
    /// Why the client can do nothing with it: it may not even know whether it is there (TOPIC_AUTHORIZATION_FAILED).
    pub fn denied(&self) -> Option<Symptom> {
        (self.code == 29).then(|| refused(self.code, None, Some(&self.name)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    pub id: i32,
    /// `node.id`; `None` while there is none.
    pub leader: Option<i32>,
}

/// A set of Kafka's AclOperations, each a bit by its code (KIP-430).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    fn leaders(&self) -> impl Iterator<Item = i32> {
        self.partitions.iter().filter_map(|partition| partition.leader)
    }
}

fn metadata(answer: &mut Answer<'_>, version: i16) -> Result<Metadata, Malformed> {
    let _throttled = answer.int32()?;
    let brokers = answer.array(|answer| {
        let broker = Advertised { id: answer.int32()?, host: answer.string()?.unwrap_or_default(), port: answer.int32()? };
        let _rack = answer.string()?;
        Ok(broker)
    })?;
    Ok(Metadata {
        brokers,
        cluster: answer.string()?,
        controller: node(answer.int32()?),
        topics: answer.array(|answer| topic(answer, version))?,
    })
}

fn topic(answer: &mut Answer<'_>, version: i16) -> Result<Topic, Malformed> {
    let code = answer.int16()?;
    let name = answer.string()?.unwrap_or_default();
    let _internal = answer.boolean()?;
    let mut partitions = answer.array(|answer| partition(answer, version))?;
    partitions.sort_unstable_by_key(|partition| partition.id);
    let operations = if version >= 8 { Some(answer.int32()?).filter(|told| *told != i32::MIN).map(Operations) } else { None };
    Ok(Topic { name, code, partitions, operations })
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
