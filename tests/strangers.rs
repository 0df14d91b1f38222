//! Whatever strangers wrote: what is shown of it drives neither the terminal nor the CI system that reads along.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Output};
use std::sync::Arc;
use std::thread;

use rcgen::{CertificateParams, CrlDistributionPoint, DistinguishedName, DnType, KeyPair, SanType};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use support::{Workspace, program};

/// Colours, a title for the window, a line of its own that is a command, a turned line.
const HOSTILE: &str = "\u{1b}[31mEVIL\u{1b}]0;title\u{7}\n::error::said\r##[add-mask]e\u{9b}2J\u{202e}x";
const CLUSTER: &str = "
cluster: strangers
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
clients: [{ name: orders, kafka: { write: [orders] } }]
push: [{ kubernetes: { namespace: kafka, directory: manifests } }]
";

fn params() -> CertificateParams {
    let ascii: String = HOSTILE.chars().filter(char::is_ascii).collect();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, HOSTILE);
    params.subject_alt_names = vec![SanType::DnsName(ascii.as_str().try_into().unwrap()), SanType::URI(ascii.as_str().try_into().unwrap())];
    params
}

/// `c.pem`, `k.pem`, `r.csr` and `s.p12` of a stranger, and files of hostile names that hold a certificate, a configuration and nothing.
fn workspace() -> Workspace {
    let workspace = Workspace::new(CLUSTER);
    let key = KeyPair::generate().unwrap();
    let mut params = params();
    let request = params.serialize_request(&key).unwrap().pem().unwrap();
    params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec!["http://crl.example/\u{1b}[2J\n::error::crl".to_owned()] }];
    let certificate = params.self_signed(&key).unwrap().pem();
    let config = format!("ssl.keystore.location={HOSTILE}\nssl.keystore.{HOSTILE}=x\n{HOSTILE}=y\n");
    let named = |end: &str| format!("::error::{HOSTILE}{end}");
    for (name, text) in [
        ("c.pem", &certificate),
        ("k.pem", &key.serialize_pem()),
        ("r.csr", &request),
        ("pass", &"changeit\n".to_owned()),
        ("server.properties", &config),
        (&named(".pem"), &certificate),
        (&named(".properties"), &config),
        (&named(".junk"), &"junk".to_owned()),
        (&named(".yaml"), &format!("cluster: \"{}\"\n{}: 1\n", HOSTILE.escape_default(), "::error::key")),
    ] {
        fs::write(workspace.path(name), text).unwrap();
    }
    let export = ["pkcs12", "-export", "-in", "c.pem", "-inkey", "k.pem", "-passout", "pass:changeit", "-out", "s.p12", "-name", HOSTILE];
    program(Command::new("openssl").args(export).current_dir(workspace.path("")));
    workspace
}

/// Why this must not be shown, if it must not. GitHub's annotations are commands, and each is a line that we begin.
fn drives(text: &str) -> Option<String> {
    let moves = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'));
    let ours = |line: &str| {
        ["::error file=", "::warning file=", "::notice file=", "::error title=", "::warning title=", "::notice title="]
            .iter()
            .any(|ours| line.starts_with(ours))
    };
    let command = |line: &str| line.contains("##[") || (line.trim_start().starts_with("::") && !ours(line));
    text.split('\n').find(|line| line.contains(moves) || command(line)).map(|line| format!("{line:?}"))
}

#[track_caller]
fn assert_shows_harmlessly(workspace: &Workspace, words: &[&str]) {
    let Output { stdout, stderr, status } = workspace.command(words).output().unwrap();
    assert!(status.code().is_some_and(|code| code != 101), "{words:?} panicked: {status}");
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(stdout.contains("EVIL") || stderr.contains("EVIL"), "{words:?} shows nothing of it:\n{stdout}\n{stderr}");
    for text in [&stdout, &stderr] {
        assert_eq!(drives(text), None, "{words:?}:\n{stdout}\n{stderr}");
    }
}

const OUTPUTS: [&str; 7] = ["human", "json", "junit", "sarif", "github", "nagios", "prometheus"];

#[test]
fn files_drive_nothing_by_their_names_or_by_what_they_hold() {
    let workspace = workspace();
    let [pem, properties, junk] = [".pem", ".properties", ".junk"].map(|end| format!("::error::{HOSTILE}{end}"));
    let password = ["--password-file", "pass"];
    for words in [
        &["inspect", "c.pem", "r.csr", &pem][..],
        &["inspect", "c.pem", "r.csr", &pem, "--format", "json"],
        &["inspect", "s.p12", password[0], password[1]],
        &["inspect", &junk],
        &["inspect", "."],
        &["inspect", "no such file EVIL\u{1b}[2J\n::error::"],
        &["convert", &junk, "o.p12"],
        &["convert", "c.pem", &format!("{HOSTILE}.unknown")],
        &["convert", "s.p12", &format!("{HOSTILE}.jks"), "--password-file", "pass", "--to-password-file", "pass"],
        &["convert", "s.p12", "o.jks", "--password-file", "pass", "--to-password-file", "pass", "--alias", HOSTILE, "--format", "json"],
        &["convert", "s.p12", "o2.jks", "--password-file", "pass", "--to-password-file", "pass", "--alias", "another"],
        &["verify", "--as", &junk, "--kafka", "localhost:1"],
        &["verify", "--as", "c.pem", "--key", "k.pem", "--trust", &junk, "--kafka", "localhost:1"],
        &["apply", "-f", &format!("::error::{HOSTILE}.yaml")],
        &["apply", "-f", &format!("::error::{HOSTILE}.yaml"), "--format", "json"],
        &["status", "-f", HOSTILE],
        &["init", &format!("{HOSTILE}/no/such")],
    ] {
        assert_shows_harmlessly(&workspace, words);
    }
    for output in OUTPUTS {
        for target in ["c.pem", "s.p12", "server.properties", &pem, &properties, &junk] {
            let ran = workspace.command(&["check", "--output", output, password[0], password[1], target]).output().unwrap();
            for text in [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).unwrap()) {
                assert_eq!(drives(&text), None, "{output} {target:?}:\n{text}");
            }
        }
    }
}

/// Colours are ours, and come after.
#[test]
fn with_colours_only_ours_are_there() {
    let workspace = workspace();
    let shown = workspace.ok(&["inspect", "c.pem", "--color", "always"]);
    assert!(shown.contains("\u{1b}[32m") && shown.contains("EVIL"), "{shown}");
    let plain = ["\u{1b}[32m", "\u{1b}[33m", "\u{1b}[31mnot", "\u{1b}[31mexpired", "\u{1b}[0m"]
        .iter()
        .fold(shown, |text, ours| text.replace(ours, ""));
    assert_eq!(drives(&plain), None);
}

#[test]
fn words_on_the_command_line_drive_nothing() {
    let workspace = workspace();
    workspace.ok(&["apply", "--no-proof"]);
    let option = format!("--{HOSTILE}");
    for words in [
        &[HOSTILE][..],
        &["inspect", &option],
        &["verify", "--deadline", HOSTILE],
        &["verify", "--kafka", HOSTILE],
        &["verify", HOSTILE],
        &["check", "--output", HOSTILE],
        &["check", "--allow", HOSTILE],
        &["status", HOSTILE],
        &["render", HOSTILE],
        &["push", "-d", "elsewhere", "--to", HOSTILE],
        &["apply", "-d", HOSTILE],
        &["rotate", HOSTILE],
        &["rollback", HOSTILE],
        &["retire", HOSTILE],
        &["inspect", "c.pem", "--password-env", HOSTILE],
    ] {
        assert_shows_harmlessly(&workspace, words);
    }
}

/// Shows this certificate to whoever comes.
fn serve(certificate: rcgen::Certificate, key: &KeyPair) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![certificate.into()], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut served = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
            let _ = std::io::Read::read(&mut served, &mut [0; 1]);
        }
    });
    address
}

#[test]
fn a_server_drives_nothing_by_its_certificate() {
    let workspace = workspace();
    let key = KeyPair::generate().unwrap();
    let address = serve(params().self_signed(&key).unwrap(), &key);
    assert_shows_harmlessly(&workspace, &["inspect", &address]);
    assert_shows_harmlessly(&workspace, &["inspect", &address, "--format", "json"]);
    for output in OUTPUTS.iter().filter(|output| !["nagios", "sarif"].contains(output)) {
        assert_shows_harmlessly(&workspace, &["check", &address, "--output", output]);
    }
    for output in ["human", "json", "junit", "prometheus"] {
        let steps: &[&str] = if output == "human" { &["--steps"] } else { &[] };
        let words = ["verify", "--kafka", &address, "--trust", "c.pem", "--no-probes", "--deadline", "2s", "--output", output];
        assert_shows_harmlessly(&workspace, &[&words[..], steps].concat());
    }
}
