//! Floor 6: the least that each sink must allow, in its own language: Vault's policies, AWS's IAM, Kubernetes' RBAC.

mod aws;
mod kubernetes;
mod vault;

use std::collections::BTreeSet;

use crate::cluster::{ClusterSpec, HolderId, HolderKind, NameTemplate, SinkKind, SinkSpec};

/// What whoever pushes must be allowed, and, for Kubernetes, whoever reads; as text that the sink's own tools take.
///
/// - Vault: a policy in HCL, for `vault policy write`.
/// - AWS: an IAM policy in JSON, for `aws iam create-policy`.
/// - Kubernetes: a Role in YAML, for whoever applies the manifests. What External Secrets must be allowed at the sink that it fetches
///   from stands in comments below.
pub fn policy(spec: &ClusterSpec, sink: &SinkSpec, deleting: Deleting) -> String {
    match &sink.kind {
        SinkKind::Vault(vault) => vault::to_push(spec, sink, vault, deleting),
        SinkKind::Aws(aws) => aws::to_push(spec, sink, aws, deleting),
        SinkKind::Kubernetes(kubernetes) => kubernetes::to_apply(spec, sink, kubernetes, deleting),
    }
}

/// Whether `push --prune` is to be allowed, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleting {
    Allowed,
    LeftOut,
}

/// What the policy is called.
fn name(spec: &ClusterSpec) -> String {
    format!("countersign-{}", spec.name.replace([' ', '_'], "-").to_lowercase())
}

/// The places of `holders`: what those of a kind begin with, and `*`; each by itself where they begin with nothing, unless whoever
/// has gone is to be found, too.
fn reach(template: &NameTemplate, spec: &ClusterSpec, holders: &[HolderId], deleting: Deleting) -> BTreeSet<String> {
    match deleting {
        // There may be secrets of a kind that has no holder any more.
        Deleting::Allowed => HolderKind::ALL.into_iter().map(|kind| format!("{}*", template.stem(&spec.name, kind))).collect(),
        Deleting::LeftOut => {
            let place = |id: &HolderId| match template.stem(&spec.name, id.kind) {
                stem if stem.is_empty() => template.of(&spec.name, id),
                stem => format!("{stem}*"),
            };
            holders.iter().map(place).collect()
        }
    }
}

#[cfg(test)]
mod tests;
