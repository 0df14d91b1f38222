//! Lines for people: a label, a text, and how it is to be taken. Whoever prints them decides on width and colour.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How far it stands in.
    pub depth: usize,
    /// Empty in a heading.
    pub label: &'static str,
    pub text: String,
    pub outlook: Outlook,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    Plain,
    Good,
    /// Soon to be seen to.
    Due,
    Bad,
}

/// Lines at one depth.
#[derive(Debug, Default)]
pub(super) struct Page {
    depth: usize,
    pub(super) lines: Vec<Line>,
}

impl Page {
    pub(super) fn heading(&mut self, text: impl Into<String>) {
        self.toned("", text, Outlook::Plain);
    }

    /// Nothing when `text` is empty.
    pub(super) fn line(&mut self, label: &'static str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.toned(label, text, Outlook::Plain);
        }
    }

    pub(super) fn toned(&mut self, label: &'static str, text: impl Into<String>, outlook: Outlook) {
        self.lines.push(Line { depth: self.depth, label, text: text.into(), outlook });
    }

    pub(super) fn inside(&mut self, write: impl FnOnce(&mut Self)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }
}
