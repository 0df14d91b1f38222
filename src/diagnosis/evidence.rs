//! All that is known when something failed: what the table is asked.

use std::net::SocketAddr;
use std::sync::Arc;

use time::OffsetDateTime;

use super::log_cause::LogCause;
use super::{Fault, Step, StepTaken, Symptom};
use crate::describe::{CertificateRequest, Protocol, TlsVersion};
use crate::pki::{Certificate, HostPort};

/// One failed visit.
#[derive(Debug, Clone)]
pub struct Evidence {
    pub now: OffsetDateTime,
    pub protocol: Protocol,
    /// As the client was told it: the name that the server's certificate must cover.
    pub endpoint: HostPort,
    /// Who named this endpoint, where it was not the user.
    pub told_by: Option<ToldBy>,
    /// `clients/orders`, or the file that the client is configured by.
    pub identity: String,
    pub shown: Shown,
    pub login: LoginKind,
    /// The versions of TLS that the client offers; empty where it never came to that.
    pub offered: Vec<TlsVersion>,
    /// The steps that succeeded before.
    pub steps: Vec<StepTaken>,
    pub fault: Fault,
    /// What the server served, as far as it came to that; leaf first.
    pub served: Vec<Certificate>,
    /// Whether the server asked for a certificate, and whose.
    pub asked: Option<CertificateRequest>,
    /// Our own end of the connection that failed.
    pub from: Option<SocketAddr>,
    /// Lines of the broker's log that belong to this failure, the one that tells most first ([`BrokerLog::lines_of`]).
    ///
    /// [`BrokerLog::lines_of`]: super::BrokerLog::lines_of
    pub log: Vec<String>,
}

/// The answer to a Metadata request, by which a Kafka client learns where the brokers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldBy {
    /// Where Metadata was asked for.
    pub bootstrap: HostPort,
    /// The `node.id` of the broker that is said to be at the endpoint.
    pub id: i32,
}

/// What the client has to show in the handshake.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Leaf first, as it is sent; empty for a client without a certificate.
    pub chain: Arc<[Certificate]>,
    /// Whom the client trusts.
    pub anchors: Arc<[Certificate]>,
}

/// How the client says who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginKind {
    /// By its certificate alone; for RabbitMQ the mechanism EXTERNAL.
    Certificate,
    /// By user name and password, with this SASL mechanism.
    Password { mechanism: &'static str, user: String },
    /// Not at all: TLS only.
    Anonymous,
}

impl Evidence {
    /// The client's own certificate.
    pub fn leaf(&self) -> Option<&Certificate> {
        self.shown.chain.first()
    }

    /// Whether a line of RabbitMQ's log may yet tell more: it ended the conversation, or refused the login, and no line is known that
    /// says why. Kafka writes its lines at once.
    pub fn awaits_log(&self) -> bool {
        let ended = match &self.fault.symptom {
            Symptom::Alert(_) | Symptom::Closed | Symptom::NotTls { .. } | Symptom::NothingInCommon { .. } => true,
            Symptom::Amqp { .. } => self.fault.step == Step::Login,
            Symptom::File { .. }
            | Symptom::NameUnknown { .. }
            | Symptom::ConnectionRefused
            | Symptom::Unreachable { .. }
            | Symptom::Silence { .. }
            | Symptom::Lack { .. }
            | Symptom::Untried { .. }
            | Symptom::ServerRefused { .. }
            | Symptom::Plaintext { .. }
            | Symptom::Misbehaved { .. }
            | Symptom::OtherProtocol { .. }
            | Symptom::Kafka { .. }
            | Symptom::Mechanism { .. }
            | Symptom::Librdkafka { .. }
            | Symptom::Iterations { .. }
            | Symptom::LibrdkafkaEnded { .. }
            | Symptom::Advertised { .. }
            | Symptom::SharedAddress { .. }
            | Symptom::Untold { .. }
            | Symptom::TooManyBrokers { .. }
            | Symptom::OtherBytes
            | Symptom::Other(_) => false,
        };
        ended && self.protocol == Protocol::Amqp && !self.log.iter().any(|line| LogCause::of(line).is_some())
    }
}
