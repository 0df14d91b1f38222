//! Real RabbitMQ runs on the rendered files, unchanged, and `verify` tells the truth about it.

#![allow(clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::fs;

use support::broker::alone;
use support::rabbitmq::{RabbitmqNode, RabbitmqVersion};
use support::{Workspace, free_ports};

const GENERATION: &str = "pki/rabbitmq/rabbit-1/current";

struct Cluster {
    workspace: Workspace,
    port: u16,
}

impl Cluster {
    /// One node on loopback, and three clients.
    fn new(version: RabbitmqVersion, login: &str, more: &str) -> Self {
        let [port] = free_ports();
        let workspace = Workspace::new(&format!(
            r#"
cluster: tests
subject: {{ O: Acme }}
{more}
rabbitmq:
  version: {version}
  login: {login}
  nodes: [{{ name: rabbit-1, host: localhost, bind: 127.0.0.1, port: {port} }}]
clients:
  - {{ name: orders, rabbitmq: {{ vhost: / }} }}
  - {{ name: billing, rabbitmq: {{ vhost: "billing & co" }} }}
  - {{ name: auditor, rabbitmq: {{ vhost: /, configure: "^$", write: "^$" }} }}
"#,
            version = version.text(),
        ));
        Self { workspace, port }
    }

    fn start(&self, version: RabbitmqVersion) -> RabbitmqNode {
        RabbitmqNode::start(version, &self.workspace, &self.workspace.path(GENERATION), "rabbit-1", self.port)
    }
}

fn verified(version: RabbitmqVersion, login: &str, more: &str) {
    let _alone = alone();
    let cluster = Cluster::new(version, login, more);
    cluster.workspace.ok(&["apply"]);
    let node = cluster.start(version);
    let queues = |vhost: &str| node.ctl(&["-q", "list_queues", "-p", vhost, "name"]);
    let before = [queues("/"), queues("billing & co")];

    let ran = cluster.workspace.run(&["verify", "orders", "billing", "--format", "json"]);

    assert_eq!(ran.code, 0, "{}{}{}", ran.stdout, ran.stderr, node.log());
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["passed"], true, "{report:#}");
    for (index, identity) in ["clients/billing", "clients/orders"].into_iter().enumerate() {
        let cell = &report["cells"][index];
        assert_eq!(cell["identity"], identity, "{report:#}");
        let steps: Vec<&str> = cell["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
        let all = ["resolve", "connect", "handshake", "acceptance", "greeting", "login", "virtual-host", "publish", "consume"];
        assert_eq!(steps, all, "{report:#}");
        assert_eq!(cell["steps"][2]["protocol"], "TLSv1.3", "{report:#}");
        assert_eq!(cell["steps"][3]["certificate_requested"], true, "{report:#}");
    }
    assert_eq!(report["probes"].as_array().unwrap().len(), 8, "{report:#}");
    let seen = &cluster.workspace.json(&["inspect", &format!("localhost:{}", cluster.port)])["targets"][0]["endpoint"];
    assert_eq!(seen["accepted"][0]["version"], "TLSv1.3", "{seen:#}");
    assert_eq!(seen["served"]["chain"][0]["subject"], "CN=rabbit-1,O=Acme", "{seen:#}");
    let anchors = &cluster.workspace.json(&["inspect", "pki/rabbitmq/rabbit-1/current/ca.crt"])["targets"][0]["file"]["items"];
    let trusted: BTreeSet<&str> = anchors.as_array().unwrap().iter().map(|item| item["certificate"]["subject"].as_str().unwrap()).collect();
    let asked = seen["client_certificate"]["issuers"].as_array().unwrap();
    assert_eq!(asked.iter().map(|issuer| issuer.as_str().unwrap()).collect::<BTreeSet<_>>(), trusted, "{seen:#}");
    assert_eq!([queues("/"), queues("billing & co")], before, "verify left a queue behind");
}

#[test]
fn rabbitmq_3_10_knows_clients_by_their_common_name() {
    verified(RabbitmqVersion::V3_10, "common-name", "");
}

#[test]
fn rabbitmq_3_10_knows_clients_by_their_distinguished_name() {
    verified(RabbitmqVersion::V3_10, "distinguished-name", "authority: { issuing: none }\nleaf: { key: rsa2048 }");
}

#[test]
fn rabbitmq_4_0_knows_clients_by_a_dns_name() {
    verified(RabbitmqVersion::V4_0, "san-dns", "");
}

#[test]
fn rabbitmq_4_0_with_an_authority_for_each_side() {
    verified(RabbitmqVersion::V4_0, "common-name", "authority: { brokers: { key: p384 }, clients: { key: p256 } }");
}

#[test]
fn what_a_client_may_not_do_fails_verification_with_rabbitmqs_own_words() {
    let _alone = alone();
    let cluster = Cluster::new(RabbitmqVersion::V4_0, "common-name", "");
    cluster.workspace.ok(&["apply"]);
    let _node = cluster.start(RabbitmqVersion::V4_0);
    let ran = cluster.workspace.run(&["verify", "auditor"]).expect(4);
    assert!(ran.stdout.contains("clients/auditor") && ran.stdout.contains("amqp-not-permitted"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ACCESS_REFUSED"), "{}", ran.stdout);
}

fn fails_when_it_lets_anyone_in(version: RabbitmqVersion) {
    let _alone = alone();
    let cluster = Cluster::new(version, "common-name", "");
    cluster.workspace.ok(&["apply"]);
    let config = cluster.workspace.path(GENERATION).join("rabbitmq.conf");
    let text = fs::read_to_string(&config).unwrap();
    let lax =
        text.replace("verify = verify_peer", "verify = verify_none").replace("fail_if_no_peer_cert = true", "fail_if_no_peer_cert = false");
    assert_ne!(text, lax);
    fs::write(&config, lax).unwrap();
    let _node = cluster.start(version);
    let ran = cluster.workspace.run(&["verify", "orders"]).expect(4);
    assert!(ran.stdout.contains("lets-in-without-certificate"), "{}", ran.stdout);
    assert!(ran.stdout.contains("lets-in-foreign-authority"), "{}", ran.stdout);
}

#[test]
fn a_node_of_3_10_that_lets_anyone_in_fails_verification() {
    fails_when_it_lets_anyone_in(RabbitmqVersion::V3_10);
}

#[test]
fn a_node_of_4_0_that_lets_anyone_in_fails_verification() {
    fails_when_it_lets_anyone_in(RabbitmqVersion::V4_0);
}

#[test]
fn a_broker_that_is_down_is_named() {
    let cluster = Cluster::new(RabbitmqVersion::V4_0, "common-name", "");
    cluster.workspace.ok(&["apply"]);
    let ran = cluster.workspace.run(&["verify", "orders"]).expect(4);
    assert!(ran.stdout.contains("connection-refused"), "{}", ran.stdout);
}
