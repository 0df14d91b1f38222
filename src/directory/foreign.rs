//! Files that others wrote: found by path, directory or pattern, and read within bounds.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::DirectoryError;
use super::error::shown;
use crate::pki::{Certificate, Secret};

/// More than the largest store anyone has; what is longer is something else.
const LIMIT: u64 = 64 * 1024 * 1024;

/// The bytes of a file that may hold keys.
pub fn read_foreign(path: &Path) -> Result<Secret, DirectoryError> {
    let failed = |source| DirectoryError::io("read", path, source);
    let file = File::open(path).map_err(failed)?;
    let expected = file.metadata().map_err(failed)?.len();
    if expected > LIMIT {
        return Err(too_large(path));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or_default() + 1);
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LIMIT { Err(too_large(path)) } else { Ok(Secret::new(bytes)) }
}

/// How long a file is that others write to.
pub fn length_of(path: &Path) -> Result<u64, DirectoryError> {
    let failed = |source| DirectoryError::io("read", path, source);
    Ok(File::open(path).and_then(|file| file.metadata()).map_err(failed)?.len())
}

/// What a log says from byte `from` on: its last 64 MiB at most. One that was cut off meanwhile is read whole.
pub fn read_log(path: &Path, from: u64) -> Result<String, DirectoryError> {
    let failed = |source| DirectoryError::io("read", path, source);
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let from = if from > length { 0 } else { from };
    file.seek(SeekFrom::Start(from.max(length.saturating_sub(LIMIT)))).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LIMIT).read_to_end(&mut bytes).map_err(failed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What the system trusts (SSL_CERT_FILE and SSL_CERT_DIR before its own places), and what of that could not be read.
pub fn system_roots() -> (Vec<Certificate>, Vec<String>) {
    let found = rustls_native_certs::load_native_certs();
    let mut problems: Vec<String> = found.errors.iter().map(|error| format!("the system's roots: {error}")).collect();
    let mut roots = Vec::with_capacity(found.certs.len());
    for der in found.certs {
        match Certificate::from_der(der.to_vec()) {
            Ok(root) => roots.push(root),
            Err(error) => problems.push(format!("one of the system's roots is passed over: {error}")),
        }
    }
    (roots, problems)
}

/// The permission bits of a file, where it is one.
pub fn mode_of(path: &Path) -> Option<u32> {
    path.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.mode() & 0o7777)
}

fn too_large(path: &Path) -> DirectoryError {
    DirectoryError::TooLarge { path: shown(path), mebibytes: LIMIT >> 20 }
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
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| !is_hidden(path) && path.is_file()).collect();
    files.sort_unstable();
    files
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
        match std::fs::read_dir(&path) {
            Ok(entries) => {
                let mut below: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| !is_hidden(path)).collect();
                below.sort_unstable_by(|a, b| b.cmp(a));
                waiting.append(&mut below);
            }
            // Reading it as a file will say why.
            Err(_) => files.push(path),
        }
    }
}

#[cfg(test)]
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
        file.as_file().set_len(LIMIT + 1).unwrap();
        assert!(read_foreign(file.path()).unwrap_err().to_string().contains("is larger than 64 MiB"));
        assert!(read_foreign(Path::new("/dev/zero")).unwrap_err().to_string().contains("is larger than 64 MiB"));
    }
}
