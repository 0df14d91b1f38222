//! The whole cluster file: what belongs to no single block.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use super::entry::Placed;
use super::node::{self, Node};
use super::reader::{Reader, number};
use super::{
    AuthorityName, ClusterSpec, Endpoint, Holder, HolderId, HolderName, JavaVersion, Problem, RabbitmqLogin, Role, StoreFormat, StoresSpec,
    authority, clients, kafka, keep, leaf, push, rabbitmq, reload,
};
use crate::pki::{Host, San, Subject, SubjectAttribute};

/// Makes a [`ClusterSpec`] of the text of a cluster file, or says everything that is wrong with it, in the order of the file.
///
/// `base` is the absolute directory of the cluster file; relative paths in it are joined to it.
pub fn parse(text: &str, base: &Path) -> Result<ClusterSpec, Vec<Problem>> {
    let mut reader = Reader { base, problems: Vec::new(), warnings: Vec::new(), holders: 0 };
    let root = node::parse(text.strip_prefix('\u{feff}').unwrap_or(text), &mut reader.problems);
    let spec = root.and_then(|root| cluster(&mut reader, &root));
    let in_order = |problem: &Problem| (problem.line, problem.column);
    reader.problems.sort_by_key(in_order);
    reader.warnings.sort_by_key(in_order);
    match spec {
        Some(spec) if reader.problems.is_empty() => Ok(ClusterSpec { warnings: reader.warnings, ..spec }),
        _ => Err(reader.problems),
    }
}

const BLOCKS: [&str; 10] = ["cluster", "subject", "authority", "leaf", "keep", "stores", "kafka", "rabbitmq", "clients", "push"];

fn cluster(reader: &mut Reader<'_>, root: &Node) -> Option<ClusterSpec> {
    let fields = reader.fields(root, "the cluster file", &BLOCKS)?;
    let name = reader.required(fields, "the cluster file", "cluster", "orders").and_then(|node| cluster_name(reader, node));
    let subject = fields.get("subject").map_or_else(|| Some(Subject::default()), |node| subject(reader, node));
    let authority = authority::layout(reader, fields.get("authority"));
    let stores = stores(reader, fields.get("stores"));
    let leaf = leaf::block(reader, fields.get("leaf"), &stores, fields.get("kafka").is_some());
    let keep = keep::block(reader, fields.get("keep"));
    // A file without either block has the defaults, which fit each other.
    if let (Some(authority), Some(at)) = (&authority, fields.get("leaf").or(fields.get("authority"))) {
        leaf::clipping(reader, at, leaf.lifetime, authority);
    }

    let subject = subject.unwrap_or_default();
    let mut holders = Vec::new();
    let kafka = fields.get("kafka").and_then(|node| kafka::block(reader, node, &subject, &mut holders));
    let rabbitmq = fields.get("rabbitmq").and_then(|node| rabbitmq::block(reader, node, &subject, &mut holders));
    if fields.get("kafka").is_none() && fields.get("rabbitmq").is_none() {
        reader.wrong(root.place, "", "the cluster has neither `kafka` nor `rabbitmq`", "add the block of the broker that you run");
    }
    if let Some(node) = fields.get("clients") {
        let has = clients::Brokers { kafka: fields.get("kafka").is_some(), rabbitmq: fields.get("rabbitmq").is_some() };
        clients::block(reader, node, &subject, has, &mut holders);
    }
    reload::check(reader, fields.get("kafka"), kafka.as_ref().map(|kafka| &kafka.reload), &holders);
    unique(reader, &holders);
    bound_once(reader, &holders);
    if rabbitmq.as_ref().is_some_and(|rabbitmq| rabbitmq.login == RabbitmqLogin::SanDns) {
        name_by_dns(reader, &mut holders);
    }
    let holders = holders.into_iter().map(|(_, holder)| holder).collect();
    let spec = ClusterSpec {
        name: name?,
        subject,
        authority: authority?,
        leaf,
        keep,
        stores,
        kafka,
        rabbitmq,
        holders,
        sinks: Vec::new(),
        warnings: Vec::new(),
    };
    let sinks = fields.get("push").map(|node| push::block(reader, node, &spec)).unwrap_or_default();
    Some(ClusterSpec { sinks, ..spec })
}

fn cluster_name(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node, "cluster")?;
    let fits =
        (1..=40).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || " -_.".contains(c)) && text.trim() == text;
    if !fits {
        reader.wrong_node(node, format_args!("{text:?} cannot name authorities"), "use 1 to 40 letters, digits, spaces, '-', '_' and '.'");
    }
    fits.then(|| text.to_owned())
}

fn subject(reader: &mut Reader<'_>, node: &Node) -> Option<Subject> {
    let attributes = SubjectAttribute::ALL.into_iter().filter(|attribute| *attribute != SubjectAttribute::CommonName);
    let known: Vec<&str> = attributes.clone().map(SubjectAttribute::short_name).collect();
    let fields = reader.fields(node, "subject", &known)?;
    let mut subject = Subject::default();
    for attribute in attributes {
        let Some(node) = fields.get(attribute.short_name()) else { continue };
        let Some(text) = reader.text(node, attribute.short_name()) else { continue };
        match subject.clone().with(attribute, text) {
            Ok(extended) => subject = extended,
            Err(error) => reader.wrong_node(node, error, "use letters, digits, spaces, '-', '.' and ',' only"),
        }
    }
    Some(subject)
}

fn stores(reader: &mut Reader<'_>, node: Option<&Node>) -> StoresSpec {
    let mut stores =
        StoresSpec { formats: vec![StoreFormat::Pkcs12, StoreFormat::Jks, StoreFormat::Pem], java: JavaVersion::Java11OrLater(11) };
    let Some(fields) = node.and_then(|node| reader.fields(node, "stores", &["formats", "java"])) else { return stores };
    if let Some(items) = fields.get("formats").and_then(|node| reader.list(node, "stores.formats")) {
        let choices = [("pem", StoreFormat::Pem), ("pkcs12", StoreFormat::Pkcs12), ("jks", StoreFormat::Jks)];
        let mut formats = Vec::new();
        for item in items {
            match reader.one_of(item, "stores.formats", &choices) {
                Some(format) if formats.contains(&format) => {
                    reader.wrong_node(item, "this format is listed twice", "list each format once")
                }
                Some(format) => formats.push(format),
                None => {}
            }
        }
        stores.formats = formats;
    }
    if let Some(node) = fields.get("java")
        && let Some(text) = reader.text(node, "stores.java")
    {
        match number(text) {
            Some(8) => stores.java = JavaVersion::Java8,
            Some(version @ 9..=99) => stores.java = JavaVersion::Java11OrLater(version),
            _ => reader.wrong_node(
                node,
                format_args!("{text:?} is not a Java release"),
                "write the oldest that must read the stores: 8, 11, 17, 21, 25",
            ),
        }
    }
    stores
}

fn unique(reader: &mut Reader<'_>, holders: &Placed) {
    let mut named: BTreeMap<&HolderName, &HolderId> = BTreeMap::new();
    let mut addresses: BTreeMap<String, &HolderId> = BTreeMap::new();
    for (place, holder) in holders {
        let id = &holder.id;
        if let Some(other) = named.insert(&id.name, id) {
            // A client called like a broker would be one to Kafka: a super user.
            let message = format!("{id} and {other} have the same name, and so the same subject: no broker could tell them apart");
            reader.wrong(*place, "", message, "give each holder a name of its own");
        }
        let advertised: Vec<String> = match &holder.role {
            Role::Kafka(node) => node.endpoints.iter().map(|endpoint| endpoint.advertised.to_string()).collect(),
            Role::Rabbitmq(node) => vec![node.address().to_string()],
            Role::Client(_) => Vec::new(),
        };
        for address in advertised {
            if let Some(other) = addresses.insert(address.clone(), id) {
                let message = format!("{id} is reached at {address}, and so is {other}");
                reader.wrong(*place, "", message, "give each a host or a port of its own (`host`, `ports`, `advertised`)");
            }
        }
    }
}

/// Two listeners cannot have one port of one host. When both are advertised there, [`unique`] has said so.
fn bound_once(reader: &mut Reader<'_>, holders: &Placed) {
    let mut taken: BTreeMap<(&Host, Option<IpAddr>, u16), (&HolderId, bool)> = BTreeMap::new();
    for (place, Holder { id, role, .. }) in holders {
        let Role::Kafka(node) = role else { continue };
        for Endpoint { port, advertised, .. } in &node.endpoints {
            let is_direct = advertised.host == node.host && advertised.port == *port;
            if let Some((other, other_is_direct)) = taken.insert((&node.host, node.bind, *port), (id, is_direct))
                && !(is_direct && other_is_direct)
            {
                let message = format!("{id} listens on port {port} of {}, and so does {other}", node.host);
                reader.wrong(*place, "", message, "give each a port of its own by `ports`, or an address of its own by `bind`");
            }
        }
    }
}

/// RabbitMQ's user is the first DNS name; a client without one is called by its own name. Two clients of one name would be one
/// user, with the permissions of both.
fn name_by_dns(reader: &mut Reader<'_>, holders: &mut Placed) {
    for (place, holder) in holders.iter_mut() {
        let is_client = matches!(holder.role, Role::Client(_));
        if !is_client || holder.names.iter().any(|name| matches!(name, San::Dns(_))) {
            continue;
        }
        match holder.id.name.as_str().parse() {
            Ok(San::Dns(name)) => holder.names.insert(0, San::Dns(name)),
            _ => {
                let message = format!("{} logs in by its DNS name, has none, and cannot be called by its own", holder.id);
                reader.wrong(*place, "", message, "list a DNS name below `also`");
            }
        }
    }
    let mut users: BTreeMap<String, &HolderId> = BTreeMap::new();
    for (place, holder) in holders.iter().filter(|(_, holder)| matches!(holder.role, Role::Client(_))) {
        let user = holder.rabbitmq_user(RabbitmqLogin::SanDns);
        if let Some(other) = users.insert(user.clone(), &holder.id) {
            let message = format!("{} and {other} would be the same RabbitMQ user: the first DNS name of both is {user:?}", holder.id);
            reader.wrong(*place, "", message, "let each begin with a DNS name of its own below `also`");
        }
    }
}

impl AuthorityName {
    /// The key of the block in the cluster file.
    pub(super) const fn block(self) -> &'static str {
        match self {
            Self::Shared => "authority",
            Self::Brokers => "authority.brokers",
            Self::Clients => "authority.clients",
        }
    }
}
