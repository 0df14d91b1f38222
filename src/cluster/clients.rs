//! The `clients` block.

use super::entry::{self, Defaults, Entry, Placed};
use super::node::{Node, Value};
use super::reader::{Fields, Reader};
use super::{Client, Holder, HolderId, HolderKind, KafkaAccess, RabbitmqAccess, Role, reload};
use crate::pki::Subject;

/// Which brokers the cluster file has.
#[derive(Clone, Copy)]
pub struct Brokers {
    pub kafka: bool,
    pub rabbitmq: bool,
}

pub fn block(reader: &mut Reader<'_>, node: &Node, subject: &Subject, brokers: Brokers, holders: &mut Placed) {
    let known: Vec<&str> = entry::KEYS.into_iter().chain(["kafka", "rabbitmq", "reload", "restarts"]).collect();
    for item in reader.list(node, "clients").unwrap_or_default() {
        let Some(entry) = Entry::read(reader, item, "a client", &known, &Defaults::default()) else { continue };
        let Some(client) = client(reader, &entry, brokers) else { continue };
        for index in 0..entry.count {
            let names = entry.names([], index);
            let id = HolderId { kind: HolderKind::Client, name: entry.name(index) };
            let subject = entry.subject(subject, index);
            let role = Role::Client(client.clone());
            holders.push((item.place, Holder { id, subject, names, install: entry.install(index), access: entry.access(), role }));
        }
    }
}

fn client(reader: &mut Reader<'_>, entry: &Entry<'_>, brokers: Brokers) -> Option<Client> {
    let uses = |reader: &mut Reader<'_>, key: &str, present: bool| {
        let node = entry.fields.get(key)?;
        if !present {
            reader.wrong_node(
                node,
                format_args!("the cluster has no `{key}` for this client to use"),
                format_args!("add a `{key}` block, or leave this out"),
            );
        }
        Some(node)
    };
    let kafka_node = uses(reader, "kafka", brokers.kafka);
    let rabbitmq_node = uses(reader, "rabbitmq", brokers.rabbitmq);
    if kafka_node.is_none() && rabbitmq_node.is_none() {
        reader.wrong(
            entry.node.place,
            "",
            "this client uses neither broker",
            "say what it may do: `kafka: { write: [orders] }` or `rabbitmq: {}`",
        );
    }
    let kafka = kafka_node.map(|node| kafka_access(reader, node));
    let rabbitmq = rabbitmq_node.map(|node| rabbitmq_access(reader, node));
    let reload = entry.fields.get("reload").and_then(|node| reload::command(reader, node, "reload"));
    let restarts = reload::restarts(reader, entry.fields);
    Some(Client {
        reload,
        restarts,
        kafka: kafka.map_or(Some(None), |access| access.map(Some))?,
        rabbitmq: rabbitmq.map_or(Some(None), |access| access.map(Some))?,
    })
}

fn kafka_access(reader: &mut Reader<'_>, node: &Node) -> Option<KafkaAccess> {
    if let Value::Scalar(_) = node.value {
        return reader.one_of(node, "a client's `kafka`", &[("super-user", ())]).map(|()| KafkaAccess::SuperUser);
    }
    let fields = reader.fields(node, "a client's `kafka`", &["write", "read", "group"])?;
    let mut topics = |key: &str| -> Vec<String> {
        let Some(items) = fields.get(key).and_then(|node| reader.list(node, key)) else { return Vec::new() };
        items.iter().filter_map(|item| reader.topic(item, key)).collect()
    };
    let (write, read) = (topics("write"), topics("read"));
    let group = fields.get("group").and_then(|node| group(reader, node));
    Some(KafkaAccess::Limited { write, read, group })
}

/// To an ACL, a group called `*` is every group.
fn group(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let name = plain(reader, node, "group")?;
    if name == "*" {
        reader.wrong_node(node, "`*` would let the client into every consumer group", "name its own group");
        return None;
    }
    Some(name)
}

fn rabbitmq_access(reader: &mut Reader<'_>, node: &Node) -> Option<RabbitmqAccess> {
    let fields = reader.fields(node, "a client's `rabbitmq`", &["vhost", "configure", "write", "read", "tags"])?;
    let vhost = fields.get("vhost").map_or_else(|| Some("/".to_owned()), |node| plain(reader, node, "vhost"));
    let [configure, write, read] = ["configure", "write", "read"].map(|key| permission(reader, fields, key));
    let tags = fields.get("tags").and_then(|node| reader.list(node, "tags")).unwrap_or_default();
    let tags = tags.iter().filter_map(|item| plain(reader, item, "tags")).collect();
    Some(RabbitmqAccess { vhost: vhost?, configure: configure?, write: write?, read: read?, tags })
}

/// A regular expression of resource names. To RabbitMQ an empty one permits nothing, to a reader it may look like "no limit".
fn permission(reader: &mut Reader<'_>, fields: Fields<'_>, key: &str) -> Option<String> {
    match fields.get(key) {
        None => Some(".*".to_owned()),
        Some(node) if node.shown().is_empty() => {
            reader.wrong_node(node, format_args!("{key} has no value"), "write \"^$\" to permit nothing, or \".*\" to permit everything");
            None
        }
        Some(node) => plain(reader, node, key),
    }
}

/// A text that goes into configuration files as it is.
fn plain(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<String> {
    let text = reader.text(node, what)?;
    let fits = text.chars().all(|c| matches!(c, ' '..='~')) && text.trim() == text;
    if !fits {
        reader.wrong_node(node, format_args!("{what} must be printable ASCII without spaces at its ends"), "leave other characters out");
    }
    fits.then(|| text.to_owned())
}
