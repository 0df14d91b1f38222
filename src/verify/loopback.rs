//! The proof that needs no broker: every holder, as the side it will play, in a real handshake over loopback.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use rayon::prelude::*;
use rustls::client::verify_server_name;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::agenda::{Attendee, Entry, Target};
use super::outcome::{Occasion, Witnessed};
use super::party::{self, Party};
use super::{impostor, server};
use crate::cluster::{Holder, HolderKind, Role};
use crate::describe::Protocol;
use crate::diagnosis::{self, Attempt, Cell, Fact, Fault, FileProblem, Probe, ProbeOutcome, Step, StepTaken, Symptom, VerifyReport, Via};
use crate::inventory::HolderFiles;
use crate::pki::{Host, HostPort, Identity, San};
use crate::visit::{Credential, Deadline, Overheard, Visitor, tls};

/// Where a loopback cell took place.
const LOOPBACK: &str = "loopback";

/// One handshake to be made.
struct Meeting<'a> {
    identity: &'a Holder,
    via: Via,
    client: Result<Party, Fault>,
    server: (&'a Holder, Result<Party, Fault>),
}

/// Proves `proved`, each with its files as read from the disk. `nodes` are the nodes that clients among them may meet.
///
/// A node meets itself, as server and as client; a client meets the first node of each kind that it uses and that is among `nodes`.
/// Each time once from PEM, once from PKCS#12 and once from JKS, as far as the holder has them. Each node must refuse a client without a
/// certificate and one from a foreign authority. `at_once` connections are under way at once.
pub async fn loopback(
    proved: &[(&Holder, HolderFiles)],
    nodes: &[(&Holder, HolderFiles)],
    now: OffsetDateTime,
    at_once: usize,
    progress: impl Fn(usize),
) -> VerifyReport {
    let loaded: Vec<_> = proved.par_iter().map(|(holder, files)| (*holder, party::load(files))).collect();
    let servers: Vec<_> = nodes.iter().map(|(holder, files)| (*holder, party::from_pem(files))).collect();
    let mut meetings = Vec::new();
    let mut probed = Vec::new();
    for (identity, parties) in loaded {
        for (via, client) in parties {
            if identity.id.kind != HolderKind::Client && via == Via::Pem {
                probed.push((identity, client.clone()));
            }
            let met = kinds_met(identity).filter_map(|kind| match kind {
                None => Some((identity, client.clone())),
                Some(kind) => servers.iter().find(|(node, _)| node.id.kind == kind).cloned(),
            });
            meetings.extend(met.map(|server| Meeting { identity, via, client: client.clone(), server }));
        }
    }
    let cells = stream::iter(meetings)
        .map(|meeting| async {
            let cell = meet(meeting, now).await;
            progress(1);
            cell
        })
        .buffered(at_once)
        .collect()
        .await;
    let attempts = probed
        .into_iter()
        .flat_map(|(holder, party)| [Attempt::NoCertificate, Attempt::ForeignAuthority].map(|attempt| (holder, party.clone(), attempt)));
    let probes =
        stream::iter(attempts).map(|(holder, party, attempt)| probe(holder, party, attempt, now)).buffered(at_once).collect().await;
    VerifyReport { cells, probes, cut_short: None }
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

async fn meet(meeting: Meeting<'_>, now: OffsetDateTime) -> Cell {
    let (target, server) = meeting.server;
    let (kind, hosts) = (target.id.kind, hosts(target));
    let name = meeting.identity.id.to_string();
    let visitor = meeting.client.and_then(|client| client.visitor(name.clone(), meeting.via));
    let attendee = Attendee { name, via: meeting.via, visitor, notes: Vec::new() };
    let host = hosts.first().cloned().unwrap_or(Host::Ip(Ipv4Addr::LOCALHOST.into()));
    let target = Target {
        name: target.id.to_string(),
        endpoint: HostPort { host, port: 0 },
        protocol: protocol(kind),
        node_id: None,
        told_by: None,
        entry: Entry::ByLogin,
        insider: None,
    };
    let mut cell = met(Occasion { attendee: &attendee, target: &target, now }, server, &hosts).await;
    LOOPBACK.clone_into(&mut cell.endpoint);
    cell
}

fn protocol(kind: HolderKind) -> Protocol {
    match kind {
        HolderKind::Kafka | HolderKind::Client => Protocol::Kafka,
        HolderKind::Rabbitmq => Protocol::Amqp,
    }
}

async fn met(occasion: Occasion<'_>, server: Result<Party, Fault>, hosts: &[Host]) -> Cell {
    let fails = |fault| occasion.cell(Vec::new(), Err(fault), Witnessed::default());
    let (visitor, server) = match (&occasion.attendee.visitor, server) {
        (Ok(visitor), Ok(server)) => (visitor, server),
        (Err(fault), _) => return fails(fault.clone()),
        (Ok(_), Err(fault)) => return fails(fault),
    };
    if let Some(fault) = hosts.iter().find_map(|host| uncovered(&server, host, occasion.now)) {
        return fails(fault);
    }
    let credential = visitor.credential.as_deref();
    let client = match tls::Client::new(credential, visitor.anchors.clone(), &Visitor::VERSIONS, occasion.now) {
        Ok(client) => client,
        Err(fault) => return fails(fault),
    };
    let began = Instant::now();
    match handshake(client.clone(), server, occasion.target.endpoint.host.clone()).await {
        Ok(handshake) => {
            let acceptance = StepTaken { took: Duration::ZERO, fact: Fact::Acceptance(client.acceptance(credential)) };
            let steps = vec![StepTaken { took: began.elapsed(), fact: Fact::Handshake(Box::new(handshake)) }, acceptance];
            occasion.cell(steps, Ok(()), Witnessed::default())
        }
        Err(Broken { fault, server }) => {
            let log = server.into_iter().collect();
            occasion.cell(Vec::new(), Err(fault), Witnessed { seen: client.seen(), from: None, log })
        }
    }
}

/// Why a client that asks for `host` does not take the leaf of `server`.
fn uncovered(server: &Party, host: &Host, now: OffsetDateTime) -> Option<Fault> {
    let der = CertificateDer::from(server.identity.leaf().der());
    let name = match tls::server_name(host) {
        Ok(name) => name,
        Err(fault) => return Some(fault),
    };
    let error = ParsedCertificate::try_from(&der).and_then(|parsed| verify_server_name(&parsed, &name)).err()?;
    let verdict = tls::judged(server.identity.chain().certificates(), server.trust.anchors(), host, now)?;
    Some(Fault::new(Step::Handshake, Symptom::ServerRefused { verdict: Box::new(verdict), error: format!("{host}: {error}") }))
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

/// A handshake that failed, and what the server had to say.
struct Broken {
    fault: Fault,
    server: Option<String>,
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self { fault, server: None }
    }
}

/// One real handshake, as a task of its own: so all cores take part.
async fn handshake(client: tls::Client, server: Party, host: Host) -> Result<diagnosis::Handshake, Broken> {
    let both = async move {
        let deadline = Deadline::after(super::DEADLINE);
        match tokio::time::timeout(deadline.left(), both_sides(client, server, host)).await {
            Ok(done) => done,
            Err(_) => Err(deadline.silence(Step::Handshake).into()),
        }
    };
    tokio::spawn(both).await.unwrap_or_else(|error| Err(Fault::other(Step::Handshake, error).into()))
}

/// Both ends are here: what the system does not give is this process's own lack.
fn ours(step: Step, error: &io::Error) -> Fault {
    Symptom::lack(error).map_or_else(|| Fault::other(step, error), |lack| Fault::new(step, lack))
}

/// The server's first byte tells the client that it was let in.
async fn both_sides(client: tls::Client, server: Party, host: Host) -> Result<diagnosis::Handshake, Broken> {
    let config = server::strict(&server.identity, &server.trust).map_err(|error| Fault::other(Step::Files, error))?;
    let unconnected = |error: io::Error| ours(Step::Connect, &error);
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
        let stream = Overheard::new(TcpStream::connect(address).await.map_err(unconnected)?);
        let mut stream = client.handshake(&host, stream).await?;
        let facts = client.handshake_facts(&stream, &host);
        let refused = |error: io::Error| Fault::new(Step::Acceptance, tls::symptom(&error));
        stream.read_exact(&mut [0]).await.map_err(refused)?;
        // Else each of thousands of connections keeps its ports for a minute (RFC 9293, TIME-WAIT), and finding free ones takes
        // longer than the handshake.
        stream.get_ref().0.tcp().set_zero_linger().map_err(unconnected)?;
        Ok::<_, Fault>(facts)
    };
    let (served, connected): (io::Result<()>, _) = tokio::join!(serve, connect);
    match (served, connected) {
        (Err(server), Err(fault)) => {
            let fault = Symptom::lack(&server).map_or(fault, |lack| Fault::new(Step::Connect, lack));
            Err(Broken { fault, server: Some(server.to_string()) })
        }
        (Err(server), Ok(_)) => Err(ours(Step::Acceptance, &server).into()),
        (Ok(()), connected) => Ok(connected?),
    }
}

async fn probe(holder: &Holder, party: Result<Party, Fault>, attempt: Attempt, now: OffsetDateTime) -> Probe {
    let host = hosts(holder).into_iter().next().unwrap_or(Host::Ip(Ipv4Addr::LOCALHOST.into()));
    let endpoint = HostPort { host, port: 0 };
    let outcome = match attempted(&endpoint.host, party, attempt, now).await {
        Ok(()) => ProbeOutcome::LetIn(Box::new(diagnosis::let_in(attempt, protocol(holder.id.kind), LOOPBACK, None))),
        Err(Fault { step: Step::Handshake | Step::Acceptance, symptom: symptom @ (Symptom::Alert(_) | Symptom::Closed) }) => {
            ProbeOutcome::Refused { how: symptom.to_string() }
        }
        Err(fault) => ProbeOutcome::Unreachable { cause: fault.symptom.to_string() },
    };
    Probe { target: holder.id.to_string(), endpoint: LOOPBACK.to_owned(), attempt, outcome }
}

async fn attempted(host: &Host, party: Result<Party, Fault>, attempt: Attempt, now: OffsetDateTime) -> Result<(), Fault> {
    let server = party?;
    let shown = match attempt {
        Attempt::ForeignAuthority => Some(impostor::of(&credential(&server.identity)?)?),
        _ => None,
    };
    let client = tls::Client::new(shown.as_ref(), server.trust.anchors().into(), &Visitor::VERSIONS, now)?;
    handshake(client, server, host.clone()).await.map(drop).map_err(|broken| broken.fault)
}

fn credential(identity: &Arc<Identity>) -> Result<Credential, Fault> {
    Credential::of(identity).map_err(|problem: FileProblem| Fault::file(&identity.leaf().subject, problem))
}
