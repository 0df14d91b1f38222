//! What is allowed, and that it is no more.

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::cluster;

/// A cluster of every kind of holder with this `push` block.
fn spec(push: &str) -> ClusterSpec {
    let text = format!(
        "cluster: orders\n\
         kafka:\n  listeners: {{ BROKER: {{ port: 9093 }}, CLIENT: {{ port: 9094, auth: sasl-scram-sha-512 }}, CONTROLLER: {{ port: 9095 }} }}\n  \
         brokers: [{{ name: \"broker-{{1..2}}\", host: \"broker-{{1..2}}.example\" }}]\n\
         rabbitmq: {{ nodes: [{{ name: rabbit-1, host: rabbit-1.example }}] }}\n\
         clients: [{{ name: app, kafka: {{ write: [t] }} }}]\n\
         push:\n{push}\n"
    );
    cluster::parse(&text, Path::new("/etc/countersign")).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn text(push: &str, deleting: Deleting) -> String {
    let spec = spec(push);
    policy(&spec, spec.sinks.last().unwrap(), deleting)
}

/// Each path with its capabilities, in the order of the policy.
fn paths(policy: &str) -> Vec<String> {
    let lines = policy.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" ");
    let blocks = lines.split("path \"").skip(1).map(|block| {
        let (path, rest) = block.split_once('"').unwrap();
        let list = rest.split_once('[').unwrap().1.split_once(']').unwrap().0;
        format!("{path}: {}", list.replace('"', ""))
    });
    blocks.collect()
}

#[test]
fn vault_lets_the_holders_of_the_sink_be_read_and_written_and_nothing_else() {
    let push = "  - { vault: { mount: kv/team }, holders: [kafka, clients] }";
    let expected = [
        "kv/team/data/orders/clients/*: create, read, update",
        "kv/team/data/orders/kafka/*: create, read, update",
        "kv/team/metadata/orders/clients/*: create, read, update",
        "kv/team/metadata/orders/kafka/*: create, read, update",
    ];
    let mut found = paths(&text(push, Deleting::LeftOut));
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn vault_lets_what_has_gone_be_found_and_deleted_only_for_pruning() {
    let push = "  - vault: { path: \"tls/{cluster}/{kind}-{name}\" }\n    holders: [kafka]";
    assert_eq!(
        paths(&text(push, Deleting::LeftOut)),
        ["secret/data/tls/orders/kafka-*: create, read, update", "secret/metadata/tls/orders/kafka-*: create, read, update"]
    );
    let pruning = paths(&text(push, Deleting::Allowed));
    for path in [
        "secret/data/tls/orders/rabbitmq-*: create, read, update",
        "secret/metadata/tls/orders/clients-*: create, read, update, list",
        "secret/metadata/tls/orders/: list",
        "secret/delete/tls/orders/kafka-*: update",
    ] {
        assert!(pruning.iter().any(|found| found == path), "{path} is not in {pruning:#?}");
    }
    assert_eq!(pruning.len(), 3 + 3 + 1 + 3);
}

/// The whole mount would be theirs otherwise.
#[test]
fn places_that_begin_with_nothing_in_common_are_named_one_by_one() {
    let push = "  - vault: { path: \"{name}\" }\n    holders: [kafka]";
    let expected =
        ["data", "metadata"].map(|part| ["broker-1", "broker-2"].map(|name| format!("secret/{part}/{name}: create, read, update")));
    assert_eq!(paths(&text(push, Deleting::LeftOut)), expected.concat());
}

#[test]
fn the_command_that_writes_a_policy_names_its_namespace() {
    let text = text("  - vault: { namespace: platform }", Deleting::LeftOut);
    assert!(text.contains("vault policy write -namespace=platform countersign-orders policy.hcl"), "{text}");
}

fn statements(push: &str, deleting: Deleting) -> Vec<Value> {
    let policy: Value = serde_json::from_str(&text(push, deleting)).unwrap();
    assert_eq!(policy["Version"], "2012-10-17");
    policy["Statement"].as_array().unwrap().clone()
}

#[test]
fn aws_lets_the_holders_of_the_sink_be_read_and_written_and_nothing_else() {
    let statements = statements("  - { aws: { region: eu-central-1 }, holders: [kafka] }", Deleting::LeftOut);
    let expected = json!([{
        "Sid": "PushSecrets",
        "Effect": "Allow",
        "Action": [
            "secretsmanager:CreateSecret",
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:TagResource",
            "secretsmanager:UpdateSecretVersionStage"
        ],
        "Resource": ["arn:aws:secretsmanager:eu-central-1:*:secret:orders/kafka/*"]
    }]);
    assert_eq!(Value::Array(statements), expected);
}

#[test]
fn aws_lets_only_secrets_that_are_tagged_with_the_cluster_be_deleted() {
    let statements = statements("  - aws: {}", Deleting::Allowed);
    assert_eq!((&statements[1]["Action"], &statements[1]["Resource"]), (&json!(["secretsmanager:ListSecrets"]), &json!(["*"])));
    assert_eq!(statements[2]["Action"], json!(["secretsmanager:DeleteSecret"]));
    assert_eq!(statements[2]["Resource"], statements[0]["Resource"]);
    assert_eq!(statements[2]["Condition"], json!({ "StringEquals": { "secretsmanager:ResourceTag/countersign:cluster": "orders" } }));
}

/// One that is not there yet is asked for by its name alone.
#[test]
fn a_secret_of_one_name_is_allowed_with_and_without_what_aws_appends() {
    let push = "  - aws: { region: cn-north-1, amazon-mq-ca: mq/ca, msk-users: yes, kms-key: 1234abcd }";
    let statements = statements(push, Deleting::LeftOut);
    let resources = ["AmazonMSK_orders/*", "mq/ca", "mq/ca-??????", "orders/clients/*", "orders/kafka/*", "orders/rabbitmq/*"]
        .map(|name| format!("arn:aws-cn:secretsmanager:cn-north-1:*:secret:{name}"));
    assert_eq!(statements[0]["Resource"], json!(resources));
}

#[test]
fn a_key_is_allowed_by_its_arn_or_by_the_alias_that_it_has_and_through_secrets_manager_alone() {
    let key = |key: &str| {
        let push = format!("  - aws: {{ region: us-gov-east-1, kms-key: \"{key}\" }}");
        let statement = statements(&push, Deleting::LeftOut).remove(1);
        assert_eq!(statement["Action"], json!(["kms:Decrypt", "kms:GenerateDataKey"]));
        assert_eq!(statement["Condition"]["StringLike"]["kms:ViaService"], "secretsmanager.us-gov-east-1.amazonaws.com*");
        (statement["Resource"][0].as_str().unwrap().to_owned(), statement["Condition"]["ForAnyValue:StringEquals"].clone())
    };
    let alias = json!({ "kms:ResourceAliases": "alias/kafka" });
    assert_eq!(key("1234abcd"), ("arn:aws-us-gov:kms:us-gov-east-1:*:key/1234abcd".to_owned(), Value::Null));
    assert_eq!(key("arn:aws:kms:x:1:key/2"), ("arn:aws:kms:x:1:key/2".to_owned(), Value::Null));
    assert_eq!(key("alias/kafka"), ("arn:aws-us-gov:kms:us-gov-east-1:*:key/*".to_owned(), alias.clone()));
    assert_eq!(key("arn:aws:kms:x:1:alias/kafka"), ("arn:aws:kms:x:1:key/*".to_owned(), alias));
}

#[test]
fn kubernetes_lets_whoever_applies_the_manifests_write_those_objects_alone() {
    let text = text("  - { kubernetes: { namespace: kafka }, holders: [kafka] }", Deleting::LeftOut);
    let rules = text.split_once("rules:\n").unwrap().1;
    let expected = r#"  # Kubernetes cannot limit by name what is created.
  - apiGroups: [""]
    resources: ["configmaps"]
    verbs: ["create"]
  - apiGroups: [""]
    resources: ["configmaps"]
    resourceNames: ["orders-trust"]
    verbs: ["get", "patch"]
  # Kubernetes cannot limit by name what is created.
  - apiGroups: [""]
    resources: ["secrets"]
    verbs: ["create"]
  - apiGroups: [""]
    resources: ["secrets"]
    resourceNames: ["broker-1", "broker-2"]
    verbs: ["get", "patch"]
"#;
    assert_eq!(rules, expected);
}

#[test]
fn kubernetes_lets_nobody_who_applies_sealed_or_external_secrets_read_a_secret() {
    let sealed = "  - kubernetes: { namespace: kafka, secrets: { sealed: { certificate: c.pem } } }";
    let external = "  - vault: {}\n  - kubernetes: { namespace: kafka, secrets: { external: { from: vault, role: r } } }";
    for (push, resource) in [(sealed, "sealedsecrets"), (external, "externalsecrets")] {
        let text = text(push, Deleting::Allowed);
        assert!(text.contains(&format!("resources: [\"{resource}\"]")) && !text.contains("resources: [\"secrets\"]"), "{text}");
    }
}

/// `kubectl apply` takes the whole text.
#[test]
fn what_external_secrets_must_be_allowed_at_its_source_stands_in_comments() {
    let external = |source: &str| {
        let push = format!(
            "{source}\n  - {{ kubernetes: {{ namespace: kafka, secrets: {{ external: {{ from: store, role: r }} }} }}, holders: [clients] }}"
        );
        let text = text(&push, Deleting::Allowed);
        let comments = text.split_once("External Secrets fetches").unwrap().1.lines().skip(1).collect::<Vec<_>>();
        comments.iter().map(|line| line.strip_prefix('#').unwrap().strip_prefix(' ').unwrap_or_default()).collect::<Vec<_>>().join("\n")
    };
    let vault = external("  - { vault: {}, name: store }");
    assert!(vault.contains("vault write auth/kubernetes/role/r bound_service_account_names=external-secrets bound_service_account_namespaces=kafka token_policies=countersign-orders-read\n"));
    assert_eq!(paths(&vault), ["secret/data/orders/clients/*: read"]);
    let aws = external("  - { aws: { kms-key: alias/kafka }, name: store }");
    let policy: Value = serde_json::from_str(aws.split_once("\n\n").unwrap().1).unwrap();
    let allowed = |index: usize| (&policy["Statement"][index]["Action"], &policy["Statement"][index]["Resource"]);
    assert_eq!(allowed(0), (&json!(["secretsmanager:GetSecretValue"]), &json!(["arn:aws:secretsmanager:*:*:secret:orders/clients/*"])));
    assert_eq!(allowed(1), (&json!(["kms:Decrypt"]), &json!(["arn:aws:kms:*:*:key/*"])));
}
