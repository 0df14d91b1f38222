//! Floor 3: what exists already, as values.

use std::collections::BTreeMap;

use crate::cluster::HolderId;
use crate::layout::HolderFile;
use crate::pki::Secret;

/// The files of a holder's generation in use, as bytes from the disk. A file that could not be read says why.
#[derive(Debug, Clone)]
pub struct HolderFiles {
    pub holder: HolderId,
    pub generation: u32,
    pub files: BTreeMap<HolderFile, Result<Secret, String>>,
}
