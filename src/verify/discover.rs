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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::Protocol;
    use crate::diagnosis::Via;
    use crate::verify::agenda::{Attendee, Entry};
    use crate::visit::Errand;

    /// One attendee, who was sent to `named`; `node_id` is what a cluster file says of it.
    fn agenda(named: &str, node_id: Option<i32>) -> Agenda {
        let visitor = Err(Fault::other(Step::Files, "nobody goes anywhere here"));
        let target = Target {
            name: named.to_owned(),
            endpoint: named.parse().unwrap(),
            protocol: Protocol::Kafka,
            node_id,
            told_by: None,
            entry: Entry::ByLogin,
            insider: None,
        };
        Agenda {
            attendees: vec![Attendee { name: "client".to_owned(), via: Via::Pem, visitor, notes: Vec::new() }],
            targets: vec![target],
            meetings: vec![Meeting { attendee: 0, target: 0, errand: Errand::Brokers { topic: None } }],
            message: None,
        }
    }

    fn told(brokers: &[(i32, &str, i32)]) -> Vec<Told> {
        let brokers = brokers.iter().map(|(id, host, port)| Advertised { id: *id, host: (*host).to_owned(), port: *port }).collect();
        let metadata = Metadata { cluster: None, controller: None, brokers, topics: Vec::new() };
        vec![Told { meeting: 0, metadata, producer_id: Ok(()) }]
    }

    #[test]
    fn every_advertised_broker_is_visited_and_the_one_that_was_named_is_known_again() {
        let mut agenda = agenda("broker-1.example:9093", None);
        let told = told(&[(1, "BROKER-1.example.", 9093), (2, "broker-2.example", 9093), (3, "10.0.0.3", 9093)]);
        assert!(discover(&mut agenda, &told).is_empty());
        let seen: Vec<_> = agenda.targets.iter().map(|target| (target.endpoint.to_string(), target.node_id)).collect();
        let expected = [("broker-1.example:9093", Some(1)), ("broker-2.example:9093", Some(2)), ("10.0.0.3:9093", Some(3))];
        assert_eq!(seen, expected.map(|(endpoint, id)| (endpoint.to_owned(), id)));
        assert_eq!(agenda.targets[1].told_by, Some(ToldBy { bootstrap: "broker-1.example:9093".parse().unwrap(), id: 2 }));
        assert_eq!(agenda.meetings.len(), 3);
        // Whoever is told again has nothing more to do.
        assert!(discover(&mut agenda, &told).is_empty());
        assert_eq!((agenda.targets.len(), agenda.meetings.len()), (3, 3));
    }

    #[test]
    fn what_is_no_address_fails_where_it_was_told() {
        for (host, port) in
            [("", 9093), ("broker 2", 9093), ("broker-2.example", 0), ("broker-2.example", 70_000), ("broker-2.example", -1)]
        {
            let mut agenda = agenda("broker-1.example:9093", None);
            let misled = discover(&mut agenda, &told(&[(2, host, port)]));
            assert!(matches!(&misled[..], [Misled { meeting: 0, fault: Fault { step: Step::Metadata, .. } }]), "{host}:{port}: {misled:?}");
            assert_eq!(agenda.targets.len(), 1);
        }
    }

    #[test]
    fn by_a_cluster_file_a_broker_is_advertised_as_the_file_says() {
        let mut agenda = agenda("broker-1.example:9093", Some(1));
        assert!(discover(&mut agenda, &told(&[(1, "broker-1.example", 9093), (2, "elsewhere.example", 1)])).is_empty());
        let misled = discover(&mut agenda, &told(&[(1, "broker-1.internal", 9093)]));
        let [Misled { fault: Fault { symptom: Symptom::Advertised { id: 1, advertised, expected: Some(expected) }, .. }, .. }] =
            &misled[..]
        else {
            panic!("{misled:?}")
        };
        assert_eq!((advertised.as_str(), expected.as_str()), ("broker-1.internal:9093", "broker-1.example:9093"));
        assert_eq!(agenda.targets.len(), 1);
    }
}
