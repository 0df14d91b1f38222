//! Kafka: the stores of a running node are named anew by its own request, and then no longer.
//!
//! A setting of a running node outlives restarts and wins over server.properties, so it is removed once its files are served: what
//! server.properties names rules again. With another path, Kafka looks at the files before it answers (with the same one it answers
//! first, and looks only where the time of change is another one).

use std::time::{Duration, Instant};

use super::{Listener, Pace, Place, until_served};
use crate::diagnosis::Symptom;
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

/// Why a program did not take its new files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untaken {
    /// It looked at them, and goes on with what it had: its own words.
    Refused(String),
    /// It could not be asked, or not to the end.
    Failed(String),
}

/// Has `node` take its new files: what it trusts first.
///
/// # Errors
/// It refused, or could not be asked.
pub async fn reload(node: &Node, steward: &Steward, visitor: &Visitor, pace: Pace) -> Result<Vec<Place>, Untaken> {
    let changes = settings(&node.uses, &node.truststore, &node.keystore);
    let mut untaken = None;
    for changes in &changes {
        if let Err(why) = alter(node, steward, changes, pace).await {
            untaken = Some(why);
            break;
        }
    }
    if untaken.is_none() {
        until_served(visitor, &node.listeners, &node.fingerprint, pace).await;
    }
    let removed: Vec<Change> = changes.iter().flatten().map(|change| Change::Remove { key: change.key().to_owned() }).collect();
    let kept = alter(node, steward, &removed, pace).await.err();
    match (untaken, kept) {
        (Some(untaken), _) => Err(untaken),
        (None, Some(Untaken::Refused(why) | Untaken::Failed(why))) => Err(Untaken::Failed(format!(
            "its settings {} could not be removed again, and win over server.properties until they are: {why}",
            removed.iter().map(Change::key).collect::<Vec<_>>().join(", "),
        ))),
        (None, None) => Ok(until_served(visitor, &node.listeners, &node.fingerprint, pace).await),
    }
}

/// A node passes the request on to the controller, whose listener may be taking new files at that moment: what passes is tried again.
async fn alter(node: &Node, steward: &Steward, changes: &[Change], pace: Pace) -> Result<(), Untaken> {
    const PAUSE: Duration = Duration::from_millis(500);
    let begun = Instant::now();
    loop {
        let Err(fault) = steward.alter_node(&node.endpoint, node.id, changes).await else { return Ok(()) };
        let symptom = fault.symptom;
        if !passes(&symptom) || begun.elapsed() >= pace.patience {
            let why = symptom.to_string();
            return Err(match symptom.kafka_code() {
                Some(_) => Untaken::Refused(why),
                None => Untaken::Failed(why),
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn passes(symptom: &Symptom) -> bool {
    /// BROKER_NOT_AVAILABLE, REQUEST_TIMED_OUT, NETWORK_EXCEPTION, NOT_CONTROLLER.
    const PASSING: [i16; 4] = [8, 7, 13, 41];
    match symptom {
        Symptom::Silence { .. } | Symptom::Closed => true,
        symptom => symptom.kafka_code().is_some_and(|code| PASSING.contains(&code)),
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
