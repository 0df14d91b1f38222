//! Whether an earlier generation of a holder may be put in use again.

use std::collections::BTreeSet;

use time::{Date, OffsetDateTime};

use crate::cluster::{AuthorityName, ClusterSpec, Holder, Role};
use crate::inventory::{Content, Generation, HolderState, Inventory};
use crate::path::{Question, judge};

/// Why an earlier generation is not put in use again. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RollbackError {
    #[error("{holder} has nothing in use to roll back from; run `countersign apply`")]
    NothingInUse { holder: String },
    #[error("{holder} cannot be read: {why}")]
    Fault { holder: String, why: String },
    #[error("generation {generation} of {holder} is in use already")]
    InUse { holder: String, generation: u32 },
    #[error("there is no generation of {holder} before {generation}")]
    NoneBefore { holder: String, generation: u32 },
    #[error("there is no generation {generation} of {holder}; there are {there}")]
    Absent { holder: String, generation: u32, there: String },
    #[error("generation {generation} of {holder} cannot be relied upon: {why}; let `countersign rotate {holder}` make another")]
    Unreliable { holder: String, generation: u32, why: String },
    #[error("the certificate of generation {generation} of {holder} ended {end}; --force takes it all the same")]
    Ended { holder: String, generation: u32, end: Date },
    #[error("the certificate of generation {generation} of {holder} is not valid before {begin}; --force takes it all the same")]
    NotYetValid { holder: String, generation: u32, begin: Date },
    #[error("whoever meets {holder} would refuse generation {generation}: {why}; --force takes it all the same")]
    Untrusted { holder: String, generation: u32, why: String },
}

/// What becomes of doubts about dates and trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubts {
    Count,
    Overruled,
}

/// Which generation is meant: `wanted`, or the one before the one in use.
pub fn target(holder: &Holder, state: Option<&HolderState>, wanted: Option<u32>) -> Result<u32, RollbackError> {
    let name = || holder.id.to_string();
    let state = state.ok_or_else(|| RollbackError::NothingInUse { holder: name() })?;
    if let Some(why) = &state.fault {
        return Err(RollbackError::Fault { holder: name(), why: why.clone() });
    }
    let current = state.current.as_ref().ok_or_else(|| RollbackError::NothingInUse { holder: name() })?.number;
    match wanted {
        Some(generation) if generation == current => Err(RollbackError::InUse { holder: name(), generation }),
        Some(generation) if state.generations.contains(&generation) => Ok(generation),
        Some(generation) => {
            let there: Vec<String> = state.generations.iter().map(u32::to_string).collect();
            Err(RollbackError::Absent { holder: name(), generation, there: there.join(", ") })
        }
        None => {
            let before = state.generations.iter().rev().find(|generation| **generation < current);
            before.copied().ok_or_else(|| RollbackError::NoneBefore { holder: name(), generation: current })
        }
    }
}

/// Whether `earlier` is what was once put in use, and will be taken by whoever meets its holder.
pub fn check(
    spec: &ClusterSpec,
    inventory: &Inventory,
    holder: &Holder,
    earlier: &Generation,
    doubts: Doubts,
    now: OffsetDateTime,
) -> Result<(), RollbackError> {
    let (name, generation) = (holder.id.to_string(), earlier.number);
    if let Some(why) = unreliable(earlier) {
        return Err(RollbackError::Unreliable { holder: name, generation, why });
    }
    let (Ok(chain), Doubts::Count) = (&earlier.chain, doubts) else { return Ok(()) };
    let (leaf, above) = (&chain[0], &chain[1..]);
    if now > leaf.validity.not_after {
        return Err(RollbackError::Ended { holder: name, generation, end: leaf.validity.not_after.date() });
    }
    if now < leaf.validity.not_before {
        return Err(RollbackError::NotYetValid { holder: name, generation, begin: leaf.validity.not_before.date() });
    }
    for names in met_by(spec, holder) {
        let trust = inventory.anchors(names);
        let anchors = trust.as_ref().map(|trust| trust.anchors()).unwrap_or_default();
        let question = Question { leaf, intermediates: above, anchors, revocation_lists: &[], at: now, purpose: None, name: None };
        if let Some(fault) = judge(&question).faults.into_iter().next() {
            return Err(RollbackError::Untrusted { holder: name, generation, why: format!("{} {}", fault.subject, fault.kind) });
        }
    }
    Ok(())
}

/// Why it is not, or may not be, what countersign wrote. Nothing overrules that.
fn unreliable(earlier: &Generation) -> Option<String> {
    let written = match &earlier.written {
        Ok(written) => written,
        Err(why) => return Some(format!("manifest.json: {why}")),
    };
    if let Err(unreadable) = &earlier.chain {
        return Some(format!("{}: {}", unreadable.file, unreadable.why));
    }
    if let Some(trespass) = earlier.trespasses.first() {
        return Some(format!("{} {}", trespass.path.display(), trespass.how));
    }
    written.files.iter().find_map(|entry| match earlier.found.get(&entry.path).map(|found| &found.content) {
        Some(Content::AsWritten) => None,
        Some(Content::Changed | Content::PasswordDiffers | Content::Text(_)) => Some(format!("{} was changed", entry.path)),
        Some(Content::Unreadable(why)) => Some(format!("{}: {why}", entry.path)),
        None => Some(format!("{} is not there", entry.path)),
    })
}

/// What those trust who meet `holder`: clients meet nodes, and nodes everyone.
fn met_by(spec: &ClusterSpec, holder: &Holder) -> BTreeSet<&'static [AuthorityName]> {
    let is_client = |holder: &Holder| match holder.role {
        Role::Client(_) => true,
        Role::Kafka(_) | Role::Rabbitmq(_) => false,
    };
    let meets = |other: &&Holder| !(is_client(other) && is_client(holder));
    spec.holders.iter().filter(meets).map(|other| spec.trusted_by(other)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::cluster::parse;
    use crate::inventory::Unreadable;

    fn state(current: u32, generations: Vec<u32>) -> HolderState {
        let unreadable = Unreadable { file: String::new(), why: String::new() };
        let current = Generation {
            number: current,
            chain: Err(unreadable),
            written: Err(String::new()),
            found: Default::default(),
            password: None,
            sasl_password: None,
            trespasses: Vec::new(),
        };
        HolderState { newest: 0, generations, current: Some(current), fault: None }
    }

    proptest! {
        /// Whatever is chosen is there, and not in use; unasked it is the nearest one before.
        #[test]
        fn what_is_chosen_is_another_one_that_is_there(
            generations in proptest::collection::btree_set(1u32..20, 1..8),
            index in any::<proptest::sample::Index>(),
            wanted in proptest::option::of(1u32..20),
        ) {
            let spec = parse("cluster: one\nrabbitmq: { nodes: [{ name: r, host: r.example }] }\n", Path::new("/")).unwrap();
            let generations: Vec<u32> = generations.into_iter().collect();
            let current = *index.get(&generations);
            match target(&spec.holders[0], Some(&state(current, generations.clone())), wanted) {
                Ok(chosen) => {
                    prop_assert!(chosen != current && generations.contains(&chosen));
                    prop_assert!(wanted.is_none_or(|wanted| wanted == chosen));
                    prop_assert!(wanted.is_some() || !generations.iter().any(|other| (chosen + 1..current).contains(other)));
                }
                Err(RollbackError::NoneBefore { .. }) => prop_assert_eq!(generations[0], current),
                Err(RollbackError::InUse { .. }) => prop_assert_eq!(wanted, Some(current)),
                Err(error) => {
                    let is_absent = matches!(error, RollbackError::Absent { .. });
                    prop_assert!(is_absent && wanted.is_some_and(|wanted| !generations.contains(&wanted)));
                }
            }
        }
    }
}
