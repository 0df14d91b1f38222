//! Holders that are gone: their certificates are kept, and what is secret is removed for good.

use std::path::{Path, PathBuf};

use super::{Directory, DirectoryError, file, leftover::is_leftover, open, read::manifest_of};
use crate::cluster::{HolderId, HolderKind};
use crate::inventory::{Chronicle, Remains, Survey};
use crate::layout::{self, HolderFile};
use crate::pki::Certificate;

impl Directory {
    /// What is in use of a holder whose files are not looked at otherwise. Its owner may have put anything there.
    pub(super) fn remains(&self, id: &HolderId, current: Option<u32>, journal: &Chronicle) -> Remains {
        let Some(generation) = current else { return Remains::default() };
        let place = self.holder(id).join(generation.to_string());
        let chain = file::read_up_to(&place.join(HolderFile::Chain.name()), open::TEXT).ok().flatten();
        let leaf = chain.and_then(|read| Certificate::from_pem(read.bytes.expose()).ok()?.into_iter().next());
        let manifest = file::read(&place.join(layout::MANIFEST)).ok().flatten();
        let subject = id.to_string();
        Remains {
            generation,
            leaf: leaf.filter(|leaf| journal.tells_of(&subject, generation, leaf)),
            written: manifest_of(manifest.as_ref(), generation, journal.manifest(&subject, generation)).ok(),
        }
    }

    /// Where the holder would be kept, relative to the root. Nothing is changed.
    ///
    /// # Errors
    /// Something lies in its place that is none of countersign's: it would be lost.
    pub fn retirement(&self, id: &HolderId) -> Result<PathBuf, DirectoryError> {
        let place = self.holder(id);
        let foreign = |path: &Path| DirectoryError::in_the_way(path, "is none of countersign's, and would be lost");
        let is_ours = |name: &str| layout::MANIFEST == name || HolderFile::all().any(|file| file.name() == name);
        for name in file::names(&place)? {
            let path = place.join(&name);
            if file::generation_number(&name).is_some() {
                if let Some(other) = file::names(&path)?.iter().find(|name| !is_ours(name)) {
                    return Err(foreign(&path.join(other)));
                }
            } else if name != layout::CURRENT && !is_leftover(&name) {
                return Err(foreign(&path));
            }
        }
        let kind = Path::new(layout::RETIRED).join(id.kind.directory());
        let taken = file::names(&self.root.join(&kind))?;
        let numbered = (2..).map(|number: u32| format!("{}-{number}", id.name));
        let name = [id.name.to_string()].into_iter().chain(numbered).find(|name| !taken.contains(name));
        Ok(kind.join(name.unwrap_or_default()))
    }

    /// Removes what is secret of a holder, and keeps the rest at `kept`, of which [`Self::retirement`] knows. For whoever holds the lock.
    ///
    /// Of a run that is cut short the holder stays where it is, maybe without its keys: it can be retired again.
    pub fn retire(&self, id: &HolderId, kept: &Path) -> Result<(), DirectoryError> {
        let place = self.holder(id);
        for name in file::names(&place)? {
            let path = place.join(&name);
            if is_leftover(&name) {
                file::remove_leftover(&path)?;
            } else if file::generation_number(&name).is_some() {
                let mut secret = file::names(&path)?.into_iter().filter(|name| !layout::RETIRED_FILES.contains(&name.as_str()));
                secret.try_for_each(|name| file::remove_file(&path.join(name)))?;
            }
        }
        let kind = Path::new(layout::RETIRED).join(id.kind.directory());
        [Path::new(layout::RETIRED), &kind].into_iter().try_for_each(|path| file::make_directory(&self.root.join(path), 0o700))?;
        file::rename_new(&place, &self.root.join(kept))?;
        self.sync()
    }

    /// What lies below `retired/` that countersign did not leave there.
    pub(super) fn survey_retired(&self, survey: &mut Survey) -> Result<(), DirectoryError> {
        let retired = Path::new(layout::RETIRED);
        self.unknown(retired, |name| HolderKind::ALL.iter().any(|kind| kind.directory() == name), survey)?;
        for kind in HolderKind::ALL.map(|kind| retired.join(kind.directory())) {
            for name in file::names(&self.root.join(&kind))? {
                let place = kind.join(name);
                self.unknown(&place, |name| name == layout::CURRENT || file::generation_number(name).is_some(), survey)?;
                for number in file::generations(&self.root.join(&place))? {
                    self.unknown(&place.join(number.to_string()), |name| layout::RETIRED_FILES.contains(&name), survey)?;
                }
            }
        }
        Ok(())
    }
}
