//! Names, addresses and silence; and what this process lacks to reach any.

use super::row::{Explanation, Row, Side};
use super::server_name;
use super::{Step, Symptom};
use crate::finding::Rule;

pub const ROWS: &[Row] = &[
    Row {
        rule: &Rule::error(
            "own-lack",
            "open files, memory or threads that this process does not get",
            "The system gives this process no more of them (EMFILE, ENFILE, ENOMEM): the connection was never tried, and says nothing of \
             the broker.",
        ),
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::Lack { error } => Some(Explanation::new(
                Side::Client,
                format!("this process may not open another file, connection or thread: {error}"),
                "allow it more (ulimit -n, ulimit -u, the limits of its container), or let it make fewer connections at once (--parallel)",
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "name-unknown",
            "a host name without an address",
            "The resolver of this machine knows no address for it. Java says UnknownHostException or `Couldn't resolve server … from \
             bootstrap.servers`, librdkafka `Failed to resolve`.",
        ),
        explain: |evidence| {
            let unresolved = match &evidence.fault.symptom {
                Symptom::NameUnknown { error } => Some(error.clone()),
                Symptom::Librdkafka { code, reason } => (code == "_RESOLVE").then(|| reason.clone()),
                symptom => (evidence.fault.step == Step::Resolve).then(|| symptom.to_string()),
            }?;
            (!server_name::is_advertised_wrong(evidence)).then(|| {
                Explanation::new(
                    Side::Network,
                    format!("the name {} has no address here: {unresolved}", evidence.endpoint.host),
                    format!("add {} to DNS or /etc/hosts, or use a name that this machine can resolve", evidence.endpoint.host),
                )
            })
        },
    },
    Row {
        rule: &Rule::error(
            "connection-refused",
            "nobody listens there",
            "The host answers that the port is closed: the broker is down, still starting, or listens on another address or port. A \
             firewall that rejects looks the same.",
        ),
        explain: |evidence| {
            (matches!(evidence.fault.symptom, Symptom::ConnectionRefused) && !server_name::is_advertised_wrong(evidence)).then(|| {
                Explanation::new(
                    Side::Broker,
                    format!("nobody listens at {}: the host refuses the connection", evidence.endpoint),
                    format!(
                        "start the broker, or look at the address and port of its listener ({}); if it runs, look for a firewall that \
                         rejects",
                        if evidence.is_kafka() { "listeners" } else { "listeners.ssl.default" }
                    ),
                )
            })
        },
    },
    Row {
        rule: &Rule::error(
            "no-answer",
            "a host that does not answer",
            "Not even a refusal came back: a firewall or a security group drops the packets, a route is missing, or the host is off. \
             This costs a client its whole connection timeout.",
        ),
        explain: |evidence| match evidence.fault.symptom {
            Symptom::Silence { seconds } if evidence.fault.step == Step::Connect && !server_name::is_advertised_wrong(evidence) => {
                Some(Explanation::new(
                    Side::Network,
                    format!("{} did not answer within {seconds} s, not even with a refusal", evidence.endpoint),
                    format!(
                        "let TCP through to port {} from this machine (firewall, security group, route), or switch the host on",
                        evidence.endpoint.port
                    ),
                ))
            }
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "unreachable",
            "a host that no route leads to",
            "The network says that the host or its network cannot be reached (ICMP destination unreachable), or this machine has no route.",
        ),
        explain: |evidence| {
            let unreachable = matches!(evidence.fault.symptom, Symptom::Unreachable { .. }) || evidence.fault.step == Step::Connect;
            (unreachable && !server_name::is_advertised_wrong(evidence)).then(|| {
                Explanation::new(
                    Side::Network,
                    format!("{} cannot be reached: {}", evidence.endpoint, evidence.fault.symptom),
                    "look at the routes, the VPN and the address family (IPv4 or IPv6) between this machine and the broker",
                )
            })
        },
    },
    Row {
        rule: &Rule::error(
            "tls-silence",
            "a port that takes the connection and never answers TLS",
            "TCP stands, and the first words of TLS get no answer: a proxy or load balancer without a healthy broker behind it, a broker \
             that hangs, a firewall that drops what looks like TLS, or a protocol that waits for more.",
        ),
        explain: |evidence| match evidence.fault.symptom {
            Symptom::Silence { seconds } if evidence.fault.step == Step::Handshake => Some(Explanation::new(
                Side::Broker,
                format!("{} took the connection and did not answer TLS within {seconds} s", evidence.endpoint),
                "look whether the broker hangs, whether a proxy before it has a broker behind it, and whether the port is a TLS listener",
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "broker-slow",
            "a broker that is slower than the deadline",
            "TLS stands, and a later request was not answered in time: the broker is overloaded, waits for replicas (acks=all) or for a \
             coordinator, or has stopped accepting messages. RabbitMQ blocks publishers while a memory or disk alarm is on.",
        ),
        explain: |evidence| {
            let waited = match &evidence.fault.symptom {
                Symptom::Silence { seconds } if evidence.fault.step > Step::Handshake => format!("within {seconds} s"),
                Symptom::Kafka { code: 7, .. } => "before the broker's own time was up (REQUEST_TIMED_OUT)".to_owned(),
                Symptom::Librdkafka { code, .. } if code.ends_with("TIMED_OUT") => "in time".to_owned(),
                _ => return None,
            };
            Some(Explanation::new(
                Side::Broker,
                format!("{} has finished TLS and did not answer {waited}: {}", evidence.endpoint, evidence.fault.step.name()),
                if evidence.is_kafka() {
                    "look at the broker's load, its disk and its under-replicated partitions, or allow more time with --deadline"
                } else {
                    "look at the node's load and for memory or disk alarms (rabbitmq-diagnostics alarms), or allow more time with \
                     --deadline"
                },
            ))
        },
    },
];
