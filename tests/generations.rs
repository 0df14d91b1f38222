//! Generations of a holder's files: new ones when somebody wants them, and what becomes of the old.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use countersign::pki::Certificate;
use support::Workspace;

const CLUSTER: &str = r"
cluster: orders
leaf: { lifetime: 90d, renew: 30d, reuse-key: no }
stores: { formats: [pem] }
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: 'broker-{1..2}', host: 'broker-{1..2}.example' }]
clients: [{ name: app, kafka: { write: [t] } }]
";

fn applied() -> Workspace {
    let workspace = Workspace::new(CLUSTER);
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

fn generation(workspace: &Workspace, holder: &str) -> String {
    fs::read_link(workspace.path("pki").join(holder).join("current")).unwrap().display().to_string()
}

/// The generation in use of everyone.
fn generations(workspace: &Workspace) -> [String; 3] {
    ["kafka/broker-1", "kafka/broker-2", "clients/app"].map(|holder| generation(workspace, holder))
}

fn leaf(workspace: &Workspace, holder: &str) -> Certificate {
    Certificate::from_pem(workspace.read(format!("pki/{holder}/current/tls.crt")).as_bytes()).unwrap().remove(0)
}

fn key(workspace: &Workspace, holder: &str) -> Vec<u8> {
    leaf(workspace, holder).public_key
}

/// The last line of the journal that tells of `event`.
fn told(workspace: &Workspace, event: &str) -> serde_json::Value {
    let journal = workspace.read("pki/journal.jsonl");
    let mut lines = journal.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.rfind(|line| line["event"] == event).unwrap_or_else(|| panic!("no line tells of {event}"))
}

// New leafs, whatever is due

#[test]
fn a_leaf_is_exchanged_when_somebody_wants_it_and_nobody_elses_with_it() {
    let workspace = applied();
    let before = key(&workspace, "clients/app");
    workspace.run(&["rotate", "app", "--reason", "the laptop was stolen"]).expect(0).says("Proof over loopback passed");
    assert_eq!(generations(&workspace), ["1", "1", "2"]);
    assert_ne!(key(&workspace, "clients/app"), before);
    assert_eq!(told(&workspace, "leaf")["reasons"], serde_json::json!(["asked for: the laptop was stolen"]));
    workspace.run(&["apply"]).expect(0).says("Nothing to do: 3");

    workspace.ok(&["rotate", "--all", "--no-proof"]);
    assert_eq!(generations(&workspace), ["2", "2", "3"]);
}

#[test]
fn what_would_be_rotated_is_shown_and_nothing_is_written() {
    let workspace = applied();
    workspace.run(&["rotate", "broker-1", "--dry-run"]).expect(3).says("would be issued");
    let report = workspace.json(&["rotate", "kafka/broker-1", "--dry-run", "--reason", "audit"]);
    let row = &report["holders"][0];
    assert_eq!((&row["holder"], &row["key"], &row["generation"]), (&"kafka/broker-1".into(), &"fresh".into(), &2.into()));
    assert_eq!(row["reasons"], serde_json::json!([{ "code": "asked", "remark": "audit" }]));
    assert_eq!(generations(&workspace), ["1", "1", "1"]);
}

#[test]
fn what_else_is_due_is_told_and_not_done() {
    let workspace = applied();
    workspace.edit("host: 'broker-{1..2}.example'", "host: 'broker-{1..2}.kafka.example'");
    let ran = workspace.run(&["rotate", "broker-1", "--no-proof"]).expect(0).says("others are due, too (kafka/broker-2");
    assert!(ran.stdout.contains("asked for; names changed"), "{}", ran.stdout);
    assert_eq!(generations(&workspace), ["2", "1", "1"]);
}

#[test]
fn whose_leaf_it_is_to_be_is_said_once_and_rightly() {
    let workspace = applied();
    for (words, sentence) in [
        (&["rotate"][..], "name the holders that are to get a new leaf, or say --all"),
        (&["rotate", "--all", "app"], "--all names everyone: leave the other names out"),
        (&["rotate", "app", "clients/app"], "clients/app is named twice"),
        (&["rotate", "ap"], "no holder is called \"ap\" in the cluster file; the nearest is clients/app"),
        (&["rotate", "app", "--new-key", "--keep-key"], "--new-key and --keep-key exclude each other"),
        (&["rotate", "app", "--reason", ""], "the text of --reason is no reason: it says nothing"),
        (&["rotate", "app", "--reason", "one\ntwo"], "it is not one line"),
    ] {
        let ran = workspace.run(words).expect(2).says(sentence);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
    assert_eq!(generations(&workspace), ["1", "1", "1"]);
}

#[test]
fn nothing_is_rotated_where_there_is_nothing_yet() {
    let workspace = Workspace::new(CLUSTER);
    workspace.run(&["rotate", "--all"]).expect(1).says("run `countersign apply` first");
    assert!(!workspace.path("pki").exists());
}

#[test]
fn a_holder_that_cannot_be_seen_to_is_a_failure_and_the_others_are_rotated() {
    let workspace = applied();
    let current = workspace.path("pki/clients/app/current");
    fs::remove_file(&current).unwrap();
    std::os::unix::fs::symlink("/tmp", &current).unwrap();
    workspace.run(&["rotate", "app", "broker-1", "--no-proof"]).expect(1).says("points to /tmp");
    assert_eq!(generations(&workspace), ["2", "1", "/tmp"]);
    workspace.run(&["rotate", "broker-1", "--no-proof"]).expect(0).says("points to /tmp");
}

// Keys that are kept

#[test]
fn a_renewal_keeps_the_key_where_the_cluster_file_says_so() {
    let workspace = applied();
    workspace.edit("reuse-key: no", "reuse-key: yes");
    let before = key(&workspace, "kafka/broker-1");
    workspace.edit("cluster: orders", "cluster: orders\nsubject: { O: Acme }");
    let report = workspace.json(&["apply"]);
    assert_eq!(report["holders"][0]["key"], "kept", "{report:#}");
    assert_eq!(key(&workspace, "kafka/broker-1"), before);
    assert!(leaf(&workspace, "kafka/broker-1").subject.ends_with("O=Acme"));
    workspace.ok(&["rotate", "broker-1", "--new-key", "--no-proof"]);
    assert_ne!(key(&workspace, "kafka/broker-1"), before);
    workspace.run(&["status"]).expect(0);
}

#[test]
fn a_key_is_kept_for_once_when_somebody_wants_it() {
    let workspace = applied();
    let before = leaf(&workspace, "clients/app");
    workspace.ok(&["rotate", "app", "--keep-key"]);
    let after = leaf(&workspace, "clients/app");
    assert_eq!((&after.public_key, after.serial == before.serial), (&before.public_key, false));
}

#[test]
fn a_key_that_others_may_know_is_never_kept() {
    let workspace = applied();
    workspace.edit("reuse-key: no", "reuse-key: yes");
    let before = key(&workspace, "clients/app");
    let file = workspace.path("pki/clients/app/current/tls.key");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    workspace.run(&["rotate", "app", "--keep-key"]).expect(1).says("the key of clients/app cannot be kept: tls.key was readable");
    assert_eq!(key(&workspace, "clients/app"), before);
    assert_eq!(workspace.json(&["rotate", "app"])["holders"][0]["key"], "fresh");
    assert_ne!(key(&workspace, "clients/app"), before);
}

#[test]
fn a_key_of_another_kind_is_not_kept() {
    let workspace = applied();
    workspace.edit("reuse-key: no", "reuse-key: yes, key: p384");
    workspace.run(&["rotate", "app", "--keep-key"]).expect(1).says("key type: p256 → p384");
    assert_eq!(workspace.json(&["apply"])["holders"][0]["key"], "fresh");
}

/// Whoever may write to a holder's folder could put a pair there whose key they know.
#[test]
fn a_key_whose_certificate_the_journal_does_not_tell_of_is_not_kept() {
    let workspace = applied();
    workspace.edit("reuse-key: no", "reuse-key: yes");
    for file in ["tls.key", "tls.crt"] {
        fs::copy(workspace.path(format!("pki/kafka/broker-1/current/{file}")), workspace.path(format!("pki/clients/app/current/{file}")))
            .unwrap();
    }
    assert_eq!(workspace.json(&["apply"])["holders"][0]["key"], "fresh");
    assert_ne!(key(&workspace, "clients/app"), key(&workspace, "kafka/broker-1"));
}
