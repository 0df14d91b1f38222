//! `rollback`: an earlier generation of a holder becomes the one in use again.

use std::collections::BTreeMap;

use super::{Candidate, DeedError, Means, Proof, Proved, Proving, Signers, Site, proof};
use crate::cluster::{Holder, HolderKind};
use crate::directory::JournalEntry;
use crate::inventory::{Generation, HolderState, Inventory};
use crate::plan::rollback::{self, Doubts, RollbackError};
use crate::plan::{self, HolderStep, Wishes, restart};
use crate::verify;

/// What is to be put in use again, and how careful to be.
#[derive(Debug, Clone, Copy)]
pub struct Rollback<'a> {
    pub holder: &'a Holder,
    /// `None`: the one before the one in use.
    pub generation: Option<u32>,
    pub doubts: Doubts,
    pub proof: Proof,
}

/// What `rollback` did.
#[derive(Debug)]
pub struct RolledBack {
    /// What was in use before.
    pub from: u32,
    pub to: u32,
    pub entry: JournalEntry,
    /// `None` when it was left out.
    pub proof: Option<Proved>,
    /// Why a running broker does not take it without a restart.
    pub restart: Option<String>,
    /// What the next `apply` will do with this holder, if anything.
    pub next: Option<HolderStep>,
}

impl RolledBack {
    /// Whether it is in use now. What failed its proof is not.
    pub fn is_in_use(&self) -> bool {
        self.proof.as_ref().is_none_or(Proved::passed)
    }
}

impl Rollback<'_> {
    /// Proves an earlier generation, and puts it in use.
    ///
    /// # Errors
    /// It is not there, cannot be relied upon, or would be refused. What was in use before still is.
    pub fn run(self, site: Site<'_>, means: Means<'_>) -> Result<RolledBack, DeedError> {
        let Site { spec, directory, .. } = site;
        if !directory.exists() {
            return Err(DeedError::NothingThere { directory: directory.root().to_owned() });
        }
        let _lock = directory.lock()?;
        let mut inventory = directory.read_ours(spec)?;
        let id = &self.holder.id;
        let to = rollback::target(self.holder, inventory.holders.get(id), self.generation)?;
        let from = current(&inventory, self.holder)?;
        let earlier = directory.earlier(spec, &inventory, self.holder, to)?;
        rollback::check(spec, &inventory, self.holder, &earlier, self.doubts, means.now)?;
        let entry = self.entry(means, &inventory, &earlier, from.number)?;
        let restart = restart::needed_between(self.holder, from, &earlier);
        let from = from.number;
        let proof = match self.proof {
            Proof::Demanded => Some(self.prove(site, means, &inventory, to)?),
            Proof::LeftOut => None,
        };
        if proof.as_ref().is_none_or(Proved::passed) {
            directory.journal().append(std::slice::from_ref(&entry))?;
            directory.switch_back(id, to)?;
            if id.kind == HolderKind::Rabbitmq {
                directory.touch(id)?;
            }
            inventory.holders.entry(id.clone()).or_insert_with(HolderState::default).current = Some(earlier);
        }
        let plan = plan::plan(spec, site.snippets, &inventory, means.now, &Wishes::default())?;
        let next = plan.holders.into_iter().find(|step| step.holder == *id);
        Ok(RolledBack { from, to, entry, proof, restart, next })
    }

    fn prove(self, site: Site<'_>, means: Means<'_>, inventory: &Inventory, to: u32) -> Result<Proved, DeedError> {
        verify::loopback_at_once()?;
        let mut signers = Signers::new(site, means.now);
        if let Some(name) = proof::stand_in_authority(site.spec) {
            signers.open(name, inventory)?;
        }
        let candidates = BTreeMap::from([(&self.holder.id, Candidate::Earlier(to))]);
        Proving { site, means, candidates: &candidates }.loopback(inventory, &mut signers, &[self.holder])
    }

    /// The manifest is vouched for by the last line about its generation, so this one has its hash, too.
    fn entry(self, means: Means<'_>, inventory: &Inventory, earlier: &Generation, from: u32) -> Result<JournalEntry, RollbackError> {
        let subject = self.holder.id.to_string();
        let chain = earlier.chain.as_ref().map_err(|unreadable| RollbackError::Unreliable {
            holder: subject.clone(),
            generation: earlier.number,
            why: unreadable.why.clone(),
        })?;
        let manifest = inventory.journal.manifest(&subject, earlier.number).map(str::to_owned);
        let reasons = vec![format!("instead of generation {from}")];
        let entry = JournalEntry::new("rollback", subject, earlier.number, &chain[0], means.now, reasons);
        Ok(JournalEntry { manifest, ..entry })
    }
}

fn current<'i>(inventory: &'i Inventory, holder: &Holder) -> Result<&'i Generation, RollbackError> {
    let current = inventory.holders.get(&holder.id).and_then(|state| state.current.as_ref());
    current.ok_or_else(|| RollbackError::NothingInUse { holder: holder.id.to_string() })
}
