//! `verify` as a program: what it prints, how it ends, and what it never says. The brokers here are none: they are silent, or absent.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{Workspace, free_ports, program};

const PASSWORD: &str = "n0b0dy-sees-this";

/// A client.properties that logs in by password, and what it trusts.
fn client() -> Workspace {
    let workspace = Workspace::new("");
    let mut openssl = std::process::Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=root",
        "-keyout",
        "ca.key",
    ]);
    program(openssl.args(["-out", "ca.crt"]).current_dir(workspace.path("")));
    let jaas = "org.apache.kafka.common.security.scram.ScramLoginModule required";
    let text = format!(
        "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config={jaas} username=\"alice\" password=\"{PASSWORD}\";\n\
         ssl.truststore.type=PEM\nssl.truststore.location=ca.crt\n"
    );
    fs::write(workspace.path("client.properties"), text).unwrap();
    workspace
}

/// Listens, and never says a word.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("localhost:{}", listener.local_addr().unwrap().port());
    (listener, endpoint)
}

#[test]
fn an_interruption_shows_what_is_known_and_exits_130() {
    let workspace = client();
    let ((_listener, silent), [closed]) = (silent(), free_ports());
    let closed = format!("localhost:{closed}");
    let arguments = ["verify", "--as", "client.properties", "--deadline", "10m", "--format", "json", "--kafka", &silent, &closed];
    let verify = workspace.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Long enough for the endpoint that is closed; the other one has ten minutes.
    std::thread::sleep(Duration::from_secs(2));
    kill_process(Pid::from_child(&verify), Signal::INT).unwrap();
    let output = verify.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["passed"], &report["cut_short"]), (&false.into(), &"interrupted".into()));
    let cells: Vec<_> = report["cells"].as_array().unwrap().iter().map(|cell| (&cell["endpoint"], &cell["code"])).collect();
    assert_eq!(cells, [(&closed.into(), &"connection-refused".into())], "{report:#}");
}

#[test]
fn the_first_failure_ends_it_when_that_is_asked_for() {
    let workspace = client();
    let ((_listener, silent), [closed]) = (silent(), free_ports());
    let closed = format!("localhost:{closed}");
    let ran = workspace.run(&[
        "verify",
        "--as",
        "client.properties",
        "--deadline",
        "10m",
        "--fail-fast",
        "--format",
        "json",
        "--kafka",
        &silent,
        &closed,
    ]);
    let report: Value = serde_json::from_str(&ran.expect(4).stdout).unwrap();
    assert_eq!(report["cut_short"], "ended at the first failure");
    assert_eq!(report["cells"][0]["code"], "connection-refused");
}

#[test]
fn a_broker_that_never_answers_costs_its_own_deadline() {
    let workspace = client();
    let (_listener, silent) = silent();
    let report = workspace.json(&["verify", "--as", "client.properties", "--deadline", "500ms", "--kafka", &silent]);
    assert_eq!((&report["cells"][0]["code"], &report["cells"][0]["side"]), (&"tls-silence".into(), &"broker".into()), "{report:#}");
}

/// In every output, and on stderr.
#[test]
fn no_output_holds_the_password() {
    let workspace = client();
    let [closed] = free_ports();
    let closed = format!("localhost:{closed}");
    for output in ["human", "json", "junit", "prometheus"] {
        let ran = workspace.run(&["verify", "--as", "client.properties", "--kafka", &closed, "--steps", "--output", output]).expect(4);
        assert!(ran.stdout.contains("client.properties"), "{output}: {}", ran.stdout);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(PASSWORD), "{output}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_client_that_would_go_in_plaintext_goes_nowhere() {
    let workspace = client();
    let (listener, silent) = silent();
    fs::write(workspace.path("plain.properties"), "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n").unwrap();
    let report = workspace.json(&["verify", "--as", "plain.properties", "--kafka", &silent]);
    assert_eq!((&report["cells"][0]["code"], &report["cells"][0]["side"]), (&"client-in-plaintext".into(), &"client".into()), "{report:#}");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody connected");
}

#[test]
fn a_password_on_the_command_line_is_refused() {
    let workspace = client();
    let url = format!("amqps://alice:{PASSWORD}@localhost:5671/%2F");
    let ran = workspace.run(&["verify", "--amqp", &url, "--trust", "ca.crt"]).expect(2);
    assert!(!ran.stderr.contains(PASSWORD), "{}", ran.stderr);
}

#[test]
fn what_would_count_for_nothing_is_refused() {
    let workspace = client();
    for said in [&["--trust", "ca.crt"][..], &["--system-roots"], &["--tls", "1.2"], &["--mechanism", "external"]] {
        workspace.run(&[&["verify"], said].concat()).expect(2).says("go with --as, --kafka or --amqp");
    }
}
