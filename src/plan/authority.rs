//! Whether an authority must be made, and what stands in the way.

use time::{Date, OffsetDateTime};

use super::AuthorityStep;
use crate::cluster::{AuthorityLayout, AuthorityName, AuthorityOrigin, AuthoritySpec, ClusterSpec, OwnAuthority};
use crate::inventory::{AuthorityCertificates, Inventory, KeyFile};
use crate::pki::{Certificate, Lifetime};

/// Why there can be no plan. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error(
        "{authority}/{generation}/{file} cannot be used: {why}; restore it from a backup: countersign never replaces an authority by itself"
    )]
    Damaged { authority: AuthorityName, generation: u32, file: String, why: String },
    #[error(
        "{authority}/{generation} holds {found}, the cluster file now names {wanted}; exchanging an authority is a rollover: put the old one back into the cluster file"
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

/// A first generation, if there is none.
pub fn step(spec: &AuthoritySpec, inventory: &Inventory, now: OffsetDateTime) -> Result<Option<AuthorityStep>, PlanError> {
    let wanted = inventory.existing.get(&spec.name);
    if let Some(existing) = wanted {
        check_existing(existing)?;
    }
    let Some(newest) = inventory.signing_generation(spec.name) else {
        if let Some(subject) = wanted.and_then(|existing| not_valid_now(existing, now)) {
            return Err(PlanError::Unfit { subject, why: "it is expired or not yet valid" });
        }
        return Ok(Some(AuthorityStep { name: spec.name, generation: 1 }));
    };
    let found = newest.state.as_ref().map_err(|unreadable| PlanError::Damaged {
        authority: spec.name,
        generation: newest.number,
        file: unreadable.file.clone(),
        why: unreadable.why.clone(),
    })?;
    let exchanged = |wanted: String| PlanError::Exchanged {
        authority: spec.name,
        generation: newest.number,
        found: described(found.signing()),
        wanted,
    };
    match (wanted, found.key) {
        (Some(existing), _) if existing.signing() != found.signing() => Err(exchanged(described(existing.signing()))),
        (None, KeyFile::Absent) => Err(exchanged("one to be made here".to_owned())),
        _ => Ok(None),
    }
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
    let Some(certificates) = inventory.signing_generation(authority.name).and_then(|generation| generation.state.as_ref().ok()) else {
        return Vec::new();
    };
    let mut notices = Vec::new();
    let signing = certificates.signing();
    if signing.validity.not_after >= now && signing.validity.not_after < now.saturating_add(spec.leaf.lifetime.duration()) {
        notices.push(format!(
            "{} ends {}: leafs are clipped to that day until the authority is rolled over",
            signing.subject,
            signing.validity.not_after.date()
        ));
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
