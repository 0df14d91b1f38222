//! `convert`, as keytool and openssl see what it writes.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use support::{Workspace, program};

/// A broker's files in every format, and a file with the password of every target.
fn applied() -> Workspace {
    let workspace = Workspace::new(
        "
cluster: orders
subject: { O: Acme, C: DE }
stores: { formats: [pkcs12, jks, pem] }
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
",
    );
    workspace.ok(&["apply", "--no-proof"]);
    for (name, password) in [("new", "of the target"), ("key", "of its keys")] {
        fs::write(workspace.path(name), format!("{password}\n")).unwrap();
    }
    for file in fs::read_dir(workspace.path("pki/kafka/broker-1/1")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), workspace.path(file.file_name())).unwrap();
    }
    workspace
}

fn keytool(workspace: &Workspace, store: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("keytool");
    command
        .args(arguments)
        .arg("-keystore")
        .arg(workspace.path(store))
        .args(["-storepass:env", "PASSWORD"])
        .env("PASSWORD", "of the target");
    program(&mut command)
}

fn openssl(workspace: &Workspace, arguments: &[&str]) -> String {
    let mut command = Command::new("openssl");
    program(command.args(arguments).current_dir(workspace.path("")).env("PASSWORD", "of the target"))
}

const SEALED: [&str; 2] = ["--to-password-file", "new"];

/// `convert` of a file that the keystore's password opens, where it has one.
fn convert(workspace: &Workspace, from: &str, to: &str, more: &[&str]) -> support::Ran {
    workspace.run(&[&["convert", from, to, "--password-file", "password"], more].concat())
}

#[test]
fn a_keystore_goes_from_any_format_to_any_other() {
    let workspace = applied();
    let public = openssl(&workspace, &["pkey", "-in", "tls.key", "-pubout"]);
    for from in ["keystore.p12", "keystore.jks", "tls-combined.pem"] {
        for (to, format) in [("made.p12", "PKCS12"), ("made.jks", "JKS"), ("made.jceks", "JCEKS")] {
            convert(&workspace, from, to, &[&SEALED[..], &["--overwrite"]].concat()).expect(0);
            let seen = keytool(&workspace, to, &["-list", "-v", "-storetype", format]);
            assert!(seen.contains("Your keystore contains 1 entry") && seen.contains("Alias name: broker-1"), "{from} {to}: {seen}");
            assert!(seen.contains("Entry type: PrivateKeyEntry") && seen.contains("Certificate chain length: 2"), "{from} {to}: {seen}");
        }
        convert(&workspace, from, "made.pem", &["--overwrite"]).expect(0);
        assert_eq!(openssl(&workspace, &["pkey", "-in", "made.pem", "-pubout"]), public);
        assert_eq!(workspace.read("made.pem"), workspace.read("tls-combined.pem"));
    }
}

/// Listing a store does not open its keys; a request signed by the key does.
#[test]
fn java_can_use_the_keys() {
    let workspace = applied();
    for (to, format) in [("made.p12", "PKCS12"), ("made.jks", "JKS"), ("made.jceks", "JCEKS")] {
        convert(&workspace, "keystore.p12", to, &SEALED).expect(0);
        let request = keytool(&workspace, to, &["-certreq", "-alias", "broker-1", "-storetype", format]);
        assert!(request.contains("BEGIN NEW CERTIFICATE REQUEST"), "{to}: {request}");
    }
    convert(&workspace, "keystore.p12", "own.jks", &[&SEALED[..], &["--to-key-password-file", "key"]].concat()).expect(0);
    let request = keytool(&workspace, "own.jks", &["-certreq", "-alias", "broker-1", "-storetype", "JKS", "-keypass", "of its keys"]);
    assert!(request.contains("BEGIN NEW CERTIFICATE REQUEST"), "{request}");
}

#[test]
fn every_java_and_openssl_opens_the_java8_profile() {
    let workspace = applied();
    convert(&workspace, "keystore.jks", "old.p12", &[&SEALED[..], &["--profile", "java8"]].concat()).expect(0);
    let seen = openssl(&workspace, &["pkcs12", "-in", "old.p12", "-info", "-nokeys", "-passin", "env:PASSWORD"]);
    assert!(seen.contains("pbeWithSHA1And3-KeyTripleDES-CBC") && seen.contains("MAC: sha1"), "{seen}");
    convert(&workspace, "keystore.jks", "no.jks", &[&SEALED[..], &["--profile", "java8"]].concat())
        .expect(2)
        .says("--profile is for PKCS#12");
}

#[test]
fn a_bundle_of_certificates_becomes_a_truststore() {
    let workspace = applied();
    let bundle = workspace.read("ca.crt") + "text between\r\n" + &workspace.read("tls.crt");
    fs::write(workspace.path("bundle"), bundle).unwrap();
    for (to, format) in [("made.p12", "PKCS12"), ("made.jks", "JKS"), ("made.jceks", "JCEKS")] {
        convert(&workspace, "bundle", to, &SEALED).expect(0);
        let seen = keytool(&workspace, to, &["-list", "-storetype", format]);
        assert_eq!(seen.matches("trustedCertEntry").count(), 3, "{to}: {seen}");
        for alias in ["orders-root-1, ", "orders-issuing-1, ", "broker-1, "] {
            assert!(seen.contains(alias), "{to}: {seen}");
        }
    }
    convert(&workspace, "bundle", "bundle.p7b", &[]).expect(0);
    assert_eq!(openssl(&workspace, &["pkcs7", "-in", "bundle.p7b", "-print_certs"]).matches("BEGIN CERTIFICATE").count(), 3);
}

#[test]
fn a_key_is_encrypted_where_a_password_is_given() {
    let workspace = applied();
    let public = openssl(&workspace, &["pkey", "-in", "tls.key", "-pubout"]);
    convert(&workspace, "keystore.p12", "made.pem", &SEALED).expect(0);
    assert!(workspace.read("made.pem").starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assert_eq!(openssl(&workspace, &["pkey", "-in", "made.pem", "-passin", "env:PASSWORD", "-pubout"]), public);
    convert(&workspace, "tls.key", "made.der", &SEALED).expect(0);
    assert_eq!(openssl(&workspace, &["pkey", "-inform", "DER", "-in", "made.der", "-passin", "env:PASSWORD", "-pubout"]), public);
    workspace.run(&["convert", "made.der", "again.pem", "--password-file", "new"]).expect(0);
    assert_eq!(openssl(&workspace, &["pkey", "-in", "again.pem", "-pubout"]), public);
}

#[test]
fn a_chain_is_completed_and_put_in_order() {
    let workspace = applied();
    let chain = workspace.read("tls.crt");
    let (leaf, issuing) = chain.split_at(chain.find("-----BEGIN CERTIFICATE-----\n").unwrap() + chain[1..].find("-----BEGIN").unwrap() + 1);
    fs::write(workspace.path("leaf.pem"), workspace.read("tls.key") + leaf).unwrap();
    fs::write(workspace.path("others.pem"), workspace.read("ca.crt") + issuing + leaf).unwrap();
    for from in ["leaf.pem", "tls.key"] {
        convert(&workspace, from, "made.pem", &["--chain", "others.pem", "--overwrite"]).expect(0);
        assert_eq!(workspace.read("made.pem"), workspace.read("tls-combined.pem"), "leaf, issuing, and no root");
    }
}

#[test]
fn entries_are_chosen_and_renamed() {
    let workspace = applied();
    openssl(
        &workspace,
        &["req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "other.key", "-subj", "/CN=Other Root", "-out", "other.crt"],
    );
    fs::write(workspace.path("bundle"), workspace.read("other.crt") + &workspace.read("tls-combined.pem")).unwrap();
    convert(&workspace, "bundle", "both.p12", &SEALED).expect(0);
    let from = ["convert", "both.p12", "--password-file", "new", "--to-password-file", "new"];
    workspace.run(&[&from[..], &["one.jks", "--alias", "other-root", "--rename", "Other-Root=caroot"]].concat()).expect(0);
    let seen = keytool(&workspace, "one.jks", &["-list"]);
    assert!(seen.contains("contains 1 entry") && seen.contains("caroot, "), "{seen}");
    let refused = workspace.run(&[&from[..], &["two.jks", "--alias", "other-rot"]].concat()).expect(1);
    refused.says(r#"both.p12: no entry is called "other-rot"; the nearest is "other-root""#);
    let refused = workspace.run(&[&from[..], &["two.jks", "--rename", "other-root=broker-1"]].concat()).expect(1);
    refused.says(r#"two entries are called "broker-1""#);
}

#[test]
fn nothing_is_dropped_unless_it_is_told_to() {
    let workspace = applied();
    openssl(&workspace, &["req", "-new", "-key", "tls.key", "-subj", "/CN=asked", "-out", "asked.csr"]);
    fs::write(workspace.path("mix"), workspace.read("ca.crt") + &workspace.read("asked.csr")).unwrap();
    let refused = convert(&workspace, "mix", "mix.jks", &SEALED).expect(1);
    refused.says("JKS would be without the certification request of CN=asked").says("--allow-loss");
    assert!(!workspace.path("mix.jks").exists());
    convert(&workspace, "mix", "mix.jks", &[&SEALED[..], &["--allow-loss"]].concat()).expect(0).says("left out: the certification request");
    convert(&workspace, "tls.crt", "one.der", &[]).expect(1).says("DER holds one thing");
    convert(&workspace, "tls.key", "key.jks", &SEALED).expect(1).says("Java demands a certificate for each key; give it by --chain");
    convert(&workspace, "asked.csr", "csr.jks", &[&SEALED[..], &["--allow-loss"]].concat()).expect(1).says("nothing is left to be written");
}

#[test]
fn a_target_is_secret_whole_and_never_the_source() {
    let workspace = applied();
    convert(&workspace, "keystore.p12", "made.pem", &[]).expect(0);
    assert_eq!(fs::metadata(workspace.path("made.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    let before = workspace.read("made.pem");
    convert(&workspace, "tls.crt", "made.pem", &[]).expect(1).says("made.pem is there already");
    assert_eq!(workspace.read("made.pem"), before);

    std::os::unix::fs::symlink("made.pem", workspace.path("soft.pem")).unwrap();
    fs::hard_link(workspace.path("made.pem"), workspace.path("hard.pem")).unwrap();
    for same in ["made.pem", "./made.pem", "soft.pem", "hard.pem"] {
        convert(&workspace, "made.pem", same, &["--overwrite"]).expect(2).says("is the source");
    }
    assert_eq!(workspace.read("made.pem"), before);
    let leftovers =
        fs::read_dir(workspace.path("")).unwrap().filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".new"));
    assert_eq!(leftovers.count(), 0);
}

#[test]
fn passwords_are_asked_for_by_name() {
    let workspace = applied();
    convert(&workspace, "keystore.p12", "made.jks", &[]).expect(1).says("JKS needs a password: give one by --to-password-file");
    fs::write(workspace.path("short"), "abc").unwrap();
    convert(&workspace, "keystore.p12", "made.jks", &["--to-password-file", "short"]).expect(2).says("keytool demands at least 6");
    let two = [&SEALED[..], &["--to-key-password-file", "key"]].concat();
    convert(&workspace, "keystore.jks", "made.p12", &two).expect(1).says("one password for the store and its keys");
    workspace
        .run(&["convert", "keystore.p12", "made.pem", "--password-file", "new"])
        .expect(1)
        .says("keystore.p12: the password does not open");
    convert(&workspace, "keystore.p12", "made", &[]).expect(2).says("the extension of made names no format: name it by --to");
}

#[test]
fn standard_input_gives_the_source_s_password_and_then_the_target_s() {
    let workspace = applied();
    let lines = format!("{}of the target\n", workspace.read("password"));
    fs::write(workspace.path("lines"), lines).unwrap();
    let mut command =
        workspace.command(&["convert", "keystore.p12", "made.jks", "--password-stdin", "--to-password-stdin", "--format", "json"]);
    let ran = support::Ran::from(command.stdin(fs::File::open(workspace.path("lines")).unwrap()).output().unwrap()).expect(0);
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["entries"][0], serde_json::json!({ "alias": "broker-1", "kind": "private key", "certificates": 2 }));
    assert!(keytool(&workspace, "made.jks", &["-list"]).contains("broker-1"));
}

/// An EC point may be written in two ways, and a certificate in the one is for a key in the other.
#[test]
fn a_certificate_is_found_however_its_key_is_written() {
    let workspace = applied();
    openssl(&workspace, &["ec", "-in", "tls.key", "-conv_form", "compressed", "-out", "compressed.key"]);
    openssl(&workspace, &["req", "-x509", "-key", "compressed.key", "-subj", "/CN=same", "-days", "9", "-out", "same.crt"]);
    workspace.run(&["convert", "tls.key", "made.pem", "--chain", "same.crt"]).expect(0).says("private key with its certificate");
    let together = workspace.read("tls.key") + &workspace.read("same.crt");
    fs::write(workspace.path("together.pem"), together).unwrap();
    assert!(!workspace.ok(&["inspect", "together.pem"]).contains("is not that of the key"));
}

/// As of a JKS in which each key has its own.
#[test]
fn keys_with_passwords_of_their_own_are_opened() {
    let workspace = applied();
    for (alias, password) in [("one", "the first key"), ("two", "the second key")] {
        let mut command = Command::new("keytool");
        command.args(["-genkeypair", "-keyalg", "EC", "-dname", "CN=made", "-alias", alias, "-keypass:env", "KEY", "-storetype", "JKS"]);
        command.arg("-keystore").arg(workspace.path("theirs.jks")).args(["-storepass:env", "PASSWORD"]);
        program(command.env("PASSWORD", "of the target").env("KEY", password));
    }
    let from = ["convert", "theirs.jks", "made.p12", "--password-file", "new", "--to-password-file", "new"];
    workspace
        .run(&from)
        .expect(1)
        .says(r#"the private key "one" (the password does not open it; --key-password-file gives the keys' own)"#);
    fs::write(workspace.path("keys"), "the first key\nthe second key\n").unwrap();
    workspace.run(&[&from[..], &["--key-password-file", "keys"]].concat()).expect(0);
    for alias in ["one", "two"] {
        assert!(keytool(&workspace, "made.p12", &["-certreq", "-alias", alias]).contains("BEGIN NEW CERTIFICATE REQUEST"));
    }
}
