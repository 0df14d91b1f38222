//! Real Kafka lets clients in by name and password, with the rendered files as they are.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, FutureRecord};
use support::broker::alone;
use support::kafka::{KafkaCluster, KafkaVersion, librdkafka, topics_by_java};
use support::{Ran, Workspace, free_ports};

const ACLS: &str = "pki/clients/admin/current/kafka-acls.sh";
const USERS: &str = "pki/clients/admin/current/kafka-users.sh";
const PASSWORD: &str = "pki/clients/orders/current/sasl.password";

/// Every character that a shell, a properties file, JAAS or Kafka's configuration reads as something else.
const CHOSEN: &str = r#"o'neill "x\y\\"; #{} ${z} [k]=a,b \u0041 //c"#;

/// One combined node on loopback, whose clients log in by password.
fn one_node(version: KafkaVersion, auth: &str, more: &str) -> (Workspace, String) {
    let [broker, client, controller] = free_ports();
    let workspace = Workspace::new("");
    workspace.rewrite(&format!(
        r#"
cluster: tests
subject: {{ O: Acme }}
{more}
  version: {version}
  data: {data}
  listeners:
    BROKER: {{ port: {broker}, auth: mtls }}
    CLIENT: {{ port: {client}, auth: {auth} }}
    CONTROLLER: {{ port: {controller}, auth: mtls }}
  brokers: [{{ name: broker-1, host: localhost, bind: 127.0.0.1 }}]
clients:
  - {{ name: admin, kafka: super-user }}
  - {{ name: orders, kafka: {{ write: [orders], read: [orders], group: orders }} }}
  - {{ name: payments.v-2, kafka: {{ read: [payments] }} }}
"#,
        version = version.text(),
        data = workspace.path("data").display(),
    ));
    (workspace, format!("localhost:{client}"))
}

#[tokio::main(flavor = "current_thread")]
async fn send(workspace: &Workspace, client: &str, topic: &str) -> Result<(), KafkaError> {
    let producer: FutureProducer = librdkafka(workspace, client).set("message.timeout.ms", "20000").create()?;
    producer
        .send(FutureRecord::<(), _>::to(topic).payload("a message"), Duration::from_secs(20))
        .await
        .map(drop)
        .map_err(|(error, _)| error)
}

/// With a password of the user's own choice, in C and in Java; a wrong one is refused.
fn logs_in(version: KafkaVersion, auth: &str, more: &str, refusal: &str) {
    let _alone = alone();
    let (workspace, bootstrap) = one_node(version, auth, more);
    workspace.ok(&["apply"]);
    fs::write(workspace.path(PASSWORD), format!("{CHOSEN}\n")).unwrap();
    workspace.ok(&["apply"]);
    workspace.run(&["status"]).expect(0);
    let kafka = KafkaCluster::start(version, &workspace);
    if auth != "sasl-plain" {
        let said = kafka.make_users(&workspace, USERS);
        assert!(said.contains("Completed updating config for user orders"), "{said}");
    }
    kafka.allow(&workspace, ACLS);
    // Whoever may create topics makes this one by writing to it.
    send(&workspace, "admin", "orders").unwrap();
    send(&workspace, "orders", "orders").unwrap_or_else(|error| panic!("{error}: {}", kafka.denials()));
    assert!(topics_by_java(&workspace, "orders", &bootstrap).contains(&"orders".to_owned()));
    assert!(kafka.denials().is_empty(), "{}", kafka.denials());
    assert!(send(&workspace, "payments.v-2", "orders").is_err());
    assert!(kafka.denials().contains("Principal = User:payments.v-2 is Denied"), "{}", kafka.denials());

    // By the cluster file, and as the client's own configuration has it.
    workspace.run(&["verify", "orders", "admin"]).expect(0);
    workspace.run(&["verify", "--as", "pki/clients/orders/current/client.properties", "--topic", "orders"]).expect(0);
    fs::write(workspace.path("other.password"), "something else\n").unwrap();
    let stranger = ["--as", "pki/clients/orders/current/client.properties", "--user", "orders", "--user-password-file", "other.password"];
    workspace.run(&[&["verify", "--no-probes"], &stranger[..]].concat()).expect(4).says("login-refused");

    let stranger: BaseConsumer = librdkafka(&workspace, "orders").set("sasl.password", "something else").create().unwrap();
    assert!(stranger.fetch_metadata(None, Duration::from_secs(5)).is_err());
    assert!(kafka.log().contains(refusal), "{}", kafka.log());
}

/// What would be Kafka's tool says with which words it was called, and what it was given to read.
#[test]
fn passwords_reach_kafkas_tool_through_a_pipe_and_never_as_arguments() {
    let (workspace, _) = one_node(KafkaVersion::V4_3, "sasl-scram-sha-256", "kafka:");
    workspace.ok(&["apply", "--no-proof"]);
    let tool = workspace.path("kafka-configs.sh");
    fs::write(&tool, "#!/bin/sh\necho \"$@\" >&2\ncat /dev/stdin\n").unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    // The directory may lie elsewhere by then.
    let moved = workspace.path("o'neill $HOME}");
    fs::rename(workspace.path("pki"), &moved).unwrap();
    let orders = moved.join("clients/orders/current/sasl.password");
    fs::write(&orders, format!("{CHOSEN}\n")).unwrap();
    let mut script = Command::new("sh");
    script.arg(moved.join("clients/admin/current/kafka-users.sh")).arg(&moved).env("KAFKA_CONFIGS", &tool);
    let done: Ran = script.output().unwrap().into();
    assert_eq!(done.stdout.lines().next().unwrap(), format!("SCRAM-SHA-256=password={}", CHOSEN.replace('\\', "\\\\")));
    assert!(
        done.stderr.contains("--entity-name orders --add-config-file /dev/stdin\n") && !done.stderr.contains("x\\y"),
        "{}",
        done.stderr
    );
    fs::remove_file(orders).unwrap();
    Ran::from(script.output().unwrap()).expect(1).says("clients/orders/current/sasl.password cannot be read");
}

#[test]
fn what_is_rendered_has_no_finding() {
    for auth in ["sasl-plain", "sasl-scram-sha-256", "sasl-scram-sha-512"] {
        for passwords in ["inline", "file-provider"] {
            let (workspace, _) = one_node(KafkaVersion::V4_3, auth, &format!("kafka:\n  passwords: {passwords}"));
            workspace.ok(&["apply"]);
            workspace.ok(&["check"]);
            let files = ["server.properties", "client.properties"].map(|file| format!("pki/kafka/broker-1/current/{file}"));
            let more = ["client.properties", "librdkafka.conf"].map(|file| format!("pki/clients/orders/current/{file}"));
            let arguments: Vec<&str> =
                ["check", "--deny", "note"].into_iter().chain(files.iter().chain(&more).map(String::as_str)).collect();
            workspace.ok(&arguments);
            // In a directory, what is no setting of Kafka's own is passed over.
            let found = workspace.run(&["check", "pki/clients/orders/current"]).stdout;
            assert!(found.contains("client.properties: nothing found") && !found.contains("passwords.properties"), "{found}");
        }
    }
}

#[test]
fn kafka_3_9_knows_its_clients_by_scram_sha_256() {
    let refusal = "invalid credentials with SASL mechanism SCRAM-SHA-256";
    logs_in(KafkaVersion::V3_9, "sasl-scram-sha-256", "kafka:\n  passwords: file-provider", refusal);
}

#[test]
fn kafka_4_3_knows_its_clients_by_scram_sha_512() {
    let refusal = "invalid credentials with SASL mechanism SCRAM-SHA-512";
    logs_in(KafkaVersion::V4_3, "sasl-scram-sha-512", "stores: { formats: [jks] }\nkafka:", refusal);
}

#[test]
fn kafka_3_9_knows_its_clients_by_plain() {
    logs_in(KafkaVersion::V3_9, "sasl-plain", "kafka:", "Invalid username or password");
}

/// A file provider has work although PEM needs no passwords.
#[test]
fn kafka_4_3_knows_its_clients_by_plain() {
    let more = "stores: { formats: [pem] }\nkafka:\n  passwords: file-provider";
    logs_in(KafkaVersion::V4_3, "sasl-plain", more, "Invalid username or password");
}
