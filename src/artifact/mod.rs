//! Floor 7: keys, certificates and passwords → files as bytes.

mod authority;
mod holder;
mod truststore;

use std::collections::BTreeMap;

pub use authority::{existing_authority, new_authority};
pub use holder::{Belongings, Workshop};
pub use truststore::Truststores;

use crate::cluster::{Access, HolderId};
use crate::inventory::{Manifest, ManifestEntry, Part};
use crate::keystore::KeystoreError;
use crate::layout::{self, Sensitivity};
use crate::pki::{KeyError, Secret, sha256_hex};

/// A file to be stored.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Its name inside its generation.
    pub path: &'static str,
    pub bytes: Secret,
    /// Decides the mode, and what a sink may receive.
    pub sensitivity: Sensitivity,
    /// Empty for what is not compared by its parts.
    pub made_from: BTreeMap<Part, String>,
}

/// The `manifest.json` of a generation that holds `artifacts`, for a holder with this access.
pub fn manifest(holder: &HolderId, access: &Access, generation: u32, artifacts: &[Artifact]) -> Manifest {
    let entry = |artifact: &Artifact| ManifestEntry {
        path: artifact.path.to_owned(),
        sha256: sha256_hex(artifact.bytes.expose()),
        mode: format!("{:04o}", layout::mode(artifact.sensitivity, access)),
        made_from: artifact.made_from.clone(),
    };
    Manifest {
        format: Manifest::FORMAT,
        holder: holder.to_string(),
        generation,
        access: access.clone(),
        files: artifacts.iter().map(entry).collect(),
    }
}

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    #[error(transparent)]
    Store(#[from] KeystoreError),
    #[error("the key of an authority could not be encrypted: {0}")]
    Key(#[from] KeyError),
}
