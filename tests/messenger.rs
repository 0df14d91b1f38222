//! librdkafka's end is not that of countersign: whatever becomes of the process in which it sends, the answer is a fault that says so,
//! in time. The process is ended here by its own hand, and never by a broker's answer.

#![allow(clippy::disallowed_methods)]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use countersign::diagnosis::{Fault, Step, Symptom};
use countersign::pki::Passphrase;
use countersign::visit::{Delivery, Librdkafka, Login, Messenger, Order, Visitor};
use tempfile::TempDir;

const COUNTERSIGN: &str = env!("CARGO_BIN_EXE_countersign");
const PASSWORD: &str = "n0b0dy-sees-this";

/// Two messages to nobody.
fn order() -> Order {
    let login = Login::Password {
        mechanism: countersign::cluster::SaslMechanism::Plain,
        user: "alice".to_owned().into(),
        password: Passphrase::new(PASSWORD.to_owned()),
    };
    let visitor = Visitor {
        name: "alice".to_owned(),
        via: countersign::diagnosis::Via::Pem,
        credential: None,
        anchors: Vec::new().into(),
        login,
        versions: Visitor::VERSIONS.to_vec(),
    };
    Librdkafka::new(&visitor, "localhost:1", "group", Duration::from_millis(200)).order("topic", &[0, 1], &Delivery::Acknowledged)
}

/// A program in place of countersign.
fn program(script: &str) -> (TempDir, Messenger) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stub");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    (dir, Messenger::Child(path))
}

/// What both messages came to, which is the same.
async fn fault(messenger: &Messenger) -> Fault {
    let trips = messenger.send(&order()).await;
    let [Err(one), Err(other)] = [&trips[0].result, &trips[1].result] else { panic!("{trips:?}") };
    assert_eq!(one.symptom.to_string(), other.symptom.to_string());
    one.clone()
}

#[tokio::test]
async fn however_the_process_ends_it_is_said() {
    for (script, how) in [
        ("kill -ABRT $$", "signal: 6 (SIGABRT)"),
        ("kill -SEGV $$", "signal: 11 (SIGSEGV)"),
        ("cat >/dev/null & exit 3", "exit status: 3"),
        ("exit 0", "its answer makes no sense"),
        ("echo nonsense", "its answer makes no sense"),
        ("echo '[{\"Unsent\":\"OtherBytes\"}]'", "its answer makes no sense"),
    ] {
        let (_dir, messenger) = program(script);
        let Fault { step: Step::Produce, symptom: Symptom::LibrdkafkaEnded { how: told, .. } } = fault(&messenger).await else {
            panic!("{script}")
        };
        assert!(told.starts_with(how), "{script}: {told}");
    }
}

#[tokio::test]
async fn what_it_said_last_is_shown_in_one_short_line_that_moves_no_cursor() {
    let (_dir, messenger) = program(r#"printf 'assert: \033[2J here\nmore\n' >&2; head -c 100000 /dev/zero >&2; kill -ABRT $$"#);
    let Symptom::LibrdkafkaEnded { said, .. } = fault(&messenger).await.symptom else { panic!() };
    assert_eq!(said, r"assert: \x1b[2J here");
}

#[tokio::test]
async fn whoever_hangs_or_never_stops_talking_costs_a_deadline_and_no_memory() {
    for script in ["exec sleep 600", "exec yes", "exec yes >&2"] {
        let (_dir, messenger) = program(script);
        let begun = Instant::now();
        let symptom = fault(&messenger).await.symptom;
        assert!(matches!(&symptom, Symptom::LibrdkafkaEnded { how, .. } if how.starts_with("no answer within")), "{script}: {symptom:?}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{script}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_no_fault_of_the_brokers() {
    let fault = fault(&Messenger::Child(PathBuf::from("/nowhere/countersign"))).await;
    assert_eq!(fault.step, Step::Files);
    assert!(fault.symptom.to_string().starts_with("/nowhere/countersign: it cannot be read: it could not be started"), "{fault:?}");
}

/// The order has the client's password in it: it goes through the pipe, and is seen nowhere else.
#[tokio::test]
async fn nobody_sees_the_order_but_the_child() {
    let (dir, messenger) = program(&format!(
        "cd \"$(dirname \"$0\")\"; head -n 1 >order; tr '\\0' '\\n' </proc/$$/cmdline >cmdline; env >environment; grep -c {PASSWORD} order >seen"
    ));
    let symptom = fault(&messenger).await.symptom;
    let read = |file: &str| fs::read_to_string(dir.path().join(file)).unwrap();
    assert_eq!(read("seen"), "1\n");
    assert!(read("cmdline").ends_with("librdkafka\n"), "{}", read("cmdline"));
    for text in [read("cmdline"), read("environment"), symptom.to_string(), format!("{:?}", order())] {
        assert!(!text.contains(PASSWORD), "{text}");
    }
}

/// Killed with SIGKILL, whoever started it can end nobody: then nobody writes to its stdin any more.
#[test]
fn the_process_does_not_outlive_whoever_started_it() {
    let mut child =
        Command::new(COUNTERSIGN).arg("librdkafka").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut order: serde_json::Value = serde_json::to_value(order()).unwrap();
    order["deadline"]["secs"] = 600.into();
    order["settings"]["message.timeout.ms"] = "600000".into();
    stdin.write_all(format!("{order}\n").as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "it did not wait for the broker");
    drop(stdin);
    let until = Instant::now() + Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "it is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

/// Whoever finds the verb and has nothing to tell it hears what it is for.
#[test]
fn without_an_order_it_says_who_starts_it() {
    let output = Command::new(COUNTERSIGN).arg("librdkafka").stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("started by `countersign verify`"));
}
