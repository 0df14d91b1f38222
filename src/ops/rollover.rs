//! The gates of a rollover: what was seen, by handshakes and in the journal, before the next phase begins.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::{Applied, DeedError, Means, Proof, Signers, Site, apply};
use crate::cluster::{AuthorityName, Holder, HolderId, Role};
use crate::diagnosis::{VerifyReport, Via};
use crate::directory::JournalEntry;
use crate::inventory::{AuthorityGeneration, Inventory};
use crate::issue;
use crate::pki::Certificate;
use crate::plan::{Phase, Remark, Standing, Wishes, standing};
use crate::verify::{self, Attendee, Options};
use crate::visit::Visitor;
use crate::visit::allowance::{self, Lack};

/// What is looked at, and what is taken for granted.
#[derive(Debug, Clone, Copy)]
pub struct Gate<'a> {
    /// Those whom nobody can see from here, and of whom the user says that they have taken what they were given.
    pub assumed: &'a BTreeSet<HolderId>,
    /// For each connection.
    pub deadline: Duration,
    /// How many connections are open at once.
    pub at_once: usize,
}

/// What was seen at a gate.
#[derive(Debug)]
pub struct Evidence {
    /// Clients of the new authority, and of the old one where that still counts, at every listener that asks for a certificate.
    pub handshakes: VerifyReport,
    /// Who holds the gate up besides.
    pub waiting: Vec<Waiting>,
}

impl Evidence {
    pub fn opens(&self) -> bool {
        self.handshakes.passed() && self.waiting.is_empty()
    }
}

/// A holder whom the next phase waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    pub holder: String,
    pub why: &'static str,
}

/// Where each authority stands, in the order of the cluster file.
///
/// # Errors
/// The directory cannot be read.
pub fn standings(site: Site<'_>, means: Means<'_>) -> Result<(Inventory, Vec<Standing>), DeedError> {
    let inventory = site.directory.read_ours(site.spec)?;
    let standings = site.spec.authorities().filter_map(|one| standing(one.name, site.spec, &inventory, means.now)).collect();
    Ok((inventory, standings))
}

/// Begins a rollover: another root, which everyone trusts from now on beside the one that signs.
///
/// # Errors
/// One is under way, or something stood in the way. Done again after a kill, `apply` goes on with it.
pub fn start(site: Site<'_>, means: Means<'_>, standing: &Standing, remark: Option<&Remark>, proof: Proof) -> Result<Applied, DeedError> {
    match standing.phase {
        Phase::Settled => {}
        Phase::TrustBoth | Phase::IssueFromNew => {
            return Err(DeedError::Rollover {
                authority: standing.name,
                why: "a rollover is under way; see `countersign rollover status`",
            });
        }
    }
    note(site, means, standing, "rollover", remark.map(ToString::to_string).into_iter().collect())?;
    apply(site, means, proof, &Wishes::default())
}

/// Gives up a rollover that was started: its new root is trusted no more, and its keys are removed.
///
/// # Errors
/// None is under way, it was not started by anybody, or its new authority has signed.
pub fn abort(site: Site<'_>, means: Means<'_>, inventory: &Inventory, standing: &Standing, proof: Proof) -> Result<Applied, DeedError> {
    let refused = |why| Err(DeedError::Rollover { authority: standing.name, why });
    match standing.phase {
        Phase::Settled => return refused("no rollover is under way"),
        Phase::IssueFromNew => {
            return refused("its new authority has signed, so that leafs of it are in use; go on, and start another afterwards");
        }
        Phase::TrustBoth => {}
    }
    if inventory.journal.told(standing.name.path()).to_be_followed.is_none() {
        return refused("nobody started it: half of the life of the old root is over, and it would follow again at once");
    }
    note(site, means, standing, "abort", Vec::new())?;
    apply(site, means, proof, &Wishes::default())
}

/// A line of the journal about the newest generation, by which a rollover is told how far it is.
fn note(site: Site<'_>, means: Means<'_>, standing: &Standing, event: &str, reasons: Vec<String>) -> Result<(), DeedError> {
    let _lock = site.directory.lock()?;
    let entry = JournalEntry::new(event, standing.name.to_string(), standing.newest, &standing.new_root, means.now, reasons);
    Ok(site.directory.journal().append(&[entry])?)
}

/// What is seen at the gate before the next phase of `standing`.
///
/// # Errors
/// An authority whose probe is needed cannot sign, or this machine lacks what connections need.
pub fn evidence(
    site: Site<'_>,
    means: Means<'_>,
    inventory: &Inventory,
    standing: &Standing,
    gate: Gate<'_>,
) -> Result<Evidence, DeedError> {
    let attendees = attendees(site, means, inventory, standing)?;
    let agenda = verify::handshakes(site.spec, attendees);
    let at_once = verify::connections_at_once(gate.at_once)?;
    let options = Options { now: means.now, deadline: gate.deadline, at_once, probes: false, fail_fast: false };
    let runtime = allowance::runtime()?;
    let underway = means.progress.begin("probing", agenda.meetings.len());
    let handshakes = runtime.block_on(verify::run(agenda, options, async || std::future::pending().await, |_, _| underway.step(1)));
    drop(underway);
    // A name server that does not answer keeps a thread for longer than anybody waits.
    runtime.shutdown_background();
    if let Some(lack) = handshakes.lack() {
        return Err(Lack::Other(lack.to_owned()).into());
    }
    let waiting = site.spec.holders.iter().filter(|holder| !gate.assumed.contains(&holder.id));
    let waiting = waiting.filter_map(|holder| Some(Waiting { holder: holder.id.to_string(), why: unseen(holder, inventory, standing)? }));
    Ok(Evidence { handshakes, waiting: waiting.collect() })
}

/// Goes on to the next phase, where the gate is open: the journal tells on what evidence, and `apply` does the rest. `None`: it is not,
/// and nothing was changed.
///
/// # Errors
/// Whatever stood in the way. Done again, it goes on from there.
pub fn advance(
    site: Site<'_>,
    means: Means<'_>,
    standing: &Standing,
    evidence: &Evidence,
    gate: Gate<'_>,
    proof: Proof,
) -> Result<Option<Applied>, DeedError> {
    let event = match standing.phase {
        Phase::Settled => return Err(DeedError::Rollover { authority: standing.name, why: "no rollover is under way" }),
        Phase::TrustBoth => "signs",
        Phase::IssueFromNew => "alone",
    };
    if !evidence.opens() {
        return Ok(None);
    }
    let assumed: Vec<String> = gate.assumed.iter().map(ToString::to_string).collect();
    let mut reasons = vec![format!("{} handshakes passed", evidence.handshakes.cells.len())];
    reasons.extend((!assumed.is_empty()).then(|| format!("assumed: {}", assumed.join(", "))));
    note(site, means, standing, event, reasons)?;
    apply(site, means, proof, &Wishes::default()).map(Some)
}

/// A client of the new authority; and one of the old, as long as that signs.
fn attendees(site: Site<'_>, means: Means<'_>, inventory: &Inventory, standing: &Standing) -> Result<Vec<Attendee>, DeedError> {
    let nobody = || DeedError::NothingThere { directory: site.directory.root().to_owned() };
    let holder = site.spec.holders.iter().rev().find(|holder| site.spec.issuer_of(holder) == standing.name).ok_or_else(nobody)?;
    let trusted = inventory.anchors(site.spec.trusted_by(holder)).ok_or_else(nobody)?;
    let both = trusted.anchors();
    let mut signers = Signers::new(site, means.now);
    let mut attendee = |name: &str, generation: &AuthorityGeneration, anchors: &[Certificate]| {
        let signer = signers.of_generation(standing.name, generation)?;
        let making = |error: issue::IssueError| DeedError::Making { what: format!("the client of {name}"), source: error.into() };
        let identity = issue::probe(holder, &signer, means.now, means.entropy).map_err(making)?;
        let name = format!("a client of {}", signer.certificate().subject);
        let visitor = Visitor::by_certificate(name.clone(), Via::Pem, &identity, anchors);
        Ok::<_, DeedError>(Attendee { name, via: Via::Pem, visitor, notes: Vec::new() })
    };
    let generation = |wanted: &dyn Fn(u32) -> bool| {
        let all = inventory.authorities.get(&standing.name).into_iter().flatten();
        all.filter(|generation| wanted(generation.number)).last().ok_or_else(nobody)
    };
    let new = generation(&|number| !standing.old.contains(&number))?;
    match standing.phase {
        Phase::Settled => Ok(Vec::new()),
        Phase::TrustBoth => {
            let old = generation(&|number| standing.old.contains(&number))?;
            Ok(vec![attendee("the new authority", new, both)?, attendee("the old authority", old, both)?])
        }
        Phase::IssueFromNew => {
            let serves = site.spec.trusted_by_clients().contains(&standing.name);
            let alone = both.iter().filter(|anchor| !serves || !is_old(anchor, inventory, standing)).cloned();
            Ok(vec![attendee("the new authority", new, &alone.collect::<Vec<_>>())?])
        }
    }
}

fn is_old(anchor: &Certificate, inventory: &Inventory, Standing { name, old, .. }: &Standing) -> bool {
    let generations = inventory.authorities.get(name).into_iter().flatten().filter(|generation| old.contains(&generation.number));
    generations.filter_map(|generation| generation.state.as_ref().ok()).any(|certificates| certificates.root == *anchor)
}

/// Why nobody can see from here that `holder` is ready for the next phase.
fn unseen(holder: &Holder, inventory: &Inventory, standing: &Standing) -> Option<&'static str> {
    if standing.phase == Phase::IssueFromNew && standing.behind.contains(&holder.id) {
        return Some("its leaf is still of the old authority: run `countersign apply`");
    }
    let current = inventory.holders.get(&holder.id).and_then(|state| Some(state.current.as_ref()?.number));
    let pushed = inventory.journal.pushed(&holder.id.to_string());
    match (&holder.role, standing.phase) {
        (_, Phase::Settled) | (Role::Rabbitmq(_), _) => None,
        (Role::Kafka(_), Phase::TrustBoth) => {
            Some("its own connection to the quorum trusts what it started with: restart it, if it was not since both are trusted")
        }
        (Role::Kafka(_), Phase::IssueFromNew) => {
            Some("its own connection to the quorum shows what it started with: restart it, if it was not since it has its new leaf")
        }
        (Role::Client(_), _) if pushed.is_some() && pushed == current => None,
        (Role::Client(_), Phase::TrustBoth) => Some("nobody has seen that its program trusts both: give it its files, and restart it"),
        (Role::Client(_), Phase::IssueFromNew) => {
            Some("nobody has seen that its program shows its new leaf: give it its files, and restart it")
        }
    }
}

/// Which authority a rollover is about: the one that is named, or the only one.
pub fn which(standings: &[Standing], name: Option<AuthorityName>) -> Option<&Standing> {
    match name {
        Some(name) => standings.iter().find(|standing| standing.name == name),
        None => standings.first().filter(|_| standings.len() == 1),
    }
}
