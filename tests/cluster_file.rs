//! Cluster files with mistakes: every one is found in one run, each with its place and its fix.
//!
//! A file in `tests/invalid/` is named by its mistake and says in `#!` lines at its end what is reported. With
//! `COUNTERSIGN_REWRITE=1` these lines are written anew: read them before you keep them.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use countersign::cluster::{self, Problem};
use proptest::prelude::*;
use support::Workspace;

fn invalid() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir("tests/invalid").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn line(problem: &Problem) -> String {
    format!("#! {}:{} {:?}: {} -> {}", problem.line, problem.column, problem.text, problem.message, problem.fix)
}

#[test]
fn every_mistake_is_reported_with_its_place_and_its_fix() {
    let files = invalid();
    assert!(files.len() >= 40);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let (body, expected): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| !line.starts_with("#!"));
        let body: String = body.iter().map(|line| format!("{line}\n")).collect();
        let problems = cluster::parse(&body, Path::new("/etc")).expect_err(&file.display().to_string());
        let found: Vec<String> = problems.iter().map(line).collect();
        if std::env::var_os("COUNTERSIGN_REWRITE").is_some() {
            fs::write(&file, format!("{body}{}\n", found.join("\n"))).unwrap();
            continue;
        }
        assert_eq!(found, expected, "{}", file.display());
        for problem in &problems {
            assert!(!problem.message.is_empty() && !problem.fix.is_empty(), "{problem:?}");
            let there = body.lines().nth(problem.line - 1).unwrap_or_default();
            let marks = ["[…]", "{…}"].contains(&problem.text.as_str());
            let from: String = there.chars().skip(problem.column - 1).collect();
            assert!(
                marks || from.trim_start_matches(['"', '\'']).starts_with(&problem.text) || !there.contains(&problem.text),
                "{problem:?} is not at {from:?}"
            );
        }
    }
}

#[test]
fn ten_mistakes_are_ten_problems() {
    let text = fs::read_to_string("tests/invalid/ten-mistakes-at-once.yaml").unwrap();
    assert_eq!(cluster::parse(&text, Path::new("/")).unwrap_err().len(), 10);
}

#[test]
fn the_user_is_shown_file_line_column_text_and_fix() {
    let workspace = Workspace::new("cluster: one\nkafak: {}\n");
    let ran = workspace.run(&["apply"]).expect(2);
    assert!(ran.stderr.contains("countersign.yaml:2:1: the cluster file has no key \"kafak\""), "{}", ran.stderr);
    assert!(ran.stderr.contains("\n    kafak\n") && ran.stderr.contains("did you mean `kafka`?"), "{}", ran.stderr);
    assert!(!workspace.path("pki").exists());
    let ran = workspace.run(&["apply", "--format", "json"]);
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!((&error["error"]["kind"], &error["error"]["problems"][1]["line"]), (&"cluster-file".into(), &2.into()));
}

#[test]
fn names_come_from_hosts_other_names_and_advertised_listeners() {
    let spec = cluster::parse(
        r#"
cluster: names
kafka:
  install: /etc/kafka/{name}
  listeners: { BROKER: { port: 9093 }, CLIENT: { port: 9094 }, CONTROLLER: { port: 9095 } }
  brokers:
    - name: "broker-{1..12}"
      host: "broker-{1..12}.kafka.example"
      also: ["10.0.0.{1..12}", "spiffe://acme/broker-{01..12}", "broker-{1..12}.kafka.example"]
      advertised: { CLIENT: "kafka.example:{19001..19012}" }
"#,
        Path::new("/"),
    )
    .unwrap();
    let (holder, node) = spec.kafka_nodes().nth(8).unwrap();
    let names: Vec<String> = holder.names.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["DNS:broker-9.kafka.example", "DNS:kafka.example", "IP:10.0.0.9", "URI:spiffe://acme/broker-09"]);
    assert_eq!(holder.install.as_deref(), Some(Path::new("/etc/kafka/broker-9")));
    let addresses: Vec<String> = node.endpoints.iter().map(|endpoint| endpoint.advertised.to_string()).collect();
    assert_eq!(addresses, ["broker-9.kafka.example:9093", "kafka.example:19009"]);
    assert_eq!(spec.kafka_nodes().filter(|(_, node)| node.roles.is_controller()).count(), 3, "three voters are enough");
}

#[test]
fn what_will_surprise_is_a_warning() {
    let workspace =
        Workspace::new("cluster: one\nleaf: { key: ed25519, lifetime: 3y }\nrabbitmq: { nodes: [{ name: r, host: r.example }] }\n");
    let ran = workspace.run(&["apply", "--dry-run"]).expect(3);
    assert!(ran.stderr.contains("RabbitMQ offers it in TLS 1.3 only") && ran.stderr.contains("will be clipped"), "{}", ran.stderr);
}

proptest! {
    /// Whatever is cut out of the example or put into it, the answer is a spec or problems.
    #[test]
    fn no_text_makes_the_parser_panic(from in 0usize..2500, length in 0usize..60, put in "[ -~\n\u{e9}]{0,12}") {
        let mut text: Vec<char> = fs::read_to_string("examples/cluster.yaml").unwrap().chars().collect();
        let from = from.min(text.len());
        let to = (from + length).min(text.len());
        text.splice(from..to, put.chars());
        if let Err(problems) = cluster::parse(&text.into_iter().collect::<String>(), Path::new("/")) {
            prop_assert!(!problems.is_empty());
        }
    }
}
