//! The ConfigMap with what clients must trust.

use askama::Template;

use super::current::Varying;
use super::metadata::{Metadata, Told};
use super::{Manifest, Materials, filters};
use crate::layout::Sensitivity;
use crate::parcel::Owner;

#[derive(Template)]
#[template(path = "kubernetes/configmap.yaml", escape = "none")]
struct ConfigMap<'a> {
    cluster: &'a str,
    metadata: &'a Metadata,
    /// PEM, of which every line can stand in a block scalar.
    anchors: &'a str,
}

pub fn config_map(materials: &Materials<'_>) -> Manifest {
    let metadata = Metadata::new(materials, &materials.kubernetes.trust, materials.trust_label.clone(), Told::Everything);
    let template = ConfigMap { cluster: &materials.spec.name, metadata: &metadata, anchors: materials.trust };
    Manifest::new("configmap", &metadata, Owner::Trust, Sensitivity::Public, Varying::Nothing, &template)
}
