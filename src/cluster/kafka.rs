//! The `kafka` block.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::entry::{self, Defaults, Entry, Form, Placed};
use super::listeners::{self, PlacedListener, Uses};
use super::node::{Node, Value};
use super::reader::{Reader, release};
use super::{
    Endpoint, Holder, HolderId, HolderKind, KafkaNode, KafkaPasswords, KafkaReload, KafkaRoles, KafkaSpec, ListenerName, Role, reload,
};
use crate::pki::{HostPort, San, Subject};

const BLOCK: [&str; 13] = [
    "version",
    "install",
    "owner",
    "group",
    "data",
    "passwords",
    "listeners",
    "inter-broker",
    "controller",
    "clients",
    "brokers",
    "topics",
    "reload",
];
const BROKER: [&str; 7] = ["host", "id", "roles", "bind", "ports", "advertised", "data"];

pub fn block(reader: &mut Reader<'_>, node: &Node, subject: &Subject, holders: &mut Placed) -> Option<KafkaSpec> {
    let fields = reader.fields(node, "kafka", &BLOCK)?;
    let version = fields.get("version").map_or(Some((3, 9)), |node| version(reader, node));
    let passwords = fields.get("passwords").map_or(Some(KafkaPasswords::Inline), |node| {
        reader.one_of(node, "kafka.passwords", &[("inline", KafkaPasswords::Inline), ("file-provider", KafkaPasswords::FileProvider)])
    });
    let listeners = reader
        .required(fields, "kafka", "listeners", "{ BROKER: { port: 9093, auth: mtls }, CONTROLLER: { port: 9095, auth: mtls } }")
        .and_then(|node| listeners::read(reader, node));
    let verify_topic = fields.get("topics").map_or_else(|| Some("countersign-verify".to_owned()), |node| verify_topic(reader, node));
    let whole = listeners.as_ref().and_then(|listeners| listeners.iter().map(Option::as_ref).collect::<Option<Vec<_>>>());
    let uses = whole.as_ref().and_then(|listeners| Uses::read(reader, fields, listeners));
    let defaults = Defaults::read(reader, fields, "kafka");
    let reload = fields.get("reload").map_or(Some(KafkaReload::Request { as_client: None }), |node| reload::of_kafka(reader, node));
    let data = fields.get("data").and_then(|node| entry::values(reader, node, "kafka.data", 1, entry::DIRECTORY).remove(0));
    let data = data.unwrap_or_else(|| PathBuf::from("/var/lib/kafka/data"));
    let entries = reader.required(fields, "kafka", "brokers", "[{ name: \"broker-{1..3}\", host: \"broker-{1..3}.example\" }]");
    let names: Vec<&str> = fields.get("listeners").map(listeners::names).unwrap_or_default();
    if let Some(node) = entries {
        let listeners = whole.as_deref().unwrap_or_default();
        brokers(reader, node, Shared { names: &names, listeners, uses: uses.as_ref(), defaults: &defaults, data: &data, subject }, holders);
    }
    let Uses { inter_broker, controller, clients } = uses?;
    Some(KafkaSpec {
        version: version?,
        passwords: passwords?,
        listeners: listeners?.into_iter().flatten().map(|placed| placed.listener).collect(),
        inter_broker,
        controller,
        clients,
        verify_topic: verify_topic?,
        reload: reload?,
    })
}

fn version(reader: &mut Reader<'_>, node: &Node) -> Option<(u8, u8)> {
    let text = reader.text(node, "kafka.version")?;
    match release(text) {
        Some(version @ ((3, 7..=9) | (4, _))) => Some(version),
        _ => {
            reader.wrong_node(node, format_args!("{text:?} is not a Kafka release that this is made for"), "write 3.7, 3.8, 3.9 or 4.x");
            None
        }
    }
}

fn verify_topic(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let fields = reader.fields(node, "kafka.topics", &["verify"])?;
    let node = reader.required(fields, "kafka.topics", "verify", "countersign-verify")?;
    reader.topic(node, "kafka.topics.verify")
}

/// What all entries below `brokers` share.
#[derive(Clone, Copy)]
struct Shared<'a> {
    /// Every listener that the file names.
    names: &'a [&'a str],
    /// Empty when one of them has a mistake.
    listeners: &'a [&'a PlacedListener],
    uses: Option<&'a Uses>,
    defaults: &'a Defaults,
    data: &'a Path,
    subject: &'a Subject,
}

fn brokers(reader: &mut Reader<'_>, node: &Node, shared: Shared<'_>, holders: &mut Placed) {
    let Some(items) = reader.list(node, "kafka.brokers") else { return };
    let known: Vec<&str> = entry::KEYS.into_iter().chain(BROKER).collect();
    let entries: Vec<Entry<'_>> = items.iter().filter_map(|item| Entry::read(reader, item, "a broker", &known, shared.defaults)).collect();
    let total: usize = entries.iter().map(|entry| entry.count).sum();
    let says_roles = entries.iter().any(|entry| entry.fields.get("roles").is_some());
    // Three voters outlive the loss of one; more only slow the quorum down.
    let voters = if total < 3 { 1 } else { 3 };
    let mut position = 0;
    let mut ids = BTreeMap::new();
    for entry in &entries {
        let roles = entry.fields.get("roles").and_then(|node| roles(reader, node));
        let ids_given = entry.values(reader, "id", entry::NODE_ID);
        let hosts = entry.values(reader, "host", entry::HOST);
        if entry.fields.get("host").is_none() {
            reader.required(entry.fields, &entry.what, "host", "broker-{1..3}.kafka.example");
        }
        let binds = entry.values(reader, "bind", entry::IP);
        let data = entry.values(reader, "data", entry::DIRECTORY);
        let ports = per_listener(reader, entry, "ports", shared, entry::PORT);
        let advertised = per_listener(reader, entry, "advertised", shared, entry::ADVERTISED);
        for index in 0..entry.count {
            position += 1;
            let roles = match roles {
                Some(roles) => roles,
                None if says_roles => KafkaRoles::Combined,
                None if position <= voters => KafkaRoles::Combined,
                None => KafkaRoles::Broker,
            };
            let Some(host) = hosts[index].clone() else { continue };
            let node_id = ids_given[index].unwrap_or(u32::try_from(position).unwrap_or(u32::MAX));
            if let Some(other) = ids.insert(node_id, entry.name(index)) {
                let message = format!("{} and {other} have the same id {node_id}", entry.name(index));
                reader.wrong(entry.node.place, "", message, "give each node an `id` of its own");
            }
            let endpoints: Vec<Endpoint> = shared
                .listeners
                .iter()
                .filter(|placed| {
                    let is_controller = shared.uses.is_some_and(|uses| placed.listener.name == uses.controller);
                    if is_controller { roles.is_controller() } else { roles.is_broker() }
                })
                .map(|placed| {
                    let name = &placed.listener.name;
                    let port = ports.get(name).and_then(|ports| ports[index]).unwrap_or(placed.port);
                    let default = || HostPort { host: host.clone(), port };
                    let advertised = advertised.get(name).and_then(|all| all[index].clone()).unwrap_or_else(default);
                    Endpoint { listener: name.clone(), port, advertised }
                })
                .collect();
            let first = [San::from(&host)].into_iter().chain(endpoints.iter().map(|endpoint| San::from(&endpoint.advertised.host)));
            let names = entry.names(first, index);
            let role = Role::Kafka(KafkaNode {
                node_id,
                roles,
                host,
                bind: binds[index],
                data: data[index].clone().unwrap_or_else(|| shared.data.to_path_buf()),
                endpoints,
            });
            let id = HolderId { kind: HolderKind::Kafka, name: entry.name(index) };
            let subject = entry.subject(shared.subject, index);
            holders.push((entry.node.place, Holder { id, subject, names, install: entry.install(index), access: entry.access(), role }));
        }
    }
    quorum(reader, node, holders);
}

fn quorum(reader: &mut Reader<'_>, node: &Node, holders: &Placed) {
    let roles: Vec<KafkaRoles> = holders
        .iter()
        .filter_map(|(_, holder)| match &holder.role {
            Role::Kafka(node) => Some(node.roles),
            Role::Rabbitmq(_) | Role::Client(_) => None,
        })
        .collect();
    if !roles.is_empty() && !roles.iter().any(|roles| roles.is_controller()) {
        reader.wrong(
            node.place,
            "",
            "no node is a controller",
            "write `roles: [controller]` or `roles: [broker, controller]` for one or three nodes",
        );
    }
    if !roles.is_empty() && !roles.iter().any(|roles| roles.is_broker()) {
        reader.wrong(node.place, "", "no node is a broker", "write `roles: [broker]` or leave `roles` out");
    }
}

fn roles(reader: &mut Reader<'_>, node: &Node) -> Option<KafkaRoles> {
    let items = reader.list(node, "roles")?;
    let found: Option<Vec<bool>> =
        items.iter().map(|item| reader.one_of(item, "roles", &[("broker", true), ("controller", false)])).collect();
    let found = found?;
    Some(match (found.contains(&true), found.contains(&false)) {
        (true, true) => KafkaRoles::Combined,
        (true, false) => KafkaRoles::Broker,
        (false, _) => KafkaRoles::Controller,
    })
}

fn per_listener<T>(
    reader: &mut Reader<'_>,
    entry: &Entry<'_>,
    key: &str,
    shared: Shared<'_>,
    form: Form<T>,
) -> BTreeMap<ListenerName, Vec<Option<T>>> {
    let Some(node) = entry.fields.get(key) else { return BTreeMap::new() };
    if let Value::Scalar(_) | Value::List(_) = node.value {
        reader.wrong_node(
            node,
            format_args!("{key} must name listeners"),
            format_args!("write {key}: {{ {}: … }}", shared.names.join(": …, ")),
        );
        return BTreeMap::new();
    }
    let Some(fields) = reader.fields(node, key, shared.names) else { return BTreeMap::new() };
    fields
        .entries()
        .iter()
        .map(|(name, node)| {
            (ListenerName(name.text.clone()), entry::values(reader, node, &format!("{key}.{}", name.text), entry.count, form))
        })
        .collect()
}
