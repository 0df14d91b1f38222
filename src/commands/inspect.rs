//! `inspect`: what is inside, whoever wrote it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use super::Context;
use super::console::{Console, Format};
use super::failure::{Exit, Failure};
use super::passwords::{self, PasswordArgs};
use crate::describe::{self, EndpointFacts, FileFacts};
use crate::keystore::{KeystoreError, Passwords};
use crate::ops::endpoint_named;
use crate::pki::{Host, HostPort};
use crate::{directory, endpoint};

/// Show what is inside files, and what TLS endpoints show, whoever made them
///
/// Reads PEM, DER, PKCS#7, PKCS#12, JKS and JCEKS by their content, whatever they are called. At an endpoint it learns the served
/// chain, the versions and cipher suites, and which client certificates are asked for; it trusts nobody and sends nothing.
/// Exits 1 when anything could not be read.
#[derive(Debug, Args)]
pub struct Inspect {
    /// Files, directories, patterns, or host:port
    #[arg(value_name = "PATH or HOST:PORT", required = true)]
    targets: Vec<PathBuf>,
    #[command(flatten)]
    passwords: PasswordArgs,
    /// The name to ask an endpoint for, in place of its host
    #[arg(long, value_name = "NAME")]
    servername: Option<Host>,
    /// How many seconds each connection may take
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

#[derive(Serialize)]
struct Report {
    targets: Vec<Target>,
    /// Files below directories, or matched by patterns, that hold neither keys nor certificates.
    passed_over: Vec<String>,
}

#[derive(Serialize)]
struct Target {
    target: String,
    #[serde(flatten)]
    shown: Shown,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Shown {
    File(FileFacts),
    Endpoint(Box<EndpointFacts>),
    #[serde(skip)]
    Foreign,
    Error {
        kind: &'static str,
        message: String,
    },
}

impl Inspect {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let passwords = self.passwords.read()?;
        let mut targets = Vec::new();
        for word in &self.targets {
            match endpoint_named(word) {
                Some(target) => targets.push(self.endpoint(&target, context)),
                None => targets.extend(files(word, &passwords, context)),
            }
        }
        let (foreign, targets): (Vec<Target>, Vec<Target>) = targets.into_iter().partition(|target| matches!(target.shown, Shown::Foreign));
        let passed_over: Vec<String> = foreign.into_iter().map(|target| target.target).collect();
        let failed = targets.iter().any(Target::is_incomplete);
        match context.console.format {
            Format::Json => context.console.json(&Report { targets, passed_over }),
            Format::Human => show(&context.console, &targets, &passed_over),
        }
        Ok(if failed { Exit::Failed } else { Exit::Done })
    }

    fn endpoint(&self, target: &HostPort, context: &Context) -> Target {
        let shown = match endpoint::observe(target, self.servername.as_ref(), Duration::from_secs(self.timeout)) {
            Ok(observed) => Shown::Endpoint(Box::new(EndpointFacts::new(&observed, context.now))),
            Err(error) => Shown::Error { kind: "endpoint", message: error.to_string() },
        };
        Target { target: target.to_string(), shown }
    }
}

/// What is asked at the terminal is asked in turn.
fn files(word: &Path, passwords: &Passwords, context: &Context) -> Vec<Target> {
    let files = directory::expand(&[word.to_path_buf()]);
    let look = |path: &PathBuf| Target { target: path.display().to_string(), shown: file(path, word, passwords, context) };
    if passwords::can_ask() { files.iter().map(look).collect() } else { files.par_iter().map(look).collect() }
}

/// A file that `word` stands for. Only what is named itself must hold something.
fn file(path: &Path, word: &Path, passwords: &Passwords, context: &Context) -> Shown {
    let read = if path == word { directory::read_named(path) } else { directory::read_foreign(path) };
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) => return Shown::Error { kind: "directory", message: error.to_string() },
    };
    let target = path.display().to_string();
    match passwords::open_or_ask(bytes.expose(), passwords, &target, &context.console) {
        Ok(contents) => Shown::File(FileFacts::new(&contents, context.now)),
        Err(KeystoreError::Unrecognised { .. }) if path != word => Shown::Foreign,
        Err(error) => Shown::Error { kind: "keystore", message: format!("{target}: {error}") },
    }
}

impl Target {
    fn is_incomplete(&self) -> bool {
        match &self.shown {
            Shown::File(facts) => facts.has_unreadable(),
            Shown::Endpoint(_) | Shown::Foreign => false,
            Shown::Error { .. } => true,
        }
    }
}

/// What was read is data, on pages with an empty line between them; what was not is talk.
fn show(console: &Console, targets: &[Target], passed_over: &[String]) {
    let mut separator = "";
    for Target { target, shown } in targets {
        let text = match shown {
            Shown::File(facts) => describe::file_page(target, facts),
            Shown::Endpoint(facts) => describe::endpoint_page(target, facts),
            Shown::Foreign => continue,
            Shown::Error { message, .. } => {
                console.error(message);
                continue;
            }
        };
        console.data(separator);
        console.text(&text);
        separator = "\n";
    }
    if !passed_over.is_empty() {
        console.say(format_args!("Passed over, for they hold neither keys nor certificates: {}.", passed_over.join(", ")));
    }
}
