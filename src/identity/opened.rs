//! Files as a client finds and opens them.

use std::path::{Path, PathBuf};

use super::store::{self, Trusting};
use crate::diagnosis::{Fault, FileProblem};
use crate::directory::{self, DirectoryError};
use crate::keystore::{Contents, Passwords};
use crate::pki::{Certificate, Passphrase, Secret};
use crate::settings::Text;

/// Where a path that a configuration names leads. A relative one starts where the program runs; that may be here, or where the
/// configuration lies.
pub(super) fn place(configuration: &Path, written: &Text) -> PathBuf {
    let written = written.meant();
    let here = PathBuf::from(written);
    if here.exists() { here } else { configuration.parent().unwrap_or(Path::new("")).join(written) }
}

/// What a configuration names.
pub(super) fn read(path: &Path) -> Result<Secret, Fault> {
    directory::read_foreign(path).map_err(|error| unreadable(path.display().to_string(), &error))
}

fn unreadable(name: String, error: &DirectoryError) -> Fault {
    let why = if error.is_missing() { "there is no such file".to_owned() } else { error.reason() };
    Fault::file(name, FileProblem::Unreadable(why))
}

/// A file with what it holds.
pub(super) struct Opened {
    pub name: String,
    pub bytes: Secret,
    pub contents: Contents,
}

impl Opened {
    pub fn new(name: String, bytes: Secret, passwords: &Passwords) -> Result<Self, Fault> {
        match store::open(bytes.expose(), passwords) {
            Ok(contents) => Ok(Self { name, bytes, contents }),
            Err(problem) => Err(Fault::file(name, problem)),
        }
    }

    pub fn read(path: &Path, passwords: &Passwords) -> Result<Self, Fault> {
        Self::new(path.display().to_string(), read(path)?, passwords)
    }

    /// What the user names, which may be a pipe.
    pub fn read_named(path: &Path, passwords: &Passwords) -> Result<Self, Fault> {
        Self::new(
            path.display().to_string(),
            directory::read_named(path).map_err(|error| unreadable(path.display().to_string(), &error))?,
            passwords,
        )
    }

    /// What `configuration` names, by the name that may be shown.
    pub fn named(configuration: &Path, written: &Text, passwords: &Passwords) -> Result<Self, Fault> {
        let place = place(configuration, written);
        let name = written.leads_to(place.display().to_string()).to_string();
        let bytes = directory::read_foreign(&place).map_err(|error| unreadable(name.clone(), &error))?;
        Self::new(name, bytes, passwords)
    }

    pub fn fault(&self, problem: FileProblem) -> Fault {
        Fault::file(self.name.clone(), problem)
    }

    pub fn anchors(&self, trusting: Trusting) -> Result<Vec<Certificate>, Fault> {
        store::anchors(&self.contents, trusting).map_err(|problem| self.fault(problem))
    }
}

/// What is said of a file before what was said besides.
pub(super) fn passwords(store: Option<&Passphrase>, key: Option<&Passphrase>, besides: &Passwords) -> Passwords {
    Passwords { store: store.or(besides.store.as_ref()).cloned(), keys: key.map_or_else(|| besides.keys.clone(), |key| vec![key.clone()]) }
}

/// Of `--trust`.
pub(super) fn anchors_by_hand(path: &Path, passwords: &Passwords) -> Result<Vec<Certificate>, Fault> {
    if path.is_dir() { anchors_in(path, passwords) } else { Opened::read_named(path, passwords)?.anchors(Trusting::Bundle) }
}

/// As OpenSSL has it: a directory stands for the certificates right in it, whatever lies beside them or below.
pub(super) fn anchors_in(path: &Path, passwords: &Passwords) -> Result<Vec<Certificate>, Fault> {
    let of = |file: &Path| Opened::read(file, passwords)?.anchors(Trusting::Bundle);
    let anchors: Vec<Certificate> = directory::files_in(path).iter().filter_map(|file| of(file).ok()).flatten().collect();
    if anchors.is_empty() { Err(Fault::file(path.display().to_string(), FileProblem::NoAnchors)) } else { Ok(anchors) }
}
