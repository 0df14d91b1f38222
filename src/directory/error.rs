//! What can go wrong with files. Each names the file.

use std::io;
use std::path::{Path, PathBuf};

use crate::pki::{CertificateError, IdentityError, KeyError, PasswordError};

#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error("cannot {doing} {path}: {source}{}", hint(.source))]
    Io { doing: &'static str, path: String, source: io::Error },
    #[error("{path} {problem}; move it away, it was not touched")]
    InTheWay { path: String, problem: String },
    #[error("{name} is larger than {mebibytes} MiB; nothing that belongs there is")]
    TooLarge { name: String, mebibytes: u64 },
    #[error("{path} is {what} and no file; name a file")]
    NoFile { path: String, what: &'static str },
    #[error("{name} said nothing for {seconds} s; see who writes to it")]
    Silent { name: String, seconds: u64 },
    #[error("{path} is not empty and holds nothing of countersign's; name another directory")]
    Foreign { path: String },
    #[error(
        "{path} {how}, so that what lies in it may be somebody else's; nothing was done: make sure of it and run `{fix}`, or name another directory by -d"
    )]
    Trespass { path: String, how: String, fix: String },
    #[error("another countersign is at work in {path}; try again when it is done")]
    Locked { path: String },
    #[error("{path}: {source}")]
    Certificate { path: String, source: CertificateError },
    #[error("{path}: {source}")]
    Key { path: String, source: KeyError },
    #[error("{path}: {source}")]
    Identity { path: String, source: IdentityError },
    #[error("{path}: no certificate in it signs the one before it up to a self-signed root; name the root by `root:`")]
    NoRoot { path: String },
    #[error("the {from}: {source}")]
    Password { from: String, source: PasswordError },
    #[error("the environment variable{}, which the cluster file names for a passphrase, is not set", variable(.0))]
    NoVariable(String),
    #[error("the command that the cluster file names for a passphrase failed: {0}")]
    Command(String),
    #[error("there is no {kind} {name:?} on this machine, which the cluster file gives {holder}'s files to")]
    NoSuchOwner { kind: &'static str, name: String, holder: String },
}

impl DirectoryError {
    /// There is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Something else lies where a file of countersign's belongs.
    pub fn is_in_the_way(&self) -> bool {
        matches!(self, Self::InTheWay { .. })
    }

    /// Why a file of others cannot be read, where its path is said besides, or is not to be.
    pub fn reason(&self) -> String {
        match self {
            Self::Io { source, .. } => format!("{source}{}", hint(source)),
            Self::TooLarge { mebibytes, .. } => format!("it is larger than {mebibytes} MiB; nothing that belongs there is"),
            Self::NoFile { what, .. } => format!("it is {what} and no file"),
            Self::Silent { seconds, .. } => format!("it said nothing for {seconds} s"),
            Self::InTheWay { problem, .. } => problem.clone(),
            Self::Foreign { .. }
            | Self::Locked { .. }
            | Self::Certificate { .. }
            | Self::Key { .. }
            | Self::Identity { .. }
            | Self::NoRoot { .. }
            | Self::Password { .. }
            | Self::NoVariable(_)
            | Self::Command(_)
            | Self::NoSuchOwner { .. }
            | Self::Trespass { .. } => "it cannot be used".to_owned(),
        }
    }

    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: shown(path), source }
    }

    pub(super) fn too_large(name: String, limit: u64) -> Self {
        Self::TooLarge { name, mebibytes: limit >> 20 }
    }

    pub(super) fn planted(path: &Path) -> Self {
        Self::in_the_way(path, "is a symbolic link, which countersign never makes there")
    }

    pub(super) fn in_the_way(path: &Path, problem: impl Into<String>) -> Self {
        Self::InTheWay { path: shown(path), problem: problem.into() }
    }
}

/// Relative to the working directory where that is shorter.
pub(super) fn shown(path: &Path) -> String {
    let here: Option<PathBuf> = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf)).unwrap_or_else(|| path.to_path_buf()).display().to_string()
}

/// Its name, where it is spelled as one: it may be the passphrase itself.
fn variable(name: &str) -> String {
    let is_name = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if is_name { format!(" {name}") } else { String::new() }
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "; free some space and run it again, what was in use still is",
        io::ErrorKind::ReadOnlyFilesystem => "; the file system is read-only",
        io::ErrorKind::PermissionDenied => "; run it as the user who owns the directory, or as root when files are to change owner",
        _ => "",
    }
}
