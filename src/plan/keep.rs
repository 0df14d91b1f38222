//! Which generations are kept no longer.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::HolderStep;
use crate::cluster::{ClusterSpec, HolderId, KeepSpec};
use crate::inventory::Inventory;

/// Generations of one holder that are removed for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposal {
    pub holder: HolderId,
    /// Ascending, never empty.
    pub generations: Vec<u32>,
}

/// What is kept no longer once `steps` are done. A holder that cannot be read keeps everything.
pub fn disposals(spec: &ClusterSpec, inventory: &Inventory, steps: &[HolderStep], now: OffsetDateTime) -> Vec<Disposal> {
    let next: BTreeMap<&HolderId, u32> = steps.iter().map(|step| (&step.holder, step.generation)).collect();
    let disposal = |id: &HolderId| {
        let state = inventory.holders.get(id).filter(|state| state.fault.is_none())?;
        let before = state.current.as_ref()?.number;
        let current = next.get(id).copied().unwrap_or(before);
        let replaced = |generation: u32| match generation {
            _ if generation == before => Some(now),
            _ => inventory.journal.replaced(&id.to_string(), generation),
        };
        let others = state.generations.iter().filter(|generation| **generation != current);
        let others = others.map(|generation| (*generation, replaced(*generation))).collect();
        let generations = over(spec.keep, current, &others, now);
        (!generations.is_empty()).then(|| Disposal { holder: id.clone(), generations })
    };
    spec.holders.iter().filter_map(|holder| disposal(&holder.id)).collect()
}

/// Of `others`, each with when it was replaced, those that are kept no longer. The one in use, the one before it and the newest, so that
/// no number is given twice, are never among them.
fn over(keep: KeepSpec, current: u32, others: &BTreeMap<u32, Option<OffsetDateTime>>, now: OffsetDateTime) -> Vec<u32> {
    let before = others.range(..current).next_back().map(|(generation, _)| *generation);
    let newest = others.keys().next_back().copied();
    let newer = |generation: u32| others.range(generation + 1..).count() + usize::from(current > generation);
    let is_old = |replaced: &Option<OffsetDateTime>| {
        replaced.is_some_and(|replaced| now > replaced.saturating_add(Duration::days(i64::from(keep.days))))
    };
    let is_over = |generation: u32, replaced| newer(generation) >= keep.generations as usize || is_old(replaced);
    let candidates = others.iter().filter(|(generation, _)| ![before, newest].contains(&Some(**generation)));
    candidates.filter(|(generation, replaced)| is_over(**generation, replaced)).map(|(generation, _)| *generation).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn days_ago(days: u32) -> OffsetDateTime {
        NOW - Duration::days(i64::from(days))
    }

    fn kept(keep: KeepSpec, current: u32, others: &BTreeMap<u32, Option<OffsetDateTime>>) -> BTreeMap<u32, Option<OffsetDateTime>> {
        let over = over(keep, current, others, NOW);
        others.iter().filter(|(generation, _)| !over.contains(generation)).map(|(generation, at)| (*generation, *at)).collect()
    }

    #[test]
    fn the_newest_five_of_a_month_are_kept_and_the_one_before_in_any_case() {
        let keep = KeepSpec { generations: 5, days: 30 };
        let others = |ages: &[(u32, u32)]| ages.iter().map(|(generation, days)| (*generation, Some(days_ago(*days)))).collect();
        assert_eq!(over(keep, 7, &others(&[(1, 6), (2, 5), (3, 4), (4, 3), (5, 2), (6, 1)]), NOW), [1, 2]);
        assert_eq!(over(keep, 4, &others(&[(1, 90), (2, 60), (3, 31)]), NOW), [1, 2]);
        assert_eq!(over(keep, 2, &others(&[(1, 300)]), NOW), [0; 0]);
    }

    fn others() -> impl Strategy<Value = (KeepSpec, u32, BTreeMap<u32, Option<OffsetDateTime>>)> {
        let ages = proptest::collection::btree_map(1u32..30, proptest::option::of((0u32..100).prop_map(days_ago)), 0..20);
        (2u32..8, 1u32..90, 1u32..30, ages).prop_map(|(generations, days, current, mut others)| {
            others.remove(&current);
            (KeepSpec { generations, days }, current, others)
        })
    }

    proptest! {
        #[test]
        fn the_one_before_and_the_newest_are_kept((keep, current, others) in others()) {
            let kept = kept(keep, current, &others);
            prop_assert_eq!(kept.range(..current).next_back(), others.range(..current).next_back());
            prop_assert_eq!(kept.keys().next_back(), others.keys().next_back());
        }

        #[test]
        fn whatever_else_is_kept_is_new_enough_and_among_the_newest((keep, current, others) in others()) {
            let kept = kept(keep, current, &others);
            let before = others.range(..current).next_back().map(|(generation, _)| *generation);
            for (generation, replaced) in kept.iter().filter(|(generation, _)| Some(**generation) != before) {
                if Some(generation) != others.keys().next_back() {
                    let newer = others.keys().chain([&current]).filter(|other| *other > generation).count();
                    prop_assert!(newer < keep.generations as usize && replaced.is_none_or(|replaced| replaced >= days_ago(keep.days)));
                }
            }
        }

        /// So a second run has nothing to do.
        #[test]
        fn once_is_enough((keep, current, others) in others()) {
            let kept = kept(keep, current, &others);
            prop_assert_eq!(over(keep, current, &kept, NOW), [0; 0]);
        }

        #[test]
        fn of_whose_age_nobody_knows_the_number_alone_counts((keep, current, others) in others()) {
            let unknown = others.keys().map(|generation| (*generation, None)).collect();
            let over_by_number = over(keep, current, &unknown, NOW);
            prop_assert!(over_by_number.iter().all(|generation| over(keep, current, &others, NOW).contains(generation)));
        }
    }
}
