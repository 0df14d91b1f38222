//! Time, from both ends: clocks that ran ahead or stood still, certificates that have ended, and what a proof that fails leaves.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::process::Command;

use countersign::cluster;
use countersign::directory::Directory;
use countersign::ops::{self, Applied, DeedError, Means, Progress, Proof, Site};
use countersign::plan::Wishes;
use countersign::snippet::Snippets;
use support::{Workspace, program};
use time::{Duration, OffsetDateTime};

const CLUSTER: &str = r"
cluster: orders
leaf: { lifetime: 90d, renew: 30d }
stores: { formats: [pem] }
kafka:
  listeners: { BROKER: { port: 9093 }, CONTROLLER: { port: 9095 } }
  brokers: [{ name: broker-1, host: broker-1.example }]
clients: [{ name: app, kafka: { write: [t] } }]
";

/// `apply`, by a clock that shows `now`.
fn applied_at(workspace: &Workspace, now: OffsetDateTime) -> Result<Applied, DeedError> {
    let spec = cluster::parse(&workspace.read("countersign.yaml"), &workspace.path("")).unwrap();
    let directory = Directory::new(&workspace.path("pki")).unwrap();
    let snippets = Snippets::new(&spec, directory.root());
    let means = Means { now, entropy: &aws_lc_rs::rand::SystemRandom::new(), progress: Progress::SILENT };
    ops::apply(Site { spec: &spec, snippets: &snippets, directory: &directory }, means, Proof::LeftOut, &Wishes::default())
}

fn days_from_now(days: i64) -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::days(days)
}

fn generation(workspace: &Workspace, holder: &str) -> String {
    fs::read_link(workspace.path("pki").join(holder).join("current")).unwrap().display().to_string()
}

#[test]
fn what_was_issued_while_a_clock_ran_ahead_is_told_and_issued_anew() {
    let workspace = Workspace::new(CLUSTER);
    workspace.ok(&["apply", "--no-proof"]);
    let ahead = applied_at(&workspace, days_from_now(70)).unwrap();
    assert_eq!(ahead.made.len(), 2, "everyone was due by that clock");

    let status = workspace.run(&["status"]).expect(3);
    assert!(status.stdout.contains("not yet valid: begins"), "{}", status.stdout);
    assert!(workspace.json(&["status"])["holders"].as_array().unwrap().iter().all(|holder| holder["state"] == "not-yet-valid"));

    workspace.run(&["apply"]).expect(0).says("not yet valid: begins");
    assert_eq!(generation(&workspace, "clients/app"), "3");
    workspace.ok(&["verify", "--loopback"]);
    workspace.run(&["status"]).expect(0);
}

#[test]
fn what_has_ended_is_told_first_and_is_never_ok() {
    let workspace = Workspace::new(CLUSTER);
    applied_at(&workspace, days_from_now(-365 * 11)).unwrap();
    for arguments in [&["status"][..], &["apply"], &["apply", "--dry-run"]] {
        let ran = workspace.run(arguments).expect(3);
        assert!(ran.stderr.starts_with("error: expired: "), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stdout.contains(" ok\n") && !ran.stderr.contains("Nothing to do"), "{arguments:?}: {}{}", ran.stdout, ran.stderr);
    }
    let status = workspace.json(&["status"]);
    assert_eq!(status["troubles"][0]["code"], "authority-ended");
    assert!(status["holders"].as_array().unwrap().iter().all(|holder| holder["state"] == "expired"), "{status:#}");
    assert_eq!(generation(&workspace, "clients/app"), "1", "what cannot be helped is left as it is");

    workspace.ok(&["apply", "--new-authority"]);
    workspace.run(&["status"]).expect(0);
    workspace.run(&["apply"]).expect(0).says("Nothing to do: 2");
}

#[test]
fn a_leaf_that_has_ended_is_renewed_where_its_authority_lives_on() {
    let workspace = Workspace::new(CLUSTER);
    applied_at(&workspace, days_from_now(-100)).unwrap();
    workspace.run(&["status"]).expect(3).says("expired: ended");
    workspace.run(&["apply"]).expect(0).says("expired: ended");
    workspace.run(&["status"]).expect(0);
}

#[test]
fn a_clock_at_the_end_of_time_is_a_sentence() {
    for year in [9950, 9990, 9999] {
        let workspace = Workspace::new(CLUSTER);
        let date = time::Date::from_calendar_date(year, time::Month::December, 30).unwrap();
        let now = date.midnight().assume_utc();
        match applied_at(&workspace, now) {
            Ok(_) => assert_eq!(year, 9950),
            Err(error) => assert!(error.to_string().contains("the clock says 99"), "{error}"),
        }
    }
    let workspace = Workspace::new(CLUSTER);
    workspace.ok(&["apply", "--no-proof"]);
    workspace.run(&["check", "--at", "9999-12-31T23:00:00Z"]).expect(3).says("expired");
}

/// An authority that may vouch for clients alone: whatever it signs for a broker is refused by everyone.
fn authority_for_clients_alone(workspace: &Workspace) {
    let authority = |name: &str, subject: &str, more: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "900", "-subj", subject]);
        command.args(["-addext", "keyUsage=critical,keyCertSign,cRLSign"]).args(more);
        program(command.arg("-keyout").arg(workspace.path(format!("{name}.key"))).arg("-out").arg(workspace.path(format!("{name}.crt"))));
    };
    authority("root", "/CN=Company root", &[]);
    let [root, root_key] = ["root.crt", "root.key"].map(|name| workspace.path(name).display().to_string());
    authority("ca", "/CN=Company clients", &["-CA", &root, "-CAkey", &root_key, "-addext", "extendedKeyUsage=clientAuth"]);
    let chain = workspace.read("ca.crt") + &workspace.read("root.crt");
    fs::write(workspace.path("ca.crt"), chain).unwrap();
}

#[test]
fn what_fails_its_proof_is_not_put_in_use_and_not_forgotten() {
    let workspace = Workspace::new(&format!("authority: {{ certificate: ca.crt, key: ca.key }}{CLUSTER}"));
    authority_for_clients_alone(&workspace);
    for _ in 0..2 {
        let failed = workspace.run(&["apply"]).expect(4).says("Proof over loopback FAILED").says("not put in use");
        assert!(failed.stderr.contains("what was in use before still is"), "{}", failed.stderr);
        assert!(!workspace.path("pki/kafka/broker-1/current").exists());
        let left = fs::read_dir(workspace.path("pki/kafka/broker-1")).unwrap().count();
        assert_eq!(left, 0, "nothing of what failed stays");
    }
    workspace.run(&["status"]).expect(3).says("missing");

    // Put in use unproved, a change of it fails its proof, and what was in use stays.
    workspace.ok(&["apply", "--no-proof"]);
    workspace.edit("host: broker-1.example", "host: broker-2.example");
    assert_eq!(workspace.json(&["apply"])["in_use"], false);
    assert_eq!(generation(&workspace, "kafka/broker-1"), "1");
}

#[test]
fn a_clock_that_does_not_go_with_the_journal_is_told() {
    let workspace = Workspace::new(CLUSTER);
    applied_at(&workspace, days_from_now(3)).unwrap();
    workspace.run(&["status"]).says("the last line of the journal is of").says("set it right");
    let long_ago = Workspace::new(CLUSTER);
    applied_at(&long_ago, days_from_now(-500)).unwrap();
    long_ago.run(&["apply", "--dry-run"]).expect(3).says("see that it is right");
    let sound = Workspace::new(CLUSTER);
    sound.ok(&["apply", "--no-proof"]);
    let ran = sound.run(&["status"]).expect(0);
    assert!(!ran.stderr.contains("clock"), "{}", ran.stderr);
}

#[test]
fn an_authority_near_its_end_is_told_by_every_verb_and_another_may_take_its_place() {
    let push = "push: [{ kubernetes: { namespace: k, directory: man } }]\n";
    let workspace = Workspace::new(&format!("authority: {{ certificate: ca.crt, key: ca.key }}{CLUSTER}{push}"));
    company(&workspace, "20", "/CN=Company 1");
    workspace.ok(&["apply", "--no-proof"]);
    for verb in ["status", "apply"] {
        workspace.run(&[verb]).expect(3).says("and with it everything that it signed");
    }
    workspace.run(&["push"]).expect(3).says("its certificate ends with its issuer");
    company(&workspace, "900", "/CN=Company 2");
    workspace.run(&["apply", "--new-authority"]).expect(0);
    workspace.run(&["status"]).expect(0);
    workspace.run(&["push"]).expect(0);
}

fn company(workspace: &Workspace, days: &str, subject: &str) {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", days, "-subj", subject]);
    command.args(["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout"]).arg(workspace.path("ca.key"));
    program(command.arg("-out").arg(workspace.path("ca.crt")));
}

#[test]
fn an_authority_near_its_end_is_followed_by_another_below_the_same_root() {
    let workspace = Workspace::new(&format!("authority: {{ root: 2y, issuing: 60d }}{CLUSTER}"));
    applied_at(&workspace, days_from_now(-40)).unwrap();
    workspace.run(&["status"]).expect(3);
    workspace.run(&["apply"]).expect(0).says("this one is below the same root");
    let row = &workspace.json(&["status"])["authorities"][1];
    assert_eq!((&row["generation"], &row["root"]["subject"]), (&2.into(), &"CN=orders root 1".into()));
    workspace.run(&["status"]).expect(0);
    workspace.ok(&["check"]);
}

#[test]
fn a_root_key_that_is_kept_elsewhere_is_asked_for_in_time() {
    let workspace = Workspace::new(&format!("authority: {{ root: 2y, issuing: 300d }}{CLUSTER}"));
    applied_at(&workspace, days_from_now(-250)).unwrap();
    let (key, elsewhere) = (workspace.path("pki/authority/1/root.key"), workspace.path("root.key"));
    fs::rename(&key, &elsewhere).unwrap();
    workspace.run(&["apply"]).expect(3).says("authority/1/root.key is not there").says("put it there for one run");
    fs::rename(&elsewhere, &key).unwrap();
    workspace.run(&["apply"]).expect(0).says("below the same root");
    fs::remove_file(workspace.path("pki/authority/1/root.key")).unwrap();
    fs::remove_file(workspace.path("pki/authority/2/root.key")).unwrap();
    workspace.run(&["status"]).expect(0);
}

#[test]
fn an_authority_that_was_brought_along_and_has_ended_may_be_exchanged() {
    let workspace = Workspace::new(&format!("authority: {{ certificate: ca.crt, key: ca.key }}{CLUSTER}"));
    company(&workspace, "20", "/CN=Company 1");
    workspace.ok(&["apply", "--no-proof"]);
    company(&workspace, "900", "/CN=Company 2");
    workspace.run(&["apply"]).expect(1).says("when it ends, `countersign apply --new-authority` will do");
    workspace.run(&["apply", "--new-authority"]).expect(0).says("CN=Company 1 → a new authority");
    workspace.run(&["status"]).expect(0).says("Company 2");
}
