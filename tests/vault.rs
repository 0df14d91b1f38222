//! `push` to Vault: what arrives, what stays, whose it is, and every way to log in. The Vault is HashiCorp's own, 1.13.1.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Once;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use support::certificates::{Authority, NOTHING};
use support::fault_proxy::Fault;
use support::http::{self, Trust};
use support::vault::{Vault, VaultOptions};
use support::vault_logins::{Issuer, KubernetesApi, ROLE};
use support::vault_workspace::{CLUSTER, HOLDERS, VaultWorkspace, both, is_write, problem, rows, sink};

#[test]
fn every_holder_gets_its_own_files_with_what_tells_of_them() {
    let made = VaultWorkspace::new();
    assert_eq!(rows(&made.push(&[], &[]).expect(0)), both("created 1"));
    for holder in HOLDERS {
        let stored = made.stored(holder);
        assert_eq!(stored["data"]["tls.key"], made.file(holder, "tls.key"));
        let store = fs::read(made.workspace.path(format!("pki/{holder}/current/keystore.p12"))).unwrap();
        assert_eq!(stored["data"]["keystore.p12"], BASE64.encode(store));
        assert_eq!(stored["data"]["encoding"]["keystore.p12"], "base64");
        let told = &stored["metadata"]["custom_metadata"];
        assert_eq!((&told["managed-by"], &told["cluster"], &told["generation"]), (&json!("countersign"), &json!("orders"), &json!("1")));
        assert_eq!(told["holder"], holder);
        assert!(told["fingerprint"].as_str().unwrap().len() == 64 && told["not-after"].as_str().unwrap().ends_with('Z'), "{told}");
    }
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let made = VaultWorkspace::new();
    made.push(&[], &[]).expect(0);
    let proxy = made.proxy(|_| Fault::None);
    assert_eq!(rows(&made.push_by(&proxy, &[]).expect(0)), both("unchanged 1"));
    let methods: Vec<String> = proxy.seen().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["GET", "GET", "GET"], "the mount, and each secret");
}

#[test]
fn a_dry_run_tells_what_would_change_and_changes_nothing() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(|_| Fault::None);
    assert_eq!(rows(&made.push_by(&proxy, &["--dry-run"]).expect(3)), both("created "));
    assert!(proxy.seen().iter().all(|seen| seen.method == "GET"));
    made.push(&[], &[]).expect(0);
    assert_eq!(rows(&made.push(&["--dry-run"], &[]).expect(0)), both("unchanged 1"));
}

#[test]
fn only_what_changed_becomes_a_new_version() {
    let made = VaultWorkspace::new();
    made.push(&[], &[]).expect(0);
    made.workspace.edit("host: broker-1.example", "host: broker-1.example, also: [broker.example]");
    made.workspace.ok(&["apply", "--no-proof"]);
    let ran = made.push(&[], &[]).expect(0);
    assert_eq!(rows(&ran), ["kafka/broker-1 updated 2", "clients/billing unchanged 1"]);
    let changed = sink(&ran)["parcels"][0]["changed"].clone();
    assert!(
        changed.as_array().unwrap().contains(&json!("tls.crt")) && !changed.as_array().unwrap().contains(&json!("ca.crt")),
        "{changed}"
    );
    assert_eq!(made.stored("kafka/broker-1")["metadata"]["custom_metadata"]["generation"], "2");
}

#[test]
fn what_was_deleted_is_written_again_as_the_next_version() {
    let made = VaultWorkspace::new();
    made.push(&[], &[]).expect(0);
    made.vault.request("DELETE", "secret/data/orders/kafka/broker-1", None).expect(204);
    assert_eq!(rows(&made.push(&[], &[]).expect(0)), ["kafka/broker-1 created 2", "clients/billing unchanged 1"]);
}

#[test]
fn when_only_what_is_told_differs_no_version_is_made_and_what_others_tell_stays() {
    let made = VaultWorkspace::new();
    made.push(&[], &[]).expect(0);
    let mut told = made.metadata("kafka/broker-1")["custom_metadata"].clone();
    told["team"] = json!("platform");
    told["generation"] = json!("0");
    made.vault.write("secret/metadata/orders/kafka/broker-1", &json!({ "custom_metadata": told }));
    let ran = made.push(&[], &[]).expect(0);
    assert_eq!((rows(&ran)[0].as_str(), &sink(&ran)["parcels"][0]["changed"]), ("kafka/broker-1 updated 1", &Value::Null));
    let told = made.metadata("kafka/broker-1")["custom_metadata"].clone();
    assert_eq!((&told["team"], &told["generation"]), (&json!("platform"), &json!("1")));
}

#[test]
fn a_secret_of_somebody_else_is_taken_over_only_when_asked() {
    let made = VaultWorkspace::new();
    made.vault.write("secret/data/orders/kafka/broker-1", &json!({ "data": { "mine": "theirs" } }));
    let ran = made.push(&[], &[]).expect(1);
    assert_eq!(rows(&ran), ["kafka/broker-1 failed: not-ours", "clients/billing created 1"]);
    assert_eq!(made.stored("kafka/broker-1")["data"], json!({ "mine": "theirs" }));
    assert_eq!(made.metadata("kafka/broker-1")["custom_metadata"], Value::Null);
    assert_eq!(rows(&made.push(&["--adopt"], &[]).expect(0)), ["kafka/broker-1 updated 2", "clients/billing unchanged 1"]);
    assert_eq!(rows(&made.push(&[], &[]).expect(0)), ["kafka/broker-1 unchanged 2", "clients/billing unchanged 1"]);
}

#[test]
fn a_secret_of_another_holder_is_not_written_over() {
    let made = VaultWorkspace::new();
    made.sink("path: 'orders/{name}'");
    made.allow(&[]);
    made.push(&["broker-1"], &[]).expect(0);
    let told = json!({ "managed-by": "countersign", "cluster": "payments", "holder": "kafka/broker-1" });
    made.vault.write("secret/metadata/orders/broker-1", &json!({ "custom_metadata": told }));
    made.push(&["broker-1"], &[]).expect(1).says("belongs to cluster payments, kafka/broker-1");
}

#[test]
fn two_machines_that_push_the_same_at_once_write_one_version() {
    let made = VaultWorkspace::new();
    let copy = tempfile::tempdir().unwrap();
    support::program(Command::new("cp").arg("-a").arg(made.workspace.path(".")).arg(copy.path()));
    let machines = [made.workspace.path("."), copy.path().to_owned()];
    let runs = machines
        .map(|directory| made.command(&["push"]).current_dir(directory).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    for holder in HOLDERS {
        assert_eq!(made.metadata(holder)["current_version"], 1);
    }
}

#[test]
fn what_belongs_to_no_holder_any_more_is_listed_and_deleted_only_when_that_is_confirmed() {
    let made = VaultWorkspace::new();
    made.allow(&["--prune"]);
    made.push(&[], &[]).expect(0);
    made.vault.write("secret/data/orders/clients/theirs", &json!({ "data": { "mine": "theirs" } }));
    made.workspace.edit("clients: [{ name: billing, kafka: {} }]", "clients: [{ name: audit, kafka: {} }]");
    made.workspace.ok(&["apply", "--no-proof"]);
    let ran = made.push(&["--prune"], &[]).expect(3);
    let pruned = |action: &str| json!([{ "holder": "clients/billing", "address": "secret/orders/clients/billing", "action": action }]);
    assert_eq!(sink(&ran)["pruned"], pruned("listed"));
    assert_eq!(made.stored("clients/billing")["metadata"]["deletion_time"], "");
    let ran = made.push(&["--prune", "--yes"], &[]).expect(0);
    assert_eq!(sink(&ran)["pruned"], pruned("removed"));
    made.vault.request("GET", "secret/data/orders/clients/billing", None).expect(404);
    assert_eq!(sink(&made.push(&["--prune"], &[]).expect(0))["pruned"].as_array().map_or(0, Vec::len), 0);
    made.vault.write("secret/undelete/orders/clients/billing", &json!({ "versions": [1] }));
    assert!(made.stored("clients/billing")["data"]["tls.key"].is_string());
}

#[test]
fn what_another_sink_brings_to_the_same_store_belongs_to_somebody() {
    let made = VaultWorkspace::new();
    made.workspace.rewrite(&format!(
        "{CLUSTER}push: [{{ vault: {{}}, name: brokers, holders: [kafka] }}, {{ vault: {{}}, name: clients, holders: [clients] }}]\n"
    ));
    made.allow(&["--prune", "--to", "brokers"]);
    made.push(&[], &[]).expect(0);
    let ran = made.push(&["--prune", "--yes", "--to", "brokers"], &[]).expect(0);
    assert!(sink(&ran)["pruned"].is_null());
    assert!(made.stored("clients/billing")["data"]["tls.key"].is_string());
}

#[test]
fn openbaos_variables_stand_before_vaults() {
    let made = VaultWorkspace::new();
    let ran = made.push(
        &[],
        &[("BAO_ADDR", &made.vault.url), ("VAULT_ADDR", "http://127.0.0.1:9"), ("BAO_TOKEN", &made.token), ("VAULT_TOKEN", "x")],
    );
    assert_eq!(rows(&ran.expect(0)), both("created 1"));
}

#[test]
fn the_cluster_file_stands_before_every_variable() {
    let made = VaultWorkspace::new();
    made.sink(&format!("address: '{}', login: {{ token: {{ env: PUSH_TOKEN }} }}", made.vault.url));
    let variables = [("VAULT_ADDR", "http://127.0.0.1:9"), ("VAULT_TOKEN", "x"), ("PUSH_TOKEN", made.token.as_str())];
    assert_eq!(rows(&made.push(&[], &variables).expect(0)), both("created 1"));
}

#[test]
fn a_namespace_is_named_in_every_request() {
    let made = VaultWorkspace::new();
    let (role, secret) = made.vault.log_in_by_app_role("push", "1h");
    fs::write(made.workspace.path("secret-id"), secret).unwrap();
    made.sink(&format!("namespace: team/platform, login: {{ approle: {{ role-id: '{role}', secret-id: {{ file: secret-id }} }} }}"));
    let proxy = made.proxy(|_| Fault::None);
    made.push_by(&proxy, &["--dry-run"]);
    made.sink("");
    made.push(&["--dry-run"], &[("VAULT_ADDR", &proxy.url()), ("VAULT_NAMESPACE", "team/platform")]);
    let seen = proxy.seen();
    assert!(seen.iter().any(|seen| seen.path == "/v1/auth/approle/login") && seen.len() > 3);
    assert!(seen.iter().all(|seen| seen.header("X-Vault-Namespace") == Some("team/platform")), "{seen:?}");
    assert!(seen.iter().all(|seen| seen.header("X-Vault-Request") == Some("true")), "{seen:?}");
}

#[test]
fn a_token_may_lie_where_vault_login_leaves_it() {
    let made = VaultWorkspace::new();
    fs::create_dir(made.workspace.path("home")).unwrap();
    made.push(&[], &[("VAULT_TOKEN", "")]).expect(1).says("there is no token").says("vault login");
    fs::write(made.workspace.path("home/.vault-token"), format!("{}\n", made.token)).unwrap();
    assert_eq!(rows(&made.push(&[], &[("VAULT_TOKEN", "")]).expect(0)), both("created 1"));
}

#[test]
fn a_token_that_was_given_is_left_as_it_is() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(|_| Fault::None);
    made.push_by(&proxy, &[]).expect(0);
    assert!(proxy.seen().iter().all(|seen| !seen.path.contains("revoke")));
}

/// Pushes by a login, and sees that the token it made has ended with the run.
fn logs_in(made: &VaultWorkspace, login: &str) {
    made.sink(&format!("login: {{ {login} }}"));
    let proxy = made.proxy(|_| Fault::None);
    let ran = made.push(&[], &[("VAULT_ADDR", &proxy.url()), ("VAULT_TOKEN", "")]).expect(0);
    assert_eq!(rows(&ran), both("created 1"));
    let seen = proxy.seen();
    let tokens: Vec<&str> = seen.iter().filter_map(|seen| seen.header("X-Vault-Token")).collect();
    assert!(!ran.stdout.contains(tokens[0]) && !ran.stderr.contains(tokens[0]));
    assert_eq!(made.vault.request_as(tokens[0], "GET", "auth/token/lookup-self", None).status, 403);
}

#[test]
fn logs_in_by_app_role() {
    let made = VaultWorkspace::new();
    let (role, secret) = made.vault.log_in_by_app_role("push", "1h");
    fs::write(made.workspace.path("secret-id"), secret).unwrap();
    logs_in(&made, &format!("approle: {{ role-id: '{role}', secret-id: {{ file: secret-id }} }}"));
    fs::write(made.workspace.path("secret-id"), "something else").unwrap();
    let (kind, message) = problem(&made.push(&[], &[]).expect(1));
    assert_eq!(kind, "login");
    assert!(message.contains("AppRole at approle/") && message.contains("invalid"), "{message}");
}

#[test]
fn logs_in_by_jwt() {
    let made = VaultWorkspace::new();
    let issuer = Issuer::new();
    made.vault.log_in_by_jwt("push", &issuer);
    fs::write(made.workspace.path("jwt"), issuer.token()).unwrap();
    logs_in(&made, &format!("jwt: {{ role: {ROLE}, token: {{ file: jwt }} }}"));
    fs::write(made.workspace.path("jwt"), Issuer::new().token()).unwrap();
    made.push(&[], &[]).expect(1).says("refused the login (JWT at jwt/, role push)");
}

#[test]
fn logs_in_by_a_service_account_of_kubernetes() {
    let made = VaultWorkspace::new();
    let api = KubernetesApi::start();
    made.vault.log_in_by_kubernetes("push", &api);
    fs::write(made.workspace.path("jwt"), &api.token).unwrap();
    logs_in(&made, &format!("kubernetes: {{ role: {ROLE}, token: {{ file: jwt }} }}"));
}

#[test]
fn logs_in_by_a_certificate() {
    let servers = Authority::root("servers");
    let clients = Authority::root("clients");
    let made = VaultWorkspace::at(Vault::start(VaultOptions::tls(&servers)));
    made.vault.log_in_by_certificate("push", &clients);
    let leaf = clients.leaf("push", NOTHING);
    fs::write(made.workspace.path("push.crt"), leaf.chain()).unwrap();
    fs::write(made.workspace.path("push.key"), leaf.key).unwrap();
    made.sink("login: { certificate: { certificate: push.crt, key: push.key } }");
    assert_eq!(rows(&made.push(&[], &[("VAULT_TOKEN", "")]).expect(0)), both("created 1"));
    let stranger = Authority::root("others").leaf("push", NOTHING);
    fs::write(made.workspace.path("push.crt"), stranger.chain()).unwrap();
    made.push(&[], &[]).expect(1).says("cannot be used together");
    fs::write(made.workspace.path("push.key"), stranger.key).unwrap();
    assert_eq!(problem(&made.push(&[], &[]).expect(1)).0, "login");
}

#[test]
fn a_token_that_ends_midway_is_replaced_by_logging_in_again() {
    let made = VaultWorkspace::new();
    let (role, secret) = made.vault.log_in_by_app_role("push", "1h");
    fs::write(made.workspace.path("secret-id"), secret).unwrap();
    made.sink(&format!("login: {{ approle: {{ role-id: '{role}', secret-id: {{ file: secret-id }} }} }}"));
    let (revoke, root, once) = (format!("{}/v1/auth/token/revoke", made.vault.url), made.vault.root_token.clone(), Once::new());
    let proxy = made.proxy(move |seen| {
        if is_write(seen) {
            let token = json!({ "token": seen.header("X-Vault-Token") });
            once.call_once(|| drop(http::request("POST", &revoke, &[("X-Vault-Token", &root)], Some(&token), Trust::default()).unwrap()));
        }
        Fault::None
    });
    assert_eq!(rows(&made.push_by(&proxy, &[]).expect(0)), both("created 1"));
    assert_eq!(proxy.seen().iter().filter(|seen| seen.path.ends_with("/login")).count(), 2);
}
