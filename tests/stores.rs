//! The stores that `apply` writes, as keytool and openssl see them; and theirs, as we see them.

mod support;

use std::path::Path;
use std::process::Command;

use countersign::keystore::{Entry, jks, pkcs12};
use countersign::pki::Password;
use support::{Workspace, program};

/// Every kind of store for a broker and a client, with a leaf of this kind, for this Java.
fn applied(key: &str, java: u32) -> Workspace {
    let workspace = Workspace::new(&format!(
        r"
cluster: stores
subject: {{ O: Acme, C: DE }}
leaf: {{ key: {key} }}
stores: {{ formats: [pkcs12, jks, pem], java: {java} }}
kafka:
  listeners: {{ BROKER: {{ port: 9093 }}, CONTROLLER: {{ port: 9095 }} }}
  brokers: [{{ name: broker-1, host: broker-1.example, also: [10.0.0.1, spiffe://acme/broker-1] }}]
"
    ));
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

const GENERATION: &str = "pki/kafka/broker-1/current";

fn keytool(workspace: &Workspace, store: &str, password: &str, arguments: &[&str]) -> String {
    let generation = workspace.path(GENERATION);
    let password = generation.join(password);
    let mut command = Command::new("keytool");
    command.args(arguments).arg("-keystore").arg(generation.join(store)).arg("-storepass:file").arg(password);
    program(&mut command)
}

#[test]
fn keytool_sees_one_key_with_its_chain_in_each_keystore() {
    for java in [8, 11] {
        let workspace = applied("p256", java);
        for (store, format) in [("keystore.p12", "PKCS12"), ("keystore.jks", "JKS")] {
            let seen = keytool(&workspace, store, "password", &["-list", "-v"]);
            assert!(seen.contains(&format!("Keystore type: {format}")), "{seen}");
            assert!(seen.contains("Your keystore contains 1 entry") && seen.contains("Alias name: broker-1"), "{seen}");
            assert!(seen.contains("Entry type: PrivateKeyEntry") && seen.contains("Certificate chain length: 2"), "{seen}");
            assert!(seen.contains("Owner: CN=broker-1, O=Acme, C=DE"), "{seen}");
            for name in ["DNSName: broker-1.example", "IPAddress: 10.0.0.1", "URIName: spiffe://acme/broker-1"] {
                assert!(seen.contains(name), "{name}: {seen}");
            }
        }
    }
}

#[test]
fn keytool_sees_the_anchors_as_trusted_entries() {
    for java in [8, 11] {
        let workspace = applied("p256", java);
        for store in ["truststore.p12", "truststore.jks"] {
            let seen = keytool(&workspace, store, "truststore.password", &["-list"]);
            assert!(seen.contains("Your keystore contains 1 entry"), "{seen}");
            assert!(seen.contains("stores-root-1, ") && seen.contains("trustedCertEntry"), "{seen}");
        }
    }
}

/// Importing decrypts the key: a store that only lists well is not enough.
#[test]
fn keytool_can_use_the_keys() {
    for (key, java) in [("p256", 11), ("p384", 8), ("rsa2048", 11)] {
        let workspace = applied(key, java);
        for store in ["keystore.p12", "keystore.jks"] {
            let generation = workspace.path(GENERATION);
            let copy = workspace.path(format!("copy-of-{store}"));
            let mut command = Command::new("keytool");
            command.args(["-importkeystore", "-noprompt", "-deststoretype", "PKCS12", "-srckeystore"]).arg(generation.join(store));
            command.arg("-destkeystore").arg(&copy);
            command.arg("-srcstorepass:file").arg(generation.join("password")).arg("-deststorepass:file").arg(generation.join("password"));
            let said = program(&mut command);
            assert!(said.contains("Entry for alias broker-1 successfully imported."), "{said}");
        }
    }
}

#[test]
fn openssl_opens_both_encodings_of_pkcs12() {
    for (java, cipher) in [(11, "PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256"), (8, "pbeWithSHA1And3-KeyTripleDES-CBC")]
    {
        let workspace = applied("p256", java);
        let generation = workspace.path(GENERATION);
        let password = format!("file:{}", generation.join("password").display());
        let mut command = Command::new("openssl");
        command.args(["pkcs12", "-info", "-noenc", "-passin", &password, "-in"]).arg(generation.join("keystore.p12"));
        let seen = program(&mut command);
        assert!(seen.contains(cipher) && seen.contains("BEGIN PRIVATE KEY") && seen.contains("friendlyName: broker-1"), "{seen}");
    }
}

#[test]
fn openssl_finds_nothing_to_criticise_in_the_certificates() {
    let workspace = applied("p256", 11);
    let verify = |purpose: &str| {
        let mut command = Command::new("openssl");
        command.args(["verify", "-x509_strict", "-purpose", purpose, "-verify_hostname", "broker-1.example", "-CAfile"]);
        command.arg(workspace.path("pki/trust/ca.crt")).arg("-untrusted").arg(workspace.path(GENERATION).join("tls.crt"));
        program(command.arg(workspace.path(GENERATION).join("tls.crt")))
    };
    assert!(verify("sslserver").ends_with(": OK\n"));
    assert!(verify("sslclient").ends_with(": OK\n"));
}

/// What keytool writes, with its own key.
fn written_by_keytool(directory: &Path, format: &str) -> Vec<u8> {
    let store = directory.join(format);
    let mut command = Command::new("keytool");
    command.args(["-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-alias", "mine", "-dname", "CN=mine,O=Acme"]);
    command.args(["-storetype", format, "-storepass:env", "PASSWORD", "-keypass:env", "PASSWORD", "-keystore"]).arg(&store);
    program(command.env("PASSWORD", "a keytool password"));
    std::fs::read(store).unwrap()
}

#[test]
fn stores_that_keytool_writes_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let password = Password::new("a keytool password".into()).unwrap();
    let jks = jks::read(&written_by_keytool(directory.path(), "JKS"), &password).unwrap();
    let pkcs12 = pkcs12::read(&written_by_keytool(directory.path(), "PKCS12"), &password).unwrap();
    for entries in [jks, pkcs12] {
        let [Entry::PrivateKey { alias, key, chain }] = entries.as_slice() else { panic!("{entries:?}") };
        let key = countersign::pki::PrivateKey::from_pkcs8(key.expose()).unwrap();
        assert_eq!((alias.as_str(), chain.len(), key.public_key()), ("mine", 1, chain[0].public_key.clone()));
    }
}
