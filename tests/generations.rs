//! Generations of a holder's files: new ones when somebody wants them, and what becomes of the old.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use countersign::cluster;
use countersign::directory::Directory;
use countersign::inventory::{Chronicle, JournalState};
use countersign::ops::{self, Applied, Means, Progress, Proof, Site};
use countersign::pki::Certificate;
use countersign::plan::{Rotation, Wishes};
use countersign::snippet::Snippets;
use support::Workspace;
use time::{Duration, OffsetDateTime};

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

fn days_ago(days: i64) -> OffsetDateTime {
    OffsetDateTime::now_utc() - Duration::days(days)
}

/// `rotate` for everyone whose name begins so, by a clock that shows `now`; `apply` when nobody's does.
fn rotated_at(workspace: &Workspace, names: &str, now: OffsetDateTime) -> Applied {
    let spec = cluster::parse(&workspace.read("countersign.yaml"), &workspace.path("")).unwrap();
    let directory = Directory::new(&workspace.path("pki")).unwrap();
    let snippets = Snippets::new(&spec, directory.root());
    let means = Means { now, entropy: &aws_lc_rs::rand::SystemRandom::new(), progress: Progress::SILENT };
    let chosen = spec.holders.iter().map(|holder| holder.id.clone()).filter(|id| id.to_string().starts_with(names)).collect();
    let rotation = Some(Rotation { holders: chosen, key: None, remark: None }).filter(|rotation| !rotation.holders.is_empty());
    let site = Site { spec: &spec, snippets: &snippets, directory: &directory };
    ops::apply(site, means, Proof::LeftOut, &Wishes { rotation, ..Wishes::default() }).unwrap()
}

fn applied_at(workspace: &Workspace, now: OffsetDateTime) -> Applied {
    rotated_at(workspace, "nobody", now)
}

/// What lies in a holder's place but `current`.
fn places(workspace: &Workspace, holder: &str) -> Vec<String> {
    let entries = fs::read_dir(workspace.path("pki").join(holder)).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != "current");
    names.sort();
    names
}

fn assert_journal_is_whole(workspace: &Workspace) {
    let mut chronicle = Chronicle::default();
    workspace.read("pki/journal.jsonl").lines().for_each(|line| chronicle.add(line.as_bytes()));
    assert!(matches!(chronicle.state(), JournalState::Whole { .. }), "{:?}", chronicle.state());
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

// What is kept

#[test]
fn the_newest_five_are_kept_and_the_rest_is_gone_for_good() {
    let workspace = applied();
    for _ in 1..=6 {
        workspace.ok(&["rotate", "app", "--no-proof"]);
    }
    assert_eq!(places(&workspace, "clients/app"), ["3", "4", "5", "6", "7"]);
    assert_eq!(places(&workspace, "kafka/broker-1"), ["1"]);
    assert_eq!(told(&workspace, "drop")["subject"], "clients/app");
    assert_eq!(told(&workspace, "drop")["reasons"][0], "generations that are kept no longer: 2");
    assert_journal_is_whole(&workspace);
    workspace.run(&["status"]).expect(0);
    workspace.run(&["check"]).expect(0);
}

#[test]
fn what_was_replaced_long_ago_goes_with_the_next_apply_though_nothing_is_due() {
    let workspace = Workspace::new(CLUSTER);
    for days in [50, 45, 40, 20] {
        rotated_at(&workspace, if days == 50 { "nobody" } else { "clients" }, days_ago(days));
    }
    assert_eq!(places(&workspace, "clients/app"), ["1", "2", "3", "4"]);
    let report = workspace.json(&["apply", "--dry-run"]);
    assert_eq!(report["dropped"], serde_json::json!([{ "holder": "clients/app", "generations": [1, 2] }]), "{report:#}");
    workspace.run(&["status"]).expect(0);
    workspace.run(&["apply"]).expect(0).says("kept no longer: clients/app, generation 1, 2").says("Nothing to do");
    assert_eq!(places(&workspace, "clients/app"), ["3", "4"]);

    let journal = workspace.read("pki/journal.jsonl");
    assert_eq!(workspace.json(&["apply"])["dropped"], serde_json::json!([]));
    assert_eq!(workspace.read("pki/journal.jsonl"), journal, "a second run writes nothing");
}

#[test]
fn the_one_before_is_kept_however_old_it_is() {
    let workspace = Workspace::new(CLUSTER);
    applied_at(&workspace, days_ago(300));
    applied_at(&workspace, days_ago(200));
    applied_at(&workspace, days_ago(100));
    assert_eq!(places(&workspace, "clients/app"), ["2", "3"]);
    workspace.ok(&["apply", "--no-proof"]);
    assert_eq!(places(&workspace, "clients/app"), ["3", "4"]);
}

#[test]
fn the_cluster_file_says_how_many_and_how_long() {
    let workspace = applied();
    workspace.edit("cluster: orders", "cluster: orders\nkeep: { generations: 2, days: 1 }");
    for _ in 1..=3 {
        workspace.ok(&["rotate", "app", "--no-proof"]);
    }
    assert_eq!(places(&workspace, "clients/app"), ["3", "4"]);
}

#[test]
fn a_removal_that_was_cut_short_is_finished_by_the_next_run() {
    let workspace = applied();
    workspace.ok(&["rotate", "app", "--no-proof"]);
    fs::rename(workspace.path("pki/clients/app/1"), workspace.path("pki/clients/app/.1.old")).unwrap();
    workspace.run(&["apply"]).expect(0).says("a run that was cut short left it: pki/clients/app/.1.old");
    assert_eq!(places(&workspace, "clients/app"), ["2"]);
}

// Back to one that was in use before

#[test]
fn the_generation_before_is_proved_and_in_use_again_and_apply_leaves_it_so() {
    let workspace = applied();
    let before = key(&workspace, "clients/app");
    workspace.ok(&["rotate", "app", "--no-proof"]);
    let ran = workspace.run(&["rollback", "app"]).expect(0).says("clients/app: generation 1 is in use.").says("Proof over loopback passed");
    assert!(!ran.stderr.contains("next apply"), "{}", ran.stderr);
    assert_eq!(key(&workspace, "clients/app"), before);
    let line = told(&workspace, "rollback");
    assert_eq!((&line["generation"], &line["reasons"][0]), (&1.into(), &"instead of generation 2".into()));
    assert_journal_is_whole(&workspace);
    for verb in ["apply", "status", "check"] {
        workspace.run(&[verb]).expect(0);
    }
    assert_eq!((generation(&workspace, "clients/app").as_str(), places(&workspace, "clients/app")), ("1", vec!["1".into(), "2".into()]));

    // No number is given twice, and what was rolled back from can be had again.
    workspace.ok(&["rotate", "app", "--no-proof"]);
    assert_eq!(generation(&workspace, "clients/app"), "3");
    let report = workspace.json(&["rollback", "clients/app", "2"]);
    assert_eq!((&report["from"], &report["to"], &report["in_use"]), (&3.into(), &2.into(), &true.into()), "{report:#}");
}

#[test]
fn what_was_rolled_back_to_is_renewed_when_it_is_due() {
    let workspace = Workspace::new(CLUSTER);
    applied_at(&workspace, days_ago(55));
    rotated_at(&workspace, "clients", days_ago(1));
    workspace.run(&["rollback", "app"]).expect(0);
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
    applied_at(&workspace, days_ago(-10));
    assert_eq!(generation(&workspace, "clients/app"), "3");
}

#[test]
fn what_the_next_apply_will_do_with_it_is_told() {
    let workspace = applied();
    workspace.edit("cluster: orders", "cluster: orders\nsubject: { O: Acme }");
    workspace.ok(&["apply", "--no-proof"]);
    workspace.run(&["rollback", "app"]).expect(0).says("it will be issued by the next apply").says("subject: CN=app → CN=app,O=Acme");
    let workspace = applied();
    workspace.ok(&["rotate", "app", "--no-proof"]);
    workspace.edit("formats: [pem]", "formats: [pem, pkcs12]");
    let report = workspace.json(&["rollback", "app", "--no-proof"]);
    assert_eq!(report["next"]["action"], "rewritten", "{report:#}");
}

#[test]
fn what_is_not_there_is_a_sentence() {
    let workspace = applied();
    workspace.ok(&["rotate", "app", "--no-proof"]);
    for (words, code, sentence) in [
        (&["rollback", "app", "2"][..], 1, "generation 2 of clients/app is in use already"),
        (&["rollback", "app", "9"], 1, "there is no generation 9 of clients/app; there are 1, 2"),
        (&["rollback", "broker-1"], 1, "there is no generation of kafka/broker-1 before 1"),
        (&["rollback", "apple"], 2, "no holder is called \"apple\""),
        (&["rollback", "app", "-d", "elsewhere"], 1, "run `countersign apply` first"),
    ] {
        let ran = workspace.run(words).expect(code).says(sentence);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
    assert!(!workspace.path("elsewhere").exists());
    assert_eq!(generation(&workspace, "clients/app"), "2");
}

#[test]
fn what_has_ended_is_refused_and_can_be_forced_and_fails_its_proof() {
    let workspace = Workspace::new(CLUSTER);
    applied_at(&workspace, days_ago(100));
    workspace.ok(&["apply", "--no-proof"]);
    workspace.run(&["rollback", "app"]).expect(1).says("the certificate of generation 1 of clients/app ended").says("--force");
    workspace.run(&["rollback", "app", "--force"]).expect(4).says("clients/app: generation 2 is in use, as before: the proof failed.");
    assert_eq!(generation(&workspace, "clients/app"), "2");
    workspace.run(&["rollback", "app", "--force", "--no-proof"]).expect(0).says("it will be issued by the next apply").says("expired");
    assert_eq!(generation(&workspace, "clients/app"), "1");
}

#[test]
fn what_nobody_trusts_any_more_is_refused() {
    let workspace = applied();
    fs::rename(workspace.path("pki/authority/1"), workspace.path("lost")).unwrap();
    workspace.ok(&["apply", "--new-authority", "--no-proof"]);
    workspace.run(&["rollback", "broker-1"]).expect(1).says("whoever meets kafka/broker-1 would refuse generation 1").says("--force");
    for holder in ["kafka/broker-1", "kafka/broker-2", "clients/app"] {
        workspace.run(&["rollback", holder, "--force"]).expect(4).says("Proof over loopback FAILED");
        assert_eq!(generation(&workspace, holder), "2");
    }
}

/// Nothing overrules that: who may write to a holder's folder could have put anything there.
#[test]
fn what_is_not_as_it_was_written_is_refused_whatever_is_said() {
    let manifest = "pki/clients/app/1/manifest.json";
    type Change = (&'static str, fn(&Workspace), &'static str);
    let changes: [Change; 4] = [
        ("a setting", |w| fs::write(w.path("pki/clients/app/1/client.properties"), "").unwrap(), "client.properties was changed"),
        ("a key", |w| fs::remove_file(w.path("pki/clients/app/1/tls.key")).unwrap(), "tls.key is not there"),
        ("the manifest", |w| fs::remove_file(w.path("pki/clients/app/1/manifest.json")).unwrap(), "manifest.json: it is not there"),
        (
            "both",
            |w| fs::write(w.path("pki/clients/app/1/manifest.json"), w.read("pki/clients/app/1/manifest.json") + " ").unwrap(),
            "it is not the one that the journal tells of",
        ),
    ];
    for (what, change, why) in changes {
        let workspace = applied();
        workspace.ok(&["rotate", "app", "--no-proof"]);
        assert!(workspace.path(manifest).exists());
        change(&workspace);
        let ran = workspace.run(&["rollback", "app", "--force", "--no-proof"]).expect(1).says(why);
        assert!(ran.stderr.contains("generation 1 of clients/app cannot be relied upon"), "{what}: {}", ran.stderr);
        assert_eq!(generation(&workspace, "clients/app"), "2", "{what}");
    }
}

#[test]
fn a_link_that_was_left_harms_nothing() {
    let workspace = applied();
    workspace.ok(&["rotate", "app", "--no-proof"]);
    workspace.ok(&["rollback", "app", "--no-proof"]);
    std::os::unix::fs::symlink("2", workspace.path("pki/clients/app/.back.new")).unwrap();
    workspace.run(&["apply"]).expect(0).says("a run that was cut short left it: pki/clients/app/.back.new");
    assert_eq!((generation(&workspace, "clients/app").as_str(), places(&workspace, "clients/app")), ("1", vec!["1".into(), "2".into()]));
}

// Holders that are gone

const BOTH: &str = r"
cluster: orders
stores: { formats: [pem, pkcs12] }
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
rabbitmq: { nodes: [{ name: rabbit-1, host: rabbit-1.example }] }
clients:
  - { name: app, kafka: { write: [t] }, rabbitmq: {} }
  - { name: web, also: [web.example], kafka: { write: [t] } }
";

/// `web` was taken out of the cluster file.
fn without_web() -> Workspace {
    let workspace = Workspace::new(BOTH);
    workspace.ok(&["apply", "--no-proof"]);
    workspace.edit("  - { name: web, also: [web.example], kafka: { write: [t] } }\n", "");
    workspace
}

/// Every file below a place, relative to it.
fn files_below(workspace: &Workspace, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![workspace.path(place)];
    while let Some(path) = left.pop() {
        for entry in fs::read_dir(&path).unwrap().map(|entry| entry.unwrap()) {
            if entry.file_type().unwrap().is_dir() {
                left.push(entry.path());
            } else {
                found.push(entry.path().strip_prefix(workspace.path(place)).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn who_is_gone_is_archived_without_its_keys_and_what_is_left_to_do_is_said() {
    let workspace = without_web();
    let serial = leaf(&workspace, "clients/web").serial;
    workspace.run(&["apply"]).expect(0).says("clients/web is no longer in the cluster file").says("countersign retire clients/web");
    let ran = workspace.run(&["retire", "web"]).expect(0).says("its certificates are kept in pki/retired/clients/web");
    for left in ["--list --principal 'User:CN=web'", "--remove --allow-principal", &format!("serial {serial}) stays valid until")] {
        assert!(ran.stdout.contains(left), "{left}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("RabbitMQ"), "it never was a user there: {}", ran.stdout);
    let kept = files_below(&workspace, "pki/retired");
    assert_eq!(kept, ["clients/web/1/ca.crt", "clients/web/1/manifest.json", "clients/web/1/tls.crt", "clients/web/current"]);
    assert!(!workspace.path("pki/clients/web").exists());
    let line = told(&workspace, "retire");
    assert_eq!((&line["subject"], &line["serial"]), (&"clients/web".into(), &serial.into()));
    assert_journal_is_whole(&workspace);
    for verb in ["apply", "status", "check"] {
        let ran = workspace.run(&[verb]).expect(0);
        assert!(!(ran.stdout + &ran.stderr).contains("web"), "{verb}");
    }
}

/// Whoever owns a holder's folder could have somebody else's rights taken away.
#[test]
fn who_is_gone_is_called_what_the_journal_calls_it() {
    let workspace = without_web();
    fs::write(workspace.path("pki/clients/web/1/tls.crt"), workspace.read("pki/clients/app/1/tls.crt")).unwrap();
    let report = workspace.json(&["retire", "web"]);
    assert_eq!((&report["kafka_principal"], &report["serial"]), (&serde_json::Value::Null, &serde_json::Value::Null), "{report:#}");
    assert!(report["left"].to_string().contains("none that the journal tells of"), "{report:#}");
}

#[test]
fn a_user_of_rabbitmq_is_named_as_rabbitmq_knows_it() {
    let workspace = Workspace::new(&BOTH.replace("nodes: [", "login: distinguished-name, nodes: ["));
    workspace.ok(&["apply", "--no-proof"]);
    workspace.edit("  - { name: app, kafka: { write: [t] }, rabbitmq: {} }\n", "");
    let report = workspace.json(&["retire", "clients/app"]);
    assert_eq!((&report["kafka_principal"], &report["rabbitmq_user"]), (&"User:CN=app".into(), &"CN=app".into()), "{report:#}");
    assert!(report["left"].to_string().contains("rabbitmqctl delete_user 'CN=app'"), "{report:#}");
}

#[test]
fn who_comes_back_and_goes_again_is_kept_beside_the_first() {
    let workspace = without_web();
    workspace.ok(&["retire", "web"]);
    workspace.rewrite(BOTH);
    workspace.ok(&["apply"]);
    workspace.edit("  - { name: web, also: [web.example], kafka: { write: [t] } }\n", "");
    assert_eq!(workspace.json(&["retire", "web"])["kept"], "retired/clients/web-2");
    workspace.run(&["check"]).expect(0);
}

#[test]
fn apply_archives_all_that_are_gone_when_it_is_told_to() {
    let workspace = without_web();
    workspace
        .run(&["apply", "--prune", "--dry-run"])
        .expect(3)
        .says("To be archived, for it is no longer in the cluster file: clients/web");
    assert!(workspace.path("pki/clients/web/current/tls.key").exists());
    workspace.run(&["apply", "--prune"]).expect(0).says("its certificates are kept in pki/retired/clients/web");
    let report = workspace.json(&["apply", "--prune"]);
    assert_eq!((&report["retired"], &report["retire"]), (&serde_json::json!([]), &serde_json::json!([])));
}

#[test]
fn nobody_is_retired_who_is_wanted_or_unknown() {
    let workspace = without_web();
    workspace.run(&["retire", "app"]).expect(2).says("clients/app is in the cluster file: take it out there");
    workspace.run(&["retire", "wbe"]).expect(2).says("nothing of wbe is there; to be retired are clients/web");
    workspace.ok(&["retire", "clients/web"]);
    workspace.run(&["retire", "clients/web"]).expect(2).says("nothing of clients/web is there");
    workspace.run(&["retire", "web", "-d", "elsewhere"]).expect(1).says("run `countersign apply` first");
}

/// It would be lost, or a key be kept that nobody knows of.
#[test]
fn what_somebody_else_put_there_is_told_and_nothing_is_removed() {
    let workspace = without_web();
    fs::write(workspace.path("pki/clients/web/1/old.key"), "a key").unwrap();
    let sentence = "pki/clients/web/1/old.key is none of countersign's, and would be lost; move it away";
    workspace.run(&["retire", "web"]).expect(1).says(sentence);
    workspace.run(&["apply", "--prune"]).expect(1).says(sentence);
    assert!(workspace.path("pki/clients/web/current/tls.key").exists());
    fs::remove_file(workspace.path("pki/clients/web/1/old.key")).unwrap();
    workspace.ok(&["retire", "web"]);
}

#[test]
fn a_retirement_that_was_cut_short_is_done_again() {
    let workspace = without_web();
    fs::remove_file(workspace.path("pki/clients/web/1/tls.key")).unwrap();
    fs::create_dir(workspace.path("pki/clients/web/.2.new")).unwrap();
    fs::write(workspace.path("pki/clients/web/.2.new/tls.key"), "half a key").unwrap();
    workspace.ok(&["retire", "web"]);
    assert_eq!(files_below(&workspace, "pki/retired/clients/web"), ["1/ca.crt", "1/manifest.json", "1/tls.crt", "current"]);
}

#[test]
fn what_lies_below_retired_and_was_not_left_there_is_told() {
    let workspace = without_web();
    workspace.ok(&["retire", "web"]);
    fs::write(workspace.path("pki/retired/clients/web/1/tls.key"), "a key").unwrap();
    workspace.run(&["check"]).says("unknown-file").says("pki/retired/clients/web/1/tls.key");
}

#[test]
fn who_has_another_name_now_is_told_as_such() {
    let workspace = Workspace::new(BOTH);
    applied_at(&workspace, days_ago(1));
    workspace.edit("name: web,", "name: shop,");
    let renamed = "clients/web seems to be clients/shop now: it has the same names";
    workspace.run(&["apply", "--dry-run"]).expect(3).says(renamed);
    workspace.run(&["apply", "--no-proof"]).expect(0).says(renamed);
    workspace.run(&["status"]).expect(0).says(renamed);

    // Others that were there before are other holders, whatever names they share.
    let workspace = Workspace::new(&BOTH.replace("name: web,", "name: 'web{a,b}',"));
    workspace.ok(&["apply", "--no-proof"]);
    workspace.edit("web{a,b}", "webb");
    let ran = workspace.run(&["status"]).expect(0).says("clients/weba is no longer in the cluster file");
    assert!(!ran.stderr.contains("seems"), "{}", ran.stderr);
}

// What a running broker takes (KIP-226)

#[test]
fn a_renewal_needs_no_restart() {
    let workspace = applied();
    for arguments in [&["rotate", "--all", "--dry-run"][..], &["rotate", "--all", "--new-key", "--dry-run"]] {
        let report = workspace.json(arguments);
        assert!(report["holders"].as_array().unwrap().iter().all(|row| row["restart"].is_null()), "{report:#}");
    }
    workspace.edit("host: 'broker-{1..2}.example'", "host: 'broker-{1..2}.example', also: ['10.0.0.{1..2}']");
    let report = workspace.json(&["apply", "--dry-run"]);
    assert_eq!((&report["holders"][0]["reasons"][0]["code"], report["holders"][0]["restart"].is_null()), (&"names".into(), true));
}

#[test]
fn a_broker_that_does_not_take_it_must_be_restarted_and_why_is_told() {
    let workspace = applied();
    workspace.edit("cluster: orders", "cluster: orders\nsubject: { O: Acme }");
    let said = "kafka/broker-1 must be restarted to take its new files: its subject changes, and server.properties changes";
    workspace.run(&["apply", "--dry-run"]).expect(3).says(said);
    workspace.run(&["rotate", "broker-1", "--dry-run"]).expect(3).says(said);
    let ran = workspace.run(&["apply"]).expect(0).says(said);
    assert!(!ran.stderr.contains("clients/app must"), "{}", ran.stderr);
    workspace.run(&["rollback", "broker-1", "--no-proof"]).expect(0).says("its subject changes, and server.properties changes");

    let workspace = applied();
    workspace.edit("host: 'broker-{1..2}.example'", "host: 'broker-{1..2}.example', also: ['10.0.0.{1..2}']");
    workspace.ok(&["apply", "--no-proof"]);
    let back = workspace.json(&["rollback", "broker-2", "--no-proof"]);
    assert_eq!(back["restart"], "its certificate loses IP:10.0.0.2", "{back:#}");
    workspace.ok(&["rotate", "broker-1", "--no-proof"]);
    workspace.edit(", also: ['10.0.0.{1..2}']", "");
    let report = workspace.json(&["apply", "--dry-run"]);
    assert_eq!(report["holders"][0]["restart"], "its certificate loses IP:10.0.0.1", "{report:#}");
}
