//! ExternalSecrets: which secret of the source becomes which Secret. No value stands in them, and renewal does not change them.

use askama::Template;

use super::current::Varying;
use super::metadata::{Metadata, Told};
use super::secret::SecretObject;
use super::{KubernetesError, Manifest, Materials, filters, secret_store};
use crate::cluster::{ExternalSpec, HolderId, SinkKind, SinkSpec};
use crate::layout::{Encoding, HolderFile, Sensitivity};
use crate::parcel::{Document, Owner, Parcel};

#[derive(Template)]
#[template(path = "kubernetes/externalsecret.yaml", escape = "none")]
struct ExternalSecret<'a> {
    notes: &'a [String],
    metadata: &'a Metadata,
    store: &'a str,
    kind: &'static str,
    remote: String,
    files: Vec<RemoteFile>,
}

struct RemoteFile {
    /// As key of the Secret and as property of what is fetched.
    ///
    /// To External Secrets (v1.3) a property is a gjson path, where a dot goes one level down. Yet both of its providers look first for
    /// a key that is called exactly so: Vault's in its map (`getSecretValue`, providers/v1/vault/client_get.go), Secrets Manager's by
    /// escaping the dots itself (`escapeDotsIfRequired`, providers/v1/aws/secretsmanager/secretsmanager.go). So `tls.crt` is written as
    /// it is.
    name: &'static str,
    decoding: &'static str,
}

/// The SecretStore and the ExternalSecrets that refer to it.
pub fn manifests(materials: &Materials<'_>, external: &ExternalSpec) -> Result<Vec<Manifest>, KubernetesError> {
    let source = materials.spec.sinks.iter().find(|sink| sink.name == external.from);
    let source = source.ok_or_else(|| KubernetesError::Source(external.from.clone()))?;
    let mut manifests = vec![secret_store::manifest(materials, external, source)?];
    let store = external.store_name(&materials.spec.name);
    for parcel in materials.parcels {
        manifests.extend(external_secret(materials, source, &store, parcel)?);
    }
    Ok(manifests)
}

fn external_secret(
    materials: &Materials<'_>,
    source: &SinkSpec,
    store: &str,
    parcel: &Parcel,
) -> Result<Option<Manifest>, KubernetesError> {
    let (Owner::Holder(holder), Document::Files(files)) = (&parcel.owner, &parcel.document) else { return Ok(None) };
    let Some(secret) = SecretObject::of_parcel(materials, parcel, Told::Whose) else { return Ok(None) };
    secret.check()?;
    let remote_file = |file: &HolderFile| RemoteFile {
        name: file.name(),
        decoding: match file.encoding() {
            Encoding::Text => "None",
            Encoding::Binary => "Base64",
        },
    };
    let template = ExternalSecret {
        notes: &secret.notes,
        metadata: &secret.metadata,
        store,
        kind: secret.kind(),
        remote: remote_key(materials, source, holder),
        files: files.keys().map(remote_file).collect(),
    };
    Ok(Some(Manifest::new("externalsecret", &secret.metadata, parcel.owner.clone(), Sensitivity::Public, Varying::Nothing, &template)))
}

/// The address in the source. External Secrets cuts the name of the mount off it, should it begin so, and then `data/` (`buildPath`,
/// providers/v1/vault/client_get.go): an address that begins like the mount is written out in full, for exactly that to be cut off.
fn remote_key(materials: &Materials<'_>, source: &SinkSpec, holder: &HolderId) -> String {
    let address = source.address(&materials.spec.name, holder);
    match &source.kind {
        SinkKind::Vault(vault) if address.starts_with(&format!("{}/", vault.mount)) => format!("{}/data/{address}", vault.mount),
        SinkKind::Vault(_) | SinkKind::Aws(_) | SinkKind::Kubernetes(_) => address,
    }
}
