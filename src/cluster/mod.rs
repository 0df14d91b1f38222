//! Floor 1: what the user wants. The cluster file, and the [`ClusterSpec`] made of it.

mod spec;

pub use spec::*;
