//! What stands in a configuration, and what of it may be shown.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::pki::{Passphrase, quotable_length};

/// A text out of a configuration: a name, a value, or a part of one.
///
/// It may be a secret, whatever it is taken for, and it may come out of a file that the author of the configuration could not read
/// himself. So what it is cannot be printed: `Display` and `Debug` show what was written, as far as that is certainly no secret, and
/// [`Text::meant`] is for the program's meaning alone. A part shows no more than the whole does.
#[derive(Clone)]
pub struct Text {
    meant: Passphrase,
    shown: Shown,
}

#[derive(Clone)]
enum Shown {
    /// The beginning of the text itself, so many bytes.
    Beginning(usize),
    /// What was written where a provider's answer stands now.
    Instead(Arc<str>),
}

impl Text {
    /// As somebody wrote it.
    pub fn written(text: impl Into<String>) -> Self {
        let text = text.into();
        let length = quotable_length(&text);
        Self::beginning(text, length)
    }

    /// Of which nothing is shown.
    pub fn secret(text: impl Into<String>) -> Self {
        Self::beginning(text.into(), 0)
    }

    /// Of which so many bytes may be shown.
    pub(super) fn beginning(text: String, length: usize) -> Self {
        Self { meant: Passphrase::new(text), shown: Shown::Beginning(length) }
    }

    /// From a provider that this text names. Nothing of `fetched` is ever shown.
    pub(super) fn fetched(&self, fetched: String) -> Self {
        Self { meant: Passphrase::new(fetched), shown: Shown::Instead(self.to_string().into()) }
    }

    /// What the program takes it for. Never to be printed.
    pub fn meant(&self) -> &str {
        self.meant.expose()
    }

    pub fn is_empty(&self) -> bool {
        self.meant().is_empty()
    }

    pub fn starts_with(&self, start: &str) -> bool {
        self.meant().starts_with(start)
    }

    pub fn ends_with(&self, end: &str) -> bool {
        self.meant().ends_with(end)
    }

    /// Whether all of it is shown.
    pub fn is_whole(&self) -> bool {
        matches!(self.shown, Shown::Beginning(length) if length == self.meant().len())
    }

    /// Whether nothing of it is shown.
    pub fn is_hidden(&self) -> bool {
        matches!(self.shown, Shown::Beginning(0)) && !self.is_empty()
    }

    /// Whether a provider gave it, or a part of it.
    pub fn is_fetched(&self) -> bool {
        matches!(self.shown, Shown::Instead(_))
    }

    /// The items of a list, trimmed; none is empty.
    pub fn items(&self, separator: char) -> impl Iterator<Item = Self> {
        self.meant().split(separator).map(str::trim).filter(|item| !item.is_empty()).map(|item| self.part(item))
    }

    /// `part` is a slice of what is meant.
    pub fn part(&self, part: &str) -> Self {
        let shown = match &self.shown {
            Shown::Beginning(length) => {
                let start = part.as_ptr().addr().checked_sub(self.meant().as_ptr().addr());
                Shown::Beginning(start.map_or(0, |start| length.saturating_sub(start).min(part.len())))
            }
            Shown::Instead(written) => Shown::Instead(written.clone()),
        };
        Self { meant: Passphrase::new(part.to_owned()), shown }
    }

    /// What else follows from it, such as the place of a path or the user in a login module.
    pub fn leads_to(&self, text: impl Into<String>) -> Self {
        let text = Self::written(text);
        match &self.shown {
            Shown::Beginning(_) => text,
            Shown::Instead(written) => Self { shown: Shown::Instead(written.clone()), ..text },
        }
    }

    pub(super) fn to_uppercase(&self) -> Self {
        Self { meant: Passphrase::new(self.meant().to_ascii_uppercase()), shown: self.shown.clone() }
    }
}

/// As it is written in a sentence.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shown {
            Shown::Beginning(length) if *length == self.meant().len() => f.write_str(self.meant()),
            Shown::Beginning(length) => write!(f, "{}…", self.meant().get(..*length).unwrap_or_default()),
            Shown::Instead(written) => f.write_str(written),
        }
    }
}

/// As a value in a sentence: in quotation marks, or by where it comes from.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shown {
            Shown::Beginning(_) => write!(f, "{:?}", self.to_string()),
            Shown::Instead(written) => write!(f, "what {written} gives"),
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.meant() == other.meant()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.meant().cmp(other.meant())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.meant() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.meant() == *other
    }
}

/// What somebody wrote, such as the name of a user on the command line.
impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::written(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_shows_no_more_than_the_whole() {
        let text = Text::written("a.example:1,sasl.jaas.config=x password=\"S3,cret\",b");
        let items: Vec<String> = text.items(',').map(|item| item.to_string()).collect();
        assert_eq!(items, ["a.example:1", "sasl.jaas…", "…", "…"]);
        assert_eq!(text.items(',').last().unwrap(), "b");
    }

    #[test]
    fn what_was_fetched_is_shown_as_it_was_written() {
        let text = Text::written("${file:/p:k}").fetched("S3cret,more".to_owned());
        let part = text.items(',').next().unwrap();
        assert_eq!(part, "S3cret");
        for text in [&text, &part, &part.to_uppercase(), &part.leads_to("/srv/S3cret")] {
            assert_eq!(format!("{text} {text:?}"), "${file:/p:k} what ${file:/p:k} gives");
        }
    }

    #[test]
    fn of_a_secret_nothing_is_shown() {
        assert_eq!(format!("{} {:?}", Text::secret("S3cret"), Text::secret("S3cret")), "… \"…\"");
    }
}
