//! The one way to open a file: at once, whatever lies there, and never more of it is read than a limit.
//!
//! open(2) waits for ever at a FIFO that nobody writes to, and /dev/zero has no end. So everything is opened with O_NONBLOCK, looked
//! at by fstat(2), and read up to a limit. `tests/architecture.rs` sees to it that files are opened nowhere else.

#![allow(clippy::disallowed_methods, reason = "this is the one place that may")]

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use super::error::{DirectoryError, shown};
use super::pipe;
use crate::pki::Secret;

/// More than the largest store or configuration anyone has.
pub const STORE: u64 = 64 << 20;
/// More than any cluster file.
pub const TEXT: u64 = 16 << 20;
/// More than one password or address.
pub const SHORT: u64 = 16 << 10;
/// More than any password or token, or list of them.
pub const PASSWORD: u64 = 1 << 20;

/// A file of a directory of ours; `None` when there is none. A symbolic link is refused.
pub fn own(path: &Path, limit: u64) -> Result<Option<(File, Metadata)>, DirectoryError> {
    match options(OFlags::NOFOLLOW).read(true).open(path) {
        Ok(file) => own_file(file, path, limit).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused("read", path, error)),
    }
}

/// The same, to be read and written at its end; made when there is none.
pub fn own_to_append(path: &Path, limit: u64) -> Result<(File, Metadata), DirectoryError> {
    let opened = options(OFlags::NOFOLLOW).read(true).append(true).create(true).mode(0o600).open(path);
    own_file(opened.map_err(|error| refused("write", path, error))?, path, limit)
}

/// A file that was not there, readable by its owner alone.
pub fn new(path: &Path) -> io::Result<File> {
    options(OFlags::NOFOLLOW).write(true).create_new(true).mode(0o600).open(path)
}

/// A file or directory, to be forced to the disk.
pub fn to_sync(path: &Path) -> io::Result<File> {
    options(OFlags::empty()).read(true).open(path)
}

/// A file that another file or a setting names, by whatever links. What is none is not opened: there are devices that act on it.
pub fn foreign(path: &Path, limit: u64) -> Result<(File, Metadata), DirectoryError> {
    let failed = |source| DirectoryError::io("read", path, source);
    must_be_a_file(&path.metadata().map_err(failed)?, path, limit)?;
    let file = options(OFlags::empty()).read(true).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    must_be_a_file(&metadata, path, limit)?;
    Ok((file, metadata))
}

/// All of what the user named: a file, or a pipe (`<(…)`, /dev/stdin), as long as it says anything.
pub fn read_named(path: &Path, limit: u64) -> Result<Secret, DirectoryError> {
    let failed = |source| DirectoryError::io("read", path, source);
    let file = options(OFlags::NOCTTY).read(true).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    match metadata.file_type() {
        kind if kind.is_fifo() || kind.is_char_device() => pipe::drain(file, &shown(path), limit, pipe::SILENCE),
        _ => must_be_a_file(&metadata, path, limit).and_then(|()| read(file, &metadata, path, limit)),
    }
}

/// All of an open file, which may have grown since.
pub fn read(file: File, metadata: &Metadata, path: &Path, limit: u64) -> Result<Secret, DirectoryError> {
    let expected = usize::try_from(metadata.len().min(limit)).unwrap_or_default();
    // One more, so that the end is seen before more room is made.
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected + 1));
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|source| DirectoryError::io("read", path, source))?;
    if bytes.len() as u64 > limit { Err(DirectoryError::too_large(shown(path), limit)) } else { Ok(bytes.into()) }
}

fn options(more: OFlags) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags((OFlags::NONBLOCK | more).bits().cast_signed());
    options
}

fn own_file(file: File, path: &Path, limit: u64) -> Result<(File, Metadata), DirectoryError> {
    let metadata = file.metadata().map_err(|source| DirectoryError::io("look at", path, source))?;
    if !metadata.is_file() {
        return Err(DirectoryError::in_the_way(path, "is not a file"));
    }
    if metadata.len() > limit {
        return Err(DirectoryError::in_the_way(
            path,
            if limit < 1 << 20 { format!("is larger than {} KiB", limit >> 10) } else { format!("is larger than {} MiB", limit >> 20) },
        ));
    }
    Ok((file, metadata))
}

/// Why a path of ours was not opened. What cannot be opened because of its kind is in the way, like whatever else is no file.
fn refused(doing: &'static str, path: &Path, error: io::Error) -> DirectoryError {
    match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        Some(rustix::io::Errno::LOOP) => DirectoryError::planted(path),
        Some(rustix::io::Errno::ISDIR | rustix::io::Errno::NXIO) => DirectoryError::in_the_way(path, "is not a file"),
        _ => DirectoryError::io(doing, path, error),
    }
}

fn must_be_a_file(metadata: &Metadata, path: &Path, limit: u64) -> Result<(), DirectoryError> {
    let kind = metadata.file_type();
    let what = match kind {
        _ if kind.is_dir() => "a directory",
        _ if kind.is_fifo() => "a pipe",
        _ if kind.is_socket() => "a socket",
        _ if kind.is_file() => "",
        _ => "a device",
    };
    match what {
        "" if metadata.len() > limit => Err(DirectoryError::too_large(shown(path), limit)),
        "" => Ok(()),
        what => Err(DirectoryError::NoFile { path: shown(path), what }),
    }
}
