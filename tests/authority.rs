//! An authority is ours only where we or root own it and nobody else may write; what is in use is judged by what it is.

#![allow(clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign::cluster::{self, ClusterSpec};
use countersign::directory::Directory;
use countersign::finding::{Finding, Severity};
use countersign::inventory::Inventory;
use countersign::pki::sha256_hex;
use countersign::plan::{self, Wishes};
use countersign::snippet::Snippets;
use countersign::{check, inventory};
use proptest::prelude::*;
use support::{Workspace, program};

const CLUSTER: &str = r"
cluster: orders
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
clients: [{ name: app, kafka: { write: [t] } }]
";

/// A user who is neither root nor anybody else whom the tests know.
const STRANGER: u32 = 65534;

fn applied() -> Workspace {
    let workspace = Workspace::new(CLUSTER);
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

/// Files are given away below: only root can.
fn assert_root(workspace: &Workspace) {
    assert_eq!(fs::metadata(workspace.path("pki")).unwrap().uid(), 0, "this test needs root: run it as tests/run does");
}

struct Looked {
    spec: ClusterSpec,
    directory: Directory,
    inventory: Inventory,
}

fn look(workspace: &Workspace) -> Looked {
    let spec = cluster::parse(&workspace.read("countersign.yaml"), &workspace.path("")).unwrap();
    let directory = Directory::new(&workspace.path("pki")).unwrap();
    let inventory = directory.read(&spec).unwrap();
    Looked { spec, directory, inventory }
}

impl Looked {
    /// `code target` of each error.
    fn errors(&self) -> BTreeSet<String> {
        let errors = check::ground(&self.spec, &self.inventory).into_iter().filter(|finding| finding.rule.severity == Severity::Error);
        errors.map(|Finding { rule, place, .. }| format!("{} {}", rule.code, place.target)).collect()
    }

    /// Either nothing is done at all, or the holder whose files these are is made again.
    fn is_refused_or_mended(&self, path: &Path) -> bool {
        let Ok(inventory) = self.directory.read_ours(&self.spec) else { return true };
        let snippets = Snippets::new(&self.spec, self.directory.root());
        let plan = plan::plan(&self.spec, &snippets, &inventory, time::OffsetDateTime::now_utc(), &Wishes::default()).unwrap();
        plan.holders.iter().any(|step| path.starts_with(step.holder.to_string()))
    }
}

/// Everything below the directory but links, relative to it.
fn everything(root: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    let mut next = 0;
    while let Some(path) = found.get(next).cloned() {
        next += 1;
        let Ok(entries) = fs::read_dir(root.join(&path)) else { continue };
        let entries = entries.map(|entry| entry.unwrap()).filter(|entry| !entry.file_type().unwrap().is_symlink());
        found.extend(entries.map(|entry| path.join(entry.file_name())));
    }
    found
}

/// Every file with what it holds.
fn contents(root: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut all: Vec<_> = everything(root).into_iter().map(|path| (path.clone(), fs::read(root.join(path)).ok())).collect();
    all.sort();
    all
}

// Whose the directory is

#[test]
fn wherever_others_may_write_is_told_and_not_used() {
    let workspace = applied();
    assert_eq!(look(&workspace).errors(), BTreeSet::new());
    for path in everything(&workspace.path("pki")) {
        let place = workspace.path("pki").join(&path);
        let permissions = fs::metadata(&place).unwrap().permissions();
        for bits in [0o020, 0o002] {
            fs::set_permissions(&place, fs::Permissions::from_mode(permissions.mode() | bits)).unwrap();
            let looked = look(&workspace);
            assert_eq!(looked.errors(), BTreeSet::from([format!("others-may-write {}", path.display())]));
            assert!(looked.is_refused_or_mended(&path), "{}", path.display());
        }
        fs::set_permissions(&place, permissions).unwrap();
    }
}

#[test]
fn whatever_belongs_to_a_stranger_is_told_and_not_used() {
    let workspace = applied();
    assert_root(&workspace);
    for path in everything(&workspace.path("pki")) {
        let place = workspace.path("pki").join(&path);
        chown(&place, Some(STRANGER), None).unwrap();
        let looked = look(&workspace);
        assert_eq!(looked.errors(), BTreeSet::from([format!("foreign-owner {}", path.display())]));
        assert!(looked.is_refused_or_mended(&path), "{}", path.display());
        chown(&place, Some(0), None).unwrap();
    }
}

#[test]
fn an_authority_that_a_stranger_planted_signs_nothing() {
    let workspace = applied();
    assert_root(&workspace);
    fs::remove_dir_all(workspace.path("pki/kafka")).unwrap();
    for path in everything(&workspace.path("pki")) {
        chown(workspace.path("pki").join(path), Some(STRANGER), None).unwrap();
    }
    let before = contents(&workspace.path("pki"));
    for arguments in [&["apply"][..], &["apply", "--dry-run"], &["apply", "--new-authority"], &["verify", "--loopback"]] {
        workspace.run(arguments).expect(1).says("pki belongs to").says("uid 65534").says("run `chown root pki`, or name another directory");
    }
    assert_eq!(contents(&workspace.path("pki")), before);
    workspace.run(&["check"]).expect(3).says("error[foreign-owner]").says("uid 65534");
    workspace.run(&["status"]).expect(3).says("the directory: it belongs to").says("uid 65534");
}

#[test]
fn a_directory_that_others_may_write_is_told_with_its_mode_and_what_to_run() {
    let workspace = applied();
    fs::set_permissions(workspace.path("pki/trust"), fs::Permissions::from_mode(0o777)).unwrap();
    workspace.run(&["apply"]).expect(1).says("pki/trust may be written by everyone (mode 0777)").says("run `chmod go-w pki/trust`");
    workspace.run(&["status"]).expect(3).says("trust: it may be written by everyone");
    fs::set_permissions(workspace.path("pki/trust"), fs::Permissions::from_mode(0o755)).unwrap();
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
}

#[test]
fn a_directory_that_everyone_may_put_another_in_place_of_is_a_warning() {
    let workspace = applied();
    for (mode, told) in [(0o777, true), (0o1777, false), (0o775, false)] {
        fs::set_permissions(workspace.path(""), fs::Permissions::from_mode(mode)).unwrap();
        let ran = workspace.run(&["check"]).expect(0);
        assert_eq!(ran.stdout.contains("warning[replaceable-directory]"), told, "{mode:o}: {}", ran.stdout);
    }
}

/// Whoever owned the files has read the key.
#[test]
fn files_of_a_holder_that_a_stranger_owns_are_issued_anew() {
    let workspace = applied();
    assert_root(&workspace);
    let key = workspace.read("pki/clients/app/current/tls.key");
    chown(workspace.path("pki/clients/app/1"), Some(STRANGER), None).unwrap();
    workspace.run(&["status"]).expect(3).says("not ours alone: clients/app/1 belongs to");
    workspace.ok(&["apply"]);
    assert_ne!(workspace.read("pki/clients/app/current/tls.key"), key);
    workspace.run(&["apply"]).expect(0).says("Nothing to do: 2");
    workspace.run(&["status"]).expect(0);
}

#[test]
fn a_generation_may_belong_to_whom_the_cluster_file_gives_it() {
    let workspace = Workspace::new(&CLUSTER.replace("name: app,", "name: app, owner: daemon, group: daemon,"));
    workspace.ok(&["apply", "--no-proof"]);
    assert_root(&workspace);
    assert_ne!(fs::metadata(workspace.path("pki/clients/app/1")).unwrap().uid(), 0);
    workspace.run(&["check"]).expect(0);
    workspace.run(&["status"]).expect(0);
    // Not what lies above it.
    let daemon = fs::metadata(workspace.path("pki/clients/app/1")).unwrap().uid();
    chown(workspace.path("pki/clients/app"), Some(daemon), None).unwrap();
    workspace.run(&["apply"]).expect(1).says("pki/clients/app belongs to daemon");
}

// The keys of authorities

#[test]
fn a_key_that_cannot_sign_is_told_before_it_is_needed_and_then_nothing_is_written() {
    let workspace = applied();
    let authority = workspace.path("pki/authority/1");
    let (issuing, root) = (workspace.read("pki/authority/1/issuing.key"), workspace.read("pki/authority/1/root.key"));
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let cases = [
        ("", "is empty"),
        ("garbage", "cannot be used: no PEM private key in it"),
        (&*root, "is not the key of issuing.crt"),
        (locked, "cannot be used: the key's encryption is not supported"),
    ];
    workspace.edit("host: broker-1.example", "host: broker-1.test");
    let before = contents(&workspace.path("pki/kafka"));
    for (text, why) in cases {
        fs::write(authority.join("issuing.key"), text).unwrap();
        workspace.run(&["check"]).expect(3).says("error[authority-key-unusable]").says(&format!("it {why}"));
        let status = workspace.run(&["status"]).expect(3);
        assert!(status.stdout.contains(&format!("broken: it {why}")) && !status.stdout.contains("can sign"), "{}", status.stdout);
        for arguments in [&["apply"][..], &["apply", "--dry-run"]] {
            workspace.run(arguments).expect(1).says(&format!("authority/1/issuing.key {why}")).says("restore it from a backup");
        }
        assert_eq!(contents(&workspace.path("pki/kafka")), before);
    }
    fs::remove_file(authority.join("issuing.key")).unwrap();
    workspace.run(&["apply"]).expect(1).says("authority/1/issuing.key is not there, so nothing can be signed with it; restore it");
    workspace.run(&["status"]).expect(3).says("missing");
    fs::write(authority.join("issuing.key"), &issuing).unwrap();
    fs::set_permissions(authority.join("issuing.key"), fs::Permissions::from_mode(0o600)).unwrap();

    fs::write(authority.join("root.key"), &issuing).unwrap();
    workspace.run(&["check"]).expect(3).says("it is not the key of root.crt");
    workspace.edit("host: broker-1.test", "host: broker-1.example");
    let nothing_due =
        workspace.run(&["apply"]).expect(3).says("authority/1/root.key is not the key of root.crt: nothing that is due later");
    assert!(!nothing_due.stderr.contains("Nothing to do"), "{}", nothing_due.stderr);
    workspace.edit("host: broker-1.example", "host: broker-1.test");
    workspace.run(&["status"]).expect(3).says("root.key is not the key of root.crt");
    fs::remove_file(authority.join("root.key")).unwrap();
    workspace.ok(&["apply", "--no-proof"]);
    workspace.run(&["check"]).expect(0).says("note[root-key-elsewhere]");
    workspace.run(&["status"]).expect(0);
}

#[test]
fn an_encrypted_key_that_does_not_open_or_fit_fails_before_anything_is_written() {
    let workspace = Workspace::new(&format!("authority: {{ passphrase: {{ file: ca.pass }} }}{CLUSTER}"));
    fs::write(workspace.path("ca.pass"), "correct horse battery\n").unwrap();
    workspace.ok(&["apply", "--no-proof"]);
    workspace.edit("host: broker-1.example", "host: broker-1.test");
    fs::remove_file(workspace.path("pki/trust/ca.crt")).unwrap();
    let before = contents(&workspace.path("pki"));
    fs::write(workspace.path("ca.pass"), "wrong horse battery\n").unwrap();
    workspace.run(&["apply"]).expect(1).says("the passphrase does not open the key");
    assert_eq!(contents(&workspace.path("pki")), before);
    fs::write(workspace.path("ca.pass"), "correct horse battery\n").unwrap();
    fs::copy(workspace.path("pki/authority/1/root.key"), workspace.path("pki/authority/1/issuing.key")).unwrap();
    let before = contents(&workspace.path("pki"));
    workspace.run(&["apply"]).expect(1).says("does not belong to its certificate");
    assert_eq!(contents(&workspace.path("pki")), before);
}

// Authorities that are gone

#[test]
fn an_authority_that_is_gone_is_not_made_anew_unasked() {
    let journal = "pki/journal.jsonl";
    for (removed, why) in [
        (&["pki/authority"][..], "authority/1 is not there, but the journal tells of certificates that it signed"),
        (&["pki/authority/1"], "authority/1 is not there"),
        (&["pki/authority", journal], "authority/1 is not there, but kafka/broker-1 has a certificate of CN=orders issuing 1"),
        (&["pki/authority", "pki/kafka", "pki/clients"], "authority/1 is not there, but the journal"),
        (&["pki/authority/1/root.crt"], "authority/1/root.crt cannot be used: it is not there"),
    ] {
        let workspace = applied();
        for path in removed {
            let path = workspace.path(path);
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        let before = contents(&workspace.path("pki"));
        for arguments in [&["apply"][..], &["apply", "--dry-run"]] {
            workspace.run(arguments).expect(1).says(why).says("restore it from a backup, or run `countersign apply --new-authority`");
        }
        workspace.run(&["check"]).expect(3).says("authority/1");
        assert_eq!(contents(&workspace.path("pki")), before);

        workspace.run(&["apply", "--new-authority", "--dry-run"]).expect(3);
        workspace.ok(&["apply", "--new-authority"]);
        assert!(workspace.path("pki/authority/2/issuing.key").exists(), "no two share a name: {removed:?}");
        workspace.run(&["apply"]).expect(0).says("Nothing to do: 2");
        workspace.run(&["status"]).expect(0);
        workspace.run(&["check"]).expect(0);
    }
}

#[test]
fn a_new_authority_beside_one_that_lost_its_key_is_trusted_together_with_it() {
    let workspace = applied();
    let old = workspace.read("pki/trust/ca.crt");
    fs::remove_file(workspace.path("pki/authority/1/issuing.key")).unwrap();
    workspace.ok(&["apply", "--new-authority"]);
    let trust = workspace.read("pki/clients/app/current/ca.crt");
    assert!(trust.starts_with(&old) && trust.matches("BEGIN CERTIFICATE").count() == 2);
    workspace.run(&["apply"]).expect(0).says("Nothing to do: 2");
}

#[test]
fn one_side_alone_may_be_made_anew_and_the_other_trusts_it_at_once() {
    let workspace = Workspace::new(&format!("authority: {{ brokers: {{}}, clients: {{}} }}{CLUSTER}"));
    workspace.ok(&["apply", "--no-proof"]);
    fs::remove_dir_all(workspace.path("pki/authority/clients")).unwrap();
    workspace.run(&["apply"]).expect(1).says("authority/clients/1 is not there");
    workspace.ok(&["apply", "--new-authority"]);
    assert!(workspace.path("pki/authority/clients/2").exists() && !workspace.path("pki/authority/brokers/2").exists());
    assert!(workspace.read("pki/kafka/broker-1/current/ca.crt").ends_with(&workspace.read("pki/trust/clients.crt")));
    workspace.run(&["apply"]).expect(0).says("Nothing to do: 2");
}

#[test]
fn asking_for_a_new_authority_changes_nothing_where_none_is_lost() {
    let workspace = applied();
    workspace.run(&["apply", "--new-authority"]).expect(0).says("Nothing to do");
}

// The trust that is handed out

#[test]
fn a_stranger_among_the_anchors_is_named() {
    let evil = || {
        let workspace = Workspace::new(&CLUSTER.replace("cluster: orders", "cluster: evil"));
        workspace.ok(&["apply", "--no-proof"]);
        workspace.read("pki/trust/ca.crt")
    };
    let evil = evil();
    for (file, keeps) in [("ca.crt", false), ("ca.crt", true), ("others.crt", false), ("bundle.pem", false)] {
        let workspace = applied();
        let path = workspace.path("pki/trust").join(file);
        let kept = if keeps { fs::read_to_string(&path).unwrap() } else { String::new() };
        fs::write(&path, kept + &evil).unwrap();
        workspace.run(&["check"]).expect(3).says("error[truststore-differs]").says("CN=evil root 1 is in it and must not be trusted");
        workspace.run(&["status"]).expect(3).says(&format!("trust/{file}: CN=evil root 1 is in it and must not be trusted"));
        workspace.run(&["apply"]).expect(0).says("CN=evil root 1 is in it");
        // What countersign writes it has written anew; what it does not know it never removes.
        workspace.run(&["status"]).expect(if file == "ca.crt" { 0 } else { 3 });
    }
}

// The journal

#[test]
fn a_journal_that_is_gone_is_missed_and_the_next_run_begins_another_and_says_so() {
    let workspace = applied();
    fs::remove_file(workspace.path("pki/journal.jsonl")).unwrap();
    workspace.run(&["check"]).expect(3).says("error[journal-incomplete]");
    workspace.run(&["status"]).expect(3).says("journal.jsonl: it is not there, or empty");
    workspace.run(&["apply"]).expect(0).says("journal.jsonl: it is not there, or empty");
    assert!(workspace.read("pki/journal.jsonl").contains("the journal did not tell of it"));
    workspace.run(&["apply"]).expect(0).says("Nothing to do: 2");
    workspace.run(&["status"]).expect(0);
    workspace.run(&["check"]).expect(0);
}

#[test]
fn a_journal_that_a_kill_cut_in_its_last_line_was_not_tampered_with() {
    let workspace = applied();
    let journal = workspace.read("pki/journal.jsonl");
    fs::write(workspace.path("pki/journal.jsonl"), format!("{journal}{{\"previous\":\"12")).unwrap();
    workspace.run(&["status"]).expect(0);
    workspace.run(&["check"]).expect(0);
}

#[test]
fn whatever_is_changed_in_the_journal_is_told() {
    let workspace = applied();
    let path = workspace.path("pki/journal.jsonl");
    let journal = fs::read(&path).unwrap();
    let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    let is_told = |changed: &[u8]| {
        fs::write(&path, changed).unwrap();
        look(&workspace).errors().iter().any(|error| error.starts_with("journal-"))
    };
    assert!(!is_told(&journal));
    for index in 0..lines.len() {
        assert!(is_told(&[&lines[..index], &lines[index + 1..]].concat().concat()), "line {index} was removed");
        assert!(is_told(&[&lines[..index], &[b"\n"], &lines[index..]].concat().concat()), "a line was put before {index}");
    }
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(64));
    let strategy = (0..journal.len() - 1, any::<u8>());
    let told = runner.run(&strategy, |(at, byte)| {
        let mut changed = journal.clone();
        prop_assume!(changed[at] != byte);
        changed[at] = byte;
        prop_assert!(is_told(&changed), "byte {} became {}", at, byte);
        Ok(())
    });
    told.unwrap();
}

// Manifests

/// Changes a file of the broker, and its hash in the manifest, as the owner of the files can.
fn exchanged(workspace: &Workspace, file: &str, bytes: &[u8]) {
    let generation = workspace.path("pki/kafka/broker-1/current");
    let manifest = fs::read_to_string(generation.join("manifest.json")).unwrap();
    let before = sha256_hex(&fs::read(generation.join(file)).unwrap());
    assert!(manifest.contains(&before));
    fs::write(generation.join("manifest.json"), manifest.replace(&before, &sha256_hex(bytes))).unwrap();
    fs::write(generation.join(file), bytes).unwrap();
}

#[test]
fn a_file_that_was_changed_together_with_its_hash_is_told_and_mended() {
    let other = Workspace::new(&CLUSTER.replace("cluster: orders", "cluster: evil"));
    other.ok(&["apply", "--no-proof"]);
    let theirs = |file: &str| fs::read(other.path("pki/kafka/broker-1/current").join(file)).unwrap();
    for (file, why) in [
        ("server.properties", "hand-edited: server.properties"),
        ("truststore.p12", "password changed: truststore.p12"),
        ("ca.crt", "hand-edited: ca.crt"),
        ("keystore.p12", "password changed: keystore.p12"),
    ] {
        let workspace = applied();
        let bytes = match file {
            "server.properties" => {
                let text = workspace.read("pki/kafka/broker-1/current/server.properties");
                text.replace("ssl.client.auth=required", "ssl.client.auth=none").into_bytes()
            }
            file => theirs(file),
        };
        exchanged(&workspace, file, &bytes);
        workspace.run(&["check"]).expect(3).says("manifest.json: it is not the one that the journal tells of").says(why);
        workspace.run(&["status"]).expect(3).says(why);
        workspace.run(&["apply", "--dry-run"]).expect(3).says(why);
        workspace.ok(&["apply"]);
        workspace.run(&["apply"]).expect(0).says("Nothing to do: 2");
        workspace.run(&["check"]).expect(0);
    }
}

/// What is due for another reason is looked at no less.
#[test]
fn a_setting_that_was_changed_is_told_whatever_else_is_due() {
    let workspace = applied();
    let text = workspace.read("pki/kafka/broker-1/current/server.properties");
    exchanged(&workspace, "server.properties", text.replace("ssl.client.auth=required", "ssl.client.auth=none").as_bytes());
    workspace.rewrite(&format!("leaf: {{ lifetime: 90d, renew: 89d }}{CLUSTER}").replace("broker-1.example", "broker-1.test"));
    workspace.run(&["check", "--allow", "chain-name-mismatch"]).expect(3).says("error[drift-hand-edited]");
    workspace.run(&["apply", "--dry-run"]).expect(3).says("would be issued").says("hand-edited: server.properties");
}

/// A directory of an earlier countersign, whose journal has no hashes of manifests.
#[test]
fn without_the_journals_word_files_are_judged_by_what_they_hold_and_written_once() {
    let workspace = applied();
    let journal = workspace.read("pki/journal.jsonl");
    let mut previous = inventory::Chronicle::NONE.to_owned();
    let mut earlier = String::new();
    for line in journal.lines() {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["previous"] = previous.into();
        line.as_object_mut().unwrap().remove("manifest");
        previous = sha256_hex(line.to_string().as_bytes());
        earlier += &format!("{line}\n");
    }
    fs::write(workspace.path("pki/journal.jsonl"), earlier).unwrap();
    fs::write(workspace.path("pki/.lock"), "").unwrap();
    let key = workspace.read("pki/kafka/broker-1/current/tls.key");
    let report = workspace.json(&["apply", "--dry-run"]);
    for holder in report["holders"].as_array().unwrap() {
        assert_eq!(holder["reasons"].as_array().unwrap().len(), 1, "{holder:#}");
        assert_eq!(holder["reasons"][0]["why"], "the journal does not tell of it");
    }
    workspace.ok(&["apply"]);
    assert_eq!(workspace.read("pki/kafka/broker-1/current/tls.key"), key);
    workspace.run(&["apply"]).expect(0).says("Nothing to do: 2");
    workspace.run(&["status"]).expect(0);
}

/// The names are those of the certificate, whatever manifest and journal call its holder.
#[test]
fn the_files_of_another_holder_are_no_holders_own() {
    let workspace = applied();
    let mut command = Command::new("cp");
    command.arg("-a").arg(workspace.path("pki/clients/app/1/.")).arg(workspace.path("pki/kafka/broker-1/1"));
    program(&mut command);
    workspace.run(&["check"]).expect(3).says("journal-incomplete").says("hand-edited: server.properties");
    workspace.run(&["status"]).expect(3).says("subject: CN=app");
}

#[test]
fn an_authority_that_the_journal_does_not_tell_of_signs_nothing() {
    let other = applied();
    let workspace = applied();
    for generation in ["1", "2"] {
        let planted = workspace.path(format!("pki/authority/{generation}"));
        let aside = workspace.path("aside");
        if planted.exists() {
            fs::rename(&planted, &aside).unwrap();
        }
        fs::create_dir(&planted).unwrap();
        fs::set_permissions(&planted, fs::Permissions::from_mode(0o700)).unwrap();
        for file in ["root.crt", "root.key", "issuing.crt", "issuing.key"] {
            fs::copy(other.path("pki/authority/1").join(file), planted.join(file)).unwrap();
        }
        workspace.run(&["apply"]).expect(1).says("is none that the journal tells of");
        workspace.run(&["check"]).expect(3);
        fs::remove_dir_all(&planted).unwrap();
        if aside.exists() {
            fs::rename(&aside, &planted).unwrap();
        }
    }
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
}

#[test]
fn the_root_does_not_sign_in_place_of_an_issuing_authority_that_is_lost() {
    let workspace = applied();
    fs::remove_file(workspace.path("pki/authority/1/issuing.crt")).unwrap();
    workspace.run(&["apply"]).expect(1).says("issuing.crt cannot be used: it is not there, and its key is");
    fs::remove_file(workspace.path("pki/authority/1/issuing.key")).unwrap();
    workspace.run(&["apply"]).expect(1).says("is none that the journal tells of");
}

#[test]
fn a_chain_that_its_owner_spoilt_is_found_and_stops_nobody_else() {
    let workspace = applied();
    let chain = workspace.path("pki/clients/app/current/tls.crt");
    let text = fs::read_to_string(&chain).unwrap();
    fs::write(&chain, format!("{text}{}", workspace.read("pki/clients/app/current/ca.crt"))).unwrap();
    workspace.run(&["check"]).expect(3).says("hand-edited: tls.crt");
    workspace.run(&["status"]).expect(3).says("hand-edited: tls.crt");
    workspace.edit("host: broker-1.example", "host: broker-1.test");
    workspace.run(&["apply"]).expect(0);
    workspace.run(&["status"]).expect(0);
}

#[test]
fn a_journal_that_was_changed_stays_told_after_more_lines() {
    let workspace = applied();
    let journal = workspace.read("pki/journal.jsonl");
    fs::write(workspace.path("pki/journal.jsonl"), journal.replacen("missing\"]}\n", "edited\"]}\n", 3)).unwrap();
    workspace.run(&["check"]).expect(3).says("journal");
    workspace.edit("host: broker-1.example", "host: broker-1.test");
    workspace.run(&["apply", "--no-proof"]);
    workspace.run(&["check"]).expect(3).says("journal");
}

#[test]
fn a_directory_without_its_lock_is_still_ours() {
    let workspace = applied();
    fs::remove_file(workspace.path("pki/.lock")).unwrap();
    workspace.edit("host: broker-1.example", "host: broker-1.test");
    workspace.run(&["apply"]).expect(0);
}
