//! librdkafka as one visitor: a message to Kafka and back, as the clients of most languages send it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::{Message, Offset, TopicPartitionList};

use super::aside::Aside;
use super::delivery::Delivery;
use super::librdkafka_error::{Heard, Names, trouble};
use super::order::{Order, Trip, Trouble};
use super::unique::unique;
use super::{Login, Visitor};

/// librdkafka's settings for a visitor.
///
/// It checks the host name always. Which versions of TLS it offers is for the OpenSSL in it to say, and no setting of it: what a
/// visitor offers counts in the handshake that is made before.
#[derive(Clone)]
pub struct Librdkafka {
    settings: BTreeMap<String, String>,
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
        let millis = millis(deadline);
        let mut settings = BTreeMap::from([
            ("bootstrap.servers", bootstrap.to_owned()),
            ("client.id", "countersign".to_owned()),
            ("ssl.endpoint.identification.algorithm", "https".to_owned()),
            ("ssl.ca.pem", visitor.anchors_pem()),
            ("allow.auto.create.topics", "false".to_owned()),
            ("socket.connection.setup.timeout.ms", millis),
            ("retry.backoff.ms", "10".to_owned()),
            ("topic.metadata.refresh.fast.interval.ms", "10".to_owned()),
            // Whoever sends has seen before that the brokers know the topic: one that they know no more is gone.
            ("topic.metadata.propagation.max.ms", "1000".to_owned()),
            // Of a name's addresses one is tried at a time.
            ("reconnect.backoff.ms", "10".to_owned()),
            ("reconnect.backoff.max.ms", "500".to_owned()),
        ]);
        if let Some(credential) = &visitor.credential {
            settings.insert("ssl.certificate.pem", credential.chain_pem());
            settings.insert("ssl.key.pem", String::from_utf8_lossy(credential.key_pem().expose()).into_owned());
        }
        match &visitor.login {
            Login::Certificate | Login::Anonymous => settings.insert("security.protocol", "ssl".to_owned()),
            Login::Password { mechanism, user, password } => {
                settings.insert("sasl.mechanism", mechanism.name().to_owned());
                settings.insert("sasl.username", user.meant().to_owned());
                settings.insert("sasl.password", password.expose().to_owned());
                settings.insert("security.protocol", "sasl_ssl".to_owned())
            }
        };
        let settings = settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Self { settings, group: group.to_owned(), deadline }
    }

    /// One message to each of `partitions`, and back.
    pub fn order(&self, topic: &str, partitions: &[i32], delivery: &Delivery) -> Order {
        let Self { settings, group, deadline } = self.clone();
        Order { settings, group, deadline, topic: topic.to_owned(), partitions: partitions.to_vec(), delivery: delivery.clone() }
    }
}

impl Order {
    /// What [`super::Messenger`] lets do: all messages at once, what happened to each in their order.
    pub(super) async fn run(&self) -> Vec<Trip> {
        match self.clients().await {
            Ok(clients) => clients.round_trips(&self.topic, &self.partitions, &self.delivery, self.deadline).await,
            Err(cause) => self.partitions.iter().map(|_| Trip::Unsent(Trouble::Other(cause.clone()))).collect(),
        }
    }

    fn config(&self) -> ClientConfig {
        self.settings.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn producer(&self) -> ClientConfig {
        let mut config = self.config();
        // One message is all that there will be: it does not wait for others.
        config.set("acks", "all").set("queue.buffering.max.ms", "0").set("message.timeout.ms", millis(self.deadline));
        if let Delivery::Transactional { id } = &self.delivery {
            config.set("transactional.id", id).set("transaction.timeout.ms", millis(self.deadline));
        }
        config
    }

    fn consumer(&self) -> ClientConfig {
        let mut config = self.config();
        config
            .set("group.id", &self.group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("isolation.level", "read_committed")
            .set("fetch.error.backoff.ms", "10");
        config
    }

    /// Both clients, connecting already.
    async fn clients(&self) -> Result<Aside<Clients>, String> {
        let heard = Heard::default();
        let names = Names { topic: self.topic.clone(), group: self.group.clone(), delivery: self.delivery.clone() };
        let (producing, consuming) = (self.producer(), self.consumer());
        let (producer_heard, consumer_heard) = (heard.clone(), heard.clone());
        let made = tokio::join!(
            tokio::task::spawn_blocking(move || producing.create_with_context(producer_heard)),
            tokio::task::spawn_blocking(move || consuming.create_with_context(consumer_heard)),
        );
        match made {
            (Ok(Ok(producer)), Ok(Ok(consumer))) => Ok(Aside::new(Clients { producer, consumer: Arc::new(consumer), heard, names })),
            (Ok(Err(error)), _) | (_, Ok(Err(error))) => Err(error.to_string()),
            (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
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
type Arrival = Option<Result<Arrived, Trouble>>;

struct Arrived {
    took: Duration,
    bytes: usize,
}

/// A message on its way.
struct Sent {
    payload: String,
    offset: i64,
}

impl Clients {
    async fn round_trips(&self, topic: &str, partitions: &[i32], delivery: &Delivery, deadline: Duration) -> Vec<Trip> {
        let begun = Instant::now();
        // Knowing the leaders beforehand, the consumer fetches as soon as it knows from where.
        let (consumer, name) = (self.consumer.clone(), topic.to_owned());
        let acquainted = tokio::task::spawn_blocking(move || consumer.fetch_metadata(Some(&name), deadline).map(|_| ()));
        let (sent, _) = tokio::join!(self.produce(topic, partitions, delivery, deadline), acquainted);
        let produced = begun.elapsed();
        let consumed = self.consume(topic, partitions, &sent, deadline).await;
        let trip = |(sent, arrival): (Result<Sent, Trouble>, Arrival)| match (sent, arrival) {
            (Err(trouble), _) => Trip::Unsent(trouble),
            (Ok(_), Some(Ok(Arrived { took, bytes }))) => Trip::Back { produced, consumed: took, bytes },
            (Ok(_), Some(Err(trouble))) => Trip::Lost { produced, trouble },
            (Ok(_), None) => Trip::Lost { produced, trouble: self.trouble_of(RDKafkaErrorCode::OperationTimedOut) },
        };
        sent.into_iter().zip(consumed).map(trip).collect()
    }

    async fn produce(&self, topic: &str, partitions: &[i32], delivery: &Delivery, deadline: Duration) -> Vec<Result<Sent, Trouble>> {
        if let Delivery::Transactional { .. } = delivery {
            let begin = move |producer: &FutureProducer<Heard>| {
                producer.init_transactions(deadline)?;
                producer.begin_transaction()
            };
            if let Err(trouble) = self.transact(begin).await {
                return partitions.iter().map(|_| Err(trouble.clone())).collect();
            }
        }
        let sent = join_all(partitions.iter().map(|partition| self.send(topic, *partition, deadline))).await;
        if let Delivery::Transactional { .. } = delivery
            && sent.iter().all(Result::is_ok)
            && let Err(trouble) = self.transact(move |producer| producer.commit_transaction(deadline)).await
        {
            return partitions.iter().map(|_| Err(trouble.clone())).collect();
        }
        sent
    }

    async fn send(&self, topic: &str, partition: i32, deadline: Duration) -> Result<Sent, Trouble> {
        let payload = format!("countersign verify {}", unique());
        let record = FutureRecord::<(), _>::to(topic).partition(partition).payload(&payload);
        match self.producer.send(record, deadline).await {
            Ok(delivered) => Ok(Sent { payload, offset: delivered.offset }),
            Err((error, _)) => Err(self.trouble(&error)),
        }
    }

    /// A call that blocks.
    async fn transact(&self, call: impl FnOnce(&FutureProducer<Heard>) -> Result<(), KafkaError> + Send + 'static) -> Result<(), Trouble> {
        let producer = self.producer.clone();
        match tokio::task::spawn_blocking(move || call(&producer)).await {
            Ok(done) => done.map_err(|error| self.trouble(&error)),
            Err(error) => Err(Trouble::Other(error.to_string())),
        }
    }

    /// What became of each of `sent`, in their order; `None` where it was not sent, or did not come back in time.
    async fn consume(&self, topic: &str, partitions: &[i32], sent: &[Result<Sent, Trouble>], deadline: Duration) -> Vec<Arrival> {
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
                        Ok(Arrived { took: begun.elapsed(), bytes: sent.payload.len() })
                    } else {
                        Err(Trouble::OtherBytes)
                    });
                    missing.remove(&message.partition());
                }
            }
        }
        if let Some(error) = failure {
            for (index, _) in missing.into_values() {
                arrived[index] = Some(Err(self.trouble(&error)));
            }
        }
        arrived
    }

    fn trouble(&self, error: &KafkaError) -> Trouble {
        match (error.rdkafka_error_code(), self.producer.client().fatal_error()) {
            (Some(RDKafkaErrorCode::Fatal), Some((code, reason))) => trouble(code, Some(reason), |code| self.names.of(code)),
            (Some(code), _) => self.trouble_of(code),
            (None, _) => Trouble::Other(error.to_string()),
        }
    }

    fn trouble_of(&self, code: RDKafkaErrorCode) -> Trouble {
        self.heard.trouble(code, |code| self.names.of(code))
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
