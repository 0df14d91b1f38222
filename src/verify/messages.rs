//! A message through every broker of Kafka that was reached, as everyone who reached it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::Instant;

use futures_util::future::{join_all, select_ok};
use tokio::sync::Semaphore;

use super::agenda::{Agenda, KafkaMessage, Target};
use super::board::Board;
use super::discover::{Told, address};
use super::options::Options;
use super::outcome::{Occasion, Witnessed};
use crate::diagnosis::{Fact, Fault, Step, StepTaken, Symptom};
use crate::pki::HostPort;
use crate::visit::{Delivery, Librdkafka, Metadata, ScratchTopic, Topic, Visitor, metadata_of, unique, until_known};

/// The topic that was made for this, to be removed however it ends.
pub type Scratch = OnceLock<ScratchTopic>;

/// What the messages need to know of the visits before.
pub struct Messages<'a> {
    pub agenda: &'a Agenda,
    pub options: Options,
    pub permits: &'a Semaphore,
    pub board: &'a Board,
    pub scratch: &'a Scratch,
    /// Every meeting at which Kafka told of its brokers.
    pub told: &'a [Told],
}

/// A topic that is there, and who leads its partitions.
struct Prepared {
    taken: StepTaken,
    /// `node.id` by the number of the partition.
    leaders: Vec<Option<i32>>,
}

impl Messages<'_> {
    pub async fn send(&self, message: &KafkaMessage) {
        let Some(first) = self.told.first() else { return };
        let prepared = match self.prepare(message, first).await {
            Ok(prepared) => prepared,
            Err(fault) => {
                for told in self.told {
                    self.failed(told.meeting, fault.clone());
                }
                return;
            }
        };
        let mut by_attendee: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for told in self.told {
            by_attendee.entry(self.agenda.meetings[told.meeting].attendee).or_default().push(told.meeting);
        }
        join_all(by_attendee.iter().map(|(attendee, meetings)| self.send_as(*attendee, meetings, message, &prepared))).await;
    }

    /// One client for all brokers that one attendee has reached: each message goes through a partition that its broker leads.
    async fn send_as(&self, attendee: usize, meetings: &[usize], message: &KafkaMessage, prepared: &Prepared) {
        let Ok(visitor) = &self.agenda.attendees[attendee].visitor else { return };
        let (mut partitions, mut senders) = (Vec::new(), Vec::new());
        for meeting in meetings {
            let node_id = self.target(*meeting).node_id;
            let led = prepared.leaders.iter().position(|leader| leader.is_some() && *leader == node_id);
            match led.and_then(|partition| i32::try_from(partition).ok()) {
                Some(partition) => {
                    partitions.push(partition);
                    senders.push(*meeting);
                }
                None => self.board.amend(*meeting, |cell| {
                    let why = match node_id {
                        Some(_) => format!("no message: it leads no partition of {}", message.topic),
                        None => "no message of its own: no broker is advertised under this address".to_owned(),
                    };
                    cell.notes.push(why);
                }),
            }
        }
        if senders.is_empty() {
            return;
        }
        let bootstrap: Vec<String> = meetings.iter().map(|meeting| self.endpoint(*meeting).to_string()).collect();
        let client = Librdkafka::new(visitor, &bootstrap.join(","), &message.topic, self.options.deadline);
        // A producer and a consumer, each connected to every broker; where that is more than may be, nothing else is under way.
        let connections = (2 * bootstrap.len()).min(self.options.at_once);
        let _permits = self.permits.acquire_many(u32::try_from(connections).unwrap_or(u32::MAX)).await;
        let delivery = if message.transactional {
            Delivery::Transactional { id: format!("{}-{}", message.topic, unique()) }
        } else {
            Delivery::Acknowledged
        };
        let trips = client.round_trips(&message.topic, &partitions, &delivery).await;
        for (meeting, trip) in senders.into_iter().zip(trips) {
            self.board.amend(meeting, |cell| {
                cell.steps.push(prepared.taken.clone());
                cell.steps.extend(trip.steps);
            });
            // librdkafka sends it without a producer id: it waits for half a second before it asks for one.
            let idempotent = self.told.iter().find(|told| told.meeting == meeting).map_or(Ok(()), |told| told.producer_id.clone());
            if let Err(fault) = trip.result.and(idempotent) {
                self.failed(meeting, fault);
            }
        }
    }

    /// Finds the topic, or makes it with one partition on each broker that was reached, and waits until these know.
    async fn prepare(&self, message: &KafkaMessage, first: &Told) -> Result<Prepared, Fault> {
        let began = Instant::now();
        let ready = |leaders: Vec<Option<i32>>, created| {
            let fact = Fact::Topic { name: message.topic.clone(), partitions: leaders.len(), created };
            Prepared { taken: StepTaken { took: began.elapsed(), fact }, leaders }
        };
        let meeting = &self.agenda.meetings[first.meeting];
        let (steward, brokers) = match &message.steward {
            Some((steward, brokers)) => (steward, brokers.clone()),
            None => {
                let visitor = self.agenda.attendees[meeting.attendee].visitor.as_ref().map_err(Fault::clone)?;
                let own = self.told.iter().filter(|told| self.agenda.meetings[told.meeting].attendee == meeting.attendee);
                (visitor, own.map(|told| self.endpoint(told.meeting).clone()).collect())
            }
        };
        let metadata = match &message.steward {
            Some(_) => self.metadata(steward, &brokers, &message.topic).await?,
            None => first.metadata.clone(),
        };
        let found = metadata.topics.iter().find(|topic| topic.name == message.topic);
        if let Some(denied) = found.and_then(Topic::denied) {
            return Err(Fault::new(Step::Topic, denied));
        }
        if let Some(topic) = found.filter(|topic| topic.code == 0) {
            return Ok(ready(topic.partitions.iter().map(|partition| partition.leader).collect(), false));
        }
        // One that nobody reached leads nothing, and is not waited for.
        let reached: BTreeSet<i32> = self.told.iter().filter_map(|told| self.target(told.meeting).node_id).collect();
        let advertised = metadata.brokers.iter().filter(|broker| reached.contains(&broker.id));
        let (ids, brokers): (Vec<i32>, Vec<HostPort>) = advertised.filter_map(|broker| Some((broker.id, address(broker)?))).unzip();
        if !ids.is_empty() {
            self.make(steward, &brokers, &message.topic, &ids).await?;
        }
        Ok(ready(ids.into_iter().map(Some).collect(), true))
    }

    /// From whichever of `brokers` answers first: nobody waits for those that are down.
    async fn metadata(&self, steward: &Visitor, brokers: &[HostPort], topic: &str) -> Result<Metadata, Fault> {
        if brokers.is_empty() {
            return Err(Fault::other(Step::Topic, "there is no broker to ask for the topic"));
        }
        let asked = brokers.iter().map(|broker| {
            Box::pin(async move {
                let _permit = self.permits.acquire().await;
                metadata_of(steward, broker, topic, self.options.deadline, self.options.now).await
            })
        });
        match select_ok(asked).await {
            Ok((metadata, _)) => Ok(metadata),
            Err(fault) => Err(Fault { step: Step::Topic, ..fault }),
        }
    }

    async fn make(&self, steward: &Visitor, brokers: &[HostPort], name: &str, ids: &[i32]) -> Result<(), Fault> {
        let bootstrap: Vec<String> = brokers.iter().map(HostPort::to_string).collect();
        let client = Librdkafka::new(steward, &bootstrap.join(","), name, self.options.deadline);
        let topic = match self.scratch.get() {
            Some(topic) => topic,
            None => {
                let topic = ScratchTopic::new(&client, name)?;
                self.scratch.get_or_init(|| topic)
            }
        };
        topic.create(ids).await.map_err(|fault| not_there(fault, name))?;
        // One that does not know the topic yet refuses a producer without the right to create it, as if it might not write.
        let known = brokers.iter().map(|broker| async move {
            let _permit = self.permits.acquire().await;
            until_known(steward, broker, name, ids, self.options.deadline, self.options.now).await
        });
        join_all(known).await.into_iter().collect()
    }

    fn target(&self, meeting: usize) -> &Target {
        &self.agenda.targets[self.agenda.meetings[meeting].target]
    }

    fn endpoint(&self, meeting: usize) -> &HostPort {
        &self.target(meeting).endpoint
    }

    fn failed(&self, meeting: usize, fault: Fault) {
        let Agenda { attendees, targets, meetings, .. } = self.agenda;
        let attendee = &attendees[meetings[meeting].attendee];
        let occasion = Occasion { attendee, target: &targets[meetings[meeting].target], now: self.options.now };
        self.board.amend(meeting, |cell| cell.verdict = occasion.failed(&cell.steps, fault, Witnessed::default()));
    }
}

/// To whoever may not make a topic it is missing.
fn not_there(fault: Fault, name: &str) -> Fault {
    const UNKNOWN_TOPIC: i16 = 3;
    const TOPIC_AUTHORIZATION_FAILED: i16 = 29;
    const CLUSTER_AUTHORIZATION_FAILED: i16 = 31;
    match fault.symptom {
        Symptom::Kafka { code: TOPIC_AUTHORIZATION_FAILED | CLUSTER_AUTHORIZATION_FAILED, name: code, .. } => Fault {
            symptom: Symptom::Kafka {
                code: UNKNOWN_TOPIC,
                name: "UNKNOWN_TOPIC_OR_PARTITION".to_owned(),
                message: Some(format!("the client may not make it ({code})")),
                resource: Some(name.to_owned()),
            },
            ..fault
        },
        _ => fault,
    }
}
