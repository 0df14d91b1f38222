//! SealedSecrets: the same Secrets, of which only the controller can read the values.

use std::collections::BTreeMap;

use askama::Template;

use super::current::Varying;
use super::metadata::{Metadata, annotation};
use super::secret::SecretObject;
use super::{ControllerCertificate, KubernetesError, Manifest, filters};
use crate::cluster::SealingScope;
use crate::layout::Sensitivity;
use crate::pki::Entropy;

/// Seals for one controller.
#[derive(Clone, Copy)]
pub struct Sealer<'a> {
    pub controller: &'a ControllerCertificate,
    pub scope: SealingScope,
    pub entropy: &'a Entropy,
}

#[derive(Template)]
#[template(path = "kubernetes/sealedsecret.yaml", escape = "none")]
struct SealedSecret<'a> {
    notes: &'a [String],
    metadata: &'a Metadata,
    /// Base64.
    data: &'a BTreeMap<String, String>,
    /// Of the Secret that the controller makes.
    template: &'a Metadata,
    kind: &'static str,
}

impl Sealer<'_> {
    pub fn seal(&self, secret: &SecretObject) -> Result<Manifest, KubernetesError> {
        let Metadata { name, namespace, .. } = &secret.metadata;
        let data = secret.data.iter().map(|(key, value)| {
            let sealed = self.controller.seal(value, self.scope, namespace, name, self.entropy)?;
            Ok((key.clone(), sealed))
        });
        let data: BTreeMap<String, String> = data.collect::<Result<_, KubernetesError>>()?;
        // kubeseal writes the scope into both: the controller reads it from the SealedSecret, the next `kubeseal` from the Secret.
        let mut template = secret.metadata.clone();
        template.annotations.extend(scope(self.scope));
        let mut metadata = template.clone();
        // For another controller everything must be sealed again.
        metadata.annotations.extend([(annotation("controller"), self.controller.fingerprint())]);
        let sealed = SealedSecret { notes: &secret.notes, metadata: &metadata, data: &data, template: &template, kind: secret.kind() };
        let varying = Varying::Sealed(data.keys().cloned().collect());
        Ok(Manifest::new("sealedsecret", &metadata, secret.owner.clone(), Sensitivity::Public, varying, &sealed))
    }
}

/// What the controller calls the scope of what it opens (sealed-secrets, `SecretScope`).
fn scope(scope: SealingScope) -> Option<(String, String)> {
    let word = match scope {
        SealingScope::Strict => return None,
        SealingScope::NamespaceWide => "namespace-wide",
        SealingScope::ClusterWide => "cluster-wide",
    };
    Some((format!("sealedsecrets.bitnami.com/{word}"), "true".to_owned()))
}
