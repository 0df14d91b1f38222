//! Floor 4: spec + layout → the text of each configuration file, from the templates in `templates/`.

mod acls;
mod amqp;
mod clients;
mod jaas;
mod kafka;
mod properties;
mod rabbitmq;
mod shell;
mod stores;
#[cfg(test)]
mod tests;
mod users;

pub use shell::quoted;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cluster::{Client, ClusterSpec, Holder, HolderId, KafkaAccess, Role};
use crate::layout::{self, HolderFile, Snippet};
use crate::pki::Password;

/// What stands in a snippet where a password belongs.
#[derive(Debug, Clone, Copy)]
pub enum Passwords<'a> {
    /// The real ones, for the file that the broker reads.
    Real {
        keystore: &'a Password,
        truststore: &'a Password,
        /// Of every client that logs in with one.
        sasl: &'a BTreeMap<HolderId, Password>,
    },
    /// A placeholder: for people, and to compare one text with another.
    Elided,
}

impl<'a> Passwords<'a> {
    fn keystore(&self) -> &str {
        match self {
            Self::Real { keystore, .. } => keystore.expose(),
            Self::Elided => "********",
        }
    }

    fn truststore(&self) -> &str {
        match self {
            Self::Real { truststore, .. } => truststore.expose(),
            Self::Elided => "********",
        }
    }

    /// What `client` logs in with.
    fn sasl(&self, client: &Holder) -> Option<&'a str> {
        match self {
            Self::Real { sasl, .. } => sasl.get(&client.id).map(Password::expose),
            Self::Elided => Some("********"),
        }
    }
}

/// The snippets of one cluster. Gathers once what every file repeats.
#[derive(Debug)]
pub struct Snippets<'a> {
    spec: &'a ClusterSpec,
    root: &'a Path,
    /// Kafka nodes, then super-user clients, as `super.users` has them.
    super_users: String,
    /// `controller.quorum.voters`.
    voters: String,
    brokers: usize,
    definitions: String,
}

impl<'a> Snippets<'a> {
    /// `root` is the absolute path of the directory.
    pub fn new(spec: &'a ClusterSpec, root: &'a Path) -> Self {
        Self {
            spec,
            root,
            super_users: kafka::super_users(spec),
            voters: kafka::voters(spec),
            brokers: spec.kafka_nodes().filter(|(_, node)| node.roles.is_broker()).count(),
            definitions: rabbitmq::definitions(spec),
        }
    }

    /// The text of `snippet` for `holder`.
    ///
    /// `None` when the holder has no such file ([`crate::layout::files`] lists what it has).
    pub fn render(&self, holder: &Holder, snippet: Snippet, passwords: Passwords<'_>) -> Option<String> {
        let kafka = self.spec.kafka.as_ref();
        let rabbitmq = self.spec.rabbitmq.as_ref();
        match (snippet, &holder.role) {
            (Snippet::ServerProperties, Role::Kafka(node)) => self.server_properties(kafka?, holder, node, passwords),
            (Snippet::ClientProperties, Role::Kafka(_) | Role::Client(Client { kafka: Some(_), .. })) => {
                self.client_properties(kafka?, holder, passwords)
            }
            (Snippet::PasswordsProperties, Role::Kafka(_) | Role::Client(Client { kafka: Some(_), .. })) => {
                self.passwords_properties(holder, passwords)
            }
            (Snippet::Librdkafka, Role::Client(Client { kafka: Some(_), .. })) => self.librdkafka(kafka?, holder, passwords),
            (Snippet::KafkaAcls, Role::Client(Client { kafka: Some(KafkaAccess::SuperUser), .. })) => self.kafka_acls(kafka?, holder),
            (Snippet::KafkaUsers, Role::Client(Client { kafka: Some(KafkaAccess::SuperUser), .. })) => self.kafka_users(kafka?, holder),
            (Snippet::RabbitmqConf, Role::Rabbitmq(node)) => self.rabbitmq_conf(rabbitmq?, holder, node),
            (Snippet::EnabledPlugins, Role::Rabbitmq(_)) => Some("[rabbitmq_auth_mechanism_ssl].\n".to_owned()),
            (Snippet::Definitions, Role::Rabbitmq(_)) => Some(self.definitions.clone()),
            (Snippet::AmqpUri, Role::Client(Client { rabbitmq: Some(access), .. })) => Some(self.amqp_uri(holder, access)),
            (
                Snippet::ServerProperties
                | Snippet::ClientProperties
                | Snippet::PasswordsProperties
                | Snippet::Librdkafka
                | Snippet::KafkaAcls
                | Snippet::KafkaUsers
                | Snippet::RabbitmqConf
                | Snippet::EnabledPlugins
                | Snippet::Definitions
                | Snippet::AmqpUri,
                Role::Kafka(_) | Role::Rabbitmq(_) | Role::Client(_),
            ) => None,
        }
    }

    /// Where `holder` finds one of its files.
    fn place(&self, holder: &Holder, file: HolderFile) -> PathBuf {
        layout::home(self.root, holder).join(file.name())
    }
}
