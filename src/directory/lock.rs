//! One writer at a time.

use std::fs::{File, TryLockError};

use super::{Directory, DirectoryError, error::shown, file, open};
use crate::layout;

/// Held by whoever writes. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Directory {
    /// Makes the directory if need be, readable by its owner alone, and locks it.
    pub fn lock(&self) -> Result<Lock, DirectoryError> {
        let path = self.root.join(LOCK);
        if !file::is_directory(&self.root)? {
            file::make_directory(&self.root, 0o700)?;
        } else if !self.is_ours()? {
            return Err(DirectoryError::Foreign { path: shown(&self.root) });
        }
        let (file, _) = open::own_to_append(&path, u64::MAX)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DirectoryError::Locked { path: shown(&self.root) }),
            Err(TryLockError::Error(source)) => Err(DirectoryError::io("lock", &path, source)),
        }
    }

    /// A directory with other people's files is not made ours.
    fn is_ours(&self) -> Result<bool, DirectoryError> {
        let names = file::names(&self.root)?;
        Ok(names.is_empty() || names.iter().any(|name| [LOCK, layout::JOURNAL].contains(&name.as_str())))
    }
}

pub(super) const LOCK: &str = ".lock";
