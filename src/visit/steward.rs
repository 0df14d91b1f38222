//! Whoever looks after topics and settings: what is asked of single brokers, on connections of its own.

use std::time::Duration;

use time::OffsetDateTime;

use super::dial::{Addresses, Deadline};
use super::kafka::KafkaSession;
use super::kafka_configs::Change;
use super::kafka_metadata::Metadata;
use super::{Visitor, tls};
use crate::diagnosis::{Fault, Step, Symptom};
use crate::pki::HostPort;

/// Who looks after topics and settings, and how long each of its connections may take, with all that is done over it.
#[derive(Debug, Clone)]
pub struct Steward {
    pub visitor: Visitor,
    pub limit: Duration,
    pub now: OffsetDateTime,
}

impl Steward {
    /// What the broker at `endpoint` tells of the brokers and of `topic`.
    pub async fn metadata_of(&self, endpoint: &HostPort, topic: &str) -> Result<Metadata, Fault> {
        self.at(endpoint, async |session, _| session.metadata(&[topic]).await).await
    }

    /// Waits until the broker at `endpoint` knows that `topic` has these leaders, by partition.
    pub async fn until_known(&self, endpoint: &HostPort, topic: &str, leaders: &[i32]) -> Result<(), Fault> {
        self.at(endpoint, async |session, _| session.until_known(topic, leaders).await).await
    }

    /// Makes a topic with one partition on each of `leaders`, in their order, through the first of `brokers` that can do it.
    pub async fn create_topic(&self, brokers: &[HostPort], topic: &str, leaders: &[i32]) -> Result<(), Fault> {
        self.anywhere(brokers, async |session, left| session.create_topic(topic, leaders, left).await).await
    }

    pub async fn delete_topic(&self, brokers: &[HostPort], topic: &str) -> Result<(), Fault> {
        self.anywhere(brokers, async |session, left| session.delete_topic(topic, left).await).await
    }

    /// Changes settings of the node with this id, which is reached at `endpoint`.
    pub async fn alter_node(&self, endpoint: &HostPort, id: u32, changes: &[Change]) -> Result<(), Fault> {
        self.at(endpoint, async |session, _| session.alter_node(id, changes).await).await
    }

    /// Asks one of `brokers` after the other, until one answers who can.
    async fn anywhere(
        &self,
        brokers: &[HostPort],
        ask: impl AsyncFn(&mut KafkaSession<tls::Stream>, Duration) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        /// Of Kafka without KRaft, where only the controller makes and removes topics.
        const NOT_CONTROLLER: i16 = 41;
        // The first fault is that of the broker that the visit is about; another's stands where that one is visited.
        let mut first = None;
        for broker in brokers {
            match self.at(broker, &ask).await {
                Err(fault) if !matches!(fault.symptom, Symptom::Kafka { code, .. } if code != NOT_CONTROLLER) => {
                    first.get_or_insert(fault);
                }
                answered => return answered,
            }
        }
        let fault = first.unwrap_or_else(|| Fault::other(Step::Topic, "there is no broker to ask for the topic"));
        Err(Fault { step: Step::Topic, ..fault })
    }

    async fn at<T>(
        &self,
        endpoint: &HostPort,
        ask: impl AsyncFn(&mut KafkaSession<tls::Stream>, Duration) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let deadline = Deadline::after(self.limit);
        let asked = async {
            let mut session = self.session(endpoint, deadline).await?;
            ask(&mut session, deadline.left()).await
        };
        deadline.within(Step::Topic, asked).await
    }

    async fn session(&self, endpoint: &HostPort, deadline: Deadline) -> Result<KafkaSession<tls::Stream>, Fault> {
        let Visitor { credential, anchors, versions, login, .. } = &self.visitor;
        let client = tls::Client::new(credential.as_deref(), anchors.clone(), versions, self.now)?;
        let stream = Addresses::of(endpoint, deadline).await?.connect(deadline).await?;
        let mut session = KafkaSession::greet(client.handshake(&endpoint.host, stream).await?).await?;
        session.login(login, self.visitor.few_iterations()).await?;
        Ok(session)
    }
}
