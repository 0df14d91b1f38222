//! Generations that are kept no longer are removed for good, keys and all.

use super::{Directory, DirectoryError, file, leftover};
use crate::cluster::HolderId;

impl Directory {
    /// Removes these generations of a holder, none of which is in use, and says what cannot be removed. For whoever holds the lock.
    ///
    /// Each has another name before the first of its files goes: of what is cut short the next run removes the rest.
    pub fn drop_generations(&self, id: &HolderId, generations: &[u32]) -> Vec<DirectoryError> {
        generations.iter().filter_map(|generation| self.drop_generation(id, *generation).err()).collect()
    }

    fn drop_generation(&self, id: &HolderId, generation: u32) -> Result<(), DirectoryError> {
        let place = self.holder(id);
        let dropped = place.join(leftover::dropped(generation));
        file::rename_new(&place.join(generation.to_string()), &dropped)?;
        file::remove_leftover(&dropped)
    }
}
