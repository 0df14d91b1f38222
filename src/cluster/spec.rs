//! The [`ClusterSpec`]: valid by construction. Ranges are expanded, defaults filled in, every name checked.

use std::fmt;
use std::path::PathBuf;

use super::{Client, Holder, HolderId, KafkaAccess, KafkaNode, KafkaReload, LeafSpec, RabbitmqNode, ReloadCommand, Role, SaslMechanism};
use crate::pki::{KeyKind, Lifetime, Subject};

/// Everything that the cluster file says. Made by [`super::parse`] alone.
#[derive(Debug, Clone)]
pub struct ClusterSpec {
    /// Names the authorities: `orders root 1`.
    pub name: String,
    /// What stands in every subject beside the common name.
    pub subject: Subject,
    pub authority: AuthorityLayout,
    pub leaf: LeafSpec,
    pub keep: KeepSpec,
    pub stores: StoresSpec,
    pub kafka: Option<KafkaSpec>,
    pub rabbitmq: Option<RabbitmqSpec>,
    /// Kafka nodes, RabbitMQ nodes, clients, each in the order of the file. No two have the same [`HolderId`].
    pub holders: Vec<Holder>,
    /// Where their files are pushed to.
    pub sinks: Vec<super::SinkSpec>,
    /// What is allowed but will surprise someone, such as an Ed25519 leaf; for the user to read.
    pub warnings: Vec<super::Problem>,
}

/// One authority for all, or one for each side, so that brokers need not trust each other's clients' issuer as their own.
#[derive(Debug, Clone)]
pub enum AuthorityLayout {
    Shared(AuthoritySpec),
    PerSide { brokers: AuthoritySpec, clients: AuthoritySpec },
}

/// Which authority: the only one, or that of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthorityName {
    Shared,
    Brokers,
    Clients,
}

impl AuthorityName {
    /// How messages name it: `authority`, `authority/brokers`, `authority/clients`.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Shared => "authority",
            Self::Brokers => "authority/brokers",
            Self::Clients => "authority/clients",
        }
    }
}

impl fmt::Display for AuthorityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

#[derive(Debug, Clone)]
pub struct AuthoritySpec {
    pub name: AuthorityName,
    pub origin: AuthorityOrigin,
    /// Opens, and encrypts, the keys of the authority.
    pub passphrase: Option<SecretSource>,
}

/// Made here, or brought along.
#[derive(Debug, Clone)]
pub enum AuthorityOrigin {
    Own(OwnAuthority),
    /// The key stays where it is. Paths are absolute or relative to the cluster file, already joined.
    Existing {
        /// PEM: the certificate that signs, then any others up to the root.
        certificate: PathBuf,
        key: PathBuf,
        /// PEM: the anchor, when `certificate` does not end in a self-signed one.
        root: Option<PathBuf>,
    },
}

/// What an authority is made with.
#[derive(Debug, Clone, Copy)]
pub struct OwnAuthority {
    pub key: KeyKind,
    pub root: Lifetime,
    /// `None`: the root signs leafs itself.
    pub issuing: Option<Lifetime>,
}

/// Where a passphrase or password is kept; never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The first line of a file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// The first line that a command (run by `sh -c`) prints.
    Command(String),
}

/// Which generations of a holder's files are kept, beside the one in use and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepSpec {
    /// The newest so many, the one in use among them; 2 at least.
    pub generations: u32,
    /// Those that were replaced no longer ago than so many days; 1 at least.
    pub days: u32,
}

#[derive(Debug, Clone)]
pub struct StoresSpec {
    /// In the order of the file, never empty, none twice. Java snippets use the first.
    pub formats: Vec<StoreFormat>,
    /// The oldest Java that must read them.
    pub java: JavaVersion,
}

impl StoresSpec {
    /// The format that Kafka's configuration uses.
    pub fn for_kafka(&self) -> StoreFormat {
        self.formats.first().copied().unwrap_or(StoreFormat::Pem)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreFormat {
    Pem,
    Pkcs12,
    Jks,
}

/// The Java releases at which what may be written changes: PBES2 PKCS#12 is read from 8u301 and 11.0.12 on
/// (JDK-8267701), so `8` alone stands for "any Java 8".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JavaVersion {
    Java8,
    Java11OrLater(u8),
}

#[derive(Debug, Clone)]
pub struct KafkaSpec {
    pub version: (u8, u8),
    pub passwords: KafkaPasswords,
    /// In the order of the file.
    pub listeners: Vec<Listener>,
    /// The listener that brokers use among themselves.
    pub inter_broker: ListenerName,
    pub controller: ListenerName,
    /// The listener that clients are pointed to.
    pub clients: ListenerName,
    /// The topic that `verify` writes to.
    pub verify_topic: String,
    pub reload: KafkaReload,
}

/// How server.properties and client.properties come to their passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KafkaPasswords {
    Inline,
    /// Kafka reads them through its FileConfigProvider (KIP-297).
    FileProvider,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    pub name: ListenerName,
    pub auth: ListenerAuth,
}

/// Upper case letters, digits, `_` and `-`, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerName(pub(super) String);

impl fmt::Display for ListenerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerAuth {
    /// A client certificate is required.
    Mtls,
    /// The server shows a certificate, the client none; everyone is `User:ANONYMOUS`.
    Tls,
    /// The server shows a certificate, the client its name and a password. Only at the clients' listener.
    Sasl(SaslMechanism),
}

#[derive(Debug, Clone)]
pub struct RabbitmqSpec {
    pub version: (u8, u8),
    pub login: RabbitmqLogin,
    /// What makes a node look at its files at once; `None`: it is waited for.
    pub reload: Option<ReloadCommand>,
}

/// What of a client's certificate names its RabbitMQ user (`ssl_cert_login_from`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RabbitmqLogin {
    CommonName,
    DistinguishedName,
    /// The first DNS name.
    SanDns,
}

impl ClusterSpec {
    pub fn authorities(&self) -> impl Iterator<Item = &AuthoritySpec> {
        match &self.authority {
            AuthorityLayout::Shared(shared) => [Some(shared), None],
            AuthorityLayout::PerSide { brokers, clients } => [Some(brokers), Some(clients)],
        }
        .into_iter()
        .flatten()
    }

    /// The authority of this name, or the only one.
    pub fn authority(&self, name: AuthorityName) -> &AuthoritySpec {
        match (&self.authority, name) {
            (AuthorityLayout::Shared(shared), _) => shared,
            (AuthorityLayout::PerSide { clients, .. }, AuthorityName::Clients) => clients,
            (AuthorityLayout::PerSide { brokers, .. }, AuthorityName::Brokers | AuthorityName::Shared) => brokers,
        }
    }

    /// The authority that signs `holder`'s leaf.
    pub fn issuer_of(&self, holder: &Holder) -> AuthorityName {
        match (&self.authority, &holder.role) {
            (AuthorityLayout::Shared(_), _) => AuthorityName::Shared,
            (AuthorityLayout::PerSide { .. }, Role::Client(_)) => AuthorityName::Clients,
            (AuthorityLayout::PerSide { .. }, Role::Kafka(_) | Role::Rabbitmq(_)) => AuthorityName::Brokers,
        }
    }

    /// The authorities that `holder` must trust: clients meet brokers only, brokers meet everyone.
    pub fn trusted_by(&self, holder: &Holder) -> &'static [AuthorityName] {
        match (&self.authority, &holder.role) {
            (AuthorityLayout::Shared(_), _) | (AuthorityLayout::PerSide { .. }, Role::Client(_)) => self.trusted_by_clients(),
            (AuthorityLayout::PerSide { .. }, Role::Kafka(_) | Role::Rabbitmq(_)) => &[AuthorityName::Brokers, AuthorityName::Clients],
        }
    }

    pub const fn trusted_by_clients(&self) -> &'static [AuthorityName] {
        match self.authority {
            AuthorityLayout::Shared(_) => &[AuthorityName::Shared],
            AuthorityLayout::PerSide { .. } => &[AuthorityName::Brokers],
        }
    }

    pub fn holder(&self, id: &HolderId) -> Option<&Holder> {
        self.holders.iter().find(|holder| holder.id == *id)
    }

    pub fn kafka_nodes(&self) -> impl Iterator<Item = (&Holder, &KafkaNode)> {
        self.holders.iter().filter_map(|holder| match &holder.role {
            Role::Kafka(node) => Some((holder, node)),
            Role::Rabbitmq(_) | Role::Client(_) => None,
        })
    }

    pub fn rabbitmq_nodes(&self) -> impl Iterator<Item = (&Holder, &RabbitmqNode)> {
        self.holders.iter().filter_map(|holder| match &holder.role {
            Role::Rabbitmq(node) => Some((holder, node)),
            Role::Kafka(_) | Role::Client(_) => None,
        })
    }

    pub fn clients(&self) -> impl Iterator<Item = (&Holder, &Client)> {
        self.holders.iter().filter_map(|holder| match &holder.role {
            Role::Client(client) => Some((holder, client)),
            Role::Kafka(_) | Role::Rabbitmq(_) => None,
        })
    }
}

impl KafkaSpec {
    /// The listener that `holder` connects to as a client. Nodes use the brokers', clients theirs; a super user uses the brokers'
    /// too when the clients' asks for no certificate: without one nobody would know it there, and with SCRAM it is who gives the
    /// clients their passwords, and must get in before any is known.
    pub fn listener_for(&self, holder: &Holder) -> &ListenerName {
        match &holder.role {
            Role::Client(Client { kafka: Some(KafkaAccess::SuperUser), .. }) if !self.asks_certificates(&self.clients) => {
                &self.inter_broker
            }
            Role::Client(_) => &self.clients,
            Role::Kafka(_) | Role::Rabbitmq(_) => &self.inter_broker,
        }
    }

    /// Whether clients must show a certificate there.
    pub fn asks_certificates(&self, name: &ListenerName) -> bool {
        self.listener(name).is_some_and(|listener| listener.auth == ListenerAuth::Mtls)
    }

    pub fn listener(&self, name: &ListenerName) -> Option<&Listener> {
        self.listeners.iter().find(|listener| listener.name == *name)
    }
}
