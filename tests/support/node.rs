//! One node of Kafka with many listeners, each configured in a way of its own, and ways to miss them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use serde_json::Value;

use super::Workspace;
use super::client::Client;
use super::kafka::{KafkaCluster, KafkaVersion};
use super::proxy::{BlackHole, closed_port, silent, stalling};

/// A listener: its name, its protocol, and what is another way than with the rest.
pub type Listener = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Where a client goes.
#[derive(Debug, Clone, Copy)]
pub enum At {
    Listener(&'static str),
    /// The listener by another name for this machine.
    Named(&'static str, &'static str),
    /// Nobody listens there.
    Closed,
    /// Packets are dropped.
    BlackHole,
    /// Connections are taken, and nothing is ever said.
    Silent,
    /// The listener, which is never heard again after the handshake.
    Stalling(&'static str),
    /// A name that nobody has.
    Nowhere,
}

/// The node. `broker.pem` and `root.pem` in its workspace are the stores of every listener that names no others; `admin.pem` may do
/// everything, and so may whoever logs in by password.
pub struct Node {
    pub workspace: Workspace,
    kafka: KafkaCluster,
    ports: BTreeMap<&'static str, u16>,
    black_hole: BlackHole,
}

/// Users, by mechanism.
pub struct Users {
    pub scram: &'static str,
    pub plain: &'static str,
    pub password: &'static str,
}

impl Node {
    /// `ports` are as many as there are listeners, and one for the controller.
    pub fn start(version: KafkaVersion, workspace: Workspace, listeners: &[Listener], ports: &[u16], users: &Users) -> Self {
        let [controller, ports @ ..] = ports else { panic!("a port for the controller") };
        let ports: BTreeMap<_, _> = listeners.iter().map(|(name, ..)| *name).zip(ports.iter().copied()).collect();
        assert_eq!(ports.len(), listeners.len());
        let config = workspace.path("server.properties");
        fs::write(&config, server_properties(&workspace, *controller, listeners, &ports, users)).unwrap();
        let Users { scram, password, .. } = users;
        let users = ["SCRAM-SHA-256", "SCRAM-SHA-512"]
            .map(|mechanism| ["--add-scram".to_owned(), format!("{mechanism}=[name={scram},password={password}]")])
            .concat();
        let storage: Vec<&str> = users.iter().map(String::as_str).collect();
        let kafka = KafkaCluster::start_nodes(version, &workspace, &[config], &storage);
        Self { workspace, kafka, ports, black_hole: BlackHole::new() }
    }

    pub fn make_topic(&self, admin: &Client, topic: &str) {
        let config = admin.librdkafka(&self.directory(), &self.bootstrap("MUTUAL")).unwrap();
        self.kafka.make_topic(&config, topic, 1);
    }

    /// Lets `client` do one thing with topics, of which the first is there.
    pub fn allow(&self, admin: &Client, client: &Client, principal: &str, operation: &str, topics: &[&str]) {
        let bootstrap = self.bootstrap("MUTUAL");
        let config = admin.write(&self.directory(), "acls.properties").display().to_string();
        let allow = ["--add", "--allow-principal", principal, "--operation", operation];
        let topics_of = topics.iter().flat_map(|topic| ["--topic", topic]).collect::<Vec<_>>();
        self.kafka.acls(&[&["--bootstrap-server", &bootstrap, "--command-config", &config][..], &allow, &topics_of].concat());
        // The broker learns of the ACL a moment after the controller has it.
        let consumer: BaseConsumer = client.librdkafka(&self.directory(), &bootstrap).unwrap().create().unwrap();
        let until = Instant::now() + Duration::from_secs(30);
        while consumer.fetch_metadata(Some(topics[0]), Duration::from_secs(10)).unwrap().topics()[0].error().is_some() {
            assert!(Instant::now() < until, "the ACL does not come into force");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn directory(&self) -> PathBuf {
        self.workspace.path("")
    }

    pub fn port(&self, listener: &str) -> u16 {
        self.ports[listener]
    }

    pub fn bootstrap(&self, listener: &str) -> String {
        format!("localhost:{}", self.port(listener))
    }

    /// Host and port.
    pub fn address(&self, at: At) -> (&'static str, u16) {
        match at {
            At::Listener(listener) => ("localhost", self.port(listener)),
            At::Named(host, listener) => (host, self.port(listener)),
            At::Closed => ("localhost", closed_port()),
            At::BlackHole => ("127.0.0.1", self.black_hole.port),
            At::Silent => ("localhost", silent()),
            At::Stalling(listener) => ("localhost", stalling(self.port(listener))),
            At::Nowhere => ("broker.invalid", 9093),
        }
    }

    /// What `verify` reports of this client there, by JSON, and with which code it ends.
    pub fn verify(&self, client: &Client, to: &str, arguments: &[&str]) -> (i32, Value) {
        verify(&self.workspace, client, to, arguments)
    }
}

/// Runs `verify` as this client.
pub fn verify(workspace: &Workspace, client: &Client, to: &str, arguments: &[&str]) -> (i32, Value) {
    static CLIENTS: AtomicUsize = AtomicUsize::new(0);
    let file = client.write(&workspace.path(""), &format!("client-{}.properties", CLIENTS.fetch_add(1, Ordering::Relaxed)));
    let file = file.display().to_string();
    let ran = workspace.run(&[&["verify", "--as", &file, "--kafka", to, "--format", "json"], arguments].concat());
    let report = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr));
    (ran.code, report)
}

fn server_properties(workspace: &Workspace, controller: u16, listeners: &[Listener], ports: &BTreeMap<&str, u16>, users: &Users) -> String {
    let joined = |each: &dyn Fn(&str, &str) -> String| {
        listeners.iter().map(|(name, protocol, _)| each(name, protocol)).collect::<Vec<_>>().join(",")
    };
    let path = |file: &str| workspace.path(file).display().to_string();
    let Users { scram, plain, password } = users;
    let mut text = format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@localhost:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=MUTUAL
listeners=CONTROLLER://127.0.0.1:{controller},{listening}
advertised.listeners={advertised}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,{protocols}
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
ssl.client.auth=required
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:CN=broker-1;User:CN=admin;User:{scram};User:{plain};User:ANONYMOUS
auto.create.topics.enable=false
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
",
        listening = joined(&|name, _| format!("{name}://127.0.0.1:{}", ports[name])),
        advertised = joined(&|name, _| format!("{name}://localhost:{}", ports[name])),
        protocols = joined(&|name, protocol| format!("{name}:{protocol}")),
        keystore = path("broker.pem"),
        truststore = path("root.pem"),
        data = path("data"),
    );
    for (name, protocol, changes) in listeners {
        let prefix = format!("listener.name.{}", name.to_lowercase());
        for (key, value) in *changes {
            let value = if key.ends_with(".location") { path(value) } else { (*value).to_owned() };
            writeln!(text, "{prefix}.{key}={value}").unwrap();
        }
        if *protocol == "SASL_SSL" {
            let module = "org.apache.kafka.common.security";
            for mechanism in ["scram-sha-256", "scram-sha-512"] {
                writeln!(text, "{prefix}.{mechanism}.sasl.jaas.config={module}.scram.ScramLoginModule required;").unwrap();
            }
            writeln!(text, "{prefix}.plain.sasl.jaas.config={module}.plain.PlainLoginModule required user_{plain}=\"{password}\";")
                .unwrap();
        }
    }
    text
}
