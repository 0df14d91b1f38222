//! What brokers tell, each list kept once: in a cluster every broker tells every client the same.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnosis::{Advertised, Fact, StepTaken};
use crate::visit::{Metadata, Topic};

/// How many brokers and partitions are kept in all, of lists that differ: a thousand brokers' of a hundred each.
const LINES: usize = 100_000;

#[derive(Debug, Default)]
pub struct Hearsay(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    brokers: HashSet<Arc<[Advertised]>>,
    topics: HashSet<Arc<[Topic]>>,
    lines: usize,
}

impl Hearsay {
    /// The same, in one place with what was told before; empty where that is too much.
    pub fn keep(&self, metadata: Metadata, steps: &mut [StepTaken]) -> Metadata {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { brokers, topics, lines } = &mut *kept;
        let partitions = metadata.topics.iter().map(|topic| 1 + topic.partitions.len()).sum();
        let one = Metadata {
            brokers: once(brokers, metadata.brokers.len(), metadata.brokers, lines),
            topics: once(topics, partitions, metadata.topics, lines),
            ..metadata
        };
        for taken in steps {
            if let Fact::Metadata { brokers, .. } = &mut taken.fact {
                brokers.clone_from(&one.brokers);
            }
        }
        one
    }
}

fn once<T: Eq + Hash>(known: &mut HashSet<Arc<[T]>>, size: usize, list: Arc<[T]>, lines: &mut usize) -> Arc<[T]> {
    if let Some(same) = known.get(&list) {
        return same.clone();
    }
    if *lines + size > LINES {
        return Arc::from([]);
    }
    *lines += size;
    known.insert(list.clone());
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(first: i32, count: i32) -> Metadata {
        let brokers = (first..first + count).map(|id| Advertised { id, host: "broker.example".to_owned(), port: 9093 }).collect();
        Metadata { cluster: None, controller: None, brokers, told: usize::try_from(count).unwrap(), topics: Arc::from([]) }
    }

    #[test]
    fn what_every_broker_tells_is_kept_once_and_stands_in_its_steps() {
        let hearsay = Hearsay::default();
        let first = hearsay.keep(told(0, 3), &mut []);
        let second = told(0, 3);
        let mut steps = [StepTaken { took: std::time::Duration::ZERO, fact: second.fact() }];
        let second = hearsay.keep(second, &mut steps);
        assert!(Arc::ptr_eq(&first.brokers, &second.brokers));
        let Fact::Metadata { brokers, .. } = &steps[0].fact else { panic!("{steps:?}") };
        assert!(Arc::ptr_eq(&first.brokers, brokers));
    }

    #[test]
    fn lists_that_differ_each_time_are_kept_until_they_are_too_many() {
        let hearsay = Hearsay::default();
        let kept = (0..1000).filter(|nth| !hearsay.keep(told(*nth, 1000), &mut []).brokers.is_empty()).count();
        assert_eq!(kept, LINES / 1000);
        // What is known already costs nothing.
        assert_eq!(hearsay.keep(told(0, 1000), &mut []).brokers.len(), 1000);
        let over = hearsay.keep(told(2000, 1000), &mut []);
        assert_eq!((over.told, over.brokers.len()), (1000, 0));
    }
}
