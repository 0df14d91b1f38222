//! `reload`: how running programs come to use new files.

use std::time::Duration;

use super::entry::Placed;
use super::node::Node;
use super::reader::{Fields, Reader};
use super::{HolderId, HolderKind, HolderName};

/// How the nodes of Kafka come to use new files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KafkaReload {
    /// By Kafka's own request (KIP-226), made as this client; `None`: as each node itself, which is a super user.
    Request {
        as_client: Option<HolderId>,
    },
    Command(ReloadCommand),
}

/// What the user runs for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadCommand {
    /// For `sh -c`. `{node}` is the holder's name, `{host}` its host.
    pub text: String,
    pub timeout: Duration,
}

/// Whether a client's program must be started anew for new files to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restarts {
    /// As nearly every library does.
    Needed,
    /// It reads them whenever it connects.
    ReadsAnew,
}

/// Libraries by what was seen of them when their connection was cut.
const LIBRARIES: [(&str, Restarts); 20] = [
    ("yes", Restarts::Needed),
    ("reads-anew", Restarts::ReadsAnew),
    ("kafka-clients", Restarts::Needed),
    ("java", Restarts::Needed),
    ("librdkafka", Restarts::Needed),
    ("franz-go", Restarts::Needed),
    ("sarama", Restarts::Needed),
    ("kafkajs", Restarts::Needed),
    ("aiokafka", Restarts::Needed),
    ("kafka-python-2", Restarts::Needed),
    ("kafka-python-3", Restarts::ReadsAnew),
    ("amqp-client", Restarts::Needed),
    ("amqplib", Restarts::Needed),
    ("pika", Restarts::Needed),
    ("aio-pika-context", Restarts::Needed),
    ("aio-pika-url", Restarts::ReadsAnew),
    ("py-amqp", Restarts::ReadsAnew),
    ("kombu", Restarts::ReadsAnew),
    ("amqp091-go-config", Restarts::Needed),
    ("amqp091-go-uri", Restarts::ReadsAnew),
];

pub fn restarts(reader: &mut Reader<'_>, fields: Fields<'_>) -> Restarts {
    fields.get("restarts").and_then(|node| reader.one_of(node, "restarts", &LIBRARIES)).unwrap_or(Restarts::Needed)
}

/// `{ command: …, timeout: 30s }`.
pub fn command(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<ReloadCommand> {
    let fields = reader.fields(node, what, &["command", "timeout"])?;
    of_fields(reader, fields, what)
}

fn of_fields(reader: &mut Reader<'_>, fields: Fields<'_>, what: &str) -> Option<ReloadCommand> {
    const LONGEST: u64 = 3600;
    let node = reader.required(fields, what, "command", "\"rabbitmqctl -n rabbit@{host} eval 'ssl:clear_pem_cache().'\"")?;
    let text = reader.text(node, &format!("{what}.command"))?.to_owned();
    let Some(node) = fields.get("timeout") else { return Some(ReloadCommand { text, timeout: Duration::from_secs(30) }) };
    let written = reader.text(node, &format!("{what}.timeout"))?;
    let (digits, seconds) = if let Some(digits) = written.strip_suffix('m') { (digits, 60) } else { (written.trim_end_matches('s'), 1) };
    match digits.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)).filter(|seconds| (1..=LONGEST).contains(seconds)) {
        Some(seconds) => Some(ReloadCommand { text, timeout: Duration::from_secs(seconds) }),
        None => {
            reader.wrong_node(node, format_args!("{written:?} is no time between 1s and 60m"), "write for instance 30s or 2m");
            None
        }
    }
}

/// `{ as: admin }` or `{ command: … }`. Whether the client is there, [`check`] says once all are known.
pub fn of_kafka(reader: &mut Reader<'_>, node: &Node) -> Option<KafkaReload> {
    let fields = reader.fields(node, "kafka.reload", &["as", "command", "timeout"])?;
    match fields.get("as") {
        None => of_fields(reader, fields, "kafka.reload").map(KafkaReload::Command),
        Some(node) if fields.get("command").is_some() => {
            reader.wrong_node(node, "kafka.reload has both `as` and `command`", "leave one of them out");
            None
        }
        Some(node) => {
            let name = reader.text(node, "kafka.reload.as")?;
            match HolderName::new(name) {
                Some(name) => Some(KafkaReload::Request { as_client: Some(HolderId { kind: HolderKind::Client, name }) }),
                None => {
                    reader.wrong_node(node, format_args!("{name:?} is no client's name"), "name one of `clients` that is a super user");
                    None
                }
            }
        }
    }
}

/// The client that changes the settings of nodes is one of the cluster file, and a super user.
pub fn check(reader: &mut Reader<'_>, block: Option<&Node>, reload: Option<&KafkaReload>, holders: &Placed) {
    let (Some(block), Some(KafkaReload::Request { as_client: Some(id) })) = (block, reload) else { return };
    let is_super_user = holders.iter().any(|(_, holder)| holder.id == *id && holder.is_kafka_super_user());
    if !is_super_user {
        let message = format!("kafka.reload.as: {} is no client with `kafka: super-user`", id.name);
        reader.wrong(block.place, "", message, "name one of `clients` that is, or leave it out: then each node does it itself");
    }
}
