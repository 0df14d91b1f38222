//! From a plan to files: authorities, trust, then every holder on all cores.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{DeedError, MakingError, Means};
use crate::artifact::{self, Belongings, Truststores, Workshop};
use crate::cluster::{AuthorityName, AuthorityOrigin, AuthoritySpec, ClusterSpec, Holder, HolderId};
use crate::directory::{Directory, JournalEntry, Owners, passphrase};
use crate::inventory::{AuthorityGeneration, Inventory};
use crate::issue::{self, Signer};
use crate::pki::Password;
use crate::plan::{self, Action, AuthorityStep, HolderStep, Plan};
use crate::snippet::Snippets;

/// What carries a plan out. Whoever has one holds the lock.
#[derive(Debug)]
pub struct Making<'a> {
    pub means: Means<'a>,
    pub spec: &'a ClusterSpec,
    pub snippets: &'a Snippets<'a>,
    pub directory: &'a Directory,
    pub owners: &'a Owners,
    pub inventory: Inventory,
    passphrases: BTreeMap<AuthorityName, Option<Password>>,
    sasl_passwords: BTreeMap<HolderId, Password>,
}

/// What was made for one holder.
#[derive(Debug)]
pub struct Made {
    pub holder: HolderId,
    pub entry: JournalEntry,
    /// The leaf ends with its issuer, before its time.
    pub clipped: bool,
}

impl<'a> Making<'a> {
    pub fn new(
        means: Means<'a>,
        spec: &'a ClusterSpec,
        snippets: &'a Snippets<'a>,
        directory: &'a Directory,
        owners: &'a Owners,
        inventory: Inventory,
    ) -> Self {
        let sasl_passwords = inventory.sasl_passwords();
        Self { means, spec, snippets, directory, owners, inventory, passphrases: BTreeMap::new(), sasl_passwords }
    }

    /// Carries out every step of `plan`. Nothing of a holder is seen before all holders' files are on the disk.
    pub fn run(&mut self, plan: &Plan) -> Result<Vec<Made>, DeedError> {
        self.directory.keep_out_of_git()?;
        for step in &plan.authorities {
            self.make_authority(step)?;
        }
        if plan.trust {
            self.make_trust()?;
        }
        self.make_sasl_passwords();
        let signers = self.signers(plan)?;
        let truststores = self.truststores(plan)?;
        let holders: BTreeMap<&HolderId, &Holder> = self.spec.holders.iter().map(|holder| (&holder.id, holder)).collect();
        let progress = self.means.progress.begin("issuing", plan.holders.len());
        let made: Result<Vec<Made>, DeedError> = plan
            .holders
            .par_iter()
            .filter_map(|step| holders.get(&step.holder).map(|holder| (step, *holder)))
            .map(|(step, holder)| {
                let signer = signers.get(&self.spec.issuer_of(holder));
                let made = self.make_holder(step, holder, signer, &truststores[self.spec.trusted_by(holder)]);
                progress.step(1);
                made
            })
            .collect();
        drop(progress);
        let made = match made {
            Ok(made) => made,
            Err(failure) => {
                // The failure is what counts; a leftover is removed by the next run.
                for step in &plan.holders {
                    let _ = self.directory.unstage(&step.holder, step.generation);
                }
                return Err(failure);
            }
        };
        self.directory.sync()?;
        let entries: Vec<JournalEntry> = made.iter().map(|made| made.entry.clone()).collect();
        self.directory.journal().append(&entries)?;
        plan.holders.par_iter().try_for_each(|step| self.directory.switch(&step.holder, step.generation))?;
        self.directory.sync()?;
        Ok(made)
    }

    fn make_authority(&mut self, step: &AuthorityStep) -> Result<(), DeedError> {
        let (now, entropy) = (self.means.now, self.means.entropy);
        let spec = self.authority_spec(step.name);
        let making = |source: MakingError| DeedError::Making { what: step.name.to_string(), source };
        let (certificates, artifacts) = match (&spec.origin, self.inventory.existing.get(&step.name)) {
            (AuthorityOrigin::Own(own), _) => {
                let passphrase = self.passphrase(spec)?;
                let made = issue::authority(self.spec, step.name, own, step.generation, now, entropy).map_err(|e| making(e.into()))?;
                let artifacts = artifact::new_authority(&made, passphrase.as_ref(), entropy).map_err(|e| making(e.into()))?;
                (made.certificates, artifacts)
            }
            (AuthorityOrigin::Existing { .. }, Some(existing)) => {
                // Its key must open and fit before anything is written.
                let existing = existing.clone();
                let passphrase = self.passphrase(spec)?;
                let key = self.directory.signing_key(spec, step.generation, &existing, passphrase.as_ref())?;
                Signer::new(existing.clone(), key, now).map_err(|e| making(e.into()))?;
                let artifacts = artifact::existing_authority(&existing);
                (existing, artifacts)
            }
            (AuthorityOrigin::Existing { .. }, None) => return Ok(()),
        };
        let entry =
            JournalEntry::new("authority", step.name.to_string(), step.generation, certificates.signing(), now, vec!["missing".to_owned()]);
        self.directory.journal().append(&[entry])?;
        self.directory.create_authority(step.name, step.generation, &artifacts)?;
        let generation = AuthorityGeneration { number: step.generation, state: Ok(certificates) };
        self.inventory.authorities.entry(step.name).or_default().push(generation);
        Ok(())
    }

    fn make_trust(&mut self) -> Result<(), DeedError> {
        let password = match self.inventory.trust_password.take() {
            Some(password) => password,
            None => Password::generate(self.means.entropy),
        };
        let files = plan::trust_files(self.spec, &self.inventory).unwrap_or_default();
        self.directory.write_trust(&files, &password)?;
        self.inventory.trust_password = Some(password);
        Ok(())
    }

    /// Brokers may need those of clients, so all are there before the first file is made.
    fn make_sasl_passwords(&mut self) {
        for (client, _) in self.spec.sasl_users() {
            self.sasl_passwords.entry(client.id.clone()).or_insert_with(|| Password::generate(self.means.entropy));
        }
    }

    fn make_holder(
        &self,
        step: &HolderStep,
        holder: &Holder,
        signer: Option<&Signer>,
        truststores: &Truststores,
    ) -> Result<Made, DeedError> {
        let (now, entropy) = (self.means.now, self.means.entropy);
        let making = |source: MakingError| DeedError::Making { what: step.holder.to_string(), source };
        let (event, identity) = match (step.action, signer) {
            (Action::Issue, Some(signer)) => {
                ("leaf", issue::leaf(&self.spec.leaf, holder, signer, now, entropy).map_err(|error| making(error.into()))?)
            }
            (Action::Issue, None) | (Action::Rewrite, _) => ("files", self.directory.identity(&step.holder)?),
        };
        let kept = self.inventory.holders.get(&step.holder).and_then(|state| state.current.as_ref()?.password.clone());
        let password = kept.unwrap_or_else(|| Password::generate(entropy));
        let workshop = Workshop { spec: self.spec, snippets: self.snippets, entropy };
        let belongings = Belongings { identity: &identity, password: &password, truststores, sasl_passwords: &self.sasl_passwords };
        let artifacts = workshop.holder_files(holder, belongings).map_err(|error| making(error.into()))?;
        let manifest = artifact::manifest(&holder.id, &holder.access, step.generation, &artifacts);
        self.directory.stage(holder, &manifest, &artifacts, self.owners)?;
        let reasons = step.reasons.iter().map(ToString::to_string).collect();
        let entry = JournalEntry::new(event, step.holder.to_string(), step.generation, identity.leaf(), now, reasons);
        let clipped = signer.is_some_and(|signer| identity.leaf().validity.not_after == signer.certificate().validity.not_after);
        Ok(Made { holder: step.holder.clone(), entry, clipped })
    }

    /// A signer for each authority that has a leaf to sign.
    fn signers(&mut self, plan: &Plan) -> Result<BTreeMap<AuthorityName, Signer>, DeedError> {
        let issuing: BTreeSet<&HolderId> =
            plan.holders.iter().filter(|step| step.action == Action::Issue).map(|step| &step.holder).collect();
        let names: BTreeSet<AuthorityName> =
            self.spec.holders.iter().filter(|holder| issuing.contains(&holder.id)).map(|holder| self.spec.issuer_of(holder)).collect();
        names.into_iter().map(|name| Ok((name, self.signer(name)?))).collect()
    }

    /// Opens the key of the generation of `name` that signs.
    pub fn signer(&mut self, name: AuthorityName) -> Result<Signer, DeedError> {
        let spec = self.authority_spec(name);
        let passphrase = self.passphrase(spec)?;
        let newest = self
            .inventory
            .signing_generation(name)
            .ok_or_else(|| DeedError::NothingThere { directory: self.directory.root().to_owned() })?;
        let certificates = newest.state.clone().map_err(|damage| {
            DeedError::Plan(plan::PlanError::Damaged { authority: name, generation: newest.number, file: damage.file, why: damage.why })
        })?;
        let key = self.directory.signing_key(spec, newest.number, &certificates, passphrase.as_ref())?;
        Signer::new(certificates, key, self.means.now).map_err(|error| DeedError::Making { what: name.to_string(), source: error.into() })
    }

    fn truststores(&self, plan: &Plan) -> Result<BTreeMap<&'static [AuthorityName], Truststores>, DeedError> {
        let mut truststores = BTreeMap::new();
        let Some(password) = &self.inventory.trust_password else {
            return Ok(truststores);
        };
        if plan.holders.is_empty() {
            return Ok(truststores);
        }
        for holder in &self.spec.holders {
            let names = self.spec.trusted_by(holder);
            if let (false, Some(trust)) = (truststores.contains_key(names), self.inventory.anchors(names)) {
                let encoded = Truststores::encode(&self.spec.stores, trust, password.clone(), self.means.entropy)
                    .map_err(|error| DeedError::Making { what: "the trust stores".to_owned(), source: error.into() })?;
                truststores.insert(names, encoded);
            }
        }
        Ok(truststores)
    }

    fn authority_spec(&self, name: AuthorityName) -> &'a AuthoritySpec {
        self.spec.authority(name)
    }

    /// Asked for once: a command may well prompt.
    fn passphrase(&mut self, spec: &AuthoritySpec) -> Result<Option<Password>, DeedError> {
        if let Some(known) = self.passphrases.get(&spec.name) {
            return Ok(known.clone());
        }
        let fetched = spec.passphrase.as_ref().map(passphrase).transpose()?;
        self.passphrases.insert(spec.name, fetched.clone());
        Ok(fetched)
    }
}
