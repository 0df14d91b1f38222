//! `retire`: the files of a holder that is gone are archived without anything secret.

use std::path::PathBuf;

use serde::Serialize;

use super::{DeedError, Means, Site};
use crate::cluster::HolderId;
use crate::directory::JournalEntry;
use crate::inventory::Inventory;
use crate::plan::retire::{Farewell, farewell};

/// What became of a holder that is gone.
#[derive(Debug, Serialize)]
pub struct Retired {
    pub holder: String,
    /// Where its certificates are kept, relative to the directory.
    pub kept: PathBuf,
    #[serde(flatten)]
    pub farewell: Farewell,
}

/// Archives what is there of `id`.
///
/// # Errors
/// The cluster file names it, nothing of it is there, or something lies there that would be lost.
pub fn retire(site: Site<'_>, means: Means<'_>, id: &HolderId) -> Result<Retired, DeedError> {
    if !site.directory.exists() {
        return Err(DeedError::NothingThere { directory: site.directory.root().to_owned() });
    }
    let _lock = site.directory.lock()?;
    let inventory = site.directory.read_ours(site.spec)?;
    archive(site, means, &inventory, id)
}

/// The same, for whoever holds the lock.
pub(super) fn archive(site: Site<'_>, means: Means<'_>, inventory: &Inventory, id: &HolderId) -> Result<Retired, DeedError> {
    let Site { spec, directory, .. } = site;
    if spec.holder(id).is_some() {
        return Err(DeedError::Named { holder: id.to_string() });
    }
    let Some(remains) = inventory.gone.get(id) else {
        let gone = inventory.gone.keys().map(HolderId::to_string).collect();
        return Err(DeedError::NotGone { holder: id.to_string(), gone });
    };
    let kept = directory.retirement(id)?;
    directory.journal().append(&[JournalEntry::retired(id.to_string(), remains, means.now, &kept)])?;
    directory.retire(id, &kept)?;
    Ok(Retired { holder: id.to_string(), kept, farewell: farewell(spec, id, remains, means.now) })
}
