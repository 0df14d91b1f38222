//! The steps of a visit, in their order.

use serde::Serialize;

/// What a client does, from its files to the message that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The files that the client is configured with.
    Files,
    /// From the name to addresses.
    Resolve,
    /// TCP.
    Connect,
    /// TLS, until the client's side of it is done.
    Handshake,
    /// Whether the server takes the client: with TLS 1.3 it says so only after the client's handshake is done (RFC 8446, 4.4.2.4),
    /// so the answer to the first words is the proof.
    Acceptance,
    /// The first words: ApiVersions, or AMQP's header and Connection.Start.
    Greeting,
    /// SASL.
    Login,
    /// RabbitMQ: Connection.Open.
    VirtualHost,
    /// Kafka: the brokers, and where they say that they are reached.
    Metadata,
    /// The topic for the message: that it is there, and that the client may use it.
    Topic,
    /// Settings of a Kafka node.
    Settings,
    Produce,
    Publish,
    Consume,
}

impl Step {
    /// In a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Resolve => "name resolution",
            Self::Connect => "connect",
            Self::Handshake => "handshake",
            Self::Acceptance => "client certificate",
            Self::Greeting => "greeting",
            Self::Login => "login",
            Self::VirtualHost => "virtual host",
            Self::Metadata => "metadata",
            Self::Topic => "topic",
            Self::Settings => "settings",
            Self::Produce => "produce",
            Self::Publish => "publish",
            Self::Consume => "consume",
        }
    }
}
