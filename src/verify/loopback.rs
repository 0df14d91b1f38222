//! The proof that needs no broker: every holder, as the side it will play, in a real handshake over loopback.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

use futures_util::stream::{self, StreamExt};
use rayon::prelude::*;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, UnixTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::party::{self, Party, Via};
use super::{AT_ONCE, Attempt, Cell, DEADLINE, Facts, Fault, Probe, ProbeOutcome, Step, Verdict, VerifyReport, foreign, tls};
use crate::cluster::{Holder, Role};
use crate::inventory::HolderFiles;
use crate::pki::{Host, Identity, San};

/// Where a loopback cell took place.
const LOOPBACK: &str = "loopback";

/// One handshake to be made.
struct Meeting<'a> {
    identity: &'a Holder,
    target: &'a Holder,
    via: Via,
    client: Result<Party, Fault>,
    server: Result<Party, Fault>,
}

/// Proves `proved`, each with its files as read from the disk. `nodes` are the nodes that clients among them may meet.
///
/// A node meets itself, as server and as client; a client meets one node of each kind that it uses. Each time once from PEM, once
/// from PKCS#12 and once from JKS, as far as the holder has them. Each node must refuse a client without a certificate and one
/// from a foreign authority.
pub async fn loopback(proved: &[(&Holder, HolderFiles)], nodes: &[(&Holder, HolderFiles)], progress: impl Fn(usize)) -> VerifyReport {
    let loaded: Vec<_> = proved.par_iter().map(|(holder, files)| (*holder, party::load(files))).collect();
    let servers: BTreeMap<_, _> = nodes.iter().map(|(holder, files)| (&holder.id, (*holder, party::from_pem(files)))).collect();
    let mut meetings = Vec::new();
    let mut probed = Vec::new();
    for (holder, parties) in loaded {
        for (via, party) in parties {
            match &holder.role {
                Role::Kafka(_) | Role::Rabbitmq(_) => {
                    if via == Via::Pem {
                        probed.push((holder, party.clone()));
                    }
                    meetings.push(Meeting { identity: holder, target: holder, via, client: party.clone(), server: party });
                }
                Role::Client(client) => {
                    let used = |node: &&Holder| match node.role {
                        Role::Kafka(_) => client.kafka.is_some(),
                        Role::Rabbitmq(_) => client.rabbitmq.is_some(),
                        Role::Client(_) => false,
                    };
                    for (node, server) in servers.values().filter(|(node, _)| used(node)) {
                        meetings.push(Meeting { identity: holder, target: node, via, client: party.clone(), server: server.clone() });
                    }
                }
            }
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
    let probes = stream::iter(probed)
        .flat_map(|(holder, party)| {
            stream::iter([Attempt::NoCertificate, Attempt::ForeignAuthority].map(|attempt| (holder, party.clone(), attempt)))
        })
        .map(|(holder, party, attempt)| probe(holder, party, attempt))
        .buffered(AT_ONCE)
        .collect()
        .await;
    VerifyReport { cells, probes }
}

async fn meet(meeting: Meeting<'_>) -> Cell {
    let verdict = match try_meet(&meeting).await {
        Ok(facts) => Verdict::Passed(facts),
        Err(fault) => Verdict::Failed(fault),
    };
    Cell {
        identity: meeting.identity.id.to_string(),
        target: meeting.target.id.to_string(),
        endpoint: LOOPBACK.to_owned(),
        via: meeting.via,
        verdict,
    }
}

async fn try_meet(meeting: &Meeting<'_>) -> Result<Facts, Fault> {
    let client = meeting.client.clone()?;
    let server = meeting.server.clone()?;
    let hosts = hosts(meeting.target);
    let Some(first) = hosts.first() else {
        return Err(Fault::new(Step::HostName, "the node has no host name"));
    };
    for host in &hosts {
        covers(&client, &server.identity, host)?;
    }
    let started = Instant::now();
    let mut facts = handshake(Some(&client.identity), &client, &server, first).await?;
    facts.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(facts)
}

/// Every host that clients are told to connect to.
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

/// Whether the client would take the server's certificate for this host.
fn covers(client: &Party, server: &Identity, host: &Host) -> Result<(), Fault> {
    let failed = |error: rustls::Error| Fault::new(Step::HostName, format!("{host}: {error}"));
    let mut roots = rustls::RootCertStore::empty();
    for anchor in client.trust.anchors() {
        roots.add(CertificateDer::from(anchor.der().to_vec())).map_err(failed)?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), tls::provider())
        .build()
        .map_err(|error| Fault::new(Step::HostName, error))?;
    let chain: Vec<CertificateDer<'_>> =
        server.chain().certificates().iter().map(|certificate| CertificateDer::from(certificate.der())).collect();
    verifier.verify_server_cert(&chain[0], &chain[1..], &tls::server_name(host)?, &[], UnixTime::now()).map(|_| ()).map_err(failed)
}

/// One real handshake. The server's first byte tells the client that it was let in.
async fn handshake(identity: Option<&Identity>, client: &Party, server: &Party, host: &Host) -> Result<Facts, Fault> {
    let failed = |error: rustls::Error| Fault::new(Step::Handshake, error);
    let config = tls::server(&server.identity, &server.trust).map_err(failed)?;
    let client = tls::Client::new(identity, &client.trust).map_err(failed)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| Fault::new(Step::Connect, error))?;
    let address = listener.local_addr().map_err(|error| Fault::new(Step::Connect, error))?;
    let serve = async {
        let (stream, _) = listener.accept().await?;
        let mut stream = TlsAcceptor::from(config).accept(stream).await?;
        stream.write_all(b"!").await?;
        stream.shutdown().await
    };
    let connect = async {
        let stream = TcpStream::connect(address).await.map_err(|error| Fault::new(Step::Connect, error))?;
        let mut stream = client.handshake(host, stream).await?;
        let facts = client.facts(&stream);
        stream.read_exact(&mut [0]).await.map_err(|error| Fault::new(Step::Handshake, tls::cause(&error)))?;
        Ok::<Facts, Fault>(facts)
    };
    let both = async { tokio::join!(serve, connect) };
    let Ok((served, connected)) = tokio::time::timeout(DEADLINE, both).await else {
        return Err(Fault::new(Step::Handshake, "no answer within the deadline"));
    };
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
    let hosts = hosts(holder);
    let host = hosts.first().ok_or_else(|| Fault::new(Step::HostName, "the node has no host name"))?;
    let foreign = foreign::identity()?;
    let identity = match attempt {
        Attempt::ForeignAuthority => Some(&foreign),
        Attempt::NoCertificate | Attempt::Plaintext => None,
    };
    handshake(identity, &server, &server, host).await
}
