//! What Kafka's authorizer does not allow, and to whom.

use super::row::{Explanation, Row, Side};
use super::{Evidence, Fact, LoginKind, Step, StepTaken, Symptom};
use crate::describe::Protocol;
use crate::finding::Rule;

pub const TOPIC: Rule = Rule::error(
    "topic-not-authorized",
    "a topic that the client may not use",
    "TOPIC_AUTHORIZATION_FAILED (29), also for a topic that does not exist: without Describe nobody is told. The principal of a \
     certificate is `User:` and its subject by RFC 2253, and an ACL must spell it exactly so (KIP-371).",
);

pub const GROUP: Rule = Rule::error(
    "group-not-authorized",
    "a consumer group that the client may not join",
    "GROUP_AUTHORIZATION_FAILED (30): a consumer needs Read on its group besides Read on the topic.",
);

pub const CLUSTER: Rule = Rule::error(
    "cluster-not-authorized",
    "something about the cluster that the client may not do",
    "CLUSTER_AUTHORIZATION_FAILED (31): making topics needs Create, and an idempotent producer without Write on any topic needs \
     IdempotentWrite (KIP-98, KIP-679). Between brokers it means that a broker's name is not in super.users.",
);

pub const TRANSACTIONAL_ID: Rule = Rule::error(
    "transactional-id-not-authorized",
    "a transactional id that the client may not use",
    "TRANSACTIONAL_ID_AUTHORIZATION_FAILED (53): a transactional producer needs Describe and Write on its transactional id (KIP-98).",
);

pub const ROWS: &[Row] = &[
    Row {
        rule: &TOPIC,
        explain: |evidence| {
            let code = evidence.kafka_code()?;
            // An idempotent producer that may write to no topic at all hears of the cluster (KIP-679).
            (code == 29 || (code == 31 && evidence.fault.step == Step::Produce)).then(|| topic(evidence))
        },
    },
    Row { rule: &GROUP, explain: |evidence| (evidence.kafka_code()? == 30).then(|| group(evidence)) },
    Row { rule: &CLUSTER, explain: |evidence| (evidence.kafka_code()? == 31).then(|| cluster(evidence)) },
    Row { rule: &TRANSACTIONAL_ID, explain: |evidence| (evidence.kafka_code()? == 53).then(|| transactional_id(evidence)) },
];

pub fn topic(evidence: &Evidence) -> Explanation {
    let operations = match evidence.fault.step {
        Step::Produce => "--operation Write",
        Step::Consume => "--operation Read",
        _ => "--operation Describe --operation Read --operation Write",
    };
    let (topic, pattern) = match evidence.topic_prefix() {
        Some(known @ (_, Pattern::Prefixed)) => known,
        known => (resource(evidence, known.map_or("TOPIC", |(topic, _)| topic)), Pattern::Literal),
    };
    denied(evidence, "the topic", &format!("{operations} --topic {topic}{}", pattern.option()))
}

pub fn group(evidence: &Evidence) -> Explanation {
    denied(evidence, "the group", &format!("--operation Read --group {}", resource(evidence, "GROUP")))
}

pub fn cluster(evidence: &Evidence) -> Explanation {
    let operation = match evidence.fault.step {
        Step::Topic => "Create",
        _ => "IdempotentWrite",
    };
    denied(evidence, "the cluster", &format!("--operation {operation} --cluster"))
}

pub fn transactional_id(evidence: &Evidence) -> Explanation {
    let id = resource(evidence, "ID");
    // The proof puts something behind the topic's name that is another each time.
    let (id, pattern) = match evidence.topic_prefix().filter(|(topic, _)| id.starts_with(topic)) {
        Some((topic, _)) => (topic, Pattern::Prefixed),
        None => (id, Pattern::Literal),
    };
    let acl = format!("--operation Describe --operation Write --transactional-id {id}{}", pattern.option());
    denied(evidence, "the transactional id", &acl)
}

fn denied(evidence: &Evidence, what: &str, acl: &str) -> Explanation {
    let principal = evidence.principal();
    let resource = match &evidence.fault.symptom {
        Symptom::Kafka { resource: Some(resource), .. } => format!(" {resource}"),
        _ => String::new(),
    };
    let doing = evidence.fault.step.name();
    if principal == ANONYMOUS && evidence.leaf().is_some() {
        let cause = format!(
            "{} never asked for the client's certificate, so it is {ANONYMOUS} and may not use {what}{resource} ({doing})",
            evidence.endpoint
        );
        return Explanation::new(Side::Broker, cause, format!("set {}", super::programs::words(Protocol::Kafka).client_required));
    }
    Explanation::new(
        Side::Broker,
        format!("Kafka does not allow {principal} to use {what}{resource} ({doing})"),
        format!("run kafka-acls --bootstrap-server {} --add --allow-principal '{principal}' {acl}", evidence.endpoint),
    )
}

const ANONYMOUS: &str = "User:ANONYMOUS";

fn resource<'a>(evidence: &'a Evidence, otherwise: &'a str) -> &'a str {
    match &evidence.fault.symptom {
        Symptom::Kafka { resource: Some(resource), .. } => resource,
        _ => otherwise,
    }
}

impl Evidence {
    /// Whom Kafka takes the client for: as the authorizer's log says, else by how it logged in. A mapping rule may say otherwise (KIP-371).
    pub(super) fn principal(&self) -> String {
        let heard = |line: &String| Some(line.split_once("Principal = ")?.1.split_once(" is Denied")?.0.to_owned());
        if let Some(principal) = self.log.iter().find_map(heard) {
            return principal;
        }
        match (&self.login, self.leaf()) {
            (LoginKind::Password { user, .. }, _) => format!("User:{user}"),
            (LoginKind::Certificate, Some(leaf)) if self.certificate_was_requested() => format!("User:{}", leaf.subject),
            (LoginKind::Certificate | LoginKind::Anonymous, _) => ANONYMOUS.to_owned(),
        }
    }

    fn certificate_was_requested(&self) -> bool {
        let requested = |taken: &StepTaken| matches!(&taken.fact, Fact::Acceptance(acceptance) if acceptance.certificate_requested);
        self.asked.is_some() || self.steps.iter().any(requested)
    }

    pub(super) fn is_kafka(&self) -> bool {
        match self.protocol {
            Protocol::Kafka => true,
            Protocol::Amqp => false,
        }
    }

    pub(super) fn kafka_code(&self) -> Option<i16> {
        self.fault.symptom.kafka_code()
    }

    /// What a topic of ours is called before the hyphen, behind which each has something of its own; another topic's whole name.
    fn topic_prefix(&self) -> Option<(&str, Pattern)> {
        self.steps.iter().find_map(|taken| match &taken.fact {
            Fact::Topic { name, created: true, .. } => Some((&name[..=name.rfind('-')?], Pattern::Prefixed)),
            Fact::Topic { name, created: false, .. } => Some((name.as_str(), Pattern::Literal)),
            _ => None,
        })
    }
}

/// How an ACL names a resource (KIP-290).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pattern {
    Literal,
    Prefixed,
}

impl Pattern {
    const fn option(self) -> &'static str {
        match self {
            Self::Literal => "",
            Self::Prefixed => " --resource-pattern-type prefixed",
        }
    }
}

impl Symptom {
    /// Kafka's error code, whoever tells it.
    pub fn kafka_code(&self) -> Option<i16> {
        match self {
            Self::Kafka { code, .. } => Some(*code),
            Self::Librdkafka { code, .. } => LIBRDKAFKA.iter().find(|(_, name)| name == code).map(|(code, _)| *code),
            _ => None,
        }
    }
}

/// librdkafka's names of the codes that the table knows (rd_kafka_err2name).
const LIBRDKAFKA: &[(i16, &str)] = &[
    (3, "UNKNOWN_TOPIC_OR_PART"),
    (3, "_UNKNOWN_TOPIC"),
    (3, "_UNKNOWN_PARTITION"),
    // Of a message that waited for a partition when it went, as long as the client itself stays.
    (3, "_DESTROY"),
    (5, "LEADER_NOT_AVAILABLE"),
    (6, "NOT_LEADER_FOR_PARTITION"),
    (14, "COORDINATOR_LOAD_IN_PROGRESS"),
    (15, "COORDINATOR_NOT_AVAILABLE"),
    (16, "NOT_COORDINATOR"),
    (17, "TOPIC_EXCEPTION"),
    (19, "NOT_ENOUGH_REPLICAS"),
    (20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"),
    (29, "TOPIC_AUTHORIZATION_FAILED"),
    (30, "GROUP_AUTHORIZATION_FAILED"),
    (31, "CLUSTER_AUTHORIZATION_FAILED"),
    (33, "UNSUPPORTED_SASL_MECHANISM"),
    (34, "ILLEGAL_SASL_STATE"),
    (38, "INVALID_REPLICATION_FACTOR"),
    (45, "OUT_OF_ORDER_SEQUENCE_NUMBER"),
    (46, "DUPLICATE_SEQUENCE_NUMBER"),
    (47, "INVALID_PRODUCER_EPOCH"),
    (48, "INVALID_TXN_STATE"),
    (49, "INVALID_PRODUCER_ID_MAPPING"),
    (50, "INVALID_TRANSACTION_TIMEOUT"),
    (51, "CONCURRENT_TRANSACTIONS"),
    (52, "TRANSACTION_COORDINATOR_FENCED"),
    (53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"),
    (58, "SASL_AUTHENTICATION_FAILED"),
    (90, "PRODUCER_FENCED"),
    (90, "_FENCED"),
    (100, "UNKNOWN_TOPIC_ID"),
];
