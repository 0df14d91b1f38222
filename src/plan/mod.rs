//! Floor 5: spec + inventory + now → steps, each with its reasons. Decides everything, does nothing.

mod authority;
pub mod calendar;
mod keep;
mod leaf;
mod permitted;
mod reason;
mod recipe;
pub mod restart;
pub mod retire;
mod rewrite;
pub mod rollback;
mod rollover;
mod succession;
mod trouble;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rayon::prelude::*;
use time::OffsetDateTime;

pub use authority::{Loss, PlanError, check_key, check_keys};
pub use keep::Disposal;
pub use leaf::would_end;
pub use reason::Reason;
pub use recipe::{Ingredients, made_from, trust_aliases};
pub use rollover::{Phase, Standing, standing};
pub use succession::{Descent, PastAuthority};
pub use trouble::Trouble;
pub use wishes::{Gone, Remark, RemarkError, Rotation, Wishes};

use crate::cluster::{AuthorityName, ClusterSpec, Holder, HolderId, LeafKey};
use crate::inventory::Inventory;
use crate::layout::{self, HolderFile};
use crate::pki::{Password, TrustBundle};
use crate::snippet::Snippets;

/// What `apply` will do, in this order. Nothing in it overwrites an authority, or removes one that anybody needs.
#[derive(Debug, Default)]
pub struct Plan {
    pub authorities: Vec<AuthorityStep>,
    /// The generations of authorities that nobody needs any more, whose keys are removed for good.
    pub past: Vec<PastAuthority>,
    /// Whether the files below `trust/` must be written.
    pub trust: bool,
    pub holders: Vec<HolderStep>,
    /// What runs that were cut short left behind, relative to the root: it is removed before anything else is done.
    pub leftovers: Vec<PathBuf>,
    /// Generations that are kept no longer once all else is done.
    pub disposals: Vec<Disposal>,
    /// Holders that are gone, whose files are archived once all else is done.
    pub retirements: Vec<HolderId>,
    /// How many holders are as they should be.
    pub unchanged: usize,
    /// What is wrong and `apply` cannot mend.
    pub troubles: Vec<Trouble>,
    /// What the user should know besides.
    pub notices: Vec<String>,
}

impl Plan {
    /// Why `holder` is left alone, whatever is due.
    pub fn fault(&self, holder: &HolderId) -> Option<&str> {
        let name = holder.to_string();
        self.troubles.iter().find_map(|trouble| match trouble {
            Trouble::Holder { holder, why } if *holder == name => Some(why.as_str()),
            Trouble::Holder { .. }
            | Trouble::Leftover { .. }
            | Trouble::AuthorityKey { .. }
            | Trouble::RootKey { .. }
            | Trouble::AuthorityEnded { .. }
            | Trouble::AuthorityEnds { .. }
            | Trouble::AuthorityNotYetValid { .. } => None,
        })
    }

    /// Whether the authority `name` can sign, as far as its dates go.
    fn signs(&self, name: AuthorityName) -> bool {
        !self.troubles.iter().any(|trouble| match trouble {
            Trouble::AuthorityEnded { authority, .. } | Trouble::AuthorityNotYetValid { authority, .. } => *authority == name.path(),
            Trouble::Holder { .. }
            | Trouble::Leftover { .. }
            | Trouble::AuthorityKey { .. }
            | Trouble::RootKey { .. }
            | Trouble::AuthorityEnds { .. } => false,
        })
    }

    /// Whether nothing is left to be cleared away.
    pub fn is_clear(&self) -> bool {
        self.leftovers.is_empty() && self.disposals.is_empty() && self.retirements.is_empty()
    }

    /// Whether all is as the cluster file has it. Something may be left to be cleared away.
    pub fn is_empty(&self) -> bool {
        self.authorities.is_empty() && self.past.is_empty() && !self.trust && self.holders.is_empty()
    }

    /// The authorities that have a leaf to sign.
    pub fn signing(&self, spec: &ClusterSpec) -> BTreeSet<AuthorityName> {
        let issued: BTreeSet<&HolderId> =
            self.holders.iter().filter(|step| matches!(step.action, Action::Issue(_))).map(|step| &step.holder).collect();
        spec.holders.iter().filter(|holder| issued.contains(&holder.id)).map(|holder| spec.issuer_of(holder)).collect()
    }
}

/// A new generation of an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityStep {
    pub name: AuthorityName,
    pub generation: u32,
    /// The generations that are of no use any more, which are put aside.
    pub damaged: Vec<u32>,
    pub descent: Descent,
}

/// A new generation of a holder's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderStep {
    pub holder: HolderId,
    pub generation: u32,
    pub action: Action,
    /// Never empty; the first is what the user is told first.
    pub reasons: Vec<Reason>,
    /// Why a running broker does not take it without a restart.
    pub restart: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A new leaf for this key, and every file.
    Issue(LeafKey),
    /// The same key and leaf, laid out anew.
    Rewrite,
}

/// Compares what the user wants with what is there.
pub fn plan(
    spec: &ClusterSpec,
    snippets: &Snippets<'_>,
    inventory: &Inventory,
    now: OffsetDateTime,
    wishes: &Wishes,
) -> Result<Plan, PlanError> {
    let mut plan = Plan::default();
    authority::check_clock(spec, now)?;
    authority::check_sides(spec, inventory)?;
    for authority in spec.authorities() {
        let steps = authority::steps(authority, spec, inventory, now, wishes.loss)?;
        if steps.is_empty() {
            plan.troubles.extend(trouble::of_authority(spec, authority.name, inventory, now));
            plan.troubles.extend(trouble::of_its_end(spec, authority.name, inventory, now));
            plan.troubles.extend(authority::broken_keys(spec, authority.name, inventory, now));
            plan.notices.extend(authority::notices(spec, authority, inventory, now));
        }
        plan.troubles.extend(trouble::of_root_key(spec, authority, inventory, now));
        plan.past.extend(succession::over(authority.name, spec, inventory, &steps, now));
        plan.authorities.extend(steps);
    }
    let is_there = |(name, bytes): (&String, &Vec<u8>)| inventory.trust_files.get(name) == Some(bytes);
    let has_trust = trust_files(spec, inventory, &plan.past).is_some_and(|wanted| wanted.iter().all(is_there));
    let has_new_root = plan.authorities.iter().any(|step| step.descent.has_new_root());
    plan.trust = !has_trust || inventory.trust_password.is_none() || has_new_root;
    let sasl_passwords = inventory.sasl_passwords();
    let faults = trouble::of_holders(spec, inventory, &sasl_passwords);
    let trust = trust_of_holders(spec, inventory, &plan.past);
    let view = View { spec, snippets, inventory, sasl_passwords: &sasl_passwords, trust: &trust, authorities: &plan.authorities, now };
    let step = |holder| view.step(holder);
    plan.holders = spec.holders.par_iter().filter(|holder| !faults.contains_key(&holder.id)).filter_map(step).collect();
    let faulty = faults.len();
    plan.troubles.extend(faults.into_iter().map(|(holder, why)| Trouble::Holder { holder: holder.to_string(), why }));
    if let Some(rotation) = &wishes.rotation {
        wishes::narrow(&mut plan, spec, inventory, rotation)?;
    }
    permitted::check(spec, inventory, &plan.holders, now)?;
    let restarts = plan.holders.iter().filter_map(|step| Some((&step.holder, step.restart.as_ref()?)));
    plan.notices.extend(restarts.map(|(holder, why)| format!("{holder} must be restarted to take its new files: {why}")));
    plan.unchanged = spec.holders.len() - plan.holders.len() - faulty;
    plan.leftovers.clone_from(&inventory.leftovers);
    plan.disposals = keep::disposals(spec, inventory, &plan.holders, now);
    if let Some(rotation) = &wishes.rotation {
        plan.disposals.retain(|disposal| rotation.holders.contains(&disposal.holder));
    }
    plan.notices.extend(trouble::of_clock(inventory, now));
    match wishes.gone {
        Gone::LeftAlone => plan.notices.extend(retire::notices(spec, inventory)),
        Gone::Retired => plan.retirements = inventory.gone.keys().cloned().collect(),
    }
    Ok(plan)
}

/// All that the steps of holders are decided by.
#[derive(Clone, Copy)]
struct View<'a> {
    spec: &'a ClusterSpec,
    snippets: &'a Snippets<'a>,
    inventory: &'a Inventory,
    sasl_passwords: &'a BTreeMap<HolderId, Password>,
    trust: &'a BTreeMap<&'static [AuthorityName], Option<TrustBundle>>,
    authorities: &'a [AuthorityStep],
    now: OffsetDateTime,
}

impl View<'_> {
    fn step(self, holder: &Holder) -> Option<HolderStep> {
        let Self { spec, snippets, inventory, sasl_passwords, now, .. } = self;
        let state = inventory.holders.get(&holder.id);
        let generation = state.map_or(0, |state| state.newest) + 1;
        let step = |action, reasons, restart| Some(HolderStep { holder: holder.id.clone(), generation, action, reasons, restart });
        let made = |name: AuthorityName| self.authorities.iter().filter(move |step| step.name == name).map(|step| &step.descent);
        // Under an authority that signs nothing now, what can be laid out anew still is.
        let issuer = spec.issuer_of(holder);
        let signs_anew = made(issuer).find(|descent| descent.signs(now));
        let signs = signs_anew.is_some() || trouble::of_authority(spec, issuer, inventory, now).is_none();
        let Some(current) = state.and_then(|state| state.current.as_ref()) else {
            return if signs { step(Action::Issue(LeafKey::Fresh), vec![Reason::Missing], None) } else { None };
        };
        let trust = self.trust.get(spec.trusted_by(holder)).and_then(Option::as_ref);
        let mut reasons = leaf::reasons(spec, inventory, holder, current, signs_anew, now);
        if signs && !reasons.is_empty() {
            let rest = rewrite::reasons(spec, snippets, inventory, sasl_passwords, trust, holder, current);
            let restart = restart::needed(holder, reasons.iter().chain(&rest));
            // The rest is made anew in any case; what somebody wrote there is told.
            reasons.extend(rewrite::edited(snippets, inventory, sasl_passwords, holder, current));
            return step(Action::Issue(leaf::renewed_key(spec, inventory, holder, current)), reasons, restart);
        }
        let mut reasons = rewrite::reasons(spec, snippets, inventory, sasl_passwords, trust, holder, current);
        let is_trusted_anew = |name: &AuthorityName| made(*name).any(Descent::has_new_root);
        let anchors = Reason::TrustSet { file: HolderFile::Anchors.name().to_owned() };
        if spec.trusted_by(holder).iter().any(is_trusted_anew) && !reasons.contains(&anchors) {
            reasons.insert(0, anchors);
        }
        let restart = restart::needed(holder, &reasons);
        if reasons.is_empty() { None } else { step(Action::Rewrite, reasons, restart) }
    }
}

/// What each kind of holder must trust, once what is past is gone.
fn trust_of_holders(
    spec: &ClusterSpec,
    inventory: &Inventory,
    past: &[PastAuthority],
) -> BTreeMap<&'static [AuthorityName], Option<TrustBundle>> {
    let names: BTreeSet<&'static [AuthorityName]> = spec.holders.iter().map(|holder| spec.trusted_by(holder)).collect();
    names.into_iter().map(|names| (names, anchors_without(inventory, names, past))).collect()
}

fn anchors_without(inventory: &Inventory, names: &[AuthorityName], past: &[PastAuthority]) -> Option<TrustBundle> {
    let is_over = |name, generation| past.iter().any(|over| over.name == name && over.generation == generation);
    inventory.anchors_without(names, is_over)
}

/// The certificate files below `trust/`, by name, once what is past is gone. `None` while an authority is yet to be made.
pub fn trust_files(spec: &ClusterSpec, inventory: &Inventory, past: &[PastAuthority]) -> Option<BTreeMap<String, Vec<u8>>> {
    spec.authorities()
        .map(|authority| {
            let anchors = anchors_without(inventory, &[authority.name], past)?;
            Some((layout::trust_file(authority.name).to_owned(), anchors.to_pem().into_bytes()))
        })
        .collect()
}
