//! One message produced and consumed by librdkafka over mutual TLS, without a broker: librdkafka's own mock cluster behind a
//! server that demands a client certificate.
//!
//! It proves the client's files with the library that most clients are built on. It says nothing of Java.

use std::net::{Ipv4Addr, SocketAddr};

use rdkafka::mocking::MockCluster;
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::agenda::{Attendee, Entry, Target};
use super::outcome::{Occasion, Witnessed};
use super::{DEADLINE, party, server};
use crate::describe::Protocol;
use crate::diagnosis::{Cell, Fault, Step, Symptom, Via};
use crate::inventory::HolderFiles;
use crate::pki::{Host, HostPort, Identity, TrustBundle};
use crate::visit::{Delivery, Librdkafka, Messenger, RoundTrip, Visitor};

const TOPIC: &str = "countersign-proof";

/// How the stand-in may be called: names of this machine, the likelier first. An authority may be forbidden to issue the one and not the
/// other. Both are as long as the address of the mock, and lead to where the stand-in listens.
pub fn stand_in_hosts() -> [Host; 2] {
    [Host::Dns("localhost".to_owned()), Host::Ip(Ipv4Addr::LOCALHOST.into())]
}

/// `stand_in` is a server for `host`, one of [`stand_in_hosts`], signed by the brokers' authority; `trust` is what brokers trust.
pub async fn message_through_mock(
    client: &HolderFiles,
    (host, stand_in): (&Host, &Identity),
    trust: &TrustBundle,
    now: OffsetDateTime,
) -> Cell {
    let name = client.holder.to_string();
    let visitor = party::from_pem(client).and_then(|party| party.visitor(name.clone(), Via::Pem));
    let attendee = Attendee { name, via: Via::Pem, visitor, notes: Vec::new() };
    let target = Target {
        name: host.to_string(),
        endpoint: HostPort { host: host.clone(), port: 0 },
        protocol: Protocol::Kafka,
        node_id: None,
        told_by: None,
        entry: Entry::ByLogin,
        insider: None,
    };
    let occasion = Occasion { attendee: &attendee, target: &target, now };
    let trip = match &attendee.visitor {
        Ok(visitor) => message(visitor, host, stand_in, trust).await,
        Err(fault) => Err(fault.clone()),
    };
    let RoundTrip { steps, result } = trip.unwrap_or_else(|fault| RoundTrip { steps: Vec::new(), result: Err(fault) });
    let mut cell = occasion.cell(steps, result, Witnessed::default());
    "librdkafka's mock cluster".clone_into(&mut cell.endpoint);
    cell
}

async fn message(visitor: &Visitor, host: &Host, stand_in: &Identity, trust: &TrustBundle) -> Result<RoundTrip, Fault> {
    let failed = |error: &dyn ToString| Fault::other(Step::Connect, error.to_string());
    let mock = MockCluster::new(1).map_err(|error| failed(&error))?;
    mock.create_topic(TOPIC, 1, 1).map_err(|error| failed(&error))?;
    let upstream: SocketAddr = mock.bootstrap_servers().parse().map_err(|error| failed(&error))?;
    let config = server::strict(stand_in, trust).map_err(|error| failed(&error))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| failed(&error))?;
    let port = listener.local_addr().map_err(|error| failed(&error))?.port();
    let acceptor = TlsAcceptor::from(config);
    let proxied = Proxied { upstream, host: host.to_string(), port };
    let proxy = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, proxied) = (acceptor.clone(), proxied.clone());
            tokio::spawn(async move {
                stream.set_nodelay(true)?;
                proxied.forward(acceptor.accept(stream).await?).await
            });
        }
    });
    let client = Librdkafka::new(visitor, &format!("{host}:{port}"), TOPIC, DEADLINE);
    // Each of librdkafka's waits ends by the clock of the system, and with a clock that jumps none of them may.
    let patience = 3 * DEADLINE;
    let order = client.order(TOPIC, &[0], &Delivery::Acknowledged);
    let sent = tokio::time::timeout(patience, Messenger::InProcess.send(&order)).await;
    proxy.abort();
    if sent.is_err() {
        // It would wait for the same clock.
        std::mem::forget(mock);
    }
    let silent = |_| Fault::new(Step::Produce, Symptom::Silence { seconds: patience.as_secs() });
    sent.map_err(silent)?.pop().ok_or_else(|| Fault::other(Step::Produce, "nothing was sent"))
}

/// The mock, and what the client knows it as.
#[derive(Clone)]
struct Proxied {
    upstream: SocketAddr,
    host: String,
    port: u16,
}

impl Proxied {
    /// Carries requests to the mock and responses back, in which the mock's own address becomes the proxy's.
    async fn forward(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        const LENGTH: usize = 4;
        let (mut client_in, mut client_out) = tokio::io::split(stream);
        let mock = TcpStream::connect(self.upstream).await?;
        mock.set_nodelay(true)?;
        let (mut mock_in, mut mock_out) = mock.into_split();
        let requests = tokio::io::copy(&mut client_in, &mut mock_out);
        let responses = async {
            loop {
                let length = mock_in.read_u32().await?;
                let mut frame = length.to_be_bytes().to_vec();
                frame.resize(LENGTH + usize::try_from(length).unwrap_or_default(), 0);
                mock_in.read_exact(&mut frame[LENGTH..]).await?;
                self.readdress(&mut frame);
                // At once: TCP would wait with the second of two small writes until the first is acknowledged.
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
    fn readdress(&self, frame: &mut [u8]) {
        let from = [b"127.0.0.1".as_slice(), &u32::from(self.upstream.port()).to_be_bytes()].concat();
        let to = [self.host.as_bytes(), &u32::from(self.port).to_be_bytes()].concat();
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Verdict;
    use crate::verify::fixture::{BOTH_KINDS, Cluster};

    /// The verdict on a client of `clients` that meets the stand-in of `brokers`, which has the certificate of `shown` and is reached as
    /// `host`.
    async fn met(clients: &Cluster, brokers: &Cluster, host: &Host, shown: &Host) -> Verdict {
        let trust = brokers.trust(brokers.holder("kafka/broker-1"));
        let stand_in = brokers.stand_in(shown);
        message_through_mock(&clients.files("clients/both"), (host, &stand_in), &trust, brokers.now()).await.verdict
    }

    async fn verdict(clients: &Cluster, brokers: &Cluster) -> Verdict {
        let [host, _] = stand_in_hosts();
        met(clients, brokers, &host, &host).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn librdkafka_sends_and_receives_over_mutual_tls_by_name_and_by_address() {
        let cluster = Cluster::new(BOTH_KINDS);
        for host in stand_in_hosts() {
            let verdict = met(&cluster, &cluster, &host, &host).await;
            assert!(matches!(verdict, Verdict::Passed), "{host}: {verdict:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn librdkafka_takes_no_stand_in_that_is_called_otherwise() {
        let cluster = Cluster::new(BOTH_KINDS);
        let [name, address] = stand_in_hosts();
        for (host, shown) in [(&name, &address), (&address, &name)] {
            let verdict = met(&cluster, &cluster, host, shown).await;
            assert!(matches!(verdict, Verdict::Failed(_)), "{host} took {shown}: {verdict:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn librdkafka_does_not_take_brokers_of_another_cluster_and_says_why() {
        let [clients, brokers] = [Cluster::new(BOTH_KINDS), Cluster::new(BOTH_KINDS)];
        let verdict = verdict(&clients, &brokers).await;
        let Verdict::Failed(failure) = &verdict else { panic!("{verdict:?}") };
        let (step, symptom) = failure.diagnosis.symptom.as_ref().unwrap();
        assert_eq!(*step, Step::Produce);
        assert!(symptom.contains("certificate"), "{symptom}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_stand_in_refuses_clients_of_an_authority_it_does_not_trust() {
        let [cluster, other] = [Cluster::new(BOTH_KINDS), Cluster::new(BOTH_KINDS)];
        let trust = other.trust(other.holder("kafka/broker-1"));
        let [host, _] = stand_in_hosts();
        let stand_in = cluster.stand_in(&host);
        let cell = message_through_mock(&cluster.files("clients/both"), (&host, &stand_in), &trust, cluster.now()).await;
        let Verdict::Failed(failure) = &cell.verdict else { panic!("{cell:?}") };
        let (_, symptom) = failure.diagnosis.symptom.as_ref().unwrap();
        assert!(symptom.contains("alert"), "{symptom}");
    }

    #[test]
    fn the_address_of_the_mock_becomes_the_proxys_wherever_it_stands() {
        let upstream = "127.0.0.1:9092".parse().unwrap();
        let mut frame = b"\x00\x09127.0.0.1\x00\x00\x23\x84 127.0.0.1\x00\x00\x23\x85".to_vec();
        Proxied { upstream, host: "localhost".to_owned(), port: 0x1234 }.readdress(&mut frame);
        assert_eq!(frame, b"\x00\x09localhost\x00\x00\x12\x34 127.0.0.1\x00\x00\x23\x85");
    }
}
