//! Kafka's clients: Java's and librdkafka's.

use askama::Template;

use super::jaas::Sasl;
use super::properties::value;
use super::stores::Stores;
use super::{Passwords, Snippets};
use crate::cluster::{Client, Holder, KafkaAccess, KafkaSpec, ListenerName, Role};
use crate::layout::HolderFile;

/// Clients need a few brokers to find the rest.
const BOOTSTRAP: usize = 10;

#[derive(Template)]
#[template(path = "client.properties", escape = "none")]
struct ClientProperties<'a> {
    holder: &'a Holder,
    bootstrap: String,
    stores: Stores,
    shows_certificate: bool,
    sasl: Option<Sasl>,
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
    login: Option<Login<'a>>,
    group: Option<&'a str>,
}

struct Login<'a> {
    mechanism: &'static str,
    user: &'a str,
    password: &'a str,
}

impl Snippets<'_> {
    pub(super) fn client_properties(&self, kafka: &KafkaSpec, holder: &Holder, passwords: Passwords<'_>) -> Option<String> {
        let listener = kafka.listener_for(holder);
        let template = ClientProperties {
            holder,
            bootstrap: self.bootstrap(listener),
            stores: self.stores(kafka, holder, passwords),
            shows_certificate: kafka.asks_certificates(listener),
            sasl: self.spec.sasl_login(holder).and_then(|mechanism| self.sasl(mechanism, holder, passwords)),
            group: group(holder).map(value),
        };
        template.render().ok()
    }

    pub(super) fn librdkafka(&self, kafka: &KafkaSpec, holder: &Holder, passwords: Passwords<'_>) -> Option<String> {
        let place = |file| self.place(holder, file).display().to_string();
        let listener = kafka.listener_for(holder);
        let template = Librdkafka {
            holder,
            bootstrap: self.bootstrap(listener),
            anchors: place(HolderFile::Anchors),
            chain: place(HolderFile::Chain),
            key: place(HolderFile::Key),
            shows_certificate: kafka.asks_certificates(listener),
            login: self.spec.sasl_login(holder).and_then(|mechanism| {
                Some(Login { mechanism: mechanism.name(), user: holder.sasl_user(), password: passwords.sasl(holder)? })
            }),
            group: group(holder),
        };
        template.render().ok()
    }

    /// The advertised addresses of a listener, in the order of the nodes.
    pub(super) fn bootstrap(&self, listener: &ListenerName) -> String {
        let endpoints = self.spec.kafka_nodes().flat_map(|(_, node)| &node.endpoints);
        let addresses = endpoints.filter(|endpoint| endpoint.listener == *listener).map(|endpoint| endpoint.advertised.to_string());
        addresses.take(BOOTSTRAP).collect::<Vec<_>>().join(",")
    }
}

fn group(holder: &Holder) -> Option<&str> {
    match &holder.role {
        Role::Client(Client { kafka: Some(KafkaAccess::Limited { group, .. }), .. }) => group.as_deref(),
        Role::Client(_) | Role::Kafka(_) | Role::Rabbitmq(_) => None,
    }
}
