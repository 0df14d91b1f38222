//! Floor 8: one identity at one endpoint, step by step, as a client would.
//!
//! Each step that succeeds leaves a fact, the one that fails a typed symptom; what that means is for [`crate::diagnosis`] to say.
//! rustls decides every handshake, by the visitor's anchors alone and always with the host name checked. Nothing but the words that
//! open a conversation is ever said outside TLS.

pub mod allowance;
mod amqp;
mod amqp_conversation;
mod amqp_frame;
mod amqp_method;
mod amqp_name;
mod aside;
mod delivery;
mod dial;
mod greeting;
mod kafka;
mod kafka_configs;
mod kafka_error;
mod kafka_login;
mod kafka_metadata;
#[cfg(test)]
mod kafka_tests;
mod kafka_topic;
mod kafka_wire;
mod librdkafka;
mod librdkafka_error;
mod messenger;
mod order;
mod reach;
mod scram;
mod scratch_topic;
mod served;
mod steward;
pub mod tls;
mod unique;
mod visitor;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

pub use amqp::{Business, Message};
pub use amqp_conversation::{Conversation, Start};
pub use delivery::Delivery;
pub use dial::{Addresses, Deadline, Overheard};
pub use greeting::{greet, refusal};
pub use kafka::KafkaSession;
pub use kafka_configs::Change;
pub use kafka_metadata::{Metadata, Operations, Partition, Topic};
pub use librdkafka::Librdkafka;
pub use messenger::{Messenger, ORDER, serve};
pub use order::{Order, RoundTrip};
pub use reach::{Reached, Unreached};
pub use scram::FewIterations;
pub use scratch_topic::ScratchTopics;
pub use served::{ServedAt, served};
pub use steward::Steward;
pub use unique::unique;
pub use visitor::{Credential, Login, Visitor};

use crate::cluster::RabbitmqAccess;
use crate::describe::Protocol;
use crate::diagnosis::{Fact, Fault, Step, StepTaken, Symptom};
use crate::pki::HostPort;

/// The first characters of what a stranger says.
fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Where to, and what for.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The name that the server's certificate must cover.
    pub endpoint: HostPort,
    pub protocol: Protocol,
    /// Kafka's `node.id`, where it is known.
    pub node_id: Option<i32>,
    pub errand: Errand,
}

/// What is to be done once the server has taken the client.
#[derive(Debug, Clone)]
pub enum Errand {
    /// Nothing more: a controller of Kafka knows no clients.
    Greet,
    /// Kafka: to log in, and ask for the brokers, and for this topic.
    Brokers { topic: Option<String> },
    /// RabbitMQ: to log in, open the virtual host, and send a message through an exchange of one's own.
    VirtualHost {
        name: String,
        /// What the client may do there, where that is known.
        access: Option<RabbitmqAccess>,
        message: Message,
    },
}

/// Everything that one visit has shown.
#[derive(Debug)]
pub struct Visit {
    pub steps: Vec<StepTaken>,
    pub result: Result<(), Fault>,
    pub seen: tls::Seen,
    /// Our own end of the connection.
    pub from: Option<SocketAddr>,
    /// What Kafka told of its brokers.
    pub metadata: Option<Metadata>,
    /// Whether the client may produce idempotently, where that was asked.
    pub producer_id: Result<(), Fault>,
}

/// Visits `destination`, which was reached before; all of it within `limit`.
pub async fn visit(visitor: &Visitor, destination: &Destination, reached: &Reached, limit: Duration, now: OffsetDateTime) -> Visit {
    let mut journey =
        Journey { steps: vec![reached.resolved.clone()], last: Instant::now(), from: None, metadata: None, producer_id: Ok(()) };
    let client = match tls::Client::new(visitor.credential.as_deref(), visitor.anchors.clone(), &visitor.versions, now) {
        Ok(client) => client,
        Err(fault) => {
            return Visit {
                steps: Vec::new(),
                result: Err(fault),
                seen: tls::Seen::default(),
                from: None,
                metadata: None,
                producer_id: Ok(()),
            };
        }
    };
    let result = journey.travel(visitor, destination, reached, &client, Deadline::after(limit)).await;
    Visit {
        steps: journey.steps,
        result,
        seen: client.seen(),
        from: journey.from,
        metadata: journey.metadata,
        producer_id: journey.producer_id,
    }
}

/// Collects the steps, each with the time since the one before.
#[derive(Debug)]
struct Journey {
    steps: Vec<StepTaken>,
    last: Instant,
    from: Option<SocketAddr>,
    metadata: Option<Metadata>,
    producer_id: Result<(), Fault>,
}

impl Journey {
    fn took(&mut self, fact: Fact) {
        let now = Instant::now();
        self.steps.push(StepTaken { took: now - self.last, fact });
        self.last = now;
    }

    async fn travel(
        &mut self,
        visitor: &Visitor,
        destination: &Destination,
        reached: &Reached,
        client: &tls::Client,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        let Destination { endpoint, protocol, node_id, errand } = destination;
        let stream = reached.connect(deadline).await?;
        self.from = stream.tcp().local_addr().ok();
        if let (Ok(address), Some(from)) = (stream.tcp().peer_addr(), self.from) {
            self.took(Fact::Connect { address, from });
        }
        let handshake = client.handshake(&endpoint.host, stream);
        let stream = match deadline.within(Step::Handshake, handshake).await {
            Ok(stream) => stream,
            Err(fault) => return Err(greeting::without_tls(fault, *protocol, &reached.addresses, deadline).await),
        };
        self.took(Fact::Handshake(Box::new(client.handshake_facts(&stream, &endpoint.host))));
        match protocol {
            Protocol::Kafka => {
                let greeted = deadline.within(Step::Greeting, KafkaSession::greet(stream)).await;
                let mut session = self.greeted(greeted, visitor, destination, reached, client, deadline).await?;
                self.took(session.greeting());
                let Errand::Brokers { topic } = errand else { return Ok(()) };
                if let Some(fact) = deadline.within(Step::Login, session.login(&visitor.login, visitor.few_iterations())).await? {
                    self.took(fact);
                }
                let topics: Vec<&str> = topic.iter().map(String::as_str).collect();
                let metadata = deadline.within(Step::Metadata, session.metadata_of_itself(&topics, *node_id)).await?;
                self.took(metadata.fact());
                self.metadata = Some(metadata);
                if topic.is_some() {
                    self.producer_id = deadline.within(Step::Produce, session.producer_id()).await;
                }
                Ok(())
            }
            Protocol::Amqp => {
                let begun = async { Conversation::begin(stream).await.map_err(|symptom| Fault::new(Step::Greeting, symptom)) };
                let greeted = deadline.within(Step::Greeting, begun).await;
                let (conversation, start) = self.greeted(greeted, visitor, destination, reached, client, deadline).await?;
                self.took(Fact::from(start.clone()));
                let Errand::VirtualHost { name, access, message } = errand else { return Ok(()) };
                let business = Business { login: &visitor.login, vhost: name, access: access.as_ref(), message: *message, deadline };
                conversation.run(&start, &business, &mut self.steps).await
            }
        }
    }

    /// An answer to the first words, of whatever kind, is the proof that the server took the client; none has a reason to be found.
    async fn greeted<T>(
        &mut self,
        greeted: Result<T, Fault>,
        visitor: &Visitor,
        destination: &Destination,
        reached: &Reached,
        client: &tls::Client,
        deadline: Deadline,
    ) -> Result<T, Fault> {
        match greeted {
            Err(Fault { symptom: symptom @ (Symptom::Closed | Symptom::Alert(_)), .. }) => {
                let fault = refusal(symptom, client, &destination.endpoint, &reached.addresses, deadline).await;
                if fault.step == Step::Greeting {
                    self.took(Fact::Acceptance(client.acceptance(visitor.credential.as_deref())));
                }
                Err(fault)
            }
            Err(fault @ Fault { symptom: Symptom::Silence { .. }, .. }) => Err(fault),
            greeted => {
                self.took(Fact::Acceptance(client.acceptance(visitor.credential.as_deref())));
                greeted
            }
        }
    }
}
