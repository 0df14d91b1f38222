//! Floor 1: what the user wants. The cluster file, and the [`ClusterSpec`] made of it.

mod problem;
mod spec;

pub use problem::Problem;
pub use spec::*;

use std::path::Path;

/// Makes a [`ClusterSpec`] of the text of a cluster file, or says everything that is wrong with it, in the order of the file.
///
/// `base` is the absolute directory of the cluster file; relative paths in it are joined to it.
pub fn parse(text: &str, base: &Path) -> Result<ClusterSpec, Vec<Problem>> {
    todo!()
}
