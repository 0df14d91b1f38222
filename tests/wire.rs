//! What a visit says inside TLS, said to real Kafka: SASL in its kinds, metadata, and messages by librdkafka.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use countersign::cluster::SaslMechanism;
use countersign::diagnosis::{Fact, Fault, Step, Symptom, Via};
use countersign::pki::{AnyKey, Certificate, Passphrase};
use countersign::visit::{Credential, Delivery, FewIterations, KafkaSession, Librdkafka, Login, RoundTrip, ScratchTopic, Visitor};
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

    /// librdkafka as the admin by certificate, or as somebody else by password.
    fn librdkafka(&self, port: u16, login: Login) -> Librdkafka {
        let key = PrivateKeyDer::from_pem_slice(&self.admin("tls.key")).unwrap();
        let key = AnyKey::from_pkcs8(key.secret_der()).unwrap();
        let visitor = Visitor {
            name: "clients/admin".to_owned(),
            via: Via::Pem,
            credential: Some(Arc::new(Credential::new(Certificate::from_pem(&self.admin("tls.crt")).unwrap(), &key).unwrap())),
            anchors: Certificate::from_pem(&self.admin("ca.crt")).unwrap().into(),
            login,
            versions: Visitor::VERSIONS.to_vec(),
        };
        Librdkafka::new(&visitor, &format!("localhost:{port}"), "countersign-verify", DEADLINE)
    }
}

fn login(mechanism: SaslMechanism, user: &str, password: &str) -> Login {
    Login::Password { mechanism, user: user.to_owned(), password: Passphrase::new(password.to_owned()) }
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
    let topic = ScratchTopic::new(&admin, "countersign-verify-1").unwrap();
    topic.create(&[1, 1]).await.unwrap();
    session.until_known(topic.name(), &[1, 1]).await.unwrap();
    session.producer_id().await.unwrap();
    let operations = session.metadata(&[topic.name()]).await.unwrap().topics[0].operations.unwrap();
    assert!(operations.read() && operations.write());

    assert_came_back(&admin.round_trips(topic.name(), &[0, 1], &Delivery::Acknowledged).await, false);
    let transactional = Delivery::Transactional { id: "countersign-verify".to_owned() };
    assert_came_back(&admin.round_trips(topic.name(), &[1, 0], &transactional).await, true);

    let alice = node.librdkafka(every, login(SaslMechanism::ScramSha512, "alice", "secret of alice"));
    for (delivery, expected) in [(Delivery::Acknowledged, 29), (transactional, 53)] {
        let Fault { step, symptom } = alice.round_trips(topic.name(), &[0], &delivery).await.remove(0).result.unwrap_err();
        assert_eq!(step, Step::Produce);
        assert!(matches!(&symptom, Symptom::Kafka { code, .. } if *code == expected), "{symptom:?}");
    }
    let denied = ScratchTopic::new(&alice, "countersign-verify-2").unwrap();
    let fault = denied.create(&[1]).await.unwrap_err();
    assert!(matches!(&fault.symptom, Symptom::Kafka { code: 29, resource: Some(topic), .. } if topic == denied.name()), "{fault:?}");
    denied.remove().await.unwrap();
    // What somebody else made stays.
    let another = ScratchTopic::new(&admin, topic.name()).unwrap();
    assert_eq!(
        another.create(&[1]).await.unwrap_err().symptom.to_string(),
        "Kafka's error 36 TOPIC_ALREADY_EXISTS for countersign-verify-1"
    );
    another.remove().await.unwrap();
    assert_eq!(session.metadata(&[topic.name()]).await.unwrap().topics[0].code, 0);

    topic.remove().await.unwrap();
    // Cancelled while it is made, a topic is removed all the same.
    let cancelled = ScratchTopic::new(&admin, "countersign-verify-3").unwrap();
    let _ = tokio::time::timeout(Duration::from_millis(30), cancelled.create(&[1])).await;
    cancelled.remove().await.unwrap();
    for topic in ["countersign-verify-1", "countersign-verify-3"] {
        tokio::time::timeout(DEADLINE, async { while session.metadata(&[topic]).await.unwrap().topics[0].code != 3 {} }).await.unwrap();
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
