//! Floor 3: spec + layout → the text of each configuration file, from the templates in `templates/`.

use std::path::Path;

use crate::cluster::{ClusterSpec, Holder};
use crate::layout::HolderFile;
use crate::pki::Password;

/// What stands in a snippet where a password belongs.
#[derive(Debug, Clone, Copy)]
pub enum Passwords<'a> {
    /// The real ones, for the file that the broker reads.
    Real { keystore: &'a Password, truststore: &'a Password },
    /// A placeholder: for people, and to compare one text with another.
    Elided,
}

/// The snippets of one cluster.
#[derive(Debug)]
pub struct Snippets<'a> {
    spec: &'a ClusterSpec,
    root: &'a Path,
}

impl<'a> Snippets<'a> {
    /// `root` is the absolute path of the directory.
    pub fn new(spec: &'a ClusterSpec, root: &'a Path) -> Self {
        Self { spec, root }
    }

    /// The text of `file` for `holder`.
    ///
    /// `None` when `file` is not a snippet of this holder ([`crate::layout::files`] lists which are).
    pub fn render(&self, holder: &Holder, file: HolderFile, passwords: Passwords<'_>) -> Option<String> {
        todo!()
    }
}
