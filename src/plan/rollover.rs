//! Where the rollover of an authority stands, as the directory and its journal tell.

use serde::Serialize;
use time::OffsetDateTime;

use crate::cluster::{AuthorityName, ClusterSpec, HolderId};
use crate::inventory::Inventory;
use crate::pki::Certificate;

/// How far a rollover is: trust both, issue from the new one, trust it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// There is one root.
    Settled,
    /// Both roots are trusted, and the old one signs.
    TrustBoth,
    /// Both are trusted, and the new one signs. Leafs of the old one may be in use.
    IssueFromNew,
}

/// Where an authority stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub name: AuthorityName,
    pub phase: Phase,
    /// The generations below older roots.
    pub old: Vec<u32>,
    /// The first generation below the newest root.
    pub new: u32,
    /// The last.
    pub newest: u32,
    pub new_root: Certificate,
    /// From when on the newest root signs, whether or not anybody advances the rollover.
    pub signs_from: OffsetDateTime,
    /// Whose leafs in use are below an older root.
    pub behind: Vec<HolderId>,
}

/// `None` while there is no such authority, or its newest generation cannot be read.
pub fn standing(name: AuthorityName, spec: &ClusterSpec, inventory: &Inventory, now: OffsetDateTime) -> Option<Standing> {
    let lines = inventory.lines(name);
    let newest = lines.last()?;
    let (new, last) = (newest.numbers().next()?, newest.numbers().last()?);
    let old = inventory.older_than(name, new);
    let signs = inventory.signing_generation(name, &spec.leaf, now)?;
    let phase = match old.as_slice() {
        [] => Phase::Settled,
        _ if newest.contains(signs.number) => Phase::IssueFromNew,
        _ => Phase::TrustBoth,
    };
    let leaf_of_old = |id: &HolderId| {
        let chain = inventory.holders.get(id)?.current.as_ref()?.chain.as_deref().ok()?;
        Some(old.contains(&inventory.signed_by(name, chain)?.0.number))
    };
    let issued = spec.holders.iter().filter(|holder| spec.issuer_of(holder) == name).map(|holder| &holder.id);
    let behind = issued.filter(|id| leaf_of_old(id) == Some(true)).cloned().collect();
    let (new_root, signs_from) = (newest.root().clone(), newest.signs_from(&spec.leaf));
    Some(Standing { name, phase, old, new, newest: last, new_root, signs_from, behind })
}
