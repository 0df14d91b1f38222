//! The proof that needs no broker: every holder, as the side it will play, in a real handshake over loopback.

use std::io;
use std::net::Ipv4Addr;
use std::time::Instant;

use futures_util::stream::{self, StreamExt};
use rayon::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::party::{self, Party, Via};
use super::{AT_ONCE, Attempt, Cell, Facts, Fault, Probe, ProbeOutcome, Step, Verdict, VerifyReport, impostor, milliseconds, tls, within};
use crate::cluster::{Holder, HolderKind, Role};
use crate::inventory::HolderFiles;
use crate::pki::{Host, San};

/// Where a loopback cell took place.
const LOOPBACK: &str = "loopback";

/// One handshake to be made.
struct Meeting<'a> {
    identity: &'a Holder,
    via: Via,
    client: Result<Party, Fault>,
    /// The directory of the kind of node that was looked for, when there is none.
    server: Result<(&'a Holder, Result<Party, Fault>), HolderKind>,
}

/// Proves `proved`, each with its files as read from the disk. `nodes` are the nodes that clients among them may meet.
///
/// A node meets itself, as server and as client; a client meets the first node of each kind that it uses. Each time once from PEM,
/// once from PKCS#12 and once from JKS, as far as the holder has them. Each node must refuse a client without a certificate and one
/// from a foreign authority.
pub async fn loopback(proved: &[(&Holder, HolderFiles)], nodes: &[(&Holder, HolderFiles)], progress: impl Fn(usize)) -> VerifyReport {
    let loaded: Vec<_> = proved.par_iter().map(|(holder, files)| (*holder, party::load(files))).collect();
    let servers: Vec<_> = nodes.iter().map(|(holder, files)| (*holder, party::from_pem(files))).collect();
    let mut meetings = Vec::new();
    let mut probed = Vec::new();
    for (identity, parties) in loaded {
        for (via, client) in parties {
            if identity.id.kind != HolderKind::Client && via == Via::Pem {
                probed.push((identity, client.clone()));
            }
            let met = kinds_met(identity).map(|kind| match kind {
                None => Ok((identity, client.clone())),
                Some(kind) => servers.iter().find(|(node, _)| node.id.kind == kind).cloned().ok_or(kind),
            });
            meetings.extend(met.map(|server| Meeting { identity, via, client: client.clone(), server }));
        }
    }
    let cells = stream::iter(meetings)
        .map(|meeting| async {
            let cell = meet(meeting).await;
            progress(1);
            cell
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let attempts = probed
        .into_iter()
        .flat_map(|(holder, party)| [Attempt::NoCertificate, Attempt::ForeignAuthority].map(|attempt| (holder, party.clone(), attempt)));
    let probes = stream::iter(attempts).map(|(holder, party, attempt)| probe(holder, party, attempt)).buffered(AT_ONCE).collect().await;
    VerifyReport { cells, probes }
}

/// Whom `holder` connects to: `None` is itself.
fn kinds_met(holder: &Holder) -> impl Iterator<Item = Option<HolderKind>> {
    match &holder.role {
        Role::Kafka(_) | Role::Rabbitmq(_) => [Some(None), None],
        Role::Client(client) => {
            [client.kafka.as_ref().map(|_| Some(HolderKind::Kafka)), client.rabbitmq.as_ref().map(|_| Some(HolderKind::Rabbitmq))]
        }
    }
    .into_iter()
    .flatten()
}

async fn meet(meeting: Meeting<'_>) -> Cell {
    let (target, verdict) = match meeting.server {
        Ok((target, server)) => (target.id.to_string(), try_meet(target, meeting.client, server).await),
        Err(kind) => (kind.directory().to_owned(), Err(Fault::new(Step::Files, "no node of this kind has files to meet"))),
    };
    let verdict = match verdict {
        Ok(facts) => Verdict::Passed(facts),
        Err(fault) => Verdict::Failed(fault),
    };
    Cell { identity: meeting.identity.id.to_string(), target, endpoint: LOOPBACK.to_owned(), via: meeting.via, verdict }
}

async fn try_meet(target: &Holder, client: Result<Party, Fault>, server: Result<Party, Fault>) -> Result<Facts, Fault> {
    let (client, server) = (client?, server?);
    let hosts = hosts(target);
    let first = hosts.first().ok_or_else(no_host)?.clone();
    for host in &hosts {
        tls::covers(&server.identity, host)?;
    }
    let started = Instant::now();
    let tls = tls::Client::new(Some(&client.identity), &client.trust).map_err(|error| Fault::new(Step::Handshake, error))?;
    let mut facts = handshake(tls, server, first).await?;
    facts.milliseconds = milliseconds(started);
    Ok(facts)
}

fn no_host() -> Fault {
    Fault::new(Step::HostName, "the node has no host name")
}

/// Every host that clients are told to connect to, and every other that the cluster file names.
fn hosts(node: &Holder) -> Vec<Host> {
    let mut hosts = match &node.role {
        Role::Kafka(kafka) => {
            [&kafka.host].into_iter().chain(kafka.endpoints.iter().map(|endpoint| &endpoint.advertised.host)).cloned().collect()
        }
        Role::Rabbitmq(rabbitmq) => vec![rabbitmq.host.clone()],
        Role::Client(_) => Vec::new(),
    };
    let also = node.names.iter().filter_map(|name| match name {
        San::Dns(name) if !name.starts_with('*') => Some(Host::Dns(name.clone())),
        San::Ip(ip) => Some(Host::Ip(*ip)),
        San::Dns(_) | San::Uri(_) | San::Other(_) => None,
    });
    hosts.extend(also);
    hosts.sort();
    hosts.dedup();
    hosts
}

/// One real handshake, as a task of its own: so all cores take part.
async fn handshake(client: tls::Client, server: Party, host: Host) -> Result<Facts, Fault> {
    let both = async move { within(Step::Handshake, both_sides(client, server, host)).await };
    tokio::spawn(both).await.map_err(|error| Fault::new(Step::Handshake, error))?
}

/// The server's first byte tells the client that it was let in.
async fn both_sides(client: tls::Client, server: Party, host: Host) -> Result<Facts, Fault> {
    let config = tls::server(&server.identity, &server.trust).map_err(|error| Fault::new(Step::Handshake, error))?;
    let unconnected = |error| Fault::new(Step::Connect, error);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(unconnected)?;
    let address = listener.local_addr().map_err(unconnected)?;
    let serve = async {
        let (stream, _) = listener.accept().await?;
        let mut stream = TlsAcceptor::from(config).accept(stream).await?;
        stream.write_all(b"!").await?;
        stream.flush().await?;
        // Whether the client still listens does not matter.
        let _ = stream.shutdown().await;
        Ok(())
    };
    let connect = async {
        let stream = TcpStream::connect(address).await.map_err(unconnected)?;
        let mut stream = client.handshake(&host, stream).await?;
        let facts = client.facts(&stream);
        stream.read_exact(&mut [0]).await.map_err(|error| Fault::new(Step::Handshake, tls::cause(&error)))?;
        // Else each of thousands of connections keeps its ports for a minute (RFC 9293, TIME-WAIT), and finding free ones takes
        // longer than the handshake.
        stream.get_ref().0.set_zero_linger().map_err(unconnected)?;
        Ok::<Facts, Fault>(facts)
    };
    let (served, connected): (io::Result<()>, _) = tokio::join!(serve, connect);
    match (served, connected) {
        (Err(server), Err(fault)) if tls::is_told(&server) => {
            Err(Fault { cause: format!("the server says: {}; the client sees: {}", tls::cause(&server), fault.cause), ..fault })
        }
        (Err(server), Ok(_)) => Err(Fault::new(Step::Handshake, tls::cause(&server))),
        (_, connected) => connected,
    }
}

async fn probe(holder: &Holder, party: Result<Party, Fault>, attempt: Attempt) -> Probe {
    let outcome = match attempted(holder, party, attempt).await {
        Ok(_) => ProbeOutcome::LetIn,
        Err(Fault { step: Step::Handshake, cause, .. }) => ProbeOutcome::Refused { how: cause },
        Err(fault) => ProbeOutcome::Unreachable { cause: fault.cause },
    };
    Probe { target: holder.id.to_string(), endpoint: LOOPBACK.to_owned(), attempt, outcome }
}

async fn attempted(holder: &Holder, party: Result<Party, Fault>, attempt: Attempt) -> Result<Facts, Fault> {
    let server = party?;
    let host = hosts(holder).into_iter().next().ok_or_else(no_host)?;
    let identity = match attempt {
        Attempt::ForeignAuthority => Some(impostor::of(holder, &server)?),
        Attempt::NoCertificate | Attempt::Plaintext => None,
    };
    let client = tls::Client::new(identity.as_ref(), &server.trust).map_err(|error| Fault::new(Step::Files, error))?;
    handshake(client, server, host).await
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::layout::HolderFile;
    use crate::verify::fixture::{BOTH_KINDS, Cluster, overwrite};

    /// Proves everyone in `all` with the nodes among them.
    async fn prove(all: &[(&Holder, HolderFiles)]) -> VerifyReport {
        let nodes: Vec<_> = all.iter().filter(|(holder, _)| holder.id.kind != HolderKind::Client).cloned().collect();
        loopback(all, &nodes, |_| ()).await
    }

    fn faults(report: &VerifyReport) -> Vec<(&Cell, &Fault)> {
        report
            .cells
            .iter()
            .filter_map(|cell| match &cell.verdict {
                Verdict::Failed(fault) => Some((cell, fault)),
                Verdict::Passed(_) => None,
            })
            .collect()
    }

    #[tokio::test]
    async fn everyone_meets_whom_it_will_meet_once_from_each_store() {
        let cluster = Cluster::new(BOTH_KINDS);
        let report = prove(&cluster.everyone()).await;
        assert!(report.passed(), "{report:#?}");
        let seen: Vec<_> = report.cells.iter().map(|cell| (cell.identity.as_str(), cell.target.as_str(), cell.via.name())).collect();
        let expected = [
            ("kafka/broker-1", "kafka/broker-1"),
            ("rabbitmq/rabbit-1", "rabbitmq/rabbit-1"),
            ("clients/both", "kafka/broker-1"),
            ("clients/both", "rabbitmq/rabbit-1"),
            ("clients/queues", "rabbitmq/rabbit-1"),
        ]
        .into_iter()
        .flat_map(|(identity, target)| ["pem", "pkcs12", "jks"].map(|via| (identity, target, via)));
        assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>(), expected.collect::<Vec<_>>().iter().collect());
        // Both nodes refused both intruders.
        assert_eq!(report.probes.len(), 4);
    }

    #[tokio::test]
    async fn the_facts_are_those_of_the_connection() {
        let cluster = Cluster::new(BOTH_KINDS);
        let everyone = cluster.everyone();
        let report = prove(&everyone[..1]).await;
        let Verdict::Passed(facts) = &report.cells[0].verdict else { panic!("{report:#?}") };
        let leaf = party::from_pem(&everyone[0].1).unwrap().identity.leaf().clone();
        assert_eq!((facts.protocol.as_str(), facts.certificate_requested), ("TLSv1.3", true));
        assert_eq!(facts.served, ["CN=broker-1", "CN=tests issuing 1"]);
        assert_eq!(facts.requested_issuers, ["CN=tests root 1"]);
        assert_eq!((&facts.leaf_fingerprint, facts.leaf_not_after), (&leaf.fingerprint(), Some(leaf.validity.not_after)));
        assert!(!facts.cipher.is_empty() && !facts.group.is_empty());
    }

    #[tokio::test]
    async fn a_file_that_is_broken_is_named_whichever_it_is() {
        let cluster = Cluster::new(BOTH_KINDS);
        let broken = [
            (HolderFile::Key, Via::Pem),
            (HolderFile::Chain, Via::Pem),
            (HolderFile::Anchors, Via::Pem),
            (HolderFile::CombinedPem, Via::Pem),
            (HolderFile::KeystorePkcs12, Via::Pkcs12),
            (HolderFile::TruststorePkcs12, Via::Pkcs12),
            (HolderFile::KeystoreJks, Via::Jks),
            (HolderFile::TruststoreJks, Via::Jks),
        ];
        let whole = (cluster.holder("kafka/broker-1"), cluster.files("kafka/broker-1"));
        for (file, via) in broken {
            // The middle of the file is what holds the content.
            let mut bytes = whole.1.files[&file].as_ref().unwrap().expose().to_vec();
            let middle = bytes.len() / 2;
            bytes[middle..middle + 8].reverse();
            bytes[middle] ^= 0x15;
            let mut node = whole.clone();
            overwrite(&mut node.1, file, &bytes);
            let report = prove(&[node]).await;
            let failed: Vec<_> = faults(&report).into_iter().map(|(cell, fault)| (cell.via, fault.file.clone())).collect();
            assert_eq!(failed, [(via, Some(format!("kafka/broker-1/1/{}", file.name())))], "{report:#?}");
            assert!(!report.passed());
        }
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_says_why() {
        let cluster = Cluster::new(BOTH_KINDS);
        let mut node = (cluster.holder("kafka/broker-1"), cluster.files("kafka/broker-1"));
        node.1.files.insert(HolderFile::KeystorePassword, Err("permission denied".to_owned()));
        let report = prove(&[node]).await;
        let faults = faults(&report);
        assert_eq!(faults.len(), 2, "the password opens keystore.p12 and keystore.jks");
        for (_, fault) in faults {
            assert_eq!((fault.file.as_deref(), fault.cause.as_str()), (Some("kafka/broker-1/1/password"), "permission denied"));
        }
    }

    #[tokio::test]
    async fn a_key_of_another_certificate_fails() {
        let cluster = Cluster::new(BOTH_KINDS);
        let mut node = (cluster.holder("kafka/broker-1"), cluster.files("kafka/broker-1"));
        let other = cluster.files("kafka/broker-1");
        for file in [HolderFile::Key, HolderFile::CombinedPem] {
            overwrite(&mut node.1, file, other.files[&file].as_ref().unwrap().expose());
        }
        let report = prove(&[node]).await;
        assert_eq!(faults(&report).len(), 1);
        assert!(faults(&report)[0].1.cause.contains("does not belong to the certificate of CN=broker-1"), "{report:#?}");
    }

    #[tokio::test]
    async fn a_leaf_that_does_not_cover_an_advertised_host_fails() {
        let cluster = Cluster::new(BOTH_KINDS);
        let moved = Cluster::new(&BOTH_KINDS.replace("broker-1.example", "broker-1.moved.example"));
        let report = prove(&[(moved.holder("kafka/broker-1"), cluster.files("kafka/broker-1"))]).await;
        assert_eq!(faults(&report).len(), 3);
        for (_, fault) in faults(&report) {
            assert_eq!(fault.step, Step::HostName);
            assert!(fault.cause.starts_with("broker-1.moved.example: "), "{}", fault.cause);
        }
    }

    #[tokio::test]
    async fn an_expired_leaf_fails_and_the_cause_says_so() {
        let report = prove(&Cluster::made(BOTH_KINDS, Duration::days(91)).everyone()[..1]).await;
        assert_eq!(faults(&report).len(), 3);
        assert!(faults(&report).iter().all(|(_, fault)| fault.cause.contains("expired")), "{report:#?}");
    }

    #[tokio::test]
    async fn a_client_of_another_cluster_is_refused() {
        let [ours, theirs] = [Cluster::new(BOTH_KINDS), Cluster::new(BOTH_KINDS)];
        let node = (ours.holder("rabbitmq/rabbit-1"), ours.files("rabbitmq/rabbit-1"));
        // It trusts our node, but shows what their authority, which has the same name, signed.
        let mut client = theirs.files("clients/queues");
        for file in [HolderFile::Anchors, HolderFile::TruststorePkcs12, HolderFile::TruststoreJks, HolderFile::TruststorePassword] {
            overwrite(&mut client, file, ours.files("clients/queues").files[&file].as_ref().unwrap().expose());
        }
        let report = loopback(&[(theirs.holder("clients/queues"), client)], &[node], |_| ()).await;
        let pem = faults(&report)[0];
        assert_eq!((pem.0.via, pem.1.step), (Via::Pem, Step::Handshake));
        assert!(pem.1.cause.starts_with("the server says: "), "{}", pem.1.cause);
    }

    #[tokio::test]
    async fn with_an_authority_for_each_side_trust_is_per_side() {
        let cluster = Cluster::new(&format!("{BOTH_KINDS}\nauthority: {{ brokers: {{ key: p256 }}, clients: {{ key: p256 }} }}\n"));
        let mut everyone = cluster.everyone();
        assert!(prove(&everyone).await.passed());
        // A client that trusts its own authority instead of the brokers'.
        let own = party::from_pem(&everyone[2].1).unwrap().identity.chain().certificates()[1].to_pem();
        overwrite(&mut everyone[2].1, HolderFile::Anchors, own.as_bytes());
        let report = prove(&everyone).await;
        let failed: Vec<_> = faults(&report).into_iter().map(|(cell, _)| (cell.identity.as_str(), cell.via)).collect();
        assert_eq!(failed, [("clients/both", Via::Pem); 2]);
    }

    #[tokio::test]
    async fn a_client_that_meets_nobody_is_not_proved() {
        let cluster = Cluster::new(BOTH_KINDS);
        let report = loopback(&[(cluster.holder("clients/queues"), cluster.files("clients/queues"))], &[], |_| ()).await;
        assert_eq!(faults(&report).len(), 3);
        assert_eq!(report.cells[0].target, "rabbitmq");
    }
}
