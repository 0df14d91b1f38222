//! `apply`: what is missing is made, what is right is left alone, and whatever is not is made again for a reason that is told.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use countersign::inventory::Chronicle;
use countersign::pki::sha256_hex;
use support::{Workspace, program};

const CLUSTER: &str = r"
cluster: orders
subject: { O: Acme }
leaf: { key: p256, lifetime: 90d, renew: 30d }
stores: { formats: [pkcs12, jks, pem], java: 11 }
kafka:
  version: 3.9
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: 'broker-{1..2}', host: 'broker-{1..2}.example' }]
rabbitmq:
  nodes: [{ name: rabbit-1, host: rabbit-1.example }]
clients:
  - { name: admin, kafka: super-user }
  - { name: both, kafka: { write: [orders] }, rabbitmq: {} }
";

fn applied() -> Workspace {
    let workspace = Workspace::new(CLUSTER);
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

/// Every file below the directory with its size, times and identity: nothing was written when this stays the same.
fn snapshot(directory: &Path) -> Vec<String> {
    let mut seen = Vec::new();
    let mut left = vec![directory.to_path_buf()];
    while let Some(path) = left.pop() {
        let metadata = path.symlink_metadata().unwrap();
        seen.push(format!("{} {} {} {}.{}", path.display(), metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()));
        if metadata.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    seen.sort();
    seen
}

/// The reasons for each holder that the next run would touch.
fn reasons(workspace: &Workspace) -> Vec<String> {
    let report = workspace.json(&["apply", "--dry-run"]);
    let rows = report["holders"].as_array().unwrap().iter();
    rows.map(|row| {
        let codes: Vec<&str> = row["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect();
        format!("{} {}: {}", row["holder"].as_str().unwrap(), row["action"].as_str().unwrap(), codes.join(" "))
    })
    .collect()
}

#[test]
fn the_example_is_made_proved_and_left_alone_by_a_second_run() {
    let workspace = Workspace::new(&fs::read_to_string("examples/cluster.yaml").unwrap());
    let said = workspace.ok(&["apply"]);
    assert!(said.contains("Proof over loopback passed"), "{said}");
    let before = snapshot(&workspace.path("pki"));
    workspace.run(&["apply"]).expect(0).says("Nothing to do: 10 holders");
    assert_eq!(snapshot(&workspace.path("pki")), before);
    workspace.run(&["status"]).expect(0);
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    let workspace = Workspace::new(CLUSTER);
    workspace.run(&["apply", "--dry-run"]).expect(3).says("would be issued");
    assert!(!workspace.path("pki").exists());
}

#[test]
fn the_directory_keeps_secrets_from_everybody_else() {
    let workspace = applied();
    let mode = |path: &str| workspace.path("pki").join(path).metadata().unwrap().permissions().mode() & 0o7777;
    for directory in ["", "authority", "authority/1", "kafka", "kafka/broker-1", "kafka/broker-1/1", "trust"] {
        assert_eq!(mode(directory), 0o700, "{directory}");
    }
    let secret = ["tls.key", "tls-combined.pem", "keystore.p12", "keystore.jks", "password", "server.properties", "manifest.json"];
    for file in secret.map(|file| format!("kafka/broker-1/current/{file}")).iter().map(String::as_str).chain([
        "authority/1/root.key",
        "trust/password",
        "journal.jsonl",
    ]) {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    assert_eq!(mode("kafka/broker-1/current/tls.crt"), 0o644);
    assert!(workspace.read("pki/.gitignore").lines().any(|line| line == "*"));
}

/// Each change of the cluster file touches what it must, for the reason that it must.
#[test]
fn a_change_of_the_cluster_file_touches_only_what_it_changes() {
    for (from, to, expected) in [
        (
            "host: 'broker-{1..2}.example'",
            "host: 'broker-{1..2}.test'",
            vec![
                "kafka/broker-1 issued: names",
                "kafka/broker-2 issued: names",
                "clients/admin rewritten: settings settings settings",
                "clients/both rewritten: settings settings",
            ],
        ),
        (
            "port: 9093",
            "port: 9099",
            vec![
                "kafka/broker-1 rewritten: settings settings",
                "kafka/broker-2 rewritten: settings settings",
                "clients/admin rewritten: settings settings settings",
                "clients/both rewritten: settings settings",
            ],
        ),
        ("write: [orders]", "write: [payments]", vec!["clients/admin rewritten: settings"]),
        ("rabbitmq: {}", "rabbitmq: { vhost: x }", vec!["rabbitmq/rabbit-1 rewritten: settings", "clients/both rewritten: settings"]),
        ("host: rabbit-1.example", "host: rabbit-1.example, also: [10.1.1.1]", vec!["rabbitmq/rabbit-1 issued: names"]),
    ] {
        let workspace = applied();
        workspace.edit(from, to);
        assert_eq!(reasons(&workspace), expected, "{from} → {to}");
        workspace.ok(&["apply", "--no-proof"]);
        workspace.run(&["apply"]).expect(0).says("Nothing to do");
    }
}

#[test]
fn a_change_for_everyone_gives_everyone_the_reason() {
    for (from, to, action, code) in [
        ("subject: { O: Acme }", "subject: { O: Acme, C: DE }", "issued", "subject"),
        ("leaf: { key: p256", "leaf: { key: p384", "issued", "key-type"),
        ("renew: 30d", "renew: 89d", "", ""),
        ("java: 11", "java: 8", "rewritten", "profile"),
        ("formats: [pkcs12, jks, pem]", "formats: [pkcs12, pem]", "rewritten", "unwanted"),
        ("formats: [pkcs12, jks, pem]", "formats: [pkcs12, jks]", "rewritten", "unwanted"),
    ] {
        let workspace = applied();
        workspace.edit(from, to);
        let reasons = reasons(&workspace);
        assert_eq!(reasons.len(), if code.is_empty() { 0 } else { 5 }, "{from} → {to}: {reasons:?}");
        assert!(
            reasons.iter().all(|reason| reason.contains(&format!(" {action}: ")) && reason.contains(code)),
            "{from} → {to}: {reasons:?}"
        );
        workspace.ok(&["apply", "--no-proof"]);
        workspace.run(&["apply"]).expect(0).says("Nothing to do");
    }
}

#[test]
fn a_leaf_that_is_due_is_renewed_and_says_when_it_would_have_ended() {
    let workspace = applied();
    // The leafs of 90 days are now said to be due 90 days before their end.
    workspace.edit("lifetime: 90d, renew: 30d", "lifetime: 365d, renew: 100d");
    let reasons = reasons(&workspace);
    assert_eq!(reasons.len(), 5);
    assert!(reasons.iter().all(|reason| reason.ends_with("issued: expiring")), "{reasons:?}");
    workspace.ok(&["apply", "--no-proof"]);
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
}

#[test]
fn a_leaf_never_outlives_its_issuer_and_says_so() {
    let workspace = Workspace::new(&CLUSTER.replace("subject: { O: Acme }", "authority: { root: 1y, issuing: 60d }"));
    workspace.run(&["apply", "--no-proof"]).expect(0).says("never outlives");
    let status = workspace.json(&["status"]);
    let end = status["authorities"][0]["issuing"]["not_after"].clone();
    assert!(status["holders"].as_array().unwrap().iter().all(|holder| holder["certificate"]["not_after"] == end), "{status:#}");
    // Renewing what is clipped would gain nothing, so nothing is due.
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
}

/// What happens to the files behind our back is seen, named and mended, and the key survives where it can.
#[test]
fn what_was_tampered_with_is_named_and_mended() {
    let edit = |path: &Path| fs::write(path, [fs::read(path).unwrap(), b"# edited\n".to_vec()].concat()).unwrap();
    let garbage = |path: &Path| fs::write(path, "garbage").unwrap();
    let remove = |path: &Path| fs::remove_file(path).unwrap();
    let lax = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    let password = |path: &Path| fs::write(path, "another password\n").unwrap();
    type Tamper<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, Tamper<'_>, &str); 12] = [
        ("server.properties", &edit, "rewritten: hand-edited"),
        ("keystore.p12", &garbage, "rewritten: unreadable"),
        ("keystore.jks", &remove, "rewritten: missing-file"),
        ("tls-combined.pem", &garbage, "rewritten: unreadable"),
        ("truststore.p12", &garbage, "rewritten: unreadable"),
        ("ca.crt", &garbage, "rewritten: unreadable"),
        ("tls.key", &lax, "rewritten: file-mode"),
        ("password", &password, "rewritten: password"),
        ("manifest.json", &garbage, "rewritten: unreadable"),
        ("tls.key", &garbage, "issued: unreadable"),
        ("tls.key", &remove, "issued: unreadable"),
        ("tls.crt", &garbage, "issued: unreadable"),
    ];
    for (file, tamper, expected) in cases {
        let workspace = applied();
        let generation = workspace.path("pki/kafka/broker-1/current");
        let key = workspace.read("pki/kafka/broker-1/current/tls.key");
        tamper(&generation.join(file));
        let found = reasons(&workspace);
        assert!(found.len() == 1 && found[0].starts_with(&format!("kafka/broker-1 {expected}")), "{file}: {found:?}");
        workspace.ok(&["apply"]);
        let kept = workspace.read("pki/kafka/broker-1/current/tls.key") == key;
        assert_eq!(kept, expected.starts_with("rewritten"), "{file}");
        workspace.run(&["apply"]).expect(0).says("Nothing to do");
    }
}

#[test]
fn the_truststores_password_may_be_chosen() {
    let workspace = applied();
    fs::write(workspace.path("pki/trust/password"), "changeit\n").unwrap();
    let found = reasons(&workspace);
    assert!(found.len() == 5 && found.iter().all(|reason| reason.contains("rewritten: password")), "{found:?}");
    workspace.ok(&["apply"]);
    assert_eq!(workspace.read("pki/clients/admin/current/truststore.password"), "changeit\n");
}

/// Kafka takes no passwords for PEM, so none of a store stands in its configuration.
#[test]
fn with_pem_alone_a_second_run_has_nothing_to_do() {
    let workspace = Workspace::new(&CLUSTER.replace("[pkcs12, jks, pem]", "[pem]"));
    workspace.ok(&["apply", "--no-proof"]);
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
}

/// Clients that log in by password; `admin` shows its certificate.
fn with_passwords(auth: &str) -> Workspace {
    let clients = format!("BROKER: {{ port: 9093 }}, CLIENT: {{ port: 9094, auth: {auth} }}");
    let text =
        CLUSTER.replace("BROKER: { port: 9093 }", &clients).replace("- { name: both", "- { name: other, kafka: {} }\n  - { name: both");
    let workspace = Workspace::new(&text);
    workspace.ok(&["apply", "--no-proof"]);
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
    workspace
}

#[test]
fn a_client_keeps_its_own_password_over_renewals() {
    let workspace = with_passwords("sasl-scram-sha-512");
    let password = |client: &str| workspace.read(format!("pki/clients/{client}/current/sasl.password"));
    let before = [password("both"), password("other")];
    assert_ne!(before[0], before[1]);
    assert!(!workspace.path("pki/clients/admin/current/sasl.password").exists());
    assert!(workspace.read("pki/clients/both/current/librdkafka.conf").contains(&format!("sasl.password={}", before[0])));
    for file in ["sasl.password", "client.properties", "librdkafka.conf"] {
        let mode = fs::metadata(workspace.path("pki/clients/both/current").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    workspace.edit("lifetime: 90d, renew: 30d", "lifetime: 365d, renew: 100d");
    workspace.ok(&["apply", "--no-proof"]);
    assert_eq!([password("both"), password("other")], before);
    let principal = |client: &str| workspace.json(&["status", client])["holders"][0]["kafka_principal"].clone();
    assert_eq!([principal("admin"), principal("both")], ["User:CN=admin,O=Acme", "User:both"]);
    let shown = workspace.ok(&["render"]);
    assert!(!before.iter().any(|password| shown.contains(password.trim())), "{shown}");
}

/// The cluster has the hashes of SCRAM; with PLAIN each broker knows the passwords by its own files.
#[test]
fn whoever_knows_a_changed_password_is_made_again() {
    let client = "clients/both rewritten: sasl-password sasl-password sasl-password";
    let brokers = ["kafka/broker-1 rewritten: sasl-password", "kafka/broker-2 rewritten: sasl-password"];
    for (auth, expected) in [("sasl-scram-sha-256", vec![client]), ("sasl-plain", [&brokers[..], &[client]].concat())] {
        let workspace = with_passwords(auth);
        fs::write(workspace.path("pki/clients/both/current/sasl.password"), "correct \"horse\"\n").unwrap();
        assert_eq!(reasons(&workspace), expected);
        workspace.ok(&["apply", "--no-proof"]);
        let server = workspace.read("pki/kafka/broker-2/current/server.properties");
        assert_eq!(server.contains(r#" user_both="correct \\"horse\\"";"#), auth == "sasl-plain", "{server}");
        workspace.run(&["apply"]).expect(0).says("Nothing to do");
        // One that is lost is made anew, and everyone has the new one.
        fs::remove_file(workspace.path("pki/clients/both/current/sasl.password")).unwrap();
        assert_eq!(reasons(&workspace).len(), expected.len());
        workspace.ok(&["apply", "--no-proof"]);
        workspace.run(&["apply"]).expect(0).says("Nothing to do");
    }
}

#[test]
fn a_password_that_nobody_asks_for_any_more_goes_with_its_listener() {
    let workspace = with_passwords("sasl-plain");
    workspace.edit("auth: sasl-plain", "auth: mtls");
    workspace.ok(&["apply", "--no-proof"]);
    assert!(!workspace.path("pki/clients/both/current/sasl.password").exists());
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
    workspace.edit("auth: mtls", "auth: sasl-scram-sha-256");
    workspace.ok(&["apply", "--no-proof"]);
    assert!(workspace.path("pki/clients/both/current/sasl.password").exists());
}

/// A store may be written anew by another program: what it holds counts, not its bytes.
#[test]
fn a_store_with_other_bytes_and_the_same_content_is_left_alone() {
    let workspace = applied();
    let generation = workspace.path("pki/kafka/broker-1/current");
    let (store, copy) = (generation.join("keystore.p12"), workspace.path("copy.p12"));
    let mut command = Command::new("keytool");
    command.args(["-importkeystore", "-noprompt", "-deststoretype", "PKCS12", "-srckeystore"]).arg(&store).arg("-destkeystore").arg(&copy);
    program(command.arg("-srcstorepass:file").arg(generation.join("password")).arg("-deststorepass:file").arg(generation.join("password")));
    fs::write(&store, fs::read(copy).unwrap()).unwrap();
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
}

#[test]
fn keys_of_an_authority_are_encrypted_with_the_passphrase_from_wherever_it_is() {
    for source in ["{ file: ca.pass }", "{ env: CA_PASS }", "{ command: cat ca.pass }"] {
        let workspace = Workspace::new(&CLUSTER.replace("subject:", &format!("authority: {{ passphrase: {source} }}\nsubject:")));
        fs::write(workspace.path("ca.pass"), "correct horse battery\n").unwrap();
        let run = |arguments: &[&str]| {
            let output = workspace.command(arguments).env("CA_PASS", "correct horse battery").output().unwrap();
            support::Ran::from(output)
        };
        run(&["apply"]).expect(0);
        for key in ["root.key", "issuing.key"] {
            let mut command = Command::new("openssl");
            command.args(["pkey", "-noout", "-text", "-passin", "env:CA_PASS", "-in"]).arg(workspace.path("pki/authority/1").join(key));
            assert!(program(command.env("CA_PASS", "correct horse battery")).contains("P-256"));
            assert!(workspace.read(format!("pki/authority/1/{key}")).starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        }
        // A wrong passphrase is told, and nothing is lost.
        fs::write(workspace.path("ca.pass"), "wrong horse battery\n").unwrap();
        workspace.edit("{1..2}.example", "{1..2}.test");
        let before = snapshot(&workspace.path("pki/kafka"));
        let wrong: support::Ran = workspace.command(&["apply"]).env("CA_PASS", "wrong horse battery").output().unwrap().into();
        wrong.expect(1).says("issuing.key: the passphrase does not open the key");
        assert_eq!(snapshot(&workspace.path("pki/kafka")), before);
    }
}

/// An authority that openssl made, with a subject that rcgen alone would not take over as it is.
fn existing_authority(workspace: &Workspace, subject: &str) {
    constrained_authority(workspace, subject, &[]);
}

/// With these extensions besides.
fn constrained_authority(workspace: &Workspace, subject: &str, extensions: &[&str]) {
    let mut command = Command::new("openssl");
    command.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-noenc",
        "-days",
        "3650",
        "-subj",
        subject,
        "-multivalue-rdn",
    ]);
    for extension in [&["keyUsage=critical,keyCertSign,cRLSign"], extensions].concat() {
        command.args(["-addext", extension]);
    }
    program(command.arg("-keyout").arg(workspace.path("ca.key")).arg("-out").arg(workspace.path("ca.crt")));
}

#[test]
fn an_existing_authority_signs_under_its_exact_name() {
    let workspace = Workspace::new(&CLUSTER.replace("subject:", "authority: { certificate: ca.crt, key: ca.key }\nsubject:"));
    existing_authority(&workspace, "/DC=com/DC=example/OU=One/OU=Two/CN=Company CA+UID=7");
    let said = workspace.ok(&["apply"]);
    assert!(said.contains("Proof over loopback passed"), "{said}");
    let mut command = Command::new("openssl");
    command.args(["verify", "-x509_strict", "-CAfile"]).arg(workspace.path("ca.crt"));
    assert!(program(command.arg(workspace.path("pki/kafka/broker-1/current/tls.crt"))).ends_with(": OK\n"));
    assert!(!workspace.path("pki/authority/1/root.key").exists(), "the key stays where it is");
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
}

/// The message of the proof needs a server on this machine, under a name that the authority may issue.
#[test]
fn under_name_constraints_the_proof_passes_and_says_what_it_left_out() {
    let workspace = Workspace::new(&CLUSTER.replace("subject:", "authority: { certificate: ca.crt, key: ca.key }\nsubject:"));
    let permitted = "nameConstraints=critical,permitted;DNS:example";
    constrained_authority(&workspace, "/CN=Careful", &[permitted]);
    assert!(workspace.ok(&["apply"]).contains("1 message by librdkafka"));

    let no_address = format!("{permitted},excluded;IP:0.0.0.0/0.0.0.0");
    let workspace = Workspace::new(&workspace.read("countersign.yaml"));
    constrained_authority(&workspace, "/CN=More careful", &[&no_address]);
    let said = workspace.ok(&["apply"]);
    let left_out = "no message by librdkafka, because CN=More careful may not issue a name of this machine (name constraints)";
    assert!(said.contains("Proof over loopback passed") && said.contains(left_out), "{said}");
    let proof = workspace.json(&["verify", "--loopback"]);
    assert_eq!((&proof["passed"], &proof["messages"], &proof["left_out"]), (&true.into(), &0.into(), &serde_json::json!([left_out])));
}

#[test]
fn a_name_that_the_authority_may_not_issue_is_refused_before_anything_is_written() {
    let workspace = Workspace::new(&CLUSTER.replace("subject:", "authority: { certificate: ca.crt, key: ca.key }\nsubject:"));
    constrained_authority(&workspace, "/CN=Careful", &["nameConstraints=critical,permitted;DNS:example"]);
    workspace.ok(&["apply", "--no-proof"]);
    let before = snapshot(&workspace.path("pki"));
    workspace.edit("host: rabbit-1.example", "host: rabbit-1.example, also: [rabbit.other]");
    for arguments in [&["apply"][..], &["apply", "--dry-run"]] {
        let ran = workspace.run(arguments).expect(1);
        ran.says("rabbitmq/rabbit-1 has DNS:rabbit.other, which the name constraints of CN=Careful do not permit");
    }
    assert_eq!(snapshot(&workspace.path("pki")), before);
}

#[test]
fn an_existing_authority_is_checked_before_it_is_used() {
    let workspace = Workspace::new(&CLUSTER.replace("subject:", "authority: { certificate: ca.crt, key: ca.key }\nsubject:"));
    workspace.run(&["apply"]).expect(1).says("ca.crt");
    existing_authority(&workspace, "/CN=One");
    let key = workspace.read("ca.key");
    existing_authority(&workspace, "/CN=Two");
    fs::write(workspace.path("ca.key"), key).unwrap();
    workspace.run(&["apply"]).expect(1).says("does not belong to its certificate");
    assert!(!workspace.path("pki/authority/1").exists(), "nothing was made");

    let mut leaf = Command::new("openssl");
    leaf.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-noenc",
        "-subj",
        "/CN=leaf",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    program(leaf.arg("-keyout").arg(workspace.path("ca.key")).arg("-out").arg(workspace.path("ca.crt")));
    workspace.run(&["apply"]).expect(1).says("do not say CA:TRUE");
}

#[test]
fn another_authority_in_the_cluster_file_is_not_swapped_in() {
    let workspace = applied();
    existing_authority(&workspace, "/CN=Other");
    workspace.edit("subject: { O: Acme }", "authority: { certificate: ca.crt, key: ca.key }\nsubject: { O: Acme }");
    let before = snapshot(&workspace.path("pki"));
    workspace.run(&["apply"]).expect(1).says("exchanging an authority is a rollover");
    workspace.rewrite(&CLUSTER.replace("subject:", "authority: { brokers: {}, clients: {} }\nsubject:"));
    workspace.run(&["apply"]).expect(1).says("rollover");
    assert_eq!(snapshot(&workspace.path("pki")), before);
}

#[test]
fn with_an_authority_for_each_side_clients_trust_brokers_only() {
    let workspace = Workspace::new(&CLUSTER.replace("subject:", "authority: { brokers: {}, clients: { issuing: none } }\nsubject:"));
    let said = workspace.ok(&["apply"]);
    assert!(said.contains("Proof over loopback passed"), "{said}");
    let [brokers, clients] = ["brokers", "clients"].map(|side| workspace.read(format!("pki/trust/{side}.crt")));
    assert_eq!(workspace.read("pki/clients/admin/current/ca.crt"), brokers);
    assert_eq!(workspace.read("pki/kafka/broker-1/current/ca.crt"), format!("{brokers}{clients}"));
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
}

#[test]
fn the_proof_names_the_broken_file() {
    let workspace = applied();
    workspace.ok(&["verify", "--loopback"]);
    let cases = ["tls.key", "tls.crt", "ca.crt", "tls-combined.pem", "keystore.p12", "truststore.p12", "keystore.jks", "truststore.jks"];
    for file in cases {
        let path = workspace.path("pki/kafka/broker-2/current").join(file);
        let right = fs::read(&path).unwrap();
        fs::write(&path, &right[..right.len() / 2]).unwrap();
        let ran = workspace.run(&["verify", "--loopback"]).expect(4);
        assert!(ran.stdout.contains(&format!("kafka/broker-2/1/{file} ")), "{file}: {}", ran.stdout);
        fs::write(&path, right).unwrap();
    }
    // A key of another holder is well-formed, and wrong.
    fs::copy(workspace.path("pki/kafka/broker-1/current/tls.key"), workspace.path("pki/kafka/broker-2/current/tls.key")).unwrap();
    workspace.run(&["verify", "--loopback"]).expect(4).says("key-mismatch");
}

#[test]
fn the_journal_has_every_issuance_and_tells_when_it_was_changed() {
    let workspace = applied();
    workspace.edit("broker-{1..2}.example", "broker-{1..2}.test");
    workspace.ok(&["apply", "--no-proof"]);
    let journal = workspace.read("pki/journal.jsonl");
    let lines: Vec<serde_json::Value> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1 + 5 + 4);
    assert_eq!((&lines[0]["event"], &lines[0]["subject"]), (&"authority".into(), &"authority".into()));
    assert_eq!(lines[6]["reasons"][0], "names changed: +DNS:broker-1.test -DNS:broker-1.example");
    let leaf =
        program(Command::new("openssl").args(["x509", "-noout", "-serial", "-in"]).arg(workspace.path("pki/kafka/broker-1/2/tls.crt")));
    assert_eq!(leaf.trim().to_lowercase(), format!("serial={}", lines[6]["serial"].as_str().unwrap()));

    fs::write(workspace.path("pki/journal.jsonl"), journal.replacen("missing", "nothing", 1)).unwrap();
    workspace.run(&["status"]).expect(3).says("journal.jsonl: it was changed");
}

#[test]
fn a_thousand_holders() {
    let workspace = Workspace::new(
        r"
cluster: large
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: 'broker-{001..300}', host: 'broker-{001..300}.example' }]
clients: [{ name: 'client-{1..700}', kafka: { write: [orders] } }]
",
    );
    let report = workspace.json(&["apply"]);
    assert_eq!(report["proof"]["passed"], true);
    assert_eq!(report["proof"]["handshakes"], 3000);
    workspace.run(&["apply"]).expect(0).says("Nothing to do: 1000 holders");
}

/// Vouches in the journal for the broker's manifest as it is now, as whoever wrote both would.
fn vouch(workspace: &Workspace) {
    let manifest = sha256_hex(&fs::read(workspace.path("pki/kafka/broker-1/current/manifest.json")).unwrap());
    let mut previous = Chronicle::NONE.to_owned();
    let mut journal = String::new();
    for line in workspace.read("pki/journal.jsonl").lines() {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["previous"] = previous.into();
        if line["subject"] == "kafka/broker-1" {
            line["manifest"] = manifest.clone().into();
        }
        previous = sha256_hex(line.to_string().as_bytes());
        journal += &format!("{line}\n");
    }
    fs::write(workspace.path("pki/journal.jsonl"), journal).unwrap();
    fs::write(workspace.path("pki/.lock"), previous).unwrap();
}

/// The manifest says what each file was made from: when that is no longer what it should be, the file is made again.
#[test]
fn what_was_made_from_something_else_is_made_again() {
    for (part, code) in [("alias", "alias"), ("profile", "profile"), ("anchors", "trust-set"), ("settings", "settings")] {
        let workspace = applied();
        let path = workspace.path("pki/kafka/broker-1/current/manifest.json");
        let mut manifest: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let files = manifest["files"].as_array_mut().unwrap();
        let made_from = files.iter_mut().find_map(|file| file["made_from"].get_mut(part)).unwrap();
        *made_from = "something else".into();
        fs::write(&path, manifest.to_string()).unwrap();
        vouch(&workspace);
        assert_eq!(reasons(&workspace), [format!("kafka/broker-1 rewritten: {code}")]);
        workspace.ok(&["apply"]);
        workspace.run(&["apply"]).expect(0).says("Nothing to do");
    }
}

#[test]
fn a_leaf_from_elsewhere_is_replaced() {
    let workspace = applied();
    let generation = workspace.path("pki/kafka/broker-1/current");
    let mut command = Command::new("openssl");
    command.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-noenc",
        "-days",
        "80",
        "-subj",
        "/O=Acme/CN=broker-1",
    ]);
    command.args(["-addext", "extendedKeyUsage=serverAuth", "-addext", "subjectAltName=DNS:broker-1.example", "-keyout"]);
    program(command.arg(generation.join("tls.key")).arg("-out").arg(generation.join("tls.crt")));
    assert_eq!(reasons(&workspace), ["kafka/broker-1 issued: issuer usage"]);
    workspace.ok(&["apply"]);
    workspace.run(&["apply"]).expect(0).says("Nothing to do");
}
