//! Real Kafka runs on the rendered files, unchanged, and `verify` tells the truth about it.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::broker::alone;
use support::kafka::{KafkaCluster, KafkaVersion, librdkafka};
use support::{Ran, Workspace, free_ports};

const ACLS: &str = "pki/clients/admin/current/kafka-acls.sh";

/// One combined node on loopback.
fn one_node(version: KafkaVersion, data: &str, more: &str) -> Workspace {
    let [broker, client, controller] = free_ports();
    let workspace = Workspace::new("");
    workspace.rewrite(&format!(
        r#"
cluster: tests
subject: {{ O: "Acme, Inc.", C: DE }}
{more}
kafka:
  version: {version}
  data: {data}
  listeners:
    BROKER: {{ port: {broker}, auth: mtls }}
    CLIENT: {{ port: {client}, auth: mtls }}
    CONTROLLER: {{ port: {controller}, auth: mtls }}
  brokers: [{{ name: broker-1, host: localhost, bind: 127.0.0.1 }}]
clients:
  - {{ name: admin, kafka: super-user }}
  - {{ name: orders, kafka: {{ write: [orders], read: [payments], group: orders }} }}
"#,
        version = version.text(),
        data = workspace.path(data).display(),
    ));
    workspace
}

/// Three nodes on loopback: `roles` are those of the second and third.
fn three_nodes(version: KafkaVersion, more: &str, first: &str, others: &str) -> Workspace {
    let [b1, b2, b3, c1, c2, c3] = free_ports();
    let workspace = Workspace::new("");
    workspace.rewrite(&format!(
        r#"
cluster: tests
subject: {{ O: Acme }}
{more}
kafka:
  version: {version}
  passwords: file-provider
  listeners:
    BROKER: {{ port: 9093, auth: mtls }}
    CONTROLLER: {{ port: 9095, auth: mtls }}
  brokers:
    - {{ name: node-1, host: localhost, bind: 127.0.0.1, roles: [{first}], ports: {{ BROKER: {b1}, CONTROLLER: {c1} }}, data: {data}-1 }}
    - {{ name: node-2, host: localhost, bind: 127.0.0.1, roles: [{others}], ports: {{ BROKER: {b2}, CONTROLLER: {c2} }}, data: {data}-2 }}
    - {{ name: node-3, host: localhost, bind: 127.0.0.1, roles: [{others}], ports: {{ BROKER: {b3}, CONTROLLER: {c3} }}, data: {data}-3 }}
clients:
  - {{ name: admin, kafka: super-user }}
  - {{ name: orders, kafka: {{ write: [orders] }} }}
"#,
        version = version.text(),
        data = workspace.path("data").display(),
    ));
    workspace
}

/// `verify` exits 0, a message went to each of `brokers` as each of `identities`, intruders were refused, and no topic is left.
#[track_caller]
fn assert_verifies(kafka: &KafkaCluster, workspace: &Workspace, identities: &[&str], brokers: &[&str]) -> Value {
    let before = kafka.topics(workspace);
    let ran = workspace.run(&["verify", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}{}{}", ran.stdout, ran.stderr, kafka.denials());
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["passed"], true, "{report:#}");
    let cells = report["cells"].as_array().unwrap();
    for identity in identities {
        for broker in brokers {
            let sent = cells.iter().any(|cell| {
                let between = cell["identity"] == *identity && cell["target"] == *broker && cell["verdict"] == "passed";
                between && step(cell, "produce").is_object() && step(cell, "consume").is_object()
            });
            assert!(sent, "no message as {identity} at {broker}: {report:#}");
        }
    }
    let probes = report["probes"].as_array().unwrap();
    let attempts =
        ["no-certificate", "foreign-authority", "expired", "wrong-usage", "plaintext", "old-version", "weak-suites", "other-name"];
    for attempt in attempts {
        assert!(probes.iter().any(|probe| probe["attempt"] == attempt && probe["outcome"] == "refused"), "{report:#}");
    }
    // A broker learns of a removed topic a moment after the controller.
    let until = Instant::now() + Duration::from_secs(10);
    while kafka.topics(workspace) != before {
        assert!(Instant::now() < until, "left behind: {:?}, before: {before:?}", kafka.topics(workspace));
        std::thread::sleep(Duration::from_millis(100));
    }
    report
}

/// What one step of a visit has shown; nothing where it was not taken.
fn step<'a>(cell: &'a Value, name: &str) -> &'a Value {
    cell["steps"].as_array().unwrap().iter().find(|step| step["step"] == name).unwrap_or(&Value::Null)
}

fn verified_with(version: KafkaVersion, formats: &str) {
    let _alone = alone();
    let workspace = one_node(version, "data", &format!("stores: {{ formats: {formats} }}"));
    workspace.ok(&["apply"]);
    let kafka = KafkaCluster::start(version, &workspace);
    kafka.allow(&workspace, ACLS);
    let report = assert_verifies(&kafka, &workspace, &["clients/admin", "clients/orders", "kafka/broker-1"], &["kafka/broker-1"]);
    let cell = &report["cells"][0];
    let (handshake, acceptance) = (step(cell, "handshake"), step(cell, "acceptance"));
    assert_eq!((&handshake["protocol"], &acceptance["certificate_requested"]), (&"TLSv1.3".into(), &true.into()));
    assert_eq!(handshake["served"][0]["subject"], "CN=broker-1,O=Acme\\, Inc.,C=DE");
    let seen = &workspace.json(&["inspect", cell["endpoint"].as_str().unwrap()])["targets"][0]["endpoint"];
    let versions: Vec<_> = seen["accepted"].as_array().unwrap().iter().map(|accepted| &accepted["version"]).collect();
    assert_eq!(versions, ["TLSv1.3", "TLSv1.2"]);
    assert_eq!(seen["served"]["chain"][0]["kafka_principal"], "User:CN=broker-1,O=Acme\\, Inc.,C=DE");
    assert_eq!(seen["client_certificate"]["issuers"], serde_json::json!(["CN=tests root 1,O=Acme\\, Inc.,C=DE"]));
}

#[test]
fn kafka_3_9_runs_on_pkcs12() {
    verified_with(KafkaVersion::V3_9, "[pkcs12]");
}

#[test]
fn kafka_3_9_runs_on_pem() {
    verified_with(KafkaVersion::V3_9, "[pem, jks]");
}

#[test]
fn kafka_4_3_runs_on_jks() {
    verified_with(KafkaVersion::V4_3, "[jks, pem]");
}

#[test]
fn three_combined_nodes_of_kafka_4_3_with_an_authority_for_each_side() {
    let _alone = alone();
    let workspace = three_nodes(
        KafkaVersion::V4_3,
        "authority: { brokers: { key: p384 }, clients: { key: rsa2048, issuing: none } }\nleaf: { key: rsa2048 }",
        "broker, controller",
        "broker, controller",
    );
    workspace.ok(&["apply"]);
    let kafka = KafkaCluster::start(KafkaVersion::V4_3, &workspace);
    kafka.allow(&workspace, ACLS);
    let nodes = ["kafka/node-1", "kafka/node-2", "kafka/node-3"];
    assert_verifies(&kafka, &workspace, &[&["clients/admin", "clients/orders"], &nodes[..]].concat(), &nodes);
}

#[test]
fn a_controller_and_two_brokers_of_kafka_3_9() {
    let _alone = alone();
    let workspace = three_nodes(KafkaVersion::V3_9, "stores: { java: 8 }", "controller", "broker");
    workspace.ok(&["apply"]);
    let kafka = KafkaCluster::start(KafkaVersion::V3_9, &workspace);
    kafka.allow(&workspace, ACLS);
    let brokers = ["kafka/node-2", "kafka/node-3"];
    assert_verifies(&kafka, &workspace, &[&["clients/admin", "clients/orders"], &brokers[..]].concat(), &brokers);
}

/// Without client certificates Kafka knows no one by name: super users go where they are known.
#[test]
fn a_clients_listener_of_kafka_4_3_without_client_certificates() {
    let _alone = alone();
    let workspace = one_node(KafkaVersion::V4_3, "data", "");
    let text = workspace.read("countersign.yaml");
    let client = text.lines().find(|line| line.contains("CLIENT: {")).unwrap();
    workspace.edit(client, &client.replace("mtls", "tls"));
    workspace.ok(&["apply"]);
    let kafka = KafkaCluster::start(KafkaVersion::V4_3, &workspace);
    kafka.allow(&workspace, ACLS);
    let report = assert_verifies(&kafka, &workspace, &["clients/admin", "clients/orders"], &["kafka/broker-1"]);
    let orders = report["cells"].as_array().unwrap().iter().find(|cell| cell["identity"] == "clients/orders").unwrap();
    assert_eq!(step(orders, "acceptance")["certificate_requested"], false);
}

#[test]
fn what_a_client_may_not_do_fails_verification_with_kafkas_own_words() {
    let _alone = alone();
    let workspace = one_node(KafkaVersion::V4_3, "data", "");
    workspace.ok(&["apply"]);
    let _kafka = KafkaCluster::start(KafkaVersion::V4_3, &workspace);
    // The ACLs were never applied.
    let ran = workspace.run(&["verify", "orders", "admin"]).expect(4);
    assert!(ran.stdout.contains("clients/orders"), "{}", ran.stdout);
    assert!(ran.stdout.contains("topic-not-authorized") && ran.stdout.contains("TOPIC_AUTHORIZATION_FAILED"), "{}", ran.stdout);
}

#[test]
fn a_listener_that_lets_anyone_in_fails_verification() {
    let _alone = alone();
    let workspace = one_node(KafkaVersion::V3_9, "data", "");
    workspace.ok(&["apply"]);
    let config = workspace.path("pki/kafka/broker-1/current/server.properties");
    let text = fs::read_to_string(&config).unwrap();
    let lax = text.replace("listener.name.client.ssl.client.auth=required", "listener.name.client.ssl.client.auth=requested");
    assert_ne!(text, lax);
    fs::write(&config, lax).unwrap();
    let _kafka = KafkaCluster::start(KafkaVersion::V3_9, &workspace);
    let ran = workspace.run(&["verify", "admin"]).expect(4);
    assert!(ran.stdout.contains("lets-in-without-certificate"), "{}", ran.stdout);
    // And the directory knows that somebody changed the file.
    workspace.run(&["status"]).expect(3).says("hand-edited: server.properties");
}

#[test]
fn a_topic_that_verify_made_is_removed_again() {
    let _alone = alone();
    let workspace = one_node(KafkaVersion::V4_3, "data", "");
    workspace.ok(&["apply"]);
    let kafka = KafkaCluster::start(KafkaVersion::V4_3, &workspace);
    assert_eq!(workspace.json(&["verify", "admin"])["passed"], true);
    assert!(kafka.log().contains("countersign-verify"), "the topic was never there");
    // Kafka removes a deleted topic's directory a moment later, by renaming it first.
    let left = || -> Vec<String> {
        let entries = fs::read_dir(workspace.path("data")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        entries.filter(|name| name.starts_with("countersign-verify") && !name.ends_with("-delete")).collect()
    };
    let until = Instant::now() + Duration::from_secs(10);
    while !left().is_empty() {
        assert!(Instant::now() < until, "{:?}", left());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Two CI jobs are the normal case, and so is one right after another.
fn verifications_at_once(version: KafkaVersion) {
    let _alone = alone();
    let workspace = one_node(version, "data", "");
    workspace.ok(&["apply"]);
    let kafka = KafkaCluster::start(version, &workspace);
    let before = kafka.topics(&workspace);
    let arguments = ["verify", "--as", "pki/clients/admin/current/client.properties", "--no-probes"];
    for _ in 0..3 {
        let running: Vec<_> =
            (0..3).map(|_| workspace.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()).collect();
        for run in running {
            Ran::from(run.wait_with_output().unwrap()).expect(0);
        }
    }
    for _ in 0..20 {
        workspace.run(&arguments).expect(0);
    }
    let until = Instant::now() + Duration::from_secs(10);
    while kafka.topics(&workspace) != before {
        assert!(Instant::now() < until, "left behind: {:?}, before: {before:?}", kafka.topics(&workspace));
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn verifications_of_kafka_3_9_at_once_and_one_after_another_all_pass() {
    verifications_at_once(KafkaVersion::V3_9);
}

#[test]
fn verifications_of_kafka_4_3_at_once_and_one_after_another_all_pass() {
    verifications_at_once(KafkaVersion::V4_3);
}

/// Such a topic is somebody's own: it is written to, and stays.
#[test]
fn a_topic_that_is_there_already_is_used_and_never_removed() {
    let _alone = alone();
    let workspace = one_node(KafkaVersion::V4_3, "data", "");
    workspace.ok(&["apply"]);
    let kafka = KafkaCluster::start(KafkaVersion::V4_3, &workspace);
    kafka.make_topic(&librdkafka(&workspace, "admin"), "countersign-verify", 1);
    let report = workspace.json(&["verify", "admin"]);
    assert_eq!(report["passed"], true, "{report:#}");
    let topic = step(&report["cells"][0], "topic");
    assert_eq!((&topic["name"], &topic["created"]), (&"countersign-verify".into(), &false.into()));
    assert!(kafka.topics(&workspace).contains("countersign-verify"));
}
