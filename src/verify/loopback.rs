//! The proof that needs no broker: every holder, as the side it will play, in a real handshake over loopback.

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
    let loaded: Vec<(&Holder, Vec<(Via, Result<Party, Fault>)>)> =
        proved.par_iter().map(|(holder, files)| (*holder, party::load(files))).collect();
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
        stream.shutdown().await
    };
    let connect = async {
        let stream = TcpStream::connect(address).await.map_err(unconnected)?;
        let mut stream = client.handshake(&host, stream).await?;
        let facts = client.facts(&stream);
        stream.read_exact(&mut [0]).await.map_err(|error| Fault::new(Step::Handshake, tls::cause(&error)))?;
        Ok::<Facts, Fault>(facts)
    };
    match tokio::join!(serve, connect) {
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
