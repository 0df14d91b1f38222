//! One writer at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;

use super::{Directory, DirectoryError, error::shown, file};

/// Held by whoever writes. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Directory {
    /// Makes the directory if need be, readable by its owner alone (and passable by others when `shared`), and locks it.
    pub fn lock(&self, shared: bool) -> Result<Lock, DirectoryError> {
        let path = self.root.join(LOCK);
        if !file::is_directory(&self.root)? {
            file::make_directory(&self.root, if shared { 0o711 } else { 0o700 })?;
        } else if !self.is_ours()? {
            return Err(DirectoryError::Foreign { path: shown(&self.root) });
        }
        let failed = |source| DirectoryError::io("lock", &path, source);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let pid = file.read_to_string(&mut pid).is_ok_and(|read| read > 0).then(|| pid.trim().to_owned());
                return Err(DirectoryError::Locked { path: shown(&self.root), pid });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let pid = std::process::id().to_string();
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(pid.as_bytes())).map_err(failed)?;
        Ok(Lock { _file: file })
    }

    /// A directory with other people's files is not made ours.
    fn is_ours(&self) -> Result<bool, DirectoryError> {
        let names = file::names(&self.root)?;
        Ok(names.is_empty() || names.iter().any(|name| name == LOCK))
    }
}

const LOCK: &str = ".lock";
