//! Real Kafka with something broken at a time: `verify` names the cause, the side and the certificate of each.
//!
//! One broker has many listeners, each broken in a way of its own, and one that is as it should be, for clients that are broken
//! themselves. With `COUNTERSIGN_REWRITE=1` the other clients are asked too, and `docs/faults-kafka.md` is written anew.

#![allow(clippy::disallowed_methods)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use support::broker::alone;
use support::certificates::{Authority, ENDED, FOR_CLIENTS, FOR_SERVERS, Leaf, NOT_BEGUN, NOTHING, OF_ANOTHER_NAME};
use support::client::Client;
use support::faults::{Diagnosis, Page, Row, Told, redacted};
use support::kafka::{KafkaCluster, KafkaVersion, librdkafka};
use support::node::{At, Listener, Node, Users};
use support::proxy::closed_port;
use support::{Workspace, free_ports, others, program};

const PAGE: Page = Page {
    path: "docs/faults-kafka.md",
    introduction: "# Faults of Kafka, and who says what\n\n\
        Each was made with a real broker (Kafka 4.3.1, Java 17). librdkafka (2.12.1) was asked for metadata and, where a topic is part of \
        the fault, for a message there and back; it tries again for ever, so its first complaint within 4 s is given. `openssl s_client` \
        (3.0) was given the same files and the name to check; it sees TLS alone. countersign is `countersign verify`.",
    others: &["librdkafka", "openssl s_client"],
};

/// What clients trust, and show, where nothing else is said.
const ROOT: &str = "root.pem";
const ADMIN: &str = "admin.pem";

/// The listeners of the broker, and what is not as it should be.
const LISTENERS: &[Listener] = &[
    // As it should be: TLS 1.3 and 1.2, the broker's chain complete, a client certificate required.
    ("MUTUAL", "SSL", &[]),
    // The broker's keystore.
    ("LEAF_ALONE", "SSL", &[("ssl.keystore.location", "broker-alone.pem")]),
    ("ENDED", "SSL", &[("ssl.keystore.location", "broker-ended.pem")]),
    ("NOT_BEGUN", "SSL", &[("ssl.keystore.location", "broker-not-begun.pem")]),
    ("OTHER_NAME", "SSL", &[("ssl.keystore.location", "broker-other-name.pem")]),
    ("FOR_CLIENTS", "SSL", &[("ssl.keystore.location", "broker-for-clients.pem")]),
    ("BY_ITSELF", "SSL", &[("ssl.keystore.location", "broker-by-itself.pem")]),
    ("AUTHORITY_ENDED", "SSL", &[("ssl.keystore.location", "broker-authority-ended.pem")]),
    ("ROLLED", "SSL", &[("ssl.keystore.location", "broker-rolled.pem")]),
    ("OTHER_KEY", "SSL", &[("ssl.keystore.location", "broker-other-key.pem")]),
    (
        "NO_KEY",
        "SSL",
        &[("ssl.keystore.type", "PKCS12"), ("ssl.keystore.location", "untrusted.p12"), ("ssl.keystore.password", "changeit")],
    ),
    // Whom the broker takes.
    ("STRANGERS", "SSL", &[("ssl.truststore.location", "stranger-root.pem")]),
    ("REQUESTED", "SSL", &[("ssl.client.auth", "requested")]),
    ("ANYONE", "SSL", &[("ssl.client.auth", "none")]),
    // How it speaks.
    ("TLS_13", "SSL", &[("ssl.enabled.protocols", "TLSv1.3")]),
    ("TLS_12", "SSL", &[("ssl.enabled.protocols", "TLSv1.2")]),
    ("CBC", "SSL", &[("ssl.enabled.protocols", "TLSv1.2"), ("ssl.cipher.suites", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256")]),
    ("PLAINTEXT", "PLAINTEXT", &[]),
    // Who logs in by name and password.
    ("PASSWORD", "SASL_SSL", &[("ssl.client.auth", "none"), ("sasl.enabled.mechanisms", "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN")]),
    ("SCRAM", "SASL_SSL", &[("ssl.client.auth", "none"), ("sasl.enabled.mechanisms", "SCRAM-SHA-512")]),
];

const PASSWORD: &str = "correct-horse-battery";

const USERS: Users = Users { scram: "alice", plain: "bob", password: PASSWORD };

/// Every file that a broker or a client is configured with, `name` → text.
fn certificates() -> BTreeMap<&'static str, String> {
    let root = Authority::root("root");
    let issuing = root.below("issuing", NOTHING);
    let stranger_root = Authority::root("stranger root");
    let stranger = stranger_root.below("stranger issuing", NOTHING);
    // The authority rolled: the same names, other keys.
    let next_root = Authority::root("root");
    let next_issuing = next_root.below("issuing", NOTHING);
    let broker = |change| issuing.leaf("broker-1", change);
    let client = |name, change| issuing.leaf(name, change).keystore();
    let good = issuing.leaf("admin", NOTHING);
    BTreeMap::from([
        (ROOT, root.pem()),
        ("next-root.pem", next_root.pem()),
        ("stranger-root.pem", stranger_root.pem()),
        ("empty.pem", String::new()),
        ("broker.pem", broker(NOTHING).keystore()),
        ("broker-alone.pem", {
            let leaf = broker(NOTHING);
            leaf.key + &leaf.certificate
        }),
        ("broker-ended.pem", broker(ENDED).keystore()),
        ("broker-not-begun.pem", broker(NOT_BEGUN).keystore()),
        ("broker-other-name.pem", broker(OF_ANOTHER_NAME).keystore()),
        ("broker-for-clients.pem", broker(FOR_CLIENTS).keystore()),
        ("broker-by-itself.pem", Leaf::signed_by_itself("broker-1").keystore()),
        ("broker-authority-ended.pem", root.below("issuing of last year", ENDED).leaf("broker-1", NOTHING).keystore()),
        ("broker-rolled.pem", next_issuing.leaf("broker-1", NOTHING).keystore()),
        ("broker-other-key.pem", broker(NOTHING).key + &broker(NOTHING).chain()),
        ("admin-alone.pem", format!("{}{}", good.key, good.certificate)),
        ("admin-other-key.pem", format!("{}{}", issuing.leaf("other", NOTHING).key, good.chain())),
        ("admin-without-key.pem", good.chain()),
        (ADMIN, good.keystore()),
        ("ended.pem", client("late", ENDED)),
        ("not-begun.pem", client("early", NOT_BEGUN)),
        ("for-servers.pem", client("server", FOR_SERVERS)),
        ("by-itself.pem", Leaf::signed_by_itself("admin").keystore()),
        ("rogue.pem", next_issuing.leaf("admin", NOTHING).keystore()),
        ("stranger.pem", stranger.leaf("stranger", NOTHING).keystore()),
        ("stranger-of-root.pem", stranger_root.leaf("stranger", NOTHING).keystore()),
        ("nobody.pem", client("nobody", NOTHING)),
        ("reader.pem", client("reader", NOTHING)),
        ("writer.pem", client("writer", NOTHING)),
    ])
}

/// One thing that is broken.
struct Fault {
    name: &'static str,
    at: At,
    client: Client,
    topic: Option<&'static str>,
    arguments: &'static [&'static str],
    expected: Diagnosis,
}

/// Where nothing else is said: a client as it should be, at the listener that is as it should be.
fn fault(name: &'static str) -> Fault {
    let expected = Diagnosis { code: String::new(), side: String::new(), certificate: None };
    Fault { name, at: At::Listener("MUTUAL"), client: good_client(), topic: None, arguments: &[], expected }
}

fn good_client() -> Client {
    Client::with_certificate(ADMIN, ROOT)
}

impl Fault {
    fn at(self, listener: &'static str) -> Self {
        self.reached(At::Listener(listener))
    }

    fn reached(self, at: At) -> Self {
        Self { at, ..self }
    }

    fn showing(self, keystore: &str) -> Self {
        self.with("ssl.keystore.location", keystore)
    }

    fn trusting(self, truststore: &str) -> Self {
        self.with("ssl.truststore.location", truststore)
    }

    fn with(self, key: &'static str, value: &str) -> Self {
        Self { client: self.client.with(key, value), ..self }
    }

    fn without_certificate(self) -> Self {
        Self { client: self.client.without_certificate(), ..self }
    }

    fn logging_in(self, mechanism: &str, user: &str, password: &str) -> Self {
        Self { client: self.client.logging_in(mechanism, user, password), ..self }
    }

    fn topic(self, topic: &'static str) -> Self {
        Self { topic: Some(topic), ..self }
    }

    /// More of the command line.
    fn run(self, arguments: &'static [&'static str]) -> Self {
        Self { arguments, ..self }
    }

    fn is(self, code: &str, side: &str) -> Self {
        Self { expected: Diagnosis { code: code.to_owned(), side: side.to_owned(), certificate: None }, ..self }
    }

    /// This certificate is to blame.
    fn of(mut self, subject: &str) -> Self {
        self.expected.certificate = Some(subject.to_owned());
        self
    }
}

fn faults() -> Vec<Fault> {
    vec![
        // The broker's certificate.
        fault("the broker sends its leaf without the intermediate")
            .at("LEAF_ALONE")
            .is("server-chain-incomplete", "broker")
            .of("CN=broker-1"),
        fault("the broker's certificate has ended").at("ENDED").is("server-expired", "broker").of("CN=broker-1"),
        fault("the broker's certificate is not yet valid").at("NOT_BEGUN").is("server-not-yet-valid", "broker").of("CN=broker-1"),
        fault("the broker's issuing authority has ended")
            .at("AUTHORITY_ENDED")
            .is("server-authority-expired", "broker")
            .of("CN=issuing of last year"),
        fault("the broker's certificate has another name").at("OTHER_NAME").is("server-name-mismatch", "broker").of("CN=broker-1"),
        fault("the broker is reached by an address that its certificate does not have")
            .reached(At::Named("127.0.0.1", "MUTUAL"))
            .is("server-name-mismatch", "broker")
            .of("CN=broker-1"),
        fault("the broker's certificate is for clients alone").at("FOR_CLIENTS").is("server-wrong-usage", "broker").of("CN=broker-1"),
        fault("the broker's certificate is signed by itself").at("BY_ITSELF").is("server-self-signed", "broker").of("CN=broker-1"),
        fault("the client trusts another authority").trusting("stranger-root.pem").is("server-issuer-unknown", "client").of("CN=broker-1"),
        fault("the authority was rolled for the broker alone: same names, other keys")
            .at("ROLLED")
            .is("server-issuer-unknown", "client")
            .of("CN=broker-1"),
        fault("the broker's key belongs to another certificate").at("OTHER_KEY").is("server-key-mismatch", "broker").of("CN=broker-1"),
        fault("the broker's keystore holds no key").at("NO_KEY").is("broker-without-key", "broker"),
        // The client's certificate, in the eyes of the broker.
        fault("the client shows no certificate").without_certificate().is("client-certificate-missing", "client"),
        fault("the client sends its leaf without the intermediate")
            .showing("admin-alone.pem")
            .is("client-chain-incomplete", "client")
            .of("CN=admin"),
        fault("the client's certificate has ended").showing("ended.pem").is("client-expired", "client").of("CN=late"),
        fault("the client's certificate is not yet valid").showing("not-begun.pem").is("client-not-yet-valid", "client").of("CN=early"),
        fault("the client's certificate is for servers alone")
            .showing("for-servers.pem")
            .is("client-wrong-usage", "client")
            .of("CN=server"),
        fault("the client's certificate is signed by itself").showing("by-itself.pem").is("client-self-signed", "client").of("CN=admin"),
        fault("a rogue client: all names are right, the authority's key is another one")
            .showing("rogue.pem")
            .is("client-issuer-unknown", "client")
            .of("CN=admin"),
        fault("the client's certificate is of an authority that the broker never knew")
            .showing("stranger.pem")
            .is("client-issuer-unknown", "client")
            .of("CN=stranger"),
        fault("the client's certificate is of an authority that the broker never knew, directly below the root")
            .showing("stranger-of-root.pem")
            .is("client-issuer-unknown", "client")
            .of("CN=stranger"),
        fault("the broker's truststore holds another authority").at("STRANGERS").is("client-issuer-unknown", "broker").of("CN=admin"),
        // The client's files.
        fault("the client's key belongs to another certificate").showing("admin-other-key.pem").is("key-mismatch", "client").of("CN=admin"),
        fault("the client's keystore holds no key").showing("admin-without-key.pem").is("no-key", "client"),
        fault("the client's key is encrypted, and no password is given").showing("admin-locked.pem").is("key-locked", "client"),
        fault("the password of the client's keystore is another one")
            .with("ssl.keystore.type", "PKCS12")
            .showing("admin.p12")
            .with("ssl.keystore.password", "wrong")
            .is("file-password-wrong", "client"),
        fault("the client's truststore is an empty file").trusting("empty.pem").is("no-anchors", "client"),
        fault("the client's truststore holds no entry that Java trusts")
            .with("ssl.truststore.type", "PKCS12")
            .with("ssl.truststore.password", "changeit")
            .trusting("untrusted.p12")
            .is("no-anchors", "client"),
        fault("the client's keystore is not there").showing("nowhere.pem").is("file-unreadable", "client"),
        // TLS.
        fault("a plaintext port is spoken to in TLS").at("PLAINTEXT").is("plaintext-port", "broker"),
        fault("a TLS port is spoken to in plaintext").with("security.protocol", "PLAINTEXT").is("client-in-plaintext", "client"),
        fault("the broker speaks TLS 1.3 alone, the client TLS 1.2 alone")
            .at("TLS_13")
            .with("ssl.enabled.protocols", "TLSv1.2")
            .is("version-mismatch", "client"),
        fault("the broker speaks TLS 1.2 alone, the client TLS 1.3 alone")
            .at("TLS_12")
            .with("ssl.enabled.protocols", "TLSv1.3")
            .is("version-mismatch", "client"),
        fault("the broker has only a cipher suite of CBC").at("CBC").is("suite-mismatch", "broker"),
        // The network.
        fault("the broker is down").reached(At::Closed).is("connection-refused", "broker"),
        fault("a firewall drops what is sent to the broker").reached(At::BlackHole).run(&["--deadline", "1s"]).is("no-answer", "network"),
        fault("the broker's name is unknown").reached(At::Nowhere).is("name-unknown", "network"),
        fault("the broker takes connections and says nothing").reached(At::Silent).run(&["--deadline", "1s"]).is("tls-silence", "broker"),
        fault("the broker says nothing after the handshake")
            .reached(At::Stalling("MUTUAL"))
            .run(&["--deadline", "3s"])
            .is("broker-slow", "broker"),
        // The login.
        fault("the password is wrong (SCRAM)")
            .at("PASSWORD")
            .logging_in("SCRAM-SHA-512", "alice", "wrong-horse")
            .is("login-refused", "client"),
        fault("the password is wrong (PLAIN)").at("PASSWORD").logging_in("PLAIN", "bob", "wrong-horse").is("login-refused", "client"),
        fault("the user is unknown").at("PASSWORD").logging_in("SCRAM-SHA-256", "mallory", PASSWORD).is("login-refused", "client"),
        fault("the mechanism is not enabled").at("SCRAM").logging_in("PLAIN", "bob", PASSWORD).is("sasl-mechanism-missing", "client"),
        fault("a client with a password at a listener without SASL")
            .at("ANYONE")
            .logging_in("SCRAM-SHA-512", "alice", PASSWORD)
            .is("sasl-not-expected", "client"),
        fault("a client without a password at a listener with SASL").at("PASSWORD").is("sasl-expected", "client"),
        // What the client may do.
        fault("the client may do nothing with the topic").showing("nobody.pem").topic("ledger").is("topic-not-authorized", "broker"),
        fault("the client may read the topic and not write to it")
            .showing("reader.pem")
            .topic("ledger")
            .is("topic-not-authorized", "broker"),
        fault("the client may write to the topic and not read it")
            .showing("writer.pem")
            .topic("ledger")
            .is("topic-not-authorized", "broker"),
        fault("the client may not write in a transaction")
            .showing("writer.pem")
            .topic("ledger")
            .run(&["--transactional"])
            .is("transactional-id-not-authorized", "broker"),
        fault("the topic is not there, and the client may not make it").showing("writer.pem").topic("absent").is("topic-missing", "broker"),
    ]
}

/// Listeners that work, and let in whom they should not: the probe says so.
fn too_open() -> Vec<Fault> {
    vec![
        fault("client certificates are requested and not required").at("REQUESTED").is("lets-in-without-certificate", "broker"),
        fault("client certificates are not even requested").at("ANYONE").is("lets-in-without-certificate", "broker"),
    ]
}

fn start(version: KafkaVersion) -> Node {
    let workspace = Workspace::new("");
    for (name, text) in certificates() {
        fs::write(workspace.path(name), text).unwrap();
    }
    for command in [
        "openssl pkcs12 -export -in admin.pem -out admin.p12 -passout pass:changeit",
        "openssl pkcs12 -export -nokeys -in root.pem -out untrusted.p12 -passout pass:changeit",
        "openssl pkcs8 -topk8 -in admin.pem -out admin-locked.key -passout pass:changeit",
    ] {
        let mut words = command.split(' ');
        program(Command::new(words.next().unwrap()).args(words).current_dir(workspace.path("")));
    }
    let locked = workspace.read("admin-locked.key") + &workspace.read("admin-without-key.pem");
    fs::write(workspace.path("admin-locked.pem"), locked).unwrap();
    let node = Node::start(version, workspace, LISTENERS, &free_ports::<{ LISTENERS.len() + 1 }>(), &USERS);
    node.make_topic(&good_client(), "ledger");
    for (client, principal, operation, topics) in
        [("writer.pem", "User:CN=writer", "Write", &["ledger", "absent"][..]), ("reader.pem", "User:CN=reader", "Read", &["ledger"])]
    {
        node.allow(&good_client(), &Client::with_certificate(client, ROOT), principal, operation, topics);
    }
    node
}

/// What `verify` makes of a fault; an error is what it did instead.
fn told(node: &Node, fault: &Fault) -> Result<Told, String> {
    let (host, port) = node.address(fault.at);
    let topic = fault.topic.map_or(vec![], |topic| vec!["--topic", topic]);
    let arguments = [&["--no-probes"], fault.arguments, &topic].concat();
    let (code, report) = node.verify(&fault.client, &format!("{host}:{port}"), &arguments);
    let failed: Vec<&Value> = report["cells"].as_array().unwrap().iter().filter(|cell| cell["verdict"] == "failed").collect();
    match failed[..] {
        [failed] if code == 4 => Ok(Told::read(failed)),
        _ => Err(format!("exit {code}: {report:#}")),
    }
}

/// What the probes say of a listener at which the client itself has no trouble.
fn let_in(node: &Node, fault: &Fault) -> Result<Told, String> {
    let (host, port) = node.address(fault.at);
    let (code, report) = node.verify(&fault.client, &format!("{host}:{port}"), &["--no-message"]);
    let passed = report["cells"].as_array().unwrap().iter().all(|cell| cell["verdict"] == "passed");
    let probes = report["probes"].as_array().unwrap();
    match probes.iter().find(|probe| probe["outcome"] == "let-in" && probe["code"] == *fault.expected.code) {
        Some(probe) if code == 4 && passed => Ok(Told::read(probe)),
        _ => Err(format!("exit {code}: {report:#}")),
    }
}

/// The other clients, in the order of the page.
fn what_others_say(node: &Node, fault: &Fault) -> Vec<String> {
    let (host, port) = node.address(fault.at);
    let directory = node.directory();
    let librdkafka = match fault.client.librdkafka(&directory, &format!("{host}:{port}")) {
        Ok(mut config) => {
            if fault.arguments.contains(&"--transactional") {
                config.set("transactional.id", "others");
            }
            others::librdkafka(&config, fault.topic)
        }
        Err(missing) => format!("not asked: it has no {missing}"),
    };
    let openssl = match fault.client.openssl(&directory, host, port) {
        Some(command) => others::openssl(command),
        None => "not asked: it speaks TLS alone".to_owned(),
    };
    vec![librdkafka, openssl]
}

/// Asks of each fault, some at a time.
fn each<T: Send>(faults: &[Fault], ask: impl Fn(&Fault) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<Option<T>>> = Mutex::new(faults.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some((index, fault)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, faults.get(i)?))) {
                    let answer = ask(fault);
                    answers.lock().unwrap()[index] = Some(answer);
                }
            });
        }
    });
    answers.into_inner().unwrap().into_iter().map(Option::unwrap).collect()
}

/// Every fault is named right: the rows of the page.
fn named_right(node: &Node, faults: &[Fault], ask: impl Fn(&Node, &Fault) -> Result<Told, String> + Sync) -> Vec<Row> {
    let mut wrong = String::new();
    let mut rows = Vec::new();
    for (fault, told) in faults.iter().zip(each(faults, |fault| ask(node, fault))) {
        match told {
            Ok(told) if told.diagnosis == fault.expected && !told.cause.is_empty() && !told.fix.is_empty() => {
                rows.push(Row { fault: fault.name, others: Vec::new(), told: told.redacted(&node.directory()) });
            }
            other => wrong += &format!("\n{}: expected {:?}, not {other:#?}\n", fault.name, fault.expected),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    rows
}

/// Likewise, with what the other clients say where the page is written anew.
fn compared(node: &Node, faults: &[Fault], ask: impl Fn(&Node, &Fault) -> Result<Told, String> + Sync) -> Vec<Row> {
    let mut rows = named_right(node, faults, ask);
    if PAGE.is_rewritten() {
        for (row, said) in rows.iter_mut().zip(each(faults, |fault| what_others_say(node, fault))) {
            row.others = said.iter().map(|said| redacted(said, &node.directory())).collect();
        }
    }
    rows
}

/// Three brokers, of which the second advertises at each listener something that no client can use.
fn one_of_three_brokers_is_advertised_wrong(version: KafkaVersion) -> Vec<Row> {
    const FAULTS: [(&str, &str, Option<&str>); 3] = [
        ("one of three brokers is advertised by an address that is not in its certificate", "ADDRESS", Some("CN=node-2,O=Acme")),
        ("one of three brokers is advertised by a name that nobody knows", "NAME", None),
        ("one of three brokers is advertised at a port where nobody listens", "PORT", None),
    ];
    let workspace = Workspace::new("");
    let ports = free_ports::<15>();
    let node = |index: usize| {
        let [broker, address, name, port, controller] = ports[5 * index..5 * index + 5] else { unreachable!() };
        format!(
            "    - {{ name: node-{}, host: localhost, bind: 127.0.0.1, roles: [broker, controller], data: {}, ports: {{ BROKER: {broker}, \
             ADDRESS: {address}, NAME: {name}, PORT: {port}, CONTROLLER: {controller} }} }}\n",
            index + 1,
            workspace.path(format!("data-{index}")).display(),
        )
    };
    workspace.rewrite(&format!(
        "cluster: tests
subject: {{ O: Acme }}
kafka:
  version: {version}
  listeners:
    BROKER: {{ port: 9093, auth: mtls }}
    ADDRESS: {{ port: 9094, auth: mtls }}
    NAME: {{ port: 9095, auth: mtls }}
    PORT: {{ port: 9096, auth: mtls }}
    CONTROLLER: {{ port: 9097, auth: mtls }}
  brokers:
{}{}{}clients:
  - {{ name: admin, kafka: super-user }}
",
        node(0),
        node(1),
        node(2),
        version = version.text(),
    ));
    workspace.ok(&["apply"]);
    let [address, name, port] = [ports[6], ports[7], ports[8]];
    let config = workspace.path("pki/kafka/node-2/current/server.properties");
    let mut text = fs::read_to_string(&config).unwrap();
    for (right, wrong) in [
        (format!("ADDRESS://localhost:{address}"), format!("ADDRESS://127.0.0.1:{address}")),
        (format!("NAME://localhost:{name}"), format!("NAME://broker-2.invalid:{name}")),
        (format!("PORT://localhost:{port}"), format!("PORT://localhost:{}", closed_port())),
    ] {
        assert_eq!(text.matches(&right).count(), 1, "{right} in {text}");
        text = text.replace(&right, &wrong);
    }
    fs::write(&config, text).unwrap();
    let kafka = KafkaCluster::start(version, &workspace);
    let directory = workspace.path("pki/clients/admin/current");
    let client = directory.join("client.properties").display().to_string();
    let mut rows = Vec::new();
    for (index, (fault, listener, certificate)) in FAULTS.into_iter().enumerate() {
        let bootstrap = format!("localhost:{}", ports[index + 1]);
        let ran = workspace.run(&["verify", "--as", &client, "--kafka", &bootstrap, "--no-probes", "--format", "json"]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr));
        let (failed, passed): (Vec<&Value>, Vec<&Value>) =
            report["cells"].as_array().unwrap().iter().partition(|cell| cell["verdict"] == "failed");
        assert_eq!((ran.code, failed.len()), (4, 1), "{fault}: {report:#}");
        assert!(passed.len() >= 2, "{fault}: {report:#}");
        let told = Told::read(failed[0]).redacted(&workspace.path(""));
        let expected =
            Diagnosis { code: "advertised-name-wrong".to_owned(), side: "broker".to_owned(), certificate: certificate.map(str::to_owned) };
        assert_eq!(told.diagnosis, expected, "{fault} at {listener}: {report:#}");
        let mut others = Vec::new();
        if PAGE.is_rewritten() {
            let topic = format!("second-{index}");
            kafka.make_topic(&librdkafka(&workspace, "admin"), &topic, 2);
            let mut config = librdkafka(&workspace, "admin");
            config.set("bootstrap.servers", &bootstrap);
            others = vec![
                redacted(&others::librdkafka(&config, Some(&topic)), &workspace.path("")),
                "not asked: it knows no advertised names".to_owned(),
            ];
        }
        rows.push(Row { fault, others, told });
    }
    rows
}

/// What each of the faults is called, and whether the page still says so.
#[test]
fn every_fault_of_kafka_4_3_is_named_right() {
    let _alone = alone();
    let node = start(KafkaVersion::V4_3);
    let mut rows = compared(&node, &faults(), told);
    rows.extend(compared(&node, &too_open(), let_in));
    drop(node);
    rows.extend(one_of_three_brokers_is_advertised_wrong(KafkaVersion::V4_3));
    PAGE.tells(&rows);
}

#[test]
fn every_fault_of_kafka_3_9_is_named_right() {
    let _alone = alone();
    let node = start(KafkaVersion::V3_9);
    named_right(&node, &faults(), told);
    named_right(&node, &too_open(), let_in);
}
