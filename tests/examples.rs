//! The examples for people who rotate: their commands are run as they stand, and others judge the rest.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;

use support::{Workspace, kubernetes};

const CLUSTER: &str = r"
cluster: orders
kafka:
  listeners: { BROKER: { port: 1 }, CONTROLLER: { port: 2 } }
  brokers: [{ name: broker-1, host: localhost }]
clients: [{ name: app, kafka: { write: [t] } }]
";

fn example(name: &str) -> String {
    fs::read_to_string(format!("examples/{name}")).unwrap()
}

/// A first run makes everything and finds no broker that serves it: 4, as the examples say, and everything is in use.
fn assert_rotates(words: &[&str]) {
    let workspace = Workspace::new(CLUSTER);
    let ran = workspace.run(words);
    assert_eq!(ran.code, 4, "{words:?}: {}{}", ran.stdout, ran.stderr);
    assert!(workspace.path("pki/clients/app/current").exists());
}

/// What follows `countersign` in the only line that has it.
fn command<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    let rest = text.split(before).nth(1).unwrap();
    rest[..rest.find(after).unwrap()].split_whitespace().collect()
}

#[test]
fn systemd_runs_it_every_day() {
    let service = example("systemd/countersign.service");
    assert_rotates(&command(&service, "ExecStart=/usr/local/bin/countersign ", "\n"));
    let writable = service.lines().find_map(|line| line.strip_prefix("ReadWritePaths=")).unwrap();
    assert!(service.contains(&format!("WorkingDirectory={writable}\n")), "the directory may be written to");
    assert!(example("systemd/countersign.timer").contains("\nPersistent=true\n"));
}

#[test]
fn cron_mails_what_goes_wrong() {
    let crontab = example("crontab");
    let line = crontab.lines().find(|line| !line.starts_with('#') && line.contains("&& countersign")).unwrap();
    assert_eq!(line.split_whitespace().take(5).collect::<Vec<_>>(), ["17", "3", "*", "*", "*"]);
    assert_rotates(&command(line, "&& countersign ", " >>"));
}

#[test]
fn kubernetes_takes_the_cron_job() {
    let job = example("cronjob.yaml");
    kubernetes::validate_text(&job).unwrap();
    let list = job.split("args: ").nth(1).unwrap().lines().next().unwrap();
    let words: Vec<String> = serde_json::from_str(list).unwrap();
    let workspace = Workspace::new(CLUSTER);
    let [file, pki] = [workspace.path("countersign.yaml"), workspace.path("pki")].map(|path| path.display().to_string());
    let words: Vec<&str> = words
        .iter()
        .map(|word| match word.as_str() {
            "/etc/countersign/countersign.yaml" => &file,
            "/var/lib/countersign/pki" => &pki,
            word => word,
        })
        .collect();
    assert_eq!(workspace.run(&words).code, 4);
    assert!(workspace.path("pki/clients/app/current").exists());
}

#[test]
fn ansible_reads_what_it_says() {
    let play = example("ansible.yaml");
    assert_rotates(&command(&play, "cmd: countersign ", "\n"));
    let workspace = Workspace::new(CLUSTER);
    let report = workspace.json(&["apply", "--no-proof"]);
    assert!(report["holders"].is_array() && report["troubles"].is_array(), "{report:#}");
}
