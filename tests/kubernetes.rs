//! The manifests that `push` writes, as Kubernetes, kubeseal, openssl and keytool see them.

#![allow(clippy::disallowed_methods)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use support::kubernetes::{unseal, validate};
use support::moto::{Moto, REGION};
use support::vault::{Vault, VaultOptions};
use support::{Workspace, program};

/// Brokers of both kinds, clients of both, and one that logs in by password; and the sinks of `push`.
fn cluster(push: &str) -> Workspace {
    let workspace = Workspace::new(&format!(
        r#"
cluster: back office
stores: {{ formats: [pkcs12, jks, pem] }}
kafka:
  listeners:
    BROKER: {{ port: 9093, auth: mtls }}
    CLIENT: {{ port: 9094, auth: sasl-scram-sha-512 }}
    CONTROLLER: {{ port: 9095, auth: mtls }}
  brokers: [{{ name: "broker-{{1..2}}", host: "broker-{{1..2}}.example" }}]
rabbitmq:
  nodes: [{{ name: "rabbit-{{1..2}}", host: "rabbit-{{1..2}}.example" }}]
clients:
  - {{ name: admin, kafka: super-user }}
  - {{ name: orders_1, kafka: {{ write: [orders] }}, rabbitmq: {{ vhost: / }} }}
push:
{push}
"#
    ));
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

const PLAIN: &str = "  - kubernetes: { namespace: kafka, directory: manifests, strimzi: my-cluster }";

/// The manifests by their file names.
fn manifests(workspace: &Workspace) -> BTreeMap<String, String> {
    let entries = fs::read_dir(workspace.path("manifests")).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())).collect()
}

fn pushed(push: &str) -> Workspace {
    let workspace = cluster(push);
    workspace.ok(&["push", "--to", "kubernetes"]);
    workspace
}

/// The values of a Secret's manifest, as files in a directory of their own.
fn mounted(workspace: &Workspace, manifest: &str) -> PathBuf {
    let text = workspace.read(format!("manifests/{manifest}"));
    let directory = workspace.path(format!("mounted-{manifest}"));
    fs::create_dir(&directory).unwrap();
    let (_, data) = text.split_once("\ndata:\n").unwrap();
    for line in data.lines() {
        let (name, value) = line.trim().split_once(": ").unwrap();
        fs::write(directory.join(name), BASE64.decode(value.trim_matches('"')).unwrap()).unwrap();
    }
    directory
}

fn openssl(directory: &Path, arguments: &[&str]) -> String {
    program(Command::new("openssl").args(arguments).current_dir(directory))
}

fn keytool(directory: &Path, store: &str, password: &str) -> String {
    program(Command::new("keytool").args(["-list", "-keystore", store, "-storepass:file", password]).current_dir(directory))
}

#[test]
fn kubernetes_takes_every_manifest_of_every_form() {
    let controller = controller();
    let forms = [
        PLAIN.to_owned(),
        format!("{PLAIN}\n    files: [jks]"),
        sealed("strict"),
        sealed("namespace-wide"),
        sealed("cluster-wide"),
        external("vault: { address: \"https://vault.example:8200\" }", "from: vault, role: kafka"),
        external("aws: { region: eu-central-1 }", "from: aws"),
        external("aws: { region: eu-central-1 }", "from: aws, role: \"arn:aws:iam::123456789012:role/kafka\""),
    ];
    let workspace = cluster(PLAIN);
    fs::write(workspace.path("controller.pem"), &controller.certificate).unwrap();
    let file = workspace.read("countersign.yaml");
    for form in forms {
        workspace.rewrite(&file.replace(PLAIN, &form));
        workspace.ok(&["push", "--to", "kubernetes"]);
        assert!(manifests(&workspace).len() >= 7, "{form}");
        validate(&workspace.path("manifests")).unwrap_or_else(|complaint| panic!("{form}: {complaint}"));
        fs::remove_dir_all(workspace.path("manifests")).unwrap();
    }
}

#[test]
fn the_key_of_a_secret_belongs_to_its_certificate_and_its_stores_open() {
    let workspace = pushed(PLAIN);
    for holder in ["broker-1", "rabbit-2", "admin", "orders-1"] {
        let files = mounted(&workspace, &format!("secret-{holder}.yaml"));
        let of_key = openssl(&files, &["pkey", "-in", "tls.key", "-pubout"]);
        assert_eq!(of_key, openssl(&files, &["x509", "-in", "tls.crt", "-noout", "-pubkey"]));
        openssl(&files, &["verify", "-x509_strict", "-CAfile", "ca.crt", "-untrusted", "tls.crt", "tls.crt"]);
        for store in ["keystore.p12", "keystore.jks"] {
            assert!(keytool(&files, store, "password").contains("PrivateKeyEntry"));
        }
        assert!(keytool(&files, "truststore.jks", "truststore.password").contains("trustedCertEntry"));
    }
}

/// A file as a secret holds it: passwords and addresses are no lines there.
fn value(current: &Path, name: &str) -> Vec<u8> {
    let mut value = fs::read(current.join(name)).unwrap();
    if name.ends_with("password") || name == "amqp.uri" {
        assert_eq!(value.pop(), Some(b'\n'), "{name}");
    }
    value
}

#[test]
fn what_is_pushed_is_what_the_directory_holds() {
    let workspace = pushed(PLAIN);
    let files = mounted(&workspace, "secret-orders-1.yaml");
    let current = workspace.path("pki/clients/orders_1/current");
    let names = |directory: &Path| -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.filter(|name| name != "manifest.json").collect();
        names.sort();
        names
    };
    assert_eq!(names(&files), names(&current));
    for name in names(&files) {
        assert!(fs::read(files.join(&name)).unwrap() == value(&current, &name), "{name}");
    }
}

#[test]
fn secrets_are_for_nobody_else_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = pushed(PLAIN);
    for name in manifests(&workspace).keys() {
        let mode = fs::metadata(workspace.path("manifests").join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if name.starts_with("secret-") { 0o600 } else { 0o644 }, "{name}");
    }
}

#[test]
fn strimzis_authorities_are_of_use_to_openssl_and_keytool() {
    let workspace = pushed(PLAIN);
    for side in ["cluster", "clients"] {
        let key = mounted(&workspace, &format!("secret-my-cluster-{side}-ca.yaml"));
        let certificates = mounted(&workspace, &format!("secret-my-cluster-{side}-ca-cert.yaml"));
        let of_key = openssl(&key, &["pkey", "-in", "ca.key", "-pubout"]);
        assert_eq!(of_key, openssl(&certificates, &["x509", "-in", "ca.crt", "-noout", "-pubkey"]));
        let listed = keytool(&certificates, "ca.p12", "ca.password");
        assert!(listed.contains("Your keystore contains 2 entries"), "issuing authority and root: {listed}");
        assert!(listed.contains("ca.crt, ") && listed.contains("trustedCertEntry"), "{listed}");
    }
}

#[test]
fn rabbitmqs_operator_is_told_of_one_secret() {
    let workspace = pushed(PLAIN);
    let text = workspace.read("manifests/secret-rabbit-1.yaml");
    assert!(text.contains("#   spec: { tls: { secretName: \"rabbit-1\", caSecretName: \"rabbit-1\" } }\n"), "{text}");
    assert!(text.contains("type: \"kubernetes.io/tls\"\n"), "{text}");
}

#[test]
fn a_second_run_writes_nothing() {
    for form in [PLAIN.to_owned(), sealed("strict")] {
        let workspace = cluster(&form);
        fs::write(workspace.path("controller.pem"), controller().certificate).unwrap();
        workspace.ok(&["push", "--to", "kubernetes"]);
        let before = manifests(&workspace);
        workspace.ok(&["push", "--to", "kubernetes", "--dry-run"]);
        workspace.ok(&["push", "--to", "kubernetes"]);
        assert!(manifests(&workspace) == before, "{form}");
    }
}

/// The key pair of a controller of Sealed Secrets, PEM.
struct Controller {
    certificate: String,
    key: String,
}

fn controller() -> Controller {
    let directory = tempfile::tempdir().unwrap();
    let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=controller", "-keyout", "key", "-out", "certificate"];
    openssl(directory.path(), &request);
    let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    Controller { certificate: read("certificate"), key: read("key") }
}

fn sealed(scope: &str) -> String {
    format!(
        "  - kubernetes: {{ namespace: kafka, directory: manifests, strimzi: my-cluster, secrets: {{ sealed: {{ certificate: controller.pem, scope: {scope} }} }} }}"
    )
}

#[test]
fn only_the_controller_opens_what_is_sealed_and_finds_the_same_secret() {
    for scope in ["strict", "namespace-wide", "cluster-wide"] {
        let controller = controller();
        let workspace = cluster(&sealed(scope));
        fs::write(workspace.path("controller.pem"), &controller.certificate).unwrap();
        workspace.ok(&["push", "--to", "kubernetes"]);
        let key = workspace.read("pki/kafka/broker-1/current/tls.key");
        for (name, text) in manifests(&workspace) {
            assert!(!name.starts_with("secret-") && !text.contains(&BASE64.encode(&key)), "{name}");
        }
        let text = workspace.read("manifests/sealedsecret-broker-1.yaml");
        let secret: Value = serde_json::from_str(&unseal(&text, &controller.key).unwrap()).unwrap();
        assert_eq!(secret["data"]["tls.key"], BASE64.encode(&key));
        assert_eq!(secret["type"], "kubernetes.io/tls");
        assert_eq!(secret["metadata"]["name"], "broker-1");
        assert_eq!(secret["metadata"]["labels"]["app.kubernetes.io/managed-by"], "countersign");
        assert_eq!(secret["metadata"]["annotations"]["countersign/holder"], "kafka/broker-1");
        let elsewhere = text.replace("namespace: \"kafka\"", "namespace: \"elsewhere\"");
        assert_eq!(unseal(&elsewhere, &controller.key).is_ok(), scope == "cluster-wide", "{scope}");
    }
}

#[test]
fn for_another_controller_everything_is_sealed_again() {
    let workspace = cluster(&sealed("strict"));
    fs::write(workspace.path("controller.pem"), controller().certificate).unwrap();
    workspace.ok(&["push", "--to", "kubernetes"]);
    let other = controller();
    fs::write(workspace.path("controller.pem"), &other.certificate).unwrap();
    workspace.run(&["push", "--to", "kubernetes", "--dry-run"]).expect(3);
    workspace.ok(&["push", "--to", "kubernetes"]);
    unseal(&workspace.read("manifests/sealedsecret-admin.yaml"), &other.key).unwrap();
}

fn external(source: &str, fetched: &str) -> String {
    format!("  - {source}\n  - kubernetes: {{ namespace: kafka, directory: manifests, secrets: {{ external: {{ {fetched} }} }} }}")
}

#[test]
fn what_external_secrets_is_given_holds_no_value() {
    let workspace = pushed(&external("aws: { region: eu-central-1 }", "from: aws"));
    let password = workspace.read("pki/kafka/broker-1/current/password");
    for (name, text) in manifests(&workspace) {
        assert!(!name.starts_with("secret-"), "{name}");
        assert!(!text.contains("PRIVATE KEY") && !text.contains(password.trim()) && !text.contains(&BASE64.encode(&password)), "{name}");
    }
}

/// The values of an ExternalSecret as External Secrets gets them: each key of the source is a JSON object, of which one property is
/// taken by its name, and decoded.
fn fetched(manifest: &str, read: impl Fn(&str) -> Value) -> BTreeMap<String, Vec<u8>> {
    let (_, data) = manifest.split_once("\n  data:\n").unwrap();
    let field = |entry: &str, name: &str| {
        let value = entry.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "));
        value.unwrap_or_else(|| panic!("{name} is not in {entry}")).trim_matches('"').to_owned()
    };
    let value = |entry: &str| {
        let stored = read(&field(entry, "key"));
        let text = stored[field(entry, "property")].as_str().unwrap().to_owned();
        match field(entry, "decodingStrategy").as_str() {
            "None" => text.into_bytes(),
            "Base64" => BASE64.decode(text).unwrap(),
            other => panic!("{other}"),
        }
    };
    data.split("    - ").skip(1).map(|entry| (field(entry, "secretKey"), value(entry))).collect()
}

/// Every file of each holder, by whatever way it went.
fn assert_fetched(workspace: &Workspace, read: impl Fn(&str) -> Value) {
    for (holder, place) in [("broker-1", "kafka/broker-1"), ("rabbit-2", "rabbitmq/rabbit-2"), ("orders-1", "clients/orders_1")] {
        let manifest = workspace.read(format!("manifests/externalsecret-{holder}.yaml"));
        let values = fetched(&manifest, &read);
        let current = workspace.path(format!("pki/{place}/current"));
        assert_eq!(values.len() + 1, fs::read_dir(&current).unwrap().count(), "all but the manifest: {manifest}");
        for (name, fetched) in values {
            assert!(fetched == value(&current, &name), "{holder}: {name}");
        }
    }
}

#[test]
fn external_secrets_finds_in_vault_what_was_pushed_there() {
    let vault = Vault::start(VaultOptions::default());
    vault.mount_kv("secret");
    for path in ["{cluster}/{kind}/{name}", "secret/data/{name}"] {
        let workspace = cluster(&external(&format!("vault: {{ path: {path:?} }}"), "from: vault, role: kafka"));
        let mut push = workspace.command(&["push"]);
        program(push.env("VAULT_ADDR", &vault.url).env("VAULT_TOKEN", &vault.root_token));
        assert!(workspace.read("manifests/secretstore-back-office-vault.yaml").contains(&format!("server: {:?}\n", vault.url)));
        assert_fetched(&workspace, |key| {
            // One mount at the beginning is taken for the engine's own, whatever follows.
            let below = key.strip_prefix("secret/").map_or(key, |rest| rest.strip_prefix("data/").unwrap_or(rest));
            vault.read(&format!("secret/data/{below}"))["data"]["data"].clone()
        });
    }
}

#[test]
fn external_secrets_finds_in_secrets_manager_what_was_pushed_there() {
    let moto = Moto::start();
    let workspace = cluster(&external(&format!("aws: {{ region: {REGION}, endpoint: {:?} }}", moto.endpoint), "from: aws"));
    let mut push = workspace.command(&["push"]);
    program(push.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "example"));
    assert_fetched(&workspace, |key| serde_json::from_str(moto.secret(key)["SecretString"].as_str().unwrap()).unwrap());
}
