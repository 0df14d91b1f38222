//! Kafka's error codes (org.apache.kafka.common.protocol.Errors), apart from those of the authorizer and of SASL.

use super::row::{Explanation, Row, Side};
use super::{Evidence, Fact, Step, Symptom};
use crate::describe::{Protocol, plain_speaker};
use crate::finding::Rule;

pub const ROWS: &[Row] = &[
    Row {
        rule: &Rule::error(
            "not-kafka",
            "a TLS port that does not speak Kafka",
            "TLS stands, and the answer to ApiVersions is of another protocol: a web server, a RabbitMQ, or a proxy that chooses by SNI \
             or ALPN and chose wrong.",
        ),
        explain: |evidence| {
            not_the_protocol(
                evidence,
                Protocol::Kafka,
                "Kafka",
                "use the port of Kafka's listener; behind a proxy that chooses by SNI, connect by the broker's own name",
            )
        },
    },
    Row {
        rule: &Rule::error(
            "topic-vanished",
            "a topic that somebody removes while it is in use",
            "UNKNOWN_TOPIC_OR_PARTITION (3) or UNKNOWN_TOPIC_ID (100) for a topic that was there a moment before, again and again until the deadline: something \
             removes topics, a job that cleans up or another program that uses the same one.",
        ),
        explain: |evidence| {
            matches!(evidence.kafka_code()?, 3 | 100).then_some(())?;
            evidence.steps.iter().find_map(|taken| match &taken.fact {
                Fact::Topic { name, .. } => Some(Explanation::new(
                    Side::Unknown,
                    format!("the topic {name} was there and is no more: {}", evidence.fault.symptom),
                    "see who removes topics at this time, or name another topic with --topic, one that stays",
                )),
                _ => None,
            })
        },
    },
    Row {
        rule: &Rule::error(
            "librdkafka-ended",
            "a message at which librdkafka came to its end",
            "librdkafka, the C library of most clients that are not Java, sends the message in a process of its own. That process was \
             ended by a signal, or said what makes no sense, or nothing at all. There are answers of brokers that librdkafka does not \
             survive; clients that are built on it do not survive them either.",
        ),
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::LibrdkafkaEnded { .. } => Some(Explanation::new(
                Side::Unknown,
                format!(
                    "{} while it sent a message to {}: what answers there may say what librdkafka does not survive; countersign's own \
                     steps before went well",
                    evidence.fault.symptom, evidence.endpoint
                ),
                "see whether what listens there is the broker that you mean, in a release that librdkafka knows, and run it again; clients \
                 that are built on librdkafka are in danger there as well",
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "topic-missing",
            "a topic that does not exist",
            "UNKNOWN_TOPIC_OR_PARTITION (3): nobody made it, and auto.create.topics.enable is off or the client may not create it.",
        ),
        explain: |evidence| {
            matches!(evidence.kafka_code()?, 3 | 17).then(|| {
                let topic = resource(evidence).unwrap_or("countersign-verify");
                Explanation::new(
                    Side::Broker,
                    format!("the topic {topic} does not exist at {}: {}", evidence.endpoint, evidence.fault.symptom),
                    format!(
                        "make it (kafka-topics --bootstrap-server {} --create --topic {topic}), or name another with --topic",
                        evidence.endpoint
                    ),
                )
            })
        },
    },
    Row {
        rule: &Rule::error(
            "topic-without-leader",
            "a partition without a leader, or with another",
            "LEADER_NOT_AVAILABLE (5) and NOT_LEADER_OR_FOLLOWER (6): a new topic is not ready for a moment, and later it means that the \
             brokers with its replicas are down or moving.",
        ),
        explain: |evidence| {
            matches!(evidence.kafka_code()?, 5 | 6).then(|| {
                let topic = resource(evidence).unwrap_or("the topic");
                Explanation::new(
                    Side::Broker,
                    format!("no broker leads the partition of {topic} that was asked for: {}", evidence.fault.symptom),
                    format!(
                        "run it again if the topic is new; else start the brokers with its replicas (kafka-topics --bootstrap-server {} \
                         --describe --unavailable-partitions)",
                        evidence.endpoint
                    ),
                )
            })
        },
    },
    Row {
        rule: &Rule::error(
            "not-enough-replicas",
            "fewer replicas than a write or a topic needs",
            "NOT_ENOUGH_REPLICAS (19, 20) with acks=all: fewer are in sync than min.insync.replicas. INVALID_REPLICATION_FACTOR (38): a \
             new topic wants more than there are brokers.",
        ),
        explain: |evidence| {
            matches!(evidence.kafka_code()?, 19 | 20 | 38).then(|| {
                Explanation::new(
                    Side::Broker,
                    format!("too few brokers hold {}: {}", resource(evidence).unwrap_or("the topic"), evidence.fault.symptom),
                    format!(
                        "start the brokers that are missing (kafka-topics --bootstrap-server {} --describe --under-min-isr-partitions), \
                         or lower min.insync.replicas and default.replication.factor",
                        evidence.endpoint
                    ),
                )
            })
        },
    },
    Row {
        rule: &Rule::error(
            "coordinator-missing",
            "no coordinator for a group or a transaction",
            "COORDINATOR_NOT_AVAILABLE (15), and 14 and 16 while it moves: the topics __consumer_offsets or __transaction_state have no \
             leader, or cannot be made because their replication factor, 3 unless set, is more than there are brokers.",
        ),
        explain: |evidence| {
            matches!(evidence.kafka_code()?, 14..=16).then(|| {
                Explanation::new(
                    Side::Broker,
                    format!(
                        "Kafka has no coordinator for this client at the step {}: {}",
                        evidence.fault.step.name(),
                        evidence.fault.symptom
                    ),
                    "run it again if the cluster has just started; else set offsets.topic.replication.factor and \
                     transaction.state.log.replication.factor to no more than there are brokers",
                )
            })
        },
    },
    Row {
        rule: &Rule::error(
            "transaction-failed",
            "a transaction, or an idempotent producer, that Kafka ended",
            "Sequence numbers, producer epochs and transaction states (45–52, 90; KIP-98): another producer has the same transactional \
             id, or the state was lost.",
        ),
        explain: |evidence| {
            matches!(evidence.kafka_code()?, 45..=52 | 90).then(|| {
                Explanation::new(
                    Side::Client,
                    format!("Kafka ended the producer of {}: {}", evidence.identity, evidence.fault.symptom),
                    "see that no other producer uses the same transactional id at the same time, and run it again",
                )
            })
        },
    },
    Row {
        rule: &Rule::error(
            "kafka-refused",
            "an error code of Kafka that has no row of its own",
            "The code and its name are those of org.apache.kafka.common.protocol.Errors, and the Kafka protocol guide explains each. \
             librdkafka's own begin with an underscore.",
        ),
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::Kafka { .. } | Symptom::Librdkafka { .. } => Some(Explanation::new(
                Side::Broker,
                format!("{} failed at {}: {}", evidence.fault.step.name(), evidence.endpoint, evidence.fault.symptom),
                "look up the code in the Kafka protocol guide, and into the broker's log at this time (--broker-log)",
            )),
            _ => None,
        },
    },
];

/// Whether something else than `protocol` answered over TLS.
pub fn not_the_protocol(evidence: &Evidence, protocol: Protocol, name: &str, fix: &str) -> Option<Explanation> {
    let does = match (&evidence.fault.symptom, evidence.fault.step) {
        (Symptom::OtherProtocol { answer }, _) => {
            let speaker = plain_speaker(answer).map(|speaker| format!(", which is {speaker}")).unwrap_or_default();
            format!("it answers \"{}\"{speaker}", answer[..answer.len().min(16)].escape_ascii())
        }
        (Symptom::Closed, Step::Greeting) => "it waits for a client that says nothing, and closes at the first words".to_owned(),
        _ => return None,
    };
    let cause = format!("{} speaks TLS, but not {name} inside: {does}", evidence.endpoint);
    (evidence.protocol == protocol).then(|| Explanation::new(Side::Broker, cause, fix))
}

fn resource(evidence: &Evidence) -> Option<&str> {
    match &evidence.fault.symptom {
        Symptom::Kafka { resource, .. } => resource.as_deref(),
        _ => None,
    }
}
