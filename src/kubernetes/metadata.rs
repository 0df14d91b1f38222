//! What every object says of itself.

use std::collections::BTreeMap;

use super::Materials;
use crate::parcel::{COUNTERSIGN, Label, MANAGED_BY};

/// An object's `metadata`.
#[derive(Debug, Clone)]
pub struct Metadata {
    pub label: Label,
    pub name: String,
    pub namespace: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
}

/// How much of a [`Label`] stands in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Everything,
    /// Only what stays when the certificate is renewed: the values do not come with the manifest.
    Whose,
}

impl Metadata {
    pub fn new(materials: &Materials<'_>, name: &str, label: Label, told: Told) -> Self {
        let wanted = |key: &str| match told {
            Told::Everything => key != MANAGED_BY,
            Told::Whose => matches!(key, "cluster" | "holder"),
        };
        let pairs = label.pairs().into_iter().filter(|(key, _)| wanted(key));
        Self {
            annotations: pairs.map(|(key, value)| (annotation(key), value)).collect(),
            label,
            name: name.to_owned(),
            namespace: materials.kubernetes.namespace.clone(),
            labels: BTreeMap::from([
                ("app.kubernetes.io/managed-by".to_owned(), COUNTERSIGN.to_owned()),
                ("app.kubernetes.io/part-of".to_owned(), label_value(&materials.spec.name)),
            ]),
        }
    }
}

/// The name of one of our own annotations.
pub fn annotation(key: &str) -> String {
    format!("{COUNTERSIGN}/{key}")
}

/// The name of a cluster (up to 40 letters, digits, spaces, `-`, `_` and `.`) as Kubernetes takes it for a label's value: without
/// spaces, and with a letter or digit at either end.
fn label_value(cluster: &str) -> String {
    cluster.replace(' ', "-").trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::label_value;

    #[test]
    fn a_cluster_is_named_by_what_kubernetes_takes_for_a_label() {
        assert_eq!(["orders", "back office", "_a.b_ c-"].map(label_value), ["orders", "back-office", "a.b_-c"]);
    }
}
