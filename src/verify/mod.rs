//! Floor 7: the proof. Over loopback with the files as they lie on the disk, and against running brokers as the client would.
//!
//! Everything is handed in as values; nothing here reads a file or prints. rustls decides every handshake, with the holder's own
//! trust bundle and nothing else, and always with the host name checked.

mod brokers;
mod foreign;
mod kafka;
mod loopback;
mod mock;
mod party;
mod probe;
mod rabbitmq;
mod tls;

use std::time::Duration;

use serde::Serialize;

pub use brokers::brokers;
pub use loopback::loopback;
pub use mock::message_through_mock;
pub use party::Via;

/// What a verification concluded.
#[derive(Debug, Default, Serialize)]
pub struct VerifyReport {
    pub cells: Vec<Cell>,
    pub probes: Vec<Probe>,
}

impl VerifyReport {
    pub fn passed(&self) -> bool {
        self.cells.iter().all(|cell| matches!(cell.verdict, Verdict::Passed(_)))
            && self.probes.iter().all(|probe| matches!(probe.outcome, ProbeOutcome::Refused { .. }))
    }

    pub fn extend(&mut self, other: Self) {
        self.cells.extend(other.cells);
        self.probes.extend(other.probes);
    }
}

/// One identity at one target.
#[derive(Debug, Serialize)]
pub struct Cell {
    /// `clients/orders`
    pub identity: String,
    /// `kafka/broker-1`
    pub target: String,
    /// `broker-1.kafka.example:9094`, or `loopback`.
    pub endpoint: String,
    pub via: Via,
    #[serde(flatten)]
    pub verdict: Verdict,
}

#[derive(Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    Passed(Facts),
    Failed(Fault),
}

/// What was seen on the way.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Facts {
    /// `TLSv1.3`
    pub protocol: String,
    pub cipher: String,
    /// The subjects of the served chain, leaf first.
    pub served: Vec<String>,
    /// Whether the server asked for a client certificate.
    pub certificate_requested: bool,
    /// What was done after the handshake: `produced`, `consumed`.
    pub did: Vec<&'static str>,
    pub milliseconds: u64,
}

/// Where it failed, and the raw cause.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    pub step: Step,
    /// The file that could not be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    pub cause: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The holder's own files.
    Files,
    Connect,
    Handshake,
    HostName,
    Login,
    Topic,
    Produce,
    Consume,
    Publish,
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Connect => "connect",
            Self::Handshake => "handshake",
            Self::HostName => "host name",
            Self::Login => "login",
            Self::Topic => "topic",
            Self::Produce => "produce",
            Self::Consume => "consume",
            Self::Publish => "publish",
        }
    }
}

impl Fault {
    fn new(step: Step, cause: impl ToString) -> Self {
        Self { step, file: None, cause: cause.to_string() }
    }
}

/// A connection that must not succeed.
#[derive(Debug, Serialize)]
pub struct Probe {
    pub target: String,
    pub endpoint: String,
    pub attempt: Attempt,
    #[serde(flatten)]
    pub outcome: ProbeOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attempt {
    NoCertificate,
    /// A certificate with the right names, signed by an authority that nobody knows.
    ForeignAuthority,
    Plaintext,
}

impl Attempt {
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoCertificate => "no certificate",
            Self::ForeignAuthority => "foreign authority",
            Self::Plaintext => "plaintext",
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum ProbeOutcome {
    Refused {
        how: String,
    },
    LetIn,
    /// Nobody was there to refuse anything.
    Unreachable {
        cause: String,
    },
}

/// How many connections are under way at once.
const AT_ONCE: usize = 32;

/// How long one connection may take.
pub const DEADLINE: Duration = Duration::from_secs(5);
