//! The order in which what was verified is told: always the same, whoever answered first, and `broker-2` before `broker-10`.

use std::cmp::Ordering;
use std::iter::from_fn;

use crate::diagnosis::{Cell, Probe, VerifyReport};

/// A name, in whose order numbers count as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Natural<'a>(pub(super) &'a str);

/// Numbers by their length and then their digits, so that they may be of any length.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'a> {
    Number { digits: usize, number: &'a str },
    Character(char),
}

/// By identity, then by place.
pub(super) fn cells(report: &VerifyReport) -> Vec<&Cell> {
    let mut cells: Vec<&Cell> = report.cells.iter().collect();
    cells.sort_by_key(|cell| (Natural(&cell.identity), cell.via, Natural(&cell.target), Natural(&cell.endpoint)));
    cells
}

/// By place, then by attempt.
pub(super) fn probes(report: &VerifyReport) -> Vec<&Probe> {
    let mut probes: Vec<&Probe> = report.probes.iter().collect();
    probes.sort_by_key(|probe| (Natural(&probe.target), Natural(&probe.endpoint), probe.attempt));
    probes
}

impl Ord for Natural<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        pieces(self.0).cmp(pieces(other.0)).then_with(|| self.0.cmp(other.0))
    }
}

impl PartialOrd for Natural<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn pieces(mut text: &str) -> impl Iterator<Item = Piece<'_>> {
    from_fn(move || {
        let first = text.chars().next()?;
        let length = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (piece, rest) = text.split_at(length.max(first.len_utf8()));
        text = rest;
        let number = piece.trim_start_matches('0');
        Some(if length == 0 { Piece::Character(first) } else { Piece::Number { digits: number.len(), number } })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Natural;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["kafka/broker-10", "kafka/broker-2", "kafka/broker-02", "kafka/broker", "10.0.0.9:9094", "10.0.0.10:9094", ""];
        names.sort_by_key(|name| Natural(name));
        assert_eq!(names, ["", "10.0.0.9:9094", "10.0.0.10:9094", "kafka/broker", "kafka/broker-02", "kafka/broker-2", "kafka/broker-10"]);
    }

    proptest! {
        #[test]
        fn it_is_an_order(a in "[a-b0-2é]{0,5}", b in "[a-b0-2é]{0,5}", c in "[a-b0-2é]{0,5}") {
            let (a, b, c) = (Natural(&a), Natural(&b), Natural(&c));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert!(!(a <= b && b <= c) || a <= c);
        }
    }
}
