//! What each sink must allow, as the sinks themselves understand it.

#![allow(clippy::disallowed_methods)]

mod support;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign::cluster;
use countersign::policy::{Deleting, policy};
use serde_json::{Value, json};
use support::vault::{Vault, VaultOptions};
use support::{fixtures, kubernetes};

const CLUSTER: &str = r#"
cluster: orders
kafka:
  listeners: { BROKER: { port: 9093 }, CLIENT: { port: 9094, auth: sasl-scram-sha-512 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: "broker-{1..2}", host: "broker-{1..2}.example" }]
rabbitmq: { nodes: [{ name: rabbit-1, host: rabbit-1.example }] }
clients: [{ name: app, kafka: { write: [t] } }]
push:
"#;

fn text(push: &str, deleting: Deleting) -> String {
    let spec = cluster::parse(&format!("{CLUSTER}{push}\n"), Path::new("/")).unwrap();
    policy(&spec, spec.sinks.last().unwrap(), deleting)
}

/// A Vault with a KV engine at `secret/`, and a token that this policy alone is given to.
fn allowed(policy: &str) -> (Vault, String) {
    let vault = Vault::start(VaultOptions::default());
    vault.mount_kv("secret");
    vault.policy("tested", policy);
    let token = vault.token("tested", "1h");
    (vault, token)
}

#[test]
fn a_token_with_vaults_policy_may_do_what_a_push_does_and_nothing_beside_it() {
    let (vault, token) = allowed(&text("  - vault: {}\n    holders: [kafka]", Deleting::LeftOut));
    let status = |method: &str, path: &str, body: Option<Value>| vault.request_as(&token, method, path, body.as_ref()).status;
    let value = || Some(json!({ "data": { "tls.crt": "x" }, "options": { "cas": 0 } }));
    assert_eq!(status("GET", "secret/data/orders/kafka/broker-1", None), 404);
    assert_eq!(status("POST", "secret/data/orders/kafka/broker-1", value()), 200);
    assert_eq!(status("GET", "secret/data/orders/kafka/broker-1?version=1", None), 200);
    let told = Some(json!({ "custom_metadata": { "cluster": "orders" } }));
    assert_eq!(status("POST", "secret/metadata/orders/kafka/broker-1", told), 204);
    assert_eq!(status("GET", "secret/metadata/orders/kafka/broker-1", None), 200);
    for (method, path) in [
        ("POST", "secret/data/orders/clients/app"),
        ("POST", "secret/data/payments/kafka/broker-1"),
        ("DELETE", "secret/data/orders/kafka/broker-1"),
        ("DELETE", "secret/metadata/orders/kafka/broker-1"),
        ("LIST", "secret/metadata/orders/kafka/"),
        ("POST", "secret/delete/orders/kafka/broker-1"),
        ("POST", "secret/destroy/orders/kafka/broker-1"),
    ] {
        assert_eq!(status(method, path, value()), 403, "{method} {path}");
    }
    assert_eq!(status("GET", "sys/internal/ui/mounts/secret", None), 200);
}

#[test]
fn with_pruning_it_may_find_and_delete_what_has_gone_and_destroy_nothing() {
    for (path, folder, gone) in [
        ("{cluster}/{kind}/{name}", "orders/clients/", "orders/clients/gone"),
        ("tls/{cluster}/{kind}-{name}", "tls/orders/", "tls/orders/clients-gone"),
        ("{kind}-{name}", "", "clients-gone"),
        ("{name}", "", "gone"),
    ] {
        let (vault, token) = allowed(&text(&format!("  - vault: {{ path: \"{path}\" }}\n    holders: [kafka]"), Deleting::Allowed));
        let status = |method: &str, path: String, body: Option<Value>| vault.request_as(&token, method, &path, body.as_ref()).status;
        vault.request("POST", &format!("secret/data/{gone}"), Some(&json!({ "data": { "tls.crt": "x" } }))).expect(200);
        assert_eq!(status("LIST", format!("secret/metadata/{folder}"), None), 200, "{path}");
        assert_eq!(status("GET", format!("secret/metadata/{gone}"), None), 200, "{path}");
        assert_eq!(status("POST", format!("secret/delete/{gone}"), Some(json!({ "versions": [1] }))), 204, "{path}");
        assert_eq!(status("POST", format!("secret/destroy/{gone}"), Some(json!({ "versions": [1] }))), 403, "{path}");
        assert_eq!(status("DELETE", format!("secret/metadata/{gone}"), None), 403, "{path}");
    }
}

#[test]
fn external_secrets_may_read_the_values_of_its_holders_and_nothing_else() {
    let push =
        "  - vault: {}\n  - kubernetes: { namespace: kafka, secrets: { external: { from: vault, role: r } } }\n    holders: [clients]";
    let role = text(push, Deleting::LeftOut);
    let comments: Vec<&str> = role.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let policy: Vec<&str> = comments.into_iter().skip_while(|line| !line.starts_with("path ")).collect();
    let (vault, token) = allowed(&policy.join("\n"));
    for place in ["clients/app", "kafka/broker-1"] {
        vault.request("POST", &format!("secret/data/orders/{place}"), Some(&json!({ "data": { "tls.crt": "x" } }))).expect(200);
    }
    let status = |method: &str, path: &str| vault.request_as(&token, method, path, Some(&json!({ "data": {} }))).status;
    assert_eq!(status("GET", "secret/data/orders/clients/app"), 200);
    assert_eq!(status("POST", "secret/data/orders/clients/app"), 403);
    assert_eq!(status("GET", "secret/data/orders/kafka/broker-1"), 403);
}

#[test]
fn kubernetes_takes_the_role_of_every_form() {
    let forms = [
        "strimzi: my",
        "strimzi: my, secrets: { sealed: { certificate: c.pem } }",
        "secrets: { external: { from: vault, role: r } }",
        "secrets: { external: { from: aws } }",
    ];
    for form in forms {
        for deleting in [Deleting::Allowed, Deleting::LeftOut] {
            let push = format!("  - vault: {{}}\n  - aws: {{}}\n  - kubernetes: {{ namespace: kafka, {form} }}");
            let role = text(&push, deleting);
            kubernetes::validate_text(&role).unwrap_or_else(|complaint| panic!("{complaint}\n{role}"));
        }
    }
}

/// moto checks policies as IAM does: versions, actions, ARNs, conditions.
#[test]
fn iam_takes_the_policy() {
    const CREATE: &str = "import sys, boto3, moto\n\
        with moto.mock_aws():\n    iam = boto3.client('iam', 'eu-central-1')\n    \
        print(iam.create_policy(PolicyName='tested', PolicyDocument=sys.stdin.read())['Policy']['Arn'])";
    let create = |policy: &str| {
        let mut python = Command::new(fixtures().join("moto/bin/python"));
        python.args(["-c", CREATE]).env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(policy.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    };
    for aws in ["{}", "{ region: eu-central-1, kms-key: alias/kafka, msk-users: yes, amazon-mq-ca: orders/ca }", "{ kms-key: 1234abcd }"] {
        for deleting in [Deleting::Allowed, Deleting::LeftOut] {
            let policy = text(&format!("  - aws: {aws}"), deleting);
            create(&policy).unwrap_or_else(|complaint| panic!("{complaint}\n{policy}"));
        }
    }
    for (from, to) in [("arn:aws:", "arn:awz:"), ("secretsmanager:Put", "Put"), ("2012-10-17", "2012-10-18")] {
        let wrong = text("  - aws: {}", Deleting::LeftOut).replace(from, to);
        assert!(create(&wrong).unwrap_err().contains("MalformedPolicyDocument"), "{to}");
    }
}
