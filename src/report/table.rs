//! Columns below their headings, for a terminal.

use std::fmt::Write;

use super::Paint;
use crate::finding::Severity;

const GAP: usize = 2;

/// A text, and as what it is painted.
pub(super) type Spot = (String, Option<Severity>);

/// Columns below their headings.
pub(super) struct Table {
    pub(super) header: Vec<String>,
    /// The name of each row, and what stands in its columns; where nobody went, nothing.
    pub(super) rows: Vec<(String, Vec<Option<Spot>>)>,
}

impl Table {
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.header.iter().map(|text| length(text)).collect();
        for (name, spots) in &self.rows {
            let lengths = spots.iter().map(|spot| spot.as_ref().map_or(1, |(text, _)| length(text)));
            for (width, length) in widths.iter_mut().zip([length(name)].into_iter().chain(lengths)) {
                *width = length.max(*width);
            }
        }
        widths
    }

    pub(super) fn width(&self) -> usize {
        self.widths().iter().map(|width| width + GAP).sum()
    }

    pub(super) fn write(&self, text: &mut String, paint: Paint<'_>) {
        if self.rows.is_empty() {
            return;
        }
        let widths = self.widths();
        let plain = |text: &String| (text.clone(), length(text));
        let mut line = |entries: Vec<(String, usize)>| {
            let mut gap = 0;
            for ((entry, length), width) in entries.iter().zip(&widths) {
                let _ = write!(text, "{}{entry}", " ".repeat(gap));
                gap = width - length + GAP;
            }
            text.push('\n');
        };
        line(self.header.iter().map(plain).collect());
        for (name, spots) in &self.rows {
            let spots = spots.iter().map(|spot| match spot {
                Some((text, severity)) => (paint(text, *severity), length(text)),
                None => ("-".to_owned(), 1),
            });
            line([plain(name)].into_iter().chain(spots).collect());
        }
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}
