//! The agenda that a cluster file sets: every identity at every advertised address that it would use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::agenda::{Agenda, Attendee, Entry, Intruders, KafkaMessage, Meeting, Target, Wishes};
use super::party;
use crate::cluster::{AuthorityName, Client, ClusterSpec, Holder, HolderId, KafkaSpec, ListenerName, Role};
use crate::describe::Protocol;
use crate::diagnosis::{Fault, Via};
use crate::inventory::HolderFiles;
use crate::visit::{Errand, Login, Message, Visitor};

/// Verifies as each of `identities` at every node of the cluster. `everyone` are all holders' files: the topic for the message is
/// made, and removed again, by the first Kafka node among them. `intruders` are those of each authority that could be made.
pub fn agenda(
    spec: &ClusterSpec,
    everyone: &[(&Holder, HolderFiles)],
    identities: &BTreeSet<HolderId>,
    intruders: &BTreeMap<AuthorityName, Arc<Intruders>>,
    wishes: &Wishes,
) -> Agenda {
    let chosen = everyone.iter().filter(|(holder, _)| identities.contains(&holder.id));
    let visitors: Vec<(&Holder, Known, Attendee)> = chosen.flat_map(|(holder, files)| visitors(spec, holder, files)).collect();
    let insiders: BTreeMap<&HolderId, Visitor> =
        everyone.iter().filter_map(|(holder, files)| Some((&holder.id, attendee(files).visitor.ok()?))).collect();
    let places = places(spec, intruders, &insiders);
    let mut meetings = Vec::new();
    for (attendee, (holder, known, _)) in visitors.iter().enumerate() {
        for (target, place) in places.iter().enumerate().filter(|(_, place)| known.at(spec, holder, place)) {
            meetings.extend(errand(spec, holder, place, wishes).map(|errand| Meeting { attendee, target, errand }));
        }
    }
    let message = spec.kafka.as_ref().filter(|_| wishes.message).map(|kafka| KafkaMessage {
        topic: topic(kafka, wishes),
        steward: steward(everyone).map(|visitor| {
            let brokers = places.iter().filter(|place| place.listener == Some(&kafka.inter_broker));
            (visitor, brokers.map(|place| place.target.endpoint.clone()).collect())
        }),
        transactional: wishes.transactional,
        messenger: wishes.messenger.clone(),
    });
    let attendees = visitors.into_iter().map(|(_, _, attendee)| attendee).collect();
    Agenda { attendees, targets: places.into_iter().map(|place| place.target).collect(), meetings, message }
}

/// Each of `attendees` at every listener that asks for a certificate: to be taken there, and no more.
pub fn handshakes(spec: &ClusterSpec, attendees: Vec<Attendee>) -> Agenda {
    let places = places(spec, &BTreeMap::new(), &BTreeMap::new());
    let asks = |place: &Place<'_>| match (place.listener, &spec.kafka) {
        (Some(listener), Some(kafka)) => kafka.asks_certificates(listener),
        (Some(_) | None, _) => true,
    };
    let targets: Vec<Target> = places.into_iter().filter(asks).map(|place| place.target).collect();
    let everywhere = |attendee| (0..targets.len()).map(move |target| Meeting { attendee, target, errand: Errand::Greet });
    let meetings = (0..attendees.len()).flat_map(everywhere).collect();
    Agenda { attendees, targets, meetings, message: None }
}

/// A target, and which listener of Kafka it is.
struct Place<'a> {
    target: Target,
    /// `None` for RabbitMQ.
    listener: Option<&'a ListenerName>,
}

/// `holder` as it is known where it asks for no password.
pub fn by_certificate(files: &HolderFiles) -> Result<Visitor, Fault> {
    attendee(files).visitor
}

/// `holder` as it is known to Kafka.
pub fn at_kafka(spec: &ClusterSpec, holder: &Holder, files: &HolderFiles) -> Result<Visitor, Fault> {
    let known = visitors(spec, holder, files).into_iter().next();
    known.map_or_else(|| by_certificate(files), |(_, _, attendee)| attendee.visitor)
}

fn attendee(files: &HolderFiles) -> Attendee {
    let name = files.holder.to_string();
    let visitor = party::from_pem(files).and_then(|party| party.visitor(name.clone(), Via::Pem));
    Attendee { name, via: Via::Pem, visitor, notes: Vec::new() }
}

/// By what a holder is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    ByCertificate,
    /// At Kafka, where its clients log in.
    ByPassword,
}

impl Known {
    fn at(self, spec: &ClusterSpec, holder: &Holder, place: &Place<'_>) -> bool {
        let logs_in = place.listener.is_some() && spec.sasl_login(holder).is_some();
        logs_in == (self == Self::ByPassword)
    }
}

/// Once for each way in which `holder` is known: a client may log in to Kafka by password, and show its certificate to RabbitMQ.
fn visitors<'a>(spec: &ClusterSpec, holder: &'a Holder, files: &HolderFiles) -> Vec<(&'a Holder, Known, Attendee)> {
    let mut visitors = Vec::new();
    if let Some(mechanism) = spec.sasl_login(holder) {
        let by_password = |visitor: Visitor| {
            let (user, password) = (holder.sasl_user().to_owned().into(), party::sasl_password(files)?);
            Ok(Visitor { credential: None, login: Login::Password { mechanism, user, password }, ..visitor })
        };
        let attendee = attendee(files);
        visitors.push((holder, Known::ByPassword, Attendee { visitor: attendee.visitor.and_then(by_password), ..attendee }));
    }
    visitors.push((holder, Known::ByCertificate, attendee(files)));
    visitors
}

/// Kafka nodes are super users.
fn steward(everyone: &[(&Holder, HolderFiles)]) -> Option<Visitor> {
    let nodes = everyone.iter().filter(|(holder, _)| matches!(holder.role, Role::Kafka(_)));
    nodes.map(|(_, files)| attendee(files)).find_map(|attendee| attendee.visitor.ok())
}

fn places<'a>(
    spec: &'a ClusterSpec,
    intruders: &BTreeMap<AuthorityName, Arc<Intruders>>,
    insiders: &BTreeMap<&HolderId, Visitor>,
) -> Vec<Place<'a>> {
    let clients = if intruders.contains_key(&AuthorityName::Clients) { AuthorityName::Clients } else { AuthorityName::Shared };
    let of = |name: AuthorityName| Entry::Certificate(intruders.get(&name).cloned().unwrap_or_default());
    let kafka = spec
        .kafka_nodes()
        .flat_map(|(holder, node)| node.endpoints.iter().filter_map(move |endpoint| Some((holder, node, endpoint, spec.kafka.as_ref()?))));
    let kafka = kafka.map(|(holder, node, endpoint, kafka)| {
        let among_nodes = endpoint.listener == kafka.inter_broker || endpoint.listener == kafka.controller;
        let entry = match (kafka.asks_certificates(&endpoint.listener), among_nodes) {
            (true, true) => of(spec.issuer_of(holder)),
            (true, false) => of(clients),
            (false, _) => Entry::WithoutCertificate,
        };
        let target = Target {
            name: holder.id.to_string(),
            endpoint: endpoint.advertised.clone(),
            protocol: Protocol::Kafka,
            node_id: i32::try_from(node.node_id).ok(),
            told_by: None,
            entry,
            insider: insiders.get(&holder.id).cloned(),
        };
        Place { target, listener: Some(&endpoint.listener) }
    });
    let rabbitmq = spec.rabbitmq_nodes().map(|(holder, node)| {
        let (name, endpoint) = (holder.id.to_string(), node.address());
        let insider = insiders.get(&holder.id).cloned();
        let target = Target { name, endpoint, protocol: Protocol::Amqp, node_id: None, told_by: None, entry: of(clients), insider };
        Place { target, listener: None }
    });
    kafka.chain(rabbitmq).collect()
}

/// Clients use the clients' listener and RabbitMQ as far as they have access; Kafka nodes use each other's other listeners.
fn errand(spec: &ClusterSpec, visitor: &Holder, place: &Place<'_>, wishes: &Wishes) -> Option<Errand> {
    match (&visitor.role, place.listener, &spec.kafka) {
        (Role::Client(Client { kafka: Some(_), .. }), Some(listener), Some(kafka)) => {
            (listener == kafka.listener_for(visitor)).then(|| brokers(kafka, wishes))
        }
        (Role::Client(Client { rabbitmq: Some(access), .. }), None, _) => {
            let (name, access) = (access.vhost.clone(), Some(access.clone()));
            let message = if wishes.message { Message::Send } else { Message::Spare };
            Some(Errand::VirtualHost { name, access, message })
        }
        (Role::Kafka(_), Some(listener), Some(kafka)) if *listener == kafka.controller => Some(Errand::Greet),
        (Role::Kafka(node), Some(listener), Some(kafka)) => {
            (*listener == kafka.inter_broker && node.roles.is_broker()).then(|| brokers(kafka, wishes))
        }
        _ => None,
    }
}

fn brokers(kafka: &KafkaSpec, wishes: &Wishes) -> Errand {
    Errand::Brokers { topic: wishes.message.then(|| topic(kafka, wishes)) }
}

fn topic(kafka: &KafkaSpec, wishes: &Wishes) -> String {
    wishes.topic.clone().unwrap_or_else(|| kafka.verify_topic.clone())
}
