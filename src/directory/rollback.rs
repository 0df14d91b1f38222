//! Generations that were in use before: read, and put in use again.

use std::os::unix::fs::symlink;

use super::read::{Reading, files_in};
use super::{Directory, DirectoryError, file, leftover, ownership};
use crate::cluster::{ClusterSpec, Holder, HolderId};
use crate::inventory::{Generation, HolderFiles, Inventory};
use crate::layout;
use crate::pki::TrustBundle;

impl Directory {
    /// A generation of `holder` that need not be the one in use.
    ///
    /// # Errors
    /// Something lies there that is none of countersign's, or cannot be read.
    pub fn earlier(
        &self,
        spec: &ClusterSpec,
        inventory: &Inventory,
        holder: &Holder,
        generation: u32,
    ) -> Result<Generation, DirectoryError> {
        let anchors = inventory.anchors(spec.trusted_by(holder));
        let owner = holder.access.owner.as_deref();
        let reading = Reading {
            anchors: anchors.as_ref().map(TrustBundle::anchors).unwrap_or_default(),
            manifest: inventory.journal.manifest(&holder.id.to_string(), generation),
            owner,
            owners: ownership::ours().into_iter().chain(owner.and_then(ownership::user)).collect(),
        };
        let mut faults = Vec::new();
        let read = self.generation(&holder.id, generation, &reading, &mut faults);
        faults.into_iter().next().map_or(Ok(read), Err)
    }

    /// The files of a generation, as they are on the disk.
    pub fn earlier_files(&self, spec: &ClusterSpec, holder: &Holder, generation: u32) -> HolderFiles {
        files_in(&self.holder(&holder.id).join(generation.to_string()), spec, holder, generation)
    }

    /// Makes a generation that is there the one in use, and sees that on the disk.
    pub fn switch_back(&self, id: &HolderId, generation: u32) -> Result<(), DirectoryError> {
        let place = self.holder(id);
        let link = place.join(leftover::BACK);
        file::remove_leftover(&link)?;
        symlink(generation.to_string(), &link).map_err(|source| DirectoryError::io("create", &link, source))?;
        file::rename(&link, &place.join(layout::CURRENT))?;
        file::sync(&place)
    }
}
