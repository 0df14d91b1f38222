//! The users of Kafka's SCRAM listener, as a script for a super user.

use askama::Template;

use super::Snippets;
use super::shell::quoted;
use crate::cluster::{Holder, KafkaSpec};
use crate::layout::{self, HolderFile, Snippet};

#[derive(Template)]
#[template(path = "kafka-users.sh", escape = "none")]
struct KafkaUsers<'a> {
    holder: &'a Holder,
    mechanism: &'static str,
    root: String,
    bootstrap: String,
    command_config: String,
    users: Vec<User<'a>>,
}

struct User<'a> {
    name: &'a str,
    /// Below the root of the directory; such a path needs no quotes.
    file: String,
}

impl Snippets<'_> {
    pub(super) fn kafka_users(&self, kafka: &KafkaSpec, holder: &Holder) -> Option<String> {
        let mechanism = kafka.sasl_mechanism(&kafka.clients).filter(|mechanism| mechanism.is_scram())?;
        let users = self.spec.sasl_users().map(|(client, _)| User {
            name: client.sasl_user(),
            file: layout::holder_path(&client.id).join(layout::CURRENT).join(HolderFile::SaslPassword.name()).display().to_string(),
        });
        let template = KafkaUsers {
            holder,
            mechanism: mechanism.name(),
            root: quoted(&self.root.display().to_string()),
            bootstrap: quoted(&self.bootstrap(kafka.listener_for(holder))),
            command_config: quoted(&self.place(holder, HolderFile::Snippet(Snippet::ClientProperties)).display().to_string()),
            users: users.collect(),
        };
        template.render().ok()
    }
}
