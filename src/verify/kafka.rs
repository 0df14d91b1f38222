//! One message to a Kafka broker and back, by librdkafka.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{Consumer, ConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Message, Offset, TopicPartitionList};

use crate::diagnosis::{Fault, Step};
use crate::visit::Visitor;

/// Hears what librdkafka tells nobody else: its calls only time out.
#[derive(Debug, Clone, Default)]
pub struct Causes(Arc<Mutex<Option<String>>>);

impl Causes {
    /// `error`, and the last that librdkafka said before it gave up.
    fn explain(&self, error: impl ToString) -> String {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(reason) => format!("{} ({reason})", error.to_string()),
            None => error.to_string(),
        }
    }
}

impl ClientContext for Causes {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        // "1/1 brokers are down" follows the cause and hides it.
        if error != KafkaError::Global(RDKafkaErrorCode::AllBrokersDown) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
        }
    }
}

impl ConsumerContext for Causes {}

/// librdkafka as one identity.
pub struct KafkaClient {
    config: ClientConfig,
    causes: Causes,
    deadline: Duration,
}

impl KafkaClient {
    /// `bootstrap` as librdkafka takes it: `host:port,host:port`.
    pub fn new(visitor: &Visitor, bootstrap: &str, group: &str, deadline: Duration) -> Self {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", bootstrap)
            .set("security.protocol", "ssl")
            .set("ssl.endpoint.identification.algorithm", "https")
            .set("ssl.ca.pem", visitor.anchors_pem())
            .set("client.id", "countersign")
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("socket.connection.setup.timeout.ms", millis(deadline))
            .set("message.timeout.ms", millis(deadline))
            .set("reconnect.backoff.max.ms", "500");
        if let Some(credential) = &visitor.credential {
            config.set("ssl.certificate.pem", credential.chain_pem());
            config.set("ssl.key.pem", String::from_utf8_lossy(credential.key_pem().expose()));
        }
        Self { config, causes: Causes::default(), deadline }
    }

    /// Produces one message to each of `partitions` and consumes it again: what happened to each, in their order.
    pub async fn round_trips(&self, topic: &str, partitions: &[i32]) -> Vec<Result<(), Fault>> {
        let created: Result<(FutureProducer<Causes>, StreamConsumer<Causes>), KafkaError> =
            (|| Ok((self.config.create_with_context(self.causes.clone())?, self.config.create_with_context(self.causes.clone())?)))();
        let (producer, consumer) = match created {
            Ok(both) => both,
            Err(error) => return partitions.iter().map(|_| Err(Fault::other(Step::Files, &error))).collect(),
        };
        let mut results = Vec::with_capacity(partitions.len());
        for partition in partitions {
            results.push(self.round_trip(&producer, &consumer, topic, *partition).await);
        }
        // Both wait for their threads when they are dropped.
        let _ = tokio::task::spawn_blocking(move || drop((producer, consumer))).await;
        results
    }

    async fn round_trip(
        &self,
        producer: &FutureProducer<Causes>,
        consumer: &StreamConsumer<Causes>,
        topic: &str,
        partition: i32,
    ) -> Result<(), Fault> {
        let failed = |step, error: KafkaError| Fault::other(step, self.causes.explain(error));
        let payload = format!("countersign verify {}", unique());
        let record = FutureRecord::<(), _>::to(topic).partition(partition).payload(&payload);
        let delivered = producer.send(record, self.deadline).await.map_err(|(error, _)| failed(Step::Produce, error))?;
        let mut assignment = TopicPartitionList::new();
        assignment
            .add_partition_offset(topic, partition, Offset::Offset(delivered.offset))
            .and_then(|()| consumer.assign(&assignment))
            .map_err(|error| failed(Step::Consume, error))?;
        let until = Instant::now() + self.deadline;
        loop {
            match tokio::time::timeout(until.saturating_duration_since(Instant::now()), consumer.recv()).await {
                Err(_) => {
                    return Err(Fault::other(Step::Consume, self.causes.explain("the message did not come back within the deadline")));
                }
                // A group is not joined here, so not being allowed to does not matter.
                Ok(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::GroupAuthorizationFailed))) => {}
                Ok(Err(error)) => return Err(failed(Step::Consume, error)),
                Ok(Ok(message)) if message.payload() == Some(payload.as_bytes()) => return Ok(()),
                Ok(Ok(_)) => {}
            }
        }
    }

    /// The leader of each partition of `topic`, in their order; `None` when there is no such topic.
    pub async fn leaders(&self, topic: &str) -> Result<Option<Vec<i32>>, Fault> {
        let (config, causes, deadline, topic) = (self.config.clone(), self.causes.clone(), self.deadline, topic.to_owned());
        let asked = tokio::task::spawn_blocking(move || {
            // A producer that asks about a topic makes the broker create it; a consumer does not.
            let consumer: StreamConsumer<Causes> = config.create_with_context(causes)?;
            let metadata = consumer.fetch_metadata(Some(&topic), deadline)?;
            let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
            Ok::<_, KafkaError>(found.map(|topic| {
                let mut leaders: Vec<(i32, i32)> =
                    topic.partitions().iter().map(|partition| (partition.id(), partition.leader())).collect();
                leaders.sort_unstable();
                leaders.into_iter().map(|(_, leader)| leader).collect::<Vec<i32>>()
            }))
        });
        match asked.await {
            Ok(Ok(leaders)) => Ok(leaders.filter(|leaders| !leaders.is_empty())),
            Ok(Err(error)) => Err(Fault::other(Step::Topic, self.causes.explain(error))),
            Err(error) => Err(Fault::other(Step::Topic, error)),
        }
    }

    /// Makes `topic` with one partition on each of `brokers`, and waits until each of them knows all leaders. One that does not know
    /// the topic yet refuses a producer without the right to create it, as if it might not write.
    pub async fn create_topic(&self, topic: &str, brokers: &[i32], addresses: &[String]) -> Result<(), Fault> {
        let failed = |error: String| Fault::other(Step::Topic, self.causes.explain(error));
        let admin: AdminClient<Causes> = self.config.create_with_context(self.causes.clone()).map_err(|error| failed(error.to_string()))?;
        let assignment: Vec<&[i32]> = brokers.iter().map(std::slice::from_ref).collect();
        let count = i32::try_from(brokers.len()).unwrap_or(i32::MAX);
        let new = NewTopic::new(topic, count, TopicReplication::Variable(&assignment)).set("min.insync.replicas", "1");
        let options = AdminOptions::new().operation_timeout(Some(self.deadline)).request_timeout(Some(self.deadline));
        let results = admin.create_topics([&new], &options).await.map_err(|error| failed(error.to_string()))?;
        results.into_iter().try_for_each(|result| result.map(|_| ()).map_err(|(_, code)| failed(code.to_string())))?;
        let until = Instant::now() + self.deadline;
        for address in addresses {
            // A new client asks the only broker that it has been told of.
            while self.of(address).leaders(topic).await?.is_none_or(|leaders| leaders != brokers) {
                if Instant::now() > until {
                    return Err(Fault::other(Step::Topic, format!("{address} does not know the new topic {topic} within the deadline")));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    /// The same identity, told of one broker alone.
    fn of(&self, address: &str) -> Self {
        let mut config = self.config.clone();
        config.set("bootstrap.servers", address);
        Self { config, causes: self.causes.clone(), deadline: self.deadline }
    }

    pub async fn delete_topic(&self, topic: &str) -> Result<(), Fault> {
        let failed = |error: String| Fault::other(Step::Topic, self.causes.explain(error));
        let admin: AdminClient<Causes> = self.config.create_with_context(self.causes.clone()).map_err(|error| failed(error.to_string()))?;
        let options = AdminOptions::new().operation_timeout(Some(self.deadline)).request_timeout(Some(self.deadline));
        let results = admin.delete_topics(&[topic], &options).await.map_err(|error| failed(error.to_string()))?;
        results.into_iter().try_for_each(|result| result.map(|_| ()).map_err(|(_, code)| failed(code.to_string())))
    }
}

/// Bytes that no other message has, as text.
pub fn unique() -> String {
    let mut bytes = [0; 16];
    // Only has to differ from what others send: should the generator fail, the check still compares bytes.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    crate::pki::hex(&bytes)
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}
