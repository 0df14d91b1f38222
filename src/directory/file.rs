//! Single files: never through a symbolic link, secret from birth, and on the disk before anyone relies on them.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::DirectoryError;
use crate::pki::Secret;

/// A file as it was found.
#[derive(Debug)]
pub struct FileRead {
    pub bytes: Secret,
    /// The permission bits.
    pub mode: u32,
}

/// `None` when there is no such file. A symbolic link is refused.
pub fn read(path: &Path) -> Result<Option<FileRead>, DirectoryError> {
    let failed = |source| DirectoryError::io("read", path, source);
    let mut file = match OpenOptions::new().read(true).custom_flags(NO_FOLLOW).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => return Err(planted(path)),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(DirectoryError::in_the_way(path, "is not a file"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    file.read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(FileRead { bytes: Secret::new(bytes), mode: metadata.mode() & 0o7777 }))
}

/// Creates a file that is not there yet, readable by its owner alone until all of it is written and `mode` is set.
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<File, DirectoryError> {
    let failed = |source| DirectoryError::io("write", path, source);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(NO_FOLLOW).open(path).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    if mode != 0o600 {
        file.set_permissions(Permissions::from_mode(mode)).map_err(failed)?;
    }
    Ok(file)
}

/// Puts a file in place of another in one step, synced.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), DirectoryError> {
    rename(&beside(path, bytes, mode)?, path)?;
    sync_parent(path)
}

/// Puts a file where none may be yet, in one step, synced.
pub fn place(path: &Path, bytes: &[u8], mode: u32) -> Result<(), DirectoryError> {
    if path.symlink_metadata().is_ok() {
        return Err(DirectoryError::in_the_way(path, "is there already"));
    }
    let temporary = beside(path, bytes, mode)?;
    rename_new(&temporary, path).inspect_err(|_| drop(remove_file(&temporary)))?;
    sync_parent(path)
}

/// The file as it will be, synced, under a name of its own in the same directory.
fn beside(path: &Path, bytes: &[u8], mode: u32) -> Result<PathBuf, DirectoryError> {
    let temporary = path.with_file_name(format!(".{}.new", path.file_name().unwrap_or_default().to_string_lossy()));
    remove_file(&temporary)?;
    create(&temporary, bytes, mode)?.sync_all().map_err(|source| DirectoryError::io("write", &temporary, source))?;
    Ok(temporary)
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

/// Removes a directory that a run that was cut short left behind.
pub fn remove_tree(path: &Path) -> Result<(), DirectoryError> {
    if is_directory(path)? { fs::remove_dir_all(path).map_err(|source| DirectoryError::io("remove", path, source)) } else { Ok(()) }
}

/// Forces everything written to the file system that holds `path` to the disk (syncfs).
pub fn sync_file_system(path: &Path) -> Result<(), DirectoryError> {
    let failed = |source| DirectoryError::io("sync", path, source);
    let directory = File::open(path).map_err(failed)?;
    rustix::fs::syncfs(&directory).map_err(|errno| failed(errno.into()))
}

/// Forces a file, or the entries of a directory, to the disk.
pub fn sync(path: &Path) -> Result<(), DirectoryError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|source| DirectoryError::io("sync", path, source))
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
        Ok(metadata) if metadata.is_symlink() => Err(planted(path)),
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

/// The names in a directory; none when it is not there.
pub fn names(path: &Path) -> Result<Vec<String>, DirectoryError> {
    if !is_directory(path)? {
        return Ok(Vec::new());
    }
    let failed = |source| DirectoryError::io("read", path, source);
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
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

pub fn planted(path: &Path) -> DirectoryError {
    DirectoryError::in_the_way(path, "is a symbolic link, which countersign never makes there")
}

const NO_FOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
