//! A rollover that somebody started, gate by gate, with a real broker that is restarted where it must be.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;

use serde_json::Value;
use support::broker::alone;
use support::kafka::{KafkaCluster, KafkaVersion};
use support::{Workspace, free_ports};

fn one_node() -> Workspace {
    let [broker, controller] = free_ports();
    let workspace = Workspace::new("");
    workspace.rewrite(&format!(
        r#"
cluster: tests
stores: {{ formats: [pkcs12] }}
kafka:
  version: {version}
  data: {data}
  listeners:
    BROKER: {{ port: {broker}, auth: mtls }}
    CONTROLLER: {{ port: {controller}, auth: mtls }}
  brokers: [{{ name: broker-1, host: localhost, bind: 127.0.0.1 }}]
clients:
  - {{ name: admin, kafka: super-user }}
"#,
        version = KafkaVersion::V4_3.text(),
        data = workspace.path("data").display(),
    ));
    workspace
}

fn phase(workspace: &Workspace) -> Value {
    workspace.json(&["rollover", "status", "--probe-deadline", "500ms"])["authorities"][0].clone()
}

fn generations(workspace: &Workspace) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(workspace.path("pki/authority")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn assert_verifies(workspace: &Workspace) {
    let ran = workspace.run(&["verify", "--no-message"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn each_gate_opens_once_everybody_is_seen_to_be_ready() {
    let _alone = alone();
    let workspace = one_node();
    workspace.ok(&["apply"]);
    let configuration = [workspace.path("pki/kafka/broker-1/current/server.properties")];
    let start = || KafkaCluster::start_nodes(KafkaVersion::V4_3, &workspace, &configuration, &["--ignore-formatted"]);
    let kafka = start();
    assert_eq!(phase(&workspace)["phase"], "settled");
    workspace.run(&["rollover", "advance"]).expect(1).says("no rollover is under way");

    workspace.run(&["rollover", "start", "--reason", "the old key was copied"]).expect(0);
    workspace.run(&["rollover", "start"]).expect(1).says("a rollover is under way");
    assert_eq!(phase(&workspace)["phase"], "trust-both");
    assert!(workspace.read("pki/journal.jsonl").contains("the old key was copied"));

    // The broker trusts what it was started with.
    let assume = ["rollover", "advance", "--assume", "admin", "--assume", "broker-1"];
    let held = workspace.run(&assume).expect(4).says("a client of CN=tests issuing 2");
    assert!(held.stdout.contains("Next") || held.stderr.contains("Next"), "{}{}", held.stdout, held.stderr);
    assert_eq!(phase(&workspace)["phase"], "trust-both");
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
    drop(kafka);
    let kafka = start();
    assert_verifies(&workspace);

    // Nobody sees whether a program has read new files.
    workspace.run(&["rollover", "advance", "--assume", "broker-1"]).expect(4).says("nobody has seen that its program trusts both");
    workspace.run(&assume).expect(0).says("issued");
    let now = phase(&workspace);
    assert_eq!(now["phase"], "issue-from-new");
    assert_eq!(now["evidence"]["handshakes"]["passed"], false, "the broker serves its old leaf: {now:#}");
    workspace.run(&assume).expect(4);
    assert_verifies(&workspace);
    drop(kafka);
    let kafka = start();
    assert_verifies(&workspace);

    workspace.run(&assume).expect(0).says("retired");
    assert_eq!(phase(&workspace)["phase"], "settled");
    assert_eq!(generations(&workspace), ["1.retired", "2"]);
    assert_verifies(&workspace);
    drop(kafka);
    let _kafka = start();
    assert_verifies(&workspace);
    workspace.run(&["check"]);
    workspace.run(&["status"]).expect(0);
}

#[test]
fn what_was_started_may_be_given_up_and_started_again() {
    let workspace = one_node();
    workspace.ok(&["apply", "--no-proof"]);
    workspace.run(&["rollover", "abort"]).expect(1).says("no rollover is under way");
    let store = |name: &str| fs::read(workspace.path("pki/clients/admin/current").join(name)).unwrap();
    let before = [store("keystore.p12"), store("truststore.p12")];
    workspace.run(&["rollover", "start", "--no-proof"]).expect(0);
    assert!(before[0] == store("keystore.p12") && before[1] != store("truststore.p12"), "what a phase leaves alone is carried over");
    workspace.run(&["rollover", "abort", "--no-proof"]).expect(0).says("retired");
    assert_eq!(generations(&workspace), ["1", "2.retired"]);
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
    workspace.run(&["rollover", "start", "--no-proof"]).expect(0);
    assert_eq!(phase(&workspace)["new_root"], "CN=tests root 3", "no two have one name");
}

#[test]
fn another_kind_of_key_and_an_authority_of_ones_own_come_by_a_rollover() {
    let workspace = one_node();
    workspace.ok(&["apply", "--no-proof"]);
    workspace.edit("cluster: tests", "cluster: tests\nauthority: { key: p384, issuing: none }");
    workspace.run(&["apply", "--no-proof"]).expect(0);
    workspace.run(&["rollover", "start", "--no-proof"]).expect(0);
    let status = workspace.json(&["status"]);
    assert!(status["authorities"][1]["issuing"].is_null(), "{status:#}");
    let chain = workspace.read("pki/clients/admin/current/tls.crt");
    workspace.run(&["apply"]).expect(0);
    assert_eq!(chain, workspace.read("pki/clients/admin/current/tls.crt"), "the old one signs on");
}
