//! Whoever answers may say anything, for as long as it likes. None of it hangs `verify`, fills its memory, or is taken for a broker;
//! and what this machine does not give is no broker's fault.

#![allow(clippy::disallowed_methods)]

mod support;

use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kafka_protocol::messages::{ApiKey, SaslAuthenticateResponse, SaslHandshakeResponse};
use rustix::process::{Pid, Signal, kill_process};
use support::hostile::{CLUSTER, api_versions, encoded, kafka, metadata, requests, serve, watched};
use support::{Ran, Workspace};

fn workspace(cluster: &str) -> Workspace {
    let workspace = Workspace::new(cluster);
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

/// As the client orders at the only place that is named; no message, nobody who must be refused.
fn visit(workspace: &Workspace, file: &str, port: u16, more: &[&str]) -> Command {
    let (file, endpoint) = (format!("pki/clients/orders/current/{file}"), format!("localhost:{port}"));
    let mut command = workspace.command(&["verify", "--as", &file, "--kafka", &endpoint, "--no-message", "--no-probes"]);
    command.args(more);
    command
}

fn by_certificate(workspace: &Workspace, port: u16, more: &[&str]) -> Command {
    visit(workspace, "tls-combined.pem", port, &[&["--trust", "pki/clients/orders/current/ca.crt"], more].concat())
}

/// Addresses of this machine where nobody listens.
fn nowhere(count: i32) -> impl Iterator<Item = (i32, String, u16)> {
    (0..count).map(|id| (id, format!("127.{}.{}.{}", 1 + (id >> 16), id >> 8 & 255, id & 255), 9))
}

#[test]
fn of_a_hundred_thousand_brokers_some_are_visited_and_it_is_no_success() {
    let workspace = workspace(CLUSTER);
    let port = serve(&workspace, |stream| {
        kafka(stream, |api, version| match api {
            ApiKey::Metadata => metadata(nowhere(100_000), version),
            _ => api_versions(),
        })
    });
    let (ran, most) = watched(&mut by_certificate(&workspace, port, &["--deadline", "5s"]), |_, _| ());
    let ran = ran.expect(4).says("tells of 100000 brokers; the first 1000 are looked at");
    ran.says("was not visited: 128 visits to brokers that others told of have failed already");
    assert!(most < 300, "{most} MiB");
}

#[test]
fn thousands_of_brokers_in_one_place_are_one_place() {
    let workspace = workspace(CLUSTER);
    let port = serve(&workspace, |stream| {
        let port = stream.sock.local_addr()?.port();
        kafka(stream, |api, version| match api {
            ApiKey::Metadata => metadata((0..6000).map(|id| (id, "localhost".to_owned(), port)), version),
            _ => api_versions(),
        })
    });
    let (ran, most) = watched(&mut by_certificate(&workspace, port, &[]), |_, _| ());
    ran.expect(4).says("tells of 6000 brokers");
    assert!(most < 300, "{most} MiB");
}

#[test]
fn who_tells_of_no_broker_is_none() {
    let workspace = workspace(CLUSTER);
    let port = serve(&workspace, |stream| {
        kafka(stream, |api, version| match api {
            ApiKey::Metadata => metadata(std::iter::empty(), version),
            _ => api_versions(),
        })
    });
    Ran::from(by_certificate(&workspace, port, &[]).output().unwrap()).expect(4).says("tells of no broker at all");
}

/// An answer that comes byte by byte, and never ends.
fn dripping(workspace: &Workspace) -> u16 {
    serve(workspace, |stream| {
        let answer = [&60_000_u32.to_be_bytes()[..], &1_u32.to_be_bytes()].concat();
        for byte in answer.into_iter().chain(std::iter::repeat(0)) {
            stream.write_all(&[byte])?;
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    })
}

#[test]
fn a_deadline_is_for_all_of_an_answer() {
    let workspace = workspace(CLUSTER);
    let port = dripping(&workspace);
    let (ran, _) = watched(&mut by_certificate(&workspace, port, &["--deadline", "1s"]), |_, _| ());
    ran.expect(4).says("did not answer within 1 s");
}

#[test]
fn an_interruption_ends_it_while_an_answer_still_comes() {
    let workspace = workspace(CLUSTER);
    let port = dripping(&workspace);
    let interrupted = AtomicBool::new(false);
    let (ran, _) = watched(&mut by_certificate(&workspace, port, &["--deadline", "60m"]), |id, elapsed| {
        if elapsed > Duration::from_secs(2) && !interrupted.swap(true, Ordering::SeqCst) {
            kill_process(Pid::from_raw(id.try_into().unwrap()).unwrap(), Signal::INT).unwrap();
        }
    });
    ran.expect(130).says("interrupted");
}

/// RFC 7677, 4: whoever asks for few iterations is told nothing that the password could be guessed from.
#[test]
fn no_proof_of_a_password_goes_to_who_asks_for_a_cheap_one() {
    let workspace = workspace(&CLUSTER.replace("CONTROLLER:", "CLIENT: { port: 29094, auth: sasl-scram-sha-512 }, CONTROLLER:"));
    for iterations in ["1", "4095", "1000001", "4000000000"] {
        let proved = Arc::new(AtomicBool::new(false));
        let (heard, asked) = (proved.clone(), format!("s=QUJD,i={iterations}"));
        let port = serve(&workspace, move |stream| {
            let messages = std::cell::Cell::new(0);
            requests(stream, |api, version, request| match api {
                ApiKey::SaslHandshake => encoded(&SaslHandshakeResponse::default(), version),
                ApiKey::SaslAuthenticate => {
                    heard.fetch_or(messages.replace(1) > 0, Ordering::SeqCst);
                    let nonce = String::from_utf8_lossy(request).split_once(",r=").unwrap().1.to_owned();
                    let challenge = format!("r={nonce}more,{asked}").into_bytes();
                    encoded(&SaslAuthenticateResponse::default().with_auth_bytes(challenge.into()), version)
                }
                _ => api_versions(),
            })
        });
        let ran = Ran::from(visit(&workspace, "client.properties", port, &[]).output().unwrap());
        ran.expect(4).says(&format!("the server asks for {iterations} SCRAM iterations"));
        assert!(!proved.load(Ordering::SeqCst), "with {iterations} iterations a proof was sent");
    }
}

/// Runs `apply` in a shell that allows this many open files.
fn apply_with(workspace: &Workspace, limit: &str) -> Ran {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{limit} && exec \"$0\" apply"), env!("CARGO_BIN_EXE_countersign")]);
    shell.current_dir(workspace.path("")).output().unwrap().into()
}

#[test]
fn too_few_open_files_are_our_own_lack_and_are_said_before_anything_is_written() {
    let workspace = Workspace::new(CLUSTER);
    let ran = apply_with(&workspace, "ulimit -n 20").expect(1);
    ran.says("this process may open 20 files only (ulimit -n); it needs about 67 for the proof over loopback");
    assert!(!workspace.path("pki/kafka").exists());
    let refused = "ulimit -n 20 && exec \"$0\" verify";
    workspace.ok(&["apply", "--no-proof"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", refused, env!("CARGO_BIN_EXE_countersign")]).current_dir(workspace.path(""));
    Ran::from(shell.output().unwrap()).expect(1).says("for the connections to the brokers");
}

#[test]
fn with_few_open_files_fewer_connections_are_made_at_once_and_the_limit_is_raised_where_it_may_be() {
    for limit in ["ulimit -n 128", "ulimit -S -n 20"] {
        apply_with(&Workspace::new(CLUSTER), limit).expect(0).says("Proof over loopback passed");
    }
}
