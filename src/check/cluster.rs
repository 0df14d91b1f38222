//! The directory against the cluster file: what `check` finds without arguments.

use rayon::prelude::*;

use super::everything::Cluster;
use super::{authority, drift, holder, journal, ownership, trust};
use crate::cluster::{AuthorityName, ClusterSpec, Holder};
use crate::finding::{Finding, Place, Rule};
use crate::inventory::Inventory;
use crate::layout::{self, HolderFile, Sensitivity};
use crate::plan::{self, PlanError, Wishes};

pub const RULES: &[&Rule] = &[&NO_PLAN, &HOLDER_FAULT, &TRUST_FILES, &LEFTOVER, &CUT_SHORT, &UNKNOWN_FILE, &EXPOSED_SECRET];

const NO_PLAN: Rule = Rule::error(
    "no-plan",
    "a cluster file that the directory cannot follow",
    "The authorities in the directory and those of the cluster file do not go together. `apply` stops before it changes anything.",
);

const HOLDER_FAULT: Rule = Rule::error(
    "holder-fault",
    "a holder whose place cannot be read",
    "Something lies there that is no file of countersign's, or that it may not read. `apply` leaves this holder alone, whatever is due, and goes on with the others.",
);

const TRUST_FILES: Rule = Rule::warning(
    "drift-trust-files",
    "files below `trust/` that are not what must be trusted now",
    "Whoever is given the trust from there, outside the cluster file, trusts too little or too much.",
);

const LEFTOVER: Rule = Rule::note(
    "leftover-holder",
    "a holder that is no longer in the cluster file",
    "Its files are left alone: its key still works until its certificate ends.",
);

const CUT_SHORT: Rule = Rule::note(
    "cut-short",
    "what a run that was cut short left behind",
    "Files that were to be used and never were, maybe with keys and passwords. The next `apply` removes them.",
);

const UNKNOWN_FILE: Rule = Rule::note(
    "unknown-file",
    "a file that countersign did not write",
    "Nobody keeps it fresh, and a key that was copied there is easily forgotten.",
);

const EXPOSED_SECRET: Rule = Rule::error(
    "exposed-secret",
    "a secret that every user of the machine may read",
    "A private key or password that others can read must be taken for known: change it, do not only close the file.",
);

/// Everything that is wrong with the directory.
pub fn cluster(cluster: &Cluster<'_>) -> Vec<Finding> {
    let mut findings = ground(cluster.spec, cluster.inventory);
    findings.extend(authority::check_keys(cluster));
    findings.extend(drift(cluster));
    findings.extend(authority::check(cluster));
    findings.extend(leftover(cluster));
    findings.extend(exposed(cluster));
    findings.extend(cluster.inventory.leftovers.iter().map(|path| {
        let place = Place::target(path.display().to_string());
        CUT_SHORT.at(place, "it was left by a run that was cut short, and is in use nowhere", "run countersign apply, which removes it")
    }));
    findings.extend(cluster.survey.unknown.iter().map(|path| {
        UNKNOWN_FILE.at(Place::target(path.display().to_string()), "countersign did not write it", "take it away, or keep it elsewhere")
    }));
    findings.par_extend(cluster.files.par_iter().flat_map_iter(|files| holder::check(cluster, files)));
    findings
}

/// What all else stands on, besides the keys of the authorities: whose the directory is, its journal, and the trust that is handed out.
pub fn ground(spec: &ClusterSpec, inventory: &Inventory) -> Vec<Finding> {
    let mut findings = ownership::check(inventory);
    findings.extend(journal::check(spec, inventory));
    findings.extend(trust::check(spec, inventory));
    findings
}

fn drift(cluster: &Cluster<'_>) -> Vec<Finding> {
    let plan = match plan::plan(cluster.spec, cluster.snippets, cluster.inventory, cluster.at, &Wishes::default()) {
        Ok(plan) => plan,
        Err(error) => {
            return vec![NO_PLAN.at(
                Place::target(AuthorityName::Shared.path()),
                error.to_string(),
                if matches!(error, PlanError::Clock { .. }) {
                    "set the clock of this machine right"
                } else {
                    "put the cluster file back as it was, or restore the authority"
                },
            )];
        }
    };
    let trust = plan.trust.then(|| {
        TRUST_FILES.at(
            Place::target(layout::TRUST),
            "the anchors or the password below it are not there, or others",
            "run countersign apply",
        )
    });
    let reasons = plan.holders.iter().flat_map(|step| {
        let place = Place::target(step.holder.to_string());
        step.reasons.iter().filter_map(move |reason| drift::finding(place.clone(), reason))
    });
    let fault = |holder: &Holder| {
        plan.fault(&holder.id)
            .map(|why| HOLDER_FAULT.at(Place::target(holder.id.to_string()), why, "mend it there, then run countersign apply"))
    };
    let faults = cluster.spec.holders.iter().filter_map(fault);
    trust.into_iter().chain(faults).chain(reasons).collect()
}

fn leftover(cluster: &Cluster<'_>) -> Vec<Finding> {
    let gone = cluster.inventory.holders.keys().filter(|id| cluster.spec.holder(id).is_none());
    gone.map(|id| {
        let fix = format!("run countersign retire {id}, which says what is left to do at the brokers");
        LEFTOVER.at(Place::target(id.to_string()), "it is not in the cluster file", fix)
    })
    .collect()
}

/// Whoever may read more than the cluster file lets them is told by the plan: this is the worst of it.
fn exposed(cluster: &Cluster<'_>) -> Vec<Finding> {
    let own = cluster.survey.secrets.iter().map(|(path, mode)| (path.display().to_string(), *mode));
    let holders = cluster.inventory.holders.iter().filter_map(|(id, state)| Some((id, state.current.as_ref()?)));
    let theirs = holders.flat_map(|(id, generation)| {
        let secret = |name: &str| HolderFile::all().any(|file| file.name() == name && file.sensitivity() == Sensitivity::Secret);
        generation
            .found
            .iter()
            .filter(move |(name, _)| secret(name))
            .map(move |(name, found)| (format!("{id}/{}/{name}", generation.number), found.mode))
    });
    own.chain(theirs)
        .filter(|(_, mode)| mode & 0o004 != 0)
        .map(|(path, mode)| {
            EXPOSED_SECRET.at(
                Place::target(path),
                format!("its mode is {mode:04o}: everyone may read it"),
                "run chmod o-rwx, and issue the key anew: others may have read it",
            )
        })
        .collect()
}
