//! Running brokers take new files without a restart, and are seen to serve them.

#![allow(clippy::disallowed_methods)]

mod support;

use serde_json::Value;
use support::broker::alone;
use support::kafka::{KafkaCluster, KafkaVersion};
use support::rabbitmq::{RabbitmqNode, RabbitmqVersion};
use support::{Workspace, free_ports};

fn kafka_node(version: KafkaVersion, stores: &str) -> Workspace {
    let [broker, client, controller] = free_ports();
    let workspace = Workspace::new("");
    workspace.rewrite(&format!(
        r#"
cluster: tests
subject: {{ O: Acme }}
stores: {{ formats: [{stores}] }}
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
  - {{ name: app, kafka: {{ write: [t] }}, restarts: kafka-python-3 }}
"#,
        version = version.text(),
        data = workspace.path("data").display(),
    ));
    workspace
}

fn start(version: KafkaVersion, workspace: &Workspace) -> KafkaCluster {
    let configuration = [workspace.path("pki/kafka/broker-1/current/server.properties")];
    KafkaCluster::start_nodes(version, workspace, &configuration, &["--ignore-formatted"])
}

fn states(report: &Value) -> Vec<&str> {
    report["holders"][0]["places"].as_array().unwrap().iter().map(|place| place["state"].as_str().unwrap()).collect()
}

#[test]
fn kafka_serves_the_new_leaf_everywhere_and_nothing_stays_set() {
    let _alone = alone();
    for (version, stores) in [(KafkaVersion::V4_3, "pkcs12"), (KafkaVersion::V3_9, "pem")] {
        let workspace = kafka_node(version, stores);
        workspace.ok(&["apply", "--no-proof"]);
        let kafka = start(version, &workspace);
        let first = workspace.json(&["reload"]);
        assert_eq!(states(&first), ["served"; 3], "{first:#}");

        workspace.ok(&["rotate", "--all", "--no-proof"]);
        let ran = workspace.run(&["reload", "--format", "json"]);
        let second: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((ran.code, states(&second)), (0, vec!["reloaded"; 3]), "{second:#}");
        assert_eq!(second["restarts"][0]["holder"], "kafka/broker-1");
        assert!(second["restarts"][0]["by"].is_string(), "{second:#}");
        assert_eq!(workspace.run(&["verify", "--no-message"]).code, 0);

        // Of cron's runs only the one that made something asks for more than what is served.
        workspace.edit("kafka: { write: [t] }", "kafka: { write: [t] }, also: [app.example]");
        let applied = workspace.json(&["apply", "--no-proof", "--reload"]);
        assert_eq!(states(&applied["reload"]), ["served"; 3], "{applied:#}");
        workspace.ok(&["rotate", "broker-1", "--no-proof"]);
        assert_eq!(states(&workspace.json(&["apply", "--reload"])["reload"]), ["reloaded"; 3], "what was missed is made up for");

        // What was set for the second generation would win over the third.
        workspace.ok(&["rotate", "--all", "--no-proof"]);
        drop(kafka);
        let _kafka = start(version, &workspace);
        assert_eq!(states(&workspace.json(&["reload"])), ["served"; 3]);
    }
}

#[test]
fn what_kafka_refuses_is_told_in_its_own_words_and_what_it_served_it_serves_on() {
    let _alone = alone();
    let workspace = kafka_node(KafkaVersion::V4_3, "pkcs12");
    workspace.ok(&["apply", "--no-proof"]);
    let _kafka = start(KafkaVersion::V4_3, &workspace);
    workspace.edit("O: Acme", "O: Another");
    workspace.ok(&["apply", "--no-proof"]);
    let ran = workspace.run(&["reload"]).expect(4).says("did not take generation 2").says("DistinguishedName does not match");
    assert!(ran.stdout.contains("not yet"), "{}", ran.stdout);
    let applied = workspace.json(&["apply", "--no-proof", "--reload"]);
    assert!(applied["reload"]["put_back"].as_array().unwrap().is_empty(), "nothing was renewed: {applied:#}");
    let rotated = workspace.json(&["rotate", "broker-1", "--no-proof", "--reload"]);
    assert_eq!(rotated["reload"]["put_back"][0], serde_json::json!({ "holder": "kafka/broker-1", "generation": 2 }), "{rotated:#}");
    workspace.ok(&["rollback", "broker-1", "--no-proof"]);
    workspace.edit("O: Another", "O: Acme");
    workspace.edit("kafka:\n  version", "kafka:\n  reload: { as: admin }\n  version");
    assert_eq!(states(&workspace.json(&["reload", "broker-1"])), ["served"; 3], "as the client that is named");
    workspace.run(&["apply"]).expect(0);
}

#[test]
fn a_broker_that_is_down_is_told_of() {
    let workspace = kafka_node(KafkaVersion::V4_3, "pkcs12");
    workspace.run(&["reload"]).expect(1).says("run `countersign apply` first");
    workspace.ok(&["apply", "--no-proof"]);
    workspace.run(&["reload", "--patience", "100ms"]).expect(4).says("not seen");
}

#[test]
fn a_client_is_reloaded_by_its_command() {
    let workspace = kafka_node(KafkaVersion::V4_3, "pkcs12");
    let told = workspace.path("told").display().to_string();
    let command = format!(r#"reload: {{ command: 'echo {{node}} $COUNTERSIGN_HOLDER $COUNTERSIGN_GENERATION > "{told}"' }}"#);
    workspace.edit("restarts: kafka-python-3", &format!("restarts: kafka-python-3, {command}"));
    workspace.ok(&["apply", "--no-proof"]);
    workspace.run(&["reload", "app"]).expect(0);
    assert_eq!(workspace.read("told"), "app clients/app 1\n");
    workspace.run(&["reload", "admin"]).expect(0).says("restart clients/admin");

    workspace.edit(&command, "reload: { command: 'echo no such thing >&2; exit 7' }");
    workspace.run(&["reload", "app"]).expect(4).says("exit status: 7; it said: no such thing");
    workspace.edit("echo no such thing >&2; exit 7' }", "sleep 60', timeout: 1s }");
    workspace.run(&["reload", "app"]).expect(4).says("it did not end within 1 s");
}

/// Erlang keeps what it has read for up to two minutes, unless it is told to forget it.
#[test]
fn rabbitmq_serves_the_new_leaf_once_its_cache_is_cleared() {
    let _alone = alone();
    let [port] = free_ports();
    let workspace = Workspace::new(&format!(
        r#"
cluster: tests
rabbitmq:
  version: 3.10
  nodes: [{{ name: rabbit-1, host: localhost, bind: 127.0.0.1, port: {port} }}]
clients: [{{ name: app, rabbitmq: {{}} }}]
"#
    ));
    workspace.ok(&["apply", "--no-proof"]);
    let generation = workspace.path("pki/rabbitmq/rabbit-1/current");
    let node = RabbitmqNode::start(RabbitmqVersion::V3_10, &workspace, &generation, "rabbit-1", port);
    assert_eq!(states(&workspace.json(&["reload"])), ["served"]);
    workspace.ok(&["rotate", "--all", "--no-proof"]);
    workspace.run(&["reload", "--patience", "100ms"]).expect(4).says("not yet");
    let command = node.ctl_line("-q eval 'ssl:clear_pem_cache().'").replace('\'', "''");
    workspace.edit("rabbitmq:\n", &format!("rabbitmq:\n  reload: {{ command: '{command}' }}\n"));
    let reloaded = workspace.json(&["reload"]);
    assert_eq!(states(&reloaded), ["reloaded"], "{reloaded:#}");
    assert_eq!(workspace.run(&["verify"]).code, 0);
}
