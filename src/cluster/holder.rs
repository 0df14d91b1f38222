//! Holders: brokers, nodes and clients, each with what its certificate and its files must say.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use super::{ListenerName, RabbitmqLogin, ReloadCommand, Restarts};
use crate::pki::{Host, HostPort, San, Subject, Usage};

/// A broker, node or client that owns a leaf.
#[derive(Debug, Clone)]
pub struct Holder {
    pub id: HolderId,
    pub subject: Subject,
    /// What the certificate must be valid for; no name twice, never empty for a node.
    pub names: Vec<San>,
    /// Where the holder finds its files; `None`: in the directory itself.
    pub install: Option<PathBuf>,
    pub access: Access,
    pub role: Role,
}

/// `kafka/broker-1`: also its place in the directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HolderId {
    pub kind: HolderKind,
    pub name: HolderName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HolderKind {
    Kafka,
    Rabbitmq,
    Client,
}

impl HolderKind {
    pub const ALL: [Self; 3] = [Self::Kafka, Self::Rabbitmq, Self::Client];

    /// The directory below which the holders of this kind lie.
    pub const fn directory(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Rabbitmq => "rabbitmq",
            Self::Client => "clients",
        }
    }
}

/// 1 to 64 lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or digit: a file name, an alias that
/// Java does not change, and a common name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HolderName(String);

impl HolderName {
    /// `None` when `text` is no such name.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HolderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.directory(), self.name)
    }
}

/// Who may read a holder's files besides whoever runs countersign. Names are looked up when they are needed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Access {
    pub owner: Option<String>,
    pub group: Option<String>,
}

#[derive(Debug, Clone)]
pub enum Role {
    Kafka(KafkaNode),
    Rabbitmq(RabbitmqNode),
    Client(Client),
}

#[derive(Debug, Clone)]
pub struct KafkaNode {
    /// `node.id`, unique.
    pub node_id: u32,
    pub roles: KafkaRoles,
    pub host: Host,
    /// The address to listen on; `None`: all.
    pub bind: Option<IpAddr>,
    /// Kafka's `log.dirs`.
    pub data: PathBuf,
    /// One for each listener that this node opens, in the order of [`KafkaSpec::listeners`].
    pub endpoints: Vec<Endpoint>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KafkaRoles {
    Broker,
    Controller,
    Combined,
}

impl KafkaRoles {
    pub const fn is_broker(self) -> bool {
        matches!(self, Self::Broker | Self::Combined)
    }

    pub const fn is_controller(self) -> bool {
        matches!(self, Self::Controller | Self::Combined)
    }
}

/// One listener of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub listener: ListenerName,
    pub port: u16,
    /// What clients are told to connect to.
    pub advertised: HostPort,
}

#[derive(Debug, Clone)]
pub struct RabbitmqNode {
    pub host: Host,
    pub bind: Option<IpAddr>,
    /// AMQP over TLS.
    pub port: u16,
}

impl RabbitmqNode {
    pub fn address(&self) -> HostPort {
        HostPort { host: self.host.clone(), port: self.port }
    }
}

/// A client has at least one of the two.
#[derive(Debug, Clone)]
pub struct Client {
    pub kafka: Option<KafkaAccess>,
    pub rabbitmq: Option<RabbitmqAccess>,
    /// What makes its program use new files.
    pub reload: Option<ReloadCommand>,
    pub restarts: Restarts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KafkaAccess {
    SuperUser,
    Limited {
        write: Vec<String>,
        read: Vec<String>,
        /// The consumer group.
        group: Option<String>,
    },
}

/// The permissions of a RabbitMQ user in one virtual host, as regular expressions of resource names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RabbitmqAccess {
    pub vhost: String,
    pub configure: String,
    pub write: String,
    pub read: String,
    /// For the management plugin: `administrator`, `monitoring` and so on.
    pub tags: Vec<String>,
}

impl Holder {
    /// Sorted. Brokers and nodes are clients of each other too: Kafka's inter-broker and RabbitMQ's inter-node connections.
    pub fn usages(&self) -> &'static [Usage] {
        match self.role {
            Role::Kafka(_) | Role::Rabbitmq(_) => &[Usage::ServerAuth, Usage::ClientAuth],
            Role::Client(_) => &[Usage::ClientAuth],
        }
    }

    pub fn is_kafka_super_user(&self) -> bool {
        matches!(self.role, Role::Client(Client { kafka: Some(KafkaAccess::SuperUser), .. }))
    }

    /// Kafka's name for this holder: `User:` and the subject as RFC 2253 has it.
    pub fn kafka_principal(&self) -> String {
        format!("User:{}", self.subject)
    }

    /// RabbitMQ's name for this holder.
    pub fn rabbitmq_user(&self, login: RabbitmqLogin) -> String {
        match login {
            RabbitmqLogin::CommonName => self.id.name.to_string(),
            RabbitmqLogin::DistinguishedName => self.subject.to_string(),
            RabbitmqLogin::SanDns => self
                .names
                .iter()
                .find_map(|name| match name {
                    San::Dns(dns) => Some(dns.clone()),
                    San::Ip(_) | San::Uri(_) | San::Other(_) => None,
                })
                .unwrap_or_default(),
        }
    }
}
