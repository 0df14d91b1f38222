//! librdkafka as one visitor: a message to Kafka and back, as the clients of most languages send it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{Message, Offset, TopicPartitionList};

use super::aside::Aside;
use super::delivery::Delivery;
use super::librdkafka_error::{Heard, Names, symptom};
use super::unique::unique;
use super::{Login, Visitor};
use crate::diagnosis::{Fact, Fault, Step, StepTaken, Symptom};

/// What one message met: `Produce` and `Consume`, as far as it came.
#[derive(Debug)]
pub struct RoundTrip {
    pub steps: Vec<StepTaken>,
    pub result: Result<(), Fault>,
}

/// librdkafka's settings for a visitor.
///
/// It checks the host name always. Which versions of TLS it offers is for the OpenSSL in it to say, and no setting of it: what a
/// visitor offers counts in the handshake that is made before.
#[derive(Clone)]
pub struct Librdkafka {
    config: ClientConfig,
    group: String,
    deadline: Duration,
}

impl fmt::Debug for Librdkafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Librdkafka").field("group", &self.group).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl Librdkafka {
    /// `bootstrap` as librdkafka takes it: `host:port,host:port`. The group is never joined, and no offset of it is kept; but
    /// librdkafka asks for its coordinator all the same, upon which a broker makes `__consumer_offsets` where there is none yet.
    pub fn new(visitor: &Visitor, bootstrap: &str, group: &str, deadline: Duration) -> Self {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", bootstrap)
            .set("client.id", "countersign")
            .set("ssl.endpoint.identification.algorithm", "https")
            .set("ssl.ca.pem", visitor.anchors_pem())
            .set("allow.auto.create.topics", "false")
            .set("socket.connection.setup.timeout.ms", millis(deadline))
            .set("retry.backoff.ms", "10")
            .set("topic.metadata.refresh.fast.interval.ms", "10")
            // Of a name's addresses one is tried at a time.
            .set("reconnect.backoff.ms", "10")
            .set("reconnect.backoff.max.ms", "500");
        if let Some(credential) = &visitor.credential {
            config
                .set("ssl.certificate.pem", credential.chain_pem())
                .set("ssl.key.pem", String::from_utf8_lossy(credential.key_pem().expose()));
        }
        match &visitor.login {
            Login::Certificate | Login::Anonymous => config.set("security.protocol", "ssl"),
            Login::Password { mechanism, user, password } => config
                .set("security.protocol", "sasl_ssl")
                .set("sasl.mechanism", mechanism.name())
                .set("sasl.username", user.meant())
                .set("sasl.password", password.expose()),
        };
        Self { config, group: group.to_owned(), deadline }
    }

    fn producer(&self, delivery: &Delivery) -> Self {
        let mut producer = self.clone();
        // One message is all that there will be: it does not wait for others.
        producer.config.set("acks", "all").set("queue.buffering.max.ms", "0").set("message.timeout.ms", millis(self.deadline));
        if let Delivery::Transactional { id } = delivery {
            producer.config.set("transactional.id", id).set("transaction.timeout.ms", millis(self.deadline));
        }
        producer
    }

    fn consumer(&self) -> Self {
        let mut consumer = self.clone();
        consumer
            .config
            .set("group.id", &self.group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("isolation.level", "read_committed")
            .set("fetch.error.backoff.ms", "10");
        consumer
    }

    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(super) fn client<T: FromClientConfigAndContext<Heard>>(&self, heard: &Heard) -> Result<T, KafkaError> {
        self.config.create_with_context(heard.clone())
    }

    /// Produces one message to each of `partitions` and consumes it again, all at once: what happened to each, in their order.
    pub async fn round_trips(&self, topic: &str, partitions: &[i32], delivery: &Delivery) -> Vec<RoundTrip> {
        let heard = Heard::default();
        let clients = match self.clients(&heard, topic, delivery).await {
            Ok(clients) => clients,
            Err(fault) => return partitions.iter().map(|_| RoundTrip { steps: Vec::new(), result: Err(fault.clone()) }).collect(),
        };
        clients.round_trips(topic, partitions, delivery, self.deadline).await
    }

    /// Both clients, connecting already.
    async fn clients(&self, heard: &Heard, topic: &str, delivery: &Delivery) -> Result<Aside<Clients>, Fault> {
        let names = Names { topic: topic.to_owned(), group: self.group.clone(), delivery: delivery.clone() };
        let (producing, consuming) = (self.producer(delivery), self.consumer());
        let (producer_heard, consumer_heard) = (heard.clone(), heard.clone());
        let made = tokio::join!(
            tokio::task::spawn_blocking(move || producing.client(&producer_heard)),
            tokio::task::spawn_blocking(move || consuming.client(&consumer_heard)),
        );
        match made {
            (Ok(Ok(producer)), Ok(Ok(consumer))) => {
                Ok(Aside::new(Clients { producer, consumer: Arc::new(consumer), heard: heard.clone(), names }))
            }
            (Ok(Err(error)), _) | (_, Ok(Err(error))) => Err(Fault::other(Step::Produce, error)),
            (Err(error), _) | (_, Err(error)) => Err(Fault::other(Step::Produce, error)),
        }
    }
}

struct Clients {
    producer: FutureProducer<Heard>,
    consumer: Arc<StreamConsumer<Heard>>,
    heard: Heard,
    names: Names,
}

/// What became of a message that was sent; `None` while it has not come back.
type Arrival = Option<Result<StepTaken, Symptom>>;

/// A message on its way.
struct Sent {
    payload: String,
    offset: i64,
}

impl Clients {
    async fn round_trips(&self, topic: &str, partitions: &[i32], delivery: &Delivery, deadline: Duration) -> Vec<RoundTrip> {
        let begun = Instant::now();
        // Knowing the leaders beforehand, the consumer fetches as soon as it knows from where.
        let (consumer, name) = (self.consumer.clone(), topic.to_owned());
        let acquainted = tokio::task::spawn_blocking(move || consumer.fetch_metadata(Some(&name), deadline).map(|_| ()));
        let (sent, _) = tokio::join!(self.produce(topic, partitions, delivery, deadline), acquainted);
        let produced = begun.elapsed();
        let consumed = self.consume(topic, partitions, &sent, deadline).await;
        let transactional = matches!(delivery, Delivery::Transactional { .. });
        let trip = |partition: i32, sent: Result<Sent, Symptom>, arrival: Arrival| {
            let mut steps = Vec::new();
            let result = sent.map_err(|symptom| Fault::new(Step::Produce, symptom)).and_then(|_| {
                steps.push(StepTaken { took: produced, fact: Fact::Produce { topic: topic.to_owned(), partition, transactional } });
                let arrived = arrival.unwrap_or_else(|| Err(self.symptom_of(RDKafkaErrorCode::OperationTimedOut)));
                steps.push(arrived.map_err(|symptom| Fault::new(Step::Consume, symptom))?);
                Ok(())
            });
            RoundTrip { steps, result }
        };
        partitions.iter().zip(sent.into_iter().zip(consumed)).map(|(partition, (sent, arrival))| trip(*partition, sent, arrival)).collect()
    }

    async fn produce(&self, topic: &str, partitions: &[i32], delivery: &Delivery, deadline: Duration) -> Vec<Result<Sent, Symptom>> {
        if let Delivery::Transactional { .. } = delivery {
            let begin = move |producer: &FutureProducer<Heard>| {
                producer.init_transactions(deadline)?;
                producer.begin_transaction()
            };
            if let Err(symptom) = self.transact(begin).await {
                return partitions.iter().map(|_| Err(symptom.clone())).collect();
            }
        }
        let sent = join_all(partitions.iter().map(|partition| self.send(topic, *partition, deadline))).await;
        if let Delivery::Transactional { .. } = delivery
            && sent.iter().all(Result::is_ok)
            && let Err(symptom) = self.transact(move |producer| producer.commit_transaction(deadline)).await
        {
            return partitions.iter().map(|_| Err(symptom.clone())).collect();
        }
        sent
    }

    async fn send(&self, topic: &str, partition: i32, deadline: Duration) -> Result<Sent, Symptom> {
        let payload = format!("countersign verify {}", unique());
        let record = FutureRecord::<(), _>::to(topic).partition(partition).payload(&payload);
        match self.producer.send(record, deadline).await {
            Ok(delivered) => Ok(Sent { payload, offset: delivered.offset }),
            Err((error, _)) => Err(self.symptom(&error)),
        }
    }

    /// A call that blocks.
    async fn transact(&self, call: impl FnOnce(&FutureProducer<Heard>) -> Result<(), KafkaError> + Send + 'static) -> Result<(), Symptom> {
        let producer = self.producer.clone();
        match tokio::task::spawn_blocking(move || call(&producer)).await {
            Ok(done) => done.map_err(|error| self.symptom(&error)),
            Err(error) => Err(Symptom::Other(error.to_string())),
        }
    }

    /// What became of each of `sent`, in their order; `None` where it was not sent, or did not come back in time.
    async fn consume(&self, topic: &str, partitions: &[i32], sent: &[Result<Sent, Symptom>], deadline: Duration) -> Vec<Arrival> {
        let begun = Instant::now();
        let mut arrived: Vec<Arrival> = partitions.iter().map(|_| None).collect();
        let mut missing: BTreeMap<i32, (usize, &Sent)> = BTreeMap::new();
        let mut assignment = TopicPartitionList::new();
        let mut assigned = Ok(());
        for (index, (partition, sent)) in partitions.iter().zip(sent).enumerate() {
            if let Ok(sent) = sent {
                missing.insert(*partition, (index, sent));
                assigned = assigned.and(assignment.add_partition_offset(topic, *partition, Offset::Offset(sent.offset)));
            }
        }
        let mut failure = assigned.and_then(|()| self.consumer.assign(&assignment)).err();
        while failure.is_none() && !missing.is_empty() {
            match tokio::time::timeout(deadline.saturating_sub(begun.elapsed()), self.consumer.recv()).await {
                Err(_) => return arrived,
                // A group is not joined here, so not being allowed to does not matter.
                Ok(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::GroupAuthorizationFailed))) => {}
                // librdkafka tries again by itself, and it may be a broker that this message never sees.
                Ok(Err(KafkaError::MessageConsumption(code))) if is_of_a_connection(code) => {}
                Ok(Err(error)) => failure = Some(error),
                Ok(Ok(message)) => {
                    let Some((index, sent)) = missing.get(&message.partition()).filter(|(_, sent)| message.offset() >= sent.offset) else {
                        continue;
                    };
                    arrived[*index] = Some(if message.payload() == Some(sent.payload.as_bytes()) {
                        Ok(StepTaken { took: begun.elapsed(), fact: Fact::Consume { bytes: sent.payload.len() } })
                    } else {
                        Err(Symptom::OtherBytes)
                    });
                    missing.remove(&message.partition());
                }
            }
        }
        if let Some(error) = failure {
            for (index, _) in missing.into_values() {
                arrived[index] = Some(Err(self.symptom(&error)));
            }
        }
        arrived
    }

    fn symptom(&self, error: &KafkaError) -> Symptom {
        match (error.rdkafka_error_code(), self.producer.client().fatal_error()) {
            (Some(RDKafkaErrorCode::Fatal), Some((code, reason))) => symptom(code, Some(reason), |code| self.names.of(code)),
            (Some(code), _) => self.symptom_of(code),
            (None, _) => Symptom::Other(error.to_string()),
        }
    }

    fn symptom_of(&self, code: RDKafkaErrorCode) -> Symptom {
        self.heard.symptom(code, |code| self.names.of(code))
    }
}

/// librdkafka takes no timeout below a second for a connection.
fn millis(deadline: Duration) -> String {
    deadline.as_millis().max(1000).to_string()
}

const fn is_of_a_connection(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{AllBrokersDown, BrokerTransportFailure, Resolve, SSL};
    matches!(code, AllBrokersDown | BrokerTransportFailure | Resolve | SSL)
}
