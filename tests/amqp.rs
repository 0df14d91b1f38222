//! What a visit does at a real RabbitMQ: step by step, and nothing is left behind.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use countersign::cluster::SaslMechanism;
use countersign::diagnosis::{Fact, Fault, Step, StepTaken, Symptom};
use countersign::pki::Passphrase;
use countersign::visit::{Business, Conversation, Deadline, Login, Message, Start};
use serde_json::json;
use support::amqp::AmqpClient;
use support::broker::alone;
use support::certificates::{Authority, NOTHING};
use support::rabbitmq::{RabbitmqNode, RabbitmqVersion};
use support::{Workspace, free_ports};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const CLIENT: AmqpClient = AmqpClient { shown: Some("orders.pem"), trusted: "root.pem", login: None, vhost: "/", version: None };
const SECRET: &str = "correct-horse-battery";

struct Node {
    workspace: Workspace,
    rabbitmq: RabbitmqNode,
    port: u16,
}

/// `orders` may do anything in `/`, `reader` may declare nothing there, and nobody may use `ledger`.
fn started(version: RabbitmqVersion) -> Node {
    let workspace = Workspace::new("");
    let root = Authority::root("root");
    let [port] = free_ports();
    let user = |name: &str| json!({ "name": name, "password": SECRET, "tags": [] });
    let permission = |name: &str, pattern: &str| json!({ "user": name, "vhost": "/", "configure": pattern, "write": ".*", "read": ".*" });
    let definitions = json!({
        "users": [user("orders"), user("reader")],
        "vhosts": [{ "name": "/" }, { "name": "ledger" }],
        "permissions": [permission("orders", ".*"), permission("reader", "^$")],
    });
    let at = |file: &str| workspace.path(file).display().to_string();
    let conf = format!(
        "listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:{port}\nssl_options.cacertfile = {root}\nssl_options.certfile = {rabbit}\n\
         ssl_options.keyfile = {rabbit}\nssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true\n\
         ssl_cert_login_from = common_name\nauth_mechanisms.1 = EXTERNAL\nauth_mechanisms.2 = PLAIN\nload_definitions = {definitions}\n\
         log.console = true\n",
        root = at("root.pem"),
        rabbit = at("rabbit.pem"),
        definitions = at("definitions.json"),
    );
    for (name, text) in [
        ("root.pem", root.pem()),
        ("rabbit.pem", root.leaf("rabbit-1", NOTHING).keystore()),
        ("orders.pem", root.leaf("orders", NOTHING).keystore()),
        ("definitions.json", definitions.to_string()),
        ("enabled_plugins", "[rabbitmq_auth_mechanism_ssl].\n".to_owned()),
        ("rabbitmq.conf", conf),
    ] {
        fs::write(workspace.path(name), text).unwrap();
    }
    let ready = |log: &str| log.contains("Server startup complete");
    let rabbitmq = RabbitmqNode::start_until(version, &workspace, &workspace.path(""), "rabbit-1", ready);
    Node { workspace, rabbitmq, port }
}

impl Node {
    async fn greeted(&self) -> (Conversation<TlsStream<TcpStream>>, Start) {
        let config = CLIENT.rustls(&self.workspace.path("")).unwrap();
        let tcp = TcpStream::connect(("localhost", self.port)).await.unwrap();
        let tls = TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), tcp).await.unwrap();
        Conversation::begin(tls).await.unwrap()
    }

    async fn visited(&self, login: &Login, vhost: &str) -> (Vec<Step>, Result<(), Fault>) {
        let (conversation, start) = self.greeted().await;
        let mut steps: Vec<StepTaken> = Vec::new();
        let done = conversation.run(&start, &business(login, vhost), &mut steps).await;
        (steps.iter().map(|taken| taken.fact.step()).collect(), done)
    }

    /// Queues and exchanges that were not there from the beginning.
    fn left_behind(&self) -> String {
        let list = |what: &str| self.rabbitmq.ctl(&["-q", what, "name", "--no-table-headers"]);
        let all = list("list_queues") + &list("list_exchanges");
        all.lines().filter(|line| line.contains("countersign")).collect()
    }
}

fn business<'a>(login: &'a Login, vhost: &'a str) -> Business<'a> {
    Business { login, vhost, access: None, message: Message::Send, deadline: Deadline::after(Duration::from_secs(20)) }
}

fn by_password(mechanism: SaslMechanism, user: &str, password: &str) -> Login {
    Login::Password { mechanism, user: user.to_owned().into(), password: Passphrase::new(password.to_owned()) }
}

fn refused(done: Result<(), Fault>) -> (Step, u16, String) {
    match done {
        Err(Fault { step, symptom: Symptom::Amqp { code, text, .. } }) => (step, code, text),
        other => panic!("{other:?}"),
    }
}

const ALL: [Step; 4] = [Step::Login, Step::VirtualHost, Step::Publish, Step::Consume];

async fn step_by_step(node: &Node) {
    let (_, start) = node.greeted().await;
    assert!(start.server.starts_with("RabbitMQ ") && start.server.contains("(Erlang/OTP "), "{start:?}");
    let offered: std::collections::BTreeSet<_> = start.mechanisms.iter().map(String::as_str).collect();
    assert_eq!(offered, ["EXTERNAL", "PLAIN"].into());

    for login in [Login::Certificate, by_password(SaslMechanism::Plain, "orders", SECRET)] {
        let (steps, done) = node.visited(&login, "/").await;
        assert!(done.is_ok() && steps == ALL, "{steps:?} {done:?}");
    }
    let (steps, done) = node.visited(&Login::Anonymous, "/").await;
    assert!(done.is_ok() && steps.is_empty(), "{steps:?} {done:?}");

    let (step, code, text) = refused(node.visited(&by_password(SaslMechanism::Plain, "orders", "wrong"), "/").await.1);
    assert!(step == Step::Login && code == 403 && text.starts_with("ACCESS_REFUSED - Login was refused"), "{step:?} {code} {text}");
    let (steps, done) = node.visited(&Login::Certificate, "ledger").await;
    let (step, code, text) = refused(done);
    assert!(steps == [Step::Login] && step == Step::VirtualHost && code == 530, "{steps:?} {step:?} {code} {text}");
    let (step, code, text) = refused(node.visited(&Login::Certificate, "nowhere").await.1);
    assert!(step == Step::VirtualHost && code == 530 && text.contains("not found"), "{step:?} {code} {text}");
    let (steps, done) = node.visited(&by_password(SaslMechanism::Plain, "reader", SECRET), "/").await;
    let (step, code, text) = refused(done);
    assert!(steps.len() == 2 && step == Step::Publish && code == 403 && text.contains("refused for user 'reader'"), "{step:?} {text}");

    let done = node.visited(&by_password(SaslMechanism::ScramSha256, "orders", SECRET), "/").await.1;
    let Err(Fault { step: Step::Login, symptom: Symptom::Mechanism { wanted, .. } }) = done else { panic!("{done:?}") };
    assert_eq!(wanted, "SCRAM-SHA-256");
}

/// Whoever visits is stopped at every moment.
async fn stopped_on_the_way(node: &Node) {
    for microseconds in (0..40_000).step_by(400) {
        let (conversation, start) = node.greeted().await;
        let mut steps = Vec::new();
        let business = business(&Login::Certificate, "/");
        let _ = tokio::time::timeout(Duration::from_micros(microseconds), conversation.run(&start, &business, &mut steps)).await;
    }
}

fn a_visit(version: RabbitmqVersion) {
    let _alone = alone();
    let node = started(version);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(step_by_step(&node));
    assert_eq!(node.left_behind(), "");
    runtime.block_on(stopped_on_the_way(&node));
    assert_eq!(node.left_behind(), "");
}

#[test]
fn a_visit_to_rabbitmq_4_0_goes_step_by_step_and_leaves_nothing_behind() {
    a_visit(RabbitmqVersion::V4_0);
}

#[test]
fn a_visit_to_rabbitmq_3_10_goes_step_by_step_and_leaves_nothing_behind() {
    a_visit(RabbitmqVersion::V3_10);
}

#[test]
fn the_facts_say_what_was_done() {
    let greeting = Fact::from(Start { server: "RabbitMQ 4.0.5".to_owned(), mechanisms: vec!["PLAIN".to_owned()] });
    assert_eq!(
        serde_json::to_value(&greeting).unwrap(),
        json!({ "step": "greeting", "server": "RabbitMQ 4.0.5", "mechanisms": ["PLAIN"] })
    );
}
