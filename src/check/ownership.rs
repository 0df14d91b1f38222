//! Where others may exchange what decides: an authority is ours only where we or root own it and nobody else may write.

use crate::finding::{Finding, Place, Rule};
use crate::inventory::{Intrusion, Inventory, Trespass};

pub const RULES: &[&Rule] = &[&FOREIGN_OWNER, &OTHERS_MAY_WRITE, &REPLACEABLE];

const FOREIGN_OWNER: Rule = Rule::error(
    "foreign-owner",
    "a directory or file that belongs to somebody else",
    "Whoever owns a place exchanges what lies in it: an authority, `trust/ca.crt`, a key. Root and the user who runs countersign may own what lies in the directory, and a holder's files whoever the cluster file gives them to. `apply` refuses; a holder's files alone are issued anew.",
);

const OTHERS_MAY_WRITE: Rule = Rule::error(
    "others-may-write",
    "a directory or file that its group or everyone may write to",
    "Whoever may write to a directory exchanges what lies in it, whatever the modes of the files are. `apply` refuses until that is mended, because it cannot see what was exchanged meanwhile; a holder's files alone are written anew.",
);

const REPLACEABLE: Rule = Rule::warning(
    "replaceable-directory",
    "a directory that everyone may put another in place of",
    "What it lies in is writable by all and not sticky as `/tmp` is, so that anyone may rename it.",
);

/// Every place that others own or may write.
pub fn check(inventory: &Inventory) -> Vec<Finding> {
    let generations = inventory.holders.values().filter_map(|state| state.current.as_ref());
    inventory.trespasses.iter().chain(generations.flat_map(|generation| &generation.trespasses)).map(finding).collect()
}

fn finding(trespass: &Trespass) -> Finding {
    let (rule, fix) = match &trespass.how {
        Intrusion::Owner { .. } => (&FOREIGN_OWNER, "make sure of what lies in it and run chown, or begin a directory of your own"),
        Intrusion::Writable { .. } => (&OTHERS_MAY_WRITE, "make sure of what lies in it and run chmod go-w"),
        Intrusion::Replaceable { .. } => (&REPLACEABLE, "run chmod o-w on the directory above it, or chmod +t"),
    };
    rule.at(Place::target(trespass.path.display().to_string()), format!("it {}", trespass.how), fix)
}
