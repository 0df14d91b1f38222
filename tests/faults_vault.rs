//! `push` to a Vault that fails: what is told, what is tried again, and what the next run finds.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::certificates::{Authority, ENDED, Leaf, NOTHING, OF_ANOTHER_NAME};
use support::fault_proxy::{Fault, FaultProxy, Seen};
use support::free_ports;
use support::http::{self, Trust};
use support::vault::{Vault, VaultOptions, VaultTls};
use support::vault_workspace::{HOLDERS, VaultWorkspace, both, is_write, problem, rows, sink};

/// An answer of Vault's own form.
fn refusal(status: u16, error: &str) -> Fault {
    Fault::answer(status, &[("Content-Type", "application/json")], &json!({ "errors": [error] }).to_string())
}

fn is_write_of_broker(seen: &Seen) -> bool {
    is_write(seen) && seen.path.ends_with("/broker-1")
}

#[test]
fn a_server_that_is_down_is_told_of() {
    let made = VaultWorkspace::new();
    let [port] = free_ports();
    let ran = made.push(&[], &[("VAULT_ADDR", &format!("http://127.0.0.1:{port}"))]).expect(1);
    let (kind, message) = problem(&ran);
    assert_eq!(kind, "unreachable");
    assert!(message.contains("Connection refused") && message.contains(&port.to_string()), "{message}");
}

#[test]
fn a_server_without_an_address_is_told_of() {
    let made = VaultWorkspace::new();
    assert_eq!(problem(&made.push(&[], &[("VAULT_ADDR", "https://nowhere.invalid:8200")]).expect(1)).0, "unreachable");
    made.push(&[], &[("VAULT_ADDR", "")]).expect(1).says("neither BAO_ADDR nor VAULT_ADDR is set");
    made.push(&[], &[("VAULT_ADDR", "http://vault.example:8200")]).expect(1).says("speaks no TLS");
    for address in ["vault.example:8200", "unix:///run/vault.sock", "https://", "https://me:you@vault.example"] {
        assert_eq!(problem(&made.push(&[], &[("VAULT_ADDR", address)]).expect(1)).0, "setting", "{address}");
    }
}

#[test]
fn a_server_that_is_not_verified_is_sent_nothing() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(|_| Fault::None);
    for variable in ["VAULT_SKIP_VERIFY", "BAO_SKIP_VERIFY"] {
        let ran = made.push(&[], &[("VAULT_ADDR", &proxy.url()), (variable, "true")]).expect(1);
        assert_eq!(problem(&ran).0, "setting");
        ran.says(variable);
    }
    assert!(proxy.seen().is_empty());
}

#[test]
fn a_slow_server_is_waited_for_no_longer_than_was_said() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(|_| Fault::Delay(Duration::from_secs(30)));
    let ran = made.push(&[], &[("VAULT_ADDR", &proxy.url()), ("VAULT_CLIENT_TIMEOUT", "200ms")]).expect(1);
    assert_eq!(problem(&ran).0, "slow");
    ran.says("did not answer within 1 s");
}

#[test]
fn a_sealed_vault_is_told_of_at_once_and_unsealed_it_is_pushed_to() {
    let made = VaultWorkspace::new();
    made.vault.seal();
    let proxy = made.proxy(|_| Fault::None);
    let ran = made.push_by(&proxy, &[]).expect(1);
    assert_eq!((problem(&ran).0.as_str(), proxy.seen().len()), ("sealed", 1));
    made.vault.unseal();
    made.vault.request("GET", "secret/config", None);
    made.push_by(&proxy, &[]).expect(0);
}

#[test]
fn what_the_token_may_not_do_is_named_as_policies_name_it() {
    let made = VaultWorkspace::new();
    let policy = made.workspace.ok(&["push", "--policy"]);
    let (values, told) = policy.split_once("# What is told of them").unwrap();
    let reading = values.replace(r#""create", "read", "update""#, r#""read""#);
    made.vault.policy("push", &format!("{reading}#{told}"));
    let ran = made.push(&["broker-1"], &[]).expect(1);
    assert_eq!(rows(&ran), ["kafka/broker-1 failed: forbidden"]);
    ran.says("does not allow to write secret/data/orders/kafka/broker-1");
    made.allow(&[]);
    assert_eq!(rows(&made.push(&["broker-1"], &[]).expect(0)), ["kafka/broker-1 created 1"]);
}

#[test]
fn a_token_that_is_none_is_told_of_and_not_shown() {
    let made = VaultWorkspace::new();
    let ended = made.vault.token("push", "1h");
    made.vault.revoke(&ended);
    for (token, kind) in
        [(ended.as_str(), "login"), ("hvs.nobodyhasthistoken", "login"), ("two\nlines of text", "setting"), ("tökentöken", "setting")]
    {
        assert_eq!(problem(&made.push(&[], &[("VAULT_TOKEN", token)]).expect(1)).0, kind);
    }
}

#[test]
fn an_engine_that_is_missing_or_of_another_kind_is_told_of() {
    let made = VaultWorkspace::new();
    made.sink("mount: elsewhere");
    made.push(&[], &[]).expect(1).says("has no secrets engine at elsewhere/");
    made.vault.write("sys/mounts/old", &json!({ "type": "kv", "options": { "version": "1" } }));
    made.vault.policy("push", r#"path "old/*" { capabilities = ["create", "update", "read"] }"#);
    made.sink("mount: old");
    made.push(&[], &[]).expect(1).says("version 1 of the KV engine").says("vault kv enable-versioning old");
}

#[test]
fn what_may_pass_is_tried_again() {
    for (status, headers) in [(500, &[][..]), (502, &[]), (503, &[]), (412, &[]), (429, &[("Retry-After", "0")])] {
        let made = VaultWorkspace::new();
        let proxy = made.proxy(Fault::answer(status, headers, "").first(2, |_| true));
        assert_eq!(rows(&made.push_by(&proxy, &[]).expect(0)), both("created 1"), "{status}");
        let proxy = made.proxy(Fault::answer(status, headers, "").first(1, |seen| seen.method == "POST"));
        made.push_by(&proxy, &["broker-1"]).expect(0);
    }
}

#[test]
fn what_does_not_pass_is_told_of_with_the_servers_own_words() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(|seen| if is_write(seen) { refusal(500, "disk on fire") } else { Fault::None });
    let ran = made.push_by(&proxy, &["broker-1"]).expect(1);
    assert_eq!(rows(&ran), ["kafka/broker-1 failed: refused"]);
    ran.says("answered 500 to write secret/data/orders/kafka/broker-1: disk on fire");
    assert_eq!(proxy.seen().iter().filter(|seen| is_write(seen)).count(), 3);
    let proxy = made.proxy(|seen| if is_write(seen) { refusal(429, "quota") } else { Fault::None });
    let variables = [("VAULT_ADDR", proxy.url()), ("VAULT_MAX_RETRIES", "0".to_owned())];
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(rows(&made.push(&["broker-1"], &variables).expect(1)), ["kafka/broker-1 failed: throttled"]);
    assert_eq!(proxy.seen().iter().filter(|seen| is_write(seen)).count(), 1);
    // What was refused left nothing but its mark, and is completed.
    assert_eq!(rows(&made.push(&[], &[]).expect(0)), both("created 1"));
}

#[test]
fn one_that_fails_does_not_keep_the_others_and_the_next_run_completes_it() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(|seen| if is_write_of_broker(seen) { refusal(500, "no") } else { Fault::None });
    assert_eq!(rows(&made.push_by(&proxy, &[]).expect(1)), ["kafka/broker-1 failed: refused", "clients/billing created 1"]);
    assert_eq!(rows(&made.push(&[], &[]).expect(0)), ["kafka/broker-1 created 1", "clients/billing unchanged 1"]);
}

#[test]
fn a_connection_that_is_cut_after_the_write_is_no_failure() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(Fault::CutAfterWrite.first(1, is_write_of_broker));
    assert_eq!(rows(&made.push_by(&proxy, &[]).expect(0)), both("created 1"));
    assert_eq!(made.metadata("kafka/broker-1")["current_version"], 1);
    assert_eq!(proxy.seen().iter().filter(|seen| is_write_of_broker(seen)).count(), 1, "reading decided");
}

#[test]
fn a_connection_that_is_cut_before_the_write_is_no_failure_either() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(Fault::Refuse.first(1, is_write_of_broker));
    assert_eq!(rows(&made.push_by(&proxy, &[]).expect(0)), both("created 1"));
    assert_eq!(made.metadata("kafka/broker-1")["current_version"], 1);
}

#[test]
fn a_write_whose_answer_comes_too_late_is_no_failure() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(Fault::Delay(Duration::from_secs(30)).first(1, is_write_of_broker));
    let ran = made.push(&[], &[("VAULT_ADDR", &proxy.url()), ("VAULT_CLIENT_TIMEOUT", "3s")]);
    assert_eq!(rows(&ran.expect(0)), both("created 1"));
}

/// The steps of a push, any of which may be the last one.
const STEPS: [fn(&Seen) -> bool; 4] = [
    |seen| seen.method == "POST" && seen.path.starts_with("/v1/secret/metadata/"),
    is_write,
    |seen| seen.path.contains("?version="),
    |seen| seen.json()["custom_metadata"]["generation"].is_string(),
];

/// Whose it is was told first: even when there is a new generation by then, it is not taken for somebody else's.
#[test]
fn what_was_cut_at_any_step_is_completed_by_the_next_run() {
    for step in STEPS {
        for fault in [Fault::Refuse, Fault::CutAfterWrite] {
            let made = VaultWorkspace::new();
            let down = AtomicBool::new(false);
            let proxy = made.proxy(move |seen| {
                if down.load(SeqCst) {
                    Fault::Refuse
                } else if step(seen) {
                    down.store(true, SeqCst);
                    fault.clone()
                } else {
                    Fault::None
                }
            });
            made.push_by(&proxy, &["broker-1"]).expect(1);
            made.workspace.edit("host: broker-1.example", "host: broker-1.example, also: [broker.example]");
            made.workspace.ok(&["apply", "--no-proof"]);
            made.push(&["broker-1"], &[]).expect(0);
            assert_eq!(made.stored("kafka/broker-1")["data"]["tls.key"], made.file("kafka/broker-1", "tls.key"));
        }
    }
}

/// Lets another write right before the broker's secret is written.
fn overtaken(made: &VaultWorkspace, data: Value, told: Value) -> FaultProxy {
    let (url, root, once) = (made.vault.url.clone(), made.vault.root_token.clone(), Once::new());
    made.proxy(move |seen| {
        if is_write_of_broker(seen) {
            once.call_once(|| {
                let post = |path: &str, body: &Value| {
                    let url = format!("{url}/v1/secret/{path}/orders/kafka/broker-1");
                    http::request("POST", &url, &[("X-Vault-Token", &root)], Some(body), Trust::default()).unwrap();
                };
                post("data", &json!({ "data": data }));
                if !told.is_null() {
                    post("metadata", &json!({ "custom_metadata": told }));
                }
            });
        }
        Fault::None
    })
}

#[test]
fn what_another_wrote_in_the_meantime_is_not_written_over_and_not_claimed() {
    let made = VaultWorkspace::new();
    let proxy = overtaken(&made, json!({ "mine": "theirs" }), Value::Null);
    assert_eq!(rows(&made.push_by(&proxy, &["broker-1"]).expect(1)), ["kafka/broker-1 failed: conflict"]);
    assert_eq!(made.stored("kafka/broker-1")["data"], json!({ "mine": "theirs" }));
    assert_eq!(rows(&made.push(&["broker-1"], &[]).expect(1)), ["kafka/broker-1 failed: not-ours"]);
}

#[test]
fn what_another_countersign_wrote_in_the_meantime_stays_ours() {
    let made = VaultWorkspace::new();
    let told = json!({ "managed-by": "countersign", "cluster": "orders", "holder": "kafka/broker-1", "generation": "7" });
    let proxy = overtaken(&made, json!({ "tls.crt": "newer" }), told);
    assert_eq!(rows(&made.push_by(&proxy, &["broker-1"]).expect(1)), ["kafka/broker-1 failed: conflict"]);
    assert_eq!(rows(&made.push(&["broker-1"], &[]).expect(0)), ["kafka/broker-1 updated 2"]);
}

#[test]
fn what_is_read_back_otherwise_does_not_count() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(|seen| {
        let other = json!({ "data": { "data": { "tls.crt": "another" }, "metadata": { "version": 1 } } });
        if seen.path.contains("?version=") { Fault::answer(200, &[], &other.to_string()) } else { Fault::None }
    });
    assert_eq!(rows(&made.push_by(&proxy, &["broker-1"]).expect(1)), ["kafka/broker-1 failed: not-as-sent"]);
    assert_eq!(made.metadata("kafka/broker-1")["custom_metadata"]["generation"], Value::Null);
}

#[test]
fn a_secret_that_is_told_too_much_of_is_not_written() {
    let made = VaultWorkspace::new();
    let many: serde_json::Map<String, Value> = (0..62).map(|number| (format!("key-{number}"), json!("value"))).collect();
    made.vault.write("secret/metadata/orders/kafka/broker-1", &json!({ "custom_metadata": many }));
    made.push(&["broker-1"], &[]).expect(1).says("would have 65 custom metadata, and Vault takes 64");
    assert_eq!(made.metadata("kafka/broker-1")["current_version"], 0);
}

#[test]
fn a_value_over_the_limit_is_told_of_with_its_size() {
    let made = VaultWorkspace::new();
    let names: Vec<String> = (0..12_000).map(|number| format!("broker-{number}.{}.example", "x".repeat(60))).collect();
    made.workspace.edit("host: broker-1.example", &format!("host: broker-1.example, also: [{}]", names.join(", ")));
    made.workspace.ok(&["apply", "--no-proof"]);
    let ran = made.push(&["broker-1"], &[]).expect(1);
    assert_eq!(rows(&ran), ["kafka/broker-1 failed: too-large"]);
    ran.says("takes 1048576").says("leave file formats out by `files`");
}

#[test]
fn an_answer_without_end_is_given_up() {
    let made = VaultWorkspace::new();
    let proxy = made.proxy(|seen| if seen.path.contains("/data/") { Fault::Endless } else { Fault::None });
    let ran = made.push_by(&proxy, &["broker-1"]).expect(1);
    assert_eq!(rows(&ran), ["kafka/broker-1 failed: refused"]);
    ran.says("answered 200 to read secret/data/orders/kafka/broker-1: its answer is longer than 8 MiB");
}

/// Each folder has as many below it.
#[test]
fn folders_without_end_are_given_up() {
    let made = VaultWorkspace::new();
    made.sink("path: \"{cluster}/{name}/{kind}\"");
    made.allow(&["--prune"]);
    let names: Vec<String> = (0..60_000).map(|number| format!("{number}/")).collect();
    let answer = json!({ "data": { "keys": names } }).to_string();
    let proxy = made.proxy(move |seen| if seen.path.contains("list=true") { Fault::answer(200, &[], &answer) } else { Fault::None });
    assert_eq!(problem(&made.push_by(&proxy, &["--prune"]).expect(1)).0, "endless");
    assert_eq!(proxy.seen().iter().filter(|seen| seen.path.contains("list=true")).count(), 2);
}

/// Quotas say how many whole seconds are left: none, while the last of them runs.
#[test]
fn a_quota_is_waited_for_a_second_longer_than_it_says() {
    let made = VaultWorkspace::new();
    let began = Instant::now();
    let proxy = made.proxy(move |_| match began.elapsed().as_millis() {
        0..1000 => Fault::answer(429, &[("Retry-After", "1")], ""),
        1000..1900 => Fault::answer(429, &[("Retry-After", "0")], ""),
        _ => Fault::None,
    });
    assert_eq!(rows(&made.push_by(&proxy, &[]).expect(0)), both("created 1"));
    let years = made.proxy(|_| Fault::answer(429, &[("Retry-After", "18446744073709551615")], ""));
    assert_eq!(problem(&made.push_by(&years, &[]).expect(1)).0, "throttled");
    assert_eq!(years.seen().len(), 1);
}

/// OpenBao counts what is told, too, and may demand that a write names the count. Vault, which answers here, passes over it.
#[test]
fn what_is_told_is_written_over_exactly_what_was_found() {
    let made = VaultWorkspace::new();
    let told = |proxy: &FaultProxy| -> Vec<Value> {
        let is_label = |seen: &&Seen| seen.method == "POST" && seen.path.contains("/metadata/");
        proxy.seen().iter().filter(is_label).map(|seen| seen.json()["metadata_cas"].clone()).collect()
    };
    let vault = made.proxy(|_| Fault::None);
    made.push_by(&vault, &["broker-1"]).expect(0);
    assert_eq!(told(&vault), [json!(0), Value::Null], "a secret that is new, and one of which nothing is counted");

    made.workspace.edit("pkcs12", "jks");
    made.workspace.ok(&["apply", "--no-proof"]);
    let ours = json!({ "managed-by": "countersign", "cluster": "orders", "holder": "kafka/broker-1" });
    let found = json!({ "data": { "current_version": 1, "current_metadata_version": 7, "custom_metadata": ours, "versions": {} } });
    let is_look = |seen: &Seen| seen.method == "GET" && seen.path.contains("/metadata/");
    let counted = found.to_string();
    let openbao = made.proxy(move |seen| if is_look(seen) { Fault::answer(200, &[], &counted) } else { Fault::None });
    made.push_by(&openbao, &["broker-1"]).expect(0);
    assert_eq!(told(&openbao), [json!(7)]);

    made.workspace.edit("jks", "pkcs12");
    made.workspace.ok(&["apply", "--no-proof"]);
    let counted = found.to_string();
    let overtaken = made.proxy(move |seen| match (is_look(seen), seen.method.as_str()) {
        (true, _) => Fault::answer(200, &[], &counted),
        (false, "POST") if seen.path.contains("/metadata/") => {
            refusal(400, "metadata check-and-set parameter does not match the current version")
        }
        (false, _) => Fault::None,
    });
    assert_eq!(rows(&made.push_by(&overtaken, &["broker-1"]).expect(1)), ["kafka/broker-1 failed: conflict"]);
}

#[test]
fn a_redirect_is_followed_only_where_the_token_is_safe() {
    let made = VaultWorkspace::new();
    let other = made.proxy(|_| Fault::None);
    let location = |host: &str| format!("http://{host}:{}", other.url().rsplit_once(':').unwrap().1);
    let redirect = |to: String| made.proxy(move |seen| Fault::answer(307, &[("Location", &format!("{to}{}", seen.path))], ""));
    made.push_by(&redirect(location("localhost")), &[]).expect(1).says("where the token would not be safe");
    assert!(other.seen().is_empty());
    assert_eq!(rows(&made.push_by(&redirect(location("127.0.0.1")), &[]).expect(0)), both("created 1"));
}

/// A Vault whose certificate is `server`, and that `ca` alone speaks for.
fn vault_with(server: Leaf, ca: &Authority) -> VaultWorkspace {
    VaultWorkspace::at(Vault::start(VaultOptions { tls: Some(VaultTls { server, ca: ca.pem(), clients: None }) }))
}

#[test]
fn a_private_authority_counts_alone() {
    let (authority, other) = (Authority::root("ours"), Authority::root("another"));
    let made = vault_with(authority.leaf("vault", NOTHING), &authority);
    assert_eq!(rows(&made.push(&[], &[]).expect(0)), both("created 1"));
    fs::write(made.workspace.path("other.pem"), other.pem()).unwrap();
    fs::write(made.workspace.path("ours.pem"), authority.pem()).unwrap();
    made.sink("ca: other.pem");
    let ours = made.workspace.path("ours.pem");
    let system = [("SSL_CERT_FILE", ours.to_str().unwrap())];
    let (kind, message) = problem(&made.push(&[], &system).expect(1));
    assert_eq!(kind, "untrusted");
    assert!(message.contains("UnknownIssuer") && message.contains("`ca:`"), "{message}");
    made.sink("");
    let none = [("VAULT_CACERT", ""), system[0]];
    assert_eq!(rows(&made.push(&[], &none).expect(0)), both("unchanged 1"), "the system's roots");
    fs::create_dir(made.workspace.path("cas")).unwrap();
    fs::rename(&ours, made.workspace.path("cas/ours.pem")).unwrap();
    let directory = made.workspace.path("cas");
    made.push(&[], &[("VAULT_CACERT", ""), ("VAULT_CAPATH", directory.to_str().unwrap())]).expect(0);
}

/// curl, by which the test itself asks, would not meet these servers either: nothing is mounted in them.
fn at_the_door(server: Leaf, authority: &Authority, variables: &[(&str, &str)]) -> (String, String) {
    let door = Vault::start(VaultOptions { tls: Some(VaultTls { server, ca: authority.pem(), clients: None }) });
    let made = VaultWorkspace::new();
    let ca = door.ca.as_ref().unwrap().to_str().unwrap();
    problem(&made.push(&[], &[&[("VAULT_ADDR", door.url.as_str()), ("VAULT_CACERT", ca)], variables].concat()).expect(1))
}

#[test]
fn a_certificate_that_is_wrong_is_told_of_with_what_to_do() {
    let authority = Authority::root("ours");
    let (kind, message) = at_the_door(authority.leaf("vault", OF_ANOTHER_NAME), &authority, &[]);
    assert_eq!(kind, "untrusted");
    assert!(message.contains("localhost") && message.contains("other.example") && message.contains("VAULT_TLS_SERVER_NAME"), "{message}");
    // By its own name it is met, and only then refuses the token.
    let named = [("VAULT_TLS_SERVER_NAME", "other.example")];
    assert_eq!(at_the_door(authority.leaf("vault", OF_ANOTHER_NAME), &authority, &named).0, "login");
    let (kind, message) = at_the_door(authority.leaf("vault", ENDED), &authority, &[]);
    assert_eq!(kind, "untrusted");
    assert!(message.contains("expired") && message.contains("renew it"), "{message}");
}

#[test]
fn a_server_that_wants_a_certificate_is_shown_the_one_of_the_environment() {
    let (servers, clients) = (Authority::root("servers"), Authority::root("clients"));
    let tls = VaultTls { server: servers.leaf("vault", NOTHING), ca: servers.pem(), clients: Some(clients.pem()) };
    let door = Vault::start(VaultOptions { tls: Some(tls) });
    let made = VaultWorkspace::new();
    let ca = door.ca.as_ref().unwrap().to_str().unwrap().to_owned();
    let address = [("VAULT_ADDR", door.url.as_str()), ("VAULT_CACERT", ca.as_str()), ("VAULT_TOKEN", door.root_token.as_str())];
    let (kind, message) = problem(&made.push(&[], &address).expect(1));
    assert_eq!(kind, "login");
    assert!(message.contains("TLS client certificate") && message.contains("VAULT_CLIENT_CERT"), "{message}");
    let leaf = clients.leaf("push", NOTHING);
    fs::write(made.workspace.path("push.crt"), leaf.chain()).unwrap();
    fs::write(made.workspace.path("push.key"), leaf.key).unwrap();
    let (certificate, key) = (made.workspace.path("push.crt"), made.workspace.path("push.key"));
    let shown = [("VAULT_CLIENT_CERT", certificate.to_str().unwrap()), ("VAULT_CLIENT_KEY", key.to_str().unwrap())];
    // It lets us in; nothing is mounted there.
    made.push(&[], &[&address[..], &shown].concat()).expect(1).says("has no secrets engine at secret/");
    made.push(&[], &[&address[..], &shown[..1]].concat()).expect(1).says("VAULT_CLIENT_KEY is not");
}

#[test]
fn what_speaks_no_tls_and_what_is_no_vault_are_told_of() {
    let made = VaultWorkspace::new();
    let address = made.vault.url.replace("http://", "https://");
    made.push(&[], &[("VAULT_ADDR", &address)]).expect(1).says("speaks no TLS");
    let page = made.proxy(|_| Fault::answer(404, &[("Content-Type", "text/html")], "<html>not found</html>"));
    let ran = made.push_by(&page, &[]).expect(1);
    assert_eq!(rows(&ran), both("failed: refused"));
    assert_eq!(sink(&ran)["parcels"].as_array().unwrap().len(), HOLDERS.len());
}
