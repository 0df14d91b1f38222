//! The agenda without a cluster file: everyone goes where they are told, and from there to every broker that is advertised.

use super::agenda::{Agenda, Attendee, Entry, KafkaMessage, Meeting, Target, Wishes};
use crate::describe::Protocol;
use crate::pki::HostPort;
use crate::visit::{Errand, Message};

/// Where somebody wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub endpoint: HostPort,
    pub protocol: Protocol,
    /// RabbitMQ's; `None` with Kafka.
    pub vhost: Option<String>,
}

/// Kafka's topic for the message, where nobody names another.
const TOPIC: &str = "countersign-verify";

/// RabbitMQ's virtual host, where nobody names another.
const VHOST: &str = "/";

pub fn agenda(visitors: Vec<(Attendee, Vec<Place>)>, wishes: &Wishes) -> Agenda {
    let topic = wishes.topic.clone().unwrap_or_else(|| TOPIC.to_owned());
    let mut agenda = Agenda {
        message: wishes.message.then(|| KafkaMessage {
            topic: topic.clone(),
            steward: None,
            transactional: wishes.transactional,
            messenger: wishes.messenger.clone(),
        }),
        ..Agenda::default()
    };
    for (attendee, places) in visitors {
        agenda.attendees.push(attendee);
        for Place { endpoint, protocol, vhost } in places {
            let known = agenda.targets.iter().position(|target| target.endpoint == endpoint && target.protocol == protocol);
            let target = known.unwrap_or_else(|| {
                let name = endpoint.to_string();
                agenda.targets.push(Target {
                    name,
                    endpoint,
                    protocol,
                    node_id: None,
                    told_by: None,
                    entry: Entry::ByLogin,
                    insider: None,
                });
                agenda.targets.len() - 1
            });
            let errand = match protocol {
                Protocol::Kafka => Errand::Brokers { topic: wishes.message.then(|| topic.clone()) },
                Protocol::Amqp => Errand::VirtualHost {
                    name: vhost.unwrap_or_else(|| VHOST.to_owned()),
                    access: None,
                    message: if wishes.message { Message::Send } else { Message::Spare },
                },
            };
            agenda.meetings.push(Meeting { attendee: agenda.attendees.len() - 1, target, errand });
        }
    }
    agenda
}
