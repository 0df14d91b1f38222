//! Real RabbitMQ with something broken at a time: `verify` names the cause, the side and the certificate of each.
//!
//! One node has many listeners, each broken in a way of its own, and one that is as it should be, for clients that are broken
//! themselves. With `COUNTERSIGN_REWRITE=1` the other clients are asked too, and `docs/faults-rabbitmq.md` is written anew.

#![allow(clippy::disallowed_methods)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use support::amqp::AmqpClient;
use support::broker::alone;
use support::certificates::{Authority, ENDED, FOR_CLIENTS, FOR_SERVERS, Leaf, NOT_BEGUN, NOTHING, OF_ANOTHER_NAME};
use support::faults::{Diagnosis, Page, Row, Told, redacted};
use support::rabbitmq::RabbitmqVersion;
use support::rabbitmq_node::Term::{Bare, File};
use support::rabbitmq_node::{At, LOG, Listener, Node, Setting};
use support::{Workspace, free_ports, others, program};

const PAGE: Page = Page {
    path: "docs/faults-rabbitmq.md",
    introduction: "# Faults of RabbitMQ, and who says what\n\n\
        Each was made with a real node (RabbitMQ 4.0.5, Erlang/OTP 27). lapin (4.12, over rustls) was to log in, publish a message with \
        confirm and get it back. `openssl s_client` (3.0) was given the same files and the name to check; it sees TLS alone. countersign \
        is `countersign verify`.",
    others: &["lapin", "openssl s_client"],
};

/// What clients trust, and show, where nothing else is said.
const ROOT: &str = "root.pem";
const ORDERS: &str = "orders.pem";

/// The listener that is as it should be.
const GOOD: &str = "good";

/// The node's listeners, and what is not as it should be.
const LISTENERS: &[Listener] = &[
    // As it should be: TLS 1.3 and 1.2, the node's chain complete, a client certificate required.
    (GOOD, &[]),
    // The node's certificate.
    ("leaf alone", &[("certfile", File("rabbit-alone.pem")), ("keyfile", File("rabbit-alone.pem"))]),
    ("ended", &[("certfile", File("rabbit-ended.pem")), ("keyfile", File("rabbit-ended.pem"))]),
    ("not begun", &[("certfile", File("rabbit-not-begun.pem")), ("keyfile", File("rabbit-not-begun.pem"))]),
    ("other name", &[("certfile", File("rabbit-other-name.pem")), ("keyfile", File("rabbit-other-name.pem"))]),
    ("for clients", &[("certfile", File("rabbit-for-clients.pem")), ("keyfile", File("rabbit-for-clients.pem"))]),
    ("by itself", &[("certfile", File("rabbit-by-itself.pem")), ("keyfile", File("rabbit-by-itself.pem"))]),
    ("authority ended", &[("certfile", File("rabbit-authority-ended.pem")), ("keyfile", File("rabbit-authority-ended.pem"))]),
    ("rolled", &[("certfile", File("rabbit-rolled.pem")), ("keyfile", File("rabbit-rolled.pem"))]),
    // The node's files.
    ("other key", &[("keyfile", File("orders.pem"))]),
    ("no key", &[("keyfile", File("nowhere.pem"))]),
    ("garbage", &[("keyfile", File("garbage.pem"))]),
    ("locked key", &[("keyfile", File("orders-locked.pem"))]),
    // Whom the node takes.
    ("strangers", &[("cacertfile", File("stranger-root.pem"))]),
    ("no intermediates", &[("depth", Bare("0"))]),
    ("requested", &[("fail_if_no_peer_cert", Bare("false"))]),
    ("anyone", &[("verify", Bare("verify_none")), ("fail_if_no_peer_cert", Bare("false"))]),
    // How it speaks.
    ("tls 1.3", &[("versions", Bare("['tlsv1.3']"))]),
    ("tls 1.2", &[("versions", Bare("['tlsv1.2']"))]),
    ("cbc", &[("versions", Bare("['tlsv1.2']")), ("ciphers", Bare(r#"["ECDHE-ECDSA-AES128-SHA256"]"#))]),
];

/// Every file that the node or a client is configured with, `name` → text.
fn files() -> BTreeMap<&'static str, String> {
    let root = Authority::root("root");
    let issuing = root.below("issuing", NOTHING);
    let stranger = Authority::root("stranger root");
    // The authority rolled: the same names, other keys.
    let next_issuing = Authority::root("root").below("issuing", NOTHING);
    let node = |change| issuing.leaf("rabbit-1", change);
    let client = |name, change| issuing.leaf(name, change).keystore();
    let alone = |leaf: &Leaf| leaf.key.clone() + &leaf.certificate;
    let good = issuing.leaf("orders", NOTHING);
    BTreeMap::from([
        (ROOT, root.pem()),
        ("stranger-root.pem", stranger.pem()),
        ("empty.pem", String::new()),
        ("garbage.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_owned()),
        ("rabbit.pem", node(NOTHING).keystore()),
        ("rabbit-alone.pem", alone(&node(NOTHING))),
        ("rabbit-ended.pem", node(ENDED).keystore()),
        ("rabbit-not-begun.pem", node(NOT_BEGUN).keystore()),
        ("rabbit-other-name.pem", node(OF_ANOTHER_NAME).keystore()),
        ("rabbit-for-clients.pem", node(FOR_CLIENTS).keystore()),
        ("rabbit-by-itself.pem", Leaf::signed_by_itself("rabbit-1").keystore()),
        ("rabbit-authority-ended.pem", root.below("issuing of last year", ENDED).leaf("rabbit-1", NOTHING).keystore()),
        ("rabbit-rolled.pem", next_issuing.leaf("rabbit-1", NOTHING).keystore()),
        (ORDERS, good.keystore()),
        ("orders-alone.pem", alone(&good)),
        ("orders-other-key.pem", issuing.leaf("other", NOTHING).key + &good.chain()),
        ("orders-without-key.pem", good.chain()),
        ("ended.pem", client("orders", ENDED)),
        ("not-begun.pem", client("orders", NOT_BEGUN)),
        ("for-servers.pem", client("orders", FOR_SERVERS)),
        ("by-itself.pem", Leaf::signed_by_itself("orders").keystore()),
        ("rogue.pem", next_issuing.leaf("orders", NOTHING).keystore()),
        ("stranger.pem", stranger.below("stranger issuing", NOTHING).leaf("stranger", NOTHING).keystore()),
        ("authority.pem", root.keystore()),
        ("nobody.pem", client("nobody", NOTHING)),
        ("nameless.pem", client("nameless", WITHOUT_COMMON_NAME)),
        ("reader.pem", client("reader", NOTHING)),
        ("writer.pem", client("writer", NOTHING)),
        ("declarer.pem", client("declarer", NOTHING)),
        ("password", PASSWORD.to_owned()),
        ("wrong-password", "wrong-horse".to_owned()),
    ])
}

const PASSWORD: &str = "correct-horse-battery";

const WITHOUT_COMMON_NAME: support::certificates::Change = |params| {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "nameless");
};

/// Users, virtual hosts, and who may do what: user, virtual host, configure, write, read.
const PERMISSIONS: &[(&str, &str, &str, &str, &str)] = &[
    ("orders", "/", ".*", ".*", ".*"),
    ("alice", "/", ".*", ".*", ".*"),
    // May use what is there, and declare nothing.
    ("reader", "/", "^$", "^$", ".*"),
    ("declarer", "/", ".*", "^$", ".*"),
    ("writer", "/", ".*", ".*", "^$"),
];

fn definitions() -> Value {
    let users: Vec<_> = PERMISSIONS.iter().map(|(user, ..)| *user).collect();
    json!({
        "users": users.iter().map(|user| json!({ "name": user, "password": PASSWORD, "tags": [] })).collect::<Vec<_>>(),
        "vhosts": [{ "name": "/" }, { "name": "ledger" }],
        "permissions": PERMISSIONS
            .iter()
            .map(|(user, vhost, configure, write, read)| {
                json!({ "user": user, "vhost": vhost, "configure": configure, "write": write, "read": read })
            })
            .collect::<Vec<_>>(),
    })
}

/// One thing that is broken.
struct Fault {
    name: &'static str,
    at: At,
    client: AmqpClient,
    arguments: &'static [&'static str],
    /// What is set in the node meanwhile.
    meanwhile: &'static [Setting],
    log: Log,
    expected: Diagnosis,
    /// What the cause must tell besides.
    telling: &'static str,
}

/// Whether the node's log is handed over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Log {
    Unseen,
    Shown,
}

/// Where nothing else is said: a client as it should be, at the listener that is as it should be.
fn fault(name: &'static str) -> Fault {
    let expected = Diagnosis { code: String::new(), side: String::new(), certificate: None };
    let at = At::Listener(GOOD);
    Fault { name, at, client: orders(), arguments: &[], meanwhile: &[], log: Log::Unseen, expected, telling: "" }
}

fn orders() -> AmqpClient {
    AmqpClient { shown: Some(ORDERS), trusted: ROOT, login: None, vhost: "/", version: None }
}

impl Fault {
    fn at(self, listener: &'static str) -> Self {
        self.reached(At::Listener(listener))
    }

    fn reached(self, at: At) -> Self {
        Self { at, ..self }
    }

    fn by(self, change: impl FnOnce(&mut AmqpClient)) -> Self {
        let mut client = self.client;
        change(&mut client);
        Self { client, ..self }
    }

    fn showing(self, file: &'static str) -> Self {
        self.by(|client| client.shown = Some(file))
    }

    fn showing_nothing(self) -> Self {
        self.by(|client| client.shown = None)
    }

    fn trusting(self, file: &'static str) -> Self {
        self.by(|client| client.trusted = file)
    }

    fn logging_in(self, user: &'static str, password_file: &'static str) -> Self {
        self.by(|client| client.login = Some((user, password_file)))
    }

    fn vhost(self, name: &'static str) -> Self {
        self.by(|client| client.vhost = name)
    }

    fn speaking(self, version: &'static str) -> Self {
        self.by(|client| client.version = Some(version))
    }

    fn meanwhile(self, meanwhile: &'static [Setting]) -> Self {
        Self { meanwhile, ..self }
    }

    fn with_log(self) -> Self {
        Self { log: Log::Shown, ..self }
    }

    /// More of the command line.
    fn run(self, arguments: &'static [&'static str]) -> Self {
        Self { arguments, ..self }
    }

    fn is(mut self, code: &str, side: &str) -> Self {
        (self.expected.code, self.expected.side) = (code.to_owned(), side.to_owned());
        self
    }

    fn telling(self, telling: &'static str) -> Self {
        Self { telling, ..self }
    }

    /// The certificate that is to blame.
    fn of(mut self, subject: &str) -> Self {
        self.expected.certificate = Some(subject.to_owned());
        self
    }
}

fn faults() -> Vec<Fault> {
    let rabbit = "CN=rabbit-1";
    let orders = "CN=orders";
    vec![
        // The node's certificate, in the eyes of the client.
        fault("the node sends its leaf without the intermediate").at("leaf alone").is("server-chain-incomplete", "broker").of(rabbit),
        fault("the node's certificate has ended").at("ended").is("server-expired", "broker").of(rabbit),
        fault("the node's certificate is not yet valid").at("not begun").is("server-not-yet-valid", "broker").of(rabbit),
        fault("the node's issuing authority has ended")
            .at("authority ended")
            .is("server-authority-expired", "broker")
            .of("CN=issuing of last year"),
        fault("the node's certificate has another name").at("other name").is("server-name-mismatch", "broker").of(rabbit),
        fault("the node is reached by an address that its certificate does not have")
            .reached(At::Named("127.0.0.1", GOOD))
            .is("server-name-mismatch", "broker")
            .of(rabbit),
        fault("the node's certificate is for clients alone").at("for clients").is("server-wrong-usage", "broker").of(rabbit),
        fault("the node's certificate is signed by itself").at("by itself").is("server-self-signed", "broker").of(rabbit),
        fault("the client trusts another authority").trusting("stranger-root.pem").is("server-issuer-unknown", "client").of(rabbit),
        fault("the authority was rolled for the node alone: same names, other keys")
            .at("rolled")
            .is("server-issuer-unknown", "client")
            .of(rabbit),
        // The node's files.
        fault("the node's key belongs to another certificate").at("other key").is("server-key-mismatch", "broker").of(rabbit),
        fault("the node's key file is not there").at("no key").is("broker-without-key", "broker"),
        fault("the node's key file holds no key").at("garbage").is("broker-without-key", "broker"),
        fault("the node's key is encrypted, and it has no password").at("locked key").is("broker-without-key", "broker"),
        // The client's certificate, in the eyes of the node.
        fault("the client shows no certificate").showing_nothing().is("client-certificate-missing", "client"),
        fault("the client sends its leaf without the intermediate")
            .showing("orders-alone.pem")
            .is("client-chain-incomplete", "client")
            .of(orders),
        fault("the client's certificate has ended").showing("ended.pem").is("client-expired", "client").of(orders),
        fault("the client's certificate is not yet valid").showing("not-begun.pem").is("client-not-yet-valid", "client").of(orders),
        fault("the client's certificate is for servers alone").showing("for-servers.pem").is("client-wrong-usage", "client").of(orders),
        fault("the client's certificate is signed by itself").showing("by-itself.pem").is("client-self-signed", "client").of(orders),
        fault("the client shows the root's own certificate").showing("authority.pem").is("client-is-authority", "client").of("CN=root"),
        fault("a rogue client: all names are right, the authority's key is another one")
            .showing("rogue.pem")
            .is("client-issuer-unknown", "client")
            .of(orders),
        fault("the client's certificate is of an authority that the node never knew")
            .showing("stranger.pem")
            .is("client-issuer-unknown", "client")
            .of("CN=stranger"),
        fault("the node's cacertfile holds another authority").at("strangers").is("client-issuer-unknown", "broker").of(orders),
        fault("the node takes no intermediate between a client and its root")
            .at("no intermediates")
            .with_log()
            .is("client-refused", "broker")
            .of(orders),
        // The client's files.
        fault("the client's key belongs to another certificate").showing("orders-other-key.pem").is("key-mismatch", "client").of(orders),
        fault("the client's file holds no key").showing("orders-without-key.pem").is("no-key", "client"),
        fault("the client's key is encrypted, and no password is given").showing("orders-locked.pem").is("key-locked", "client"),
        fault("the client's truststore is an empty file").trusting("empty.pem").is("no-anchors", "client"),
        // TLS.
        fault("a plaintext port is spoken to in TLS").reached(At::Plain).is("plaintext-port", "broker"),
        fault("the node speaks TLS 1.3 alone, the client TLS 1.2 alone").at("tls 1.3").speaking("1.2").is("version-mismatch", "client"),
        fault("the node speaks TLS 1.2 alone, the client TLS 1.3 alone").at("tls 1.2").speaking("1.3").is("version-mismatch", "client"),
        fault("the node has only a cipher suite of CBC").at("cbc").is("suite-mismatch", "broker"),
        // The network.
        fault("the node is down").reached(At::Closed).is("connection-refused", "broker"),
        fault("a firewall drops what is sent to the node").reached(At::BlackHole).run(&["--deadline", "1s"]).is("no-answer", "network"),
        fault("the node's name is unknown").reached(At::Nowhere).is("name-unknown", "network"),
        fault("the node takes connections and says nothing").reached(At::Silent).run(&["--deadline", "1s"]).is("tls-silence", "broker"),
        fault("the node says nothing after the handshake")
            .reached(At::Stalling(GOOD))
            .run(&["--deadline", "3s"])
            .is("broker-slow", "broker"),
        // The login.
        fault("there is no user of the certificate's name").showing("nobody.pem").is("external-user-missing", "broker").of("CN=nobody"),
        fault("there is no user of the certificate's name, and the log tells which name that is")
            .showing("nobody.pem")
            .with_log()
            .is("external-user-missing", "broker")
            .of("CN=nobody")
            .telling("called exactly nobody"),
        fault("the certificate lacks the name by which the node knows clients")
            .showing("nameless.pem")
            .with_log()
            .is("external-name-missing", "client")
            .of("O=nameless"),
        fault("the node asks for no certificate, and the client has no other login")
            .at("anyone")
            .with_log()
            .is("external-without-certificate", "broker"),
        fault("the node does not offer EXTERNAL").meanwhile(&[("auth_mechanisms", "['PLAIN']")]).is("external-not-enabled", "broker"),
        fault("the node does not offer PLAIN")
            .meanwhile(&[("auth_mechanisms", "['EXTERNAL']")])
            .logging_in("alice", "password")
            .is("sasl-mechanism-missing", "client"),
        fault("the password is wrong").logging_in("alice", "wrong-password").is("login-refused", "client"),
        fault("the user is unknown").logging_in("mallory", "password").is("login-refused", "client"),
        // What the client may do.
        fault("the virtual host is not there").vhost("nowhere").is("vhost-missing", "client"),
        fault("the client may not use the virtual host").vhost("ledger").is("vhost-not-permitted", "broker"),
        fault("the client may declare nothing")
            .showing("reader.pem")
            .is("amqp-not-permitted", "broker")
            .telling("the configure permission"),
        fault("the client may not write").showing("declarer.pem").is("amqp-not-permitted", "broker").telling("the write permission"),
        fault("the client may not read").showing("writer.pem").is("amqp-not-permitted", "broker").telling("the read permission"),
    ]
}

/// Listeners that work, and let in whom they should not: the probe says so.
fn too_open() -> Vec<Fault> {
    vec![fault("client certificates are requested and not required").at("requested").is("lets-in-without-certificate", "broker")]
}

/// A node of this version with all of the listeners.
fn started(version: RabbitmqVersion) -> Node {
    let workspace = Workspace::new("");
    for (name, text) in files() {
        fs::write(workspace.path(name), text).unwrap();
    }
    let lock = "pkcs8 -topk8 -in orders.pem -out orders-locked.key -passout pass:changeit";
    program(Command::new("openssl").args(lock.split(' ')).current_dir(workspace.path("")));
    let locked = workspace.read("orders-locked.key") + &workspace.read("orders-without-key.pem");
    fs::write(workspace.path("orders-locked.pem"), locked).unwrap();
    fs::write(workspace.path("definitions.json"), definitions().to_string()).unwrap();
    Node::start(version, workspace, LISTENERS, &free_ports::<{ LISTENERS.len() + 1 }>())
}

/// What `verify` reports of a fault, and with which code it ends.
fn verified(node: &Node, fault: &Fault, how: &str) -> Result<(i32, Value), String> {
    let log: &[&str] = if fault.log == Log::Shown { &["--broker-log", LOG] } else { &[] };
    node.verify(&fault.client, &node.address(fault.at), &[&[how], fault.arguments, log].concat())
}

/// What `verify` makes of a fault; an error is what it did instead.
fn told(node: &Node, fault: &Fault) -> Result<Told, String> {
    let (code, report) = verified(node, fault, "--no-probes")?;
    let failed: Vec<&Value> = report["cells"].as_array().unwrap().iter().filter(|cell| cell["verdict"] == "failed").collect();
    match failed[..] {
        [failed] if code == 4 => Ok(Told::read(failed)),
        _ => Err(format!("exit {code}: {report:#}")),
    }
}

/// What the probes say of a listener at which the client itself has no trouble.
fn let_in(node: &Node, fault: &Fault) -> Result<Told, String> {
    let (code, report) = verified(node, fault, "--no-message")?;
    let passed = report["cells"].as_array().unwrap().iter().all(|cell| cell["verdict"] == "passed");
    let let_in = report["probes"].as_array().unwrap().iter().find(|probe| probe["code"] == *fault.expected.code);
    match let_in {
        Some(probe) if code == 4 && passed => Ok(Told::read(probe)),
        _ => Err(format!("exit {code}: {report:#}")),
    }
}

/// The other clients, in the order of the page.
fn others_say(node: &Node, fault: &Fault) -> Vec<String> {
    let (directory, to) = (node.directory(), node.address(fault.at));
    vec![fault.client.lapin(&directory, &to), others::openssl(fault.client.openssl(&directory, &to))]
}

/// Asks of each fault, at once of those with the same settings. Whoever looks into the log is alone: an alert in it names nobody.
fn each<T: Send>(node: &Node, faults: &[Fault], ask: impl Fn(&Fault) -> T + Sync) -> Vec<T> {
    let answers: Mutex<BTreeMap<usize, T>> = Mutex::default();
    let kinds: BTreeSet<_> = faults.iter().map(|fault| (fault.log, fault.meanwhile)).collect();
    for (log, meanwhile) in kinds {
        node.set(meanwhile);
        let together: Vec<_> = faults.iter().enumerate().filter(|(_, fault)| (fault.log, fault.meanwhile) == (log, meanwhile)).collect();
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..if log == Log::Shown { 1 } else { 6 } {
                scope.spawn(|| {
                    while let Some((index, fault)) = together.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let answer = ask(fault);
                        answers.lock().unwrap().insert(*index, answer);
                    }
                });
            }
        });
        node.unset(meanwhile);
    }
    answers.into_inner().unwrap().into_values().collect()
}

/// Every fault is named right: the rows of the page.
fn named_right(node: &Node, faults: &[Fault], ask: impl Fn(&Node, &Fault) -> Result<Told, String> + Sync) -> Vec<Row> {
    let directory = node.directory();
    let mut wrong = String::new();
    let mut rows = Vec::new();
    for (fault, told) in faults.iter().zip(each(node, faults, |fault| ask(node, fault))) {
        match told {
            Ok(told) if told.diagnosis == fault.expected && told.cause.contains(fault.telling) && !told.fix.is_empty() => {
                rows.push(Row { fault: fault.name, others: Vec::new(), told: told.redacted(&directory) });
            }
            other => wrong += &format!("\n{}: expected {:?} telling {:?}, not {other:#?}\n", fault.name, fault.expected, fault.telling),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    if PAGE.is_rewritten() {
        for (row, said) in rows.iter_mut().zip(each(node, faults, |fault| others_say(node, fault))) {
            row.others = said.iter().map(|said| redacted(said, &directory)).collect();
        }
    }
    rows
}

#[test]
fn every_fault_of_rabbitmq_4_0_is_named_right() {
    let _alone = alone();
    let node = started(RabbitmqVersion::V4_0);
    let mut rows = named_right(&node, &faults(), told);
    rows.extend(named_right(&node, &too_open(), let_in));
    PAGE.tells(&rows);
}

#[test]
fn every_fault_of_rabbitmq_3_10_is_named_right() {
    let _alone = alone();
    let node = started(RabbitmqVersion::V3_10);
    named_right(&node, &faults(), told);
    named_right(&node, &too_open(), let_in);
}

/// By certificate and by password, over TLS 1.3 and 1.2.
#[test]
fn healthy_clients_of_rabbitmq_pass() {
    let _alone = alone();
    let node = started(RabbitmqVersion::V4_0);
    for login in [None, Some(("alice", "password"))] {
        for (version, protocol) in [("1.3", "TLSv1.3"), ("1.2", "TLSv1.2")] {
            let healthy = fault("none").speaking(version);
            let client = AmqpClient { login, ..healthy.client.clone() };
            let (code, report) = node.verify(&client, &node.address(healthy.at), &["--no-probes"]).unwrap();
            let steps: Vec<&str> =
                report["cells"][0]["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
            assert_eq!((code, &report["passed"]), (0, &Value::Bool(true)), "{report:#}");
            assert!(steps.ends_with(&["greeting", "login", "virtual-host", "publish", "consume"]), "{report:#}");
            assert!(report["cells"][0].to_string().contains(protocol), "{report:#}");
        }
    }
}
