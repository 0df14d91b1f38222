//! What a run leaves behind when it is cut short: names that nobody but a run under the lock uses, and only for a moment.

use std::path::{Path, PathBuf};

use super::{Directory, DirectoryError, file};
use crate::cluster::{AuthorityName, HolderId};
use crate::layout;

/// Under this name the link to a holder's generation lies before that is the one in use.
pub(super) const NEXT: &str = ".current.new";

/// The same, of a generation that was in use before, and stays when this link is left.
pub(super) const BACK: &str = ".back.new";

/// Under this name a generation lies before it is whole.
pub(super) fn staged(generation: u32) -> String {
    format!(".{generation}.new")
}

/// Under this name a generation that is kept no longer lies until all of it is removed.
pub(super) fn dropped(generation: u32) -> String {
    format!(".{generation}.old")
}

pub(super) fn is_leftover(name: &str) -> bool {
    name.starts_with('.') && (name.ends_with(".new") || name.ends_with(".old"))
}

impl Directory {
    /// Outside of the holders' places, relative to the root.
    pub(super) fn leftovers(&self) -> Result<Vec<PathBuf>, DirectoryError> {
        let authorities = [AuthorityName::Shared, AuthorityName::Brokers, AuthorityName::Clients].map(AuthorityName::path);
        let mut leftovers = Vec::new();
        for place in ["", layout::TRUST].into_iter().chain(authorities) {
            let names = file::names(&self.root.join(place))?;
            leftovers.extend(names.iter().filter(|name| is_leftover(name)).map(|name| Path::new(place).join(name)));
        }
        Ok(leftovers)
    }

    /// In a holder's place, which holds `names`. A generation that was to be the next and never was the one in use is one, too.
    pub(super) fn leftovers_of(&self, id: &HolderId, names: &[String], current: Option<u32>) -> Vec<PathBuf> {
        let mut leftovers: Vec<&str> = names.iter().map(String::as_str).filter(|name| is_leftover(name)).collect();
        if leftovers.contains(&NEXT)
            && let Ok(link) = std::fs::read_link(self.holder(id).join(NEXT))
            && let Some(next) = link.to_str().and_then(file::generation_number)
            && Some(next) > current
        {
            leftovers.extend(names.iter().map(String::as_str).filter(|name| file::generation_number(name) == Some(next)));
        }
        leftovers.into_iter().map(|name| layout::holder_path(id).join(name)).collect()
    }

    /// Removes what [`Directory::read`] found of this kind, and says what cannot be removed. For whoever holds the lock.
    pub fn clear(&self, leftovers: &[PathBuf]) -> Vec<DirectoryError> {
        leftovers.iter().filter_map(|path| file::remove_leftover(&self.root.join(path)).err()).collect()
    }
}
