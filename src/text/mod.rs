//! Floor 0: text for people, line by line, each part with how it is to be taken; whoever shows it decides on colours.
//!
//! Whatever is put into a [`Line`], whoever wrote it, stays in that line and drives neither a terminal nor a CI system.

mod printable;
#[cfg(test)]
pub mod stranger;
mod table;

use std::fmt;

pub use printable::{printable, printable_json};
pub use table::Table;

/// How a part of a line is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    /// To be seen to, or soon.
    Due,
    Bad,
}

/// One line, without its end. It holds nothing that is not [`printable`], and begins no command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    parts: Vec<(String, Tone)>,
}

impl Line {
    pub fn of(text: impl fmt::Display) -> Self {
        Self::default().and(text)
    }

    /// With this at its end.
    #[must_use]
    pub fn and(self, text: impl fmt::Display) -> Self {
        self.toned(text, Tone::Plain)
    }

    /// With this at its end.
    #[must_use]
    pub fn toned(mut self, text: impl fmt::Display, tone: Tone) -> Self {
        let so_far = self.to_string();
        let before = if so_far.trim_start().is_empty() { None } else { so_far.chars().next_back() };
        let text = printable::after(before, &text.to_string());
        if !text.is_empty() {
            self.parts.push((text, tone));
        }
        self
    }

    /// In characters.
    fn width(&self) -> usize {
        self.parts.iter().map(|(text, _)| text.chars().count()).sum()
    }

    pub fn painted(&self, paint: impl Fn(&str, Tone) -> String) -> String {
        self.parts.iter().map(|(text, tone)| paint(text, *tone)).collect()
    }
}

/// Without colours.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|(text, _)| f.write_str(text))
    }
}

/// Lines below each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    lines: Vec<Line>,
}

impl Text {
    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub fn blank(&mut self) {
        self.push(Line::default());
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Each line with its end.
    pub fn painted(&self, paint: impl Fn(&str, Tone) -> String) -> String {
        self.lines.iter().map(|line| line.painted(&paint) + "\n").collect()
    }
}

/// Without colours.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl From<Line> for Text {
    fn from(line: Line) -> Self {
        Self { lines: vec![line] }
    }
}

impl Extend<Line> for Text {
    fn extend<I: IntoIterator<Item = Line>>(&mut self, lines: I) {
        self.lines.extend(lines);
    }
}

impl FromIterator<Line> for Text {
    fn from_iter<I: IntoIterator<Item = Line>>(lines: I) -> Self {
        Self { lines: lines.into_iter().collect() }
    }
}

impl IntoIterator for Text {
    type Item = Line;
    type IntoIter = std::vec::IntoIter<Line>;

    fn into_iter(self) -> Self::IntoIter {
        self.lines.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_are_put_around_what_is_printable() {
        let line = Line::of("a ").toned("\u{1b}[0mb", Tone::Bad).and(":");
        assert_eq!(line.to_string(), "a \\u{1b}[0mb:");
        assert_eq!(line.painted(|text, tone| format!("<{tone:?} {text}>")), "<Plain a ><Bad \\u{1b}[0mb><Plain :>");
    }

    proptest! {
        #[test]
        fn whatever_is_put_together_is_one_line_that_drives_nothing(parts in prop::collection::vec(stranger::WORDS, 1..4)) {
            let line = parts.iter().fold(Line::of("  "), |line, part| line.and(part));
            prop_assert!(!stranger::drives(&line.to_string()) && !line.to_string().contains('\n'), "{:?}", line);
            let mut table = Table::new(&["NAME", "WHAT"]);
            table.rows.push(vec![(parts[0].clone(), Tone::Bad), (parts[parts.len() - 1].clone(), Tone::Plain)]);
            let text = table.lines().to_string();
            prop_assert!(!stranger::drives(&text) && text.lines().count() == 2, "{:?}", text);
        }
    }
}
