//! Real sockets, and servers that behave in every way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::fixture::{Cluster, overwrite};
use super::{Attendee, Options, Place, Wishes, agenda_by_cluster, agenda_by_name, party, run, server};
use crate::cluster::{Holder, HolderId};
use crate::describe::Protocol;
use crate::diagnosis::{Attempt, Cell, Failure, Fault, ProbeOutcome, Step, Symptom, Verdict, VerifyReport, Via};
use crate::inventory::HolderFiles;
use crate::layout::HolderFile;
use crate::visit::{Login, Messenger, Visitor};

/// One node of RabbitMQ at this port, and one client.
fn cluster(port: u16) -> Cluster {
    Cluster::new(&format!(
        "
cluster: tests
rabbitmq: {{ version: 4.0, nodes: [{{ name: rabbit-1, host: localhost, port: {port} }}] }}
clients: [{{ name: queues, rabbitmq: {{}} }}]
"
    ))
}

/// AMQP's first words: the start of Connection.Start, which nobody reads further.
pub const START: &[u8] = b"\x01\0\0\0\0\x01\xc4\0";

pub const WISHES: Wishes = Wishes { topic: None, message: true, transactional: false, messenger: Messenger::InProcess };

/// How a server treats whoever connects.
enum Manner {
    Tls(Arc<ServerConfig>),
    Plain(&'static [u8]),
    Silent,
}

pub async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Answers the first words over whatever `manner` is.
fn serve(listener: TcpListener, manner: Manner) {
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            match &manner {
                Manner::Tls(config) => {
                    let acceptor = TlsAcceptor::from(config.clone());
                    tokio::spawn(async move {
                        if let Ok(mut stream) = acceptor.accept(stream).await {
                            answer(&mut stream, START).await;
                        }
                    });
                }
                Manner::Plain(words) => answer(&mut stream, words).await,
                Manner::Silent => kept.push(stream),
            }
        }
    });
}

pub async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), words: &[u8]) {
    if stream.read_exact(&mut [0; 8]).await.is_ok() {
        let _ = stream.write_all(words).await;
        let _ = stream.shutdown().await;
    }
}

/// The node's own certificate, and whom it takes.
fn strict(cluster: &Cluster) -> Manner {
    let node = party::from_pem(&cluster.files("rabbitmq/rabbit-1")).unwrap();
    Manner::Tls(server::strict(&node.identity, &node.trust).unwrap())
}

/// As the client, at the only node.
async fn verified(cluster: &Cluster, everyone: &[(&Holder, HolderFiles)]) -> VerifyReport {
    let client: HolderId = cluster.holder("clients/queues").id.clone();
    let agenda = agenda_by_cluster(&cluster.spec, everyone, &[client].into(), &BTreeMap::new(), &WISHES);
    let options = Options { now: cluster.now(), deadline: Duration::from_secs(2), at_once: 8, probes: true, fail_fast: false };
    run(agenda, options, async || std::future::pending().await, |_, _| ()).await
}

#[track_caller]
fn failure(cell: &Cell) -> &Failure {
    match &cell.verdict {
        Verdict::Failed(failure) => failure,
        Verdict::Passed => panic!("passed: {cell:?}"),
    }
}

fn outcome(report: &VerifyReport, attempt: Attempt) -> &'static str {
    match &report.probes.iter().find(|probe| probe.attempt == attempt).unwrap().outcome {
        ProbeOutcome::Refused { .. } => "refused",
        ProbeOutcome::LetIn(_) => "let in",
        ProbeOutcome::Unreachable { .. } => "unreachable",
    }
}

/// What no certificate, a foreign authority, plaintext and another name came to.
fn outcomes(report: &VerifyReport) -> [&'static str; 4] {
    [Attempt::NoCertificate, Attempt::ForeignAuthority, Attempt::Plaintext, Attempt::OtherName].map(|attempt| outcome(report, attempt))
}

#[tokio::test]
async fn a_server_that_demands_certificates_refuses_every_intruder() {
    let (listener, port) = listener().await;
    let cluster = cluster(port);
    serve(listener, strict(&cluster));
    let report = verified(&cluster, &cluster.everyone()).await;
    assert_eq!(outcomes(&report), ["refused"; 4]);
    let how = |attempt| match &report.probes.iter().find(|probe| probe.attempt == attempt).unwrap().outcome {
        ProbeOutcome::Refused { how } => how.clone(),
        other => panic!("{other:?}"),
    };
    assert!(how(Attempt::NoCertificate).contains("certificate_required"), "{}", how(Attempt::NoCertificate));
    assert_eq!([outcome(&report, Attempt::OldVersion), outcome(&report, Attempt::WeakSuites)], ["refused"; 2]);
}

#[tokio::test]
async fn a_server_that_demands_no_certificate_lets_intruders_in() {
    let (listener, port) = listener().await;
    let cluster = cluster(port);
    let node = party::from_pem(&cluster.files("rabbitmq/rabbit-1")).unwrap();
    serve(listener, Manner::Tls(server::lax(&node.identity)));
    let report = verified(&cluster, &cluster.everyone()).await;
    assert_eq!(outcomes(&report), ["let in", "let in", "refused", "refused"]);
}

/// As the client of the cluster, logging in like this, where no cluster file says whom the server is to let in.
async fn verified_by_name(cluster: &Cluster, port: u16, login: Login) -> VerifyReport {
    let name = "clients/queues".to_owned();
    let visitor = party::from_pem(&cluster.files(&name)).and_then(|party| party.visitor(name.clone(), Via::Pem)).unwrap();
    let attendee = Attendee { name, via: Via::Pem, visitor: Ok(Visitor { login, ..visitor }), notes: Vec::new() };
    let place = Place { endpoint: format!("localhost:{port}").parse().unwrap(), protocol: Protocol::Amqp, vhost: None };
    let options = Options { now: cluster.now(), deadline: Duration::from_secs(2), at_once: 8, probes: true, fail_fast: false };
    run(agenda_by_name(vec![(attendee, vec![place])], &WISHES), options, async || std::future::pending().await, |_, _| ()).await
}

#[tokio::test]
async fn who_logs_in_by_certificate_is_told_of_a_server_that_does_not_even_ask_for_one() {
    let (listener, port) = listener().await;
    let cluster = cluster(port);
    let node = party::from_pem(&cluster.files("rabbitmq/rabbit-1")).unwrap();
    serve(listener, Manner::Tls(server::lax(&node.identity)));
    let report = verified_by_name(&cluster, port, Login::Certificate).await;
    assert_eq!(outcomes(&report), ["let in", "let in", "refused", "refused"]);
    let ProbeOutcome::LetIn(told) = &report.probes[0].outcome else { panic!("{report:?}") };
    let cause = format!("client certificates are not requested at localhost:{port}");
    assert_eq!((told.rule.code, &told.explanation.cause), ("lets-in-without-certificate", &cause));
    // Who has one and logs in otherwise does without it.
    let report = verified_by_name(&cluster, port, Login::Anonymous).await;
    assert!(report.probes.iter().all(|probe| !matches!(probe.attempt, Attempt::NoCertificate | Attempt::ForeignAuthority)), "{report:?}");
}

#[tokio::test]
async fn a_server_that_answers_in_plain_lets_plaintext_in() {
    for words in [START, b"AMQP\0\0\x09\x01", b"HTTP/1.1 400 Bad Request\r\n"] {
        let (listener, port) = listener().await;
        let cluster = cluster(port);
        serve(listener, Manner::Plain(words));
        let report = verified(&cluster, &cluster.everyone()).await;
        assert_eq!(outcome(&report, Attempt::Plaintext), "let in", "{words:?}");
    }
}

#[tokio::test]
async fn a_server_of_another_cluster_is_not_taken_and_has_refused_nobody() {
    let (listener, port) = listener().await;
    let [ours, other] = [cluster(port), cluster(port)];
    serve(listener, strict(&other));
    let report = verified(&ours, &ours.everyone()).await;
    assert!(matches!(failure(&report.cells[0]).evidence.fault.symptom, Symptom::ServerRefused { .. }), "{report:?}");
    assert_eq!(outcomes(&report), ["unreachable", "unreachable", "refused", "refused"]);
}

#[tokio::test]
async fn silence_is_no_refusal() {
    let (listener, port) = listener().await;
    let cluster = cluster(port);
    serve(listener, Manner::Silent);
    let report = verified(&cluster, &cluster.everyone()).await;
    assert!(matches!(failure(&report.cells[0]).evidence.fault, Fault { step: Step::Handshake, symptom: Symptom::Silence { seconds: 2 } }));
    assert_eq!(outcomes(&report), ["unreachable"; 4]);
}

#[tokio::test]
async fn a_node_that_is_down_fails_its_cells_and_its_probes() {
    let (listener, port) = listener().await;
    drop(listener);
    let cluster = cluster(port);
    let report = verified(&cluster, &cluster.everyone()).await;
    assert!(matches!(failure(&report.cells[0]).evidence.fault, Fault { step: Step::Connect, symptom: Symptom::ConnectionRefused }));
    assert_eq!(outcomes(&report), ["unreachable"; 4]);
    assert!(!report.passed());
}

#[tokio::test]
async fn whoever_has_broken_files_is_named_without_a_connection() {
    let (listener, port) = listener().await;
    let cluster = cluster(port);
    let mut everyone = cluster.everyone();
    overwrite(&mut everyone[1].1, HolderFile::Key, b"no key");
    let report = verified(&cluster, &everyone[1..]).await;
    let Symptom::File { file, .. } = &failure(&report.cells[0]).evidence.fault.symptom else { panic!("{report:?}") };
    assert_eq!(file, "clients/queues/1/tls.key");
    drop(listener);
}

#[tokio::test]
async fn a_client_that_the_server_does_not_take_hears_why() {
    let (listener, port) = listener().await;
    let [ours, other] = [cluster(port), cluster(port)];
    let node = party::from_pem(&ours.files("rabbitmq/rabbit-1")).unwrap();
    let strangers = other.trust(other.holder("rabbitmq/rabbit-1"));
    serve(listener, Manner::Tls(server::strict(&node.identity, &strangers).unwrap()));
    let report = verified(&ours, &ours.everyone()).await;
    let fault = &failure(&report.cells[0]).evidence.fault;
    assert!(matches!(fault, Fault { step: Step::Acceptance, symptom: Symptom::Alert(_) }), "{fault:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart_and_hears_no_credentials() {
    let (listener, port) = listener().await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = vec![0; 4096];
            let length = stream.read(&mut bytes).await.unwrap_or_default();
            bytes.truncate(length);
            let amqp = bytes.starts_with(b"AMQP");
            hears.lock().unwrap().push(bytes);
            let _ = stream.write_all(if amqp { START } else { b"AMQP\0\0\x09\x01" }).await;
        }
    });
    let cluster = cluster(port);
    let report = verified(&cluster, &cluster.everyone()).await;
    assert!(matches!(failure(&report.cells[0]).evidence.fault.symptom, Symptom::Plaintext { protocol: "AMQP" }), "{report:?}");
    // Handshakes (RFC 8446, 5.1), and the words that open AMQP.
    assert!(heard.lock().unwrap().iter().all(|bytes| bytes.is_empty() || bytes[0] == 22 || bytes == b"AMQP\0\0\x09\x01"));
}

#[tokio::test]
async fn amqp_goes_through_tls_and_nowhere_else() {
    let (front, port) = listener().await;
    let cluster = cluster(port);
    let (back, back_port) = listener().await;
    serve(back, strict(&cluster));
    let on_the_wire = Arc::new(Mutex::new(Vec::new()));
    // Everything that clients send passes here before TLS is taken off.
    let recorded = on_the_wire.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = front.accept().await {
            let server = TcpStream::connect(("127.0.0.1", back_port)).await.unwrap();
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
            let recorded = recorded.clone();
            tokio::spawn(async move {
                let mut bytes = vec![0; 4096];
                while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
                    recorded.lock().unwrap().extend_from_slice(&bytes[..length]);
                    let _ = to_server.write_all(&bytes[..length]).await;
                }
            });
        }
    });
    let everyone = cluster.everyone();
    let client: HolderId = cluster.holder("clients/queues").id.clone();
    let agenda = agenda_by_cluster(&cluster.spec, &everyone, &[client].into(), &BTreeMap::new(), &WISHES);
    let options = Options { now: cluster.now(), deadline: Duration::from_secs(5), at_once: 8, probes: false, fail_fast: false };
    let report = run(agenda, options, async || std::future::pending().await, |_, _| ()).await;
    assert!(report.cells[0].steps.iter().any(|taken| taken.fact.step() == Step::Acceptance), "{report:?}");
    assert!(!on_the_wire.lock().unwrap().windows(4).any(|bytes| bytes == b"AMQP"));
}

#[tokio::test]
async fn an_interruption_leaves_what_is_known() {
    let (listener, port) = listener().await;
    let cluster = cluster(port);
    serve(listener, Manner::Silent);
    let everyone = cluster.everyone();
    let client: HolderId = cluster.holder("clients/queues").id.clone();
    let agenda = agenda_by_cluster(&cluster.spec, &everyone, &[client].into(), &BTreeMap::new(), &WISHES);
    let options = Options { now: cluster.now(), deadline: Duration::from_secs(60), at_once: 8, probes: true, fail_fast: false };
    let report = run(agenda, options, async || tokio::time::sleep(Duration::from_millis(100)).await, |_, _| ()).await;
    assert_eq!((report.cells.len(), report.cut_short.as_deref()), (0, Some("interrupted")));
    assert!(!report.passed());
}
