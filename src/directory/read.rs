//! The directory → [`Inventory`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Directory, DirectoryError, authority, error::shown, file, leftover};
use crate::cluster::{AuthorityName, ClusterSpec, Holder, HolderId, HolderKind, HolderName};
use crate::inventory::{
    Content, Found, Generation, HolderFiles, HolderState, Inventory, Manifest, ManifestEntry, Rest, Unreadable, compare,
};
use crate::layout::{self, HolderFile};
use crate::pki::{Certificate, Chain, Identity, Password, PrivateKey, TrustBundle, sha256_hex};

impl Directory {
    /// Everything that is there, and the existing authorities of the cluster file.
    pub fn read(&self, spec: &ClusterSpec) -> Result<Inventory, DirectoryError> {
        let mut inventory = Inventory::default();
        for name in [AuthorityName::Shared, AuthorityName::Brokers, AuthorityName::Clients] {
            let generations = self.authority(name)?;
            if !generations.is_empty() {
                inventory.authorities.insert(name, generations);
            }
        }
        for authority in spec.authorities() {
            if let Some(existing) = authority::existing(authority)? {
                inventory.existing.insert(authority.name, existing);
            }
        }
        let trust = self.root.join(layout::TRUST);
        for name in file::names(&trust)?.into_iter().filter(|name| name.ends_with(".crt") && !name.starts_with('.')) {
            if let Some(read) = file::read(&trust.join(&name))? {
                inventory.trust_files.insert(name, read.bytes.expose().to_vec());
            }
        }
        inventory.trust_password = file::read(&trust.join(layout::TRUST_PASSWORD))?.and_then(|read| password(read.bytes.expose()));
        inventory.leftovers = self.leftovers()?;
        self.read_holders(spec, &mut inventory)?;
        Ok(inventory)
    }

    /// Every holder that has a place; the files of those that the cluster file names.
    fn read_holders(&self, spec: &ClusterSpec, inventory: &mut Inventory) -> Result<(), DirectoryError> {
        let mut ids = Vec::new();
        for kind in HolderKind::ALL {
            let names = file::names(&self.root.join(kind.directory()))?;
            let names = names.iter().filter(|name| !name.starts_with('.')).filter_map(|name| HolderName::new(name));
            ids.extend(names.map(|name| HolderId { kind, name }));
        }
        let known: BTreeMap<&HolderId, &Holder> = spec.holders.iter().map(|holder| (&holder.id, holder)).collect();
        let bundles = Bundles::new(spec, inventory);
        let anchors = |id: &HolderId| Some(bundles.of(spec, known.get(id)?));
        let found: Vec<_> = ids.par_iter().map(|id| self.read_holder(id, anchors(id))).collect();
        for (id, (state, leftovers)) in ids.into_iter().zip(found) {
            inventory.holders.insert(id, state);
            inventory.leftovers.extend(leftovers);
        }
        Ok(())
    }

    /// What lies in a holder's place may be another user's: a fault there is the holder's, and nobody else's. Without `anchors` its
    /// files are left alone.
    fn read_holder(&self, id: &HolderId, anchors: Option<&[Certificate]>) -> (HolderState, Vec<PathBuf>) {
        let place = self.holder(id);
        let mut faults = Vec::new();
        let names = told(file::names(&place), &mut faults).unwrap_or_default();
        let number = told(self.current(id), &mut faults).flatten();
        let current = number.zip(anchors);
        let current = current.map(|(number, anchors)| generation(&place.join(number.to_string()), number, anchors, &mut faults));
        let newest = names.iter().filter_map(|name| file::generation_number(name)).chain(number).max().unwrap_or_default();
        let fault = faults.first().map(ToString::to_string);
        (HolderState { newest, current, fault }, self.leftovers_of(id, &names, number))
    }

    /// The number that `current` points to.
    pub(super) fn current(&self, id: &HolderId) -> Result<Option<u32>, DirectoryError> {
        let link = self.holder(id).join(layout::CURRENT);
        match std::fs::read_link(&link) {
            Ok(target) => match target.to_str().and_then(file::generation_number) {
                Some(number) => Ok(Some(number)),
                None => Err(DirectoryError::in_the_way(&link, format!("points to {} and not to a generation beside it", target.display()))),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
                Err(DirectoryError::in_the_way(&link, "is not a link to a generation"))
            }
            Err(error) => Err(DirectoryError::io("read", &link, error)),
        }
    }

    /// The key and chain of a holder's generation in use.
    pub fn identity(&self, id: &HolderId) -> Result<Identity, DirectoryError> {
        let place = self.holder(id).join(layout::CURRENT);
        let read = |file: HolderFile| {
            let path = place.join(file.name());
            let missing = || DirectoryError::io("read", &path, std::io::ErrorKind::NotFound.into());
            Ok::<_, DirectoryError>((shown(&path), file::read(&path)?.ok_or_else(missing)?.bytes))
        };
        let (path, key) = read(HolderFile::Key)?;
        let key = PrivateKey::from_pem(key.expose(), None).map_err(|source| DirectoryError::Key { path, source })?;
        let (path, chain) = read(HolderFile::Chain)?;
        let chain = Certificate::from_pem(chain.expose()).map_err(|source| DirectoryError::Certificate { path: path.clone(), source })?;
        Chain::new(chain).and_then(|chain| Identity::new(key, chain)).map_err(|source| DirectoryError::Identity { path, source })
    }

    /// The files of a holder's generation in use, as they are on the disk; `None` when there is none. Each that cannot be read, and
    /// all of them when nobody knows which generation that is, says why.
    pub fn holder_files(&self, spec: &ClusterSpec, holder: &Holder) -> Option<HolderFiles> {
        let place = self.holder(&holder.id);
        match self.current(&holder.id).transpose()? {
            Ok(generation) => Some(files_in(&place.join(generation.to_string()), spec, holder, generation)),
            Err(fault) => {
                let files = layout::files(spec, holder).into_iter().map(|file| (file, Err(fault.to_string()))).collect();
                Some(HolderFiles { holder: holder.id.clone(), generation: 0, files })
            }
        }
    }

    /// The files that were staged for a holder and are not in use yet, as they are on the disk.
    pub fn staged_files(&self, spec: &ClusterSpec, holder: &Holder, generation: u32) -> HolderFiles {
        files_in(&self.holder(&holder.id).join(leftover::staged(generation)), spec, holder, generation)
    }
}

fn files_in(place: &Path, spec: &ClusterSpec, holder: &Holder, generation: u32) -> HolderFiles {
    let read = |file: HolderFile| match file::read(&place.join(file.name())) {
        Ok(Some(read)) => Ok(read.bytes),
        Ok(None) => Err("it is not there".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let files = layout::files(spec, holder).into_iter().map(|file| (file, read(file))).collect();
    HolderFiles { holder: holder.id.clone(), generation, files }
}

/// The anchors of each side, gathered once.
struct Bundles(BTreeMap<&'static [AuthorityName], Option<TrustBundle>>);

impl Bundles {
    fn new(spec: &ClusterSpec, inventory: &Inventory) -> Self {
        let mut bundles = BTreeMap::new();
        for holder in &spec.holders {
            let names = spec.trusted_by(holder);
            bundles.entry(names).or_insert_with(|| inventory.anchors(names));
        }
        Self(bundles)
    }

    fn of(&self, spec: &ClusterSpec, holder: &Holder) -> &[Certificate] {
        self.0.get(spec.trusted_by(holder)).and_then(Option::as_ref).map(TrustBundle::anchors).unwrap_or_default()
    }
}

/// What could be had; why not goes to `faults`.
fn told<T>(had: Result<T, DirectoryError>, faults: &mut Vec<DirectoryError>) -> Option<T> {
    had.map_err(|fault| faults.push(fault)).ok()
}

fn generation(place: &Path, number: u32, anchors: &[Certificate], faults: &mut Vec<DirectoryError>) -> Generation {
    let mut read: BTreeMap<HolderFile, file::FileRead> = BTreeMap::new();
    let names = told(file::names(place), faults).unwrap_or_default();
    for file in HolderFile::all().filter(|file| names.iter().any(|name| name == file.name())) {
        if let Some(found) = told(file::read(&place.join(file.name())), faults).flatten() {
            read.insert(file, found);
        }
    }
    let manifest = told(file::read(&place.join(layout::MANIFEST)), faults)
        .flatten()
        .and_then(|read| serde_json::from_slice::<Manifest>(read.bytes.expose()).ok())
        .filter(|manifest| manifest.format == Manifest::FORMAT && manifest.generation == number);
    let (access, files) = manifest.map(|manifest| (manifest.access, manifest.files)).unwrap_or_default();
    let written: BTreeMap<String, ManifestEntry> = files.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
    let as_written = |file: HolderFile, found: &file::FileRead| {
        written.get(file.name()).is_some_and(|entry| entry.sha256 == sha256_hex(found.bytes.expose()))
    };
    let chain = match read.get(&HolderFile::Chain) {
        None => Err(Unreadable { file: HolderFile::Chain.name().to_owned(), why: "it is not there".to_owned() }),
        Some(found) => Certificate::from_pem(found.bytes.expose())
            .map_err(|error| Unreadable { file: HolderFile::Chain.name().to_owned(), why: error.to_string() }),
    };
    let chain_as_written = read.get(&HolderFile::Chain).is_some_and(|found| as_written(HolderFile::Chain, found));
    let password_of = |file| read.get(&file).and_then(|found| password(found.bytes.expose()));
    let keystore_password = password_of(HolderFile::KeystorePassword);
    let truststore_password = password_of(HolderFile::TruststorePassword);
    let sasl_password = password_of(HolderFile::SaslPassword);
    let rest = Rest {
        chain: chain.as_deref().unwrap_or_default(),
        anchors,
        keystore_password: keystore_password.as_ref(),
        truststore_password: truststore_password.as_ref(),
    };
    let found = read
        .iter()
        .map(|(file, found)| {
            // A leaf that was exchanged by hand may not be that of the key any more.
            let trusted = as_written(*file, found) && (chain_as_written || *file != HolderFile::Key);
            let content = if trusted { Content::AsWritten } else { compare(*file, found.bytes.expose(), rest) };
            (file.name().to_owned(), Found { content, mode: found.mode })
        })
        .collect();
    Generation { number, chain, access, written, found, password: keystore_password, sasl_password }
}

/// The first line of a password file.
fn password(bytes: &[u8]) -> Option<Password> {
    let text = std::str::from_utf8(bytes).ok()?;
    Password::new(text.lines().next()?.to_owned()).ok()
}
