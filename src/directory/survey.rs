//! What lies in the directory besides what [`Directory::read`] reads.

use std::path::{Path, PathBuf};

use super::{Directory, DirectoryError, authority::RETIRED, file, leftover::is_leftover, lock::LOCK, read::is_trust_file, write::IGNORE};
use crate::cluster::{AuthorityName, ClusterSpec, HolderKind, HolderName};
use crate::inventory::{Inventory, Survey};
use crate::layout::{self, HolderFile, Sensitivity};

impl Directory {
    /// Every name that countersign does not know, and the modes of the secrets that belong to no holder.
    ///
    /// Of a holder of the cluster file only the generation in use is looked into; what it keeps of older ones is its history.
    /// What runs left behind is looked into for secrets; a holder that cannot be read is left out.
    pub fn survey(&self, spec: &ClusterSpec, inventory: &Inventory) -> Result<Survey, DirectoryError> {
        let mut survey = Survey::default();
        let kinds = HolderKind::ALL.map(HolderKind::directory);
        let known = |name: &str| {
            [AuthorityName::Shared.path(), layout::TRUST, layout::RETIRED, layout::JOURNAL, LOCK, IGNORE].contains(&name)
                || kinds.contains(&name)
        };
        self.unknown(Path::new(""), known, &mut survey)?;
        self.authorities(&mut survey)?;
        let trust = |name: &str| name == layout::TRUST_PASSWORD || is_trust_file(name);
        self.unknown(Path::new(layout::TRUST), trust, &mut survey)?;
        self.secret(Path::new(layout::TRUST).join(layout::TRUST_PASSWORD), &mut survey)?;
        self.survey_retired(&mut survey)?;
        for kind in kinds {
            self.unknown(Path::new(kind), |name| HolderName::new(name).is_some(), &mut survey)?;
        }
        for holder in spec.holders.iter().filter(|holder| inventory.fault(&holder.id).is_none()) {
            let place = layout::holder_path(&holder.id);
            self.unknown(&place, |name| name == layout::CURRENT || file::generation_number(name).is_some(), &mut survey)?;
            if let Some(number) = self.current(&holder.id)? {
                let known = |name: &str| name == layout::MANIFEST || HolderFile::all().any(|file| file.name() == name);
                self.unknown(&place.join(number.to_string()), known, &mut survey)?;
            }
        }
        for left in &inventory.leftovers {
            let secret = |name: &&String| name.ends_with(".key") || HolderFile::all().any(|file| is_secret(file, name));
            for name in file::names(&self.root.join(left)).unwrap_or_default().iter().filter(secret) {
                self.secret(left.join(name), &mut survey)?;
            }
        }
        Ok(survey)
    }

    fn authorities(&self, survey: &mut Survey) -> Result<(), DirectoryError> {
        let shared = AuthorityName::Shared;
        let sides = [AuthorityName::Brokers, AuthorityName::Clients];
        let is_side = |name: &str| sides.iter().any(|side| Path::new(side.path()).ends_with(name));
        self.unknown(Path::new(shared.path()), |name| is_side(name) || is_generation(name), survey)?;
        for name in [shared, AuthorityName::Brokers, AuthorityName::Clients] {
            if name != shared {
                self.unknown(Path::new(name.path()), is_generation, survey)?;
            }
            for number in file::generations(&self.root.join(name.path()))? {
                let place = layout::authority_path(name, number);
                let files = [layout::ROOT_CERTIFICATE, layout::ROOT_KEY, layout::ISSUING_CERTIFICATE, layout::ISSUING_KEY];
                self.unknown(&place, |name| files.contains(&name), survey)?;
                for key in [layout::ROOT_KEY, layout::ISSUING_KEY] {
                    self.secret(place.join(key), survey)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn unknown(&self, place: &Path, known: impl Fn(&str) -> bool, survey: &mut Survey) -> Result<(), DirectoryError> {
        let names = file::names(&self.root.join(place))?;
        survey.unknown.extend(names.into_iter().filter(|name| !known(name) && !is_leftover(name)).map(|name| place.join(name)));
        Ok(())
    }

    fn secret(&self, path: PathBuf, survey: &mut Survey) -> Result<(), DirectoryError> {
        if let Some(read) = file::read(&self.root.join(&path))? {
            survey.secrets.insert(path, read.mode);
        }
        Ok(())
    }
}

/// Of an authority.
fn is_generation(name: &str) -> bool {
    file::generation_number(name.strip_suffix(RETIRED).unwrap_or(name)).is_some()
}

fn is_secret(file: HolderFile, name: &str) -> bool {
    file.name() == name && file.sensitivity() == Sensitivity::Secret
}
