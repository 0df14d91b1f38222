//! Whether a running broker can take new files without a restart.
//!
//! Kafka reloads a key store whose certificate has the same subject and no name less (KIP-226), and any trust store; RabbitMQ reloads
//! PEM. Neither reads its configuration again.

use super::Reason;
use crate::cluster::{Holder, Role};
use crate::inventory::Generation;
use crate::layout::Snippet;
use crate::pki::San;

/// Why `holder` must be restarted for what is made because of `reasons`; `None` when it need not, or is no broker.
pub fn needed<'r>(holder: &Holder, reasons: impl IntoIterator<Item = &'r Reason>) -> Option<String> {
    let is_kafka = match holder.role {
        Role::Kafka(_) => true,
        Role::Rabbitmq(_) | Role::Client(_) => false,
    };
    because(reasons.into_iter().filter_map(|reason| match reason {
        Reason::Subject { .. } => is_kafka.then(|| SUBJECT.to_owned()),
        Reason::Names { removed, .. } => loses(removed).filter(|_| is_kafka),
        Reason::Password { .. } => is_kafka.then(|| "a password of its stores changes".to_owned()),
        Reason::Settings { file } => changes(holder, file),
        Reason::Asked { .. }
        | Reason::Missing
        | Reason::Unreadable { .. }
        | Reason::Ended { .. }
        | Reason::NotYetValid { .. }
        | Reason::Expiring { .. }
        | Reason::KeyType { .. }
        | Reason::Usage { .. }
        | Reason::Issuer { .. }
        | Reason::MissingFile { .. }
        | Reason::Unwanted { .. }
        | Reason::TrustSet { .. }
        | Reason::SaslPassword { .. }
        | Reason::Alias { .. }
        | Reason::Profile { .. }
        | Reason::Owner { .. }
        | Reason::FileMode { .. }
        | Reason::HandEdited { .. }
        | Reason::Trespass { .. } => None,
    }))
}

/// The same, where `next` takes the place of `current`, and both are as they were written.
pub fn needed_between(holder: &Holder, current: &Generation, next: &Generation) -> Option<String> {
    let (Ok(now), Ok(then)) = (&current.chain, &next.chain) else { return None };
    let (now, then) = (&now[0], &then[0]);
    let leaf = match holder.role {
        Role::Kafka(_) => {
            let lost: Vec<String> = now.names.iter().filter(|name| !then.names.contains(name)).map(San::to_string).collect();
            [(now.subject != then.subject).then(|| SUBJECT.to_owned()), loses(&lost)]
        }
        Role::Rabbitmq(_) | Role::Client(_) => [None, None],
    };
    let sha256 = |generation: &Generation, file: &str| Some(generation.written.as_ref().ok()?.entry(file)?.sha256.clone());
    let differs = |file: &&str| sha256(current, file) != sha256(next, file);
    let settings = START.iter().map(|snippet| snippet.name()).filter(differs).filter_map(|file| changes(holder, file));
    because(leaf.into_iter().flatten().chain(settings))
}

const SUBJECT: &str = "its subject changes";

/// What brokers read at their start alone.
const START: [Snippet; 4] = [Snippet::ServerProperties, Snippet::PasswordsProperties, Snippet::RabbitmqConf, Snippet::EnabledPlugins];

fn changes(holder: &Holder, file: &str) -> Option<String> {
    let is_read = START.iter().any(|snippet| snippet.name() == file);
    let is_broker = match holder.role {
        Role::Kafka(_) | Role::Rabbitmq(_) => true,
        Role::Client(_) => false,
    };
    (is_read && is_broker).then(|| format!("{file} changes"))
}

fn loses(names: &[String]) -> Option<String> {
    const MOST: usize = 5;
    let more = if names.len() > MOST { ", …" } else { "" };
    let named = &names[..names.len().min(MOST)];
    (!names.is_empty()).then(|| format!("its certificate loses {}{more}", named.join(", ")))
}

/// Each once.
fn because(causes: impl Iterator<Item = String>) -> Option<String> {
    let mut once: Vec<String> = Vec::new();
    causes.for_each(|cause| {
        if !once.contains(&cause) {
            once.push(cause);
        }
    });
    (!once.is_empty()).then(|| once.join(", and "))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::cluster::parse;

    const CLUSTER: &str = "
cluster: one
kafka: { listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }, brokers: [{ name: k, host: k.example }] }
rabbitmq: { nodes: [{ name: r, host: r.example }] }
clients: [{ name: c, rabbitmq: {} }]
";

    #[test]
    fn kafka_is_restarted_for_what_it_does_not_reload_and_rabbitmq_for_its_configuration() {
        let spec = parse(CLUSTER, Path::new("/")).unwrap();
        let subject = Reason::Subject { found: "CN=k".into(), wanted: "CN=k,O=Acme".into() };
        let names = Reason::Names { added: vec![], removed: vec!["DNS:old.example".into()] };
        let kafka = Reason::Settings { file: "server.properties".into() };
        let rabbitmq = Reason::Settings { file: "rabbitmq.conf".into() };
        let all = [subject, names, kafka.clone(), rabbitmq];
        let found: Vec<Option<String>> = spec.holders.iter().map(|holder| needed(holder, &all[..])).collect();
        let both = "server.properties changes, and rabbitmq.conf changes";
        assert_eq!(found[0].as_deref(), Some(&*format!("its subject changes, and its certificate loses DNS:old.example, and {both}")));
        assert_eq!((found[1].as_deref(), found[2].as_deref()), (Some(both), None));
        assert_eq!(needed(&spec.holders[0], [&kafka, &kafka]).as_deref(), Some("server.properties changes"));
    }

    proptest! {
        /// KIP-226.
        #[test]
        fn names_may_come_but_not_go(
            added in proptest::collection::vec("[a-z]{1,5}", 0..9),
            removed in proptest::collection::vec("[a-z]{1,5}", 0..9),
        ) {
            let spec = parse(CLUSTER, Path::new("/")).unwrap();
            let stays = removed.is_empty();
            prop_assert_eq!(needed(&spec.holders[0], &[Reason::Names { added, removed }]).is_none(), stays);
        }
    }
}
