//! Whoever interrupts a verification gets what is known by then.

#![allow(clippy::disallowed_methods)]

mod support;

use std::net::TcpListener;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use support::{Ran, Workspace};

#[test]
fn an_interruption_ends_a_verification_and_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let workspace = Workspace::new(&format!(
        "
cluster: tests
rabbitmq: {{ version: 4.0, nodes: [{{ name: rabbit-1, host: localhost, port: {port} }}] }}
clients: [{{ name: queues, rabbitmq: {{}} }}]
"
    ));
    workspace.ok(&["apply"]);
    let mut command = workspace.command(&["verify", "--deadline", "60m", "--format", "json"]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It is being visited, by somebody whom nobody answers.
    let _held = listener.accept().unwrap();
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    Ran::from(running.wait_with_output().unwrap()).expect(130).says("interrupted");
}
