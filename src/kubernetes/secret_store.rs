//! The SecretStore: where External Secrets fetches from, and how it logs in there.

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::current::Varying;
use super::metadata::{Metadata, Told};
use super::{KubernetesError, Manifest, Materials, filters};
use crate::cluster::{AwsSpec, ExternalSpec, SinkKind, SinkSpec, VaultSpec};
use crate::layout::Sensitivity;
use crate::parcel::Owner;

#[derive(Template)]
#[template(path = "kubernetes/secretstore.yaml", escape = "none")]
struct SecretStore<'a> {
    notes: Vec<String>,
    metadata: &'a Metadata,
    provider: Provider<'a>,
    service_account: &'a str,
}

enum Provider<'a> {
    /// `ca` is PEM in base64, `auth` where the Kubernetes auth method is mounted.
    Vault {
        server: &'a str,
        mount: &'a str,
        namespace: Option<&'a str>,
        ca: Option<String>,
        auth: &'a str,
        role: &'a str,
    },
    Aws {
        region: &'a str,
        role: Option<&'a str>,
    },
}

pub fn manifest(materials: &Materials<'_>, external: &ExternalSpec, source: &SinkSpec) -> Result<Manifest, KubernetesError> {
    let metadata = Metadata::new(materials, &external.store_name(&materials.spec.name), materials.trust_label.clone(), Told::Whose);
    let provider = match &source.kind {
        SinkKind::Vault(spec) => vault(materials, external, spec)?,
        SinkKind::Aws(spec) => aws(materials, external, spec)?,
        SinkKind::Kubernetes(_) => return Err(KubernetesError::Source(source.name.clone())),
    };
    let template = SecretStore {
        notes: notes(materials, external, &provider),
        metadata: &metadata,
        provider,
        service_account: &external.service_account,
    };
    Ok(Manifest::new("secretstore", &metadata, Owner::Trust, Sensitivity::Public, Varying::Nothing, &template))
}

fn vault<'a>(materials: &Materials<'a>, external: &'a ExternalSpec, spec: &'a VaultSpec) -> Result<Provider<'a>, KubernetesError> {
    let around = materials.surroundings;
    Ok(Provider::Vault {
        server: spec.address.as_deref().or(around.vault_address).ok_or(KubernetesError::Server)?,
        mount: &spec.mount,
        namespace: spec.namespace.as_deref().or(around.vault_namespace),
        ca: around.vault_ca.map(|pem| BASE64.encode(pem)),
        auth: &external.mount,
        role: external.role.as_deref().ok_or_else(|| KubernetesError::Source(external.from.clone()))?,
    })
}

fn aws<'a>(materials: &Materials<'a>, external: &'a ExternalSpec, spec: &'a AwsSpec) -> Result<Provider<'a>, KubernetesError> {
    let region = spec.region.as_deref().or(materials.surroundings.aws_region).ok_or(KubernetesError::Region)?;
    Ok(Provider::Aws { region, role: external.role.as_deref() })
}

fn notes(materials: &Materials<'_>, external: &ExternalSpec, provider: &Provider<'_>) -> Vec<String> {
    let mut notes = vec![format!("Made by countersign: where External Secrets fetches the secrets of {}.", materials.spec.name)];
    let account = &external.service_account;
    notes.push(match provider {
        Provider::Vault { .. } => format!("The ServiceAccount {account} must be in this namespace, and bound to the role."),
        Provider::Aws { .. } => {
            format!("The ServiceAccount {account} must be in this namespace, with the annotation eks.amazonaws.com/role-arn; `role`, if there, is assumed after that one.")
        }
    });
    notes
}
