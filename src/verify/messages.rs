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
use crate::visit::{Deadline, Delivery, Librdkafka, Metadata, RoundTrip, ScratchTopics, Steward, Topic, Visitor, unique};

/// The topics that were made for this, to be removed however it ends.
pub type Scratch = OnceLock<ScratchTopics>;

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
    topic: String,
    taken: StepTaken,
    /// `node.id` by the number of the partition.
    leaders: Vec<Option<i32>>,
}

/// A meeting whose message goes through this partition.
type Sender = (usize, i32);

impl Messages<'_> {
    /// Where the topic is removed by somebody else meanwhile, that is nobody's fault here: it is begun again, until the deadline.
    pub async fn send(&self, message: &KafkaMessage) {
        let deadline = Deadline::after(self.options.deadline);
        let mut waiting: Vec<&Told> = self.told.iter().collect();
        let mut known = self.told.first().map(|told| told.metadata.clone());
        while let Some(first) = waiting.first() {
            let prepared = match self.prepare(message, first, known.take()).await {
                Ok(prepared) => prepared,
                Err(fault) => {
                    for told in waiting {
                        self.failed(told.meeting, fault.clone());
                    }
                    return;
                }
            };
            let mut by_attendee: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for told in &waiting {
                by_attendee.entry(self.agenda.meetings[told.meeting].attendee).or_default().push(told.meeting);
            }
            let sent = by_attendee.iter().map(|(attendee, meetings)| self.send_as(*attendee, meetings, message, &prepared, deadline));
            let again: BTreeSet<usize> = join_all(sent).await.into_iter().flatten().collect();
            waiting.retain(|told| again.contains(&told.meeting));
        }
    }

    /// Whose topic has vanished, while there is time to begin again.
    async fn send_as(
        &self,
        attendee: usize,
        meetings: &[usize],
        message: &KafkaMessage,
        prepared: &Prepared,
        deadline: Deadline,
    ) -> Vec<usize> {
        let Ok(visitor) = &self.agenda.attendees[attendee].visitor else { return Vec::new() };
        let mut senders: Vec<Sender> = Vec::new();
        for meeting in meetings {
            let node_id = self.target(*meeting).node_id;
            let led = prepared.leaders.iter().position(|leader| leader.is_some() && *leader == node_id);
            match led.and_then(|partition| i32::try_from(partition).ok()) {
                Some(partition) => senders.push((*meeting, partition)),
                None => self.board.amend(*meeting, |cell| {
                    let why = match node_id {
                        Some(_) => format!("no message: it leads no partition of {}", prepared.topic),
                        None => "no message of its own: no broker is advertised under this address".to_owned(),
                    };
                    cell.notes.push(why);
                }),
            }
        }
        if senders.is_empty() {
            return Vec::new();
        }
        let mut again = Vec::new();
        for (meeting, trip) in self.trips(visitor, meetings, &senders, message, prepared).await {
            let vanished = |fault: &Fault| matches!(fault.symptom.kafka_code(), Some(UNKNOWN_TOPIC | UNKNOWN_TOPIC_ID));
            if trip.result.as_ref().is_err_and(vanished) && !deadline.left().is_zero() {
                again.push(meeting);
                continue;
            }
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
        again
    }

    /// One client for all brokers that one attendee has reached: each message goes through a partition that its broker leads. Where
    /// that is the end of librdkafka, one for each of them, to see at which.
    async fn trips(
        &self,
        visitor: &Visitor,
        meetings: &[usize],
        senders: &[Sender],
        message: &KafkaMessage,
        prepared: &Prepared,
    ) -> Vec<(usize, RoundTrip)> {
        let together = self.trips_through(visitor, meetings, senders, message, prepared).await;
        let ended = |(_, trip): &(usize, RoundTrip)| matches!(&trip.result, Err(Fault { symptom: Symptom::LibrdkafkaEnded { .. }, .. }));
        if senders.len() < 2 || !together.iter().any(ended) {
            return together;
        }
        let alone = senders
            .iter()
            .map(|sender| async move { self.trips_through(visitor, &[sender.0], std::slice::from_ref(sender), message, prepared).await });
        join_all(alone).await.into_iter().flatten().collect()
    }

    async fn trips_through(
        &self,
        visitor: &Visitor,
        meetings: &[usize],
        senders: &[Sender],
        message: &KafkaMessage,
        prepared: &Prepared,
    ) -> Vec<(usize, RoundTrip)> {
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
        let partitions: Vec<i32> = senders.iter().map(|(_, partition)| *partition).collect();
        let trips = message.messenger.send(&client.order(&prepared.topic, &partitions, &delivery)).await;
        senders.iter().map(|(meeting, _)| *meeting).zip(trips).collect()
    }

    /// Finds the topic, or makes one with one partition on each broker that was reached, and waits until these know. `known` is what
    /// `first` was told, where that was a moment ago.
    async fn prepare(&self, message: &KafkaMessage, first: &Told, known: Option<Metadata>) -> Result<Prepared, Fault> {
        let began = Instant::now();
        let ready = |topic: String, leaders: Vec<Option<i32>>, created| {
            let fact = Fact::Topic { name: topic.clone(), partitions: leaders.len(), created };
            Prepared { topic, taken: StepTaken { took: began.elapsed(), fact }, leaders }
        };
        let meeting = &self.agenda.meetings[first.meeting];
        let (visitor, brokers, known) = match &message.steward {
            Some((steward, brokers)) => (steward, brokers.clone(), None),
            None => {
                let visitor = self.agenda.attendees[meeting.attendee].visitor.as_ref().map_err(Fault::clone)?;
                let own = self.told.iter().filter(|told| self.agenda.meetings[told.meeting].attendee == meeting.attendee);
                (visitor, own.map(|told| self.endpoint(told.meeting).clone()).collect(), known)
            }
        };
        let steward = Steward { visitor: visitor.clone(), limit: self.options.deadline, now: self.options.now };
        let metadata = match known {
            Some(known) => known,
            None => self.metadata(&steward, &brokers, &message.topic).await?,
        };
        let found = metadata.topics.iter().find(|topic| topic.name == message.topic);
        if let Some(denied) = found.and_then(Topic::denied) {
            return Err(Fault::new(Step::Topic, denied));
        }
        if let Some(topic) = found.filter(|topic| topic.code == 0) {
            let leaders = topic.partitions.iter().map(|partition| partition.leader).collect();
            return Ok(ready(message.topic.clone(), leaders, false));
        }
        // One that nobody reached leads nothing, and is not waited for.
        let reached: BTreeSet<i32> = self.told.iter().filter_map(|told| self.target(told.meeting).node_id).collect();
        let leading = metadata.brokers.iter().filter(|broker| reached.contains(&broker.id));
        let (ids, brokers): (Vec<i32>, Vec<HostPort>) = leading.filter_map(|broker| Some((broker.id, address(broker)?))).unzip();
        if ids.is_empty() {
            return Ok(ready(message.topic.clone(), Vec::new(), false));
        }
        let topic = self.make(&steward, &metadata, &message.topic, &ids).await?;
        // One that does not know the topic yet refuses a producer without the right to create it, as if it might not write.
        let known = brokers.iter().map(async |broker| {
            let _permit = self.permits.acquire().await;
            steward.until_known(broker, &topic, &ids).await
        });
        join_all(known).await.into_iter().collect::<Result<(), Fault>>()?;
        Ok(ready(topic, ids.into_iter().map(Some).collect(), true))
    }

    /// From whichever of `brokers` answers first: nobody waits for those that are down.
    async fn metadata(&self, steward: &Steward, brokers: &[HostPort], topic: &str) -> Result<Metadata, Fault> {
        if brokers.is_empty() {
            return Err(Fault::other(Step::Topic, "there is no broker to ask for the topic"));
        }
        let asked = brokers.iter().map(|broker| {
            Box::pin(async move {
                let _permit = self.permits.acquire().await;
                steward.metadata_of(broker, topic).await
            })
        });
        match select_ok(asked).await {
            Ok((metadata, _)) => Ok(metadata),
            Err(fault) => Err(Fault { step: Step::Topic, ..fault }),
        }
    }

    /// Its name. The controller is asked first.
    async fn make(&self, steward: &Steward, metadata: &Metadata, prefix: &str, ids: &[i32]) -> Result<String, Fault> {
        let topics = self.scratch.get_or_init(|| {
            let mut brokers: Vec<_> = metadata.brokers.iter().collect();
            brokers.sort_by_key(|broker| Some(broker.id) != metadata.controller);
            ScratchTopics::new(steward.clone(), brokers.into_iter().filter_map(address).collect())
        });
        topics.create(prefix, ids).await.map_err(|fault| not_there(fault, prefix))
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

const UNKNOWN_TOPIC: i16 = 3;
const UNKNOWN_TOPIC_ID: i16 = 100;

/// To whoever may not make a topic it is missing.
fn not_there(fault: Fault, name: &str) -> Fault {
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
