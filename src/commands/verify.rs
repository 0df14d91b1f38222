//! `verify`: the proof, against running brokers or over loopback.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use serde_json::json;
use tokio::runtime::Runtime;

use super::console::{Console, Format, Tone};
use super::failure::{Exit, Failure};
use super::making::Making;
use super::{Context, proof, selected};
use crate::cluster::{ClusterSpec, Holder, HolderId, Role};
use crate::diagnosis::{ProbeOutcome, Verdict, VerifyReport};
use crate::directory::{Directory, Owners};
use crate::inventory::HolderFiles;
use crate::snippet::Snippets;
use crate::verify::{self, Options};

/// Prove that mutual TLS works: as every client, at every broker
///
/// Connects to each advertised address as each client would, and as each Kafka node where it plays a client: handshake, a message
/// produced and consumed. Then tries what must be refused: no certificate, a foreign authority, plaintext. Exits 4 when anything
/// fails or anyone is let in.
#[derive(Debug, Args)]
pub struct Verify {
    /// Connect as these only, as clients/orders or orders
    #[arg(value_name = "HOLDER")]
    holders: Vec<String>,
    /// Prove the files in handshakes over loopback; needs no broker
    #[arg(long)]
    loopback: bool,
}

impl Verify {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let directory = context.directory()?;
        let wanted = selected(&spec, &self.holders)?;
        if !directory.exists() {
            return Err(Failure::NothingThere { directory: directory.root().to_owned() });
        }
        if self.loopback {
            self.over_loopback(context, &spec, &directory, &wanted)
        } else {
            self.brokers(context, &spec, &directory, &wanted)
        }
    }

    fn over_loopback(&self, context: &Context, spec: &ClusterSpec, directory: &Directory, wanted: &[&Holder]) -> Result<Exit, Failure> {
        let snippets = Snippets::new(spec, directory.root());
        let owners = Owners::default();
        let inventory = directory.read(spec)?;
        let mut making = Making::new(context, spec, &snippets, directory, &owners, inventory);
        let proved = proof::loopback(context, spec, directory, &mut making, wanted)?;
        match context.console.format {
            Format::Json => context.console.json(&proved.json()),
            Format::Human => proved.show(&context.console),
        }
        Ok(if proved.passed() { Exit::Done } else { Exit::VerificationFailed })
    }

    fn brokers(&self, context: &Context, spec: &ClusterSpec, directory: &Directory, wanted: &[&Holder]) -> Result<Exit, Failure> {
        let identities: BTreeSet<HolderId> =
            wanted.iter().filter(|holder| !matches!(holder.role, Role::Rabbitmq(_))).map(|holder| holder.id.clone()).collect();
        let mut everyone: Vec<(&Holder, HolderFiles)> = Vec::new();
        for holder in spec.holders.iter().filter(|holder| identities.contains(&holder.id) || !matches!(holder.role, Role::Client(_))) {
            match directory.holder_files(spec, holder)? {
                Some(files) => everyone.push((holder, files)),
                None => return Err(Failure::NothingThere { directory: directory.root().join(holder.id.to_string()) }),
            }
        }
        let agenda = verify::agenda_by_cluster(spec, &everyone, &identities, &BTreeMap::new(), false);
        let options =
            Options { now: context.now, deadline: std::time::Duration::from_secs(5), at_once: 32, probes: true, fail_fast: false };
        let runtime = Runtime::new().map_err(Failure::Runtime)?;
        let progress = context.console.progress("verifying", 0);
        let stop = async {
            let _ = tokio::signal::ctrl_c().await;
        };
        let report = runtime.block_on(verify::run(agenda, options, stop, |done| progress.set_position(done as u64)));
        progress.finish_and_clear();
        runtime.shutdown_background();
        match context.console.format {
            Format::Json => context.console.json(&json!({ "passed": report.passed(), "cells": report.cells, "probes": report.probes })),
            Format::Human => show(&context.console, &report),
        }
        if report.cut_short.as_deref() == Some("interrupted") {
            return Ok(Exit::Interrupted);
        }
        Ok(if report.passed() { Exit::Done } else { Exit::VerificationFailed })
    }
}

fn show(console: &Console, report: &VerifyReport) {
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    let cells = report.cells.iter().map(|cell| {
        let tls = cell.handshake().map_or_else(String::new, |handshake| format!("{} {}", handshake.protocol, handshake.cipher));
        let result = match &cell.verdict {
            Verdict::Passed => ("ok".to_owned(), Tone::Good),
            Verdict::Failed(failure) => (format!("FAILED: {}", failure.diagnosis.rule.code), Tone::Bad),
        };
        vec![plain(&cell.identity), plain(&cell.target), plain(&cell.endpoint), plain(&tls), result]
    });
    console.table(&["AS", "AT", "ADDRESS", "TLS", "RESULT"], cells);
    proof::show_failures(console, report);
    let refused = report.probes.iter().filter(|probe| matches!(probe.outcome, ProbeOutcome::Refused { .. })).count();
    let passed = report.cells.iter().filter(|cell| matches!(cell.verdict, Verdict::Passed)).count();
    let (verdict, tone) = if report.passed() { ("passed", Tone::Good) } else { ("FAILED", Tone::Bad) };
    console.data(&format!(
        "\nVerification {}: {passed} of {} connections work, {refused} of {} intruders were refused.\n",
        console.painted(verdict, tone),
        report.cells.len(),
        report.probes.len(),
    ));
}
