//! The same thing, met by several at several places, told once.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// More names than these are counted, not listed.
const NAMES: usize = 8;

/// Those of the same key together, what was met most often first; otherwise in the order of their keys.
pub(super) fn alike<K: Ord, T>(things: impl IntoIterator<Item = (K, T)>) -> Vec<(K, Vec<T>)> {
    let mut by_key: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for (key, thing) in things {
        by_key.entry(key).or_default().push(thing);
    }
    let mut groups: Vec<(K, Vec<T>)> = by_key.into_iter().collect();
    groups.sort_by_key(|(_, things)| Reverse(things.len()));
    groups
}

/// Who met it, and where: every one of these at every one of those.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meeting {
    pub(super) who: Vec<String>,
    pub(super) places: Vec<String>,
}

/// `met` holds whoever met it together, each with the places in the same order.
pub(super) fn meetings(met: impl IntoIterator<Item = (String, String)>) -> Vec<Meeting> {
    let mut each: Vec<(String, Vec<String>)> = Vec::new();
    for (who, place) in met {
        match each.last_mut() {
            Some((last, places)) if *last == who => places.push(place),
            _ => each.push((who, vec![place])),
        }
    }
    let mut meetings: Vec<Meeting> = Vec::new();
    for (who, mut places) in each {
        places.dedup();
        match meetings.iter_mut().find(|meeting| meeting.places == places) {
            Some(meeting) => meeting.who.push(who),
            None => meetings.push(Meeting { who: vec![who], places }),
        }
    }
    meetings
}

/// `a, b`, or how many more there are when they are too many to read.
pub(super) fn list(names: &[String]) -> String {
    match names.split_at_checked(NAMES) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
        _ => names.join(", "),
    }
}

/// The same, or `all 100 endpoints` when these are all there are.
pub(super) fn list_of(all: usize, what: &str, names: &[String]) -> String {
    if names.len() == all && all > NAMES { format!("all {all} {what}s") } else { list(names) }
}

#[cfg(test)]
mod tests {
    use super::{Meeting, alike, list, list_of, meetings};

    fn names(names: &str) -> Vec<String> {
        names.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn whoever_was_at_the_same_places_stands_together() {
        let met = ["a 1", "a 2", "b 1", "b 2", "b 2", "c 2"]
            .map(|pair| pair.split_once(' ').unwrap())
            .map(|(who, at)| (who.to_owned(), at.to_owned()));
        assert_eq!(meetings(met), [Meeting { who: names("a b"), places: names("1 2") }, Meeting { who: names("c"), places: names("2") }]);
    }

    #[test]
    fn what_was_met_most_often_comes_first() {
        assert_eq!(alike([("x", 1), ("y", 2), ("z", 3), ("y", 4)]), [("y", vec![2, 4]), ("x", vec![1]), ("z", vec![3])]);
    }

    #[test]
    fn long_lists_are_counted() {
        let nine = names("1 2 3 4 5 6 7 8 9");
        assert_eq!(list(&nine[..8]), "1, 2, 3, 4, 5, 6, 7, 8");
        assert_eq!(list(&nine), "1, 2, 3, 4, 5, 6, 7, 8 and 1 more");
        assert_eq!(list_of(9, "endpoint", &nine), "all 9 endpoints");
        assert_eq!(list_of(8, "endpoint", &nine[..8]), list(&nine[..8]));
        assert_eq!(list_of(10, "endpoint", &nine), list(&nine));
    }
}
