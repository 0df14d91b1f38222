//! The stores of secrets that the other tests push to, and the judges of manifests: they take what is right and refuse what is not.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::certificates::{Authority, NOTHING, OF_ANOTHER_NAME};
use support::fault_proxy::{Fault, FaultProxy};
use support::http::{Answer, Trust, request};
use support::kubernetes::{seal, unseal, validate, validate_text};
use support::moto::{self, Moto};
use support::vault::{Vault, VaultOptions, VaultTls};
use support::vault_logins::{Issuer, KubernetesApi, ROLE};
use support::{Workspace, program};

const READS_ONE: &str = r#"path "secret/data/a" { capabilities = ["read"] }"#;

fn errors(answer: &Answer) -> Vec<String> {
    serde_json::from_value(answer.json()["errors"].clone()).unwrap()
}

fn vault_with_kv() -> Vault {
    let vault = Vault::start(VaultOptions::default());
    vault.mount_kv("secret");
    vault
}

#[test]
fn vault_writes_over_the_version_that_is_there_and_over_no_other() {
    let vault = vault_with_kv();
    let write =
        |cas: u64, value: &str| vault.request("POST", "secret/data/a", Some(&json!({ "options": { "cas": cas }, "data": { "k": value } })));
    assert_eq!(write(0, "first").status, 200);
    let refused = write(0, "second").expect(400);
    assert_eq!(errors(&refused), ["check-and-set parameter did not match the current version"]);
    assert_eq!(write(1, "third").status, 200);
    let read = vault.read("secret/data/a");
    assert_eq!((&read["data"]["data"]["k"], &read["data"]["metadata"]["version"]), (&json!("third"), &json!(2)));
}

#[test]
fn vault_says_nothing_while_it_is_sealed_and_forgets_nothing() {
    let vault = vault_with_kv();
    vault.write("secret/data/a", &json!({ "data": { "k": "v" } }));
    vault.seal();
    let sealed = vault.request("GET", "secret/data/a", None).expect(503);
    assert_eq!(errors(&sealed), ["Vault is sealed"]);
    vault.unseal();
    assert_eq!(vault.read("secret/data/a")["data"]["data"]["k"], "v");
}

#[test]
fn vault_takes_no_entry_beyond_1_mib() {
    let vault = vault_with_kv();
    let write = |length: usize| vault.request("POST", "secret/data/a", Some(&json!({ "data": { "k": "x".repeat(length) } })));
    assert_eq!(write(1_000_000).status, 200);
    let refused = write(1_100_000);
    assert!(errors(&refused).concat().contains("value being too large"), "{refused:?}");
}

#[test]
fn vault_lets_a_token_do_what_its_policy_says_until_it_ends() {
    let vault = vault_with_kv();
    vault.write("secret/data/a", &json!({ "data": { "k": "v" } }));
    vault.policy("reads-one", READS_ONE);
    let token = vault.token("reads-one", "1h");
    let get = |path: &str| vault.request_as(&token, "GET", path, None);
    assert_eq!(get("secret/data/a").status, 200);
    assert!(errors(&get("secret/data/b").expect(403)).concat().contains("permission denied"));
    vault.revoke(&token);
    get("secret/data/a").expect(403);
}

#[test]
fn vault_gives_a_token_for_each_kind_of_login() {
    let clients = Authority::root("clients");
    let workspace = Workspace::new("");
    let own = |authority: &Authority, name: &str| {
        fs::write(workspace.path(name), authority.leaf("pusher", NOTHING).keystore()).unwrap();
        workspace.path(name)
    };
    let (own, stranger) = (own(&clients, "own.pem"), own(&Authority::root("stranger"), "stranger.pem"));
    let vault = Vault::start(VaultOptions::tls(&Authority::root("vaults")));
    vault.mount_kv("secret");
    vault.write("secret/data/a", &json!({ "data": { "k": "v" } }));
    vault.policy("reads-one", READS_ONE);
    let log_in = |method: &str, body: Value, own: Option<&Path>| {
        request("POST", &format!("{}/v1/auth/{method}/login", vault.url), &[], Some(&body), vault.trust(own)).unwrap()
    };
    let is_let_in = |answer: Answer| {
        let token = answer.expect(200).json()["auth"]["client_token"].as_str().unwrap().to_owned();
        vault.request_as(&token, "GET", "secret/data/a", None).expect(200);
        vault.request_as(&token, "GET", "secret/data/b", None).expect(403);
    };

    let (role_id, secret_id) = vault.log_in_by_app_role("reads-one", "1h");
    is_let_in(log_in("approle", json!({ "role_id": role_id, "secret_id": secret_id }), None));
    log_in("approle", json!({ "role_id": "wrong", "secret_id": secret_id }), None).expect(400);
    // Vault 1.13.1 answers as if the fault were its own.
    log_in("approle", json!({ "role_id": role_id, "secret_id": "wrong" }), None).expect(500);

    let issuer = Issuer::new();
    vault.log_in_by_jwt("reads-one", &issuer);
    is_let_in(log_in("jwt", json!({ "role": ROLE, "jwt": issuer.token() }), None));
    log_in("jwt", json!({ "role": ROLE, "jwt": Issuer::new().token() }), None).expect(400);

    let api = KubernetesApi::start();
    vault.log_in_by_kubernetes("reads-one", &api);
    is_let_in(log_in("kubernetes", json!({ "role": ROLE, "jwt": api.token }), None));
    log_in("kubernetes", json!({ "role": ROLE, "jwt": KubernetesApi::start().token }), None).expect(403);

    vault.log_in_by_certificate("reads-one", &clients);
    is_let_in(log_in("cert", json!({ "name": ROLE }), Some(&own)));
    log_in("cert", json!({ "name": ROLE }), Some(&stranger)).expect(400);
    log_in("cert", json!({ "name": ROLE }), None).expect(400);
}

#[test]
fn vault_speaks_tls_as_it_is_told() {
    let (authority, clients) = (Authority::root("vaults"), Authority::root("clients"));
    let start = |change, ca: &Authority, clients: Option<String>| {
        Vault::start(VaultOptions { tls: Some(VaultTls { server: authority.leaf("vault", change), ca: ca.pem(), clients }) })
    };
    let health = |vault: &Vault, trust: Trust<'_>| request("GET", &format!("{}/v1/sys/health", vault.url), &[], None, trust);

    let good = start(NOTHING, &authority, None);
    assert_eq!(health(&good, good.trust(None)).unwrap().status, 200);
    health(&good, Trust::default()).unwrap_err();
    let other_ca = start(NOTHING, &clients, None);
    health(&other_ca, other_ca.trust(None)).unwrap_err();
    let other_name = start(OF_ANOTHER_NAME, &authority, None);
    health(&other_name, other_name.trust(None)).unwrap_err();

    let workspace = Workspace::new("");
    fs::write(workspace.path("own.pem"), clients.leaf("pusher", NOTHING).keystore()).unwrap();
    let mutual = start(NOTHING, &authority, Some(clients.pem()));
    health(&mutual, mutual.trust(None)).unwrap_err();
    assert_eq!(health(&mutual, mutual.trust(Some(&workspace.path("own.pem")))).unwrap().status, 200);
}

#[test]
fn moto_keeps_the_versions_of_a_secret() {
    let moto = Moto::start();
    moto.call("CreateSecret", &json!({ "Name": "a", "SecretString": "first" })).expect(200);
    assert_eq!(moto.secret("a")["SecretString"], "first");
    let put = moto.call("PutSecretValue", &json!({ "SecretId": "a", "SecretString": "second" })).expect(200).json();
    let read = moto.secret("a");
    assert_eq!((&read["SecretString"], &read["VersionId"]), (&json!("second"), &put["VersionId"]));
    let again = moto.call("CreateSecret", &json!({ "Name": "a", "SecretString": "third" })).expect(400);
    assert!(again.body.contains("ResourceExistsException"), "{again:?}");
    // AWS says 400.
    let none = moto.call("GetSecretValue", &json!({ "SecretId": "b" })).expect(404);
    assert!(none.body.contains("ResourceNotFoundException"), "{none:?}");
}

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: kafka}\ntype: Opaque\ndata: {k: dg==}\n";

const EXTERNAL_SECRET: &str = "\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: a, namespace: kafka}
spec:
  refreshInterval: 1h
  secretStoreRef: {name: vault, kind: SecretStore}
  target: {name: a}
  dataFrom:
    - extract: {key: secret/a}
";

const SECRET_STORE: &str = "\
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault, namespace: kafka}
spec:
  provider:
    vault:
      server: https://vault.example
      path: secret
      version: v2
      auth: {kubernetes: {mountPath: kubernetes, role: countersign}}
";

#[test]
fn kubectl_validate_takes_manifests_that_are_right_and_no_others() {
    let (certificate, _) = controller();
    let sealed = seal(SECRET, &certificate).unwrap();
    // What stands in it, and what a test puts in its place.
    let right: [(&str, &[(&str, &str)]); 4] = [
        (SECRET, &[("data: {k: dg==}", "data: {k: [dg==]}"), ("data:", "dada:"), ("v1", "v7"), ("dg==", "not base64")]),
        (
            EXTERNAL_SECRET,
            &[("refreshInterval: 1h", "refreshInterval: {h: 1}"), ("dataFrom", "dataForm"), ("kind: SecretStore", "kind: Store")],
        ),
        (SECRET_STORE, &[("version: v2", "version: v3"), ("path: secret", "paths: secret"), ("      server: https://vault.example\n", "")]),
        (&sealed, &[("encryptedData:", "encrypted:"), ("v1alpha1", "v1")]),
    ];
    for (manifest, wrong) in right {
        validate_text(manifest).unwrap();
        for (there, instead) in wrong {
            assert!(manifest.contains(there), "{there:?} is not in\n{manifest}");
            let changed = manifest.replacen(there, instead, 1);
            assert!(validate_text(&changed).is_err(), "this is valid:\n{changed}");
        }
    }
    let directory = tempfile::tempdir().unwrap();
    for (name, manifest) in [("a.yaml", SECRET.to_owned()), ("b.yaml", format!("{EXTERNAL_SECRET}---\n{SECRET_STORE}"))] {
        fs::write(directory.path().join(name), manifest).unwrap();
    }
    validate(directory.path()).unwrap();
    fs::write(directory.path().join("c.yaml"), SECRET.replace("data:", "dada:")).unwrap();
    validate(directory.path()).unwrap_err();
}

/// A certificate and its key, of RSA, as a controller of Sealed Secrets has them.
fn controller() -> (String, String) {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = (directory.path().join("controller.pem"), directory.path().join("controller.key"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=controller", "-out"]).arg(&certificate);
    program(openssl.arg("-keyout").arg(&key));
    (fs::read_to_string(certificate).unwrap(), fs::read_to_string(key).unwrap())
}

#[test]
fn kubeseal_reads_with_the_controllers_key_and_with_no_other() {
    let (certificate, key) = controller();
    let sealed = seal(SECRET, &certificate).unwrap();
    assert!(!sealed.contains("dg=="), "{sealed}");
    let secret: Value = serde_json::from_str(&unseal(&sealed, &key).unwrap()).unwrap();
    assert_eq!((&secret["metadata"]["namespace"], &secret["data"]["k"]), (&json!("kafka"), &json!("dg==")));
    unseal(&sealed, &controller().1).unwrap_err();
    // The namespace is part of what was sealed.
    unseal(&sealed.replace("namespace: kafka", "namespace: other"), &key).unwrap_err();
}

#[test]
fn a_proxy_forwards_and_remembers() {
    let vault = vault_with_kv();
    let proxy = FaultProxy::start(&vault.url, |_| Fault::None);
    let body = json!({ "data": { "k": "v" } });
    let headers = [("X-Vault-Token", &*vault.root_token), ("X-Vault-Namespace", "team/a")];
    request("POST", &format!("{}/v1/secret/data/a?q=1", proxy.url()), &headers, Some(&body), Trust::default()).unwrap().expect(200);
    assert_eq!(vault.read("secret/data/a")["data"]["data"]["k"], "v");
    let [seen] = &proxy.seen()[..] else { panic!("one request") };
    assert_eq!((seen.number, &*seen.method, &*seen.path, seen.json()), (0, "POST", "/v1/secret/data/a?q=1", body));
    assert_eq!(seen.header("x-vault-namespace"), Some("team/a"));
}

#[test]
fn a_proxy_answers_in_the_servers_place_as_often_as_it_is_told() {
    let moto = Moto::start();
    let throttled = Fault::answer(429, &[("Retry-After", "1")], r#"{"__type":"ThrottlingException"}"#);
    let creates = |seen: &support::fault_proxy::Seen| seen.header("X-Amz-Target") == Some("secretsmanager.CreateSecret");
    let proxy = FaultProxy::start(&moto.endpoint, throttled.first(2, creates));
    let create = || moto::call(&proxy.url(), "CreateSecret", &json!({ "Name": "a", "SecretString": "v" })).unwrap();
    moto::call(&proxy.url(), "ListSecrets", &json!({})).unwrap().expect(200);
    assert!(create().expect(429).body.contains("ThrottlingException"));
    create().expect(429);
    assert!(!moto.call("ListSecrets", &json!({})).body.contains(r#""a""#));
    create().expect(200);
    assert_eq!(moto.secret("a")["SecretString"], "v");
}

#[test]
fn a_proxy_cuts_before_the_write_and_after_it() {
    let vault = vault_with_kv();
    let faults = |seen: &support::fault_proxy::Seen| if seen.path.ends_with("/before") { Fault::Refuse } else { Fault::CutAfterWrite };
    let proxy = FaultProxy::start(&vault.url, faults);
    for (secret, status) in [("before", 404), ("after", 200)] {
        let url = format!("{}/v1/secret/data/{secret}", proxy.url());
        let body = json!({ "data": { "k": "v" } });
        let cut = request("POST", &url, &[("X-Vault-Token", &vault.root_token)], Some(&body), Trust::default()).unwrap_err();
        assert!(cut.contains("Empty reply from server"), "{cut}");
        vault.request("GET", &format!("secret/data/{secret}"), None).expect(status);
    }
}

#[test]
fn a_proxy_keeps_an_answer_back() {
    let moto = Moto::start();
    let proxy = FaultProxy::start(&moto.endpoint, |_| Fault::Delay(Duration::from_millis(700)));
    let begun = Instant::now();
    moto::call(&proxy.url(), "ListSecrets", &json!({})).unwrap().expect(200);
    assert!(begun.elapsed() >= Duration::from_millis(700));
}
