//! Whether an authority may issue what it is asked for: name constraints bind every name of a leaf, and one that is forbidden spoils the
//! whole certificate (RFC 5280, 6.1.3 b, c).

use time::OffsetDateTime;

use super::{Action, HolderStep, PlanError};
use crate::cluster::ClusterSpec;
use crate::inventory::Inventory;
use crate::path;

/// Refuses a plan with a leaf that nobody would take, before anything of it is done.
pub fn check(spec: &ClusterSpec, inventory: &Inventory, steps: &[HolderStep], now: OffsetDateTime) -> Result<(), PlanError> {
    let mut forbidden = Vec::new();
    for step in steps.iter().filter(|step| matches!(step.action, Action::Issue(_))) {
        let Some(holder) = spec.holders.iter().find(|holder| holder.id == step.holder) else { continue };
        let name = spec.issuer_of(holder);
        let signing = inventory.signing_generation(name, &spec.leaf, now).and_then(|generation| generation.state.as_ref().ok());
        // One that is made here has no constraints.
        let Some(authority) = signing.or_else(|| inventory.existing.get(&name)) else { continue };
        let faults = path::forbidden(authority.upwards(), &holder.subject, &holder.names);
        forbidden.extend(faults.into_iter().map(|fault| format!("{} {fault}", holder.id)));
    }
    if forbidden.is_empty() { Ok(()) } else { Err(PlanError::Forbidden(forbidden)) }
}
