//! What Kafka tells of its brokers: whether it is what the cluster file says, and where else to go.

use super::agenda::{Agenda, Meeting, Target};
use crate::diagnosis::{Advertised, Fault, Step, Symptom, ToldBy};
use crate::pki::{Host, HostPort};
use crate::visit::Metadata;

/// What was told at one meeting.
#[derive(Debug)]
pub struct Told {
    pub meeting: usize,
    pub metadata: Metadata,
    /// Whether the client may produce idempotently.
    pub producer_id: Result<(), Fault>,
}

/// A broker whose advertised address is wrong by itself, at the meeting where it was told.
#[derive(Debug)]
pub struct Misled {
    pub meeting: usize,
    pub fault: Fault,
}

/// Adds every broker that nobody named, for whoever was told of it. Those that the user or the cluster file named are compared.
pub fn discover(agenda: &mut Agenda, told: &[Told]) -> Vec<Misled> {
    let mut misled = Vec::new();
    for Told { meeting: order, metadata, .. } in told {
        let meeting = agenda.meetings[*order].clone();
        let expected = agenda.targets[meeting.target].clone();
        for broker in &metadata.brokers {
            match (address(broker), expected.node_id) {
                (Some(advertised), Some(id)) if id == broker.id && !same(&advertised, &expected.endpoint) => {
                    misled.push(Misled { meeting: *order, fault: advertised_as(broker, Some(&expected.endpoint)) });
                }
                (None, _) => misled.push(Misled { meeting: *order, fault: advertised_as(broker, None) }),
                // By a cluster file every broker is a target already.
                (Some(_), Some(_)) => {}
                (Some(advertised), None) => visit_too(agenda, &meeting, &expected, broker.id, advertised),
            }
        }
    }
    misled
}

fn visit_too(agenda: &mut Agenda, meeting: &Meeting, bootstrap: &Target, id: i32, endpoint: HostPort) {
    let known =
        agenda.targets.iter().position(|target| same(&target.endpoint, &endpoint) && target.node_id.is_none_or(|known| known == id));
    let target = known.unwrap_or_else(|| {
        let told_by = Some(ToldBy { bootstrap: bootstrap.endpoint.clone(), id });
        agenda.targets.push(Target { name: format!("broker {id}"), endpoint, told_by, ..bootstrap.clone() });
        agenda.targets.len() - 1
    });
    agenda.targets[target].node_id = Some(id);
    if !agenda.meetings.iter().any(|other| other.attendee == meeting.attendee && other.target == target) {
        agenda.meetings.push(Meeting { target, ..meeting.clone() });
    }
}

/// Where it is to be reached, if that is a place at all.
pub fn address(broker: &Advertised) -> Option<HostPort> {
    let port = u16::try_from(broker.port).ok().filter(|port| *port != 0)?;
    Some(HostPort { host: broker.host.parse().ok()?, port })
}

fn advertised_as(broker: &Advertised, expected: Option<&HostPort>) -> Fault {
    let advertised = format!("{}:{}", broker.host, broker.port);
    Fault::new(Step::Metadata, Symptom::Advertised { id: broker.id, advertised, expected: expected.map(HostPort::to_string) })
}

/// Names are compared without regard to case (RFC 4343), and a dot at their end says nothing.
fn same(one: &HostPort, other: &HostPort) -> bool {
    let plain = |host: &Host| match host {
        Host::Dns(name) => name.trim_end_matches('.').to_ascii_lowercase(),
        Host::Ip(ip) => ip.to_string(),
    };
    one.port == other.port && plain(&one.host) == plain(&other.host)
}
