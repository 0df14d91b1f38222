//! What a deed is about.

use crate::cluster::ClusterSpec;
use crate::directory::Directory;
use crate::snippet::Snippets;

/// A cluster as it is wanted, and the directory where it lies.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    pub spec: &'a ClusterSpec,
    pub snippets: &'a Snippets<'a>,
    pub directory: &'a Directory,
}
