//! Floor 9: the proof. Over loopback with the files as they lie on the disk, and against running brokers as the client would.
//!
//! Everything is handed in as values; nothing here reads a file or prints. rustls decides every handshake, with the holder's own
//! trust bundle and nothing else, and always with the host name checked.

mod brokers;
#[cfg(test)]
mod fixture;
mod impostor;
mod kafka;
mod loopback;
mod mock;
mod party;
mod probe;
mod rabbitmq;
mod tls;

use std::time::{Duration, Instant};

use serde::Serialize;
use time::OffsetDateTime;

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
    /// The group of the key exchange: `X25519MLKEM768`, `X25519`, `secp256r1`.
    pub group: String,
    /// The subjects of the served chain, leaf first.
    pub served: Vec<String>,
    /// The served leaf: SHA-256 in lower-case hexadecimal.
    pub leaf_fingerprint: String,
    /// The last moment of the served leaf.
    #[serde(with = "time::serde::rfc3339::option")]
    pub leaf_not_after: Option<OffsetDateTime>,
    /// Whether the server asked for a client certificate.
    pub certificate_requested: bool,
    /// From which issuers; empty when it named none, which means any.
    pub requested_issuers: Vec<String>,
    /// What was done after the handshake: `produced`, `consumed`.
    pub did: Vec<&'static str>,
    /// Why no more was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
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
    /// The client does not take the server's certificate.
    ServerCertificate,
    /// The server does not take the client, or there is no TLS.
    Handshake,
    HostName,
    Login,
    Topic,
    Produce,
    Consume,
    Publish,
    /// One of the others took too long. Silence is no refusal.
    Deadline,
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Connect => "connect",
            Self::ServerCertificate => "server certificate",
            Self::Handshake => "handshake",
            Self::HostName => "host name",
            Self::Login => "login",
            Self::Topic => "topic",
            Self::Produce => "produce",
            Self::Consume => "consume",
            Self::Publish => "publish",
            Self::Deadline => "deadline",
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
    /// A certificate with the right names, its issuer's too, signed by a key that nobody knows.
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
    /// Nobody was there to refuse anything, or nobody said a word: that proves nothing.
    Unreachable {
        cause: String,
    },
}

/// How many connections are under way at once.
const AT_ONCE: usize = 32;

/// How long each step may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// `work`, unless it takes longer than [`DEADLINE`].
async fn within<T>(step: Step, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(done) => done,
        Err(_) => Err(Fault::new(Step::Deadline, format!("{} not done within {} s", step.name(), DEADLINE.as_secs()))),
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
