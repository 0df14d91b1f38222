//! What is to be written to stdout arrives, or is an error.

#![allow(clippy::disallowed_methods)]

mod support;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::pipe;
use std::process::{Output, Stdio};

use support::Workspace;

const CLUSTER: &str = "
cluster: full
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
clients: [{ name: orders, kafka: { write: [orders] } }]
push: [{ kubernetes: { namespace: kafka, directory: manifests } }]
";

/// Every verb, in each way in which it writes to stdout.
const RUNS: [&str; 33] = [
    "--version",
    "--help",
    "help check",
    "init elsewhere",
    "init elsewhere2 --format json",
    "apply --format json",
    "apply --dry-run --format json",
    "status",
    "status --format json",
    "check",
    "check --output json",
    "check --output junit pki/trust/ca.crt",
    "check --output sarif",
    "check --output github pki/trust/authority.key",
    "check --output nagios",
    "check --output prometheus",
    "verify --loopback --format json",
    "verify --as pki/clients/orders/current/client.properties --kafka localhost:1 --steps",
    "push --stdout",
    "push --stdout --format json",
    "push --policy",
    "push --dry-run",
    "rotate orders --dry-run",
    "rotate orders --no-proof --format json",
    "rollback orders --no-proof",
    "retire ledger --format json",
    "render",
    "rollover status",
    "reload --patience 100ms",
    "rollover status --format json",
    "render --format json broker-1",
    "inspect pki/trust/ca.crt",
    "convert pki/trust/ca.crt copy.pem --format json",
];

fn workspace() -> Workspace {
    let workspace = Workspace::new(&CLUSTER.replace("clients: [", "clients: [{ name: ledger, kafka: { read: [orders] } }, "));
    workspace.ok(&["apply", "--no-proof"]);
    // Whoever is not in the cluster file any more can be retired.
    workspace.rewrite(CLUSTER);
    workspace
}

/// What is left of a run with this for its stdout.
fn run(workspace: &Workspace, words: &str, stdout: impl Into<Stdio>) -> (i32, String) {
    let words: Vec<&str> = words.split(' ').collect();
    let Output { status, stderr, .. } = workspace.command(&words).stdout(stdout).output().unwrap();
    (status.code().unwrap_or(-1), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_full_disk_at_stdout_is_an_error_of_every_verb() {
    let workspace = workspace();
    for words in RUNS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let (code, said) = run(&workspace, words, full);
        assert!(said.contains("cannot write to stdout: No space left on device"), "{words}: {code} {said}");
        assert_eq!(code, 1, "{words}: {said}");
    }
    let verbs: BTreeSet<&str> = RUNS.iter().filter_map(|words| words.split(' ').next()).filter(|word| !word.starts_with('-')).collect();
    let help = workspace.ok(&["--help"]);
    let listed = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let listed: BTreeSet<&str> =
        listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).filter(|word| !word.is_empty()).collect();
    assert_eq!(verbs, listed, "each verb has a line above");
}

#[test]
fn what_was_done_stays_done_when_its_report_is_lost() {
    let workspace = Workspace::new(CLUSTER);
    let (code, said) = run(&workspace, "apply", File::options().write(true).open("/dev/full").unwrap());
    assert!(code == 1 && said.contains("cannot write to stdout"), "{code} {said}");
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let workspace = workspace();
    for words in RUNS {
        let with = run(&workspace, words, Stdio::null());
        let words = if ["init", "convert", "retire"].iter().any(|verb| words.starts_with(verb)) { "render" } else { words };
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let without = run(&workspace, words, writer);
        if words.split(' ').next() != Some("render") {
            assert_eq!(without.0, with.0, "{words}: {}", without.1);
        }
        assert!(!without.1.contains("stdout"), "{words}: {}", without.1);
    }
}

/// Rust's own stdout takes it for one that takes everything.
#[test]
fn a_stdout_that_nobody_may_write_to_is_an_error() {
    let (code, said) = run(&workspace(), "render", File::open("/dev/null").unwrap());
    assert!(code == 1 && said.contains("cannot write to stdout: Bad file descriptor"), "{code} {said}");
}

#[test]
fn a_program_is_told_in_its_own_format() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (code, said) = run(&workspace(), "status --format json", full);
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &told["error"]["kind"]), (1, &"stdout".into()));
}

/// `2>/dev/full`, `2>&-`: there is nobody to tell.
#[test]
fn a_stderr_that_takes_nothing_changes_nothing() {
    let workspace = workspace();
    for (words, code) in [("apply", 0), ("inspect no-such-file", 1), ("status nobody", 2), ("--no-such-option", 2)] {
        let words: Vec<&str> = words.split(' ').collect();
        let full = File::options().write(true).open("/dev/full").unwrap();
        assert_eq!(workspace.command(&words).stderr(full).output().unwrap().status.code(), Some(code), "{words:?}");
    }
}
