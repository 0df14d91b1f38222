//! Artifacts → the directory. A generation becomes visible by one rename, or not at all.

use std::os::unix::fs::symlink;

use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens};

use super::{Directory, DirectoryError, Owners, file, leftover, open};
use crate::artifact::Artifact;
use crate::cluster::{Access, Holder, HolderId};
use crate::inventory::Manifest;
use crate::layout;
use crate::pki::{Password, sha256_hex};

/// What keeps keys out of git.
pub(super) const IGNORE: &str = ".gitignore";

impl Directory {
    /// Writes what keeps keys out of git.
    pub fn keep_out_of_git(&self) -> Result<(), DirectoryError> {
        let path = self.root.join(IGNORE);
        // Whatever else lies there is somebody's own.
        if path.symlink_metadata().is_err() {
            file::replace(&path, b"# Private keys, passwords and what is made from them.\n*\n", 0o644)?;
        }
        Ok(())
    }

    /// Writes the anchors, and what opens every trust store.
    pub fn write_trust<'a>(
        &self,
        files: impl IntoIterator<Item = (&'a String, &'a Vec<u8>)>,
        password: &Password,
    ) -> Result<(), DirectoryError> {
        let trust = self.root.join(layout::TRUST);
        file::make_directory(&trust, 0o700)?;
        file::replace(&trust.join(layout::TRUST_PASSWORD), format!("{}\n", password.expose()).as_bytes(), 0o600)?;
        files.into_iter().try_for_each(|(name, bytes)| file::replace(&trust.join(name), bytes, 0o644))
    }

    /// Writes a generation beside the one in use. Nobody sees it yet. The SHA-256 of its manifest is for the journal.
    pub fn stage(&self, holder: &Holder, manifest: &Manifest, artifacts: &[Artifact], owners: &Owners) -> Result<String, DirectoryError> {
        let place = self.holder(&holder.id);
        let access = &holder.access;
        let kind = self.root.join(holder.id.kind.directory());
        for directory in [&self.root, &kind, &place] {
            file::make_directory(directory, 0o700)?;
            // Whoever the files are given to passes through on the way to them, and sees nothing else.
            if *access != Access::default() {
                file::make_passable(directory)?;
            }
        }
        let staged = place.join(leftover::staged(manifest.generation));
        file::remove_leftover(&staged)?;
        file::make_directory(&staged, 0o700)?;
        for artifact in artifacts {
            let path = staged.join(artifact.path);
            file::create(&path, artifact.bytes.expose(), layout::mode(artifact.sensitivity, access))?;
            owners.give(&path, access)?;
        }
        let text = serde_json::to_vec_pretty(manifest).map_err(|error| DirectoryError::io("write", &staged, error.into()))?;
        file::create(&staged.join(layout::MANIFEST), &text, 0o600)?;
        owners.give(&staged, access)?;
        file::set_mode(&staged, if access.group.is_some() { 0o750 } else { 0o700 })?;
        Ok(sha256_hex(&text))
    }

    /// Removes what a run that was cut short left of a generation.
    pub fn unstage(&self, id: &HolderId, generation: u32) -> Result<(), DirectoryError> {
        file::remove_leftover(&self.holder(id).join(leftover::staged(generation)))
    }

    /// Makes a staged generation the one in use.
    pub fn switch(&self, id: &HolderId, generation: u32) -> Result<(), DirectoryError> {
        let place = self.holder(id);
        // The link is there first: so a generation that has its name and was never in use can be told from those that were.
        let link = place.join(leftover::NEXT);
        file::remove_leftover(&link)?;
        symlink(generation.to_string(), &link).map_err(|source| DirectoryError::io("create", &link, source))?;
        file::rename_new(&place.join(leftover::staged(generation)), &place.join(generation.to_string()))?;
        file::rename(&link, &place.join(layout::CURRENT))
    }

    /// Gives the files of a holder's generation in use the time of now. Erlang reads a file again only if its time of change is not
    /// older than when it last looked, and it may have looked between writing and switching.
    pub fn touch(&self, id: &HolderId) -> Result<(), DirectoryError> {
        /// By the clock of the file system, which is the one that Erlang compares.
        const NOW: Timestamps = Timestamps {
            last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        };
        let Some(generation) = self.current(id)? else { return Ok(()) };
        let place = self.holder(id).join(generation.to_string());
        for name in file::names(&place)? {
            let path = place.join(name);
            if let Some((file, _)) = open::own(&path, u64::MAX)? {
                futimens(file, &NOW).map_err(|errno| DirectoryError::io("touch", &path, errno.into()))?;
            }
        }
        Ok(())
    }

    /// Forces everything written so far to the disk: one call for any number of files.
    pub fn sync(&self) -> Result<(), DirectoryError> {
        file::sync_file_system(&self.root)
    }
}
