//! Whose the directory is: ours only where we or root own it, and nobody else may write.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Directory, DirectoryError, error::shown, file, lock::LOCK, write::IGNORE};
use crate::cluster::{ClusterSpec, HolderKind};
use crate::inventory::{Intrusion, Trespass};
use crate::layout;

impl Directory {
    /// Where others own or may write what decides, as far as it belongs to no generation of a holder.
    pub(super) fn trespasses(&self) -> Result<Vec<Trespass>, DirectoryError> {
        let (mut found, ours) = (Vec::new(), ours());
        if !file::is_directory(&self.root)? {
            return Ok(found);
        }
        found.extend(self.root.parent().and_then(replaceable));
        for name in ["", LOCK, IGNORE, layout::JOURNAL, layout::RETIRED] {
            found.extend(self.trespass(Path::new(name), &ours)?);
        }
        for name in ["authority", layout::TRUST] {
            self.walk(Path::new(name), &ours, &mut found)?;
        }
        for kind in HolderKind::ALL.map(HolderKind::directory) {
            found.extend(self.trespass(Path::new(kind), &ours)?);
            for name in file::names(&self.root.join(kind))? {
                found.extend(self.trespass(&Path::new(kind).join(name), &ours)?);
            }
        }
        Ok(found)
    }

    /// As [`Self::trespasses`], for whoever writes or signs: nothing but a replaceable root is borne.
    pub(super) fn trespasses_refused(&self) -> Result<Vec<Trespass>, DirectoryError> {
        let found = self.trespasses()?;
        match found.iter().find(|trespass| !matches!(trespass.how, Intrusion::Replaceable { .. })) {
            Some(worst) => Err(self.refusal(worst)),
            None => Ok(found),
        }
    }

    fn refusal(&self, trespass: &Trespass) -> DirectoryError {
        let path = shown(&self.root.join(&trespass.path)).trim_end_matches('/').to_owned();
        let fix = match &trespass.how {
            Intrusion::Owner { .. } => {
                let us = uzers::get_effective_uid();
                format!("chown {} {path}", name_of(us).unwrap_or_else(|| us.to_string()))
            }
            Intrusion::Writable { .. } | Intrusion::Replaceable { .. } => format!("chmod go-w {path}"),
        };
        DirectoryError::Trespass { path, how: trespass.how.to_string(), fix }
    }

    /// `path`, relative to the root, and all below it.
    fn walk(&self, path: &Path, owners: &[u32], found: &mut Vec<Trespass>) -> Result<(), DirectoryError> {
        found.extend(self.trespass(path, owners)?);
        let absolute = self.root.join(path);
        if absolute.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            for name in file::names(&absolute)? {
                self.walk(&path.join(name), owners, found)?;
            }
        }
        Ok(())
    }

    /// What stands against `path`, relative to the root, which only `owners` may own.
    pub(super) fn trespass(&self, path: &Path, owners: &[u32]) -> Result<Option<Trespass>, DirectoryError> {
        let absolute = self.root.join(path);
        match absolute.symlink_metadata() {
            Ok(metadata) => {
                // A link has no mode; it is refused, or followed, by whoever comes to it.
                let mode = if metadata.is_symlink() { 0 } else { metadata.mode() };
                Ok(intrusion(metadata.uid(), mode, owners).map(|how| Trespass { path: path.to_owned(), how }))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DirectoryError::io("look at", &absolute, error)),
        }
    }
}

/// What `owner` and `mode` mean where only `owners` may own.
pub(super) fn intrusion(owner: u32, mode: u32, owners: &[u32]) -> Option<Intrusion> {
    Intrusion::of(owner, mode, owners, name_of)
}

/// Who may own what is ours: root, and whoever runs countersign.
pub(super) fn ours() -> Vec<u32> {
    vec![0, uzers::get_effective_uid()]
}

/// Everyone may rename what lies in `parent`: it is writable by all, and not sticky as `/tmp` is.
fn replaceable(parent: &Path) -> Option<Trespass> {
    let mode = parent.metadata().ok()?.mode();
    (mode & 0o1002 == 0o0002).then(|| Trespass { path: PathBuf::from(".."), how: Intrusion::Replaceable { mode: mode & 0o7777 } })
}

fn name_of(user: u32) -> Option<String> {
    Some(uzers::get_user_by_uid(user)?.name().to_string_lossy().into_owned())
}

/// The number of the user of this name, if this machine knows one.
pub(super) fn user(name: &str) -> Option<u32> {
    uzers::get_user_by_name(name).map(|user| user.uid())
}

/// The numbers of the users whom a cluster file gives files to.
pub(super) fn users(spec: &ClusterSpec) -> BTreeMap<&str, u32> {
    let names: BTreeSet<&str> = spec.holders.iter().filter_map(|holder| holder.access.owner.as_deref()).collect();
    names.into_iter().filter_map(|name| Some((name, user(name)?))).collect()
}
