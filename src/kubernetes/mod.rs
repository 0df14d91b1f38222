//! Floor 6: manifests for Kubernetes, as text. Whoever deploys applies them; nothing here speaks to a cluster.

mod current;
mod external;
mod filters;
mod metadata;
mod sealed;
mod sealed_secret;
mod secret;
mod secret_store;
mod strimzi;
#[cfg(test)]
mod tests;
mod trust;

use std::fmt;

use askama::Template;

use crate::cluster::{ClusterSpec, KubernetesSpec, SecretForm, SinkSpec};
use crate::inventory::AuthorityCertificates;
use crate::keystore::KeystoreError;
use crate::layout::Sensitivity;
use crate::parcel::{Label, Owner, Parcel};
use crate::pki::{Entropy, Password, PrivateKey, Secret};
use current::Varying;
use metadata::{Metadata, Told};
use sealed_secret::Sealer;
use secret::SecretObject;

pub use current::{holder_of, is_current};
pub use sealed::{ControllerCertificate, SealingError};

/// One manifest: a YAML file with one object, `kubectl apply -f` takes it as it is.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// `secret-broker-1.yaml`: the kind in lower case, and the object's name.
    pub file: String,
    /// Whose it is; the trust ConfigMap and Strimzi's authorities are [`Owner::Trust`], the SecretStore too.
    pub owner: Owner,
    /// What is told of it: of the holder's leaf, of what clients trust, or of the authority.
    pub label: Label,
    pub text: Secret,
    pub sensitivity: Sensitivity,
    varying: Varying,
}

/// What manifests are made of.
#[derive(Clone, Copy)]
pub struct Materials<'a> {
    pub spec: &'a ClusterSpec,
    pub sink: &'a SinkSpec,
    pub kubernetes: &'a KubernetesSpec,
    /// Of this sink: their addresses are names of Secrets.
    pub parcels: &'a [Parcel],
    /// What clients must trust, as PEM.
    pub trust: &'a str,
    pub trust_label: &'a Label,
    /// For Strimzi; empty without it. Oldest generation first, the one in use last.
    pub cluster_ca: &'a [Authority],
    pub clients_ca: &'a [Authority],
    /// Opens what Strimzi's users trust: the one password of all trust stores.
    pub trust_password: Option<&'a Password>,
    /// There when the form is `Sealed`.
    pub controller: Option<&'a ControllerCertificate>,
    pub surroundings: Surroundings<'a>,
    /// Encrypts what is sealed, and Strimzi's trust stores.
    pub entropy: &'a Entropy,
}

impl fmt::Debug for Materials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Materials").field("cluster", &self.spec.name).field("sink", &self.sink.name).finish_non_exhaustive()
    }
}

/// What External Secrets must know of its source, and whoever pushes has from elsewhere. The cluster file comes before it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surroundings<'a> {
    pub vault_address: Option<&'a str>,
    pub vault_namespace: Option<&'a str>,
    /// Whom Vault's certificate must come from, as PEM; the text of the file that the cluster file names, too.
    pub vault_ca: Option<&'a str>,
    pub aws_region: Option<&'a str>,
}

/// One generation of an authority, as Strimzi is to have it.
#[derive(Debug)]
pub struct Authority {
    pub number: u32,
    pub certificates: AuthorityCertificates,
    /// Of the certificate that signs; only the generation in use needs one.
    pub key: Option<PrivateKey>,
}

/// Every manifest of the sink, in the order in which they are applied: what others refer to first.
///
/// Made again of the same materials, plain ones have the same bytes; of all others [`is_current`] tells.
pub fn manifests(materials: Materials<'_>) -> Result<Vec<Manifest>, KubernetesError> {
    let mut manifests = vec![trust::config_map(&materials)];
    match &materials.kubernetes.form {
        SecretForm::Plain => manifests.extend(secrets(&materials)?.iter().map(SecretObject::plain)),
        SecretForm::Sealed { scope, .. } => {
            let controller = materials.controller.ok_or(KubernetesError::Controller)?;
            let sealer = Sealer { controller, scope: *scope, entropy: materials.entropy };
            for secret in secrets(&materials)? {
                manifests.push(sealer.seal(&secret)?);
            }
        }
        SecretForm::External(source) => manifests.extend(external::manifests(&materials, source)?),
    }
    Ok(manifests)
}

/// Those whose values are at hand: of holders, and of Strimzi's authorities.
fn secrets(materials: &Materials<'_>) -> Result<Vec<SecretObject>, KubernetesError> {
    let of_holder = |parcel| SecretObject::of_parcel(materials, parcel, Told::Everything);
    let mut secrets: Vec<SecretObject> = materials.parcels.iter().filter_map(of_holder).collect();
    if let Some(cluster) = &materials.kubernetes.strimzi {
        secrets.extend(strimzi::secrets(materials, cluster)?);
    }
    secrets.iter().try_for_each(SecretObject::check)?;
    Ok(secrets)
}

impl Manifest {
    /// `kind` in lower case.
    fn new(kind: &str, metadata: &Metadata, owner: Owner, sensitivity: Sensitivity, varying: Varying, template: &impl Template) -> Self {
        let file = format!("{kind}-{}.yaml", metadata.name);
        Self { file, owner, label: metadata.label.clone(), text: text(template), sensitivity, varying }
    }
}

/// Measured first: a text that grew would leave parts of a key behind. Neither can fail, for nothing in these templates does.
fn text(template: &impl Template) -> Secret {
    let mut length = Length(0);
    let _ = template.render_into(&mut length);
    let mut text = String::with_capacity(length.0);
    let _ = template.render_into(&mut text);
    Secret::new(text.into_bytes())
}

struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// Why a manifest could not be made.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    #[error(transparent)]
    Sealing(#[from] SealingError),
    #[error("the certificate of the controller of Sealed Secrets is not there; name it by `sealed: {{ certificate: … }}`")]
    Controller,
    #[error("the Secret {secret} would have {bytes} bytes, and Kubernetes takes {limit}; leave file formats out by `files`")]
    TooLarge { secret: String, bytes: usize, limit: usize },
    #[error("External Secrets cannot fetch from the sink {0:?}; it must be Vault with a `role`, or AWS")]
    Source(String),
    #[error("External Secrets must know where Vault is; write `address` below `vault`, or set BAO_ADDR or VAULT_ADDR")]
    Server,
    #[error("External Secrets must know the region of Secrets Manager; write `region` below `aws`, or set AWS_REGION")]
    Region,
    #[error("the authority that is to be Strimzi's {side} CA is not there; run `countersign apply` first")]
    Authority { side: &'static str },
    #[error("the key of Strimzi's {side} CA is not in the directory, and Strimzi signs with it; bring it back, or leave `strimzi` out")]
    Key { side: &'static str },
    #[error("the key of Strimzi's {side} CA does not belong to its certificate; bring the right one back")]
    OtherKey { side: &'static str },
    #[error("there is no password for Strimzi's trust stores yet; run `countersign apply` first")]
    TrustPassword,
    #[error("Strimzi's trust store cannot be made: {0}")]
    Store(#[from] KeystoreError),
}
