//! What broken endpoints may cost: connections are counted, no time is measured.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener as Bound};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use super::fixture::Cluster;
use super::run_tests::{START, WISHES, answer, listener};
use super::{Agenda, Options, agenda_by_cluster, party, run, server};
use crate::cluster::{HolderId, Role};
use crate::diagnosis::{ProbeOutcome, Step, Symptom, Verdict};

/// A node of RabbitMQ at each of these ports, and three clients.
fn cluster(ports: &[u16]) -> Cluster {
    let node = |(index, port)| format!("{{ name: rabbit-{index}, host: localhost, port: {port} }}");
    let nodes: Vec<String> = ports.iter().enumerate().map(node).collect();
    Cluster::new(&format!(
        "
cluster: tests
rabbitmq: {{ version: 4.0, nodes: [{}] }}
clients: [{{ name: one, rabbitmq: {{}} }}, {{ name: two, rabbitmq: {{}} }}, {{ name: three, rabbitmq: {{}} }}]
",
        nodes.join(", ")
    ))
}

/// Every client at every node.
fn agenda(cluster: &Cluster) -> Agenda {
    let clients = cluster.spec.holders.iter().filter(|holder| matches!(holder.role, Role::Client(_)));
    let clients: BTreeSet<HolderId> = clients.map(|holder| holder.id.clone()).collect();
    agenda_by_cluster(&cluster.spec, &cluster.everyone(), &clients, &BTreeMap::new(), &WISHES)
}

fn options(cluster: &Cluster, deadline: Duration) -> Options {
    Options { now: cluster.now(), deadline, at_once: 8, probes: true, fail_fast: false }
}

async fn never() {
    std::future::pending().await
}

/// Calls `accepted` at each connection, and answers nobody.
fn silent(listener: TcpListener, accepted: impl Fn() + Send + 'static) {
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            accepted();
            kept.push(stream);
        }
    });
}

/// Answers the first words over TLS. `accepted` is called at each connection.
fn healthy(cluster: &Cluster, listener: TcpListener, accepted: impl Fn() + Send + 'static) {
    let node = party::from_pem(&cluster.files("rabbitmq/rabbit-0")).unwrap();
    let acceptor = TlsAcceptor::from(server::strict(&node.identity, &node.trust).unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            accepted();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    answer(&mut stream, START).await;
                }
            });
        }
    });
}

#[tokio::test]
async fn where_the_first_finds_nobody_no_other_goes() {
    let (listener, port) = listener().await;
    drop(listener);
    let cluster = cluster(&[port]);
    // Whoever went there once the first had failed would be taken.
    let opened: OnceLock<Bound> = OnceLock::new();
    let progress = |_, _| {
        opened.get_or_init(|| Bound::bind((Ipv4Addr::LOCALHOST, port)).unwrap());
    };
    let report = run(agenda(&cluster), options(&cluster, Duration::from_secs(5)), never, progress).await;
    assert_eq!(report.cells.len(), 3);
    for cell in &report.cells {
        let Verdict::Failed(failure) = &cell.verdict else { panic!("{cell:?}") };
        assert!(matches!(failure.evidence.fault.symptom, Symptom::ConnectionRefused), "{cell:?}");
    }
    assert!(!report.probes.is_empty() && report.probes.iter().all(|probe| matches!(probe.outcome, ProbeOutcome::Unreachable { .. })));
    let opened = opened.into_inner().unwrap();
    opened.set_nonblocking(true).unwrap();
    assert_eq!(opened.accept().map(drop).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn where_nobody_speaks_to_the_first_no_other_waits() {
    let (listener, port) = listener().await;
    let cluster = cluster(&[port]);
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    silent(listener, move || _ = counted.fetch_add(1, Ordering::SeqCst));
    let report = run(agenda(&cluster), options(&cluster, Duration::from_millis(200)), never, |_, _| ()).await;
    assert_eq!(report.cells.len(), 3);
    for cell in &report.cells {
        let Verdict::Failed(failure) = &cell.verdict else { panic!("{cell:?}") };
        let fault = &failure.evidence.fault;
        assert!(fault.step == Step::Handshake && matches!(fault.symptom, Symptom::Silence { .. }), "{cell:?}");
    }
    assert!(!report.probes.is_empty() && report.probes.iter().all(|probe| matches!(probe.outcome, ProbeOutcome::Unreachable { .. })));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn where_nobody_is_to_meet_one_connection_tells_the_probes_that_nobody_speaks() {
    let (listener, port) = listener().await;
    let cluster = cluster(&[port]);
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    silent(listener, move || _ = counted.fetch_add(1, Ordering::SeqCst));
    let agenda = Agenda { meetings: Vec::new(), ..agenda(&cluster) };
    let report = run(agenda, options(&cluster, Duration::from_millis(200)), never, |_, _| ()).await;
    assert!(!report.probes.is_empty() && report.probes.iter().all(|probe| matches!(probe.outcome, ProbeOutcome::Unreachable { .. })));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn one_that_never_answers_keeps_nobody_from_the_others() {
    let (mute, mute_port) = listener().await;
    let (well, well_port) = listener().await;
    let cluster = cluster(&[mute_port, well_port]);
    silent(mute, || ());
    healthy(&cluster, well, || ());
    // It ends when every visit to the one that answers is done; the deadline for the other is a day.
    let done = Notify::new();
    let progress = |results, _| {
        if results == 3 {
            done.notify_one();
        }
    };
    let report = run(agenda(&cluster), options(&cluster, Duration::from_secs(86_400)), async || done.notified().await, progress).await;
    assert_eq!(report.cells.iter().map(|cell| cell.target.as_str()).collect::<Vec<_>>(), ["rabbitmq/rabbit-1"; 3]);
}

/// How many connections to `ports` this machine has.
#[allow(clippy::disallowed_methods)]
fn open(ports: &[u16]) -> usize {
    const ESTABLISHED: &str = "01";
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let of = |line: &str| {
        let mut words = line.split_whitespace().skip(2);
        let (remote, state) = (words.next()?, words.next()?);
        let port = u16::from_str_radix(remote.rsplit(':').next()?, 16).ok()?;
        (state == ESTABLISHED).then_some(port)
    };
    table.lines().filter_map(of).filter(|port| ports.contains(port)).count()
}

#[tokio::test]
async fn no_more_connections_are_open_than_may_be() {
    const AT_ONCE: usize = 3;
    let (mut listeners, mut ports) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        let (listener, port) = listener().await;
        listeners.push(listener);
        ports.push(port);
    }
    let cluster = cluster(&ports);
    let most = Arc::new(AtomicUsize::new(0));
    for listener in listeners {
        let (most, ports) = (most.clone(), ports.clone());
        // Servers and clients share this thread: nobody connects or leaves while it counts.
        healthy(&cluster, listener, move || _ = most.fetch_max(open(&ports), Ordering::SeqCst));
    }
    let options = Options { at_once: AT_ONCE, probes: false, ..options(&cluster, Duration::from_secs(20)) };
    let report = run(agenda(&cluster), options, never, |_, _| ()).await;
    assert_eq!(report.cells.len(), 3 * ports.len());
    let most = most.load(Ordering::SeqCst);
    assert!((1..=AT_ONCE).contains(&most), "{most} connections were open at once");
}
