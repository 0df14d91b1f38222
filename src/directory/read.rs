//! The directory → [`Inventory`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Directory, DirectoryError, authority, error::shown, file, leftover, open, ownership};
use crate::cluster::{AuthorityName, ClusterSpec, Holder, HolderId, HolderKind, HolderName};
use crate::inventory::{Content, Found, Generation, HolderFiles, HolderState, Inventory, Manifest, Rest, Trespass, Unreadable, compare};
use crate::layout::{self, HolderFile};
use crate::pki::{Certificate, Chain, Identity, Password, PrivateKey, TrustBundle, sha256_hex};

impl Directory {
    /// Everything that is there, and the existing authorities of the cluster file.
    pub fn read(&self, spec: &ClusterSpec) -> Result<Inventory, DirectoryError> {
        self.inventory(spec, self.trespasses()?)
    }

    /// As [`Self::read`], for whoever writes or signs: refused where others own or may write what decides.
    pub fn read_ours(&self, spec: &ClusterSpec) -> Result<Inventory, DirectoryError> {
        self.inventory(spec, self.trespasses_refused()?)
    }

    fn inventory(&self, spec: &ClusterSpec, trespasses: Vec<Trespass>) -> Result<Inventory, DirectoryError> {
        let mut inventory = Inventory { trespasses, ..Inventory::default() };
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
        for name in file::names(&trust)?.into_iter().filter(|name| name != layout::TRUST_PASSWORD && !name.starts_with('.')) {
            match file::read(&trust.join(&name)) {
                Ok(read) => inventory.trust_files.extend(read.map(|read| (name, read.bytes.expose().to_vec()))),
                Err(DirectoryError::InTheWay { .. }) if !is_trust_file(&name) => {}
                Err(error) => return Err(error),
            }
        }
        inventory.trust_password =
            file::read_up_to(&trust.join(layout::TRUST_PASSWORD), open::SHORT)?.and_then(|read| password(read.bytes.expose()));
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
        let places: Vec<Place> = ids.par_iter().map(|id| self.place(id)).collect();
        // After the links: whatever they point to was told in the journal before.
        inventory.journal = self.journal().read()?;
        let (bundles, users, ours) = (Bundles::new(spec, inventory), ownership::users(spec), ownership::ours());
        let reading = |id: &HolderId, number: u32| {
            let holder = known.get(id)?;
            let owner = holder.access.owner.as_deref();
            let owners = ours.iter().copied().chain(owner.and_then(|name| users.get(name).copied())).collect();
            let manifest = inventory.journal.manifest(&id.to_string(), number);
            Some(Reading { anchors: bundles.of(spec, holder), manifest, owner, owners })
        };
        let read = |(id, place): (&HolderId, Place)| {
            let reading = place.current.and_then(|number| reading(id, number));
            self.read_holder(id, place, reading)
        };
        let gone = ids.par_iter().zip(&places).filter(|(id, _)| !known.contains_key(id));
        let gone = gone.map(|(id, place)| (id.clone(), self.remains(id, place.current, &inventory.journal))).collect();
        let found: Vec<_> = ids.par_iter().zip(places).map(read).collect();
        for (id, (state, leftovers)) in ids.into_iter().zip(found) {
            inventory.holders.insert(id, state);
            inventory.leftovers.extend(leftovers);
        }
        inventory.gone = gone;
        Ok(())
    }

    /// What lies in a holder's place may be another user's: a fault there is the holder's, and nobody else's.
    fn place(&self, id: &HolderId) -> Place {
        let mut faults = Vec::new();
        let names = told(file::names(&self.holder(id)), &mut faults).unwrap_or_default();
        let current = told(self.current(id), &mut faults).flatten();
        Place { names, current, faults }
    }

    /// Without a `reading` its files are left alone.
    fn read_holder(&self, id: &HolderId, place: Place, reading: Option<Reading<'_>>) -> (HolderState, Vec<PathBuf>) {
        let Place { names, current: number, mut faults } = place;
        let current = number.zip(reading).map(|(number, reading)| self.generation(id, number, &reading, &mut faults));
        let newest = names.iter().filter_map(|name| file::generation_number(name)).chain(number).max().unwrap_or_default();
        let fault = faults.first().map(ToString::to_string);
        let leftovers = self.leftovers_of(id, &names, number);
        let is_left = |generation: &u32| leftovers.contains(&layout::holder_path(id).join(generation.to_string()));
        let mut generations: Vec<u32> = names.iter().filter_map(|name| file::generation_number(name)).collect();
        generations.retain(|generation| !is_left(generation));
        generations.sort_unstable();
        (HolderState { newest, generations, current, fault }, leftovers)
    }

    pub(super) fn generation(&self, id: &HolderId, number: u32, reading: &Reading<'_>, faults: &mut Vec<DirectoryError>) -> Generation {
        let place = layout::holder_path(id).join(number.to_string());
        let absolute = self.root.join(&place);
        let mut read: BTreeMap<HolderFile, file::FileRead> = BTreeMap::new();
        let names = told(file::names(&absolute), faults).unwrap_or_default();
        for file in HolderFile::all().filter(|file| names.iter().any(|name| name == file.name())) {
            if let Some(found) = told(file::read_up_to(&absolute.join(file.name()), limit(file)), faults).flatten() {
                read.insert(file, found);
            }
        }
        let manifest = told(file::read(&absolute.join(layout::MANIFEST)), faults).flatten();
        let written = manifest_of(manifest.as_ref(), number, reading.manifest);
        // Whoever owned it by an earlier cluster file gives it up to the next run.
        let given = written.iter().filter_map(|written| written.access.owner.as_deref()).filter(|owner| reading.owner != Some(*owner));
        let owners: Vec<u32> = reading.owners.iter().copied().chain(given.filter_map(ownership::user)).collect();
        let files = read.iter().map(|(file, read)| (file.name(), read)).chain(manifest.iter().map(|read| (layout::MANIFEST, read)));
        let files = files.filter_map(|(name, read)| {
            ownership::intrusion(read.owner, read.mode, &owners).map(|how| Trespass { path: place.join(name), how })
        });
        let trespasses = told(self.trespass(&place, &owners), faults).flatten().into_iter().chain(files).collect();
        let as_written = |file: HolderFile, found: &file::FileRead| {
            let entry = written.as_ref().ok().and_then(|written| written.entry(file.name()));
            entry.is_some_and(|entry| entry.sha256 == sha256_hex(found.bytes.expose()))
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
            anchors: reading.anchors,
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
        Generation { number, chain, written, found, password: keystore_password, sasl_password, trespasses }
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

pub(super) fn files_in(place: &Path, spec: &ClusterSpec, holder: &Holder, generation: u32) -> HolderFiles {
    let read = |file: HolderFile| match file::read_up_to(&place.join(file.name()), limit(file)) {
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

/// A holder's place, before the generation in use is read.
struct Place {
    names: Vec<String>,
    current: Option<u32>,
    faults: Vec<DirectoryError>,
}

/// What a generation is read with.
pub(super) struct Reading<'a> {
    pub anchors: &'a [Certificate],
    /// SHA-256 of its manifest, as the journal has it.
    pub manifest: Option<&'a str>,
    /// To whom the cluster file gives it.
    pub owner: Option<&'a str>,
    /// The numbers of the users who may own it.
    pub owners: Vec<u32>,
}

/// The manifest, where the journal vouches for it.
pub(super) fn manifest_of(read: Option<&file::FileRead>, number: u32, sha256: Option<&str>) -> Result<Manifest, String> {
    let bytes = read.ok_or("it is not there")?.bytes.expose();
    match sha256 {
        None => return Err("the journal does not tell of it".to_owned()),
        Some(sha256) if sha256 != sha256_hex(bytes) => return Err("it is not the one that the journal tells of".to_owned()),
        Some(_) => {}
    }
    let manifest = serde_json::from_slice::<Manifest>(bytes).ok();
    manifest
        .filter(|manifest| manifest.format == Manifest::FORMAT && manifest.generation == number)
        .ok_or_else(|| "it is damaged".to_owned())
}

/// What one of the authorities is handed out by; anything else there is nobody's.
pub(super) fn is_trust_file(name: &str) -> bool {
    [AuthorityName::Shared, AuthorityName::Brokers, AuthorityName::Clients].iter().any(|authority| layout::trust_file(*authority) == name)
}

/// The first line of a password file.
fn password(bytes: &[u8]) -> Option<Password> {
    let text = std::str::from_utf8(bytes).ok()?;
    Password::new(text.lines().next()?.to_owned()).ok()
}

/// How large a file of a holder may be. Its owner may write there, and whoever reads it must not pay for that.
const fn limit(file: HolderFile) -> u64 {
    if file.is_value() {
        open::SHORT
    } else if matches!(file, HolderFile::Key | HolderFile::Anchors) {
        open::PASSWORD
    } else if matches!(file, HolderFile::Chain | HolderFile::CombinedPem) {
        // A leaf may well have every name that a cluster file has room for.
        open::TEXT
    } else {
        open::STORE
    }
}
