//! `verify`: the proof, against running brokers or over loopback.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::json;
use tokio::runtime::Runtime;

use super::console::{Console, Format, Tone};
use super::failure::{Exit, Failure};
use super::making::Making;
use super::{Context, proof, selected};
use crate::cluster::{ClusterSpec, Holder, HolderId, Role};
use crate::directory::{Directory, Owners};
use crate::inventory::HolderFiles;
use crate::snippet::Snippets;
use crate::verify::{self, ProbeOutcome, Verdict, VerifyReport};

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
        let runtime = Runtime::new().map_err(Failure::Runtime)?;
        let progress = context.console.progress("verifying", 0);
        let report = runtime.block_on(async {
            tokio::select! {
                report = verify::brokers(spec, &everyone, &identities, |done| progress.inc(done as u64)) => Some(report),
                _ = tokio::signal::ctrl_c() => None,
            }
        });
        progress.finish_and_clear();
        let Some(report) = report else {
            context.console.say("Interrupted: nothing is concluded.");
            return Ok(Exit::Interrupted);
        };
        match context.console.format {
            Format::Json => context.console.json(&json!({ "passed": report.passed(), "cells": report.cells, "probes": report.probes })),
            Format::Human => show(&context.console, &report),
        }
        Ok(if report.passed() { Exit::Done } else { Exit::VerificationFailed })
    }
}

fn show(console: &Console, report: &VerifyReport) {
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    let cells = report.cells.iter().map(|cell| {
        let (tls, result) = match &cell.verdict {
            Verdict::Passed(facts) => {
                let did = if facts.did.is_empty() { "handshake".to_owned() } else { facts.did.join(", ") };
                let did = facts.note.iter().fold(did, |did, note| format!("{did}, {note}"));
                (format!("{} {}", facts.protocol, facts.cipher), (format!("ok: {did} ({} ms)", facts.milliseconds), Tone::Good))
            }
            Verdict::Failed(fault) => (String::new(), (format!("FAILED at {}", fault.step.name()), Tone::Bad)),
        };
        vec![plain(&cell.identity), plain(&cell.target), plain(&cell.endpoint), plain(&tls), result]
    });
    console.table(&["AS", "AT", "ADDRESS", "TLS", "RESULT"], cells);
    proof::show_failures(console, report);
    let refused = report.probes.iter().filter(|probe| matches!(probe.outcome, ProbeOutcome::Refused { .. })).count();
    let passed = report.cells.iter().filter(|cell| matches!(cell.verdict, Verdict::Passed(_))).count();
    let (verdict, tone) = if report.passed() { ("passed", Tone::Good) } else { ("FAILED", Tone::Bad) };
    console.data(&format!(
        "\nVerification {}: {passed} of {} connections work, {refused} of {} intruders were refused.\n",
        console.painted(verdict, tone),
        report.cells.len(),
        report.probes.len(),
    ));
}
