//! The ACLs of Kafka's clients, as a script for a super user.

use askama::Template;

use super::Snippets;
use super::shell::quoted;
use crate::cluster::{Client, Holder, KafkaAccess, KafkaSpec};
use crate::layout::{HolderFile, Snippet};

#[derive(Template)]
#[template(path = "kafka-acls.sh", escape = "none")]
struct KafkaAcls<'a> {
    holder: &'a Holder,
    bootstrap: String,
    command_config: String,
    lines: Vec<String>,
}

impl Snippets<'_> {
    pub(super) fn kafka_acls(&self, kafka: &KafkaSpec, holder: &Holder) -> Option<String> {
        let template = KafkaAcls {
            holder,
            bootstrap: quoted(&self.bootstrap(kafka.listener_for(holder))),
            command_config: quoted(&self.place(holder, HolderFile::Snippet(Snippet::ClientProperties)).display().to_string()),
            lines: self.spec.clients().flat_map(|(holder, client)| lines(kafka, holder, client)).collect(),
        };
        template.render().ok()
    }
}

/// The arguments that allow one client what the cluster file gives it, and to take part in `verify`.
fn lines(kafka: &KafkaSpec, holder: &Holder, client: &Client) -> Vec<String> {
    let Some(KafkaAccess::Limited { write, read, group }) = &client.kafka else { return Vec::new() };
    let principal = quoted(&kafka.principal(holder));
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
    // One that stays, or one that is made for each verification: no more of other topics than their names allow.
    let verify = &kafka.verify_topic;
    lines.push(line(&["Read", "Write", "Describe"], topics(std::slice::from_ref(verify))));
    lines
        .push(line(&["Read", "Write", "Describe"], format!(" --topic {} --resource-pattern-type prefixed", quoted(&format!("{verify}-")))));
    lines
}
