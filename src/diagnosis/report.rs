//! What a verification concluded: a cell for each identity at each endpoint, and a probe for each thing that must be refused.

use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;

use super::{BrokerLog, Diagnosis, Evidence, Fact, Handshake, StepTaken, Symptom, diagnose};

/// What a verification concluded.
#[derive(Debug, Default, Serialize)]
pub struct VerifyReport {
    pub cells: Vec<Cell>,
    pub probes: Vec<Probe>,
    /// Why there is less here than was asked for: interrupted, or ended at the first failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<String>,
}

/// One identity at one endpoint.
#[derive(Debug, Serialize)]
pub struct Cell {
    /// `clients/orders`, or the file that the client is configured by.
    pub identity: String,
    pub via: Via,
    /// `kafka/broker-1`, or the endpoint again where no cluster file names it.
    pub target: String,
    /// `broker-1.kafka.example:9094`, or `loopback`.
    pub endpoint: String,
    /// Those that succeeded, in their order.
    pub steps: Vec<StepTaken>,
    /// What is worth knowing and no failure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    #[serde(flatten)]
    pub verdict: Verdict,
}

#[derive(Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    Passed,
    Failed(Box<Failure>),
}

/// What failed, and what that means.
#[derive(Debug, Serialize)]
pub struct Failure {
    #[serde(flatten)]
    pub diagnosis: Diagnosis,
    /// For whoever diagnoses again, with more.
    #[serde(skip)]
    pub evidence: Evidence,
}

/// Where an identity was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    Pem,
    Pkcs12,
    Jks,
    /// A Java client's configuration.
    ClientProperties,
    /// librdkafka's configuration.
    Librdkafka,
    /// An `amqps` URL.
    AmqpUri,
    /// A user name and password, or nothing at all, given by hand.
    Arguments,
}

impl Via {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pem => "pem",
            Self::Pkcs12 => "pkcs12",
            Self::Jks => "jks",
            Self::ClientProperties => "client.properties",
            Self::Librdkafka => "librdkafka",
            Self::AmqpUri => "amqps",
            Self::Arguments => "arguments",
        }
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attempt {
    NoCertificate,
    /// A certificate with the right names, its issuer's too, signed by a key that nobody knows.
    ForeignAuthority,
    /// A certificate of the right authority that has ended.
    Expired,
    /// A certificate of the right authority that is for servers alone.
    WrongUsage,
    /// The protocol without TLS.
    Plaintext,
    /// TLS 1.1 or 1.0 (RFC 8996).
    OldVersion,
    /// Cipher suites that protect nothing.
    WeakSuites,
    /// A name that no broker has.
    OtherName,
}

impl Attempt {
    pub const ALL: [Self; 8] = [
        Self::NoCertificate,
        Self::ForeignAuthority,
        Self::Expired,
        Self::WrongUsage,
        Self::Plaintext,
        Self::OldVersion,
        Self::WeakSuites,
        Self::OtherName,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::NoCertificate => "no certificate",
            Self::ForeignAuthority => "foreign authority",
            Self::Expired => "expired certificate",
            Self::WrongUsage => "certificate for servers",
            Self::Plaintext => "plaintext",
            Self::OldVersion => "TLS 1.1 or 1.0",
            Self::WeakSuites => "weak cipher suites",
            Self::OtherName => "another name",
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum ProbeOutcome {
    Refused {
        how: String,
    },
    /// What that is called, and what to do.
    LetIn(Box<Diagnosis>),
    /// Nobody was there to refuse anything, or nobody said a word: that proves nothing.
    Unreachable {
        cause: String,
    },
}

impl VerifyReport {
    /// Why it is cut short when the user wanted so.
    pub const INTERRUPTED: &str = "interrupted";

    pub fn interrupted(&self) -> bool {
        self.cut_short.as_deref() == Some(Self::INTERRUPTED)
    }

    /// Diagnoses every failure again, with what a broker's log has to say of it.
    pub fn diagnose_by(&mut self, log: &BrokerLog) {
        for cell in &mut self.cells {
            if let Verdict::Failed(failure) = &mut cell.verdict {
                let lines = log.lines_of(&failure.evidence);
                if !lines.is_empty() {
                    failure.evidence.log = lines;
                    failure.diagnosis = diagnose(&failure.evidence);
                }
            }
        }
    }

    /// What this process itself lacked to go on: then nothing was verified, and nobody is to blame for it.
    pub fn lack(&self) -> Option<&str> {
        self.cells.iter().find_map(|cell| match &cell.verdict {
            Verdict::Failed(failure) => match &failure.evidence.fault.symptom {
                Symptom::Lack { error } => Some(error.as_str()),
                _ => None,
            },
            Verdict::Passed => None,
        })
    }

    /// Whether the log of a broker may yet say why something failed.
    pub fn awaits_log(&self) -> bool {
        self.cells.iter().any(|cell| matches!(&cell.verdict, Verdict::Failed(failure) if failure.evidence.awaits_log()))
    }

    /// Never when it was cut short: nobody knows what the rest would have shown.
    pub fn passed(&self) -> bool {
        let cells = self.cells.iter().all(|cell| matches!(cell.verdict, Verdict::Passed));
        self.cut_short.is_none() && cells && self.probes.iter().all(|probe| matches!(probe.outcome, ProbeOutcome::Refused { .. }))
    }

    pub fn extend(&mut self, other: Self) {
        self.cells.extend(other.cells);
        self.probes.extend(other.probes);
        self.cut_short = self.cut_short.take().or(other.cut_short);
    }
}

impl Cell {
    /// All the steps that succeeded.
    pub fn took(&self) -> Duration {
        self.steps.iter().map(|step| step.took).sum()
    }

    /// What the handshake has shown, if it came to that.
    pub fn handshake(&self) -> Option<&Handshake> {
        self.steps.iter().find_map(|step| if let Fact::Handshake(handshake) = &step.fact { Some(&**handshake) } else { None })
    }

    /// The end of the served certificate that ends first.
    pub fn not_after(&self) -> Option<OffsetDateTime> {
        self.handshake()?.served.iter().map(|served| served.not_after).min()
    }
}
