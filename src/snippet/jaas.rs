//! SASL in Kafka's configuration: the mechanism of a listener, and its login modules (`sasl.jaas.config`, KIP-85).

use super::properties::{path, value};
use super::{Passwords, Snippets};
use crate::cluster::{Holder, Role, SaslMechanism};
use crate::layout::{self, HolderFile, Snippet};

/// Every text is ready to stand in a properties file.
pub struct Sasl {
    pub mechanism: &'static str,
    /// The mechanism as names of settings have it.
    pub prefix: String,
    pub jaas: String,
}

impl Snippets<'_> {
    /// What `holder` says of a listener with this mechanism; `None` without the passwords for it.
    pub(super) fn sasl(&self, mechanism: SaslMechanism, holder: &Holder, passwords: Passwords<'_>) -> Option<Sasl> {
        let holds_passwords = !self.spec.sasl_passwords_of(holder).is_empty();
        let jaas = if holds_passwords && layout::passwords_by_provider(self.spec, holder) {
            let file = path(&self.place(holder, HolderFile::Snippet(Snippet::PasswordsProperties)));
            format!("${{file:{file}:sasl.jaas}}")
        } else {
            value(&self.jaas(mechanism, holder, passwords)?)
        };
        Some(Sasl { mechanism: mechanism.name(), prefix: mechanism.name().to_lowercase(), jaas })
    }

    /// A client's login, or what a broker knows of its users.
    pub(super) fn jaas(&self, mechanism: SaslMechanism, holder: &Holder, passwords: Passwords<'_>) -> Option<String> {
        let module = match mechanism {
            SaslMechanism::Plain => "org.apache.kafka.common.security.plain.PlainLoginModule required",
            SaslMechanism::ScramSha256 | SaslMechanism::ScramSha512 => "org.apache.kafka.common.security.scram.ScramLoginModule required",
        };
        let option = |user: &Holder| {
            let (name, password) = (user.sasl_user(), quoted(passwords.sasl(user)?));
            Some(match &holder.role {
                Role::Client(_) => format!(" username={} password={password}", quoted(name)),
                Role::Kafka(_) | Role::Rabbitmq(_) => format!(" user_{name}={password}"),
            })
        };
        let options: Option<String> = self.spec.sasl_passwords_of(holder).into_iter().map(option).collect();
        Some(format!("{module}{};", options?))
    }
}

/// As Kafka reads it back (`java.io.StreamTokenizer`).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
