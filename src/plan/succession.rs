//! When an authority is followed by another, and when the old one has done its work.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use time::{Duration, OffsetDateTime};

use super::{AuthorityStep, trouble};
use crate::cluster::{AuthorityName, ClusterSpec, OwnAuthority};
use crate::inventory::{AuthorityCertificates, Inventory, Line, signs_from};
use crate::pki::{Certificate, Validity};

/// What a new generation of an authority is to those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Descent {
    /// It has a root of its own where there was none, or none of use. It signs at once, and everyone is issued anew.
    Founded,
    /// It has a root of its own, which everyone trusts from now on beside the one that ends.
    Successor { ends: OffsetDateTime, signs_from: OffsetDateTime },
    /// The same, because it was asked for.
    Asked { signs_from: OffsetDateTime },
    /// It stands below the same root, so that everyone trusts it already.
    Issuing { ends: OffsetDateTime },
}

impl Descent {
    /// Whether everyone must be given another trust set.
    pub const fn has_new_root(&self) -> bool {
        match self {
            Self::Founded | Self::Successor { .. } | Self::Asked { .. } => true,
            Self::Issuing { .. } => false,
        }
    }

    /// Whether it signs from `now` on, when it is made.
    pub fn signs(&self, now: OffsetDateTime) -> bool {
        match self {
            Self::Founded | Self::Issuing { .. } => true,
            Self::Successor { signs_from, .. } | Self::Asked { signs_from } => *signs_from <= now,
        }
    }
}

impl fmt::Display for Descent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Founded => f.write_str("missing"),
            Self::Successor { ends, signs_from } => write!(
                f,
                "the root before it ends {}: this one is trusted from now on, and signs from {} on",
                ends.date(),
                signs_from.date()
            ),
            Self::Asked { signs_from } => write!(
                f,
                "a rollover was started: this one is trusted from now on, and signs from {} on, or once `countersign rollover advance` has seen that it is trusted",
                signs_from.date()
            ),
            Self::Issuing { ends } => write!(f, "the issuing authority before it ends {}: this one is below the same root", ends.date()),
        }
    }
}

/// What is to follow the authority of `name` now. A root that is yet to sign is waited for, and one that has ended is followed by
/// nothing unasked: everything below it has ended as well.
pub fn due(name: AuthorityName, own: &OwnAuthority, spec: &ClusterSpec, inventory: &Inventory, now: OffsetDateTime) -> Vec<Descent> {
    let line = inventory.signing_line(name, &spec.leaf, now).filter(|line| line.root().validity.contains(now));
    let Some(line) = line else { return Vec::new() };
    let is_newest = inventory.lines(name).last().is_some_and(|newest| newest.root() == line.root());
    let is_asked = inventory.journal.told(name.path()).to_be_followed.is_some_and(|told| line.contains(told));
    let asked = is_asked.then(|| Descent::Asked { signs_from: signs_from(now, &spec.leaf) });
    let successor = successor(line.root(), spec, now).or(asked).filter(|_| is_newest);
    let has_successor = successor.as_ref().is_some_and(|successor| successor.signs(now));
    let signing = inventory.signing_generation(name, &spec.leaf, now).and_then(|signing| signing.state.as_ref().ok());
    let issuing = signing.filter(|_| !has_successor).zip(own.issuing).and_then(|(signing, lifetime)| {
        let ends = signing.issuing.first()?.validity.not_after;
        let gains = Validity::starting(now, lifetime).clipped_to(line.root().validity).not_after > ends;
        (gains && now >= issuing_due(signing.signing(), spec)).then_some(Descent::Issuing { ends })
    });
    issuing.into_iter().chain(successor).collect()
}

fn successor(root: &Certificate, spec: &ClusterSpec, now: OffsetDateTime) -> Option<Descent> {
    let ends = root.validity.not_after;
    let at_once = now >= spec.leaf.latest_renewal(ends);
    let signs_from = if at_once { now } else { signs_from(now, &spec.leaf) };
    (now >= root_due(root, spec)).then_some(Descent::Successor { ends, signs_from })
}

/// When half of the time is over in which it signs leafs that live as long as they should. However short it lives, it is never due as
/// soon as it is made.
pub fn root_due(root: &Certificate, spec: &ClusterSpec) -> OffsetDateTime {
    let Validity { not_before, not_after } = root.validity;
    let life = not_after - not_before;
    not_before.saturating_add(Duration::max((life - spec.leaf.lifetime.duration()) / 2, life / 3))
}

/// When a leaf would no longer live as long as it should; never before half of its own life.
pub fn issuing_due(issuing: &Certificate, spec: &ClusterSpec) -> OffsetDateTime {
    let Validity { not_before, not_after } = issuing.validity;
    let half = not_before.saturating_add((not_after - not_before) / 2);
    not_after.saturating_sub(spec.leaf.lifetime.duration()).max(half)
}

/// A generation of an authority that has done its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAuthority {
    pub name: AuthorityName,
    pub generation: u32,
    /// Who it signed as.
    pub certificate: Certificate,
}

/// The generations of `name` that nobody needs any more, once `steps` are done: they sign no longer, whatever they signed has ended, and
/// no leaf in use is theirs. Where something cannot be seen, or the clock is in doubt, none is.
pub fn over(
    name: AuthorityName,
    spec: &ClusterSpec,
    inventory: &Inventory,
    steps: &[AuthorityStep],
    now: OffsetDateTime,
) -> Vec<PastAuthority> {
    let generations = inventory.authorities.get(&name).map(Vec::as_slice).unwrap_or_default();
    let readable = generations.iter().map(|generation| Some((generation.number, generation.state.as_ref().ok()?)));
    let Some(readable) = readable.collect::<Option<Vec<_>>>().filter(|all| all.len() + steps.len() > 1) else { return Vec::new() };
    // Whoever has an authority replaced has looked at the clock.
    let is_founded = steps.iter().any(|step| step.descent == Descent::Founded);
    let doubtful =
        inventory.holders.values().any(|state| state.fault.is_some()) || trouble::of_clock(inventory, now).is_some() && !is_founded;
    let signs_anew = steps.iter().any(|step| step.descent.has_new_root() && step.descent.signs(now));
    let signing = inventory.signing_generation(name, &spec.leaf, now).filter(|_| !doubtful);
    let Some(signing) = signing.map(|signing| signing.number) else { return Vec::new() };
    let superseded = superseded(name, spec, inventory, signing, now);
    let in_use = in_use(name, inventory, now);
    let dropped = dropped(name, inventory);
    let is_over = |number: &u32, certificates: &AuthorityCertificates| {
        let has_ended = certificates.root.validity.not_after < now && (*number < signing || signs_anew);
        let signed_last = superseded.get(number).map(|since| since.saturating_add(spec.leaf.lifetime.duration()));
        !in_use.contains(number) && (has_ended || dropped.contains(number) || signed_last.is_some_and(|last| last < now))
    };
    let over = readable.into_iter().filter(|(number, certificates)| is_over(number, certificates));
    over.map(|(generation, certificates)| PastAuthority { name, generation, certificate: certificates.signing().clone() }).collect()
}

/// The generations that a rollover has left behind, and those that it was not to lead to after all.
fn dropped(name: AuthorityName, inventory: &Inventory) -> Vec<u32> {
    let told = inventory.journal.told(name.path());
    let left = told.alone.map(|alone| inventory.older_than(name, alone)).unwrap_or_default();
    let is_to_go = |line: &Line<'_>| told.to_go.is_some_and(|to_go| line.contains(to_go));
    let lines = inventory.lines(name);
    // The one that is left never goes.
    let to_go = lines.iter().skip(1).filter(|line| is_to_go(line)).flat_map(Line::numbers);
    left.into_iter().chain(to_go).collect()
}

/// The generations that sign no more, and since when at the latest. What was brought along is replaced when its owner says so.
fn superseded(
    name: AuthorityName,
    spec: &ClusterSpec,
    inventory: &Inventory,
    signing: u32,
    now: OffsetDateTime,
) -> BTreeMap<u32, OffsetDateTime> {
    let Some(line) = inventory.signing_line(name, &spec.leaf, now).filter(|_| !inventory.existing.contains_key(&name)) else {
        return BTreeMap::new();
    };
    let lines = inventory.lines(name);
    let older = lines.iter().take_while(|older| older.root() != line.root()).flat_map(Line::numbers);
    let older = older.map(|number| (number, line.signs_from(&spec.leaf)));
    let signs_since = line.signs_since(signing);
    let before = line.numbers().filter(|number| *number < signing).filter_map(|number| Some((number, signs_since?)));
    older.chain(before).collect()
}

/// Who signs no more, by its subject, and when it goes: once the last that it may have signed has ended.
pub fn leaving(name: AuthorityName, spec: &ClusterSpec, inventory: &Inventory, now: OffsetDateTime) -> Vec<(String, OffsetDateTime)> {
    let Some(signing) = inventory.signing_generation(name, &spec.leaf, now) else { return Vec::new() };
    let superseded = superseded(name, spec, inventory, signing.number, now);
    let subject = |number: u32| {
        let generation = inventory.authorities.get(&name)?.iter().find(|generation| generation.number == number)?;
        Some(generation.state.as_ref().ok()?.signing().subject.clone())
    };
    let leaving = superseded.into_iter();
    leaving.filter_map(|(number, since)| Some((subject(number)?, since.saturating_add(spec.leaf.lifetime.duration())))).collect()
}

/// The generations of which a leaf is in use that has not ended.
fn in_use(name: AuthorityName, inventory: &Inventory, now: OffsetDateTime) -> BTreeSet<u32> {
    let chains = inventory.holders.values().filter_map(|state| state.current.as_ref()?.chain.as_deref().ok());
    let chains = chains.filter(|chain| chain[0].validity.not_after >= now);
    chains.filter_map(|chain| Some(inventory.signed_by(name, chain)?.0.number)).collect()
}
