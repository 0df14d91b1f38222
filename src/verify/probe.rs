//! The first words of each protocol, and what must not be answered.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::party::Party;
use super::{Attempt, DEADLINE, Fault, Probe, ProbeOutcome, Step, impostor, tls, within};
use crate::cluster::Holder;
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
    within(Step::Connect, async { connecting.await.map_err(|error| Fault::new(Step::Connect, error)) }).await
}

/// Why the server did not answer, when `error` alone does not tell: after a TLS 1.3 handshake the alert comes late, and is lost
/// when something was written before it. So connect once more and only listen.
pub async fn explained(error: &io::Error, client: &tls::Client, endpoint: &HostPort) -> String {
    if tls::is_told(error) { tls::cause(error) } else { alert(client, endpoint).await.unwrap_or_else(|| error.to_string()) }
}

/// What a server says to a client that says nothing.
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

/// Tries what must not succeed at `target`, whose own files are `party`.
pub async fn probe(target: &Holder, endpoint: &HostPort, protocol: Protocol, attempt: Attempt, party: Result<&Party, &Fault>) -> Probe {
    let tried = async {
        let party = party.map_err(Fault::clone)?;
        match attempt {
            Attempt::NoCertificate => over_tls(endpoint, protocol, None, party).await,
            Attempt::ForeignAuthority => over_tls(endpoint, protocol, Some(&impostor::of(target, party)?), party).await,
            Attempt::Plaintext => in_plain(endpoint, protocol).await,
        }
    };
    let outcome = match tokio::time::timeout(DEADLINE, tried).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(Fault { step: Step::Handshake, cause, .. })) => ProbeOutcome::Refused { how: cause },
        Ok(Err(fault)) => ProbeOutcome::Unreachable { cause: fault.cause },
        // Silence is no refusal: whoever is slow today may let an intruder in tomorrow.
        Err(_) => ProbeOutcome::Unreachable { cause: "neither an answer nor a refusal within the deadline".to_owned() },
    };
    Probe { target: target.id.to_string(), endpoint: endpoint.to_string(), attempt, outcome }
}

/// Whatever is answered over TLS, the handshake did not stop the client.
async fn over_tls(endpoint: &HostPort, protocol: Protocol, identity: Option<&Identity>, party: &Party) -> Result<ProbeOutcome, Fault> {
    let client = tls::Client::new(identity, &party.trust).map_err(|error| Fault::new(Step::Files, error))?;
    let stream = connect(endpoint).await?;
    let mut stream = client.handshake(&endpoint.host, stream).await?;
    Ok(match first_byte(&mut stream, protocol).await {
        Ok(Some(_)) => ProbeOutcome::LetIn,
        Ok(None) => ProbeOutcome::Refused { how: explained(&closed(), &client, endpoint).await },
        Err(error) => ProbeOutcome::Refused { how: explained(&error, &client, endpoint).await },
    })
}

async fn in_plain(endpoint: &HostPort, protocol: Protocol) -> Result<ProbeOutcome, Fault> {
    /// The record type of an alert (RFC 8446, 5.1): all that a TLS server may say to plain text.
    const ALERT: u8 = 21;
    let mut stream = connect(endpoint).await?;
    Ok(match first_byte(&mut stream, protocol).await {
        Ok(Some(ALERT)) => ProbeOutcome::Refused { how: "a TLS alert".to_owned() },
        Ok(Some(_)) => ProbeOutcome::LetIn,
        Ok(None) => ProbeOutcome::Refused { how: closed().to_string() },
        Err(error) => ProbeOutcome::Refused { how: error.to_string() },
    })
}

/// The first byte of the answer to the greeting; `None` when the server closed instead.
async fn first_byte(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), protocol: Protocol) -> io::Result<Option<u8>> {
    stream.write_all(protocol.greeting()).await?;
    stream.flush().await?;
    let mut answer = [0];
    Ok((stream.read(&mut answer).await? > 0).then_some(answer[0]))
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the server closed the connection")
}
