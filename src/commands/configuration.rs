//! A configuration file with all that it names: the files of keys and certificates, and what its providers fetch.

use std::path::{Path, PathBuf};

use crate::check::FileState;
use crate::directory;
use crate::keystore::{self, Passwords};
use crate::settings::{self, Reference, Settings};

/// A configuration as its program would see it.
#[derive(Debug)]
pub struct Configuration {
    pub settings: Settings,
    pub files: Vec<(Reference, FileState)>,
}

impl Configuration {
    /// Opens what `settings`, read from `path`, name. A relative path starts at the directory of the configuration file: where the
    /// program will run is not known. `passwords` open what the configuration has no password for.
    pub fn open(path: &Path, settings: &Settings, passwords: &Passwords) -> Self {
        let base = path.parent().unwrap_or(Path::new(""));
        let provided = |name: &str| directory::read_foreign(&beside(base, name)).ok().map(|bytes| bytes.expose().to_vec());
        let settings = settings.resolved(provided);
        let files = settings::references(&settings).into_iter().map(|reference| {
            let passwords = Passwords {
                store: reference.password.clone().or_else(|| passwords.store.clone()),
                key: reference.key_password.clone().or_else(|| passwords.key.clone()),
            };
            let state = state(&beside(base, &reference.path), &passwords);
            (reference, state)
        });
        Self { files: files.collect(), settings }
    }
}

fn beside(base: &Path, name: &str) -> PathBuf {
    base.join(name)
}

fn state(path: &Path, passwords: &Passwords) -> FileState {
    match directory::read_foreign(path) {
        Err(error) if error.is_missing() => FileState::Missing,
        Err(error) => FileState::Unreadable(error.to_string()),
        Ok(bytes) => keystore::open(bytes.expose(), passwords).map_or_else(FileState::Refused, FileState::Opened),
    }
}
