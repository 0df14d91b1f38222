//! Authorities in the directory, and those that the cluster file brings along.

use std::path::Path;

use super::{Directory, DirectoryError, error::shown, file, leftover};
use crate::artifact::Artifact;
use crate::cluster::{AuthorityName, AuthorityOrigin, AuthoritySpec};
use crate::inventory::{AuthorityCertificates, AuthorityGeneration, KeyFile, Unreadable};
use crate::layout;
use crate::pki::{Certificate, Password, PrivateKey, Secret};

impl Directory {
    /// Every generation of `name`, oldest first.
    pub(super) fn authority(&self, name: AuthorityName) -> Result<Vec<AuthorityGeneration>, DirectoryError> {
        let numbers = file::generations(&self.root.join(name.path()))?;
        numbers
            .into_iter()
            .map(|number| {
                let path = self.root.join(layout::authority_path(name, number));
                file::is_directory(&path)?;
                Ok(AuthorityGeneration { number, state: certificates(&path)? })
            })
            .collect()
    }

    /// The key that signs leafs: from the directory, or from where the cluster file says.
    pub fn signing_key(
        &self,
        spec: &AuthoritySpec,
        generation: u32,
        certificates: &AuthorityCertificates,
        passphrase: Option<&Password>,
    ) -> Result<PrivateKey, DirectoryError> {
        let own = || {
            let name = if certificates.issuing.is_empty() { layout::ROOT_KEY } else { layout::ISSUING_KEY };
            self.root.join(layout::authority_path(spec.name, generation)).join(name)
        };
        let (path, pem) = match &spec.origin {
            // One of ours may sign on until it is followed by the one that was brought along.
            AuthorityOrigin::Existing { key, .. } if !certificates.key.is_usable() || !own().exists() => {
                (key.clone(), super::read_foreign(key)?)
            }
            AuthorityOrigin::Existing { .. } | AuthorityOrigin::Own(_) => (own(), required(&own())?),
        };
        PrivateKey::from_pem(pem.expose(), passphrase).map_err(|source| DirectoryError::Key { path: shown(&path), source })
    }

    /// The key of the root of `name`, which was made here.
    pub fn root_key(&self, name: AuthorityName, generation: u32, passphrase: Option<&Password>) -> Result<PrivateKey, DirectoryError> {
        let path = self.root.join(layout::authority_path(name, generation)).join(layout::ROOT_KEY);
        PrivateKey::from_pem(required(&path)?.expose(), passphrase).map_err(|source| DirectoryError::Key { path: shown(&path), source })
    }

    /// Removes the keys of a generation for good, and takes what is left of it out of the way. Done again after a kill, it goes on.
    pub fn retire_authority(&self, name: AuthorityName, generation: u32) -> Result<(), DirectoryError> {
        let place = self.root.join(layout::authority_path(name, generation));
        for key in [layout::ROOT_KEY, layout::ISSUING_KEY] {
            file::remove_leftover(&place.join(key))?;
        }
        file::sync(&place)?;
        file::rename_new(&place, &place.with_file_name(format!("{generation}{RETIRED}")))?;
        file::sync_parent(&place)
    }

    /// Takes a generation that is of no use out of the way; what is left of its keys stays.
    pub fn put_aside(&self, name: AuthorityName, generation: u32) -> Result<(), DirectoryError> {
        let place = self.root.join(layout::authority_path(name, generation));
        file::rename_new(&place, &place.with_file_name(format!("{generation}.damaged")))?;
        file::sync_parent(&place)
    }

    /// Stores a new generation of an authority, all of it or nothing. Never over another.
    pub fn create_authority(&self, name: AuthorityName, generation: u32, artifacts: &[Artifact]) -> Result<(), DirectoryError> {
        let target = self.root.join(layout::authority_path(name, generation));
        let parent = self.root.join(name.path());
        file::make_directory(&self.root.join(AuthorityName::Shared.path()), 0o700)?;
        file::make_directory(&parent, 0o700)?;
        let staged = parent.join(leftover::staged(generation));
        file::remove_leftover(&staged)?;
        file::make_directory(&staged, 0o700)?;
        for artifact in artifacts {
            let mode = layout::mode(artifact.sensitivity, &Default::default());
            let path = staged.join(artifact.path);
            file::create(&path, artifact.bytes.expose(), mode)?.sync_all().map_err(|source| DirectoryError::io("write", &path, source))?;
        }
        file::sync(&staged)?;
        file::rename_new(&staged, &target)?;
        file::sync(&parent)
    }
}

/// What the name of a generation of an authority ends with that has done its work.
pub(super) const RETIRED: &str = ".retired";

/// The certificates of an authority that another program made (PEM).
pub(super) fn existing(spec: &AuthoritySpec) -> Result<Option<AuthorityCertificates>, DirectoryError> {
    let AuthorityOrigin::Existing { certificate, root, key } = &spec.origin else {
        return Ok(None);
    };
    let read = |path: &Path| {
        let pem = super::read_foreign(path)?;
        Certificate::from_pem(pem.expose()).map_err(|source| DirectoryError::Certificate { path: shown(path), source })
    };
    let mut way_up = read(certificate)?;
    if let Some(root) = root {
        way_up.extend(read(root)?);
    }
    let end = way_up.iter().position(Certificate::is_self_signed).ok_or_else(|| DirectoryError::NoRoot { path: shown(certificate) })?;
    way_up.truncate(end + 1);
    if !way_up.windows(2).all(|pair| pair[0].is_signed_by(&pair[1])) {
        return Err(DirectoryError::NoRoot { path: shown(certificate) });
    }
    let root = way_up.remove(end);
    let signing = way_up.first().unwrap_or(&root);
    // Where it cannot be read, nothing is signed here.
    let key = super::read_foreign(key).map_or(KeyFile::Absent, |pem| KeyFile::of(pem.expose(), signing, &shown(certificate)));
    Ok(Some(AuthorityCertificates { root, issuing: way_up, key, root_key: KeyFile::Absent }))
}

fn certificates(path: &Path) -> Result<Result<AuthorityCertificates, Unreadable>, DirectoryError> {
    let unreadable = |file: &str, why: String| Ok(Err(Unreadable { file: file.to_owned(), why }));
    let Some(root) = file::read(&path.join(layout::ROOT_CERTIFICATE))? else {
        return unreadable(layout::ROOT_CERTIFICATE, "it is not there".to_owned());
    };
    let root = match Certificate::from_pem(root.bytes.expose()) {
        Ok(mut certificates) if certificates.len() == 1 => certificates.remove(0),
        Ok(_) => return unreadable(layout::ROOT_CERTIFICATE, "it holds more than the root".to_owned()),
        Err(error) => return unreadable(layout::ROOT_CERTIFICATE, error.to_string()),
    };
    let issuing = match file::read(&path.join(layout::ISSUING_CERTIFICATE))?.map(|read| Certificate::from_pem(read.bytes.expose())) {
        None if file::read(&path.join(layout::ISSUING_KEY))?.is_some() => {
            return unreadable(layout::ISSUING_CERTIFICATE, "it is not there, and its key is".to_owned());
        }
        None => Vec::new(),
        Some(Ok(certificates)) if certificates.iter().any(Certificate::is_self_signed) => {
            return unreadable(layout::ISSUING_CERTIFICATE, "it holds a root".to_owned());
        }
        Some(Ok(certificates)) => certificates,
        Some(Err(error)) => return unreadable(layout::ISSUING_CERTIFICATE, error.to_string()),
    };
    let last = issuing.last().unwrap_or(&root);
    if !last.is_signed_by(&root) {
        return unreadable(layout::ISSUING_CERTIFICATE, format!("it is not signed by {}", layout::ROOT_CERTIFICATE));
    }
    let key = |name, certificate, file| {
        let read = file::read(&path.join(name))?;
        Ok::<_, DirectoryError>(read.map_or(KeyFile::Absent, |read| KeyFile::of(read.bytes.expose(), certificate, file)))
    };
    let root_key = key(layout::ROOT_KEY, &root, layout::ROOT_CERTIFICATE)?;
    let key = match issuing.first() {
        Some(issuing) => key(layout::ISSUING_KEY, issuing, layout::ISSUING_CERTIFICATE)?,
        None => root_key.clone(),
    };
    Ok(Ok(AuthorityCertificates { root, issuing, key, root_key }))
}

fn required(path: &Path) -> Result<Secret, DirectoryError> {
    let missing = || DirectoryError::io("read", path, std::io::ErrorKind::NotFound.into());
    Ok(file::read(path)?.ok_or_else(missing)?.bytes)
}
