//! Holders that are gone: who they may be now, and what is left to do for them elsewhere.

use serde::Serialize;
use time::OffsetDateTime;

use crate::cluster::{ClusterSpec, HolderId, HolderKind, RabbitmqLogin};
use crate::inventory::{Inventory, Remains};
use crate::layout::{HolderFile, Snippet};
use crate::pki::{Certificate, San};
use crate::snippet::quoted;

/// What countersign cannot do for a holder that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Farewell {
    /// The end of its last certificate, if that could be read.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub not_after: Option<OffsetDateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Whom it is to Kafka, where it may have been anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kafka_principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rabbitmq_user: Option<String>,
    /// Sentences.
    pub left: Vec<String>,
}

/// What the user should know of every holder that is gone.
pub fn notices(spec: &ClusterSpec, inventory: &Inventory) -> Vec<String> {
    let notice = |id: &HolderId, remains: &Remains| {
        let now = match successor(spec, inventory, id, remains) {
            Some((holder, what)) => format!("{id} seems to be {holder} now: {what}. Its old files are left alone"),
            None => format!("{id} is no longer in the cluster file; its files are left alone"),
        };
        format!("{now} until `countersign retire {id}`, or `apply --prune`, archives them")
    };
    inventory.gone.iter().map(|(id, remains)| notice(id, remains)).collect()
}

/// The holder that seems to have taken its place, and what they have in common.
fn successor<'s>(spec: &'s ClusterSpec, inventory: &Inventory, id: &HolderId, remains: &Remains) -> Option<(&'s HolderId, &'static str)> {
    let leaf = remains.leaf.as_ref()?;
    let in_use = |id: &HolderId| inventory.holders.get(id)?.current.as_ref()?.chain.as_ref().ok()?.first();
    // Others that stood beside it may well share a name with it.
    let is_younger = |id: &HolderId| in_use(id).is_none_or(|own| own.validity.not_before > leaf.validity.not_before);
    let candidates = spec.holders.iter().filter(|holder| holder.id.kind == id.kind && is_younger(&holder.id));
    candidates
        .filter_map(|holder| {
            let has = |own: &Certificate| own.public_key == leaf.public_key;
            let what = match () {
                () if in_use(&holder.id).is_some_and(has) => "it has the same key",
                () if holder.subject.to_string() == leaf.subject => "it has the same subject",
                () if !leaf.names.is_empty() && holder.names == leaf.names => "it has the same names",
                () => return None,
            };
            Some((&holder.id, what))
        })
        .next()
}

/// What is left to do, as far as the last files of `id` tell.
pub fn farewell(spec: &ClusterSpec, id: &HolderId, remains: &Remains, now: OffsetDateTime) -> Farewell {
    let has = |file: HolderFile| remains.has(file.name()).unwrap_or(true);
    let leaf = remains.leaf.as_ref();
    let uses_kafka = spec.kafka.is_some()
        && match id.kind {
            HolderKind::Kafka => true,
            HolderKind::Rabbitmq => false,
            HolderKind::Client => has(HolderFile::Snippet(Snippet::ClientProperties)),
        };
    let has_password = remains.has(HolderFile::SaslPassword.name()).unwrap_or(false);
    let subject = || leaf.map(|leaf| leaf.subject.clone());
    let kafka_principal = match has_password {
        _ if !uses_kafka => None,
        true => Some(format!("User:{}", id.name)),
        false => subject().map(|subject| format!("User:{subject}")),
    };
    let uses_rabbitmq = id.kind == HolderKind::Client && has(HolderFile::Snippet(Snippet::AmqpUri));
    let rabbitmq = spec.rabbitmq.as_ref().filter(|_| uses_rabbitmq);
    let rabbitmq_user = rabbitmq.and_then(|rabbitmq| match rabbitmq.login {
        RabbitmqLogin::CommonName => Some(id.name.to_string()),
        RabbitmqLogin::DistinguishedName => subject(),
        RabbitmqLogin::SanDns => leaf.and_then(first_dns_name),
    });
    let mut left = Vec::new();
    if let Some(principal) = &kafka_principal {
        left.push(match id.kind {
            HolderKind::Kafka => format!("Kafka: {principal} is a super user until every broker runs with its new server.properties"),
            HolderKind::Rabbitmq | HolderKind::Client => format!(
                "Kafka: list its rights by `kafka-acls.sh --bootstrap-server HOST:PORT --command-config client.properties --list --principal {}`, and take each away by the same with --remove --allow-principal",
                quoted(principal)
            ),
        });
    }
    if uses_kafka && has_password {
        left.push(format!(
            "Kafka: where it logs in by SCRAM, take its password away by `kafka-configs.sh --bootstrap-server HOST:PORT --command-config client.properties --alter --entity-type users --entity-name {} --delete-config SCRAM-SHA-512`, or SCRAM-SHA-256",
            id.name
        ));
    }
    if let Some(user) = &rabbitmq_user {
        left.push(format!("RabbitMQ: remove its user by `rabbitmqctl delete_user {}`", quoted(user)));
    }
    if id.kind == HolderKind::Rabbitmq {
        left.push("RabbitMQ: take the node out of its cluster by `rabbitmqctl forget_cluster_node`".to_owned());
    }
    if !spec.sinks.is_empty() {
        left.push("sinks: what they hold of it is removed by `countersign push --prune`".to_owned());
    }
    if leaf.is_none() && remains.generation > 0 {
        left.push("its certificate cannot be read, or is none that the journal tells of: the journal has what was issued to it".to_owned());
    }
    if let Some(leaf) = leaf.filter(|leaf| leaf.validity.not_after >= now) {
        let end = leaf.validity.not_after.date();
        left.push(format!(
            "its certificate (serial {}) stays valid until {end} unless it is revoked, for whoever has a copy of its key",
            leaf.serial
        ));
    }
    Farewell {
        not_after: leaf.map(|leaf| leaf.validity.not_after),
        serial: leaf.map(|leaf| leaf.serial.clone()),
        kafka_principal,
        rabbitmq_user,
        left,
    }
}

fn first_dns_name(leaf: &Certificate) -> Option<String> {
    leaf.names.iter().find_map(|name| match name {
        San::Dns(name) => Some(name.clone()),
        San::Ip(_) | San::Uri(_) | San::Other(_) => None,
    })
}
