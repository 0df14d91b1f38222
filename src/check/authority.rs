//! Findings about the authorities of the directory.

use std::path::Path;

use time::OffsetDateTime;

use super::everything::Cluster;
use super::validity::{self, day};
use super::view::named;
use crate::cluster::{AuthorityName, AuthoritySpec};
use crate::finding::{Finding, Place, Rule};
use crate::inventory::{AuthorityCertificates, KeyFile};
use crate::layout;

pub const RULES: &[&Rule] = &[&UNREADABLE, &KEY_UNUSABLE, &ROOT_KEY_ELSEWHERE, &KEY_PLAIN, &ENDS_SOON];

const UNREADABLE: Rule = Rule::error(
    "authority-unreadable",
    "an authority that cannot be used",
    "Nothing can be issued or renewed until it is restored: countersign never replaces an authority by itself.",
);

const KEY_UNUSABLE: Rule = Rule::error(
    "authority-key-unusable",
    "an authority's key that cannot sign",
    "Nobody misses it until the first renewal fails. Of an encrypted key only its passphrase shows whose it is, which is not asked for here.",
);

const ROOT_KEY_ELSEWHERE: Rule = Rule::note(
    "root-key-elsewhere",
    "a root's key that is not in the directory",
    "It is needed for no leaf, so that it is best kept elsewhere; without it there is no other issuing authority below that root.",
);

const KEY_PLAIN: Rule = Rule::warning(
    "authority-key-plain",
    "an authority's key without a passphrase",
    "Whoever reads the file can issue certificates that the whole cluster trusts, and so can whoever reads a backup of it.",
);

const ENDS_SOON: Rule = Rule::warning(
    "authority-ends-soon",
    "an authority that ends before a new leaf would",
    "Leafs are clipped to the end of their issuer, so they live shorter and shorter, and renewal gains nothing. A rollover takes weeks.",
);

/// What is wrong with the authorities that the cluster file names.
pub fn check(cluster: &Cluster<'_>) -> Vec<Finding> {
    cluster.spec.authorities().flat_map(|authority| one(cluster, authority)).collect()
}

/// What is wrong with the keys of all of them, as far as it shows without a passphrase.
pub fn check_keys(cluster: &Cluster<'_>) -> Vec<Finding> {
    let Cluster { spec, inventory, at, .. } = *cluster;
    let brought = inventory.existing.iter().filter_map(|(name, existing)| {
        let KeyFile::Broken(why) = &existing.key else { return None };
        let message = format!("the key that the cluster file names {why}");
        Some(KEY_UNUSABLE.at(Place::target(name.path()), message, "name the key of the certificate that it names"))
    });
    let own = spec.authorities().filter(|authority| !inventory.existing.contains_key(&authority.name)).flat_map(|authority| {
        let generations = inventory.authorities.get(&authority.name).map(Vec::as_slice).unwrap_or_default();
        let signing = inventory.signing_generation(authority.name, &spec.leaf, at).map(|signing| signing.number);
        let readable = generations.iter().filter_map(|generation| Some((generation.number, generation.state.as_ref().ok()?)));
        readable.flat_map(move |(number, state)| keys(&layout::authority_path(authority.name, number), state, signing == Some(number)))
    });
    brought.chain(own).collect()
}

fn keys(path: &Path, state: &AuthorityCertificates, is_signing: bool) -> Vec<Finding> {
    let issuing = (!state.issuing.is_empty()).then_some((layout::ISSUING_KEY, &state.key));
    let keys = issuing.into_iter().chain([(layout::ROOT_KEY, &state.root_key)]);
    let finding = |(file, key): (&str, &KeyFile)| {
        let place = || Place::target(path.join(file).display().to_string());
        let signs = issuing.is_none_or(|(issuing, _)| issuing == file);
        match key {
            KeyFile::Plain | KeyFile::Encrypted => None,
            KeyFile::Broken(why) => Some(KEY_UNUSABLE.at(place(), format!("it {why}"), "restore it from a backup")),
            KeyFile::Absent if !is_signing => None,
            KeyFile::Absent if signs => Some(KEY_UNUSABLE.at(place(), "it is not there", "restore it from a backup")),
            KeyFile::Absent => Some(ROOT_KEY_ELSEWHERE.at(place(), "it is not there", "make sure that it is kept elsewhere")),
        }
    };
    keys.filter_map(finding).collect()
}

fn one(cluster: &Cluster<'_>, authority: &AuthoritySpec) -> Vec<Finding> {
    let Some(generation) = cluster.inventory.signing_generation(authority.name, &cluster.spec.leaf, cluster.at) else {
        return Vec::new();
    };
    let place = || place(authority.name, generation.number);
    match &generation.state {
        Err(unreadable) => {
            let message = format!("{} cannot be used: {}", unreadable.file, unreadable.why);
            vec![UNREADABLE.at(place(), message, "restore it from a backup")]
        }
        Ok(state) => {
            let mut findings = dates(cluster, state, &place());
            findings.extend(key_plain(authority, state, place()));
            findings.extend(ends_soon(cluster, authority, state, place()));
            findings
        }
    }
}

fn place(name: AuthorityName, generation: u32) -> Place {
    Place::target(layout::authority_path(name, generation).display().to_string())
}

fn dates(cluster: &Cluster<'_>, state: &AuthorityCertificates, place: &Place) -> Vec<Finding> {
    let all = [&state.root].into_iter().chain(&state.issuing);
    all.filter_map(|certificate| validity::one(place.clone().entry(named(certificate)), certificate, cluster.at, cluster.expires_within))
        .collect()
}

fn key_plain(authority: &AuthoritySpec, state: &AuthorityCertificates, place: Place) -> Option<Finding> {
    (state.key == KeyFile::Plain).then(|| {
        let fix = match authority.passphrase {
            Some(_) => "encrypt it with the passphrase that the cluster file names: openssl pkcs8 -topk8 -v2 aes-256-cbc",
            None => "name a passphrase in the cluster file, or keep the key elsewhere",
        };
        KEY_PLAIN.at(place, format!("the key of {} is not encrypted", named(state.signing())), fix)
    })
}

fn ends_soon(cluster: &Cluster<'_>, authority: &AuthoritySpec, state: &AuthorityCertificates, place: Place) -> Option<Finding> {
    let end = state.signing().validity.not_after;
    let wanted: OffsetDateTime = cluster.at.saturating_add(cluster.spec.leaf.lifetime.duration());
    (end >= cluster.at && end < wanted).then(|| {
        let message = format!(
            "{} ends on {}, and a leaf of {} issued now would live longer",
            named(state.signing()),
            day(end),
            cluster.spec.leaf.lifetime
        );
        let fix = if cluster.inventory.existing.contains_key(&authority.name) {
            "exchange it in the cluster file by `countersign rollover start`"
        } else {
            "run `countersign apply`, which makes the next in time"
        };
        ENDS_SOON.at(place, message, fix)
    })
}
