//! The directory → [`Inventory`].

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::{Directory, DirectoryError, authority, error::shown, file, write::staged_name};
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
        inventory.holders = self.holders(spec, &inventory)?;
        Ok(inventory)
    }

    fn holders(&self, spec: &ClusterSpec, inventory: &Inventory) -> Result<BTreeMap<HolderId, HolderState>, DirectoryError> {
        let mut holders = BTreeMap::new();
        for kind in HolderKind::ALL {
            for name in file::names(&self.root.join(kind.directory()))? {
                if let Some(name) = HolderName::new(&name).filter(|_| !name.starts_with('.')) {
                    holders.insert(HolderId { kind, name }, HolderState { newest: 0, current: None });
                }
            }
        }
        let bundles = Bundles::new(spec, inventory);
        let known: Vec<(HolderId, HolderState)> = spec
            .holders
            .par_iter()
            .filter(|holder| holders.contains_key(&holder.id))
            .map(|holder| Ok((holder.id.clone(), self.holder_state(holder, bundles.of(spec, holder))?)))
            .collect::<Result<_, DirectoryError>>()?;
        holders.extend(known);
        Ok(holders)
    }

    fn holder_state(&self, holder: &Holder, anchors: &[Certificate]) -> Result<HolderState, DirectoryError> {
        let place = self.holder(&holder.id);
        let newest = file::generations(&place)?.last().copied().unwrap_or_default();
        let current = match self.current(&holder.id)? {
            Some(number) => Some(generation(&place.join(number.to_string()), number, anchors)?),
            None => None,
        };
        Ok(HolderState { newest: newest.max(current.as_ref().map_or(0, |generation| generation.number)), current })
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

    /// The files of a holder's generation in use, as they are on the disk; `None` when there is none.
    pub fn holder_files(&self, spec: &ClusterSpec, holder: &Holder) -> Result<Option<HolderFiles>, DirectoryError> {
        let Some(generation) = self.current(&holder.id)? else {
            return Ok(None);
        };
        Ok(Some(files_in(&self.holder(&holder.id).join(generation.to_string()), spec, holder, generation)))
    }

    /// The files that were staged for a holder and are not in use yet, as they are on the disk.
    pub fn staged_files(&self, spec: &ClusterSpec, holder: &Holder, generation: u32) -> HolderFiles {
        files_in(&self.holder(&holder.id).join(staged_name(generation)), spec, holder, generation)
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

fn generation(place: &Path, number: u32, anchors: &[Certificate]) -> Result<Generation, DirectoryError> {
    let mut read: BTreeMap<HolderFile, file::FileRead> = BTreeMap::new();
    let names = file::names(place)?;
    for file in HolderFile::all().filter(|file| names.iter().any(|name| name == file.name())) {
        if let Some(found) = file::read(&place.join(file.name()))? {
            read.insert(file, found);
        }
    }
    let manifest = file::read(&place.join(layout::MANIFEST))?
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
    Ok(Generation { number, chain, access, written, found, password: keystore_password, sasl_password })
}

/// The first line of a password file.
fn password(bytes: &[u8]) -> Option<Password> {
    let text = std::str::from_utf8(bytes).ok()?;
    Password::new(text.lines().next()?.to_owned()).ok()
}
