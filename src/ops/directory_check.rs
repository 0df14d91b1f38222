//! `check` without arguments: the directory against the cluster file, a target for each holder and one for the rest.

use std::path::Path;

use rayon::prelude::*;
use time::{Duration, OffsetDateTime};

use super::{DeedError, Progress};
use crate::check::{self, Cluster};
use crate::cluster::ClusterSpec;
use crate::directory::Directory;
use crate::finding::Finding;
use crate::inventory::{HolderFiles, Inventory};
use crate::pki::Certificate;
use crate::report::{Expiry, TargetPlace, TargetReport};
use crate::snippet::Snippets;

/// Reads all of the directory and holds it against the cluster file.
///
/// Findings name files as they stand below `shown`, which is how the user calls the directory.
///
/// # Errors
/// There is no such directory, or it cannot be read.
pub fn check(
    progress: Progress<'_>,
    spec: &ClusterSpec,
    directory: &Directory,
    shown: &Path,
    at: OffsetDateTime,
    expires_within: Duration,
) -> Result<Vec<TargetReport>, DeedError> {
    if !directory.exists() {
        return Err(DeedError::NothingThere { directory: directory.root().to_owned() });
    }
    let snippets = Snippets::new(spec, directory.root());
    let inventory = match directory.read(spec) {
        Ok(inventory) => inventory,
        Err(error) if error.is_in_the_way() => {
            let finding = check::unreadable("", error.to_string(), "nothing else was looked at: run countersign check again then");
            return Ok(vec![target(shown, "", vec![finding], Vec::new())]);
        }
        Err(error) => return Err(error.into()),
    };
    let underway = progress.begin("reading", spec.holders.len());
    let files = spec.holders.par_iter().filter_map(|holder| {
        let files = directory.holder_files(spec, holder).filter(|_| inventory.fault(&holder.id).is_none());
        underway.step(1);
        files
    });
    let files: Vec<HolderFiles> = files.collect();
    drop(underway);
    let survey = directory.survey(spec, &inventory)?;
    let cluster = Cluster { spec, snippets: &snippets, inventory: &inventory, files: &files, survey: &survey, at, expires_within };
    let mut findings = check::cluster(&cluster);
    let mut targets = Vec::new();
    for (id, state) in &inventory.holders {
        let name = id.to_string();
        let (own, rest) = findings.into_iter().partition(|finding| Path::new(&finding.place.target).starts_with(&name));
        findings = rest;
        let chain = state.current.as_ref().and_then(|current| current.chain.as_ref().ok());
        let certificates = chain.into_iter().flatten().map(|certificate| expiry("tls.crt", certificate)).collect();
        targets.push(target(shown, &name, own, certificates));
    }
    targets.insert(0, target(shown, "", findings, authorities(&inventory)));
    Ok(targets)
}

/// Places are given as paths below the directory; whoever reads of them stands outside.
fn target(root: &Path, name: &str, mut findings: Vec<Finding>, certificates: Vec<Expiry>) -> TargetReport {
    let below = |name: &str| root.join(name).display().to_string().trim_end_matches('/').to_owned();
    for finding in &mut findings {
        finding.place.target = below(&finding.place.target);
    }
    TargetReport::new(below(name), TargetPlace::File, findings, None, certificates)
}

fn authorities(inventory: &Inventory) -> Vec<Expiry> {
    let mut certificates = Vec::new();
    for (name, generations) in &inventory.authorities {
        for generation in generations {
            let Ok(state) = &generation.state else { continue };
            let entry = format!("{}/{}", name.path(), generation.number);
            certificates.extend(std::iter::once(&state.root).chain(&state.issuing).map(|certificate| expiry(&entry, certificate)));
        }
    }
    certificates
}

fn expiry(entry: &str, certificate: &Certificate) -> Expiry {
    Expiry {
        entry: entry.to_owned(),
        subject: certificate.subject.clone(),
        serial: certificate.serial.clone(),
        not_after: certificate.validity.not_after,
    }
}
