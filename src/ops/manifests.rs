//! Kubernetes sinks: manifests, made of the load and written to their directory.

use std::collections::BTreeSet;

use super::DeedError;
use super::pushing::Load;
use super::sink_report::{Action, Problem, PrunedRow, Row, SinkReport};
use super::surroundings::Surroundings;
use crate::cluster::{AuthorityLayout, AuthoritySpec, KubernetesSpec, SecretForm, SinkSpec};
use crate::directory::{self, DirectoryError};
use crate::inventory::AuthorityGeneration;
use crate::kubernetes::{self, Authority, ControllerCertificate, KubernetesError, Manifest, Materials};
use crate::layout::Sensitivity;
use crate::parcel::{self, ParcelError};
use crate::plan::PlanError;
use crate::sinks::{Mode, Wishes};

impl Load<'_> {
    /// Every manifest of `sink`. Fails as a whole: what was applied in part would not fit together.
    pub fn manifests(&self, sink: &SinkSpec, kubernetes: &KubernetesSpec) -> Result<Vec<Manifest>, DeedError> {
        let (parcels, errors) = self.parcels(sink);
        if let Some(error) = errors.first() {
            return Err(DeedError::Manifests(error.to_string()));
        }
        let failed = |error: KubernetesError| DeedError::Manifests(error.to_string());
        let controller = match &kubernetes.form {
            SecretForm::Sealed { certificate, .. } => {
                let pem = directory::read_foreign(certificate)?;
                Some(ControllerCertificate::from_pem(pem.expose(), self.means.now).map_err(|error| failed(error.into()))?)
            }
            SecretForm::Plain | SecretForm::External(_) => None,
        };
        let untrusted = |error: ParcelError| DeedError::Manifests(error.to_string());
        let (trust, trust_label) = parcel::trust(self.spec, self.spec.trusted_by_clients(), &self.inventory).map_err(untrusted)?;
        let (cluster_ca, clients_ca) = match (&kubernetes.strimzi, &self.spec.authority) {
            (None, _) => (Vec::new(), Vec::new()),
            (Some(_), AuthorityLayout::Shared(shared)) => (self.authority(shared)?, self.authority(shared)?),
            (Some(_), AuthorityLayout::PerSide { brokers, clients }) => (self.authority(brokers)?, self.authority(clients)?),
        };
        let surroundings = Surroundings::of(self.spec, kubernetes)?;
        let materials = Materials {
            spec: self.spec,
            sink,
            kubernetes,
            parcels: &parcels,
            trust: &trust.to_pem(),
            trust_label: &trust_label,
            cluster_ca: &cluster_ca,
            clients_ca: &clients_ca,
            trust_password: self.inventory.trust_password.as_ref(),
            controller: controller.as_ref(),
            surroundings: surroundings.borrowed(),
            entropy: self.means.entropy,
        };
        kubernetes::manifests(materials).map_err(failed)
    }

    /// Every generation, as Strimzi is to have it, the one that signs last; its key leaves the directory.
    fn authority(&self, spec: &AuthoritySpec) -> Result<Vec<Authority>, DeedError> {
        let generations = self.inventory.authorities.get(&spec.name).map(Vec::as_slice).unwrap_or_default();
        let signing = self.inventory.signing_generation(spec.name, &self.spec.leaf, self.means.now).map(|signing| signing.number);
        let authority = |generation: &AuthorityGeneration| {
            let number = generation.number;
            let certificates = generation.state.clone().map_err(|damage| {
                DeedError::Plan(PlanError::Damaged { authority: spec.name, generation: number, file: damage.file, why: damage.why })
            })?;
            let key = if signing == Some(number) {
                let passphrase = spec.passphrase.as_ref().map(directory::passphrase).transpose()?;
                Some(self.directory.signing_key(spec, number, &certificates, passphrase.as_ref())?)
            } else {
                None
            };
            Ok(Authority { number, certificates, key })
        };
        let (last, others): (Vec<_>, Vec<_>) = generations.iter().partition(|generation| Some(generation.number) == signing);
        others.into_iter().chain(last).map(authority).collect()
    }

    pub fn write_manifests(&self, sink: &SinkSpec, kubernetes: &KubernetesSpec, wishes: Wishes) -> SinkReport {
        let mut report = SinkReport::new(sink);
        report.place = kubernetes.directory.display().to_string();
        let written = directory::read_folder(&kubernetes.directory, YAML).map_err(DeedError::from);
        let (manifests, written) = match self.manifests(sink, kubernetes).and_then(|manifests| Ok((manifests, written?))) {
            Ok(both) => both,
            Err(failure) => {
                report.error = Some(Problem::new("manifests", failure.to_string()));
                return report;
            }
        };
        for manifest in manifests {
            let action = match written.get(&manifest.file) {
                Some(written) if kubernetes::is_current(written.expose(), &manifest) => Action::Unchanged,
                Some(_) => Action::Updated,
                None => Action::Created,
            };
            let done = match (wishes.mode, action) {
                (Mode::DryRun, _) | (_, Action::Unchanged) => Ok(()),
                (Mode::Push, _) => self.write_manifest(sink, kubernetes, &manifest),
            };
            report.rows.push(Row::manifest(manifest.owner, manifest.file, action, done.err()));
        }
        report
    }

    fn write_manifest(&self, sink: &SinkSpec, kubernetes: &KubernetesSpec, manifest: &Manifest) -> Result<(), DirectoryError> {
        directory::write_in_folder(&kubernetes.directory, &manifest.file, &manifest.text, mode(manifest))?;
        self.journal(&manifest.label, format!("to {} ({}) {}", sink.name, kubernetes.directory.display(), manifest.file))
    }

    /// Lists the manifests of this cluster that are for nobody any more, and removes them when `confirm` says so.
    pub fn prune_manifests(
        &self,
        sink: &SinkSpec,
        kubernetes: &KubernetesSpec,
        report: &mut SinkReport,
        confirm: &dyn Fn(&[String]) -> bool,
    ) {
        if report.error.is_some() {
            return;
        }
        let wanted: BTreeSet<&String> = report.rows.iter().map(|row| &row.address).collect();
        let written = match directory::read_folder(&kubernetes.directory, YAML) {
            Ok(written) => written,
            Err(error) => {
                report.error = Some(error.into());
                return;
            }
        };
        let surplus: Vec<(String, String)> = written
            .into_iter()
            .filter(|(name, _)| !wanted.contains(name))
            .filter_map(|(name, text)| Some((name, kubernetes::holder_of(text.expose(), &self.spec.name)?)))
            .collect();
        let names: Vec<String> = surplus.iter().map(|(name, _)| kubernetes.directory.join(name).display().to_string()).collect();
        let confirmed = confirm(&names);
        for (name, holder) in surplus {
            let removed = confirmed.then(|| {
                directory::remove_from_folder(&kubernetes.directory, &name)?;
                self.journal_removal(&holder, format!("removed from {} ({}) {name}", sink.name, report.place))
            });
            report.pruned.push(PrunedRow::new(&holder, name, removed));
        }
    }
}

const YAML: &str = ".yaml";

const fn mode(manifest: &Manifest) -> u32 {
    match manifest.sensitivity {
        Sensitivity::Public => 0o644,
        Sensitivity::Secret => 0o600,
    }
}
