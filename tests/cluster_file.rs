//! Cluster files with mistakes: every one is found in one run, each with its place and its fix.
//!
//! A file in `tests/invalid/` is named by its mistake and says in `#!` lines at its end what is reported. With
//! `COUNTERSIGN_REWRITE=1` these lines are written anew: read them before you keep them.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use countersign::cluster::{self, FileGroup, Problem, SecretForm, SinkKind, SinkSpec, VaultLogin};
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
fn the_example_is_a_valid_cluster() {
    let spec = cluster::parse(&fs::read_to_string("examples/cluster.yaml").unwrap(), Path::new("/")).unwrap();
    assert_eq!((spec.kafka_nodes().count(), spec.rabbitmq_nodes().count(), spec.clients().count()), (3, 3, 4));
    assert!(spec.warnings.is_empty());
}

/// The example, with the block at its end that is a comment there.
fn example_that_pushes() -> String {
    let text = fs::read_to_string("examples/cluster.yaml").unwrap();
    let (before, push) = text.split_once("# push:").unwrap();
    format!("{before}push:{}", push.replace("\n# ", "\n"))
}

#[test]
fn the_sinks_of_the_example_are_valid_when_they_are_no_comment() {
    let spec = cluster::parse(&example_that_pushes(), Path::new("/")).unwrap();
    let names: Vec<&str> = spec.sinks.iter().map(|sink| sink.name.as_str()).collect();
    assert_eq!(names, ["vault", "aws", "kubernetes"]);
    assert!(spec.warnings.is_empty());
}

#[test]
fn secrets_over_plain_http_are_a_warning_unless_they_stay_on_this_machine() {
    let warnings = |address: &str| {
        let text = format!("{PUSHING}  - {{ vault: {{ address: \"{address}\" }} }}\n");
        cluster::parse(&text, Path::new("/")).unwrap().warnings.iter().map(|warning| warning.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(warnings("http://vault.example:8200"), ["secrets would travel there unencrypted"]);
    for address in ["https://vault.example:8200/", "http://127.0.0.1:8200", "http://[::1]:8200", "http://localhost"] {
        assert_eq!(warnings(address), [""; 0], "{address}");
    }
}

#[test]
fn what_a_sink_does_not_say_has_a_default() {
    let spec = cluster::parse(&format!("{PUSHING}  - vault: {{}}\n  - kubernetes: {{ namespace: kafka }}\n"), Path::new("/etc/x")).unwrap();
    let [SinkSpec { kind: SinkKind::Vault(vault), holders, files, .. }, SinkSpec { kind: SinkKind::Kubernetes(kubernetes), .. }] =
        &spec.sinks[..]
    else {
        panic!("{:?}", spec.sinks)
    };
    assert_eq!((vault.mount.as_str(), vault.path.to_string().as_str()), ("secret", "{cluster}/{kind}/{name}"));
    assert_eq!((&vault.address, &vault.login), (&None, &VaultLogin::Environment));
    assert_eq!((holders.len(), &files[..]), (3, &FileGroup::ALL[..]));
    assert_eq!(kubernetes.directory, Path::new("/etc/x/kubernetes"));
    assert_eq!((kubernetes.trust.as_str(), &kubernetes.form), ("my-orders-trust", &SecretForm::Plain));
}

#[test]
fn holders_of_a_sink_are_named_by_kind_by_name_or_by_both() {
    let chosen = |holders: &str| {
        let spec = cluster::parse(&format!("{PUSHING}  - {{ vault: {{}}, holders: {holders} }}\n"), Path::new("/")).unwrap();
        spec.sinks[0].holders.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(chosen("[kafka]"), ["kafka/broker-1", "kafka/broker-2"]);
    assert_eq!(chosen("[clients, broker-2, kafka/broker-2]"), ["kafka/broker-2", "clients/app"]);
}

const PUSHING: &str = "cluster: my orders\nkafka:\n  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }\n  brokers: [{ name: \"broker-{1..2}\", host: \"broker-{1..2}.example\" }]\nclients: [{ name: app, kafka: { write: [t] } }]\npush:\n";

#[test]
fn ten_thousand_holders_in_one_entry_or_in_as_many() {
    let nodes = "cluster: many\nrabbitmq: { nodes: [{ name: rabbit-1, host: rabbit-1.example }] }\nclients:\n";
    let range = format!("{nodes}  - {{ name: \"client-{{1..10000}}\", also: [\"client-{{1..10000}}.example\"], rabbitmq: {{}} }}\n");
    let entries: String =
        (1..=10_000).map(|index| format!("  - {{ name: client-{index}, also: [client-{index}.example], rabbitmq: {{}} }}\n")).collect();
    let names = |text: &str| -> Vec<String> {
        let spec = cluster::parse(text, Path::new("/")).unwrap();
        spec.clients().map(|(holder, _)| format!("{} {}", holder.id, holder.names[0])).collect()
    };
    let by_range = names(&range);
    assert_eq!((by_range.len(), by_range[9_999].as_str()), (10_000, "clients/client-10000 DNS:client-10000.example"));
    assert_eq!(by_range, names(&format!("{nodes}{entries}")));
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
        let mut text: Vec<char> = example_that_pushes().chars().collect();
        let from = from.min(text.len());
        let to = (from + length).min(text.len());
        text.splice(from..to, put.chars());
        if let Err(problems) = cluster::parse(&text.into_iter().collect::<String>(), Path::new("/")) {
            prop_assert!(!problems.is_empty());
        }
    }
}
