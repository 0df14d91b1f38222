//! The anchors that are handed out below `trust/`: those of our authorities, and no others.

use super::holder::TRUSTSTORE_DIFFERS;
use super::view::{View, named};
use crate::cluster::{AuthorityName, ClusterSpec};
use crate::finding::{Finding, Place};
use crate::inventory::Inventory;
use crate::keystore::{self, Passwords};
use crate::layout;
use crate::pki::{Certificate, Passphrase};

/// Every anchor below `trust/` that is of none of our authorities.
pub fn check(spec: &ClusterSpec, inventory: &Inventory) -> Vec<Finding> {
    let names: Vec<AuthorityName> = spec.authorities().map(|authority| authority.name).collect();
    // Without an authority nobody can say whose an anchor is: what is missing is told by itself.
    let Some(ours) = inventory.anchors(&names) else { return Vec::new() };
    let passwords = Passwords { store: inventory.trust_password.as_ref().map(Passphrase::from), ..Passwords::default() };
    let mut findings = Vec::new();
    for (name, bytes) in &inventory.trust_files {
        let target = format!("{}/{name}", layout::TRUST);
        let say = |anchor: &Certificate, what: &str| {
            TRUSTSTORE_DIFFERS.at(Place::target(target.clone()), format!("{} {what}", named(anchor)), "run countersign apply")
        };
        let contents = keystore::open(bytes, &passwords).ok();
        let view = contents.as_ref().map(|contents| View::new(&target, contents));
        let held = view.as_ref().map(View::certificates).unwrap_or_default();
        let authority = names.iter().find(|authority| layout::trust_file(**authority) == name);
        let wanted = authority.and_then(|authority| inventory.anchors(&[*authority]));
        let strange = held.iter().filter(|anchor| !wanted.as_ref().unwrap_or(&ours).anchors().contains(anchor));
        findings.extend(strange.map(|anchor| say(anchor, "is in it and must not be trusted")));
        let missing = wanted.iter().flat_map(|wanted| wanted.anchors()).filter(|anchor| !held.contains(anchor));
        findings.extend(missing.map(|anchor| say(anchor, "is not in it")));
    }
    findings
}
