//! One message produced and consumed by librdkafka over mutual TLS, without a broker: librdkafka's own mock cluster behind a
//! server that demands a client certificate.
//!
//! It proves the client's files with the library that most clients are built on. It says nothing of Java.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use rdkafka::mocking::MockCluster;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::kafka::KafkaClient;
use super::party::{self, Via};
use super::{Cell, DEADLINE, Facts, Fault, Step, Verdict, milliseconds, tls};
use crate::inventory::HolderFiles;
use crate::pki::{Identity, TrustBundle};

const TOPIC: &str = "countersign-proof";

/// `stand_in` is a server for `localhost` signed by the brokers' authority; `trust` is what brokers trust.
pub async fn message_through_mock(client: &HolderFiles, stand_in: &Identity, trust: &TrustBundle) -> Cell {
    let started = Instant::now();
    let verdict = match message(client, stand_in, trust).await {
        Ok(()) => Verdict::Passed(Facts {
            did: vec!["produced", "consumed"],
            certificate_requested: true,
            milliseconds: milliseconds(started),
            ..Facts::default()
        }),
        Err(fault) => Verdict::Failed(fault),
    };
    let endpoint = "librdkafka's mock cluster".to_owned();
    Cell { identity: client.holder.to_string(), target: "localhost".to_owned(), endpoint, via: Via::Pem, verdict }
}

async fn message(client: &HolderFiles, stand_in: &Identity, trust: &TrustBundle) -> Result<(), Fault> {
    let party = party::from_pem(client)?;
    let failed = |error: &dyn ToString| Fault::new(Step::Connect, error.to_string());
    let mock = MockCluster::new(1).map_err(|error| failed(&error))?;
    mock.create_topic(TOPIC, 1, 1).map_err(|error| failed(&error))?;
    let upstream: SocketAddr = mock.bootstrap_servers().parse().map_err(|error| failed(&error))?;
    let config = tls::server(stand_in, trust).map_err(|error| failed(&error))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| failed(&error))?;
    let port = listener.local_addr().map_err(|error| failed(&error))?.port();
    let acceptor = TlsAcceptor::from(config);
    let proxy = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await?;
                forward(stream, upstream, port).await
            });
        }
    });
    let client = KafkaClient::new(&party, &format!("localhost:{port}"), TOPIC, DEADLINE);
    let result = client.round_trips(TOPIC, &[0]).await.pop();
    proxy.abort();
    result.unwrap_or_else(|| Err(Fault::new(Step::Produce, "nothing was sent")))
}

/// Carries requests to the mock and responses back, in which the mock's own address becomes the proxy's.
async fn forward(stream: impl AsyncRead + AsyncWrite + Unpin, upstream: SocketAddr, port: u16) -> std::io::Result<()> {
    let (mut client_in, mut client_out) = tokio::io::split(stream);
    let (mut mock_in, mut mock_out) = TcpStream::connect(upstream).await?.into_split();
    let requests = tokio::io::copy(&mut client_in, &mut mock_out);
    let responses = async {
        loop {
            let mut frame = vec![0; usize::try_from(mock_in.read_u32().await?).unwrap_or_default()];
            mock_in.read_exact(&mut frame).await?;
            readdress(&mut frame, upstream, port);
            client_out.write_u32(u32::try_from(frame.len()).unwrap_or_default()).await?;
            client_out.write_all(&frame).await?;
            client_out.flush().await?;
        }
    };
    tokio::select! {
        done = requests => done.map(|_| ()),
        done = responses => done,
    }
}

/// Kafka's responses name brokers as text and a 32-bit port. `127.0.0.1` and `localhost` are equally long, so nothing moves.
fn readdress(frame: &mut [u8], upstream: SocketAddr, port: u16) {
    let from = [b"127.0.0.1".as_slice(), &u32::from(upstream.port()).to_be_bytes()].concat();
    let to = [b"localhost".as_slice(), &u32::from(port).to_be_bytes()].concat();
    let mut at = 0;
    while at + from.len() <= frame.len() {
        if frame[at..at + from.len()] == from {
            frame[at..at + to.len()].copy_from_slice(&to);
            at += to.len();
        } else {
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::fixture::{BOTH_KINDS, Cluster};

    /// The verdict on a client of `clients` that meets the stand-in of `brokers`.
    async fn verdict(clients: &Cluster, brokers: &Cluster) -> Verdict {
        let trust = brokers.trust(brokers.holder("kafka/broker-1"));
        message_through_mock(&clients.files("clients/both"), &brokers.stand_in(), &trust).await.verdict
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn librdkafka_sends_and_receives_over_mutual_tls() {
        let cluster = Cluster::new(BOTH_KINDS);
        let verdict = verdict(&cluster, &cluster).await;
        let Verdict::Passed(facts) = &verdict else { panic!("{verdict:?}") };
        assert_eq!(facts.did, ["produced", "consumed"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn librdkafka_does_not_take_brokers_of_another_cluster_and_says_why() {
        let [clients, brokers] = [Cluster::new(BOTH_KINDS), Cluster::new(BOTH_KINDS)];
        let verdict = verdict(&clients, &brokers).await;
        let Verdict::Failed(fault) = &verdict else { panic!("{verdict:?}") };
        assert_eq!(fault.step, Step::Produce);
        assert!(fault.cause.contains("certificate"), "{}", fault.cause);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_stand_in_refuses_clients_of_an_authority_it_does_not_trust() {
        let [cluster, other] = [Cluster::new(BOTH_KINDS), Cluster::new(BOTH_KINDS)];
        let trust = other.trust(other.holder("kafka/broker-1"));
        let cell = message_through_mock(&cluster.files("clients/both"), &cluster.stand_in(), &trust).await;
        let Verdict::Failed(fault) = &cell.verdict else { panic!("{cell:?}") };
        assert!(fault.cause.contains("alert"), "{}", fault.cause);
    }

    #[test]
    fn the_address_of_the_mock_becomes_the_proxys_wherever_it_stands() {
        let upstream = "127.0.0.1:9092".parse().unwrap();
        let mut frame = b"\x00\x09127.0.0.1\x00\x00\x23\x84 127.0.0.1\x00\x00\x23\x85".to_vec();
        readdress(&mut frame, upstream, 0x1234);
        assert_eq!(frame, b"\x00\x09localhost\x00\x00\x12\x34 127.0.0.1\x00\x00\x23\x85");
    }
}
