//! What is looked at when the directory is checked against the cluster file.

use time::{Duration, OffsetDateTime};

use crate::cluster::ClusterSpec;
use crate::inventory::{HolderFiles, Inventory, Survey};
use crate::snippet::Snippets;

/// All that is known of the directory.
#[derive(Debug, Clone, Copy)]
pub struct Cluster<'a> {
    pub spec: &'a ClusterSpec,
    pub snippets: &'a Snippets<'a>,
    pub inventory: &'a Inventory,
    /// Of each holder that has a generation in use.
    pub files: &'a [HolderFiles],
    pub survey: &'a Survey,
    pub at: OffsetDateTime,
    pub expires_within: Duration,
}
