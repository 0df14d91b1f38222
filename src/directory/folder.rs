//! A flat directory of somebody's that some of our files lie in, such as that of Kubernetes manifests.

use std::collections::BTreeMap;
use std::path::Path;

use super::{DirectoryError, file};
use crate::pki::Secret;

/// The files whose names end in `extension` (`.yaml`), by name; none when there is no such directory. Links are somebody's own.
pub fn read_folder(folder: &Path, extension: &str) -> Result<BTreeMap<String, Secret>, DirectoryError> {
    let mut files = BTreeMap::new();
    for name in file::names(folder)?.into_iter().filter(|name| name.ends_with(extension)) {
        if let Ok(Some(read)) = file::read(&folder.join(&name)) {
            files.insert(name, read.bytes);
        }
    }
    Ok(files)
}

/// Writes one file in one step, over another of its name; makes the directory, and those above it, when there is none.
pub fn write_in_folder(folder: &Path, name: &str, bytes: &Secret, mode: u32) -> Result<(), DirectoryError> {
    file::make_directories(folder)?;
    file::replace(&folder.join(name), bytes.expose(), mode)
}

pub fn remove_from_folder(folder: &Path, name: &str) -> Result<(), DirectoryError> {
    file::remove_file(&folder.join(name))
}
