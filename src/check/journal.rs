//! The journal against what is in use: whether it was changed, and whether it tells of everything.

use crate::cluster::ClusterSpec;
use crate::finding::{Finding, Place, Rule};
use crate::inventory::{Inventory, JournalState};
use crate::layout;

pub const RULES: &[&Rule] = &[&CHANGED, &INCOMPLETE];

const CHANGED: Rule = Rule::error(
    "journal-changed",
    "a journal that was changed after it was written",
    "Each line carries the hash of the one before, so that nobody takes out what was issued unseen.",
);

const INCOMPLETE: Rule = Rule::error(
    "journal-incomplete",
    "a certificate in use that the journal does not tell of",
    "countersign writes a line before a certificate is used. Either the journal was cut or exchanged, or the certificate was put there by somebody else.",
);

const FIX: &str = "restore it from a backup, or find out who changed it and move it away: the next run begins another";

/// What the journal does not tell of, and whether it was changed.
pub fn check(spec: &ClusterSpec, inventory: &Inventory) -> Vec<Finding> {
    let place = || Place::target(layout::JOURNAL);
    let changed = match inventory.journal.state() {
        JournalState::Whole { .. } => None,
        JournalState::Broken { line } => Some(CHANGED.at(
            Place { line: Some(line), ..place() },
            format!("it was changed after it was written: line {line} does not carry the hash of the line before"),
            FIX,
        )),
        JournalState::Cut => {
            Some(CHANGED.at(place(), "it was changed after it was written: it does not hold the last line any more".to_owned(), FIX))
        }
    };
    let missing = missing(spec, inventory);
    if inventory.journal.is_empty() && !missing.is_empty() {
        let message = "it is not there, or empty, although certificates are in use";
        return vec![INCOMPLETE.at(place(), message, "restore it from a backup; without one the next run begins another")];
    }
    changed.into_iter().chain(missing).collect()
}

fn missing(spec: &ClusterSpec, inventory: &Inventory) -> Vec<Finding> {
    let authorities = inventory.authorities.iter().flat_map(|(name, generations)| {
        generations
            .iter()
            .filter_map(|generation| Some((name.path().to_owned(), generation.number, generation.state.as_ref().ok()?.signing())))
    });
    let holders = spec.holders.iter().filter_map(|holder| {
        let generation = inventory.holders.get(&holder.id)?.current.as_ref()?;
        Some((holder.id.to_string(), generation.number, generation.chain.as_ref().ok()?.first()?))
    });
    let all = authorities.chain(holders);
    let missing = all.filter(|(subject, generation, certificate)| !inventory.journal.tells_of(subject, *generation, certificate));
    missing
        .map(|(subject, generation, certificate)| {
            let message = format!("no line of {} tells of its certificate with the serial number {}", layout::JOURNAL, certificate.serial);
            INCOMPLETE.at(
                Place::target(format!("{subject}/{generation}")),
                message,
                "find out where it comes from, and run countersign apply",
            )
        })
        .collect()
}
