//! What the user asks for besides what is due.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use super::{Action, Descent, HolderStep, Loss, Plan, PlanError, Reason, Trouble, leaf};
use crate::cluster::{ClusterSpec, Holder, HolderId, LeafKey};
use crate::inventory::Inventory;
use crate::text::printable;

/// Nothing besides, unless something is said.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    pub loss: Loss,
    /// Then nothing else is done.
    pub rotation: Option<Rotation>,
    pub gone: Gone,
}

/// What becomes of holders that the cluster file does not name any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gone {
    #[default]
    LeftAlone,
    Retired,
}

/// New leafs now, whatever is due.
#[derive(Debug, Clone)]
pub struct Rotation {
    pub holders: BTreeSet<HolderId>,
    /// `None`: as the cluster file has it.
    pub key: Option<LeafKey>,
    pub remark: Option<Remark>,
}

/// Why something is asked for, in the words of whoever asks: one line of at most 200 characters, all of which can be seen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Remark(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemarkError {
    #[error("it says nothing")]
    Empty,
    #[error("it is longer than {} characters", Remark::LONGEST)]
    Long,
    #[error("it is not one line of characters that can be seen")]
    Unprintable,
}

impl Remark {
    const LONGEST: usize = 200;
}

impl FromStr for Remark {
    type Err = RemarkError;

    fn from_str(text: &str) -> Result<Self, RemarkError> {
        match text.trim() {
            "" => Err(RemarkError::Empty),
            text if text.chars().count() > Self::LONGEST => Err(RemarkError::Long),
            text if printable(text) != text => Err(RemarkError::Unprintable),
            text => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes of a plan of all that is due one of what is asked for, and tells what else is due.
pub fn narrow(plan: &mut Plan, spec: &ClusterSpec, inventory: &Inventory, rotation: &Rotation) -> Result<(), PlanError> {
    if let Some(step) = plan.authorities.iter().find(|step| step.descent == Descent::Founded) {
        return Err(PlanError::Unfounded(step.name.to_string()));
    }
    plan.past.clear();
    plan.notices
        .extend(plan.authorities.drain(..).map(|step| format!("{}/{} is due, too: run `countersign apply`", step.name, step.generation)));
    if inventory.trust_password.is_none() {
        return Err(PlanError::Unfounded("the password of the trust stores".to_owned()));
    }
    let mut due: BTreeMap<HolderId, HolderStep> =
        std::mem::take(&mut plan.holders).into_iter().map(|step| (step.holder.clone(), step)).collect();
    for holder in spec.holders.iter().filter(|holder| rotation.holders.contains(&holder.id)) {
        let step = due.remove(&holder.id);
        if plan.fault(&holder.id).is_none() && plan.signs(spec.issuer_of(holder)) {
            plan.holders.push(forced(spec, inventory, holder, step, rotation)?);
        }
    }
    if std::mem::take(&mut plan.trust) {
        plan.notices.push("the files below trust/ are due, too: run `countersign apply`".to_owned());
    }
    if !due.is_empty() {
        let named: Vec<String> = due.keys().take(5).map(HolderId::to_string).collect();
        let more = if due.len() > named.len() { ", …" } else { "" };
        plan.notices.push(format!("{} others are due, too ({}{more}): run `countersign apply`", due.len(), named.join(", ")));
    }
    let is_asked_for = |name: &str| rotation.holders.iter().any(|id| id.to_string() == name);
    let (asked, others) = std::mem::take(&mut plan.troubles).into_iter().partition(|trouble| match trouble {
        Trouble::Holder { holder, .. } => is_asked_for(holder),
        Trouble::Leftover { .. }
        | Trouble::AuthorityKey { .. }
        | Trouble::RootKey { .. }
        | Trouble::AuthorityEnded { .. }
        | Trouble::AuthorityEnds { .. }
        | Trouble::AuthorityNotYetValid { .. } => true,
    });
    plan.troubles = asked;
    plan.notices.extend(others.iter().map(Trouble::to_string));
    Ok(())
}

/// `due` is what would have been done in any case.
fn forced(
    spec: &ClusterSpec,
    inventory: &Inventory,
    holder: &Holder,
    due: Option<HolderStep>,
    rotation: &Rotation,
) -> Result<HolderStep, PlanError> {
    let state = inventory.holders.get(&holder.id);
    let worn = match state.and_then(|state| state.current.as_ref()) {
        Some(current) => leaf::worn_key(spec, inventory, holder, current),
        None => Some("it has none yet".to_owned()),
    };
    let key = match (rotation.key.unwrap_or(spec.leaf.renewed_key), worn) {
        (LeafKey::Fresh, _) => LeafKey::Fresh,
        (LeafKey::Kept, None) => LeafKey::Kept,
        (LeafKey::Kept, Some(why)) if rotation.key.is_some() => return Err(PlanError::WornKey { holder: holder.id.to_string(), why }),
        (LeafKey::Kept, Some(_)) => LeafKey::Fresh,
    };
    let asked = Reason::Asked { remark: rotation.remark.clone() };
    let restart = due.as_ref().and_then(|step| step.restart.clone());
    let reasons = [asked].into_iter().chain(due.into_iter().flat_map(|step| step.reasons)).collect();
    let generation = state.map_or(0, |state| state.newest) + 1;
    Ok(HolderStep { holder: holder.id.clone(), generation, action: Action::Issue(key), reasons, restart })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_remark_is_a_line_that_can_be_seen() {
        assert_eq!("  the laptop was stolen ".parse::<Remark>().unwrap().to_string(), "the laptop was stolen");
        assert_eq!(" ".parse::<Remark>(), Err(RemarkError::Empty));
        assert_eq!("x".repeat(201).parse::<Remark>(), Err(RemarkError::Long));
        assert_eq!("two\nlines".parse::<Remark>(), Err(RemarkError::Unprintable));
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_one_short_line_or_none(text in any::<String>()) {
            if let Ok(remark) = text.parse::<Remark>() {
                let said = remark.to_string();
                prop_assert!(said.lines().count() == 1 && said.chars().count() <= 200);
                prop_assert_eq!(printable(&said), said.as_str());
            }
        }
    }
}
