//! Who logs in to Kafka by name and password, and how: SASL over TLS.

use super::{Client, ClusterSpec, Holder, KafkaSpec, ListenerAuth, ListenerName, Role};

/// How a client proves that it knows its password (RFC 4616, RFC 5802).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaslMechanism {
    /// The password itself goes through TLS, and stands in the configuration of every broker.
    Plain,
    /// The cluster keeps salted hashes, which a super user gives it.
    ScramSha256,
    ScramSha512,
}

impl SaslMechanism {
    /// By its name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Plain, Self::ScramSha256, Self::ScramSha512].into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// As IANA registers it and Kafka spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }

    pub const fn is_scram(self) -> bool {
        match self {
            Self::ScramSha256 | Self::ScramSha512 => true,
            Self::Plain => false,
        }
    }
}

impl Holder {
    /// The name that this holder logs in with where a listener asks for a password.
    pub fn sasl_user(&self) -> &str {
        self.id.name.as_str()
    }
}

impl KafkaSpec {
    /// `None` for a listener where nobody logs in by password.
    pub fn sasl_mechanism(&self, name: &ListenerName) -> Option<SaslMechanism> {
        match self.listener(name)?.auth {
            ListenerAuth::Sasl(mechanism) => Some(mechanism),
            ListenerAuth::Mtls | ListenerAuth::Tls => None,
        }
    }

    /// Kafka's name for `holder` at the listener that it uses.
    pub fn principal(&self, holder: &Holder) -> String {
        match self.listener(self.listener_for(holder)).map(|listener| listener.auth) {
            Some(ListenerAuth::Tls) => "User:ANONYMOUS".to_owned(),
            Some(ListenerAuth::Sasl(_)) => format!("User:{}", holder.sasl_user()),
            Some(ListenerAuth::Mtls) | None => holder.kafka_principal(),
        }
    }
}

impl ClusterSpec {
    /// How `holder` logs in to Kafka; `None` when it needs no password for that.
    pub fn sasl_login(&self, holder: &Holder) -> Option<SaslMechanism> {
        match &holder.role {
            Role::Client(Client { kafka: Some(_), .. }) => {
                let kafka = self.kafka.as_ref()?;
                kafka.sasl_mechanism(kafka.listener_for(holder))
            }
            Role::Client(_) | Role::Kafka(_) | Role::Rabbitmq(_) => None,
        }
    }

    /// Every client that logs in to Kafka by password.
    pub fn sasl_users(&self) -> impl Iterator<Item = (&Holder, SaslMechanism)> {
        self.holders.iter().filter_map(|holder| Some((holder, self.sasl_login(holder)?)))
    }

    /// The clients whose passwords stand in the files of `holder`: its own, or those that a broker must know by itself.
    pub fn sasl_passwords_of<'a>(&'a self, holder: &'a Holder) -> Vec<&'a Holder> {
        match &holder.role {
            Role::Client(_) => self.sasl_login(holder).map(|_| holder).into_iter().collect(),
            Role::Kafka(node) if node.roles.is_broker() => {
                self.sasl_users().filter(|(_, mechanism)| !mechanism.is_scram()).map(|(client, _)| client).collect()
            }
            Role::Kafka(_) | Role::Rabbitmq(_) => Vec::new(),
        }
    }
}
