//! What was written into a generation, and what each file was made from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cluster::Access;

/// The `manifest.json` of a generation. A file that hashes to what stands here need not be opened again.
///
/// It lies where the owner of the holder's files may write, so it counts only as long as the journal has its hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this format.
    pub format: u32,
    pub holder: String,
    pub generation: u32,
    /// Whom the files were given to.
    pub access: Access,
    pub files: Vec<ManifestEntry>,
}

impl Manifest {
    pub const FORMAT: u32 = 1;

    pub fn entry(&self, path: &str) -> Option<&ManifestEntry> {
        self.files.iter().find(|entry| entry.path == path)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestEntry {
    /// The file's name inside the generation.
    pub path: String,
    /// Of the bytes, lower-case hexadecimal.
    pub sha256: String,
    /// The permission bits, as chmod takes them.
    pub mode: String,
    pub made_from: BTreeMap<Part, String>,
}

/// What a file can be made from. Two files made from the same parts hold the same, whatever their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The fingerprint of the leaf.
    Leaf,
    /// The fingerprints of the anchors.
    Anchors,
    Password,
    /// Of the SASL passwords that stand in it.
    SaslPassword,
    Alias,
    Profile,
    /// The text of a snippet, apart from its passwords.
    Settings,
}
