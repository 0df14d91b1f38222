//! What a visit says inside TLS, said to real Kafka: SASL in its kinds, metadata, and messages by librdkafka.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use countersign::cluster::SaslMechanism;
use countersign::describe::Protocol;
use countersign::diagnosis::{Fact, Fault, ProbeOutcome, Side, Step, Symptom, Verdict, VerifyReport, Via};
use countersign::pki::HostPort;
use countersign::pki::{AnyKey, Certificate, Passphrase};
use countersign::verify::{self, Attendee, Options, Place, Wishes};
use countersign::visit::{
    Credential, Delivery, FewIterations, KafkaSession, Librdkafka, Login, Messenger, RoundTrip, ScratchTopics, Steward, Visitor,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use support::broker::alone;
use support::kafka::{KafkaCluster, KafkaVersion};
use support::{Workspace, free_ports};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const DEADLINE: Duration = Duration::from_secs(20);

/// One node: BROKER is SSL, EVERY and PLAIN are SASL_SSL, one with every mechanism and one with PLAIN alone.
struct Node {
    workspace: Workspace,
    ports: [u16; 3],
    _kafka: KafkaCluster,
}

impl Node {
    fn start(version: KafkaVersion) -> Self {
        let [broker, every, plain, controller] = free_ports();
        let workspace = Workspace::new("");
        workspace.rewrite(&format!(
            "
cluster: tests
subject: {{ O: Acme }}
kafka:
  version: {version}
  data: {data}
  listeners:
    BROKER: {{ port: {broker}, auth: mtls }}
    EVERY: {{ port: {every}, auth: tls }}
    PLAIN: {{ port: {plain}, auth: tls }}
    CONTROLLER: {{ port: {controller}, auth: mtls }}
  brokers: [{{ name: broker-1, host: localhost, bind: 127.0.0.1 }}]
clients: [{{ name: admin, kafka: super-user }}]
",
            version = version.text(),
            data = workspace.path("data").display(),
        ));
        workspace.ok(&["apply"]);
        let config = workspace.path("pki/kafka/broker-1/current/server.properties");
        let rendered = fs::read_to_string(&config).unwrap();
        let with_sasl = rendered.replace("EVERY:SSL,PLAIN:SSL", "EVERY:SASL_SSL,PLAIN:SASL_SSL");
        assert_ne!(rendered, with_sasl);
        let module = "org.apache.kafka.common.security";
        let jaas = |listener: &str| {
            let prefix = format!("listener.name.{listener}");
            format!(
                "{prefix}.scram-sha-256.sasl.jaas.config={module}.scram.ScramLoginModule required;
{prefix}.scram-sha-512.sasl.jaas.config={module}.scram.ScramLoginModule required;
{prefix}.plain.sasl.jaas.config={module}.plain.PlainLoginModule required user_bob=\"secret of bob\";
"
            )
        };
        let more = format!(
            "\n{}{}listener.name.every.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.plain.sasl.enabled.mechanisms=PLAIN
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
",
            jaas("every"),
            jaas("plain"),
        );
        fs::write(&config, with_sasl + &more).unwrap();
        let users = ["SCRAM-SHA-256", "SCRAM-SHA-512"].map(|mechanism| format!("{mechanism}=[name=alice,password=secret of alice]"));
        let kafka = KafkaCluster::start_nodes(version, &workspace, &[config], &["--add-scram", &users[0], "--add-scram", &users[1]]);
        Self { workspace, ports: [broker, every, plain], _kafka: kafka }
    }

    fn admin(&self, file: &str) -> Vec<u8> {
        fs::read(self.workspace.path(format!("pki/clients/admin/current/{file}"))).unwrap()
    }

    /// TLS to a port as the admin, greeted.
    async fn greet(&self, port: u16) -> KafkaSession<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&self.admin("ca.crt")).unwrap()).unwrap();
        let chain = CertificateDer::pem_slice_iter(&self.admin("tls.crt")).collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(&self.admin("tls.key")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_client_auth_cert(chain, key).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let session = KafkaSession::greet(TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()).await.unwrap();
        assert!(matches!(session.greeting(), Fact::Greeting { server, .. } if server == "Kafka"));
        session
    }

    async fn log_in(
        &self,
        port: u16,
        mechanism: SaslMechanism,
        user: &str,
        password: &str,
    ) -> Result<KafkaSession<TlsStream<TcpStream>>, Symptom> {
        let mut session = self.greet(port).await;
        match session.login(&login(mechanism, user, password), FewIterations::Refused).await {
            Ok(fact) => {
                assert!(matches!(fact, Some(Fact::Login { .. })));
                Ok(session)
            }
            Err(Fault { step: Step::Login, symptom }) => Err(symptom),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// The admin by certificate, or somebody else by password.
    fn visitor(&self, login: Login) -> Visitor {
        let key = PrivateKeyDer::from_pem_slice(&self.admin("tls.key")).unwrap();
        let key = AnyKey::from_pkcs8(key.secret_der()).unwrap();
        Visitor {
            name: "clients/admin".to_owned(),
            via: Via::Pem,
            credential: Some(Arc::new(Credential::new(Certificate::from_pem(&self.admin("tls.crt")).unwrap(), &key).unwrap())),
            anchors: Certificate::from_pem(&self.admin("ca.crt")).unwrap().into(),
            login,
            versions: Visitor::VERSIONS.to_vec(),
        }
    }

    fn librdkafka(&self, port: u16, login: Login) -> Librdkafka {
        Librdkafka::new(&self.visitor(login), &endpoint(port).to_string(), "countersign-verify", DEADLINE)
    }

    fn steward(&self, login: Login) -> Steward {
        #[allow(clippy::disallowed_methods)]
        let now = time::OffsetDateTime::now_utc();
        Steward { visitor: self.visitor(login), limit: DEADLINE, now }
    }

    fn scratch(&self, port: u16, login: Login) -> ScratchTopics {
        ScratchTopics::new(self.steward(login), vec![endpoint(port)])
    }
}

fn endpoint(port: u16) -> HostPort {
    format!("localhost:{port}").parse().unwrap()
}

async fn round_trips(client: &Librdkafka, topic: &str, partitions: &[i32], delivery: &Delivery) -> Vec<RoundTrip> {
    Messenger::InProcess.send(&client.order(topic, partitions, delivery)).await
}

fn login(mechanism: SaslMechanism, user: &str, password: &str) -> Login {
    Login::Password { mechanism, user: user.to_owned().into(), password: Passphrase::new(password.to_owned()) }
}

#[track_caller]
fn assert_came_back(trips: &[RoundTrip], in_transaction: bool) {
    for trip in trips {
        assert!(trip.result.is_ok(), "{trip:?}");
        let [produced, consumed] = trip.steps.as_slice() else { panic!("{trip:?}") };
        assert!(matches!(produced.fact, Fact::Produce { transactional, .. } if transactional == in_transaction), "{trip:?}");
        assert!(matches!(consumed.fact, Fact::Consume { .. }), "{trip:?}");
    }
}

fn spoken_to(version: KafkaVersion) {
    let _alone = alone();
    let node = Node::start(version);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        who_may_log_in(&node).await;
        metadata(&node).await;
        messages(&node).await;
        the_end_of_librdkafka(&node).await;
        a_topic_that_vanishes(&node).await;
    });
}

async fn who_may_log_in(node: &Node) {
    let [broker, every, plain] = node.ports;
    for mechanism in [SaslMechanism::ScramSha256, SaslMechanism::ScramSha512] {
        let mut session = node.log_in(every, mechanism, "alice", "secret of alice").await.unwrap();
        assert_eq!(session.metadata(&[]).await.unwrap().brokers[0].port, i32::from(every));
        for (user, password) in [("alice", "secret of bob"), ("nobody", "secret of alice")] {
            let refusal = node.log_in(every, mechanism, user, password).await.unwrap_err();
            assert!(
                matches!(&refusal, Symptom::Kafka { code: 58, message: Some(text), .. } if text.contains("uthentication failed")),
                "{refusal}"
            );
        }
    }
    let mut session = node.log_in(plain, SaslMechanism::Plain, "bob", "secret of bob").await.unwrap();
    assert_eq!(session.metadata(&[]).await.unwrap().brokers.len(), 1);
    let refusal = node.log_in(plain, SaslMechanism::Plain, "bob", "secret of alice").await.unwrap_err();
    assert_eq!(refusal.to_string(), "Kafka's error 58 SASL_AUTHENTICATION_FAILED: Authentication failed: Invalid username or password");
    let refusal = node.log_in(plain, SaslMechanism::ScramSha512, "alice", "secret of alice").await.unwrap_err();
    assert!(matches!(&refusal, Symptom::Mechanism { wanted, offered } if wanted == "SCRAM-SHA-512" && offered == &["PLAIN"]), "{refusal}");

    // SASL where none is expected, and none where it is.
    let refusal = node.log_in(broker, SaslMechanism::Plain, "bob", "secret of bob").await.unwrap_err();
    assert_eq!(refusal.to_string(), "Kafka's error 34 ILLEGAL_SASL_STATE");
    let refusal = node.greet(plain).await.metadata(&[]).await.unwrap_err();
    assert!(matches!(refusal, Fault { step: Step::Metadata, symptom: Symptom::Closed }), "{refusal:?}");
}

async fn metadata(node: &Node) {
    let [broker, every, _] = node.ports;
    let mut session = node.greet(broker).await;
    assert!(session.login(&Login::Certificate, FewIterations::Refused).await.unwrap().is_none());
    let metadata = session.metadata(&["absent"]).await.unwrap();
    assert_eq!(metadata.cluster.as_deref(), Some("cuhND_owQ4GvT4BqhUDkTA"));
    assert_eq!((metadata.brokers[0].id, metadata.brokers[0].host.as_str(), metadata.brokers[0].port), (1, "localhost", i32::from(broker)));
    let fault = metadata.topic("absent").unwrap_err();
    assert_eq!(fault.symptom.to_string(), "Kafka's error 3 UNKNOWN_TOPIC_OR_PARTITION for absent");
    // Asking did not make it, not even for one who might.
    assert_eq!(session.metadata(&["absent"]).await.unwrap().topics[0].code, 3);
    let mut alice = node.log_in(every, SaslMechanism::ScramSha256, "alice", "secret of alice").await.unwrap();
    assert_eq!(alice.metadata(&["absent"]).await.unwrap().topics[0].code, 29);
}

async fn messages(node: &Node) {
    let [broker, every, _] = node.ports;
    let admin = node.librdkafka(broker, Login::Certificate);
    let mut session = node.greet(broker).await;
    let topics = node.scratch(broker, Login::Certificate);
    let topic = topics.create("countersign-verify", &[1, 1]).await.unwrap();
    session.until_known(&topic, &[1, 1]).await.unwrap();
    session.producer_id().await.unwrap();
    let operations = session.metadata(&[&topic]).await.unwrap().topics[0].operations.unwrap();
    assert!(operations.read() && operations.write());

    assert_came_back(&round_trips(&admin, &topic, &[0, 1], &Delivery::Acknowledged).await, false);
    let transactional = Delivery::Transactional { id: "countersign-verify".to_owned() };
    assert_came_back(&round_trips(&admin, &topic, &[1, 0], &transactional).await, true);
    // In a process of its own nothing is different.
    let child = Messenger::Child(env!("CARGO_BIN_EXE_countersign").into());
    assert_came_back(&child.send(&admin.order(&topic, &[0, 1], &Delivery::Acknowledged)).await, false);

    let alice = login(SaslMechanism::ScramSha512, "alice", "secret of alice");
    for (delivery, expected) in [(Delivery::Acknowledged, 29), (transactional, 53)] {
        let order = node.librdkafka(every, alice.clone()).order(&topic, &[0], &delivery);
        for messenger in [&Messenger::InProcess, &child] {
            let Fault { step, symptom } = messenger.send(&order).await.remove(0).result.unwrap_err();
            assert_eq!((step, symptom.kafka_code()), (Step::Produce, Some(expected)), "{symptom:?}");
        }
    }
    let denied = node.scratch(every, alice);
    let fault = denied.create("countersign-verify", &[1]).await.unwrap_err();
    assert!(matches!(&fault.symptom, Symptom::Kafka { code: 29, resource: Some(topic), .. } if topic.starts_with("countersign-verify-")));
    denied.remove().await.unwrap();
    // What somebody else made stays.
    let steward = node.steward(Login::Certificate);
    let taken = steward.create_topic(&[endpoint(broker)], &topic, &[1]).await.unwrap_err();
    assert!(taken.symptom.to_string().starts_with(&format!("Kafka's error 36 TOPIC_ALREADY_EXISTS for {topic}")), "{taken:?}");

    topics.remove().await.unwrap();
    // Cancelled while it is made, a topic is removed all the same.
    let cancelled = node.scratch(broker, Login::Certificate);
    let _ = tokio::time::timeout(Duration::from_millis(30), cancelled.create("countersign-verify", &[1])).await;
    cancelled.remove().await.unwrap();
    let gone = async { while session.metadata(&[&topic]).await.unwrap().topics[0].code != 3 {} };
    tokio::time::timeout(DEADLINE, gone).await.unwrap();

    // One that is gone is known to be, long before the deadline.
    let begun = std::time::Instant::now();
    let fault = round_trips(&admin, &topic, &[0], &Delivery::Acknowledged).await.remove(0).result.unwrap_err();
    assert_eq!(fault.symptom.kafka_code(), Some(3), "{fault:?}");
    assert!(begun.elapsed() < DEADLINE / 2, "{:?}", begun.elapsed());
}

/// As the admin at the only node, with the messages sent by `messenger` through `topic`.
async fn verified(node: &Node, messenger: Messenger, topic: &str) -> VerifyReport {
    let [broker, ..] = node.ports;
    let visitor = node.visitor(Login::Certificate);
    let attendee = Attendee { name: visitor.name.clone(), via: Via::Pem, visitor: Ok(visitor), notes: Vec::new() };
    let place = Place { endpoint: endpoint(broker), protocol: Protocol::Kafka, vhost: None };
    let wishes = Wishes { topic: Some(topic.to_owned()), message: true, transactional: false, messenger };
    let agenda = verify::agenda_by_name(vec![(attendee, vec![place])], &wishes);
    let now = node.steward(Login::Certificate).now;
    let options = Options { now, deadline: DEADLINE, at_once: 8, probes: true, fail_fast: false };
    verify::run(agenda, options, async || std::future::pending().await, |_, _| ()).await
}

/// Ended here by a program that ends at once, as a broker's answer would end it.
async fn the_end_of_librdkafka(node: &Node) {
    let report = verified(node, Messenger::Child("/bin/false".into()), "countersign-verify").await;
    let [cell] = report.cells.as_slice() else { panic!("{report:?}") };
    let Verdict::Failed(failure) = &cell.verdict else { panic!("{report:?}") };
    assert_eq!((failure.diagnosis.rule.code, failure.diagnosis.explanation.side), ("librdkafka-ended", Side::Unknown));
    assert!(cell.steps.iter().any(|taken| matches!(taken.fact, Fact::Metadata { .. })), "{cell:?}");
    assert!(!report.probes.is_empty() && report.probes.iter().all(|probe| matches!(probe.outcome, ProbeOutcome::Refused { .. })));
}

/// Somebody else removes the topic, sooner or later after it was found: it is begun again, and nobody is blamed.
async fn a_topic_that_vanishes(node: &Node) {
    let [broker, ..] = node.ports;
    let (steward, brokers) = (node.steward(Login::Certificate), [endpoint(broker)]);
    for after in [0, 10, 20, 40, 80, 160, 320].map(Duration::from_millis) {
        steward.create_topic(&brokers, "fleeting", &[1]).await.unwrap();
        steward.until_known(&brokers[0], "fleeting", &[1]).await.unwrap();
        let removed = async {
            tokio::time::sleep(after).await;
            steward.delete_topic(&brokers, "fleeting").await.unwrap();
        };
        let (report, ()) = tokio::join!(verified(node, Messenger::InProcess, "fleeting"), removed);
        assert!(report.passed(), "{after:?}: {report:?}");
    }
}

#[test]
fn kafka_3_9_is_spoken_to_inside_tls() {
    spoken_to(KafkaVersion::V3_9);
}

#[test]
fn kafka_4_3_is_spoken_to_inside_tls() {
    spoken_to(KafkaVersion::V4_3);
}
