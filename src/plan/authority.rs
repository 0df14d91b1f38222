//! Whether an authority must be made, and what stands in the way.

use time::{Date, OffsetDateTime};

use super::{AuthorityStep, Descent, Plan, Trouble, succession};
use crate::cluster::{AuthorityLayout, AuthorityName, AuthorityOrigin, AuthoritySpec, ClusterSpec, HolderId, OwnAuthority};
use crate::inventory::{AuthorityCertificates, AuthorityGeneration, Inventory, KeyFile, Unreadable, signs_from};
use crate::layout;
use crate::pki::{Certificate, Lifetime};

/// Why there can be no plan. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error(
        "{authority}/{generation}/{file} cannot be used: {why}; restore it from a backup, or run `countersign apply --new-authority`: countersign never replaces an authority by itself"
    )]
    Damaged { authority: AuthorityName, generation: u32, file: String, why: String },
    #[error(
        "{authority}/{generation} is not there, but {evidence}; restore it from a backup, or run `countersign apply --new-authority`: everyone is then issued anew, and must be given the new trust"
    )]
    Gone { authority: AuthorityName, generation: u32, evidence: String },
    #[error(
        "{authority}/{generation} ({subject}) is none that the journal tells of; restore the one that was there from a backup, or run `countersign apply --new-authority`: everyone is then issued anew, and must be given the new trust"
    )]
    Unknown { authority: AuthorityName, generation: u32, subject: String },
    #[error(
        "{authority}/{generation}/{file} {why}, so nothing can be signed with it; restore it from a backup, or run `countersign apply --new-authority`: everyone is then issued anew"
    )]
    Key { authority: AuthorityName, generation: u32, file: &'static str, why: String },
    #[error(
        "{authority}/{generation} holds {found}, the cluster file now names {wanted}; exchanging an authority is a rollover: run `countersign rollover start`, or put the old one back into the cluster file; when it ends, `countersign apply --new-authority` will do"
    )]
    Exchanged { authority: AuthorityName, generation: u32, found: String, wanted: String },
    #[error(
        "the directory holds {found}, the cluster file now wants {wanted}; changing who signs for whom is a rollover: put it back as it was"
    )]
    Sides { found: &'static str, wanted: &'static str },
    #[error("the authority {subject} of the cluster file cannot be used: {why}")]
    Unfit { subject: String, why: &'static str },
    #[error(
        "the clock says {now}, and no certificate lasts longer than 9999-12-31: one of {lifetime} cannot begin now; set the clock right"
    )]
    Clock { now: Date, lifetime: Lifetime },
    #[error(
        "no client would take what is to be issued: {}; take the names out of the cluster file, or let the authority be issued with wider name constraints; nothing was changed",
        .0.join("; ")
    )]
    Forbidden(Vec<String>),
    #[error("{0} is yet to be made: run `countersign apply` first")]
    Unfounded(String),
    #[error("the key of {holder} cannot be kept: {why}; nothing was done: say --new-key")]
    WornKey { holder: String, why: String },
}

/// RFC 5280, 4.1.2.5: no date is later than the end of the year 9999.
pub fn check_clock(spec: &ClusterSpec, now: OffsetDateTime) -> Result<(), PlanError> {
    let authorities = spec.authorities().filter_map(|authority| match &authority.origin {
        AuthorityOrigin::Own(own) => Some(own.root),
        AuthorityOrigin::Existing { .. } => None,
    });
    let too_long = authorities.chain([spec.leaf.lifetime]).find(|lifetime| now.checked_add(lifetime.duration()).is_none());
    too_long.map_or(Ok(()), |lifetime| Err(PlanError::Clock { now: now.date(), lifetime }))
}

/// One authority for all and one for each side do not follow each other without a rollover.
pub fn check_sides(spec: &ClusterSpec, inventory: &Inventory) -> Result<(), PlanError> {
    let (shared, sides) = ("one authority for all", "an authority for each side");
    let has_shared = inventory.authorities.contains_key(&AuthorityName::Shared);
    let has_sides = inventory.authorities.keys().any(|name| *name != AuthorityName::Shared);
    match &spec.authority {
        AuthorityLayout::Shared(_) if has_sides && !has_shared => Err(PlanError::Sides { found: sides, wanted: shared }),
        AuthorityLayout::PerSide { .. } if has_shared && !has_sides => Err(PlanError::Sides { found: shared, wanted: sides }),
        AuthorityLayout::Shared(_) | AuthorityLayout::PerSide { .. } => Ok(()),
    }
}

/// What becomes of an authority that is gone, or can be of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Loss {
    /// There is no plan until it is restored.
    #[default]
    Stops,
    /// Another takes its place, as the user has said.
    Replaced,
}

/// A first generation, another when one that is lost is to be replaced, or what is to follow the ones that are there.
pub fn steps(
    spec: &AuthoritySpec,
    cluster: &ClusterSpec,
    inventory: &Inventory,
    now: OffsetDateTime,
    loss: Loss,
) -> Result<Vec<AuthorityStep>, PlanError> {
    let name = spec.name;
    let wanted = inventory.existing.get(&name);
    if let Some(existing) = wanted {
        check_existing(existing)?;
    }
    let generations = inventory.authorities.get(&name).map(Vec::as_slice).unwrap_or_default();
    let founded_after = |last: u32| {
        let damaged = generations.iter().filter(|generation| generation.state.is_err() || is_unknown(name, generation, inventory));
        let damaged = damaged.map(|generation| generation.number).collect();
        Ok(vec![AuthorityStep { name, generation: last + 1, damaged, descent: Descent::Founded }])
    };
    match (lost(spec, cluster, inventory), loss) {
        (None, _) => {}
        (Some(error), Loss::Stops) => return Err(error),
        (Some(_), Loss::Replaced) => return founded_after(last(name, cluster, inventory)),
    }
    let Some((number, found)) = generations.last().and_then(|newest| Some((newest.number, newest.state.as_ref().ok()?))) else {
        if let Some(subject) = wanted.and_then(|existing| not_valid_now(existing, now)) {
            return Err(PlanError::Unfit { subject, why: "it is expired or not yet valid" });
        }
        // One that was brought along is the one it was; of others, none was ever used.
        return founded_after(inventory.journal.used(name.path()).map_or(0, |used| used - 1));
    };
    match (wanted, &spec.origin) {
        (Some(existing), _) if existing.signing() == found.signing() => Ok(Vec::new()),
        (Some(_), _) if loss == Loss::Replaced && ends(cluster, found, now) => founded_after(last(name, cluster, inventory)),
        (Some(_), _) if inventory.journal.told(name.path()).to_be_followed == Some(number) => {
            let descent = Descent::Asked { signs_from: signs_from(now, &cluster.leaf) };
            Ok(vec![AuthorityStep { name, generation: last(name, cluster, inventory) + 1, damaged: Vec::new(), descent }])
        }
        (Some(existing), _) => Err(PlanError::Exchanged {
            authority: name,
            generation: number,
            found: described(found.signing()),
            wanted: described(existing.signing()),
        }),
        (None, _) if loss == Loss::Replaced && (unusable_key(found).is_some() || ends(cluster, found, now)) => {
            founded_after(last(name, cluster, inventory))
        }
        (None, AuthorityOrigin::Own(own)) => Ok(following(name, own, cluster, inventory, now)),
        (None, AuthorityOrigin::Existing { .. }) => Ok(Vec::new()),
    }
}

/// Without the key of its root there is no other issuing authority below it, which is a trouble of its own.
fn following(
    name: AuthorityName,
    own: &OwnAuthority,
    cluster: &ClusterSpec,
    inventory: &Inventory,
    now: OffsetDateTime,
) -> Vec<AuthorityStep> {
    let has_root_key = inventory.signing_line(name, &cluster.leaf, now).is_some_and(|line| line.with_root_key().is_some());
    let due = succession::due(name, own, cluster, inventory, now).into_iter().filter(|due| due.has_new_root() || has_root_key);
    let numbers = last(name, cluster, inventory) + 1..;
    numbers.zip(due).map(|(generation, descent)| AuthorityStep { name, generation, damaged: Vec::new(), descent }).collect()
}

/// What is missing of an authority that was in use.
fn lost(spec: &AuthoritySpec, cluster: &ClusterSpec, inventory: &Inventory) -> Option<PlanError> {
    let name = spec.name;
    let generations = inventory.authorities.get(&name).map(Vec::as_slice).unwrap_or_default();
    let damaged = generations.iter().find_map(|generation| {
        let Unreadable { file, why } = generation.state.as_ref().err()?.clone();
        Some(PlanError::Damaged { authority: name, generation: generation.number, file, why })
    });
    let newest = generations.last().map_or(0, |generation| generation.number);
    let brought = |generation| {
        let existing = inventory.existing.get(&name);
        existing.is_some_and(|existing| inventory.journal.tells_of(name.path(), generation, existing.signing()))
    };
    let used = inventory.journal.used(name.path()).filter(|used| *used > newest);
    let gone = |generation, evidence| Some(PlanError::Gone { authority: name, generation, evidence });
    let unknown = generations.iter().find(|generation| is_unknown(name, generation, inventory)).and_then(|generation| {
        let subject = generation.state.as_ref().ok()?.signing().subject.clone();
        Some(PlanError::Unknown { authority: name, generation: generation.number, subject })
    });
    damaged.or(unknown).or_else(|| match used {
        Some(generation) if brought(generation) => None,
        Some(generation) => gone(generation, "the journal tells of certificates that it signed".to_owned()),
        None if newest > 0 => None,
        None => {
            let mut issued = cluster.holders.iter().filter(|holder| cluster.issuer_of(holder) == name);
            let brought = inventory.existing.get(&name).map(|existing| &existing.signing().subject_der);
            let (holder, leaf) = issued.find_map(|holder| {
                let leaf = leaf_of(inventory, &holder.id).filter(|leaf| Some(&leaf.issuer_der) != brought)?;
                Some((holder, leaf))
            })?;
            gone(last(name, cluster, inventory).max(1), format!("{} has a certificate of {}", holder.id, leaf.issuer))
        }
    })
}

/// Whether somebody else put it there. Each is in the journal before it is made; without a journal there is nothing to hold it against.
fn is_unknown(name: AuthorityName, generation: &AuthorityGeneration, inventory: &Inventory) -> bool {
    let Ok(certificates) = &generation.state else { return false };
    let known = || inventory.journal.tells_of(name.path(), generation.number, certificates.signing());
    !inventory.journal.is_empty() && !inventory.existing.contains_key(&name) && !known()
}

fn leaf_of<'a>(inventory: &'a Inventory, holder: &HolderId) -> Option<&'a Certificate> {
    inventory.holders.get(holder)?.current.as_ref()?.chain.as_ref().ok()?.first()
}

/// The highest generation of `name` that anything tells of: no two ever share a subject name.
fn last(name: AuthorityName, cluster: &ClusterSpec, inventory: &Inventory) -> u32 {
    let numbered = |subject: &str| {
        let common_name = subject.split(',').find_map(|part| part.strip_prefix("CN=")?.strip_prefix(&cluster.name)?.strip_prefix(' '));
        common_name?.rsplit(' ').next()?.parse::<u32>().ok()
    };
    let present = inventory.authorities.get(&name).and_then(|generations| generations.last()).map(|generation| generation.number);
    let signed = inventory.holders.keys().filter_map(|id| numbered(&leaf_of(inventory, id)?.issuer));
    let trusted = inventory.trust_files.values().filter_map(|file| Certificate::from_pem(file).ok()).flatten();
    let trusted = trusted.filter_map(|anchor| numbered(&anchor.subject));
    signed.chain(trusted).chain(present).chain(inventory.journal.newest(name.path())).max().unwrap_or_default()
}

/// Whether it has ended, or does so before what it signs would be renewed.
fn ends(cluster: &ClusterSpec, certificates: &AuthorityCertificates, now: OffsetDateTime) -> bool {
    let ends = [certificates.signing(), &certificates.root].map(|certificate| certificate.validity.not_after);
    ends.into_iter().any(|end| now >= cluster.leaf.latest_renewal(end))
}

/// The key that signs leafs, where it cannot: its file, and why.
fn unusable_key(certificates: &AuthorityCertificates) -> Option<(&'static str, String)> {
    let file = if certificates.issuing.is_empty() { layout::ROOT_KEY } else { layout::ISSUING_KEY };
    match &certificates.key {
        KeyFile::Plain | KeyFile::Encrypted => None,
        KeyFile::Absent => Some((file, "is not there".to_owned())),
        KeyFile::Broken(why) => Some((file, why.clone())),
    }
}

/// Each key of the newest generation of `name`, or of one that was brought along, that is not what it should be.
pub fn broken_keys(spec: &ClusterSpec, name: AuthorityName, inventory: &Inventory, now: OffsetDateTime) -> Vec<Trouble> {
    if let Some(existing) = inventory.existing.get(&name) {
        let KeyFile::Broken(why) = &existing.key else { return Vec::new() };
        return vec![Trouble::AuthorityKey { file: format!("the key that the cluster file names for {name}"), why: why.clone() }];
    }
    let Some(newest) = inventory.signing_generation(name, &spec.leaf, now) else { return Vec::new() };
    let Ok(certificates) = &newest.state else { return Vec::new() };
    let root = match &certificates.root_key {
        KeyFile::Broken(why) if !certificates.issuing.is_empty() => Some((layout::ROOT_KEY, why.clone())),
        KeyFile::Broken(_) | KeyFile::Plain | KeyFile::Encrypted | KeyFile::Absent => None,
    };
    let place = layout::authority_path(name, newest.number);
    let broken = unusable_key(certificates).into_iter().chain(root);
    broken.map(|(file, why)| Trouble::AuthorityKey { file: place.join(file).display().to_string(), why }).collect()
}

/// Whether every key that the steps of `plan` need can sign, as far as that can be seen without a passphrase.
pub fn check_keys(spec: &ClusterSpec, inventory: &Inventory, plan: &Plan, now: OffsetDateTime) -> Result<(), PlanError> {
    let is_new = |name: &AuthorityName| plan.authorities.iter().any(|step| step.name == *name && step.descent.signs(now));
    plan.signing(spec).into_iter().filter(|name| !is_new(name)).try_for_each(|name| check_key(spec, name, inventory, now))
}

/// Whether the key of `name` can sign, as far as that can be seen without a passphrase. One that was brought along is not looked at.
pub fn check_key(spec: &ClusterSpec, name: AuthorityName, inventory: &Inventory, now: OffsetDateTime) -> Result<(), PlanError> {
    let Some(newest) = inventory.signing_generation(name, &spec.leaf, now).filter(|_| !inventory.existing.contains_key(&name)) else {
        return Ok(());
    };
    newest
        .state
        .as_ref()
        .ok()
        .and_then(unusable_key)
        .map_or(Ok(()), |(file, why)| Err(PlanError::Key { authority: name, generation: newest.number, file, why }))
}

fn described(certificate: &Certificate) -> String {
    format!("{} (serial {})", certificate.subject, certificate.serial)
}

/// RFC 5280, 6.1.4 (k)–(n): who may sign a leaf. rcgen checks none of it.
fn check_existing(existing: &AuthorityCertificates) -> Result<(), PlanError> {
    for (depth, certificate) in existing.upwards().enumerate() {
        let unfit = |why| Err(PlanError::Unfit { subject: certificate.subject.clone(), why });
        if !certificate.authority.is_authority {
            return unfit("its basicConstraints do not say CA:TRUE");
        }
        if !certificate.authority.may_sign {
            return unfit("its keyUsage lacks keyCertSign");
        }
        if certificate.authority.path_length.is_some_and(|allowed| (allowed as usize) < depth) {
            return unfit("its path length does not allow the authorities below it");
        }
        if certificate.key_kind.is_none() {
            return unfit("its key is not ECDSA P-256 or P-384, or RSA of 2048, 3072 or 4096 bits");
        }
    }
    Ok(())
}

fn not_valid_now(existing: &AuthorityCertificates, now: OffsetDateTime) -> Option<String> {
    let mut all = existing.issuing.iter().chain([&existing.root]);
    all.find(|certificate| !certificate.validity.contains(now)).map(|certificate| certificate.subject.clone())
}

/// What the user should know about an authority that is there.
pub fn notices(spec: &ClusterSpec, authority: &AuthoritySpec, inventory: &Inventory, now: OffsetDateTime) -> Vec<String> {
    let Some(certificates) =
        inventory.signing_generation(authority.name, &spec.leaf, now).and_then(|generation| generation.state.as_ref().ok())
    else {
        return Vec::new();
    };
    let mut notices = Vec::new();
    let signing = certificates.signing();
    let ends = signing.validity.not_after;
    if ends >= now && ends < now.saturating_add(spec.leaf.lifetime.duration()) {
        let until = match inventory.lines(authority.name).last().filter(|line| line.root() != &certificates.root) {
            Some(next) => format!("{} signs, from {} on", next.root().subject, next.signs_from(&spec.leaf).date()),
            None => "another takes its place".to_owned(),
        };
        notices.push(format!("{} ends {}: leafs are clipped to that day until {until}", signing.subject, ends.date()));
    }
    if let AuthorityOrigin::Own(OwnAuthority { key, .. }) = &authority.origin {
        if signing.key_kind.is_some_and(|found| found != *key) {
            notices.push(format!(
                "{} keeps its {} key; `key: {key}` takes effect at the next rollover",
                signing.subject,
                signing.key_kind.map_or("", |k| k.name())
            ));
        }
        if authority.passphrase.is_some() && certificates.key == KeyFile::Plain {
            notices.push(format!("the keys of {} are not encrypted although a passphrase is configured", authority.name));
        }
    }
    notices
}
