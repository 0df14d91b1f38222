//! Two sinks must not write to the same place: each would undo what the other did.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;

use super::ClusterSpec;
use super::node::Node;
use super::reader::Reader;
use super::sink::{SinkKind, SinkSpec};

/// `nodes` are those of `sinks`.
pub fn apart(reader: &mut Reader<'_>, nodes: &[&Node], sinks: &[SinkSpec], spec: &ClusterSpec) {
    let places: Vec<BTreeSet<(String, String)>> = sinks.iter().map(|sink| places(sink, spec)).collect();
    for (index, node) in nodes.iter().enumerate() {
        let meets = |other: &usize| places[*other].intersection(&places[index]).next();
        if let Some((other, (_, place))) = (0..index).find_map(|other| Some((other, meets(&other)?))) {
            let message = format!("the sinks {:?} and {:?} would both write {place}", sinks[other].name, sinks[index].name);
            reader.wrong(node.place, "", message, "give one of them a place of its own");
        }
    }
}

/// What the sink writes: in which store, and where there.
fn places(sink: &SinkSpec, spec: &ClusterSpec) -> BTreeSet<(String, String)> {
    let store = |store: &dyn Debug| format!("{store:?}");
    let (store, places) = match &sink.kind {
        SinkKind::Vault(vault) => {
            let places = spec.addresses(sink).into_iter().map(|address| format!("{}/{address}", vault.mount)).collect();
            (store(&("vault", &vault.address, &vault.namespace)), places)
        }
        SinkKind::Aws(aws) => (store(&("aws", &aws.region, &aws.endpoint)), spec.addresses(sink)),
        // What stands in the directory and is of none of the sink's holders has gone, so another's files would count as gone.
        SinkKind::Kubernetes(kubernetes) => {
            (store(&"kubernetes"), BTreeSet::from([kubernetes.directory.components().collect::<PathBuf>().display().to_string()]))
        }
    };
    places.into_iter().map(|place| (store.clone(), place)).collect()
}
