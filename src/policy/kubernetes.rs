//! Roles of Kubernetes, in YAML.

use std::fmt::Write;

use askama::Template;

use super::{Deleting, aws, name, vault};
use crate::cluster::{ClusterSpec, ExternalSpec, KubernetesSpec, SecretForm, SinkKind, SinkSpec, strimzi_secrets};

#[derive(Template)]
#[template(path = "policy/role.yaml", escape = "none")]
struct Role<'a> {
    spec: &'a ClusterSpec,
    kubernetes: &'a KubernetesSpec,
    name: String,
    kinds: Vec<Kind>,
    deleting: bool,
    /// As comments.
    fetching: Vec<String>,
}

/// The objects of one kind.
struct Kind {
    group: &'static str,
    resource: &'static str,
    names: Vec<String>,
}

/// What `kubectl apply` does with a sink's manifests.
pub fn to_apply(spec: &ClusterSpec, sink: &SinkSpec, kubernetes: &KubernetesSpec, deleting: Deleting) -> String {
    let holders = sink.holders.iter().map(|id| kubernetes.secret.dns_name_of(&spec.name, id));
    let secrets: Vec<String> = holders.chain(kubernetes.strimzi.iter().flat_map(|cluster| strimzi_secrets(cluster))).collect();
    let mut kinds = vec![Kind { group: "", resource: "configmaps", names: vec![kubernetes.trust.clone()] }];
    match &kubernetes.form {
        SecretForm::Plain => kinds.push(Kind { group: "", resource: "secrets", names: secrets }),
        SecretForm::Sealed { .. } => kinds.push(Kind { group: "bitnami.com", resource: "sealedsecrets", names: secrets }),
        SecretForm::External(external) => {
            let group = "external-secrets.io";
            kinds.push(Kind { group, resource: "secretstores", names: vec![external.store_name(&spec.name)] });
            kinds.push(Kind { group, resource: "externalsecrets", names: secrets });
        }
    }
    let fetching = match &kubernetes.form {
        SecretForm::External(external) => {
            to_fetch(spec, sink, kubernetes, external).lines().map(|line| format!("# {line}").trim_end().to_owned()).collect()
        }
        SecretForm::Plain | SecretForm::Sealed { .. } => Vec::new(),
    };
    let role = Role { spec, kubernetes, name: name(spec), kinds, deleting: deleting == Deleting::Allowed, fetching };
    // A template without fallible parts.
    role.render().unwrap_or_default()
}

/// What External Secrets must be allowed at the sink that it fetches from.
fn to_fetch(spec: &ClusterSpec, sink: &SinkSpec, kubernetes: &KubernetesSpec, external: &ExternalSpec) -> String {
    let ExternalSpec { from, role, service_account, mount } = external;
    let namespace = &kubernetes.namespace;
    let mut text = format!("External Secrets fetches from the sink {from} as the service account {service_account} of {namespace}.\n");
    match spec.sinks.iter().find(|other| other.name == *from).map(|source| &source.kind) {
        Some(SinkKind::Vault(source)) => {
            let policy = format!("{}-read", name(spec));
            let role = role.as_deref().unwrap_or_default();
            let _ = write!(
                text,
                "Vault must let it log in to a role with the policy below:\n\n    \
                 vault write auth/{mount}/role/{role} bound_service_account_names={service_account} \
                 bound_service_account_namespaces={namespace} token_policies={policy}\n\n"
            );
            text + &vault::to_fetch(spec, &sink.holders, source)
        }
        Some(SinkKind::Aws(source)) => {
            let role =
                role.as_ref().map_or_else(|| "the IAM role of that service account".to_owned(), |role| format!("the IAM role {role}"));
            let _ = write!(text, "This is the policy for {role}:\n\n");
            text + &aws::to_fetch(spec, &sink.holders, source)
        }
        // No valid cluster file has this.
        Some(SinkKind::Kubernetes(_)) | None => text,
    }
}
