//! What Kafka tells of its brokers: whether it is what the cluster file says, and where else to go.

use std::collections::{HashMap, HashSet};

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

/// Adds every broker that nobody named, for whoever was told of it. Those that the user or the cluster file named are compared. Of
/// what is wrong with a list, the first is told.
pub fn discover(agenda: &mut Agenda, told: &[Told]) -> Vec<Misled> {
    let mut known = Known::of(agenda);
    let misled = |Told { meeting: order, metadata, .. }: &Told| {
        let meeting = agenda.meetings[*order].clone();
        let expected = agenda.targets[meeting.target].clone();
        let mut wrong = incomplete(metadata, expected.node_id);
        for broker in metadata.brokers.iter() {
            let fault = match (address(broker), expected.node_id) {
                (Some(advertised), Some(id)) if id == broker.id && place(&advertised) != place(&expected.endpoint) => {
                    Some(advertised_as(broker, Some(&expected.endpoint)))
                }
                (None, _) => Some(advertised_as(broker, None)),
                // By a cluster file every broker is a target already.
                (Some(_), Some(_)) => None,
                (Some(advertised), None) => known.visit_too(agenda, &meeting, &expected, broker.id, advertised).err(),
            };
            wrong = wrong.or(fault);
        }
        wrong.map(|fault| Misled { meeting: *order, fault })
    };
    told.iter().filter_map(misled).collect()
}

/// What a list lacks that every broker's has, and what is beyond all measure.
fn incomplete(metadata: &Metadata, asked: Option<i32>) -> Option<Fault> {
    let symptom = match asked {
        _ if metadata.told > metadata.brokers.len() => Symptom::TooManyBrokers { told: metadata.told, kept: metadata.brokers.len() },
        _ if metadata.brokers.is_empty() => Symptom::Untold { id: None },
        Some(id) if !metadata.lists(id) => Symptom::Untold { id: Some(id) },
        Some(_) | None => return None,
    };
    Some(Fault::new(Step::Metadata, symptom))
}

/// The targets by their places, and who meets whom: brokers are looked up by the thousand.
struct Known {
    targets: HashMap<(String, u16), usize>,
    meetings: HashSet<(usize, usize)>,
}

impl Known {
    fn of(agenda: &Agenda) -> Self {
        Self {
            targets: agenda.targets.iter().enumerate().rev().map(|(index, target)| (place(&target.endpoint), index)).collect(),
            meetings: agenda.meetings.iter().map(|meeting| (meeting.attendee, meeting.target)).collect(),
        }
    }

    /// Fails where another broker is at that place already.
    fn visit_too(&mut self, agenda: &mut Agenda, meeting: &Meeting, bootstrap: &Target, id: i32, endpoint: HostPort) -> Result<(), Fault> {
        let advertised = endpoint.to_string();
        let target = *self.targets.entry(place(&endpoint)).or_insert_with(|| {
            let told_by = Some(ToldBy { bootstrap: bootstrap.endpoint.clone(), id });
            agenda.targets.push(Target { name: format!("broker {id}"), endpoint, told_by, ..bootstrap.clone() });
            agenda.targets.len() - 1
        });
        match agenda.targets[target].node_id.replace(id) {
            Some(other) if other != id => {
                agenda.targets[target].node_id = Some(other);
                return Err(Fault::new(Step::Metadata, Symptom::SharedAddress { ids: [other, id], advertised }));
            }
            Some(_) | None => {}
        }
        if self.meetings.insert((meeting.attendee, target)) {
            agenda.meetings.push(Meeting { target, ..meeting.clone() });
        }
        Ok(())
    }
}

/// Where it is to be reached, if that is a place at all: a name, or an address of one host, and no broker has an id below zero.
pub fn address(broker: &Advertised) -> Option<HostPort> {
    let port = u16::try_from(broker.port).ok().filter(|port| *port != 0)?;
    let host: Host = broker.host.parse().ok()?;
    let nowhere = matches!(host, Host::Ip(ip) if ip.is_unspecified());
    (broker.id >= 0 && !nowhere).then_some(HostPort { host, port })
}

fn advertised_as(broker: &Advertised, expected: Option<&HostPort>) -> Fault {
    let advertised = format!("{}:{}", broker.host, broker.port);
    Fault::new(Step::Metadata, Symptom::Advertised { id: broker.id, advertised, expected: expected.map(HostPort::to_string) })
}

/// Names are the same without regard to case (RFC 4343), and a dot at their end says nothing.
fn place(endpoint: &HostPort) -> (String, u16) {
    let host = match &endpoint.host {
        Host::Dns(name) => name.trim_end_matches('.').to_ascii_lowercase(),
        Host::Ip(ip) => ip.to_string(),
    };
    (host, endpoint.port)
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
        let listed = brokers.iter().map(|(id, host, port)| Advertised { id: *id, host: (*host).to_owned(), port: *port }).collect();
        let metadata = Metadata { cluster: None, controller: None, brokers: listed, told: brokers.len(), topics: [].into() };
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
        for (host, port) in [
            ("", 9093),
            ("broker 2", 9093),
            ("0.0.0.0", 9093),
            ("::", 9093),
            ("broker-2.example", 0),
            ("broker-2.example", 70_000),
            ("broker-2.example", -1),
        ] {
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

    /// What is wrong with what the only broker told.
    fn wrong(agenda: &mut Agenda, told: &[Told]) -> Symptom {
        match discover(agenda, told).as_slice() {
            [Misled { meeting: 0, fault: Fault { step: Step::Metadata, symptom } }] => symptom.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_broker_that_tells_of_nobody_or_not_of_itself_has_told_nothing() {
        assert!(matches!(wrong(&mut agenda("broker-1.example:9093", None), &told(&[])), Symptom::Untold { id: None }));
        let other = told(&[(2, "broker-2.example", 9093)]);
        assert!(matches!(wrong(&mut agenda("broker-1.example:9093", Some(1)), &other), Symptom::Untold { id: Some(1) }));
        // The name of all brokers together is nobody's own.
        assert!(discover(&mut agenda("kafka.example:9093", None), &other).is_empty());
    }

    #[test]
    fn two_brokers_under_one_address_are_one_too_many() {
        let mut agenda = agenda("broker-1.example:9093", None);
        let both = told(&[(1, "broker-1.example", 9093), (2, "Broker-1.example.", 9093)]);
        let Symptom::SharedAddress { ids: [1, 2], advertised } = wrong(&mut agenda, &both) else { panic!() };
        assert_eq!((advertised.as_str(), agenda.targets.len(), agenda.meetings.len()), ("broker-1.example:9093", 1, 1));
    }

    #[test]
    fn no_broker_has_an_id_below_zero() {
        let symptom = wrong(&mut agenda("broker-1.example:9093", None), &told(&[(-1, "broker-1.example", 9093)]));
        assert!(matches!(symptom, Symptom::Advertised { id: -1, .. }), "{symptom}");
    }

    #[test]
    fn more_brokers_than_are_looked_at_are_counted_and_the_first_are_visited() {
        let mut agenda = agenda("broker-1.example:9093", None);
        let mut told = told(&[(1, "broker-1.example", 9093), (2, "broker-2.example", 9093)]);
        told[0].metadata.told = 100_000;
        assert!(matches!(wrong(&mut agenda, &told), Symptom::TooManyBrokers { told: 100_000, kept: 2 }));
        assert_eq!((agenda.targets.len(), agenda.meetings.len()), (2, 2));
    }
}
