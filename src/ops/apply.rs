//! `apply`: plan, make, prove, and only then put in use.

use std::collections::BTreeMap;

use super::making::{Made, Making};
use super::{Candidate, DeedError, Means, Proved, Proving, Retired, Site, retire};
use crate::check;
use crate::cluster::{Holder, HolderId};
use crate::directory::{JournalEntry, Owners};
use crate::finding::Severity;
use crate::inventory::Inventory;
use crate::plan::{self, Plan, Trouble, Wishes};
use crate::verify;

/// Whether what was made is proved before it is put in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Demanded,
    LeftOut,
}

/// What `apply` did.
#[derive(Debug)]
pub struct Applied {
    pub plan: Plan,
    /// In the order of the plan's holders.
    pub made: Vec<Made>,
    /// `None` when it was left out, or there was nothing to prove.
    pub proof: Option<Proved>,
    /// Holders that are gone.
    pub retired: Vec<Retired>,
}

impl Applied {
    /// Whether what was made is in use now. What failed its proof is not: whatever was in use before still is.
    pub fn is_in_use(&self) -> bool {
        self.proof.as_ref().is_none_or(Proved::passed)
    }
}

/// What `apply` would do. Reads, and writes nothing.
///
/// # Errors
/// The directory cannot be read, or there can be no plan.
pub fn planned(site: Site<'_>, means: Means<'_>, wishes: &Wishes) -> Result<Plan, DeedError> {
    look(site, means, wishes).map(|(_, plan)| plan)
}

/// What is there, and what is to be done. Nothing is, where others own or may write what decides.
fn look(site: Site<'_>, means: Means<'_>, wishes: &Wishes) -> Result<(Inventory, Plan), DeedError> {
    let inventory = site.directory.read_ours(site.spec)?;
    let mut plan = plan::plan(site.spec, site.snippets, &inventory, means.now, wishes)?;
    plan::check_keys(site.spec, &inventory, &plan, means.now)?;
    let found = check::ground(site.spec, &inventory).into_iter().filter(|finding| finding.rule.severity > Severity::Note);
    plan.notices.extend(found.map(|finding| finding.to_string()));
    Ok((inventory, plan))
}

/// Makes the directory what the cluster file says, or as much of that as is asked for.
///
/// Every holder's new files are written beside those in use, read back and proved, and only then put in use: all of them, or none.
///
/// # Errors
/// Whatever stood in the way. What was in use before still is.
pub fn apply(site: Site<'_>, means: Means<'_>, proof: Proof, wishes: &Wishes) -> Result<Applied, DeedError> {
    let owners = Owners::look_up(site.spec)?;
    let _lock = site.directory.lock()?;
    // Whoever held the lock before may have done the work.
    let (inventory, mut plan) = look(site, means, wishes)?;
    let stuck = site.directory.clear(&plan.leftovers);
    plan.troubles.extend(stuck.iter().map(|error| Trouble::Leftover { why: error.to_string() }));
    if plan.is_empty() {
        let retired = clear_away(site, means, &mut plan, &inventory)?;
        return Ok(Applied { plan, made: Vec::new(), proof: None, retired });
    }
    if proof == Proof::Demanded {
        // What cannot be proved here is not made.
        verify::loopback_at_once()?;
    }
    let mut making = Making::new(site, means, &owners, inventory);
    making.open_signers(&plan, proof)?;
    let made = making.stage(&plan)?;
    let proved = match proof {
        Proof::Demanded => Some(prove(&mut making, &plan).inspect_err(|_| making.discard(&plan))?),
        Proof::LeftOut => None,
    };
    if proved.as_ref().is_none_or(Proved::passed) {
        making.put_in_use(&plan, &made)?;
        let retired = clear_away(site, means, &mut plan, &making.inventory)?;
        Ok(Applied { plan, made, proof: proved, retired })
    } else {
        making.discard(&plan);
        Ok(Applied { plan, made, proof: proved, retired: Vec::new() })
    }
}

/// Removes the generations that are kept no longer, and archives whoever is gone. What cannot be is told, and stands in nobody's way.
fn clear_away(site: Site<'_>, means: Means<'_>, plan: &mut Plan, inventory: &Inventory) -> Result<Vec<Retired>, DeedError> {
    let entries: Vec<JournalEntry> = plan
        .disposals
        .iter()
        .map(|disposal| JournalEntry::dropped(disposal.holder.to_string(), means.now, &disposal.generations))
        .collect();
    site.directory.journal().append(&entries)?;
    for disposal in &plan.disposals {
        let stuck = site.directory.drop_generations(&disposal.holder, &disposal.generations);
        plan.troubles.extend(stuck.iter().map(|error| Trouble::Leftover { why: error.to_string() }));
    }
    let mut retired = Vec::new();
    for id in &plan.retirements {
        match retire::archive(site, means, inventory, id) {
            Ok(done) => retired.push(done),
            Err(error) => plan.troubles.push(Trouble::Holder { holder: id.to_string(), why: error.to_string() }),
        }
    }
    Ok(retired)
}

/// The staged files of everyone that the plan touches, among them and those in use.
fn prove(making: &mut Making<'_>, plan: &Plan) -> Result<Proved, DeedError> {
    let staged: BTreeMap<&HolderId, Candidate> =
        plan.holders.iter().map(|step| (&step.holder, Candidate::Staged(step.generation))).collect();
    let touched: Vec<&Holder> = making.site.spec.holders.iter().filter(|holder| staged.contains_key(&holder.id)).collect();
    Proving { site: making.site, means: making.means, candidates: &staged }.loopback(&making.inventory, &mut making.signers, &touched)
}
