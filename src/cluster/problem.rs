//! A mistake in the cluster file, with its place and its fix.

use std::fmt::Display;

use crate::pki::quotable;

/// One thing to tell the author of a cluster file. Everything wrong is reported in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The offending text as it stands in the file, as far as it is certainly no secret.
    pub text: String,
    /// One sentence: what is wrong.
    pub message: String,
    /// What to write instead: the nearest key, the allowed values.
    pub fix: String,
}

impl Problem {
    /// At `place`, its line and column. A passphrase may have been typed where its place should stand: of what stands in the file, nothing
    /// that may be one is shown.
    pub(super) fn new(place: (usize, usize), text: &str, message: impl Display, fix: impl Display) -> Self {
        let (line, column) = place;
        Self { line, column, text: quotable(text).into_owned(), message: quoting(&message.to_string()), fix: fix.to_string() }
    }
}

/// Every text in quotation marks comes from the file; the rest of the sentence is ours.
fn quoting(sentence: &str) -> String {
    let mut quoted = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, text)) = rest.split_once('"') {
        let mut escaping = false;
        let end = text.find(|c: char| {
            let ends = c == '"' && !escaping;
            escaping = c == '\\' && !escaping;
            ends
        });
        let (text, after) = text.split_at(end.unwrap_or(text.len()));
        let (mark, after) = after.split_at(after.len().min(1));
        quoted.extend([before, "\"", &quotable(text), mark]);
        rest = after;
    }
    quoted + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_passphrase_is_not_quoted() {
        let said = |text: &str| Problem::new((1, 1), text, format_args!("authority has no key {text:?}, {:?}", "a"), "");
        assert_eq!(said("flie").message, "authority has no key \"flie\", \"a\"");
        let Problem { text, message, .. } = said("passphrase:S3\"cret");
        assert_eq!((text.as_str(), message.as_str()), ("passphrase…", "authority has no key \"passphrase…\", \"a\""));
    }
}
