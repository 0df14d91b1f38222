//! Topics, made and removed by Kafka's own requests (KIP-4): CreateTopics and DeleteTopics.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::kafka::KafkaSession;
use super::kafka_error::refused;
use super::kafka_wire::{Body, Request};
use crate::diagnosis::{Fault, Step, Symptom};

/// So much of what a broker says of its reason is kept.
const REASON: usize = 1000;

impl<S: AsyncRead + AsyncWrite + Unpin> KafkaSession<S> {
    /// Makes a topic with one partition on each of `brokers`, in their order. Brokers learn of it a moment later.
    pub async fn create_topic(&mut self, name: &str, brokers: &[i32], limit: Duration) -> Result<(), Fault> {
        self.create(name, brokers, limit).await.map_err(|symptom| Fault::new(Step::Topic, symptom))
    }

    pub async fn delete_topic(&mut self, name: &str, limit: Duration) -> Result<(), Fault> {
        self.delete(name, limit).await.map_err(|symptom| Fault::new(Step::Topic, symptom))
    }

    async fn create(&mut self, name: &str, brokers: &[i32], limit: Duration) -> Result<(), Symptom> {
        /// The numbers of partitions and replicas follow from the assignment.
        const ASSIGNED: i32 = -1;
        let version = self.version(Request::CreateTopics, 2..=4)?;
        let body = Body::default().int32(1).string(name)?.int32(ASSIGNED).int16(-1).int32(count(brokers)?);
        let body = (0..).zip(brokers).fold(body, |body, (partition, broker)| body.int32(partition).int32(1).int32(*broker));
        let body = body.int32(1).string("min.insync.replicas")?.string("1")?.int32(millis(limit)).boolean(false);
        let answered = self.ask(Request::CreateTopics, version, &body, |answer| {
            let _throttled = answer.int32()?;
            answer.some_of(1, |answer| Ok(Some((answer.text(0)?, answer.int16()?, answer.nullable_text(REASON)?))))
        });
        only(name, answered.await?.0.into_iter().next().map(|(_, code, message)| (code, message)))
    }

    async fn delete(&mut self, name: &str, limit: Duration) -> Result<(), Symptom> {
        let version = self.version(Request::DeleteTopics, 1..=3)?;
        let body = Body::default().int32(1).string(name)?.int32(millis(limit));
        let answered = self.ask(Request::DeleteTopics, version, &body, |answer| {
            let _throttled = answer.int32()?;
            answer.some_of(1, |answer| Ok(Some((answer.text(0)?, answer.int16()?))))
        });
        only(name, answered.await?.0.into_iter().next().map(|(_, code)| (code, None)))
    }
}

/// What happened to the only topic of a request.
fn only(name: &str, result: Option<(i16, Option<String>)>) -> Result<(), Symptom> {
    match result {
        Some((0, _)) => Ok(()),
        Some((code, message)) => Err(refused(code, message.filter(|message| !message.is_empty()), Some(name))),
        None => Err(Symptom::Other(format!("the broker says nothing of the topic {name}"))),
    }
}

fn count(brokers: &[i32]) -> Result<i32, Symptom> {
    i32::try_from(brokers.len()).map_err(|_| Symptom::Other("too many partitions".to_owned()))
}

fn millis(limit: Duration) -> i32 {
    i32::try_from(limit.as_millis()).unwrap_or(i32::MAX)
}
