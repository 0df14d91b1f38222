//! The keys that sign, each opened once.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{DeedError, Site};
use crate::cluster::AuthorityName;
use crate::directory::passphrase;
use crate::inventory::{AuthorityGeneration, Inventory, Unreadable};
use crate::issue::Signer;
use crate::pki::{Certificate, Password, PrivateKey};
use crate::plan::{self, PlanError};

/// The signers of a site, and the passphrases that open their keys. Each is asked for once: a command may well prompt.
#[derive(Debug)]
pub struct Signers<'a> {
    site: Site<'a>,
    now: OffsetDateTime,
    passphrases: BTreeMap<AuthorityName, Option<Password>>,
    opened: BTreeMap<AuthorityName, Signer>,
}

impl<'a> Signers<'a> {
    pub fn new(site: Site<'a>, now: OffsetDateTime) -> Self {
        Self { site, now, passphrases: BTreeMap::new(), opened: BTreeMap::new() }
    }

    /// What opens the keys of `name`; `None` where they lie plain.
    pub fn passphrase(&mut self, name: AuthorityName) -> Result<Option<Password>, DeedError> {
        if let Some(known) = self.passphrases.get(&name) {
            return Ok(known.clone());
        }
        let fetched = self.site.spec.authority(name).passphrase.as_ref().map(passphrase).transpose()?;
        self.passphrases.insert(name, fetched.clone());
        Ok(fetched)
    }

    /// Opens the key of the generation of `name` that signs.
    ///
    /// # Errors
    /// There is no such authority, its files are damaged, its key does not open or fit, or it is not valid now.
    pub fn open(&mut self, name: AuthorityName, inventory: &Inventory) -> Result<&Signer, DeedError> {
        if !self.opened.contains_key(&name) {
            let signer = self.opened_anew(name, inventory)?;
            self.opened.insert(name, signer);
        }
        self.get(name).ok_or_else(|| DeedError::NothingThere { directory: self.site.directory.root().to_owned() })
    }

    /// The root of `name` that signs, and its key.
    ///
    /// # Errors
    /// There is none, or its key does not open.
    pub fn root(&mut self, name: AuthorityName, inventory: &Inventory) -> Result<(Certificate, PrivateKey), DeedError> {
        let passphrase = self.passphrase(name)?;
        let Site { spec, directory, .. } = self.site;
        let line = inventory.signing_line(name, &spec.leaf, self.now);
        let (generation, certificates) = line
            .and_then(|line| line.with_root_key())
            .ok_or_else(|| DeedError::NothingThere { directory: directory.root().join(name.path()) })?;
        let key = directory.root_key(name, generation.number, passphrase.as_ref())?;
        Ok((certificates.root.clone(), key))
    }

    /// One that was opened before.
    pub fn get(&self, name: AuthorityName) -> Option<&Signer> {
        self.opened.get(&name)
    }

    fn opened_anew(&mut self, name: AuthorityName, inventory: &Inventory) -> Result<Signer, DeedError> {
        let Site { spec, directory, .. } = self.site;
        let signing = inventory.signing_generation(name, &spec.leaf, self.now);
        let signing = signing.ok_or_else(|| DeedError::NothingThere { directory: directory.root().to_owned() })?;
        plan::check_key(spec, name, inventory, self.now)?;
        self.of_generation(name, signing)
    }

    /// Whichever generation of `name` this is.
    ///
    /// # Errors
    /// As of [`Self::open`].
    pub fn of_generation(&mut self, name: AuthorityName, generation: &AuthorityGeneration) -> Result<Signer, DeedError> {
        let passphrase = self.passphrase(name)?;
        let Site { spec, directory, .. } = self.site;
        let number = generation.number;
        let damaged = |Unreadable { file, why }| PlanError::Damaged { authority: name, generation: number, file, why };
        let certificates = generation.state.clone().map_err(damaged)?;
        let key = directory.signing_key(spec.authority(name), number, &certificates, passphrase.as_ref())?;
        Signer::new(certificates, key, self.now).map_err(|error| DeedError::Making { what: name.to_string(), source: error.into() })
    }
}
