//! Clients of real Kafka that are as they should be: `verify` connects as they would, and gives nothing away.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::process::Command;

use serde_json::Value;
use support::broker::alone;
use support::certificates::{Authority, NOTHING};
use support::client::Client;
use support::kafka::KafkaVersion;
use support::node::{Listener, Node, Users};
use support::proxy::Recorder;
use support::{Workspace, free_ports, program};

const LISTENERS: &[Listener] = &[
    ("MUTUAL", "SSL", &[]),
    ("TLS_12", "SSL", &[("ssl.enabled.protocols", "TLSv1.2")]),
    ("PASSWORD", "SASL_SSL", &[("ssl.client.auth", "none"), ("sasl.enabled.mechanisms", "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN")]),
    ("PLAINTEXT", "PLAINTEXT", &[]),
];

const PASSWORD: &str = "correct-horse-battery";

const USERS: Users = Users { scram: "alice", plain: "bob", password: PASSWORD };

fn start(version: KafkaVersion) -> Node {
    let workspace = Workspace::new("");
    let root = Authority::root("root");
    let issuing = root.below("issuing", NOTHING);
    for (name, text) in [
        ("root.pem", root.pem()),
        ("stranger-root.pem", Authority::root("stranger root").pem()),
        ("broker.pem", issuing.leaf("broker-1", NOTHING).keystore()),
        ("admin.pem", issuing.leaf("admin", NOTHING).keystore()),
    ] {
        fs::write(workspace.path(name), text).unwrap();
    }
    let export = ["pkcs12", "-export", "-in", "admin.pem", "-out", "admin.p12", "-passout", "pass:changeit"];
    program(Command::new("openssl").args(export).current_dir(workspace.path("")));
    Node::start(version, workspace, LISTENERS, &free_ports::<{ LISTENERS.len() + 1 }>(), &USERS)
}

fn good_client() -> Client {
    Client::with_certificate("admin.pem", "root.pem")
}

/// As any client would do: the bootstrap server, then every broker under its advertised name, and a message there and back.
fn healthy_clients_pass(node: &Node) {
    let good = good_client;
    let by_password = |mechanism, user| good().logging_in(mechanism, user, PASSWORD);
    let from_pkcs12 =
        good().with("ssl.keystore.type", "PKCS12").with("ssl.keystore.location", "admin.p12").with("ssl.keystore.password", "changeit");
    let clients: [(&str, Client, &[&str]); 8] = [
        ("MUTUAL", good(), &[]),
        ("MUTUAL", from_pkcs12, &[]),
        ("MUTUAL", good(), &["--transactional"]),
        ("MUTUAL", good(), &["--tls", "1.2", "--tls", "1.3"]),
        ("TLS_12", good().with("ssl.enabled.protocols", "TLSv1.2"), &[]),
        ("PASSWORD", by_password("SCRAM-SHA-256", "alice"), &[]),
        ("PASSWORD", by_password("SCRAM-SHA-512", "alice"), &[]),
        ("PASSWORD", by_password("PLAIN", "bob"), &[]),
    ];
    for (index, (listener, client, arguments)) in clients.into_iter().enumerate() {
        let topic = format!("proof-{index}");
        let (code, report) = node.verify(&client, &node.bootstrap(listener), &[&["--topic", &topic, "--no-probes"], arguments].concat());
        assert_eq!((code, &report["passed"]), (0, &true.into()), "{listener} {client:?} {arguments:?}: {report:#}");
        let steps: Vec<&Value> = report["cells"].as_array().unwrap().iter().flat_map(|cell| cell["steps"].as_array().unwrap()).collect();
        let took = |step: &str, key: &str, value: Value| {
            steps.iter().any(|taken| taken["step"] == step && (key.is_empty() || taken[key] == value))
        };
        assert!(took("produce", "transactional", arguments.contains(&"--transactional").into()), "{report:#}");
        assert!(took("consume", "", Value::Null), "{report:#}");
        let versions = |text: &str| took("handshake", "protocol", text.into());
        assert_eq!(versions("TLSv1.2"), listener == "TLS_12" || arguments.contains(&"1.2"), "{report:#}");
        assert_eq!(versions("TLSv1.3"), listener != "TLS_12", "{report:#}");
        if let Some(mechanism) = client.get("sasl.mechanism") {
            assert!(took("login", "mechanism", mechanism.into()), "{report:#}");
        }
    }
}

/// Whoever listens in hears TLS, or what gives nothing away.
fn no_credential_leaves_in_the_clear(node: &Node) {
    let client = || good_client().logging_in("SCRAM-SHA-512", "alice", PASSWORD);
    for (listener, client, expected) in [
        ("PASSWORD", client(), None),
        ("PASSWORD", good_client().logging_in("PLAIN", "bob", PASSWORD), None),
        ("PASSWORD", client().with("ssl.truststore.location", "stranger-root.pem"), Some("server-issuer-unknown")),
        ("PLAINTEXT", client(), Some("plaintext-port")),
        ("PLAINTEXT", client().with("security.protocol", "SASL_PLAINTEXT"), Some("client-in-plaintext")),
    ] {
        let recorder = Recorder::before(node.port(listener));
        let (code, report) = node.verify(&client, &format!("localhost:{}", recorder.port), &["--no-message"]);
        let failed = report["cells"].as_array().unwrap().iter().find_map(|cell| cell["code"].as_str());
        assert_eq!((failed, code == 0 || expected.is_some()), (expected, true), "{report:#}");
        let heard = recorder.heard();
        assert_eq!(heard.iter().all(Vec::is_empty), expected == Some("client-in-plaintext"), "{listener}: {heard:?}");
        for sent in heard {
            let is_tls = sent.first() == Some(&0x16);
            assert!(if is_tls { only_tls_records(&sent) } else { only_api_versions(&sent) }, "{listener}: {}", sent.escape_ascii());
            for secret in ["alice", "bob", PASSWORD, "SCRAM-SHA", "PLAIN"] {
                assert!(!sent.windows(secret.len()).any(|window| window == secret.as_bytes()), "{listener}: {}", sent.escape_ascii());
            }
        }
    }
}

/// RFC 8446, 5.1: type, version 3.x, length. The last one may be cut off.
fn only_tls_records(mut sent: &[u8]) -> bool {
    while let [20..=23, 3, _, high, low, rest @ ..] = sent {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        sent = rest.get(length..).unwrap_or_default();
    }
    sent.len() < 5
}

/// Kafka's requests: length, API key. ApiVersions, 18, says no more than which program asks.
fn only_api_versions(mut sent: &[u8]) -> bool {
    while let [a, b, c, d, rest @ ..] = sent {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if rest.get(..2) != Some(&[0, 18]) {
            return false;
        }
        sent = rest.get(length..).unwrap_or_default();
    }
    sent.is_empty()
}

#[test]
fn healthy_clients_of_kafka_3_9() {
    let _alone = alone();
    healthy_clients_pass(&start(KafkaVersion::V3_9));
}

#[test]
fn healthy_clients_of_kafka_4_3() {
    let _alone = alone();
    let node = start(KafkaVersion::V4_3);
    healthy_clients_pass(&node);
    no_credential_leaves_in_the_clear(&node);
}
