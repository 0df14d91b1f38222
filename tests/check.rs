//! `check`: any file, directory, configuration or endpoint, or the whole directory; every finding, in the words of whoever asks.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::{Workspace, free_ports, program};

const CLUSTER: &str = r"
cluster: orders
leaf: { key: p256, lifetime: 90d, renew: 30d }
stores: { formats: [pkcs12, jks, pem], java: 11 }
kafka:
  version: 3.9
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
rabbitmq:
  nodes: [{ name: rabbit-1, host: rabbit-1.example }]
clients:
  - { name: admin, kafka: super-user }
";

const BROKER: &str = "pki/kafka/broker-1/current";

/// A workspace in which `apply` has made everything.
fn applied() -> Workspace {
    let workspace = Workspace::new(CLUSTER);
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

/// An authority and a leaf of its own making by openssl: `ca.pem`, `leaf.pem` with its key in `leaf.key`.
fn foreign() -> Workspace {
    let workspace = Workspace::new("");
    let openssl = |arguments: &str| {
        program(Command::new("openssl").args(arguments.split(' ')).current_dir(workspace.path("")));
    };
    fs::write(workspace.path("names.cnf"), "subjectAltName=DNS:broker-1.example\nbasicConstraints=CA:FALSE\n").unwrap();
    let authority = "-x509 -days 3650 -subj /CN=root -addext keyUsage=critical,keyCertSign,cRLSign";
    openssl(&format!("req {authority} -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem"));
    openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=broker-1 -keyout leaf.key -out leaf.csr");
    openssl("x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 365 -extfile names.cnf -out leaf.pem");
    workspace
}

/// Ends with the test.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_for(port: u16) {
    let reached = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    assert!(reached, "nobody listens on {port}");
}

/// Each finding as `code severity`, of each target in turn.
fn codes(document: &Value) -> Vec<String> {
    let targets = document["targets"].as_array().unwrap().iter();
    let findings = targets.flat_map(|target| target["findings"].as_array().unwrap());
    findings.map(|finding| format!("{} {}", finding["code"].as_str().unwrap(), finding["severity"].as_str().unwrap())).collect()
}

// What is checked

#[test]
fn a_chain_is_judged_by_the_anchors_that_are_given() {
    let workspace = foreign();
    let check = |more: &[&str]| workspace.run(&[&["check", "--anchors", "ca.pem"], more, &["leaf.pem"]].concat());
    check(&["--hostname", "broker-1.example", "--purpose", "server"]).expect(0).says("chain holds: CN=broker-1 < CN=root");
    check(&["--hostname", "broker-2.example"]).expect(3).says("error[chain-name-mismatch]").says("chain does not hold");
    check(&["--ip", "10.0.0.1"]).expect(3);
    check(&["--at", "2090-01-01T00:00:00Z"]).expect(3).says("error[chain-expired]");
    workspace.run(&["check", "--anchors", "leaf.pem", "--anchors", "ca.pem", "leaf.pem"]).expect(0);
}

#[test]
fn intermediates_may_lie_in_the_file_or_beside_it_and_an_empty_file_of_them_is_fine() {
    let workspace = applied();
    let chain = format!("{BROKER}/tls.crt");
    let leaf = workspace.read(&chain).split_inclusive("-----END CERTIFICATE-----\n").next().unwrap().to_owned();
    fs::write(workspace.path("leaf.pem"), leaf).unwrap();
    fs::write(workspace.path("empty.pem"), "\n").unwrap();
    let check = |arguments: &[&str]| workspace.run(&[&["check", "--anchors", "pki/authority/1/root.crt"], arguments].concat());
    check(&[&chain]).expect(0);
    check(&["leaf.pem"]).expect(3).says("chain does not hold");
    check(&["--intermediates", "empty.pem", "leaf.pem"]).expect(3);
    check(&["--intermediates", "pki/authority/1/issuing.crt", "--intermediates", "empty.pem", "leaf.pem"]).expect(0);
}

#[test]
fn a_revoked_certificate_breaks_its_chain() {
    let workspace = foreign();
    fs::write(workspace.path("index.txt"), "V\t300101000000Z\t\t07\tunknown\t/CN=broker-1\n").unwrap();
    fs::write(
        workspace.path("ca.cnf"),
        "[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\ndefault_md=sha256\ncertificate=ca.pem\nprivate_key=ca.key\ndefault_crl_days=30\n",
    )
    .unwrap();
    let openssl = |arguments: &str| program(Command::new("openssl").args(arguments.split(' ')).current_dir(workspace.path("")));
    openssl("ca -config ca.cnf -gencrl -out clean.crl");
    openssl("ca -config ca.cnf -revoke leaf.pem");
    openssl("ca -config ca.cnf -gencrl -out revoked.crl");
    let check = |list: &str| workspace.run(&["check", "--anchors", "ca.pem", "--crl", list, "leaf.pem"]);
    check("clean.crl").expect(0);
    check("revoked.crl").expect(3).says("error[chain-revoked]");
}

#[test]
fn anchors_that_are_partly_damaged_are_used_and_none_at_all_are_refused() {
    let workspace = foreign();
    let damaged = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    fs::write(workspace.path("mixed.pem"), format!("{damaged}{}", workspace.read("ca.pem"))).unwrap();
    fs::write(workspace.path("none.pem"), workspace.read("leaf.key")).unwrap();
    workspace.run(&["check", "--anchors", "mixed.pem", "leaf.pem"]).expect(0).says("warning: mixed.pem").says("the rest is used");
    workspace.run(&["check", "--anchors", "none.pem", "leaf.pem"]).expect(2).says("nothing could be trusted");
    workspace.run(&["check", "--anchors", "ca.pem", "leaf.key"]).expect(3).says("nothing-to-judge");
    workspace.run(&["check", "--intermediates", "ca.pem", "leaf.pem"]).expect(2).says("--anchors");
}

#[test]
fn stores_that_countersign_made_have_no_fault() {
    let workspace = applied();
    let stores = ["keystore.p12", "keystore.jks"].map(|name| format!("{BROKER}/{name}"));
    let password = format!("{BROKER}/password");
    workspace.run(&["check", "--password-file", &password, &stores[0], &stores[1]]).expect(0);
    workspace.run(&["check", &stores[1]]).expect(0);
    workspace
        .command(&["check", "--password-env", "PASSWORD", &stores[0]])
        .env("PASSWORD", "wrong")
        .output()
        .map(support::Ran::from)
        .unwrap()
        .expect(3);
}

/// Who asks for a verdict wants to know what the validators would say, and they are not so strict about form.
#[test]
fn the_form_of_certificates_is_looked_at_where_no_chain_is_judged() {
    let workspace = foreign();
    let make = "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=other -keyout other.key -out other.pem";
    program(Command::new("openssl").args(make.split(' ')).current_dir(workspace.path("")));
    workspace.run(&["check", "other.pem"]).expect(0).says("warning[authority-without-key-usage]");
    let judged = workspace.run(&["check", "--anchors", "other.pem", "other.pem"]);
    assert!(!judged.stdout.contains("authority-without-key-usage"), "{}", judged.stdout);
}

#[test]
fn what_cannot_be_read_is_a_finding_and_does_not_stop_the_rest() {
    let workspace = foreign();
    fs::write(workspace.path("noise.bin"), [7; 64]).unwrap();
    let document = workspace.json(&["check", "gone.p12", "noise.bin", "leaf.pem", "*.jks"]);
    let targets: Vec<&str> = document["targets"].as_array().unwrap().iter().map(|target| target["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["gone.p12", "noise.bin", "leaf.pem", "*.jks"]);
    assert_eq!(codes(&document).iter().filter(|code| *code == "unreadable error").count(), 3);
    assert_eq!(document["targets"][2]["certificates"][0]["subject"], "CN=broker-1");
}

#[test]
fn a_directory_and_a_pattern_stand_for_the_files_in_them() {
    let workspace = foreign();
    fs::create_dir_all(workspace.path("store/deep")).unwrap();
    fs::copy(workspace.path("leaf.pem"), workspace.path("store/deep/a.pem")).unwrap();
    fs::copy(workspace.path("ca.pem"), workspace.path("store/b.crt")).unwrap();
    fs::write(workspace.path("store/README"), "Nothing that could be checked.\n").unwrap();
    let targets = |word: &str| {
        let document = workspace.json(&["check", word]);
        let targets = document["targets"].as_array().unwrap().iter();
        targets.map(|target| target["target"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(targets("store"), ["store/b.crt", "store/deep/a.pem"]);
    assert_eq!(targets("store/**/*.pem"), ["store/deep/a.pem"]);
}

#[test]
fn a_configuration_is_checked_with_the_files_that_it_names() {
    let workspace = applied();
    let configuration = format!("{BROKER}/server.properties");
    workspace.run(&["check", &configuration]).expect(0);
    let text = workspace.read(&configuration);
    let wrong = text.replace("keystore.p12", "gone.p12").replace("ssl.keystore.password", "ssl.keystore.pasword");
    fs::write(workspace.path("server.properties"), wrong).unwrap();
    let document = workspace.json(&["check", "server.properties"]);
    let findings = document["targets"][0]["findings"].as_array().unwrap();
    for word in ["gone.p12", "ssl.keystore.password"] {
        let finding = findings.iter().find(|finding| finding.to_string().contains(word)).unwrap_or_else(|| panic!("{word}: {document:#}"));
        assert!(finding["place"]["line"].is_u64(), "{finding}");
    }
    workspace.run(&["check", "server.properties"]).expect(3);
}

#[test]
fn an_endpoint_is_checked_by_what_it_serves() {
    let workspace = foreign();
    let [port] = free_ports();
    let arguments = ["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-cert", "leaf.pem", "-key", "leaf.key"];
    let server =
        Command::new("openssl").args(arguments).current_dir(workspace.path("")).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _server = Stopped(server);
    wait_for(port);
    let target = format!("127.0.0.1:{port}");
    let check = |more: &[&str]| workspace.run(&[&["check", &target], more].concat());
    check(&[]).expect(3).says("error[tls-name-not-covered]").says("note[tls-no-client-certificate]");
    check(&["--hostname", "broker-1.example"]).expect(0);
    check(&["--hostname", "broker-1.example", "--anchors", "ca.pem"]).expect(0).says("chain holds: CN=broker-1 < CN=root");
    check(&["--anchors", "ca.pem"]).expect(3).says("error[chain-name-mismatch]");
    let sarif: Value = serde_json::from_str(&check(&["--output", "sarif"]).expect(3).stdout).unwrap();
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(*location, format!("tls://{target}"));
    let [closed] = free_ports();
    workspace.run(&["check", &format!("127.0.0.1:{closed}")]).expect(3).says("error[unreadable]");
}

/// Kafka reloads a key store while it runs, but only one that fits the one before.
#[test]
fn the_next_store_is_held_against_the_one_in_use() {
    let workspace = applied();
    for file in ["keystore.p12", "password", "tls-combined.pem"] {
        fs::copy(workspace.path(BROKER).join(file), workspace.path(file)).unwrap();
    }
    let next = format!("{BROKER}/keystore.p12");
    let check = |current: &str| workspace.run(&["check", &next, "--replaces", current, "--password-file", "password"]);
    check("keystore.p12").expect(0);
    check("tls-combined.pem").expect(0).says("warning[reload-format]");

    workspace.edit("host: broker-1.example", "host: broker-9.example");
    workspace.ok(&["apply", "--no-proof"]);
    check("keystore.p12").expect(3).says("error[reload-names]").says("it lacks DNS:broker-1.example");

    let [port] = free_ports();
    let arguments =
        ["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-cert", "tls-combined.pem", "-key", "tls-combined.pem"];
    let server =
        Command::new("openssl").args(arguments).current_dir(workspace.path("")).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _server = Stopped(server);
    wait_for(port);
    check(&format!("127.0.0.1:{port}")).expect(3).says("it lacks DNS:broker-1.example");
}

// What counts

#[test]
fn a_threshold_and_codes_decide_what_fails() {
    let workspace = foreign();
    let check = |more: &[&str]| workspace.run(&[&["check", "--at", "2090-01-01T00:00:00Z", "leaf.pem"], more].concat());
    check(&[]).expect(3).says("error[expired]");
    check(&["--allow", "expired"]).expect(0).says("1 allowed");
    check(&["--allow", "exspired"]).expect(2).says("the nearest is expired");
    check(&["--deny", "eror"]).expect(2).says("no finding has the code \"eror\"");
    let soon = |more: &[&str]| workspace.run(&[&["check", "--expires-within", "2y", "leaf.pem"], more].concat());
    soon(&[]).expect(0).says("warning[expires-soon]");
    soon(&["--deny", "warning"]).expect(3);
    soon(&["--deny", "expires-soon"]).expect(3);
    soon(&["--deny", "warning", "--allow", "expires-soon"]).expect(0);
}

#[test]
fn mistakes_on_the_command_line_are_usage_errors() {
    let workspace = foreign();
    workspace.run(&["check", "--at", "tomorrow", "leaf.pem"]).expect(2).says("2026-10-01T12:00:00Z");
    workspace.run(&["check", "--anchors", "ca.pem", "--hostname", "10.0.0.1", "leaf.pem"]).expect(2).says("--ip");
    workspace.run(&["check", "--expires-within", "soon", "leaf.pem"]).expect(2);
}

// For whom

/// A file with an error, and one that is not there.
fn asked(workspace: &Workspace, output: &str) -> String {
    workspace.run(&["check", "--at", "2090-01-01T00:00:00Z", "--output", output, "leaf.pem", "gone.pem"]).expect(3).stdout
}

#[test]
fn people_are_told_where_what_and_what_to_do() {
    let text = asked(&foreign(), "human");
    for part in ["leaf.pem\n  error[expired] ", "    fix: ", "    see: docs/findings.md#expired\n", "gone.pem\n  error[unreadable] "] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(text.lines().last().unwrap().ends_with("in 2 targets."), "{text}");
}

#[test]
fn programs_get_json_of_one_schema() {
    let workspace = foreign();
    let document: Value = serde_json::from_str(&asked(&workspace, "json")).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["at"], "2090-01-01T00:00:00Z");
    let finding = document["targets"][0]["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "expired").unwrap();
    assert_eq!(finding["help"], "docs/findings.md#expired");
    assert_eq!(finding["denied"], true);
    let same = workspace.json(&["check", "--at", "2090-01-01T00:00:00Z", "leaf.pem", "gone.pem"]);
    assert_eq!(same, document);
}

#[test]
fn junit_sarif_and_annotations_name_each_finding() {
    let workspace = foreign();
    let junit = asked(&workspace, "junit");
    assert!(junit.contains("<testsuite name=\"gone.pem\" tests=\"1\" failures=\"1\""), "{junit}");
    let sarif: Value = serde_json::from_str(&asked(&workspace, "sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(results.iter().any(|result| result["ruleId"] == "unreadable" && result["level"] == "error"), "{sarif:#}");
    let github = asked(&workspace, "github");
    assert!(github.lines().any(|line| line.starts_with("::error file=gone.pem,title=Cannot be read (unreadable)::")), "{github}");
}

#[test]
fn nagios_gets_its_own_exit_codes() {
    let workspace = foreign();
    let nagios = |arguments: &[&str]| workspace.run(&[&["check", "--output", "nagios"], arguments].concat());
    nagios(&["ca.pem"]).expect(0).says("COUNTERSIGN OK - ").says("'ca.pem'=3649;30:;0:");
    nagios(&["--expires-within", "2y", "leaf.pem"]).expect(1).says("COUNTERSIGN WARNING - ");
    nagios(&["--at", "2090-01-01T00:00:00Z", "leaf.pem"]).expect(2).says("COUNTERSIGN CRITICAL - ");
    nagios(&["gone.pem"]).expect(3).says("COUNTERSIGN UNKNOWN - ");
    nagios(&["--anchors", "gone.pem", "leaf.pem"]).expect(3).says("COUNTERSIGN UNKNOWN - ").says("gone.pem");
}

#[test]
fn prometheus_gets_the_end_of_each_certificate() {
    let workspace = foreign();
    let text = workspace.ok(&["check", "--output", "prometheus", "leaf.pem"]);
    let end = text.lines().find(|line| line.starts_with("countersign_certificate_not_after_seconds{target=\"leaf.pem\"")).unwrap();
    assert!(end.contains("subject=\"CN=broker-1\",serial=\"07\"}"), "{end}");
    assert!(text.contains("countersign_findings{target=\"leaf.pem\",severity=\"error\"} 0\n"), "{text}");
}

// The directory

#[test]
fn without_arguments_the_directory_is_held_against_the_cluster_file() {
    let workspace = applied();
    workspace.run(&["check"]).expect(0);
    fs::remove_file(workspace.path(format!("{BROKER}/keystore.p12"))).unwrap();
    workspace.run(&["check"]).expect(3).says("kafka/broker-1");
    Workspace::new(CLUSTER).run(&["check"]).expect(1).says("countersign apply");
}
