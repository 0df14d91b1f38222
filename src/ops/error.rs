//! Every way in which a deed can fail.

use std::path::PathBuf;

use crate::artifact::ArtifactError;
use crate::cluster::AuthorityName;
use crate::directory::DirectoryError;
use crate::issue::IssueError;
use crate::keystore::KeystoreError;
use crate::plan::PlanError;
use crate::plan::rollback::RollbackError;
use crate::visit::allowance::Lack;

#[derive(Debug, thiserror::Error)]
pub enum DeedError {
    #[error("there is nothing in {} yet; run `countersign apply` first", directory.display())]
    NothingThere { directory: PathBuf },
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("{what}: {source}")]
    Making { what: String, source: MakingError },
    #[error(transparent)]
    Rollback(#[from] RollbackError),
    #[error("{holder} is in the cluster file: take it out there, run `countersign apply`, and retire it then")]
    Named { holder: String },
    #[error("nothing of {holder} is there{}", others(.gone))]
    NotGone { holder: String, gone: Vec<String> },
    #[error(transparent)]
    Lack(#[from] Lack),
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: KeystoreError },
    /// What was asked for cannot be compared with anything.
    #[error("--replaces {word}: {why}")]
    Replaced { word: String, why: String },
    #[error("{authority}: {why}; nothing was changed")]
    Rollover { authority: AuthorityName, why: &'static str },
    /// Manifests that could not be made.
    #[error("{0}")]
    Manifests(String),
}

fn others(gone: &[String]) -> String {
    if gone.is_empty() {
        "; of nobody who is not in the cluster file is anything there".to_owned()
    } else {
        format!("; to be retired are {}", gone.join(", "))
    }
}

/// Why a certificate or a file could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MakingError {
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}
