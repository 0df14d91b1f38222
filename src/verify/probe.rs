//! The first words of each protocol, and what must not be answered.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::party::Party;
use super::{Attempt, DEADLINE, Fault, Probe, ProbeOutcome, Step, foreign, tls};
use crate::cluster::HolderId;
use crate::pki::{HostPort, Identity};

/// What is spoken at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Kafka,
    Amqp,
}

impl Protocol {
    /// What a client says first. ApiVersions, version 0, correlation id 1, no client id; or the AMQP 0-9-1 header.
    const fn greeting(self) -> &'static [u8] {
        match self {
            Self::Kafka => &[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff],
            Self::Amqp => b"AMQP\0\0\x09\x01",
        }
    }

    /// Whether `answer` can only come from a server that took the client: the correlation id, or a method frame on channel 0
    /// (Connection.Start).
    fn is_answer(self, answer: &[u8; 8]) -> bool {
        match self {
            Self::Kafka => answer[..2] == [0, 0] && answer[4..] == [0, 0, 0, 1],
            Self::Amqp => answer[..3] == [1, 0, 0],
        }
    }
}

/// Says the first words on a stream. `Ok` when they are answered as the protocol has it.
pub async fn greet(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), protocol: Protocol) -> io::Result<()> {
    stream.write_all(protocol.greeting()).await?;
    stream.flush().await?;
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).await?;
    if protocol.is_answer(&answer) { Ok(()) } else { Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is not of this protocol")) }
}

pub async fn connect(endpoint: &HostPort) -> Result<TcpStream, Fault> {
    let connecting = TcpStream::connect((endpoint.host.to_string(), endpoint.port));
    match tokio::time::timeout(DEADLINE, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(Fault::new(Step::Connect, error)),
        Err(_) => Err(Fault::new(Step::Connect, "no connection within the deadline")),
    }
}

/// Whether a server that answered nothing useful says why: after a TLS 1.3 handshake the alert comes late, and is lost when
/// something was written before it. So connect once more and only listen.
pub async fn alert(client: &tls::Client, endpoint: &HostPort) -> Option<String> {
    const QUIET: Duration = Duration::from_millis(500);
    let stream = connect(endpoint).await.ok()?;
    let mut stream = match client.handshake(&endpoint.host, stream).await {
        Ok(stream) => stream,
        Err(fault) => return Some(fault.cause),
    };
    match tokio::time::timeout(QUIET, stream.read(&mut [0])).await {
        Ok(Err(error)) if tls::is_told(&error) => Some(tls::cause(&error)),
        _ => None,
    }
}

/// Tries what must not succeed. `party` is someone who would be let in; only its trust is used.
pub async fn probe(target: &HolderId, endpoint: &HostPort, protocol: Protocol, attempt: Attempt, party: &Party) -> Probe {
    let outcome = match tokio::time::timeout(DEADLINE, attempted(endpoint, protocol, attempt, party)).await {
        Ok(Ok(())) => ProbeOutcome::LetIn,
        Ok(Err(Fault { step: Step::Connect | Step::Files, cause, .. })) => ProbeOutcome::Unreachable { cause },
        Ok(Err(fault)) => ProbeOutcome::Refused { how: fault.cause },
        Err(_) => ProbeOutcome::Refused { how: "no answer within the deadline".to_owned() },
    };
    Probe { target: target.to_string(), endpoint: endpoint.to_string(), attempt, outcome }
}

async fn attempted(endpoint: &HostPort, protocol: Protocol, attempt: Attempt, party: &Party) -> Result<(), Fault> {
    match attempt {
        Attempt::NoCertificate => over_tls(endpoint, protocol, None, party).await,
        Attempt::ForeignAuthority => over_tls(endpoint, protocol, Some(&foreign::identity()?), party).await,
        Attempt::Plaintext => {
            let mut stream = connect(endpoint).await?;
            greet(&mut stream, protocol).await.map_err(|error| Fault::new(Step::Handshake, error))
        }
    }
}

async fn over_tls(endpoint: &HostPort, protocol: Protocol, identity: Option<&Identity>, party: &Party) -> Result<(), Fault> {
    let client = tls::Client::new(identity, &party.trust).map_err(|error| Fault::new(Step::Files, error))?;
    let stream = connect(endpoint).await?;
    let mut stream = client.handshake(&endpoint.host, stream).await?;
    match greet(&mut stream, protocol).await {
        Ok(()) => Ok(()),
        Err(error) if tls::is_told(&error) => Err(Fault::new(Step::Handshake, tls::cause(&error))),
        Err(error) => Err(Fault::new(Step::Handshake, alert(&client, endpoint).await.unwrap_or_else(|| error.to_string()))),
    }
}
