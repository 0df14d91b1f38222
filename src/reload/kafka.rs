//! Kafka: the stores of a running node are named anew by its own request, and then no longer.
//!
//! A setting of a running node outlives restarts and wins over server.properties, so it is removed once its files are served: what
//! server.properties names rules again. With another path, Kafka looks at the files before it answers (with the same one it answers
//! first, and looks only where the time of change is another one).

use super::{Listener, Pace, Watched, until_served};
use crate::pki::HostPort;
use crate::visit::{Change, Steward, Visitor};

/// A running node, and where it finds its new files.
#[derive(Debug)]
pub struct Node {
    /// `node.id`.
    pub id: u32,
    /// Where it takes requests.
    pub endpoint: HostPort,
    /// Those that it opens.
    pub listeners: Vec<Listener>,
    /// The names of all listeners for which it has stores: those that it opens, and the controllers', by which it speaks to them.
    pub uses: Vec<String>,
    /// Paths as the node sees them, which are not those of its server.properties, letter by letter.
    pub keystore: String,
    pub truststore: String,
    /// SHA-256 of the leaf that it is to serve.
    pub fingerprint: String,
}

/// The settings by which stores are named: those for what is trusted, and those for what is shown.
pub fn settings(uses: &[String], truststore: &str, keystore: &str) -> [Vec<Change>; 2] {
    let set = |what: &str, path: &str| {
        let key = |listener: &String| format!("listener.name.{}.ssl.{what}.location", listener.to_lowercase());
        uses.iter().map(|listener| Change::Set { key: key(listener), value: path.to_owned() }).collect()
    };
    [set("truststore", truststore), set("keystore", keystore)]
}

/// Has `node` take its new files: what it trusts first. `Err`: it refused, in its own words, and goes on with what it had.
pub async fn reload(node: &Node, steward: &Steward, visitor: &Visitor, pace: Pace) -> Result<Watched, String> {
    let changes = settings(&node.uses, &node.truststore, &node.keystore);
    let mut refused = None;
    for changes in &changes {
        if let Err(fault) = steward.alter_node(&node.endpoint, node.id, changes).await {
            refused = Some(fault.symptom.to_string());
            break;
        }
    }
    if refused.is_none() {
        until_served(visitor, &node.listeners, &node.fingerprint, pace).await;
    }
    let removed = changes.iter().flatten().map(|change| match change {
        Change::Set { key, .. } | Change::Remove { key } => Change::Remove { key: key.clone() },
    });
    let removed: Vec<Change> = removed.collect();
    let kept = steward.alter_node(&node.endpoint, node.id, &removed).await.err();
    match (refused, kept) {
        (Some(why), _) => Err(why),
        (None, Some(fault)) => Err(format!(
            "its settings {} could not be removed again, and win over server.properties until they are: {}",
            removed.iter().map(key).collect::<Vec<_>>().join(", "),
            fault.symptom
        )),
        (None, None) => Ok(until_served(visitor, &node.listeners, &node.fingerprint, pace).await),
    }
}

fn key(change: &Change) -> &str {
    match change {
        Change::Set { key, .. } | Change::Remove { key } => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_trusted_comes_before_what_is_shown() {
        let [trust, keys] = settings(&["BROKER".to_owned(), "CONTROLLER".to_owned()], "/pki/3/truststore.p12", "/pki/3/keystore.p12");
        let set = |key: &str, value: &str| Change::Set { key: key.to_owned(), value: value.to_owned() };
        assert_eq!(trust[0], set("listener.name.broker.ssl.truststore.location", "/pki/3/truststore.p12"));
        assert_eq!(keys[1], set("listener.name.controller.ssl.keystore.location", "/pki/3/keystore.p12"));
    }
}
