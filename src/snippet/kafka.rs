//! Kafka: the configuration of nodes and of clients, and the clients' ACLs.

use std::path::Path;

use askama::Template;

use super::properties::value;
use super::shell::quoted;
use super::{Passwords, Snippets};
use crate::cluster::{
    Client, ClusterSpec, Holder, KafkaAccess, KafkaNode, KafkaPasswords, KafkaRoles, KafkaSpec, Listener, ListenerAuth, ListenerName, Role,
    StoreFormat,
};
use crate::layout::{HolderFile, Snippet};
use crate::pki::HostPort;

/// Clients need a few brokers to find the rest.
const BOOTSTRAP: usize = 10;

/// The stores of one holder, as its configuration names them.
struct Stores {
    /// Kafka's name for the format.
    format: &'static str,
    keystore: String,
    truststore: String,
    /// `None` for PEM, which Kafka wants without passwords.
    passwords: Option<StorePasswords>,
}

struct StorePasswords {
    keystore: String,
    truststore: String,
}

#[derive(Template)]
#[template(path = "server.properties", escape = "none")]
struct ServerProperties<'a> {
    holder: &'a Holder,
    node: &'a KafkaNode,
    kafka: &'a KafkaSpec,
    roles: &'static str,
    voters: &'a str,
    super_users: &'a str,
    listeners: String,
    advertised: String,
    protocols: String,
    used: Vec<UsedListener>,
    stores: Stores,
    by_provider: bool,
    data: String,
    replicas: usize,
    min_isr: usize,
}

struct UsedListener {
    prefix: String,
    client_auth: &'static str,
}

#[derive(Template)]
#[template(path = "client.properties", escape = "none")]
struct ClientProperties<'a> {
    holder: &'a Holder,
    bootstrap: String,
    stores: Stores,
    by_provider: bool,
    shows_certificate: bool,
    group: Option<String>,
}

#[derive(Template)]
#[template(path = "librdkafka.conf", escape = "none")]
struct Librdkafka<'a> {
    holder: &'a Holder,
    bootstrap: String,
    anchors: String,
    chain: String,
    key: String,
    shows_certificate: bool,
    group: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "kafka-acls.sh", escape = "none")]
struct KafkaAcls {
    bootstrap: String,
    command_config: String,
    lines: Vec<String>,
}

impl Snippets<'_> {
    pub(super) fn server_properties(
        &self,
        kafka: &KafkaSpec,
        holder: &Holder,
        node: &KafkaNode,
        passwords: Passwords<'_>,
    ) -> Option<String> {
        let bind = node.bind.map_or_else(String::new, |ip| if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() });
        let listeners = node.endpoints.iter().map(|endpoint| format!("{}://{bind}:{}", endpoint.listener, endpoint.port));
        let advertised = node.endpoints.iter().filter(|endpoint| endpoint.listener != kafka.controller);
        // A broker speaks to the controllers by their listener although it does not open one.
        let uses = |listener: &&Listener| listener.name == kafka.controller || node.roles.is_broker();
        let used = kafka.listeners.iter().filter(uses).map(|listener| UsedListener {
            prefix: format!("listener.name.{}", listener.name.to_string().to_lowercase()),
            client_auth: match listener.auth {
                ListenerAuth::Mtls => "required",
                ListenerAuth::Tls => "none",
            },
        });
        let replicas = self.brokers.clamp(1, 3);
        let template = ServerProperties {
            holder,
            node,
            kafka,
            roles: match node.roles {
                KafkaRoles::Broker => "broker",
                KafkaRoles::Controller => "controller",
                KafkaRoles::Combined => "broker,controller",
            },
            voters: &self.voters,
            super_users: &self.super_users,
            listeners: listeners.collect::<Vec<_>>().join(","),
            advertised: advertised.map(|endpoint| format!("{}://{}", endpoint.listener, endpoint.advertised)).collect::<Vec<_>>().join(","),
            protocols: kafka.listeners.iter().map(|listener| format!("{}:SSL", listener.name)).collect::<Vec<_>>().join(","),
            used: used.collect(),
            stores: self.stores(kafka, holder, passwords),
            by_provider: self.by_provider(kafka),
            data: path(&node.data),
            replicas,
            min_isr: (replicas - 1).max(1),
        };
        template.render().ok()
    }

    pub(super) fn client_properties(&self, kafka: &KafkaSpec, holder: &Holder, passwords: Passwords<'_>) -> Option<String> {
        let listener = kafka.listener_for(holder);
        let template = ClientProperties {
            holder,
            bootstrap: self.bootstrap(listener),
            stores: self.stores(kafka, holder, passwords),
            by_provider: self.by_provider(kafka),
            shows_certificate: kafka.asks_certificates(listener),
            group: group(holder).map(value),
        };
        template.render().ok()
    }

    pub(super) fn librdkafka(&self, kafka: &KafkaSpec, holder: &Holder, access: &KafkaAccess) -> Option<String> {
        let place = |file| self.place(holder, file).display().to_string();
        let listener = kafka.listener_for(holder);
        let template = Librdkafka {
            holder,
            bootstrap: self.bootstrap(listener),
            anchors: place(HolderFile::Anchors),
            chain: place(HolderFile::Chain),
            key: place(HolderFile::Key),
            shows_certificate: kafka.asks_certificates(listener),
            group: match access {
                KafkaAccess::SuperUser => None,
                KafkaAccess::Limited { group, .. } => group.as_deref(),
            },
        };
        template.render().ok()
    }

    /// What Kafka's FileConfigProvider reads (KIP-297).
    pub(super) fn passwords_properties(&self, passwords: Passwords<'_>) -> String {
        format!("keystore.password={}\ntruststore.password={}\n", value(passwords.keystore()), value(passwords.truststore()))
    }

    pub(super) fn kafka_acls(&self, kafka: &KafkaSpec, holder: &Holder) -> Option<String> {
        let template = KafkaAcls {
            bootstrap: quoted(&self.bootstrap(kafka.listener_for(holder))),
            command_config: quoted(&self.place(holder, HolderFile::Snippet(Snippet::ClientProperties)).display().to_string()),
            lines: self.spec.clients().flat_map(|(holder, client)| acls(kafka, holder, client)).collect(),
        };
        template.render().ok()
    }

    /// The first of the formats is the one that Kafka uses.
    fn stores(&self, kafka: &KafkaSpec, holder: &Holder, passwords: Passwords<'_>) -> Stores {
        let (format, keystore, truststore) = match self.spec.stores.formats.first() {
            Some(StoreFormat::Pkcs12) => ("PKCS12", HolderFile::KeystorePkcs12, HolderFile::TruststorePkcs12),
            Some(StoreFormat::Jks) => ("JKS", HolderFile::KeystoreJks, HolderFile::TruststoreJks),
            Some(StoreFormat::Pem) | None => ("PEM", HolderFile::CombinedPem, HolderFile::Anchors),
        };
        let provided = |key: &str| {
            format!("${{file:{}:{key}.password}}", path(&self.place(holder, HolderFile::Snippet(Snippet::PasswordsProperties))))
        };
        let passwords = match (format, kafka.passwords) {
            ("PEM", _) => None,
            (_, KafkaPasswords::FileProvider) => {
                Some(StorePasswords { keystore: provided("keystore"), truststore: provided("truststore") })
            }
            (_, KafkaPasswords::Inline) => {
                Some(StorePasswords { keystore: value(passwords.keystore()), truststore: value(passwords.truststore()) })
            }
        };
        let place = |file| path(&self.place(holder, file));
        Stores { format, keystore: place(keystore), truststore: place(truststore), passwords }
    }

    pub(super) fn by_provider(&self, kafka: &KafkaSpec) -> bool {
        kafka.passwords == KafkaPasswords::FileProvider && self.spec.stores.formats.first() != Some(&StoreFormat::Pem)
    }

    fn bootstrap(&self, listener: &ListenerName) -> String {
        addresses(self.spec, listener).take(BOOTSTRAP).map(ToString::to_string).collect::<Vec<_>>().join(",")
    }
}

/// Every Kafka node must be a super user: until the ACLs are loaded the authorizer lets nobody else in (KIP-801).
pub fn super_users(spec: &ClusterSpec) -> String {
    let nodes = spec.kafka_nodes().map(|(holder, _)| holder);
    let clients = spec.clients().filter(|(_, client)| client.kafka == Some(KafkaAccess::SuperUser)).map(|(holder, _)| holder);
    let principals: Vec<String> = nodes.chain(clients).map(Holder::kafka_principal).collect();
    value(&principals.join(";"))
}

pub fn voters(spec: &ClusterSpec) -> String {
    let Some(kafka) = &spec.kafka else { return String::new() };
    let endpoint = |node: &KafkaNode| node.endpoints.iter().find(|endpoint| endpoint.listener == kafka.controller).cloned();
    let voters = spec.kafka_nodes().filter_map(|(_, node)| Some(format!("{}@{}", node.node_id, endpoint(node)?.advertised)));
    voters.collect::<Vec<_>>().join(",")
}

/// The advertised addresses of a listener, in the order of the nodes.
fn addresses<'a>(spec: &'a ClusterSpec, listener: &'a ListenerName) -> impl Iterator<Item = &'a HostPort> {
    spec.kafka_nodes()
        .flat_map(|(_, node)| &node.endpoints)
        .filter(move |endpoint| endpoint.listener == *listener)
        .map(|endpoint| &endpoint.advertised)
}

fn group(holder: &Holder) -> Option<&str> {
    match &holder.role {
        Role::Client(Client { kafka: Some(KafkaAccess::Limited { group, .. }), .. }) => group.as_deref(),
        Role::Client(_) | Role::Kafka(_) | Role::Rabbitmq(_) => None,
    }
}

/// The arguments that allow one client what the cluster file gives it, and to take part in `verify`.
fn acls(kafka: &KafkaSpec, holder: &Holder, client: &Client) -> Vec<String> {
    let Some(KafkaAccess::Limited { write, read, group }) = &client.kafka else { return Vec::new() };
    // Without a certificate Kafka knows everyone by one name.
    let known = kafka.asks_certificates(&kafka.clients);
    let principal = if known { quoted(&holder.kafka_principal()) } else { quoted("User:ANONYMOUS") };
    let topics = |names: &[String]| names.iter().map(|name| format!(" --topic {}", quoted(name))).collect::<String>();
    let line = |operations: &[&str], resources: String| {
        let operations: String = operations.iter().map(|operation| format!(" --operation {operation}")).collect();
        format!("--allow-principal {principal}{operations}{resources}")
    };
    let mut lines = Vec::new();
    if !write.is_empty() {
        lines.push(line(&["Write", "Describe"], topics(write)));
    }
    if !read.is_empty() {
        lines.push(line(&["Read", "Describe"], topics(read)));
    }
    if let Some(group) = group {
        lines.push(line(&["Read"], format!(" --group {}", quoted(group))));
    }
    lines.push(line(&["Read", "Write", "Describe"], topics(std::slice::from_ref(&kafka.verify_topic))));
    lines
}

fn path(path: &Path) -> String {
    value(&path.display().to_string())
}
