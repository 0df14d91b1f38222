//! Floor 4: what exists already, as values. Parsed, or unreadable and why.

mod chronicle;
mod compare;
mod key_file;
mod manifest;
mod ownership;
mod succession;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

pub use chronicle::{Chronicle, JournalState, Told};
pub use compare::{Content, Rest, compare};
pub use key_file::KeyFile;
pub use manifest::{Manifest, ManifestEntry, Part};
pub use ownership::{Intrusion, Trespass};
pub use succession::{Line, signs_from};

use crate::cluster::{AuthorityName, HolderId};
use crate::layout::HolderFile;
use crate::pki::{Certificate, Password, Secret, TrustBundle};

/// What the directory holds, and the existing authorities that the cluster file points to.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Oldest generation first.
    pub authorities: BTreeMap<AuthorityName, Vec<AuthorityGeneration>>,
    /// The certificates of authorities that were brought along, from where the cluster file says.
    pub existing: BTreeMap<AuthorityName, AuthorityCertificates>,
    /// What opens every trust store; `None` when there is none yet, or none that is usable.
    pub trust_password: Option<Password>,
    /// The files below `trust/` by name, but for that password.
    pub trust_files: BTreeMap<String, Vec<u8>>,
    /// Only holders that have a place in the directory.
    pub holders: BTreeMap<HolderId, HolderState>,
    /// Those of them that the cluster file does not name any more.
    pub gone: BTreeMap<HolderId, Remains>,
    /// What runs that were cut short left behind, relative to the root.
    pub leftovers: Vec<PathBuf>,
    pub journal: Chronicle,
    /// Where others may exchange what decides, the generations of holders aside.
    pub trespasses: Vec<Trespass>,
}

/// One numbered generation of an authority.
#[derive(Debug, Clone)]
pub struct AuthorityGeneration {
    pub number: u32,
    pub state: Result<AuthorityCertificates, Unreadable>,
}

/// A file that is there but of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub file: String,
    pub why: String,
}

/// The public half of an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityCertificates {
    pub root: Certificate,
    /// The certificate that signs leafs first, then any between it and the root. Empty: the root signs.
    pub issuing: Vec<Certificate>,
    /// The key that signs leafs.
    pub key: KeyFile,
    /// The same one where the root signs leafs itself.
    pub root_key: KeyFile,
}

impl AuthorityCertificates {
    /// The certificate that signs leafs.
    pub fn signing(&self) -> &Certificate {
        self.issuing.first().unwrap_or(&self.root)
    }

    /// From the certificate that signs leafs up to the root.
    pub fn upwards(&self) -> impl Iterator<Item = &Certificate> {
        self.issuing.iter().chain([&self.root])
    }
}

/// A holder's place in the directory.
#[derive(Debug, Clone, Default)]
pub struct HolderState {
    /// The highest generation number in use or ever used; 0 for none.
    pub newest: u32,
    /// Those that are there, ascending, but for what a run that was cut short left.
    pub generations: Vec<u32>,
    /// What `current` points to, as far as it can be read.
    pub current: Option<Generation>,
    /// Why not all of it can be read, with the place and what to do: such a holder is left alone until that is mended.
    pub fault: Option<String>,
}

/// What is in use of a holder that the cluster file does not name any more, as far as it can be read and the journal vouches for it.
#[derive(Debug, Clone, Default)]
pub struct Remains {
    /// 0 for none.
    pub generation: u32,
    pub leaf: Option<Certificate>,
    pub written: Option<Manifest>,
}

impl Remains {
    /// Whether this file was written for it; `None` where nobody knows.
    pub fn has(&self, path: &str) -> Option<bool> {
        self.written.as_ref().map(|written| written.entry(path).is_some())
    }
}

/// The generation in use.
#[derive(Debug, Clone)]
pub struct Generation {
    pub number: u32,
    /// What `tls.crt` holds, leaf first.
    pub chain: Result<Vec<Certificate>, Unreadable>,
    /// What was written; or why the manifest does not count, so that every file was judged by what it holds.
    pub written: Result<Manifest, String>,
    /// What is there now. A file that the manifest names and that is not there is missing here.
    pub found: BTreeMap<String, Found>,
    /// Opens the key stores.
    pub password: Option<Password>,
    pub sasl_password: Option<Password>,
    /// What of it others own or may write.
    pub trespasses: Vec<Trespass>,
}

/// One file of a generation, held against its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub content: Content,
    /// The permission bits.
    pub mode: u32,
}

/// What lies in the directory besides, and how its own secrets lie there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// What countersign does not know, relative to the root; no further than the first unknown directory.
    pub unknown: Vec<PathBuf>,
    /// The permission bits of the authorities' keys and of the trust password, by their path relative to the root.
    pub secrets: BTreeMap<PathBuf, u32>,
}

/// The files of a holder's generation in use, as bytes from the disk. A file that could not be read says why.
#[derive(Debug, Clone)]
pub struct HolderFiles {
    pub holder: HolderId,
    pub generation: u32,
    pub files: BTreeMap<HolderFile, Result<Secret, String>>,
}

impl Inventory {
    /// What each client of a SASL listener logs in with, as far as it has a password already.
    pub fn sasl_passwords(&self) -> BTreeMap<HolderId, Password> {
        let password = |state: &HolderState| state.current.as_ref()?.sasl_password.clone();
        self.holders.iter().filter_map(|(id, state)| Some((id.clone(), password(state)?))).collect()
    }

    /// Why `id` cannot be looked at, and so is left alone.
    pub fn fault(&self, id: &HolderId) -> Option<&str> {
        self.holders.get(id)?.fault.as_deref()
    }

    /// The roots of every generation of `names`: what must be trusted now. `None` while any of them is yet to be made.
    pub fn anchors(&self, names: &[AuthorityName]) -> Option<TrustBundle> {
        self.anchors_without(names, |_, _| false)
    }

    /// The same, as if the generations of which `is_over` holds were gone.
    pub fn anchors_without(&self, names: &[AuthorityName], is_over: impl Fn(AuthorityName, u32) -> bool) -> Option<TrustBundle> {
        let mut anchors = Vec::new();
        for name in names {
            let generations = self.authorities.get(name).filter(|generations| !generations.is_empty())?;
            for generation in generations.iter().filter(|generation| !is_over(*name, generation.number)) {
                anchors.push(generation.state.as_ref().ok()?.root.clone());
            }
        }
        let mut seen = BTreeSet::new();
        anchors.retain(|anchor| seen.insert(anchor.fingerprint()));
        TrustBundle::new(anchors).ok()
    }
}
