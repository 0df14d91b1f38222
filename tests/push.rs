//! `push`, whatever the sink: what is told, what is asked for, what the journal keeps, and how it ends.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use support::fault_proxy::Fault;
use support::vault_workspace::VaultWorkspace;
use support::{Ran, Workspace};

/// Two holders, their files made, and these sinks.
fn workspace(push: &str) -> Workspace {
    let workspace = Workspace::new(&format!(
        "
cluster: orders
rabbitmq: {{ nodes: [{{ name: rabbit-1, host: rabbit-1.example }}] }}
clients: [{{ name: billing, rabbitmq: {{}} }}]
{push}
"
    ));
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

const KUBERNETES: &str = "push: [{ kubernetes: { namespace: mq, directory: manifests } }]";

fn journal(workspace: &Workspace) -> Vec<Value> {
    workspace.read("pki/journal.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_push_without_a_sink_or_to_an_unknown_one_says_what_to_do() {
    let none = workspace("");
    none.run(&["push"]).expect(2).says("names no sink to push to; add for instance");
    let one = workspace(KUBERNETES);
    one.run(&["push", "--to", "vault"]).expect(2).says("no sink is called \"vault\" in the cluster file; it has kubernetes");
    one.run(&["push", "biling"]).expect(2).says("the nearest is clients/billing");
    one.run(&["push", "--yes"]).expect(2);
    fs::remove_dir_all(one.path("pki")).unwrap();
    one.run(&["push"]).expect(1).says("run `countersign apply` first");
}

#[test]
fn people_are_told_what_changed_and_how_much_did_not() {
    let workspace = workspace(KUBERNETES);
    let planned = workspace.run(&["push", "--dry-run"]).expect(3);
    assert!(planned.stdout.contains("secret-billing.yaml") && planned.stdout.contains("would be created"), "{}", planned.stdout);
    assert!(!workspace.path("manifests").exists());
    let first = workspace.run(&["push"]).expect(0);
    assert_eq!(first.stdout.matches(" created").count(), 3, "{}", first.stdout);
    let second = workspace.run(&["push"]).expect(0);
    assert_eq!((second.stdout.as_str(), second.stderr.trim()), ("", "3 are there already, as they should be."));
    workspace.run(&["push", "--dry-run"]).expect(0);
}

#[test]
fn only_the_named_are_pushed() {
    let workspace = workspace(KUBERNETES);
    workspace.ok(&["push", "billing"]);
    let files = |name: &str| workspace.path("manifests").join(name).exists();
    assert!(files("secret-billing.yaml") && files("configmap-orders-trust.yaml") && !files("secret-rabbit-1.yaml"));
}

#[test]
fn manifests_are_printed_as_kubectl_takes_them_and_nothing_is_written() {
    let workspace = workspace(&KUBERNETES.replace("}]", "}, { vault: {} }]"));
    let printed = workspace.ok(&["push", "--stdout"]);
    assert_eq!((printed.matches("\nkind: ").count(), printed.lines().filter(|line| *line == "---").count()), (3, 3));
    assert!(!workspace.path("manifests").exists());
    workspace.ok(&["push", "--to", "kubernetes"]);
    let files = workspace.json(&["push", "--stdout"]);
    for file in files.as_array().unwrap() {
        assert_eq!(file["text"], workspace.read(workspace.path("manifests").join(file["file"].as_str().unwrap())));
    }
    workspace.run(&["push", "--stdout", "--to", "vault"]).expect(2).says("no sink of these is Kubernetes");
}

#[test]
fn every_push_and_every_removal_is_in_the_journal() {
    let workspace = workspace(KUBERNETES);
    let before = journal(&workspace).len();
    workspace.ok(&["push"]);
    let lines = journal(&workspace).split_off(before);
    let told: Vec<(&str, &str)> = lines.iter().map(|line| (line["event"].as_str().unwrap(), line["subject"].as_str().unwrap())).collect();
    assert_eq!(told, [("push", "trust"), ("push", "rabbitmq/rabbit-1"), ("push", "clients/billing")]);
    let leaf = workspace.json(&["inspect", "pki/clients/billing/current/tls.crt"]);
    assert_eq!(lines[2]["fingerprint"], leaf["targets"][0]["file"]["items"][0]["certificate"]["sha256"]);
    assert!(lines[2]["reasons"][0].as_str().unwrap().ends_with("secret-billing.yaml"), "{}", lines[2]);

    workspace.ok(&["push"]);
    assert_eq!(journal(&workspace).len(), before + 3, "nothing was pushed");

    workspace.edit("name: billing", "name: audit");
    workspace.ok(&["apply", "--no-proof"]);
    workspace.run(&["push", "--prune"]).expect(3).says("secret-billing.yaml").says("confirm by `countersign push --prune --yes`");
    assert!(workspace.path("manifests/secret-billing.yaml").exists());
    workspace.ok(&["push", "--prune", "--yes"]);
    assert!(!workspace.path("manifests/secret-billing.yaml").exists());
    let last = journal(&workspace).pop().unwrap();
    assert_eq!((&last["event"], &last["subject"]), (&json!("removal"), &json!("clients/billing")));
    workspace.ok(&["status"]);
}

#[test]
fn what_is_not_as_it_was_written_is_not_sent_anywhere() {
    let workspace = workspace(KUBERNETES);
    fs::write(workspace.path("pki/clients/billing/current/tls.key"), "not a key").unwrap();
    workspace.run(&["push"]).expect(1).says("tls.key of clients/billing is not as it was written").says("countersign apply");
    assert!(!workspace.path("manifests").exists());
}

#[test]
fn what_is_due_for_renewal_is_pushed_and_told_of() {
    let workspace = workspace(&format!("leaf: {{ lifetime: 30d, renew: 10d }}\n{KUBERNETES}"));
    workspace.ok(&["push"]);
    workspace.edit("lifetime: 30d, renew: 10d", "lifetime: 90d, renew: 60d");
    let ran = workspace.run(&["push"]).expect(3);
    ran.says("warning: clients/billing: its certificate ends").says("run `countersign apply`, then push again");
    workspace.run(&["push", "--stdout"]).expect(3).says("warning: rabbitmq/rabbit-1");
    let mut command = workspace.command(&["push", "--format", "json"]);
    let report: Value = serde_json::from_str(&Ran::from(command.output().unwrap()).expect(3).stdout).unwrap();
    let warned = |row: &Value| (row["holder"].as_str().unwrap().to_owned(), row["warning"].is_string());
    let rows: Vec<_> = report["sinks"][0]["parcels"].as_array().unwrap().iter().map(warned).collect();
    let expected = [("trust", false), ("rabbitmq/rabbit-1", true), ("clients/billing", true)];
    assert_eq!(rows, expected.map(|(holder, warned)| (holder.to_owned(), warned)));

    workspace.ok(&["apply", "--no-proof"]);
    workspace.ok(&["push"]);
}

#[test]
fn one_sink_that_fails_does_not_keep_the_others() {
    let workspace =
        workspace(&KUBERNETES.replace("[{", "[{ vault: { address: \"http://127.0.0.1:9\", login: { token: { file: token } } } }, {"));
    fs::write(workspace.path("token"), "root\n").unwrap();
    let mut command = workspace.command(&["push", "--format", "json"]);
    let ran = Ran::from(command.env("VAULT_MAX_RETRIES", "0").output().unwrap()).expect(1);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&report["sinks"][0]["error"]["kind"], &report["sinks"][1]["error"]), (&json!("unreachable"), &Value::Null));
    assert!(workspace.path("manifests/secret-billing.yaml").exists());
}

#[test]
fn the_least_that_each_sink_must_allow_is_printed_for_its_own_tools() {
    let workspace = workspace("push: [{ vault: {} }, { aws: {} }, { kubernetes: { namespace: mq } }]");
    let all = workspace.ok(&["push", "--policy"]);
    for sink in ["vault", "aws", "kubernetes"] {
        let alone = workspace.ok(&["push", "--policy", "--to", sink]);
        assert!(all.contains(&format!("# ---- {sink}\n{alone}")), "{all}");
        assert_eq!(workspace.json(&["push", "--policy"])[sink], alone);
    }
}

fn interrupted(running: &std::process::Child) {
    kill_process(Pid::from_child(running), Signal::INT).unwrap();
}

#[test]
fn an_interruption_does_not_wait_for_a_sink_that_does_not_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("push: [{{ vault: {{ address: \"http://{}\" }} }}]", listener.local_addr().unwrap());
    let workspace = workspace(&address);
    let mut command = workspace.command(&["push"]);
    let running = command.env("VAULT_TOKEN", "root").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _held = listener.accept().unwrap();
    interrupted(&running);
    Ran::from(running.wait_with_output().unwrap()).expect(130);
}

#[test]
fn a_second_interruption_leaves_what_is_being_written_to_the_next_run() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(|seen| {
        if seen.method == "POST" && seen.path.contains("/data/") { Fault::Delay(Duration::from_secs(600)) } else { Fault::None }
    });
    let mut command = made.command(&["push"]);
    let running = command.env("VAULT_ADDR", proxy.url()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !proxy.seen().iter().any(|seen| seen.method == "POST" && seen.path.contains("/data/")) {
        std::thread::sleep(Duration::from_millis(10));
    }
    interrupted(&running);
    std::thread::sleep(Duration::from_millis(100));
    interrupted(&running);
    Ran::from(running.wait_with_output().unwrap()).expect(130);
    made.push(&[], &[]).expect(0);
}
