//! `inspect host:port`, at openssl's own server in its many ways.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs::File;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use support::{Workspace, free_ports, program};

/// `openssl s_server`, ended when this is dropped.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    /// Waits until it listens.
    fn start(workspace: &Workspace, arguments: &[&str]) -> Self {
        let [port] = free_ports();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &port.to_string(), "-quiet"]).args(arguments).current_dir(workspace.path(""));
        let log = File::create(workspace.path("s_server.log")).unwrap();
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        while TcpStream::connect(("localhost", port)).is_err() {
            assert!(process.try_wait().unwrap().is_none(), "{}", workspace.read("s_server.log"));
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self { process, address: format!("localhost:{port}") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A root, and a leaf of each kind of key below it.
fn workspace() -> Workspace {
    let workspace = Workspace::new("");
    let run = |arguments: &str| program(Command::new("openssl").args(arguments.split(' ')).current_dir(workspace.path("")));
    run("req -x509 -newkey rsa:2048 -noenc -keyout root.key -out root.pem -subj /O=Acme/CN=root");
    for (name, key) in [("rsa", "rsa:2048"), ("ec", "ec -pkeyopt ec_paramgen_curve:P-256")] {
        run(&format!(
            "req -x509 -newkey {key} -noenc -keyout {name}.key -out {name}.pem -subj /O=Acme/CN={name} -CA root.pem -CAkey root.key \
             -addext basicConstraints=CA:FALSE -addext subjectAltName=DNS:localhost"
        ));
    }
    workspace
}

fn seen(workspace: &Workspace, server: &Server, more: &[&str]) -> Value {
    let shown = workspace.json(&[&["inspect", &server.address], more].concat());
    shown["targets"][0]["endpoint"].clone()
}

fn names<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap()).collect()
}

#[test]
fn tls_1_3_alone_with_a_chain_and_a_demand_for_a_certificate() {
    let workspace = workspace();
    let arguments = ["-tls1_3", "-cert", "ec.pem", "-key", "ec.key", "-cert_chain", "root.pem", "-CAfile", "root.pem", "-Verify", "1"];
    let server = Server::start(&workspace, &arguments);
    let seen = seen(&workspace, &server, &[]);
    assert_eq!(names(&seen["accepted"], "version"), ["TLSv1.3"]);
    assert_eq!(names(&seen["refused"], "version"), ["TLSv1.2", "TLSv1.1", "TLSv1.0"]);
    assert_eq!(seen["refused"][0]["how"], "alert protocol_version");
    assert_eq!(names(&seen["served"]["chain"], "subject"), ["CN=ec,O=Acme", "CN=root,O=Acme"]);
    assert_eq!((&seen["served"]["in_order"], &seen["client_certificate_requested"]), (&json!(true), &json!(true)));
    assert_eq!(seen["client_certificate"]["issuers"], json!(["CN=root,O=Acme"]));
}

#[test]
fn tls_1_2_alone_says_the_same() {
    let workspace = workspace();
    let arguments = ["-tls1_2", "-cert", "rsa.pem", "-key", "rsa.key", "-cert_chain", "root.pem", "-CAfile", "root.pem", "-verify", "1"];
    let server = Server::start(&workspace, &arguments);
    let seen = seen(&workspace, &server, &[]);
    assert_eq!(names(&seen["accepted"], "version"), ["TLSv1.2"]);
    assert_eq!(names(&seen["served"]["chain"], "subject"), ["CN=rsa,O=Acme", "CN=root,O=Acme"]);
    assert_eq!(seen["client_certificate"]["issuers"], json!(["CN=root,O=Acme"]));
    let suites = seen["accepted"][0]["cipher_suites"].as_array().unwrap();
    assert_eq!(suites[0]["name"], "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
    let old = suites.iter().find(|suite| suite["name"] == "TLS_RSA_WITH_AES_128_CBC_SHA").unwrap();
    assert_eq!(old["weakness"], "no-forward-secrecy");
}

/// openssl names its suites in its own way, but counts them alike.
#[test]
fn every_suite_that_openssl_takes_is_found_in_its_order() {
    let workspace = workspace();
    let arguments =
        ["-tls1_2", "-serverpref", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA:AECDH-AES128-SHA:@SECLEVEL=0"];
    let server = Server::start(&workspace, &[&arguments[..], &["-cert", "ec.pem", "-key", "ec.key"]].concat());
    let seen = seen(&workspace, &server, &[]);
    let suites = &seen["accepted"][0]["cipher_suites"];
    let expected =
        ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDH_anon_WITH_AES_128_CBC_SHA"];
    assert_eq!(names(suites, "name"), expected);
    assert_eq!(suites[2]["weakness"], "no-authentication");
    assert_eq!(seen["client_certificate_requested"], false);
    assert_eq!(seen["served"]["next_issuer"], "CN=root,O=Acme", "the chain is not complete");
}

#[test]
fn the_versions_that_nobody_should_speak_are_found() {
    let workspace = workspace();
    let arguments = ["-cipher", "ALL:@SECLEVEL=0", "-cert", "rsa.pem", "-key", "rsa.key", "-min_protocol", "TLSv1"];
    let server = Server::start(&workspace, &arguments);
    assert_eq!(names(&seen(&workspace, &server, &[])["accepted"], "version"), ["TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1.0"]);
}

#[test]
fn a_server_with_two_keys_shows_both_chains() {
    let workspace = workspace();
    let server = Server::start(&workspace, &["-cert", "rsa.pem", "-key", "rsa.key", "-dcert", "ec.pem", "-dkey", "ec.key"]);
    let seen = seen(&workspace, &server, &[]);
    let leafs = [&seen["served"], &seen["also_served"][0]].map(|chain| chain["chain"][0]["subject"].as_str().unwrap());
    assert_eq!(leafs, ["CN=ec,O=Acme", "CN=rsa,O=Acme"]);
}

/// Which certificate a server shows depends on the name it is asked for.
#[test]
fn the_name_that_is_asked_for_can_be_another() {
    let workspace = workspace();
    let arguments = ["-cert", "rsa.pem", "-key", "rsa.key", "-servername", "other.example", "-cert2", "ec.pem", "-key2", "ec.key"];
    let server = Server::start(&workspace, &arguments);
    assert_eq!(seen(&workspace, &server, &[])["served"]["chain"][0]["subject"], "CN=rsa,O=Acme");
    assert_eq!(seen(&workspace, &server, &["--servername", "other.example"])["served"]["chain"][0]["subject"], "CN=ec,O=Acme");
}

#[test]
fn an_existing_file_goes_before_an_endpoint() {
    let workspace = workspace();
    std::fs::copy(workspace.path("ec.pem"), workspace.path("localhost:9093")).unwrap();
    assert_eq!(workspace.json(&["inspect", "localhost:9093"])["targets"][0]["file"]["format"], "pem");
}

#[test]
fn nobody_there_is_said_and_the_rest_goes_on() {
    let workspace = workspace();
    let [port] = free_ports();
    let ran = workspace.run(&["inspect", &format!("localhost:{port}"), "ec.pem"]).expect(1);
    assert!(ran.stderr.starts_with(&format!("error: localhost:{port}: no connection: Connection refused")), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("ec.pem: PEM, 1 item"), "{}", ran.stdout);
}
