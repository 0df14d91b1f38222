//! Single files: never through a symbolic link, secret from birth, and on the disk before anyone relies on them.

#![allow(clippy::disallowed_methods, reason = "this is the one place that may")]

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{DirectoryError, open};
use crate::pki::Secret;

/// A file as it was found.
#[derive(Debug)]
pub struct FileRead {
    pub bytes: Secret,
    /// The permission bits.
    pub mode: u32,
    /// The number of the user whose it is.
    pub owner: u32,
}

/// `None` when there is no such file. A symbolic link is refused.
pub fn read(path: &Path) -> Result<Option<FileRead>, DirectoryError> {
    read_up_to(path, open::STORE)
}

/// The same, of a file that is never larger than `limit` bytes.
pub fn read_up_to(path: &Path, limit: u64) -> Result<Option<FileRead>, DirectoryError> {
    let Some((file, metadata)) = open::own(path, limit)? else { return Ok(None) };
    Ok(Some(FileRead { bytes: open::read(file, &metadata, path, limit)?, mode: metadata.mode() & 0o7777, owner: metadata.uid() }))
}

/// Creates a file that is not there yet, readable by its owner alone until all of it is written and `mode` is set.
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<File, DirectoryError> {
    let failed = |source| DirectoryError::io("write", path, source);
    fill(open::new(path).map_err(failed)?, bytes, mode).map_err(failed)
}

fn fill(mut file: File, bytes: &[u8], mode: u32) -> io::Result<File> {
    file.write_all(bytes)?;
    if mode != 0o600 {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(file)
}

/// Puts a file in place of another in one step, synced.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), DirectoryError> {
    put(path, bytes, mode, rename)
}

/// Puts a file where none may be yet, in one step, synced.
pub fn place(path: &Path, bytes: &[u8], mode: u32) -> Result<(), DirectoryError> {
    if path.symlink_metadata().is_ok() {
        return Err(DirectoryError::in_the_way(path, "is there already"));
    }
    put(path, bytes, mode, rename_new)
}

/// Writes the file under another name, and gives it its own once it is on the disk.
fn put(path: &Path, bytes: &[u8], mode: u32, name: fn(&Path, &Path) -> Result<(), DirectoryError>) -> Result<(), DirectoryError> {
    let failed = |source| DirectoryError::io("write", path, source);
    let (temporary, file) = temporary(path).map_err(failed)?;
    let written = fill(file, bytes, mode).and_then(|file| file.sync_all()).map_err(failed);
    written.and_then(|()| name(&temporary, path)).inspect_err(|_| drop(remove_file(&temporary)))?;
    sync_parent(path)
}

/// A file of a name in the same directory that nobody else has. So many runs at once, or cut short one after another, there are not.
fn temporary(path: &Path) -> io::Result<(PathBuf, File)> {
    for number in 1..1000 {
        let temporary = path.with_file_name(format!(".countersign-{number}.new"));
        match open::new(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("beside it lie too many files .countersign-*.new of runs that were cut short; remove them"))
}

pub fn rename(from: &Path, to: &Path) -> Result<(), DirectoryError> {
    fs::rename(from, to).map_err(|source| DirectoryError::io("put in place", to, source))
}

/// Gives a directory its final name, where nothing may be yet.
pub fn rename_new(from: &Path, to: &Path) -> Result<(), DirectoryError> {
    let failed = |errno: rustix::io::Errno| match errno {
        rustix::io::Errno::EXIST => DirectoryError::in_the_way(to, "is there already"),
        errno => DirectoryError::io("put in place", to, errno.into()),
    };
    rustix::fs::renameat_with(rustix::fs::CWD, from, rustix::fs::CWD, to, rustix::fs::RenameFlags::NOREPLACE).map_err(failed)
}

pub fn set_mode(path: &Path, mode: u32) -> Result<(), DirectoryError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(|source| DirectoryError::io("set the mode of", path, source))
}

/// Lets others pass through a directory, without seeing what is in it.
pub fn make_passable(path: &Path) -> Result<(), DirectoryError> {
    let mode = fs::metadata(path).map_err(|source| DirectoryError::io("look at", path, source))?.mode() & 0o7777;
    if mode & 0o011 == 0o011 { Ok(()) } else { set_mode(path, mode | 0o011) }
}

/// Removes whatever a run that was cut short left behind under one of its own names.
pub fn remove_leftover(path: &Path) -> Result<(), DirectoryError> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path).map_err(|source| DirectoryError::io("remove", path, source)),
        Ok(_) | Err(_) => remove_file(path),
    }
}

/// Forces everything written to the file system that holds `path` to the disk (syncfs).
pub fn sync_file_system(path: &Path) -> Result<(), DirectoryError> {
    let failed = |source| DirectoryError::io("sync", path, source);
    let directory = open::to_sync(path).map_err(failed)?;
    rustix::fs::syncfs(&directory).map_err(|errno| failed(errno.into()))
}

/// Forces a file, or the entries of a directory, to the disk.
pub fn sync(path: &Path) -> Result<(), DirectoryError> {
    open::to_sync(path).and_then(|file| file.sync_all()).map_err(|source| DirectoryError::io("sync", path, source))
}

pub fn sync_parent(path: &Path) -> Result<(), DirectoryError> {
    path.parent().map_or(Ok(()), sync)
}

/// Removes a file if there is one.
pub fn remove_file(path: &Path) -> Result<(), DirectoryError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(DirectoryError::io("remove", path, error)),
        _ => Ok(()),
    }
}

/// Whether there is a real directory at `path`; anything else there is in the way.
pub fn is_directory(path: &Path) -> Result<bool, DirectoryError> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(true),
        Ok(metadata) if metadata.is_symlink() => Err(DirectoryError::planted(path)),
        Ok(_) => Err(DirectoryError::in_the_way(path, "is not a directory")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(DirectoryError::io("look at", path, error)),
    }
}

/// Creates a directory below one that is there; an existing one is left as it is.
pub fn make_directory(path: &Path, mode: u32) -> Result<(), DirectoryError> {
    if is_directory(path)? {
        return Ok(());
    }
    let failed = |source| DirectoryError::io("create", path, source);
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed),
        // Another holder's files needed it a moment before.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_directory(path)? => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// Creates a directory of somebody's, and those above it, where they are not there.
pub fn make_directories(path: &Path) -> Result<(), DirectoryError> {
    fs::create_dir_all(path).map_err(|source| DirectoryError::io("create", path, source))
}

/// The names in a directory; none when it is not there.
pub fn names(path: &Path) -> Result<Vec<String>, DirectoryError> {
    if !is_directory(path)? {
        return Ok(Vec::new());
    }
    let failed = |source| DirectoryError::io("read", path, source);
    let entries = entries(path).map_err(failed)?;
    Ok(entries.iter().filter_map(|entry| Some(entry.file_name()?.to_str()?.to_owned())).collect())
}

/// What lies in a directory, by name.
pub fn entries(path: &Path) -> io::Result<Vec<PathBuf>> {
    let entries: io::Result<Vec<PathBuf>> = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect();
    entries.map(|mut entries| {
        entries.sort_unstable();
        entries
    })
}

/// Generation numbers among the names in a directory, ascending.
pub fn generations(path: &Path) -> Result<Vec<u32>, DirectoryError> {
    let mut numbers: Vec<u32> = names(path)?.iter().filter_map(|name| generation_number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// `3`, but neither `03` nor `+3`.
pub fn generation_number(name: &str) -> Option<u32> {
    name.parse().ok().filter(|number: &u32| *number > 0 && number.to_string() == name)
}
