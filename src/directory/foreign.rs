//! Files that others wrote: found by path, directory or pattern, and read within bounds.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::{DirectoryError, file, open};
use crate::pki::{Certificate, Secret};

/// The bytes of what the user named on the command line: a file, or a pipe such as `<(…)`. It may hold keys.
pub fn read_named(path: &Path) -> Result<Secret, DirectoryError> {
    open::read_named(path, open::STORE)
}

/// The bytes of what a file or a setting names, or what was found in a directory: a file alone. It may hold keys.
pub fn read_foreign(path: &Path) -> Result<Secret, DirectoryError> {
    let (file, metadata) = open::foreign(path, open::STORE)?;
    open::read(file, &metadata, path, open::STORE)
}

/// Says what is wrong with a file that a library of others is about to open by itself: it is none, or beyond all measure. None at all
/// is left to the library.
pub fn look_at(path: &Path) -> Result<(), DirectoryError> {
    match open::foreign(path, open::STORE) {
        Err(error) if !error.is_missing() => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// How long a file is that others write to.
pub fn length_of(path: &Path) -> Result<u64, DirectoryError> {
    Ok(open::foreign(path, u64::MAX)?.1.len())
}

/// What a log says from byte `from` on: its last 64 MiB at most. One that was cut off meanwhile is read whole.
pub fn read_log(path: &Path, from: u64) -> Result<String, DirectoryError> {
    let failed = |source| DirectoryError::io("read", path, source);
    let (mut file, metadata) = open::foreign(path, u64::MAX)?;
    let length = metadata.len();
    let from = if from > length { 0 } else { from };
    file.seek(SeekFrom::Start(from.max(length.saturating_sub(open::STORE)))).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(open::STORE).read_to_end(&mut bytes).map_err(failed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What the system trusts (SSL_CERT_FILE and SSL_CERT_DIR before its own places), and what of that could not be read.
pub fn system_roots() -> (Vec<Certificate>, Vec<String>) {
    let (certificates, mut problems) = match named_roots() {
        Some(named) => named,
        None => {
            let found = rustls_native_certs::load_native_certs();
            (found.certs, found.errors.iter().map(|error| format!("the system's roots: {error}")).collect())
        }
    };
    let mut roots = Vec::with_capacity(certificates.len());
    for der in certificates {
        match Certificate::from_der(der.to_vec()) {
            Ok(root) => roots.push(root),
            Err(error) => problems.push(format!("one of the system's roots is passed over: {error}")),
        }
    }
    (roots, problems)
}

/// What the environment names in place of the system's roots; `None` when it names nothing.
fn named_roots() -> Option<(Vec<CertificateDer<'static>>, Vec<String>)> {
    let named = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty());
    let bundle = named("SSL_CERT_FILE").map(PathBuf::from);
    let directories: Vec<PathBuf> = named("SSL_CERT_DIR").map(|paths| std::env::split_paths(&paths).collect()).unwrap_or_default();
    if bundle.is_none() && directories.is_empty() {
        return None;
    }
    let (mut certificates, mut problems) = (Vec::new(), Vec::new());
    for path in bundle.into_iter().chain(directories.iter().flat_map(|directory| files_in(directory))) {
        match read_foreign(&path) {
            Ok(pem) => certificates.extend(CertificateDer::pem_slice_iter(pem.expose()).flatten()),
            Err(error) => problems.push(format!("the system's roots: {error}")),
        }
    }
    // Directories made by `openssl rehash` have two names for each.
    certificates.sort_unstable_by(|one, other| one.as_ref().cmp(other));
    certificates.dedup();
    Some((certificates, problems))
}

/// The permission bits of a file, where it is one.
pub fn mode_of(path: &Path) -> Option<u32> {
    path.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.mode() & 0o7777)
}

/// The files that `words` stand for, in their order: a file for itself, a directory for what lies below it, a pattern for what it
/// matches. What does not exist stays, for whoever reads it to say so. Hidden files are
/// passed over unless they are named.
pub fn expand(words: &[PathBuf]) -> Vec<PathBuf> {
    let hidden_by_name = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let mut files = Vec::new();
    for word in words {
        let pattern = word.to_str().filter(|_| word.symlink_metadata().is_err());
        let matched: Vec<PathBuf> = match pattern.map(|pattern| glob::glob_with(pattern, hidden_by_name)) {
            Some(Ok(paths)) => paths.flatten().collect(),
            Some(Err(_)) | None => Vec::new(),
        };
        let roots = if matched.is_empty() { std::slice::from_ref(word) } else { &matched };
        for root in roots {
            walk(root, &mut files);
        }
    }
    files
}

/// The files right in a directory, by name; hidden ones are passed over.
pub fn files_in(directory: &Path) -> Vec<PathBuf> {
    let below = file::entries(directory).unwrap_or_default();
    below.into_iter().filter(|path| !is_hidden(path) && path.is_file()).collect()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Each directory is entered once, by whatever links it is reached.
fn walk(root: &Path, files: &mut Vec<PathBuf>) {
    let mut entered = BTreeSet::new();
    let mut waiting = vec![root.to_path_buf()];
    while let Some(path) = waiting.pop() {
        if !path.is_dir() {
            if path == root || path.is_file() {
                files.push(path);
            }
            continue;
        }
        if !path.canonicalize().is_ok_and(|place| entered.insert(place)) {
            continue;
        }
        match file::entries(&path) {
            Ok(below) => waiting.extend(below.into_iter().rev().filter(|path| !is_hidden(path))),
            // Reading it as a file will say why.
            Err(_) => files.push(path),
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    fn shown(root: &Path, words: &[&str]) -> Vec<String> {
        let words: Vec<PathBuf> = words.iter().map(|word| root.join(word)).collect();
        expand(&words).iter().map(|path| path.strip_prefix(root).unwrap().display().to_string()).collect()
    }

    #[test]
    fn words_stand_for_files_directories_and_patterns() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("a/deep")).unwrap();
        std::fs::create_dir_all(root.join(".hidden")).unwrap();
        for file in ["a/2.pem", "a/1.pem", "a/deep/3.pem", ".hidden/4.pem", "a/.5.pem", "b[1].pem"] {
            std::fs::write(root.join(file), "").unwrap();
        }
        std::os::unix::fs::symlink("..", root.join("a/deep/loop")).unwrap();
        std::os::unix::fs::symlink("deep", root.join("a/also-deep")).unwrap();
        assert_eq!(shown(root, &["a"]), ["a/1.pem", "a/2.pem", "a/also-deep/3.pem"]);
        assert_eq!(shown(root, &["a/*.pem", "b[1].pem"]), ["a/1.pem", "a/2.pem", "b[1].pem"]);
        assert_eq!(shown(root, &["missing", "x*.pem", "a/.5.pem"]), ["missing", "x*.pem", "a/.5.pem"]);
    }

    #[test]
    fn a_file_beyond_all_measure_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(open::STORE + 1).unwrap();
        assert!(read_foreign(file.path()).unwrap_err().to_string().contains("is larger than 64 MiB"));
        assert!(read_named(Path::new("/dev/zero")).unwrap_err().to_string().contains("is larger than 64 MiB"));
    }
}
