//! Floor 8: the file system. Reads the [`crate::inventory::Inventory`], writes artifacts; nothing else touches a file.
//!
//! - One [`Lock`] for whoever writes; it dies with the process.
//! - A new generation is written beside the one in use, as `.3.new`, then synced, renamed to `3`, and `current` is switched by
//!   one rename. A kill at any point leaves the old generation in use and at worst a `.3.new`, or a `3` that `.current.new` points to,
//!   which the next run removes.
//! - A generation that is kept no longer is renamed to `.3.old` before the first of its files goes.
//! - What lies in a holder's place may belong to another user. A fault there is a fault of this holder, and of no other.
//! - No component of a path below the root is followed when it is a symbolic link, `current` excepted, and that must name a
//!   generation beside it.

mod authority;
mod command;
mod drop;
mod error;
mod file;
mod folder;
mod foreign;
mod journal;
mod leftover;
mod lock;
mod open;
mod owner;
mod ownership;
mod passphrase;
mod pipe;
mod provided;
mod read;
mod retire;
mod rollback;
mod survey;
mod write;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

pub use command::run_command;
pub use error::DirectoryError;
pub use folder::{read_folder, remove_from_folder, write_in_folder};
pub use foreign::{expand, files_in, length_of, look_at, mode_of, read_foreign, read_log, read_named, system_roots};
pub use journal::{Journal, JournalEntry, Marks};
pub use lock::Lock;
pub use owner::Owners;
pub use passphrase::{first_line, line_of_stdin, passphrase, read_passwords};
pub use provided::read_provided;

use crate::cluster::HolderId;
use crate::layout;
use crate::pki::Secret;

/// The directory that is the state.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// `root` need not exist yet. A relative one is joined to the working directory.
    pub fn new(root: &Path) -> Result<Self, DirectoryError> {
        let absolute = std::path::absolute(root).map_err(|source| DirectoryError::io("find", root, source))?;
        Ok(Self { root: absolute })
    }

    /// Absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn exists(&self) -> bool {
        self.root.symlink_metadata().is_ok()
    }

    fn holder(&self, id: &HolderId) -> PathBuf {
        self.root.join(layout::holder_path(id))
    }
}

/// Reads the cluster file, which the user named: 16 MiB at most.
pub fn read_cluster_file(path: &Path) -> Result<String, DirectoryError> {
    text(path, open::read_named(path, open::TEXT)?.expose())
}

fn text(path: &Path, bytes: &[u8]) -> Result<String, DirectoryError> {
    let invalid = |error| DirectoryError::io("read", path, std::io::Error::new(std::io::ErrorKind::InvalidData, error));
    str::from_utf8(bytes).map(str::to_owned).map_err(invalid)
}

/// Writes a new file that is not secret; never over another.
pub fn write_new(path: &Path, text: &str) -> Result<(), DirectoryError> {
    // Its parent is synced, and a bare name has none.
    let path = std::path::absolute(path).map_err(|source| DirectoryError::io("find", path, source))?;
    file::make_directories(path.parent().unwrap_or(&path))?;
    file::place(&path, text.as_bytes(), 0o644)
}

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Refused,
    Replaced,
}

/// Writes a secret file that the user named, in one step: 0600 from birth, and on the disk before it has its name.
pub fn write_secret(path: &Path, bytes: &Secret, existing: Existing) -> Result<(), DirectoryError> {
    // Its parent is synced, and a bare name has none.
    let path = std::path::absolute(path).map_err(|source| DirectoryError::io("find", path, source))?;
    match existing {
        Existing::Replaced => file::replace(&path, bytes.expose(), 0o600),
        Existing::Refused => file::place(&path, bytes.expose(), 0o600),
    }
}

/// Whether both paths lead to one file, by whatever links.
pub fn same_file(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| std::fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino())).ok();
    identity(one).is_some_and(|one| identity(other) == Some(one))
}
