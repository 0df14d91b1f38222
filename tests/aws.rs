//! `push` to AWS Secrets Manager, which moto stands in for: what is called in which order, what is there afterwards, and what is
//! said when something is in the way.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use support::Workspace;
use support::certificates::{Authority, Leaf, NOTHING, OF_ANOTHER_NAME};
use support::fault_proxy::{Fault, FaultProxy, Seen};
use support::moto::{self, Moto, REGION};
use support::proxy::{closed_port, silent};

const BROKER: &str = "orders/kafka/broker-1";
const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2VjEXAMPLETOKEN"),
];
const KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A broker and a client, whose files go to Secrets Manager at `endpoint`.
fn cluster(endpoint: &str) -> Workspace {
    let workspace = Workspace::new(&format!(
        r#"
cluster: orders
subject: {{ O: Acme }}
leaf: {{ key: p256 }}
stores: {{ formats: [pem, pkcs12], java: 11 }}
kafka:
  version: 3.9
  listeners: {{ BROKER: {{ port: 9093 }}, CLIENT: {{ port: 9094, auth: sasl-scram-sha-512 }}, CONTROLLER: {{ port: 9095 }} }}
  brokers: [{{ name: broker-1, host: broker-1.example }}]
rabbitmq:
  nodes: [{{ name: rabbit-1, host: rabbit-1.example }}]
clients:
  - {{ name: admin, kafka: super-user }}
  - {{ name: payments, kafka: {{ write: [orders] }} }}
push:
  - aws: {{ region: {REGION}, endpoint: "{endpoint}" }}
    holders: [broker-1, payments]
    files: [pem]
"#
    ));
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

/// What a push left behind.
struct Pushed {
    code: i32,
    json: Value,
}

impl Pushed {
    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{:#}", self.json);
        self
    }

    fn sink(&self) -> &Value {
        &self.json["sinks"][0]
    }

    #[track_caller]
    fn row(&self, holder: &str) -> &Value {
        let rows = self.sink()["parcels"].as_array().unwrap();
        rows.iter().find(|row| row["holder"] == holder).unwrap_or_else(|| panic!("{:#}", self.json))
    }

    fn actions(&self) -> Vec<(&str, &str)> {
        let rows = self.sink()["parcels"].as_array().unwrap().iter();
        rows.map(|row| (row["holder"].as_str().unwrap(), row["action"].as_str().unwrap())).collect()
    }

    /// Kind and message of what went wrong with the broker's files, or with the whole sink.
    #[track_caller]
    fn error(&self) -> (&str, &str) {
        let error = if self.sink()["error"].is_null() { &self.row("kafka/broker-1")["error"] } else { &self.sink()["error"] };
        (error["kind"].as_str().unwrap_or_else(|| panic!("{:#}", self.json)), error["message"].as_str().unwrap())
    }
}

fn push(workspace: &Workspace, arguments: &[&str]) -> Pushed {
    push_with(workspace, arguments, &CREDENTIALS)
}

/// With nothing of AWS's in the environment but `variables`, and each call tried once.
fn push_with(workspace: &Workspace, arguments: &[&str], variables: &[(&str, &str)]) -> Pushed {
    let mut command = workspace.command(&[&["push", "--format", "json"], arguments].concat());
    let ours = |name: &str| name.starts_with("AWS_") || name.to_lowercase().ends_with("_proxy");
    for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    command.env("HOME", workspace.path("home")).env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_MAX_ATTEMPTS", "1");
    ran(workspace, command.envs(variables.iter().copied()))
}

/// Nothing secret is ever told.
fn ran(workspace: &Workspace, command: &mut Command) -> Pushed {
    let output = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    for secret in secrets(&workspace.path("pki")).iter().map(String::as_str).chain(CREDENTIALS.iter().skip(1).map(|(_, value)| *value)) {
        assert!(!stdout.contains(secret) && !stderr.contains(secret), "{secret:?} is told:\n{stdout}\n{stderr}");
    }
    let json = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"));
    Pushed { code: output.status.code().unwrap(), json }
}

/// Lines of keys, and passwords.
fn secrets(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            found.extend(secrets(&path));
        } else if name.to_string_lossy().ends_with(".key") || name.to_string_lossy().ends_with("password") {
            let text = fs::read_to_string(&path).unwrap();
            found.extend(text.lines().filter(|line| line.len() >= 6 && !line.starts_with("-----")).map(str::to_owned));
        }
    }
    found
}

/// What was asked about one secret, in order.
fn asked(proxy: &FaultProxy, id: &str) -> Vec<(String, Value)> {
    let seen = proxy.seen();
    let about = |body: &Value| body["SecretId"] == id || body["Name"] == id;
    seen.iter().map(|seen| (action(seen).to_owned(), seen.json())).filter(|(_, body)| about(body)).collect()
}

fn action(seen: &Seen) -> &str {
    seen.header("X-Amz-Target").and_then(|target| target.strip_prefix("secretsmanager.")).unwrap_or_default()
}

fn is(action_name: &'static str, id: &'static str) -> impl Fn(&Seen) -> bool + Send + Sync {
    move |seen| action(seen) == action_name && (seen.json()["SecretId"] == id || seen.json()["Name"] == id)
}

/// As AWS tells that a call failed.
fn refusal(status: u16, kind: &str, message: &str) -> Fault {
    Fault::answer(status, &[("Content-Type", "application/x-amz-json-1.1")], &json!({ "__type": kind, "Message": message }).to_string())
}

/// The labels of each version of a secret.
fn stages(moto: &Moto, id: &str) -> Value {
    moto.call("DescribeSecret", &json!({ "SecretId": id })).expect(200).json()["VersionIdsToStages"].clone()
}

fn tags(moto: &Moto, id: &str) -> Vec<(String, String)> {
    let described = moto.call("DescribeSecret", &json!({ "SecretId": id })).expect(200).json();
    let tags = described["Tags"].as_array().cloned().unwrap_or_default();
    tags.iter().map(|tag| (tag["Key"].as_str().unwrap().to_owned(), tag["Value"].as_str().unwrap().to_owned())).collect()
}

fn document(moto: &Moto, id: &str) -> Value {
    serde_json::from_str(moto.secret(id)["SecretString"].as_str().unwrap()).unwrap()
}

/// Other files, therefore another value.
fn change(workspace: &Workspace) {
    workspace.edit("files: [pem]", "files: [pem, config]");
}

#[test]
fn a_first_push_creates_every_secret_and_a_second_only_looks() {
    let moto = Moto::start();
    let proxy = FaultProxy::start(&moto.endpoint, |_| Fault::None);
    let workspace = cluster(&proxy.url());
    workspace.edit("endpoint:", "tags: { team: platform }, endpoint:");

    let dry = push(&workspace, &["--dry-run"]).expect(3);
    assert_eq!(dry.actions(), [("kafka/broker-1", "created"), ("clients/payments", "created")]);
    assert!(asked(&proxy, BROKER).iter().all(|(action, _)| action == "DescribeSecret"));

    let first = push(&workspace, &[]).expect(0);
    assert_eq!(first.actions(), [("kafka/broker-1", "created"), ("clients/payments", "created")]);
    assert_eq!(first.sink()["place"], format!("AWS Secrets Manager in {REGION} at {}", proxy.url()));
    let secret = moto.secret(BROKER);
    assert_eq!(secret["VersionId"], first.row("kafka/broker-1")["version"]);
    assert_eq!(secret["VersionStages"], json!(["AWSCURRENT"]));
    assert_eq!(document(&moto, BROKER)["tls.key"], workspace.read("pki/kafka/broker-1/current/tls.key"));
    let told = tags(&moto, BROKER);
    for (key, value) in [("countersign:managed-by", "countersign"), ("countersign:holder", "kafka/broker-1"), ("team", "platform")] {
        assert!(told.contains(&(key.to_owned(), value.to_owned())), "{told:?}");
    }

    let before = proxy.seen().len();
    assert_eq!(push(&workspace, &[]).expect(0).actions(), [("kafka/broker-1", "unchanged"), ("clients/payments", "unchanged")]);
    assert_eq!(push(&workspace, &["--dry-run"]).expect(0).actions().len(), 2);
    assert!(proxy.seen()[before..].iter().all(|seen| matches!(action(seen), "DescribeSecret" | "GetSecretValue")));
}

#[test]
fn a_new_version_counts_only_once_it_was_read_back() {
    let moto = Moto::start();
    let proxy = FaultProxy::start(&moto.endpoint, |_| Fault::None);
    let workspace = cluster(&proxy.url());
    let old = push(&workspace, &[]).expect(0).row("kafka/broker-1")["version"].clone();
    let before = asked(&proxy, BROKER).len();
    change(&workspace);

    let pushed = push(&workspace, &[]).expect(0);

    let row = pushed.row("kafka/broker-1");
    assert_eq!(row["action"], "updated");
    assert!(row["changed"].as_array().unwrap().contains(&json!("server.properties")), "{row}");
    let new = row["version"].clone();
    let asked = asked(&proxy, BROKER).split_off(before);
    let order: Vec<&str> = asked.iter().map(|(action, _)| action.as_str()).collect();
    let look = ["DescribeSecret", "GetSecretValue"];
    let write =
        ["PutSecretValue", "GetSecretValue", "UpdateSecretVersionStage", "UpdateSecretVersionStage", "GetSecretValue", "TagResource"];
    assert_eq!(order, [&look[..], &write[..]].concat());
    assert_eq!(asked[2].1["VersionStages"], json!(["COUNTERSIGN_PENDING"]));
    assert_eq!(asked[2].1["ClientRequestToken"], new);
    assert_eq!(asked[3].1["VersionId"], new);
    let moved = json!({ "SecretId": BROKER, "VersionStage": "AWSCURRENT", "MoveToVersionId": new, "RemoveFromVersionId": old });
    assert_eq!(asked[4].1, moved);
    assert_eq!(asked[5].1, json!({ "SecretId": BROKER, "VersionStage": "COUNTERSIGN_PENDING", "RemoveFromVersionId": new }));
    assert_eq!(asked[6].1["VersionStage"], "AWSCURRENT");
    let (old, new) = (old.as_str().unwrap(), new.as_str().unwrap());
    assert_eq!(stages(&moto, BROKER), json!({ old: ["AWSPREVIOUS"], new: ["AWSCURRENT"] }));
}

#[test]
fn a_former_value_is_made_current_again_and_not_written_anew() {
    let moto = Moto::start();
    let workspace = cluster(&moto.endpoint);
    let first = push(&workspace, &[]).expect(0).row("kafka/broker-1")["version"].clone();
    change(&workspace);
    let second = push(&workspace, &[]).expect(0).row("kafka/broker-1")["version"].clone();
    workspace.edit("files: [pem, config]", "files: [pem]");

    let third = push(&workspace, &[]).expect(0);

    assert_eq!(third.row("kafka/broker-1")["version"], first);
    let (first, second) = (first.as_str().unwrap(), second.as_str().unwrap());
    assert_eq!(stages(&moto, BROKER), json!({ first: ["AWSCURRENT"], second: ["AWSPREVIOUS"] }));
    push(&workspace, &["--dry-run"]).expect(0);
}

#[test]
fn what_is_read_back_otherwise_never_counts() {
    let moto = Moto::start();
    let garbled = json!({ "Name": BROKER, "VersionId": "0".repeat(64), "SecretString": "{}", "VersionStages": [] }).to_string();
    let garbled = Fault::answer(200, &[("Content-Type", "application/x-amz-json-1.1")], &garbled);
    let by_id = |seen: &Seen| action(seen) == "GetSecretValue" && seen.json()["VersionId"].is_string();
    let proxy = FaultProxy::start(&moto.endpoint, garbled.first(usize::MAX, by_id));
    let workspace = cluster(&proxy.url());
    let old = push(&workspace, &[]).expect(0).row("kafka/broker-1")["version"].clone();
    change(&workspace);

    assert_eq!(push(&workspace, &[]).expect(1).error().0, "not-as-sent");

    assert_eq!(moto.secret(BROKER)["VersionId"], old);
    workspace.edit(&proxy.url(), &moto.endpoint);
    let next = push(&workspace, &[]).expect(0);
    assert_eq!(next.row("kafka/broker-1")["action"], "updated");
    assert_eq!(stages(&moto, BROKER)[next.row("kafka/broker-1")["version"].as_str().unwrap()], json!(["AWSCURRENT"]));
}

#[test]
fn a_connection_cut_after_the_write_is_decided_by_reading_back() {
    for (lost, changes) in [("CreateSecret", false), ("PutSecretValue", true), ("UpdateSecretVersionStage", true)] {
        let moto = Moto::start();
        let proxy = FaultProxy::start(&moto.endpoint, Fault::CutAfterWrite.first(1, is(lost, BROKER)));
        let workspace = cluster(&proxy.url());
        if changes {
            push(&workspace, &[]).expect(0);
            change(&workspace);
        }
        let pushed = push(&workspace, &[]).expect(0);
        assert_eq!(pushed.row("kafka/broker-1")["action"], if changes { "updated" } else { "created" }, "{lost}");
        assert_eq!(moto.secret(BROKER)["VersionId"], pushed.row("kafka/broker-1")["version"], "{lost}");
        push(&workspace, &["--dry-run"]).expect(0);
    }
}

#[test]
fn whatever_call_fails_the_rest_is_done_and_the_next_run_completes_the_work() {
    let moto = Moto::start();
    let workspace = cluster(&moto.endpoint);
    let calls = [("DescribeSecret", 1), ("GetSecretValue", 3), ("PutSecretValue", 1), ("UpdateSecretVersionStage", 2), ("TagResource", 1)];
    for (failing, skipped) in calls.into_iter().flat_map(|(call, times)| (0..times).map(move |skipped| (call, skipped))) {
        push(&workspace, &[]).expect(0);
        change(&workspace);
        let met = AtomicUsize::new(0);
        let proxy = FaultProxy::start(&moto.endpoint, move |seen| match is(failing, BROKER)(seen) {
            true if met.fetch_add(1, Ordering::SeqCst) == skipped => refusal(403, "AccessDeniedException", "no"),
            true | false => Fault::None,
        });
        workspace.edit(&moto.endpoint, &proxy.url());

        let pushed = push(&workspace, &[]).expect(1);

        assert_eq!(pushed.error().0, "forbidden", "{failing}");
        assert_eq!(pushed.row("clients/payments")["action"], "updated", "{failing}");
        workspace.edit(&proxy.url(), &moto.endpoint);
        push(&workspace, &[]).expect(0);
        push(&workspace, &["--dry-run"]).expect(0);
        assert!(document(&moto, BROKER)["server.properties"].is_string(), "{failing}");
        workspace.edit("files: [pem, config]", "files: [pem]");
        for secret in [BROKER, "orders/clients/payments"] {
            moto.call("DeleteSecret", &json!({ "SecretId": secret, "ForceDeleteWithoutRecovery": true })).expect(200);
        }
    }
}

#[test]
fn what_aws_refuses_is_told_in_words() {
    let busy = "Rate exceeded";
    let kms = "Access to KMS is not allowed";
    let table = [
        (refusal(400, "AccessDeniedException", "User: x is not authorized"), "forbidden", "does not allow to read orders/kafka/broker-1"),
        (refusal(400, "AccessDeniedException", kms), "forbidden", "use the KMS key aws/secretsmanager for orders/kafka/broker-1"),
        (refusal(400, "ThrottlingException", busy), "throttled", "too many requests"),
        (Fault::answer(429, &[], ""), "throttled", "too many requests"),
        (refusal(500, "InternalServiceError", "An error occurred"), "refused", "answered 500 to read orders/kafka/broker-1"),
        (Fault::answer(503, &[], "<html>"), "refused", "answered 503"),
        (Fault::answer(200, &[], "<html>"), "refused", "no answer of Secrets Manager"),
        (refusal(400, "DecryptionFailure", "x"), "refused", "see that the KMS key aws/secretsmanager exists"),
        (refusal(400, "ExpiredTokenException", "x"), "login", "the session token has expired"),
        (refusal(400, "UnrecognizedClientException", "x"), "login", "does not know the access key"),
        // AWS quotes the canonical request here, and with it the session token.
        (refusal(400, "InvalidSignatureException", &format!("x-amz-security-token:{}", CREDENTIALS[2].1)), "login", "secret access key"),
        (Fault::Refuse, "unreachable", "cannot be reached"),
    ];
    let moto = Moto::start();
    let workspace = cluster(&moto.endpoint);
    for (fault, kind, message) in table {
        let proxy = FaultProxy::start(&moto.endpoint, fault.clone().first(usize::MAX, is("DescribeSecret", BROKER)));
        workspace.edit(&moto.endpoint, &proxy.url());
        let pushed = push(&workspace, &["--dry-run"]).expect(1);
        let error = pushed.error();
        assert!(error.0 == kind && error.1.contains(message), "{fault:?}: {error:?}");
        workspace.edit(&proxy.url(), &moto.endpoint);
    }
}

#[test]
fn a_value_that_an_answer_quotes_is_not_quoted_again() {
    let moto = Moto::start();
    let proxy = FaultProxy::start(&moto.endpoint, |seen| match action(seen) {
        "CreateSecret" => refusal(400, "InvalidParameterException", seen.json()["SecretString"].as_str().unwrap()),
        _ => Fault::None,
    });
    let pushed = push(&cluster(&proxy.url()), &[]).expect(1);
    assert!(pushed.error().1.ends_with("answered 400 to write orders/kafka/broker-1: InvalidParameterException"), "{:?}", pushed.error());
}

#[test]
fn what_passes_is_tried_again() {
    for passing in [refusal(500, "InternalServiceError", "x"), refusal(400, "ThrottlingException", "x"), Fault::Refuse] {
        let moto = Moto::start();
        let proxy = FaultProxy::start(&moto.endpoint, passing.first(1, is("CreateSecret", BROKER)));
        let variables = [&CREDENTIALS[..], &[("AWS_MAX_ATTEMPTS", "3")]].concat();
        push_with(&cluster(&proxy.url()), &[], &variables).expect(0);
    }
}

#[test]
fn of_two_pushers_the_one_who_came_second_is_told() {
    let moto = Moto::start();
    let endpoint = moto.endpoint.clone();
    let other = json!({ "SecretId": BROKER, "SecretString": "another's" });
    let once = Fault::Refuse.first(1, is("UpdateSecretVersionStage", BROKER));
    let proxy = FaultProxy::start(&moto.endpoint, move |seen| {
        if let Fault::Refuse = once(seen) {
            moto::call(&endpoint, "PutSecretValue", &other).unwrap().expect(200);
        }
        Fault::None
    });
    let workspace = cluster(&proxy.url());
    push(&workspace, &[]).expect(0);
    change(&workspace);

    assert_eq!(push(&workspace, &[]).expect(1).error().0, "conflict");

    assert_eq!(moto.secret(BROKER)["SecretString"], "another's");
    push(&workspace, &[]).expect(0);
    assert!(document(&moto, BROKER)["server.properties"].is_string());
}

#[test]
fn of_two_who_create_the_one_who_came_second_is_told_unless_both_sent_the_same() {
    for same in [true, false] {
        let moto = Moto::start();
        let endpoint = moto.endpoint.clone();
        let proxy = FaultProxy::start(&moto.endpoint, move |seen| {
            if is("CreateSecret", BROKER)(seen) {
                let (mine, other) = (seen.json(), json!({ "Name": BROKER, "SecretString": "another's" }));
                moto::call(&endpoint, "CreateSecret", if same { &mine } else { &other }).unwrap().expect(200);
            }
            Fault::None
        });
        let pushed = push(&cluster(&proxy.url()), &[]);
        if same {
            assert_eq!(pushed.expect(0).row("kafka/broker-1")["action"], "created");
        } else {
            assert_eq!(pushed.expect(1).error().0, "conflict");
            assert_eq!(moto.secret(BROKER)["SecretString"], "another's");
        }
    }
}

#[test]
fn a_secret_of_others_is_left_alone_until_it_is_adopted_and_keeps_their_tags() {
    let moto = Moto::start();
    let theirs = json!({ "Name": BROKER, "SecretString": "theirs", "Tags": [{ "Key": "owner", "Value": "them" }] });
    moto.call("CreateSecret", &theirs).expect(200);
    let workspace = cluster(&moto.endpoint);

    assert_eq!(push(&workspace, &[]).expect(1).error().0, "not-ours");
    assert_eq!(moto.secret(BROKER)["SecretString"], "theirs");

    push(&workspace, &["--adopt"]).expect(0);
    assert!(document(&moto, BROKER)["tls.crt"].is_string());
    assert!(tags(&moto, BROKER).contains(&("owner".to_owned(), "them".to_owned())));
    push(&workspace, &["--dry-run"]).expect(0);
}

#[test]
fn a_secret_that_never_had_a_value_or_has_a_binary_one_is_filled() {
    let moto = Moto::start();
    moto.call("CreateSecret", &json!({ "Name": BROKER })).expect(200);
    moto.call("CreateSecret", &json!({ "Name": "orders/clients/payments", "SecretBinary": "AAEC" })).expect(200);
    let workspace = cluster(&moto.endpoint);

    let pushed = push(&workspace, &["--adopt"]).expect(0);

    assert_eq!(pushed.actions(), [("kafka/broker-1", "updated"), ("clients/payments", "updated")]);
    assert!(document(&moto, "orders/clients/payments")["tls.crt"].is_string());
    push(&workspace, &["--dry-run"]).expect(0);
}

#[test]
fn a_secret_that_waits_for_its_end_or_is_of_a_service_is_explained() {
    let moto = Moto::start();
    let workspace = cluster(&moto.endpoint);
    push(&workspace, &[]).expect(0);
    moto.call("DeleteSecret", &json!({ "SecretId": BROKER, "RecoveryWindowInDays": 7 })).expect(200);
    let pushed = push(&workspace, &[]).expect(1);
    assert_eq!(pushed.error().0, "pending-deletion");
    assert_eq!(pushed.row("clients/payments")["action"], "unchanged");
    moto.call("RestoreSecret", &json!({ "SecretId": BROKER })).expect(200);
    push(&workspace, &["--dry-run"]).expect(0);

    let service = json!([{ "Key": "aws:secretsmanager:owningService", "Value": "rds" }]);
    moto.call("TagResource", &json!({ "SecretId": BROKER, "Tags": service })).expect(200);
    let pushed = push(&workspace, &["--adopt"]).expect(1);
    assert!(pushed.error().1.contains("a secret of the AWS service \"rds\""), "{:?}", pushed.error());
}

#[test]
fn what_is_told_of_a_secret_is_set_right_without_a_new_version() {
    let moto = Moto::start();
    let workspace = cluster(&moto.endpoint);
    let version = push(&workspace, &[]).expect(0).row("kafka/broker-1")["version"].clone();
    moto.call("UntagResource", &json!({ "SecretId": BROKER, "TagKeys": ["countersign:generation"] })).expect(200);
    workspace.edit("endpoint:", "tags: { team: platform }, endpoint:");

    let pushed = push(&workspace, &[]).expect(0);

    assert_eq!((&pushed.row("kafka/broker-1")["action"], &pushed.row("kafka/broker-1")["version"]), (&json!("updated"), &version));
    assert_eq!(pushed.row("kafka/broker-1")["changed"], Value::Null);
    push(&workspace, &["--dry-run"]).expect(0);
}

#[test]
fn another_kms_key_is_set_before_anything_is_written() {
    let moto = Moto::start();
    let proxy = FaultProxy::start(&moto.endpoint, |_| Fault::None);
    let workspace = cluster(&proxy.url());
    workspace.edit("endpoint:", "kms-key: alias/kafka, endpoint:");
    push(&workspace, &[]).expect(0);
    let key = |moto: &Moto| moto.call("DescribeSecret", &json!({ "SecretId": BROKER })).expect(200).json()["KmsKeyId"].clone();
    assert_eq!(key(&moto), "alias/kafka");

    workspace.edit("alias/kafka", KEY);
    let dry = push(&workspace, &["--dry-run"]).expect(3);
    assert_eq!(dry.row("kafka/broker-1")["changed"], json!(["kms-key"]));
    change(&workspace);
    let before = asked(&proxy, BROKER).len();
    push(&workspace, &[]).expect(0);

    assert_eq!(key(&moto), KEY);
    let written: Vec<String> = asked(&proxy, BROKER).split_off(before).into_iter().map(|(action, _)| action).collect();
    assert_eq!(&written[2..4], ["UpdateSecret", "PutSecretValue"]);
    workspace.edit(KEY, KEY.rsplit_once('/').unwrap().1);
    push(&workspace, &["--dry-run"]).expect(0);
}

#[test]
fn amazon_msk_gets_its_users_and_amazon_mq_what_its_nodes_trust() {
    let moto = Moto::start();
    let workspace = cluster(&moto.endpoint);
    workspace.edit("endpoint:", &format!("kms-key: '{KEY}', msk-users: yes, amazon-mq-ca: orders/ca, endpoint:"));

    let pushed = push(&workspace, &[]).expect(0);

    let owners: Vec<&str> = pushed.actions().iter().map(|(owner, _)| *owner).collect();
    assert_eq!(owners, ["kafka/broker-1", "clients/payments", "clients/payments as user", "trust"]);
    let user = "AmazonMSK_orders/payments";
    let password = workspace.read("pki/clients/payments/current/sasl.password");
    assert_eq!(document(&moto, user), json!({ "username": "payments", "password": password.trim_end() }));
    assert_eq!(moto.call("DescribeSecret", &json!({ "SecretId": user })).expect(200).json()["KmsKeyId"], KEY);
    let trusted = moto.secret("orders/ca")["SecretString"].clone();
    assert_eq!(trusted.as_str().unwrap(), workspace.read("pki/rabbitmq/rabbit-1/current/ca.crt"));
    push(&workspace, &["--dry-run"]).expect(0);
}

#[test]
fn prune_lists_what_is_of_nobody_and_deletes_it_so_that_it_can_be_restored() {
    let moto = Moto::start();
    let proxy = FaultProxy::start(&moto.endpoint, |_| Fault::None);
    let workspace = cluster(&proxy.url());
    push(&workspace, &[]).expect(0);
    let tag = |key: &str, value: &str| json!({ "Key": format!("countersign:{key}"), "Value": value });
    // Of a cluster whose name begins alike, of ours but elsewhere, and not ours at all.
    for (name, cluster) in [("orders/kafka/broker-9", "orders-2"), ("archive/kafka/broker-9", "orders")] {
        let tags = [tag("managed-by", "countersign"), tag("cluster", cluster), tag("holder", "kafka/broker-9")];
        moto.call("CreateSecret", &json!({ "Name": name, "SecretString": "x", "Tags": tags })).expect(200);
    }
    moto.call("CreateSecret", &json!({ "Name": "orders/kafka/notes", "SecretString": "x" })).expect(200);
    workspace.edit("holders: [broker-1, payments]", "holders: [payments]");

    let listed = push(&workspace, &["--prune"]).expect(3);
    assert_eq!(listed.sink()["pruned"], json!([{ "holder": "kafka/broker-1", "address": BROKER, "action": "listed" }]));
    moto.secret(BROKER);

    let removed = push(&workspace, &["--prune", "--yes"]).expect(0);
    assert_eq!(removed.sink()["pruned"][0]["action"], "removed");
    let deleted = asked(&proxy, BROKER).into_iter().find(|(action, _)| action == "DeleteSecret").unwrap();
    assert_eq!(deleted.1, json!({ "SecretId": BROKER, "RecoveryWindowInDays": 30 }));
    assert_eq!(push(&workspace, &["--prune"]).expect(0).sink()["pruned"], Value::Null);
    for kept in ["orders/kafka/broker-9", "archive/kafka/broker-9", "orders/kafka/notes", "orders/clients/payments"] {
        moto.secret(kept);
    }
}

#[test]
fn an_endpoint_that_is_down_or_silent_is_told_apart() {
    let workspace = cluster(&format!("http://127.0.0.1:{}", closed_port()));
    let down = push(&workspace, &[]).expect(1);
    assert_eq!(down.error().0, "unreachable");
    assert!(down.error().1.contains("Connection refused"), "{:?}", down.error());
    let workspace = cluster(&format!("http://127.0.0.1:{}", silent()));
    assert_eq!(push(&workspace, &[]).expect(1).error().0, "slow");
}

#[test]
fn an_answer_without_end_is_given_up_and_not_asked_for_again() {
    let endless = FaultProxy::start("http://127.0.0.1:9", |_| Fault::Endless);
    let workspace = cluster(&endless.url());
    let tried_again = ("AWS_MAX_ATTEMPTS", "3");
    let pushed = push_with(&workspace, &[], &[&CREDENTIALS[..], &[tried_again]].concat()).expect(1);
    let message = format!("answered 200 to read {BROKER}: its answer is longer than 8 MiB");
    assert!(pushed.error().0 == "refused" && pushed.error().1.ends_with(&message), "{:?}", pushed.error());
    assert_eq!(endless.seen().len(), 2, "one for each holder");

    // Whoever gives credentials is bounded as well.
    let container = format!("{}/credentials", endless.url());
    let pushed = push_with(&workspace, &[], &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container), tried_again]).expect(1);
    assert_eq!(pushed.error().0, "login");
    assert!(pushed.error().1.ends_with("its answer is longer than 8 MiB"), "{:?}", pushed.error());
}

#[test]
fn a_list_without_end_is_given_up() {
    let moto = Moto::start();
    let pages: [fn(usize) -> String; 2] = [|_| "again".to_owned(), |number| number.to_string()];
    for token in pages {
        let proxy = FaultProxy::start(&moto.endpoint, move |seen| match action(seen) {
            "ListSecrets" => {
                let page = json!({ "SecretList": [], "NextToken": token(seen.number) }).to_string();
                Fault::answer(200, &[("Content-Type", "application/x-amz-json-1.1")], &page)
            }
            _ => Fault::None,
        });
        assert_eq!(push(&cluster(&proxy.url()), &["--prune"]).expect(1).error().0, "endless");
        assert!(proxy.seen().iter().filter(|seen| action(seen) == "ListSecrets").count() <= 1_000);
    }
}

#[test]
fn an_endpoint_is_trusted_by_the_bundle_that_aws_tools_are_given_and_by_nothing_less() {
    let moto = Moto::start();
    let root = Authority::root("root");
    let workspace = cluster(&format!("https://localhost:{}", tls_before(&moto.endpoint, &root.leaf("localhost", NOTHING))));
    let unknown = push(&workspace, &[]).expect(1);
    assert_eq!(unknown.error().0, "untrusted", "{:?}", unknown.error());
    assert!(unknown.error().1.contains("AWS_CA_BUNDLE"), "{:?}", unknown.error());

    let bundle = workspace.path("root.pem");
    fs::write(&bundle, root.pem()).unwrap();
    let variables = [&CREDENTIALS[..], &[("AWS_CA_BUNDLE", bundle.to_str().unwrap())]].concat();
    push_with(&workspace, &[], &variables).expect(0);

    let elsewhere = cluster(&format!("https://localhost:{}", tls_before(&moto.endpoint, &root.leaf("other", OF_ANOTHER_NAME))));
    let elsewhere = push_with(&elsewhere, &[], &variables).expect(1);
    assert_eq!(elsewhere.error().0, "untrusted", "{:?}", elsewhere.error());
    fs::write(&bundle, "nothing").unwrap();
    assert_eq!(push_with(&workspace, &[], &variables).expect(1).error().0, "setting");
    let plain = cluster(&moto.endpoint.replace("http://", "https://"));
    assert_eq!(push(&plain, &[]).expect(1).error().0, "unreachable");
}

#[test]
fn endpoint_region_and_credentials_come_from_the_environment_and_the_profile() {
    let moto = Moto::start();
    let workspace = cluster(&moto.endpoint);
    let spelled = format!("region: {REGION}, endpoint: \"{}\"", moto.endpoint);
    workspace.edit(&spelled, "tags: { team: platform }");
    let endpoint = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", moto.endpoint.as_str());

    let nowhere = push_with(&workspace, &[], &[&CREDENTIALS[..], &[endpoint]].concat()).expect(1);
    assert_eq!(nowhere.error().0, "setting");
    assert!(nowhere.error().1.contains("no AWS region"), "{:?}", nowhere.error());

    let nobody = push_with(&workspace, &[], &[endpoint, ("AWS_REGION", REGION)]).expect(1);
    assert_eq!(nobody.error().0, "setting");
    for tried in ["no AWS credentials were found", "Environment", "Profile", "WebIdentityToken", "Ec2InstanceMetadata"] {
        assert!(nobody.error().1.contains(tried), "{:?}", nobody.error());
    }

    push_with(&workspace, &[], &[&CREDENTIALS[..], &[endpoint, ("AWS_DEFAULT_REGION", REGION)]].concat()).expect(0);
    fs::create_dir_all(workspace.path("home/.aws")).unwrap();
    let [(_, id), (_, key), _] = CREDENTIALS;
    let profile = format!("[profile deploy]\nregion = {REGION}\naws_access_key_id = {id}\naws_secret_access_key = {key}\n");
    fs::write(workspace.path("home/.aws/config"), profile).unwrap();
    push_with(&workspace, &["--dry-run"], &[("AWS_PROFILE", "deploy"), ("AWS_ENDPOINT_URL", &moto.endpoint)]).expect(0);

    let wrong = [("AWS_REGION", REGION), ("AWS_ENDPOINT_URL", "http://user:secret@127.0.0.1")];
    let wrong = push_with(&workspace, &[], &[&CREDENTIALS[..], &wrong].concat()).expect(1);
    assert!(wrong.error().1.starts_with("AWS_ENDPOINT_URL holds no address"), "{:?}", wrong.error());
}

#[test]
fn an_answer_that_comes_late_but_comes_counts() {
    let moto = Moto::start();
    let proxy = FaultProxy::start(&moto.endpoint, Fault::Delay(Duration::from_secs(2)).first(1, is("CreateSecret", BROKER)));
    push(&cluster(&proxy.url()), &[]).expect(0);
}

/// A server that speaks TLS and hands on what it hears; its port.
fn tls_before(upstream: &str, leaf: &Leaf) -> u16 {
    let upstream = upstream.strip_prefix("http://").unwrap().to_owned();
    let chain = CertificateDer::pem_slice_iter(leaf.chain().as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(leaf.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let Ok(mut client) = acceptor.accept(client).await else { continue };
                let mut server = tokio::net::TcpStream::connect(&upstream).await.unwrap();
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
            }
        });
    });
    port
}
