//! Columns below their headings.

use super::{Line, Text, Tone, printable};

const GAP: usize = 2;

#[derive(Debug, Clone, Default)]
pub struct Table {
    pub header: Vec<String>,
    /// Each with as many cells as there are headings.
    pub rows: Vec<Vec<(String, Tone)>>,
}

impl Table {
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.header.iter().map(|text| length(text)).collect();
        for row in &self.rows {
            for (width, (text, _)) in widths.iter_mut().zip(row) {
                *width = length(text).max(*width);
            }
        }
        widths
    }

    /// In characters.
    pub fn width(&self) -> usize {
        self.widths().iter().map(|width| width + GAP).sum()
    }

    /// One for each row, below the headings.
    pub fn lines(&self) -> Text {
        let widths = self.widths();
        let header: Vec<(String, Tone)> = self.header.iter().map(|name| (name.clone(), Tone::Plain)).collect();
        [&header].into_iter().chain(&self.rows).map(|row| line(row, &widths)).collect()
    }
}

/// Without blanks at its end.
fn line(row: &[(String, Tone)], widths: &[usize]) -> Line {
    let mut line = Line::default();
    let mut start = 0;
    for ((text, tone), width) in row.iter().zip(widths) {
        if !text.is_empty() {
            let gap = " ".repeat(start - line.width().min(start));
            line = line.and(gap).toned(text, *tone);
        }
        start += width + GAP;
    }
    line
}

fn length(text: &str) -> usize {
    printable(text).chars().count()
}
