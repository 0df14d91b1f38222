//! What went wrong, as far as whoever met it can tell. Why is for the table to say.

use std::{fmt, io};

use rustix::io::Errno;
use rustls::AlertDescription;

use super::Step;
use crate::{describe, path};

/// The step that failed, and how.
#[derive(Debug, Clone)]
pub struct Fault {
    pub step: Step,
    pub symptom: Symptom,
}

/// How a step fails. `Display` is the raw cause in a few words, for those who search for it.
#[derive(Debug, Clone)]
pub enum Symptom {
    /// A file that the client is configured with cannot be used.
    File { file: String, problem: FileProblem },

    // The network.
    /// The name has no address.
    NameUnknown { error: String },
    /// Nobody listens there.
    ConnectionRefused,
    /// No route, a network that is down, and the like.
    Unreachable { error: String },
    /// No answer within the deadline, at whichever step.
    Silence { seconds: u64 },
    /// This process may not open more files, or has no memory: nobody else's fault.
    Lack { error: String },
    /// Nobody went there, because too much of what was told of had failed before.
    Untried { why: String },

    // TLS.
    /// We do not take the server's certificate: what is wrong with its chain by the client's anchors and the name it asked for,
    /// and the library's own words.
    ServerRefused { verdict: Box<path::Verdict>, error: String },
    /// The server broke off, and said why.
    Alert(AlertDescription),
    /// The server broke off without a word, by closing or resetting the connection.
    Closed,
    /// The answer to a TLS client is no TLS: its first bytes.
    NotTls { answer: Vec<u8> },
    /// Without TLS the protocol is answered there: `Kafka`, `AMQP`.
    Plaintext { protocol: &'static str },
    /// No version, cipher suite, group or signature scheme that both sides have.
    NothingInCommon { error: String },
    /// TLS, but not as it should be: a signature that is wrong, a record that cannot be decrypted.
    Misbehaved { error: String },

    // The protocol inside.
    /// The answer over TLS is of another protocol: its first bytes.
    OtherProtocol { answer: Vec<u8> },
    /// An error code of Kafka (org.apache.kafka.common.protocol.Errors) in the answer to a request: `TOPIC_AUTHORIZATION_FAILED`.
    Kafka { code: i16, name: String, message: Option<String>, resource: Option<String> },
    /// The server does not offer the SASL mechanism of the client.
    Mechanism { wanted: String, offered: Vec<String> },
    /// The server asks for fewer or more SCRAM iterations than `bound`.
    Iterations { asked: u64, bound: u64 },
    /// AMQP's Connection.Close or Channel.Close: 403 `ACCESS_REFUSED - …`, and the method that it answers, where there is one:
    /// `queue.declare`.
    Amqp { code: u16, text: String, method: Option<&'static str> },
    /// librdkafka's error, by its name (`_MSG_TIMED_OUT`), and the last that it said besides.
    Librdkafka { code: String, reason: String },
    /// The process in which librdkafka was ended, or answered what makes no sense: how, and the last that it said.
    LibrdkafkaEnded { how: String, said: String },
    /// What is advertised is not what the cluster file says, or can be no address at all.
    Advertised { id: i32, advertised: String, expected: Option<String> },
    /// Two brokers are advertised under one address.
    SharedAddress { ids: [i32; 2], advertised: String },
    /// Kafka tells of no broker, or not of the one that was asked.
    Untold { id: Option<i32> },
    /// Kafka tells of more brokers than are looked at.
    TooManyBrokers { told: usize, kept: usize },
    /// Other bytes came back than were sent.
    OtherBytes,
    /// Anything that no type is known for.
    Other(String),
}

/// What is wrong with a file of the client's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("{0}")]
    Damaged(String),
    #[error("the password does not open it")]
    WrongPassword,
    #[error("its key is encrypted, and there is no password for it")]
    KeyLocked,
    #[error("there is no private key in it")]
    NoKey,
    #[error("there is no certificate in it")]
    NoCertificate,
    #[error("the private key does not belong to the certificate of {subject}")]
    KeyMismatch { subject: String },
    #[error("{0}, a kind of key that TLS cannot use")]
    UnsupportedKey(String),
    #[error("nothing is trusted: it holds no trusted certificate")]
    NoAnchors,
    /// The setting that asks for a connection without TLS: `security.protocol=SASL_PLAINTEXT`, `amqp://`.
    #[error("it says {0}, which is not encrypted")]
    InPlaintext(String),
}

impl Fault {
    pub const fn new(step: Step, symptom: Symptom) -> Self {
        Self { step, symptom }
    }

    /// For what has no type.
    pub fn other(step: Step, cause: impl ToString) -> Self {
        Self { step, symptom: Symptom::Other(cause.to_string()) }
    }

    pub fn file(file: impl Into<String>, problem: FileProblem) -> Self {
        Self { step: Step::Files, symptom: Symptom::File { file: file.into(), problem } }
    }
}

impl Symptom {
    /// What an error of the system is where it is about this process alone: it gets no more files, memory, threads or local ports.
    pub fn lack(error: &io::Error) -> Option<Self> {
        let ours = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS, Errno::AGAIN].map(Errno::raw_os_error);
        let lacks = error.raw_os_error().is_some_and(|code| ours.contains(&code));
        lacks.then(|| Self::Lack { error: error.to_string() })
    }
}

impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, problem } => write!(f, "{file}: {problem}"),
            Self::NameUnknown { error } | Self::Unreachable { error } => f.write_str(error),
            Self::ConnectionRefused => f.write_str("connection refused"),
            Self::Lack { error } | Self::Untried { why: error } => f.write_str(error),
            Self::Silence { seconds } => write!(f, "no answer within {seconds} s"),
            Self::ServerRefused { error, .. } | Self::NothingInCommon { error } | Self::Misbehaved { error } => f.write_str(error),
            Self::Alert(alert) => write!(f, "the server sent the alert {}", alert_name(*alert)),
            Self::Closed => f.write_str("the server closed the connection without a word"),
            Self::NotTls { answer } => write!(f, "the answer is no TLS: {}", printable(answer)),
            Self::Plaintext { protocol } => write!(f, "the port speaks {protocol} without TLS"),
            Self::OtherProtocol { answer } => write!(f, "the answer is of another protocol: {}", printable(answer)),
            Self::Kafka { code, name, message, resource } => {
                write!(f, "Kafka's error {code} {name}")?;
                resource.iter().try_for_each(|resource| write!(f, " for {resource}"))?;
                message.iter().try_for_each(|message| write!(f, ": {message}"))
            }
            Self::Mechanism { wanted, offered } => {
                write!(f, "the SASL mechanism {wanted} is not among those offered: {}", offered.join(", "))
            }
            Self::Iterations { asked, bound } if asked < bound => {
                write!(f, "the server asks for {asked} SCRAM iterations, fewer than {bound}")
            }
            Self::Iterations { asked, bound } => write!(f, "the server asks for {asked} SCRAM iterations, more than {bound}"),
            Self::Amqp { code, text, .. } => write!(f, "{code} {text}"),
            Self::Librdkafka { code, reason } if reason.is_empty() => f.write_str(code),
            Self::Librdkafka { code, reason } => write!(f, "{code} ({reason})"),
            Self::LibrdkafkaEnded { how, said } if said.is_empty() => write!(f, "librdkafka ended ({how})"),
            Self::LibrdkafkaEnded { how, said } => write!(f, "librdkafka ended ({how}): {said}"),
            Self::Advertised { id, advertised, expected: Some(expected) } => {
                write!(f, "broker {id} is advertised as {advertised} instead of {expected}")
            }
            Self::Advertised { id, advertised, expected: None } => write!(f, "broker {id} is advertised as {advertised}"),
            Self::SharedAddress { ids: [one, other], advertised } => {
                write!(f, "broker {one} and broker {other} are both advertised as {advertised}")
            }
            Self::Untold { id: None } => f.write_str("Metadata tells of no broker"),
            Self::Untold { id: Some(id) } => write!(f, "Metadata does not tell of broker {id}, which answered"),
            Self::TooManyBrokers { told, kept } => write!(f, "Metadata tells of {told} brokers, of which {kept} are looked at"),
            Self::OtherBytes => f.write_str("other bytes came back than were sent"),
            Self::Other(cause) => f.write_str(cause),
        }
    }
}

/// The name of RFC 8446, section 6: `certificate_required`.
pub fn alert_name(alert: AlertDescription) -> String {
    describe::alert_name(alert.into())
}

fn printable(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_the_names_of_the_rfc() {
        assert_eq!(alert_name(AlertDescription::CertificateRequired), "certificate_required");
        assert_eq!(alert_name(AlertDescription::UnknownCA), "unknown_ca");
        assert_eq!(alert_name(AlertDescription::BadRecordMac), "bad_record_mac");
        assert_eq!(alert_name(AlertDescription::Unknown(200)), "200");
    }
}
