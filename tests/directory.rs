//! The directory against the cluster file: what was broken by hand, or by time, is found.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use countersign::check::{self, Cluster};
use countersign::cluster;
use countersign::directory::Directory;
use countersign::finding::Finding;
use countersign::snippet::Snippets;
use support::Workspace;
use time::{Duration, OffsetDateTime};

const CLUSTER: &str = r#"
cluster: orders
subject: { O: Acme, C: DE }
authority: { root: 10y, issuing: 2y, passphrase: { file: passphrase } }
stores: { formats: [pem, pkcs12, jks] }
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: "broker-{1..2}", host: "broker-{1..2}.example", also: ["10.0.0.{1..2}"] }]
rabbitmq:
  nodes: [{ name: rabbit-1, host: rabbit-1.example }]
clients:
  - { name: app, kafka: { write: [t] }, rabbitmq: { vhost: / } }
"#;

fn applied() -> Workspace {
    let workspace = Workspace::new(CLUSTER);
    fs::write(workspace.path("passphrase"), "correct horse\n").unwrap();
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

/// Everything that is found, so many days from now.
fn findings(workspace: &Workspace, days: i64) -> Vec<Finding> {
    let spec = cluster::parse(&workspace.read("countersign.yaml"), &workspace.path("")).unwrap();
    let directory = Directory::new(&workspace.path("pki")).unwrap();
    let inventory = directory.read(&spec).unwrap();
    let files: Vec<_> = spec.holders.iter().filter_map(|holder| directory.holder_files(&spec, holder)).collect();
    check::cluster(&Cluster {
        spec: &spec,
        snippets: &Snippets::new(&spec, directory.root()),
        inventory: &inventory,
        files: &files,
        survey: &directory.survey(&spec, &inventory).unwrap(),
        at: OffsetDateTime::now_utc() + Duration::days(days),
        expires_within: Duration::days(14),
    })
}

/// Each code with what it was found in, sorted, each once.
fn found(workspace: &Workspace) -> Vec<String> {
    found_in(workspace, 0)
}

fn found_in(workspace: &Workspace, days: i64) -> Vec<String> {
    let mut found: Vec<String> =
        findings(workspace, days).iter().map(|finding| format!("{} {}", finding.rule.code, finding.place.target)).collect();
    found.sort();
    found.dedup();
    found
}

fn broker(file: &str) -> String {
    format!("pki/kafka/broker-1/current/{file}")
}

fn mode(workspace: &Workspace, path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(workspace.path(path), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_apply_made_has_no_findings() {
    assert_eq!(found(&applied()), [""; 0]);
}

#[test]
fn before_anything_was_made_every_holder_is_missing() {
    let workspace = Workspace::new(CLUSTER);
    let found = found(&workspace);
    assert_eq!(found.iter().filter(|line| line.starts_with("drift-missing ")).count(), 4, "{found:?}");
}

#[test]
fn time_goes_by() {
    let workspace = applied();
    let due = found_in(&workspace, 70);
    assert!(
        due.contains(&"drift-expiring kafka/broker-1".to_owned()) && !due.iter().any(|line| line.starts_with("expires-soon")),
        "{due:?}"
    );
    let soon = found_in(&workspace, 80);
    assert!(soon.contains(&"expires-soon kafka/broker-1/1/tls.crt".to_owned()), "{soon:?}");
    let over = found_in(&workspace, 91);
    assert!(over.contains(&"chain-expired clients/app/1/tls.crt".to_owned()), "{over:?}");
    let authority = found_in(&workspace, 700);
    assert!(authority.contains(&"authority-ends-soon authority/1".to_owned()), "{authority:?}");
    assert!(found_in(&workspace, 731).contains(&"expired authority/1".to_owned()));
}

#[test]
fn a_secret_that_all_may_read() {
    let workspace = applied();
    mode(&workspace, broker("tls.key"), 0o644);
    mode(&workspace, "pki/authority/1/issuing.key", 0o604);
    assert_eq!(
        found(&workspace),
        ["drift-file-mode kafka/broker-1", "exposed-secret authority/1/issuing.key", "exposed-secret kafka/broker-1/1/tls.key"]
    );
}

#[test]
fn a_key_and_a_certificate_of_two_brokers() {
    let workspace = applied();
    fs::copy(workspace.path("pki/kafka/broker-2/current/tls.crt"), workspace.path(broker("tls.crt"))).unwrap();
    let found = found(&workspace);
    for code in ["key-mismatch", "chain-name-mismatch", "store-differs"] {
        assert!(found.iter().any(|line| line.starts_with(code)), "{code}: {found:?}");
    }
}

#[test]
fn the_cluster_file_moved_on() {
    let workspace = applied();
    workspace.edit("broker-{1..2}.example", "kafka-{1..2}.example");
    let moved = found(&workspace);
    assert!(moved.contains(&"drift-names kafka/broker-1".to_owned()), "{moved:?}");
    assert!(moved.contains(&"chain-name-mismatch kafka/broker-1/1/tls.crt".to_owned()), "{moved:?}");
    let workspace = applied();
    workspace.edit(
        "broker-{1..2}\", host: \"broker-{1..2}.example\", also: [\"10.0.0.{1..2}\"]",
        "broker-1\", host: \"broker-1.example\", also: [\"10.0.0.1\"]",
    );
    let gone = found(&workspace);
    assert!(gone.contains(&"leftover-holder kafka/broker-2".to_owned()), "{gone:?}");
    let workspace = applied();
    workspace.edit("authority: { root: 10y, issuing: 2y, passphrase: { file: passphrase } }", "authority: { brokers: {}, clients: {} }");
    let other = found(&workspace);
    assert!(other.contains(&"no-plan authority".to_owned()), "{other:?}");
}

#[test]
fn stores_of_others() {
    let workspace = applied();
    fs::copy(workspace.path("pki/kafka/broker-2/current/keystore.p12"), workspace.path(broker("keystore.p12"))).unwrap();
    fs::copy(workspace.path(broker("truststore.p12")), workspace.path(broker("truststore.jks"))).unwrap();
    fs::write(workspace.path(broker("truststore.password")), "another password\n").unwrap();
    let found = found(&workspace);
    let wanted = [
        "drift-password kafka/broker-1",
        "holder-file-unreadable kafka/broker-1/1/keystore.p12",
        "holder-file-unreadable kafka/broker-1/1/truststore.p12",
    ];
    for line in wanted {
        assert!(found.iter().any(|found| found == line), "{line}: {found:?}");
    }
}

#[test]
fn other_anchors() {
    let workspace = applied();
    let foreign = applied();
    let both = workspace.read(broker("ca.crt")) + &foreign.read(broker("ca.crt"));
    fs::write(workspace.path(broker("ca.crt")), both).unwrap();
    let seen = findings(&workspace, 0);
    assert!(
        seen.iter().any(|finding| finding.rule.code == "truststore-differs" && finding.message.contains("must not be trusted")),
        "{seen:?}"
    );
    fs::write(workspace.path(broker("ca.crt")), foreign.read(broker("ca.crt"))).unwrap();
    let seen = findings(&workspace, 0);
    assert!(seen.iter().any(|finding| finding.rule.code == "truststore-differs" && finding.message.contains("is not in it")), "{seen:?}");
}

#[test]
fn files_that_nobody_knows() {
    let workspace = applied();
    for path in ["pki/notes.txt", "pki/authority/1/old.key", "pki/kafka/broker-1/backup.key", "pki/clients/app/1/extra.pem"] {
        fs::write(workspace.path(path), "").unwrap();
    }
    fs::create_dir(workspace.path("pki/kafka/.broker")).unwrap();
    assert_eq!(
        found(&workspace),
        [
            "unknown-file authority/1/old.key",
            "unknown-file clients/app/1/extra.pem",
            "unknown-file kafka/.broker",
            "unknown-file kafka/broker-1/backup.key",
            "unknown-file notes.txt",
        ]
    );
}

#[test]
fn what_a_run_left_that_was_cut_short() {
    let workspace = applied();
    for path in ["pki/authority/.2.new", "pki/clients/app/.2.new"] {
        fs::create_dir(workspace.path(path)).unwrap();
    }
    for path in ["pki/authority/.2.new/root.key", "pki/clients/app/.2.new/tls.key", "pki/trust/.countersign-1.new"] {
        fs::write(workspace.path(path), "").unwrap();
    }
    mode(&workspace, "pki/authority/.2.new/root.key", 0o644);
    mode(&workspace, "pki/clients/app/.2.new/tls.key", 0o600);
    assert_eq!(
        found(&workspace),
        [
            "cut-short authority/.2.new",
            "cut-short clients/app/.2.new",
            "cut-short trust/.countersign-1.new",
            "exposed-secret authority/.2.new/root.key",
        ]
    );
    workspace.run(&["apply"]).expect(0).says("Nothing to do").says("pki/clients/app/.2.new");
    assert_eq!(found(&workspace), [""; 0]);
}

#[test]
fn something_else_in_place_of_a_file() {
    let workspace = applied();
    let key = workspace.path("pki/clients/app/1/tls.key");
    fs::remove_file(&key).unwrap();
    fs::create_dir(&key).unwrap();
    assert_eq!(found(&workspace), ["holder-fault clients/app"]);
    let root = workspace.path("pki/authority/1/root.crt");
    fs::remove_file(&root).unwrap();
    fs::create_dir(&root).unwrap();
    workspace.run(&["check"]).expect(3).says("root.crt is not a file; move it away");
}

#[test]
fn an_authority_without_a_passphrase() {
    let workspace = Workspace::new(&CLUSTER.replace(", passphrase: { file: passphrase }", ""));
    workspace.ok(&["apply", "--no-proof"]);
    assert_eq!(found(&workspace), ["authority-key-plain authority/1"]);
    fs::write(workspace.path("pki/authority/1/root.crt"), "garbage").unwrap();
    assert!(found(&workspace).contains(&"authority-unreadable authority/1".to_owned()));
}

/// RabbitMQ starts with such a file, and then every handshake fails.
#[test]
fn a_byte_order_mark_in_a_file_of_rabbitmq() {
    let workspace = applied();
    let path = "pki/rabbitmq/rabbit-1/current/tls.crt";
    fs::write(workspace.path(path), format!("\u{feff}{}", workspace.read(path))).unwrap();
    assert!(found(&workspace).contains(&"erlang-pem-byte-order-mark rabbitmq/rabbit-1/1/tls.crt".to_owned()));
}
