//! From a plan to files: authorities, trust, then every holder on all cores.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{DeedError, MakingError, Means, Proof, Signers, Site, proof};
use crate::artifact::{self, Belongings, Truststores, Workshop};
use crate::cluster::{AuthorityName, AuthorityOrigin, Holder, HolderId, HolderKind, LeafKey};
use crate::directory::{JournalEntry, Owners};
use crate::inventory::{AuthorityGeneration, Inventory, Part};
use crate::issue::{self, IssueError, Signer};
use crate::layout::HolderFile;
use crate::pki::{Certificate, Password, PrivateKey, sha256_hex};
use crate::plan::{self, Action, AuthorityStep, Descent, HolderStep, PastAuthority, Plan};

/// What carries a plan out. Whoever has one holds the lock.
#[derive(Debug)]
pub struct Making<'a> {
    pub site: Site<'a>,
    pub means: Means<'a>,
    pub inventory: Inventory,
    pub signers: Signers<'a>,
    owners: &'a Owners,
    sasl_passwords: BTreeMap<HolderId, Password>,
    /// Below which new issuing authorities are made.
    roots: BTreeMap<AuthorityName, (Certificate, PrivateKey)>,
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
    pub fn new(site: Site<'a>, means: Means<'a>, owners: &'a Owners, inventory: Inventory) -> Self {
        let sasl_passwords = inventory.sasl_passwords();
        Self { site, means, inventory, signers: Signers::new(site, means.now), owners, sasl_passwords, roots: BTreeMap::new() }
    }

    /// Opens every key that `plan` and its proof need, and fetches every passphrase: what cannot be had fails before anything is
    /// written.
    pub fn open_signers(&mut self, plan: &Plan, proof: Proof) -> Result<(), DeedError> {
        let mut needed = plan.signing(self.site.spec);
        if proof == Proof::Demanded {
            needed.extend(proof::stand_in_authority(self.site.spec));
        }
        for step in &plan.authorities {
            self.signers.passphrase(step.name)?;
            if let Descent::Issuing { .. } = step.descent {
                self.roots.insert(step.name, self.signers.root(step.name, &self.inventory)?);
            }
        }
        let new: BTreeSet<AuthorityName> =
            plan.authorities.iter().filter(|step| step.descent.signs(self.means.now)).map(|step| step.name).collect();
        for name in needed.difference(&new) {
            self.signers.open(*name, &self.inventory)?;
        }
        Ok(())
    }

    /// Makes everything that `plan` has, the holders' files beside those in use. Nobody uses them yet.
    pub fn stage(&mut self, plan: &Plan) -> Result<Vec<Made>, DeedError> {
        self.site.directory.keep_out_of_git()?;
        self.tell_of_authorities()?;
        for step in &plan.authorities {
            self.make_authority(step)?;
            self.signers.open(step.name, &self.inventory)?;
        }
        plan.past.iter().try_for_each(|over| self.retire_authority(over))?;
        if plan.trust {
            self.make_trust()?;
        }
        self.make_sasl_passwords();
        let truststores = self.truststores(plan)?;
        let spec = self.site.spec;
        let holders: BTreeMap<&HolderId, &Holder> = spec.holders.iter().map(|holder| (&holder.id, holder)).collect();
        let underway = self.means.progress.begin("issuing", plan.holders.len());
        let made: Result<Vec<Made>, DeedError> = plan
            .holders
            .par_iter()
            .filter_map(|step| holders.get(&step.holder).map(|holder| (step, *holder)))
            .map(|(step, holder)| {
                let made = self.make_holder(step, holder, self.signers.get(spec.issuer_of(holder)), &truststores[spec.trusted_by(holder)]);
                underway.step(1);
                made
            })
            .collect();
        let made = made.inspect_err(|_| self.discard(plan))?;
        self.site.directory.sync().inspect_err(|_| self.discard(plan))?;
        Ok(made)
    }

    /// Switches every holder to what was staged for it.
    pub fn put_in_use(&self, plan: &Plan, made: &[Made]) -> Result<(), DeedError> {
        let directory = self.site.directory;
        let entries: Vec<JournalEntry> = made.iter().map(|made| made.entry.clone()).collect();
        directory.journal().append(&entries)?;
        plan.holders.par_iter().try_for_each(|step| directory.switch(&step.holder, step.generation))?;
        let watched = plan.holders.iter().filter(|step| step.holder.kind == HolderKind::Rabbitmq);
        watched.map(|step| directory.touch(&step.holder)).collect::<Result<Vec<()>, _>>()?;
        Ok(directory.sync()?)
    }

    /// Removes what was staged.
    pub fn discard(&self, plan: &Plan) {
        for step in &plan.holders {
            // What led here is what counts; a leftover is removed by the next run.
            let _ = self.site.directory.unstage(&step.holder, step.generation);
        }
    }

    /// A journal that was lost begins with the authorities that are there.
    fn tell_of_authorities(&self) -> Result<(), DeedError> {
        let mut entries = Vec::new();
        for (name, generations) in &self.inventory.authorities {
            for generation in generations {
                let Ok(state) = &generation.state else { continue };
                if !self.inventory.journal.tells_of(name.path(), generation.number, state.signing()) {
                    let reasons = vec!["the journal did not tell of it".to_owned()];
                    let now = self.means.now;
                    entries.push(JournalEntry::new("authority", name.to_string(), generation.number, state.signing(), now, reasons));
                }
            }
        }
        Ok(self.site.directory.journal().append(&entries)?)
    }

    fn make_authority(&mut self, step: &AuthorityStep) -> Result<(), DeedError> {
        let (now, entropy) = (self.means.now, self.means.entropy);
        let spec = self.site.spec.authority(step.name);
        let making = |source: MakingError| DeedError::Making { what: step.name.to_string(), source };
        let passphrase = self.signers.passphrase(step.name)?;
        let (certificates, artifacts) = match (&spec.origin, self.inventory.existing.get(&step.name)) {
            (AuthorityOrigin::Own(own), _) => {
                let made = match self.roots.remove(&step.name) {
                    Some(root) => issue::below(self.site.spec, step.name, own, step.generation, root, now, entropy),
                    None => issue::authority(self.site.spec, step.name, own, step.generation, now, entropy),
                };
                let made = made.map_err(|e| making(e.into()))?;
                let artifacts = artifact::new_authority(&made, passphrase.as_ref(), entropy).map_err(|e| making(e.into()))?;
                (made.certificates, artifacts)
            }
            (AuthorityOrigin::Existing { .. }, Some(existing)) => {
                // Its key must open and fit before anything is written.
                let key = self.site.directory.signing_key(spec, step.generation, existing, passphrase.as_ref())?;
                Signer::new(existing.clone(), key, now).map_err(|e| making(e.into()))?;
                (existing.clone(), artifact::existing_authority(existing))
            }
            (AuthorityOrigin::Existing { .. }, None) => return Ok(()),
        };
        let entry = JournalEntry::new(
            "authority",
            step.name.to_string(),
            step.generation,
            certificates.signing(),
            now,
            vec![step.descent.to_string()],
        );
        self.site.directory.journal().append(&[entry])?;
        step.damaged.iter().try_for_each(|number| self.site.directory.put_aside(step.name, *number))?;
        self.site.directory.create_authority(step.name, step.generation, &artifacts)?;
        let generations = self.inventory.authorities.entry(step.name).or_default();
        generations.retain(|generation| generation.state.is_ok());
        generations.push(AuthorityGeneration { number: step.generation, state: Ok(certificates) });
        Ok(())
    }

    fn retire_authority(&mut self, over: &PastAuthority) -> Result<(), DeedError> {
        let reasons = vec!["nothing in use was signed by it, and whatever it signed has ended".to_owned()];
        let entry = JournalEntry::new("retire", over.name.to_string(), over.generation, &over.certificate, self.means.now, reasons);
        self.site.directory.journal().append(&[entry])?;
        self.site.directory.retire_authority(over.name, over.generation)?;
        if let Some(generations) = self.inventory.authorities.get_mut(&over.name) {
            generations.retain(|generation| generation.number != over.generation);
        }
        Ok(())
    }

    fn make_trust(&mut self) -> Result<(), DeedError> {
        let password = match self.inventory.trust_password.take() {
            Some(password) => password,
            None => Password::generate(self.means.entropy),
        };
        let files = plan::trust_files(self.site.spec, &self.inventory, &[]).unwrap_or_default();
        self.site.directory.write_trust(&files, &password)?;
        self.inventory.trust_password = Some(password);
        Ok(())
    }

    /// Brokers may need those of clients, so all are there before the first file is made.
    fn make_sasl_passwords(&mut self) {
        for (client, _) in self.site.spec.sasl_users() {
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
        let (spec, now, entropy) = (self.site.spec, self.means.now, self.means.entropy);
        let making = |source: MakingError| DeedError::Making { what: step.holder.to_string(), source };
        let (event, identity, signer) = match (step.action, signer) {
            (Action::Issue(key), Some(signer)) => {
                let key = match key {
                    LeafKey::Fresh => {
                        PrivateKey::generate(spec.leaf.key).map_err(IssueError::from).map_err(|error| making(error.into()))?
                    }
                    LeafKey::Kept => self.site.directory.identity(&step.holder)?.into_key(),
                };
                ("leaf", issue::leaf(&spec.leaf, holder, key, signer, now, entropy).map_err(|error| making(error.into()))?, Some(signer))
            }
            (Action::Issue(_), None) | (Action::Rewrite, _) => ("files", self.site.directory.identity(&step.holder)?, None),
        };
        let kept = self.inventory.holders.get(&step.holder).and_then(|state| state.current.as_ref()?.password.clone());
        let password = kept.unwrap_or_else(|| Password::generate(entropy));
        let workshop = Workshop { spec, snippets: self.site.snippets, entropy };
        let belongings = Belongings { identity: &identity, password: &password, truststores, sasl_passwords: &self.sasl_passwords };
        let in_use = match step.action {
            Action::Issue(_) => None,
            Action::Rewrite => self.site.directory.holder_files(spec, holder),
        };
        let carried = |file: HolderFile, made_from: &BTreeMap<Part, String>| {
            let written = self.inventory.holders.get(&step.holder)?.current.as_ref()?.written.as_ref().ok()?;
            let entry = written.entry(file.name()).filter(|entry| entry.made_from == *made_from)?;
            let bytes = in_use.as_ref()?.files.get(&file)?.as_ref().ok()?;
            // Its owner may have written there since.
            (entry.sha256 == sha256_hex(bytes.expose())).then(|| bytes.clone())
        };
        let artifacts = workshop.holder_files(holder, belongings, carried).map_err(|error| making(error.into()))?;
        let manifest = artifact::manifest(&holder.id, &holder.access, step.generation, &artifacts);
        let manifest = self.site.directory.stage(holder, &manifest, &artifacts, self.owners)?;
        let reasons = step.reasons.iter().map(ToString::to_string).collect();
        let entry = JournalEntry::new(event, step.holder.to_string(), step.generation, identity.leaf(), now, reasons);
        let entry = JournalEntry { manifest: Some(manifest), ..entry };
        let clipped = signer.is_some_and(|signer| identity.leaf().validity.not_after == signer.certificate().validity.not_after);
        Ok(Made { holder: step.holder.clone(), entry, clipped })
    }

    fn truststores(&self, plan: &Plan) -> Result<BTreeMap<&'static [AuthorityName], Truststores>, DeedError> {
        let mut truststores = BTreeMap::new();
        let Some(password) = &self.inventory.trust_password else {
            return Ok(truststores);
        };
        if plan.holders.is_empty() {
            return Ok(truststores);
        }
        let spec = self.site.spec;
        for holder in &spec.holders {
            let names = spec.trusted_by(holder);
            if let (false, Some(trust)) = (truststores.contains_key(names), self.inventory.anchors(names)) {
                let encoded = Truststores::encode(&spec.stores, trust, password.clone(), self.means.entropy)
                    .map_err(|error| DeedError::Making { what: "the trust stores".to_owned(), source: error.into() })?;
                truststores.insert(names, encoded);
            }
        }
        Ok(truststores)
    }
}
