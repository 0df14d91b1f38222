//! Secrets: of holders, and as they stand in a manifest.

use std::collections::BTreeMap;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use super::current::Varying;
use super::metadata::{Metadata, Told};
use super::{KubernetesError, Manifest, Materials, filters};
use crate::cluster::HolderKind;
use crate::layout::{HolderFile, Sensitivity};
use crate::parcel::{Document, Owner, Parcel};
use crate::pki::Secret;

/// Of all values of a Secret together (Kubernetes, `MaxSecretSize`).
const LIMIT: usize = 1 << 20;

/// A Secret, before it is settled how its values come into the cluster.
#[derive(Debug, Clone)]
pub struct SecretObject {
    pub metadata: Metadata,
    pub owner: Owner,
    /// Comments at the top of the manifest.
    pub notes: Vec<String>,
    /// By name, as pods see them.
    pub data: BTreeMap<String, Secret>,
    /// What of its values is new each time it is made.
    pub varying: Varying,
}

#[derive(Template)]
#[template(path = "kubernetes/secret.yaml", escape = "none")]
struct PlainSecret<'a> {
    notes: &'a [String],
    metadata: &'a Metadata,
    kind: &'static str,
    data: BTreeMap<&'a str, Zeroizing<String>>,
}

impl SecretObject {
    /// The Secret of a holder: each file under the name that cert-manager gives it. `None` for what is no holder's.
    pub fn of_parcel(materials: &Materials<'_>, parcel: &Parcel, told: Told) -> Option<Self> {
        let Document::Files(files) = &parcel.document else { return None };
        Some(Self {
            metadata: Metadata::new(materials, &parcel.address, parcel.label.clone(), told),
            owner: parcel.owner.clone(),
            notes: notes(materials, parcel, files),
            data: files.iter().map(|(file, bytes)| (file.name().to_owned(), bytes.clone())).collect(),
            varying: Varying::Nothing,
        })
    }

    /// `kubernetes.io/tls` where there is what that type demands.
    pub fn kind(&self) -> &'static str {
        let has = |file: HolderFile| self.data.contains_key(file.name());
        if has(HolderFile::Chain) && has(HolderFile::Key) { "kubernetes.io/tls" } else { "Opaque" }
    }

    /// Whether Kubernetes takes as much.
    pub fn check(&self) -> Result<(), KubernetesError> {
        let bytes = self.data.values().map(|value| value.expose().len()).sum();
        if bytes <= LIMIT { Ok(()) } else { Err(KubernetesError::TooLarge { secret: self.metadata.name.clone(), bytes, limit: LIMIT }) }
    }

    /// A Secret whose values stand in it.
    pub fn plain(&self) -> Manifest {
        let data = self.data.iter().map(|(name, value)| (name.as_str(), Zeroizing::new(BASE64.encode(value.expose())))).collect();
        let template = PlainSecret { notes: &self.notes, metadata: &self.metadata, kind: self.kind(), data };
        Manifest::new("secret", &self.metadata, self.owner.clone(), Sensitivity::Secret, self.varying.clone(), &template)
    }
}

fn notes(materials: &Materials<'_>, parcel: &Parcel, files: &BTreeMap<HolderFile, Secret>) -> Vec<String> {
    let mut notes = vec![format!("Made by countersign: {} of {}.", parcel.owner, materials.spec.name)];
    let rabbitmq = matches!(&parcel.owner, Owner::Holder(id) if id.kind == HolderKind::Rabbitmq);
    if rabbitmq && files.contains_key(&HolderFile::Key) {
        let name = &parcel.address;
        notes
            .push("For RabbitMQ's cluster operator, which takes certificate, key and what clients come from out of one Secret:".to_owned());
        notes.push(format!("  spec: {{ tls: {{ secretName: {name:?}, caSecretName: {name:?} }} }}"));
        if materials.spec.rabbitmq_nodes().nth(1).is_some() {
            notes.push("The operator gives all its nodes the same one: the names of each must stand in this certificate.".to_owned());
        }
    }
    notes
}
