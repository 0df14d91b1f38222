//! What each step that succeeded has shown.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use super::Step;
use crate::pki::Certificate;

/// A step that succeeded, and how long it took.
#[derive(Debug, Clone, Serialize)]
pub struct StepTaken {
    #[serde(rename = "milliseconds", serialize_with = "milliseconds")]
    pub took: Duration,
    #[serde(flatten)]
    pub fact: Fact,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Fact {
    Resolve {
        addresses: Vec<IpAddr>,
    },
    Connect {
        address: SocketAddr,
        /// Our own end, by which a broker's log names the connection.
        from: SocketAddr,
    },
    Handshake(Box<Handshake>),
    Acceptance(Acceptance),
    Greeting {
        /// `Kafka`, or what RabbitMQ says of itself: `RabbitMQ 4.0.5 (Erlang/OTP 27.3)`.
        server: String,
        /// SASL mechanisms on offer; Kafka names them only when one is refused.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        mechanisms: Vec<String>,
    },
    Login {
        /// `SCRAM-SHA-512`, `PLAIN`, `EXTERNAL`.
        mechanism: String,
        /// Who the client says it is; with EXTERNAL the broker takes the name from the certificate.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// Those that the server asked for, with SCRAM.
        #[serde(skip_serializing_if = "Option::is_none")]
        iterations: Option<u32>,
    },
    VirtualHost {
        name: String,
    },
    Metadata {
        #[serde(skip_serializing_if = "Option::is_none")]
        cluster: Option<String>,
        /// The first 1,000; of lists that differ each time not even those.
        #[serde(serialize_with = "each")]
        brokers: Arc<[Advertised]>,
    },
    Topic {
        name: String,
        partitions: usize,
        /// Whether it was made for this, and is removed again.
        created: bool,
    },
    Produce {
        topic: String,
        partition: i32,
        /// Whether in a transaction that was committed.
        transactional: bool,
    },
    Publish {
        exchange: String,
    },
    /// The same bytes came back.
    Consume {
        bytes: usize,
    },
}

/// One broker as Kafka tells it to clients of this listener.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Advertised {
    /// `node.id`.
    pub id: i32,
    /// As it is told, which may be no usable name at all.
    pub host: String,
    pub port: i32,
}

/// The finished handshake.
#[derive(Debug, Clone, Serialize)]
pub struct Handshake {
    /// `TLSv1.3`
    pub protocol: String,
    /// `TLS13_AES_256_GCM_SHA384`
    pub cipher: String,
    /// The group of the key exchange: `X25519MLKEM768`, `X25519`, `secp256r1`.
    pub group: String,
    /// As it was served, leaf first.
    pub served: Vec<Served>,
    /// The subject of the anchor at which the served chain ends (RFC 2253).
    pub anchor: Option<String>,
    /// Whether an OCSP response came along (RFC 6066, 8).
    pub ocsp_staple: bool,
    /// Until the first certificate of the served chain ends; negative when it has.
    pub days_left: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Served {
    /// RFC 2253.
    pub subject: String,
    /// SHA-256, lower-case hexadecimal.
    pub fingerprint: String,
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
}

impl From<&Certificate> for Served {
    fn from(certificate: &Certificate) -> Self {
        Self { subject: certificate.subject.clone(), fingerprint: certificate.fingerprint(), not_after: certificate.validity.not_after }
    }
}

/// The client in the eyes of the server.
#[derive(Debug, Clone, Serialize)]
pub struct Acceptance {
    /// Whether the server asked for a client certificate.
    pub certificate_requested: bool,
    /// From which issuers (RFC 2253); empty when it named none, which means any.
    pub requested_issuers: Vec<String>,
    /// The subject of the certificate that was shown.
    pub shown: Option<String>,
    /// Whether a client that chooses by the named issuers, as Java and OpenSSL do, would have shown it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_named: Option<bool>,
}

impl Fact {
    pub const fn step(&self) -> Step {
        match self {
            Self::Resolve { .. } => Step::Resolve,
            Self::Connect { .. } => Step::Connect,
            Self::Handshake(_) => Step::Handshake,
            Self::Acceptance(_) => Step::Acceptance,
            Self::Greeting { .. } => Step::Greeting,
            Self::Login { .. } => Step::Login,
            Self::VirtualHost { .. } => Step::VirtualHost,
            Self::Metadata { .. } => Step::Metadata,
            Self::Topic { .. } => Step::Topic,
            Self::Produce { .. } => Step::Produce,
            Self::Publish { .. } => Step::Publish,
            Self::Consume { .. } => Step::Consume,
        }
    }
}

/// In milliseconds, to the microsecond.
fn milliseconds<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    #[allow(clippy::cast_precision_loss)]
    serializer.serialize_f64(took.as_micros() as f64 / 1000.0)
}

fn each<S: Serializer>(brokers: &[Advertised], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(brokers)
}
