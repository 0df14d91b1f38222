//! The first words on a connection: the answer to them is the proof that the server took the client.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::dial::{self, Deadline};
use super::tls;
use crate::describe::Protocol;
use crate::diagnosis::{Fault, Step, Symptom};
use crate::pki::HostPort;

/// Says the first words; the first bytes of the answer. Nothing in it is secret.
pub async fn greet(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), protocol: Protocol) -> io::Result<[u8; 8]> {
    stream.write_all(protocol.greeting()).await?;
    stream.flush().await?;
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

/// Why the server did not answer after the handshake, when the symptom alone does not tell: the alert of TLS 1.3 comes late, and is
/// lost when something was written before it. So connect once more, and only listen. A server that is patient with who says nothing
/// has taken the client; what it closed for were the words.
pub async fn refusal(
    symptom: Symptom,
    client: &tls::Client,
    endpoint: &HostPort,
    connected: &dial::Addresses,
    deadline: Deadline,
) -> Fault {
    if !matches!(symptom, Symptom::Closed) {
        return Fault::new(Step::Acceptance, symptom);
    }
    match listen(client, endpoint, connected, deadline).await {
        Heard::Alert(alert) => Fault::new(Step::Acceptance, alert),
        Heard::Nothing => Fault::new(Step::Acceptance, symptom),
        Heard::Patience => Fault::new(Step::Greeting, symptom),
    }
}

/// How a server treats a client that says nothing after the handshake.
enum Heard {
    Alert(Symptom),
    /// It closes without a word, or cannot be reached again.
    Nothing,
    /// It waits.
    Patience,
}

async fn listen(client: &tls::Client, endpoint: &HostPort, connected: &dial::Addresses, deadline: Deadline) -> Heard {
    /// Long for a refusal, which takes a few milliseconds, and short of what brokers wait for first words.
    const QUIET: Duration = Duration::from_secs(2);
    let again = async {
        let stream = connected.connect(deadline).await?;
        // With TLS 1.2 the handshake itself fails.
        let mut stream = client.handshake(&endpoint.host, stream).await?;
        match tokio::time::timeout(QUIET, stream.read(&mut [0])).await {
            Err(_) => Ok(Heard::Patience),
            Ok(Ok(_)) => Ok(Heard::Nothing),
            Ok(Err(error)) => Err(Fault::new(Step::Acceptance, tls::symptom(&error))),
        }
    };
    match deadline.within(Step::Acceptance, again).await {
        Ok(heard) => heard,
        Err(Fault { symptom: symptom @ Symptom::Alert(_), .. }) => Heard::Alert(symptom),
        Err(_) => Heard::Nothing,
    }
}

/// What a failed handshake turns out to be when the port answers without TLS. Only the words that open a conversation are said.
pub async fn without_tls(fault: Fault, protocol: Protocol, connected: &dial::Addresses, deadline: Deadline) -> Fault {
    match fault.symptom {
        Symptom::Closed | Symptom::NotTls { .. } | Symptom::Misbehaved { .. } => {}
        _ => return fault,
    }
    let asked = async {
        let mut stream = connected.connect(deadline).await?;
        greet(&mut stream, protocol).await.map_err(|error| Fault::new(Step::Greeting, tls::symptom(&error)))
    };
    let name = match protocol {
        Protocol::Kafka => "Kafka",
        Protocol::Amqp => "AMQP",
    };
    match deadline.within(Step::Greeting, asked).await {
        Ok(answer) if protocol.is_answer(&answer) || answer.starts_with(b"AMQP") => {
            Fault::new(Step::Handshake, Symptom::Plaintext { protocol: name })
        }
        Ok(_) | Err(_) => fault,
    }
}
