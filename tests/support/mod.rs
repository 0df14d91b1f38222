//! What the tests share: a workspace to run countersign in, and the real brokers and stores of secrets.

#![allow(dead_code, clippy::disallowed_methods, clippy::disallowed_macros)]

pub mod amqp;
pub mod broker;
pub mod certificates;
pub mod client;
pub mod fault_proxy;
pub mod faults;
pub mod hostile;
pub mod http;
pub mod kafka;
pub mod kubernetes;
pub mod moto;
pub mod node;
pub mod others;
pub mod proxy;
pub mod rabbitmq;
pub mod rabbitmq_node;
pub mod vault;
pub mod vault_logins;
pub mod vault_workspace;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A directory with a cluster file, gone when the test ends.
pub struct Workspace {
    dir: TempDir,
}

/// What a run of countersign left behind.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Workspace {
    pub fn new(cluster_file: &str) -> Self {
        let workspace = Self { dir: tempfile::tempdir().unwrap() };
        workspace.rewrite(cluster_file);
        workspace
    }

    /// Exchanges the cluster file.
    pub fn rewrite(&self, cluster_file: &str) {
        fs::write(self.path("countersign.yaml"), cluster_file).unwrap();
    }

    /// Changes the one place in the cluster file that reads `from`.
    pub fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("countersign.yaml")).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from:?} must stand in the cluster file once");
        self.rewrite(&text.replace(from, to));
    }

    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(relative)
    }

    /// Runs countersign here.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(arguments).current_dir(self.dir.path());
        command
    }

    /// Runs countersign, which must end well; its output.
    pub fn ok(&self, arguments: &[&str]) -> String {
        self.run(arguments).expect(0).stdout
    }

    /// The JSON that a run printed.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let ran = self.run(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr))
    }

    pub fn read(&self, relative: impl AsRef<Path>) -> String {
        let path = self.path(relative);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The error says this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text) || self.stdout.contains(text), "{text:?} is not in\n{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// Ports that were free a moment ago.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let listeners: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    std::array::from_fn(|index| listeners[index].local_addr().unwrap().port())
}

/// Where `tests/run install` put what it fetched.
pub fn fixtures() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fixtures");
    let fixtures = std::env::var_os("COUNTERSIGN_FIXTURES").map_or_else(default, PathBuf::from);
    assert!(fixtures.is_dir(), "{} is not there: run `tests/run install`", fixtures.display());
    fixtures
}

/// Runs a program that must end well; what it printed on both streams.
#[track_caller]
pub fn program(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}; run `tests/run install`"));
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed:\n{text}");
    text
}
