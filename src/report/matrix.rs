//! Who gets through where, as a table for a terminal: the longer side downwards, the shorter across.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::order::Natural;
use super::{counted, place};
use crate::diagnosis::{Cell, Step, Verdict};
use crate::text::{Line, Table, Text, Tone};

/// What a line may take.
const WIDTH: usize = 120;
/// Of more rows than these, only those with a failure are shown one by one, and no more of them either.
const ROWS: usize = 24;

/// A text, and how it is to be taken.
type Spot = (String, Tone);

type Label = fn(&Cell) -> String;

pub(super) struct Matrix<'a> {
    cells: &'a [&'a Cell],
    pub(super) identities: Side,
    pub(super) places: Side,
}

/// One side of the table.
pub(super) struct Side {
    /// What one of its names names.
    what: &'static str,
    heading: &'static str,
    /// The shortest that tells all apart.
    pub(super) label: Label,
    /// In their order.
    pub(super) names: Vec<String>,
    /// For each cell, which of the names is its own.
    of: Vec<usize>,
}

/// What came of some cells.
#[derive(Debug, Default, Clone)]
struct State {
    cells: usize,
    failed: usize,
    /// Where the first of those that failed did.
    at: Option<Step>,
    fastest: Duration,
    slowest: Duration,
}

impl<'a> Matrix<'a> {
    pub(super) fn new(cells: &'a [&'a Cell]) -> Self {
        let identity: [Label; 2] = [|cell| cell.identity.clone(), |cell| format!("{} ({})", cell.identity, cell.via.name())];
        let endpoint: [Label; 3] = [|cell| cell.target.clone(), |cell| cell.endpoint.clone(), |cell| place(&cell.target, &cell.endpoint)];
        Self {
            cells,
            identities: Side::new(cells, ["client", "AS"], &identity, |cell| (Natural(&cell.identity), cell.via)),
            places: Side::new(cells, ["endpoint", "AT"], &endpoint, |cell| (Natural(&cell.target), Natural(&cell.endpoint))),
        }
    }

    pub(super) fn lines(&self) -> Text {
        let (down, across) = if self.identities.names.len() < self.places.names.len() {
            (&self.places, &self.identities)
        } else {
            (&self.identities, &self.places)
        };
        let mut rows = vec![State::default(); down.names.len()];
        let mut spots: BTreeMap<(usize, usize), State> = BTreeMap::new();
        for (cell, (row, column)) in self.cells.iter().zip(down.of.iter().zip(&across.of)) {
            rows[*row].add(cell);
            spots.entry((*row, *column)).or_default().add(cell);
        }
        let crowded = rows.len() > ROWS;
        let shown: Vec<usize> = (0..rows.len()).filter(|row| !crowded || rows[*row].failed > 0).take(ROWS).collect();
        // Where nobody went stands a dash.
        let spot = |row, column| spots.get(&(row, column)).map_or_else(|| ("-".to_owned(), Tone::Plain), State::spot);
        let grid = |row| (0..across.names.len()).map(|column| spot(row, column)).collect();
        let mut table = down.table(&across.names, &shown, grid);
        if table.width() > WIDTH {
            table = down.table(&["RESULT".to_owned()], &shown, |row| vec![rows[row].total()]);
        }
        let mut text = if shown.is_empty() { Text::default() } else { table.lines() };
        let rest = (0..rows.len()).filter(|row| !shown.contains(row));
        let (failed, passed): (Vec<usize>, Vec<usize>) = rest.partition(|row| rows[*row].failed > 0);
        for rest in [failed, passed].iter().filter(|rest| !rest.is_empty()) {
            let state = rest.iter().fold(State::default(), |state, row| state.and(&rows[*row]));
            let (total, tone) = state.total();
            text.push(Line::of(format_args!("{}: ", counted(rest.len(), down.what))).toned(total, tone));
        }
        text
    }
}

impl Side {
    fn new<'a, K: Ord>(cells: &'a [&'a Cell], [what, heading]: [&'static str; 2], labels: &[Label], key: impl Fn(&'a Cell) -> K) -> Self {
        let one_of_each: BTreeMap<K, &Cell> = cells.iter().rev().map(|cell| (key(cell), *cell)).collect();
        let number: BTreeMap<&K, usize> = one_of_each.keys().zip(0..).collect();
        let of = cells.iter().map(|cell| number[&key(cell)]).collect();
        let names = |label: &Label| one_of_each.values().map(|cell| label(cell)).collect::<Vec<_>>();
        let tells = |label: &&Label| names(label).iter().collect::<BTreeSet<_>>().len() == one_of_each.len();
        let label = *labels.iter().find(tells).unwrap_or(&labels[labels.len() - 1]);
        Self { what, heading, label, names: names(&label), of }
    }

    /// These rows of the table, if this is the side that goes down.
    fn table(&self, across: &[String], rows: &[usize], spots: impl Fn(usize) -> Vec<Spot>) -> Table {
        Table {
            header: [self.heading.to_owned()].into_iter().chain(across.iter().cloned()).collect(),
            rows: rows.iter().map(|row| [(self.names[*row].clone(), Tone::Plain)].into_iter().chain(spots(*row)).collect()).collect(),
        }
    }
}

impl State {
    fn add(&mut self, cell: &Cell) {
        let took = cell.took();
        let at = match &cell.verdict {
            Verdict::Passed => None,
            Verdict::Failed(failure) => Some(failure.evidence.fault.step),
        };
        *self = self.and(&Self { cells: 1, failed: usize::from(at.is_some()), at, fastest: took, slowest: took });
    }

    fn and(&self, other: &Self) -> Self {
        if self.cells == 0 {
            return other.clone();
        }
        Self {
            cells: self.cells + other.cells,
            failed: self.failed + other.failed,
            at: self.at.or(other.at),
            fastest: self.fastest.min(other.fastest),
            slowest: self.slowest.max(other.slowest),
        }
    }

    /// Of one identity at one endpoint.
    fn spot(&self) -> Spot {
        match self.at {
            Some(step) => (format!("FAILED: {}", step.name()), Tone::Bad),
            None => (format!("ok {}", milliseconds(self.slowest)), Tone::Good),
        }
    }

    fn total(&self) -> Spot {
        let Self { cells, failed, .. } = self;
        if *failed > 0 {
            return (format!("FAILED {failed} of {cells}"), Tone::Bad);
        }
        (format!("ok {cells} of {cells}, {} to {}", milliseconds(self.fastest), milliseconds(self.slowest)), Tone::Good)
    }
}

/// `0.4 ms`
pub(super) fn milliseconds(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1000.0)
}
