//! The first words of each protocol, and what must not be answered.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::party::Party;
use super::{Attempt, DEADLINE, Fault, Probe, ProbeOutcome, Step, impostor, tls, within};
use crate::cluster::Holder;
pub use crate::describe::Protocol;
use crate::pki::{HostPort, Identity};

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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use rustls::ServerConfig;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::pki::Host;
    use crate::verify::fixture::Cluster;
    use crate::verify::party;

    const LOCAL: &str = "
cluster: tests
rabbitmq: { version: 4.0, nodes: [{ name: rabbit-1, host: localhost }] }
clients: [{ name: queues, rabbitmq: {} }]
";

    /// How a server treats whoever connects.
    enum Manner {
        Tls(Arc<ServerConfig>),
        Plain(&'static [u8]),
        Silent,
    }

    /// A server that answers the first words over whatever `manner` is.
    async fn serve(manner: Manner) -> HostPort {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                match &manner {
                    Manner::Tls(config) => {
                        let Ok(mut stream) = TlsAcceptor::from(config.clone()).accept(stream).await else { continue };
                        let _ = answer(&mut stream, b"\x01\0\0\0\0\x01\xc4\0").await;
                    }
                    Manner::Plain(words) => answer(&mut stream, words).await.unwrap(),
                    Manner::Silent => kept.push(stream),
                }
            }
        });
        HostPort { host: Host::Dns("localhost".to_owned()), port: address.port() }
    }

    async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), words: &[u8]) -> io::Result<()> {
        stream.read_exact(&mut [0; 8]).await?;
        stream.write_all(words).await?;
        stream.shutdown().await
    }

    /// What each attempt comes to at `endpoint`.
    async fn outcomes(cluster: &Cluster, endpoint: &HostPort) -> Vec<&'static str> {
        let node = cluster.holder("rabbitmq/rabbit-1");
        let party = party::from_pem(&cluster.files("rabbitmq/rabbit-1")).unwrap();
        let attempts = [Attempt::NoCertificate, Attempt::ForeignAuthority, Attempt::Plaintext];
        let probes = attempts.map(|attempt| probe(node, endpoint, Protocol::Amqp, attempt, Ok(&party)));
        let outcome = |probe: Probe| match probe.outcome {
            ProbeOutcome::Refused { .. } => "refused",
            ProbeOutcome::LetIn => "let in",
            ProbeOutcome::Unreachable { .. } => "unreachable",
        };
        futures_util::future::join_all(probes).await.into_iter().map(outcome).collect()
    }

    /// The node's own certificate, and a choice of whom it takes.
    fn config(cluster: &Cluster, lax: bool) -> Arc<ServerConfig> {
        let party = party::from_pem(&cluster.files("rabbitmq/rabbit-1")).unwrap();
        if lax { tls::lax_server(&party.identity) } else { tls::server(&party.identity, &party.trust).unwrap() }
    }

    #[tokio::test]
    async fn a_server_that_demands_certificates_refuses_every_intruder() {
        let cluster = Cluster::new(LOCAL);
        let endpoint = serve(Manner::Tls(config(&cluster, false))).await;
        assert_eq!(outcomes(&cluster, &endpoint).await, ["refused", "refused", "refused"]);
    }

    #[tokio::test]
    async fn the_reason_of_a_refusal_is_the_alert() {
        let cluster = Cluster::new(LOCAL);
        let endpoint = serve(Manner::Tls(config(&cluster, false))).await;
        let party = party::from_pem(&cluster.files("rabbitmq/rabbit-1")).unwrap();
        let node = cluster.holder("rabbitmq/rabbit-1");
        let probe = probe(node, &endpoint, Protocol::Amqp, Attempt::NoCertificate, Ok(&party)).await;
        let ProbeOutcome::Refused { how } = probe.outcome else { panic!("{probe:?}") };
        assert!(how.contains("CertificateRequired"), "{how}");
    }

    #[tokio::test]
    async fn a_server_that_demands_no_certificate_lets_intruders_in() {
        let cluster = Cluster::new(LOCAL);
        let endpoint = serve(Manner::Tls(config(&cluster, true))).await;
        assert_eq!(outcomes(&cluster, &endpoint).await, ["let in", "let in", "refused"]);
    }

    #[tokio::test]
    async fn a_server_that_answers_in_plain_lets_plaintext_in() {
        let cluster = Cluster::new(LOCAL);
        for words in [b"\x01\0\0\0\0\x01\xc4\0".as_slice(), b"AMQP\0\0\x09\x01", b"HTTP/1.1 400 Bad Request\r\n"] {
            let endpoint = serve(Manner::Plain(words)).await;
            assert_eq!(outcomes(&cluster, &endpoint).await[2], "let in", "{words:?}");
        }
    }

    #[tokio::test]
    async fn a_server_of_another_cluster_has_refused_nobody() {
        let [cluster, other] = [Cluster::new(LOCAL), Cluster::new(LOCAL)];
        let endpoint = serve(Manner::Tls(config(&other, false))).await;
        assert_eq!(outcomes(&cluster, &endpoint).await, ["unreachable", "unreachable", "refused"]);
    }

    #[tokio::test]
    async fn silence_is_no_refusal() {
        let cluster = Cluster::new(LOCAL);
        let endpoint = serve(Manner::Silent).await;
        assert_eq!(outcomes(&cluster, &endpoint).await, ["unreachable"; 3]);
    }

    #[tokio::test]
    async fn nobody_there_is_no_refusal() {
        let cluster = Cluster::new(LOCAL);
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let endpoint = HostPort { host: Host::Dns("localhost".to_owned()), port: closed.port() };
        assert_eq!(outcomes(&cluster, &endpoint).await, ["unreachable"; 3]);
    }
}
