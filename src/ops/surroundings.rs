//! What External Secrets must know of its source, from the cluster file's files and the environment of whoever pushes.

use std::path::Path;

use super::DeedError;
use crate::cluster::{ClusterSpec, KubernetesSpec, SecretForm, SinkKind};
use crate::directory::{self, DirectoryError};
use crate::kubernetes;

/// Owns what [`kubernetes::Surroundings`] borrows.
#[derive(Debug, Default)]
pub struct Surroundings {
    vault_address: Option<String>,
    vault_namespace: Option<String>,
    /// PEM.
    vault_ca: Option<String>,
    aws_region: Option<String>,
}

impl Surroundings {
    /// Empty unless External Secrets is to fetch.
    pub fn of(spec: &ClusterSpec, sink: &KubernetesSpec) -> Result<Self, DeedError> {
        let SecretForm::External(external) = &sink.form else { return Ok(Self::default()) };
        let source = spec.sinks.iter().find(|source| source.name == external.from);
        Ok(match source.map(|source| &source.kind) {
            Some(SinkKind::Vault(vault)) => {
                let ca = vault.ca.clone().or_else(|| first(["BAO_CACERT", "VAULT_CACERT"]).map(Into::into));
                Self {
                    vault_address: first(["BAO_ADDR", "VAULT_ADDR"]),
                    vault_namespace: first(["BAO_NAMESPACE", "VAULT_NAMESPACE"]),
                    vault_ca: ca.as_deref().map(pem).transpose()?,
                    aws_region: None,
                }
            }
            Some(SinkKind::Aws(_)) => Self { aws_region: first(["AWS_REGION", "AWS_DEFAULT_REGION"]), ..Self::default() },
            Some(SinkKind::Kubernetes(_)) | None => Self::default(),
        })
    }

    pub fn borrowed(&self) -> kubernetes::Surroundings<'_> {
        kubernetes::Surroundings {
            vault_address: self.vault_address.as_deref(),
            vault_namespace: self.vault_namespace.as_deref(),
            vault_ca: self.vault_ca.as_deref(),
            aws_region: self.aws_region.as_deref(),
        }
    }
}

fn pem(path: &Path) -> Result<String, DirectoryError> {
    Ok(String::from_utf8_lossy(directory::read_foreign(path)?.expose()).into_owned())
}

/// The first of two variables that is set, and not to nothing.
fn first(names: [&str; 2]) -> Option<String> {
    names.into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}
