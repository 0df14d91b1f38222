//! Kafka's nodes.

use askama::Template;

use super::jaas::Sasl;
use super::properties::{path, value};
use super::stores::Stores;
use super::{Passwords, Snippets};
use crate::cluster::{ClusterSpec, Holder, KafkaAccess, KafkaNode, KafkaRoles, KafkaSpec, Listener, ListenerAuth};

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
    data: String,
    replicas: usize,
    min_isr: usize,
}

struct UsedListener {
    prefix: String,
    client_auth: &'static str,
    sasl: Option<Sasl>,
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
                ListenerAuth::Tls | ListenerAuth::Sasl(_) => "none",
            },
            sasl: kafka.sasl_mechanism(&listener.name).and_then(|mechanism| self.sasl(mechanism, holder, passwords)),
        });
        let protocol = |listener: &Listener| match listener.auth {
            ListenerAuth::Mtls | ListenerAuth::Tls => "SSL",
            ListenerAuth::Sasl(_) => "SASL_SSL",
        };
        let protocols = kafka.listeners.iter().map(|listener| format!("{}:{}", listener.name, protocol(listener)));
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
            protocols: protocols.collect::<Vec<_>>().join(","),
            used: used.collect(),
            stores: self.stores(kafka, holder, passwords),
            data: path(&node.data),
            replicas,
            min_isr: (replicas - 1).max(1),
        };
        template.render().ok()
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
