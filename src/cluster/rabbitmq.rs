//! The `rabbitmq` block.

use super::entry::{self, Defaults, Entry, Placed};
use super::node::Node;
use super::reader::{Reader, release};
use super::{Holder, HolderId, HolderKind, RabbitmqLogin, RabbitmqNode, RabbitmqSpec, Role, reload};
use crate::pki::{San, Subject};

const BLOCK: [&str; 8] = ["version", "install", "owner", "group", "login", "port", "nodes", "reload"];

pub fn block(reader: &mut Reader<'_>, node: &Node, subject: &Subject, holders: &mut Placed) -> Option<RabbitmqSpec> {
    let fields = reader.fields(node, "rabbitmq", &BLOCK)?;
    let version = fields.get("version").map_or(Some((4, 0)), |node| version(reader, node));
    let login = fields.get("login").map_or(Some(RabbitmqLogin::CommonName), |node| {
        let choices = [
            ("common-name", RabbitmqLogin::CommonName),
            ("distinguished-name", RabbitmqLogin::DistinguishedName),
            ("san-dns", RabbitmqLogin::SanDns),
        ];
        reader.one_of(node, "rabbitmq.login", &choices)
    });
    let port = fields.get("port").map_or(5671, |node| entry::values(reader, node, "rabbitmq.port", 1, entry::PORT)[0].unwrap_or(5671));
    let reload = fields.get("reload").and_then(|node| reload::command(reader, node, "rabbitmq.reload"));
    let defaults = Defaults::read(reader, fields, "rabbitmq");
    let nodes = reader.required(fields, "rabbitmq", "nodes", "[{ name: \"rabbit-{1..3}\", host: \"rabbit-{1..3}.example\" }]");
    for item in nodes.and_then(|node| reader.list(node, "rabbitmq.nodes")).unwrap_or_default() {
        nodes_of(reader, item, port, &defaults, subject, holders);
    }
    Some(RabbitmqSpec { version: version?, login: login?, reload })
}

fn version(reader: &mut Reader<'_>, node: &Node) -> Option<(u8, u8)> {
    let text = reader.text(node, "rabbitmq.version")?;
    match release(text) {
        Some(version @ ((3, 10..) | (4, _))) => Some(version),
        _ => {
            reader.wrong_node(node, format_args!("{text:?} is not a RabbitMQ release that this is made for"), "write 3.10 to 3.13, or 4.x");
            None
        }
    }
}

fn nodes_of(reader: &mut Reader<'_>, item: &Node, default_port: u16, defaults: &Defaults, subject: &Subject, holders: &mut Placed) {
    let known: Vec<&str> = entry::KEYS.into_iter().chain(["host", "bind", "port"]).collect();
    let Some(entry) = Entry::read(reader, item, "a RabbitMQ node", &known, defaults) else { return };
    if entry.fields.get("host").is_none() {
        reader.required(entry.fields, &entry.what, "host", "rabbit-{1..3}.mq.example");
    }
    let hosts = entry.values(reader, "host", entry::HOST);
    let binds = entry.values(reader, "bind", entry::IP);
    let ports = entry.values(reader, "port", entry::PORT);
    for index in 0..entry.count {
        let Some(host) = hosts[index].clone() else { continue };
        let names = entry.names([San::from(&host)], index);
        let port = ports[index].unwrap_or(default_port);
        let role = Role::Rabbitmq(RabbitmqNode { host, bind: binds[index], port });
        let id = HolderId { kind: HolderKind::Rabbitmq, name: entry.name(index) };
        let subject = entry.subject(subject, index);
        holders.push((item.place, Holder { id, subject, names, install: entry.install(index), access: entry.access(), role }));
    }
}
