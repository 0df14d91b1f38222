//! A mistake in the cluster file, with its place and its fix.

/// One thing to tell the author of a cluster file. Everything wrong is reported in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The offending text, as it stands in the file.
    pub text: String,
    /// One sentence: what is wrong.
    pub message: String,
    /// What to write instead: the nearest key, the allowed values.
    pub fix: String,
}
