//! Why a leaf must be issued again: ordered rules, each looking at one thing.

use time::OffsetDateTime;

use super::Reason;
use crate::cluster::{ClusterSpec, Holder, LeafKey, LeafSpec};
use crate::inventory::{AuthorityCertificates, Content, Generation, Intrusion, Inventory};
use crate::layout::HolderFile;
use crate::pki::{Certificate, San, Validity};

/// Every reason to issue `holder` a new leaf; empty when the one in use will do. `has_new_issuer`: another authority is to sign it.
pub fn reasons(
    spec: &ClusterSpec,
    inventory: &Inventory,
    holder: &Holder,
    current: &Generation,
    has_new_issuer: bool,
    now: OffsetDateTime,
) -> Vec<Reason> {
    let leaf = match &current.chain {
        Ok(chain) => &chain[0],
        Err(unreadable) => return vec![Reason::Unreadable { file: unreadable.file.clone(), why: unreadable.why.clone() }],
    };
    let authority = inventory.signing_generation(spec.issuer_of(holder)).and_then(|newest| newest.state.as_ref().ok());
    let Some(authority) = authority.filter(|_| !has_new_issuer) else {
        return vec![Reason::Issuer { found: leaf.issuer.clone(), wanted: format!("a new {}", spec.issuer_of(holder)) }];
    };
    let signing = authority.signing();
    [
        key(current),
        stranger(current),
        issuer(current, leaf, signing),
        chain(current, authority),
        subject(holder, leaf),
        names(holder, leaf),
        key_type(&spec.leaf, leaf),
        usages(holder, leaf),
        dates(&spec.leaf, leaf, signing, now),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Which key a leaf that takes the place of the one in use is issued for.
pub fn renewed_key(spec: &ClusterSpec, inventory: &Inventory, holder: &Holder, current: &Generation) -> LeafKey {
    match spec.leaf.renewed_key {
        LeafKey::Kept if worn_key(spec, inventory, holder, current).is_none() => LeafKey::Kept,
        LeafKey::Kept | LeafKey::Fresh => LeafKey::Fresh,
    }
}

/// Why no other leaf is issued for the key in use: it cannot be read, is of another kind, or may be known to others.
pub fn worn_key(spec: &ClusterSpec, inventory: &Inventory, holder: &Holder, current: &Generation) -> Option<String> {
    let leaf = match &current.chain {
        Ok(chain) => &chain[0],
        Err(unreadable) => return Some(format!("{}: {}", unreadable.file, unreadable.why)),
    };
    let is_unknown = !inventory.journal.tells_of(&holder.id.to_string(), current.number, leaf);
    let mode = current.found.get(HolderFile::Key.name()).map_or(0, |found| found.mode);
    key(current)
        .or_else(|| key_type(&spec.leaf, leaf))
        .map(|reason| reason.to_string())
        .or_else(|| current.trespasses.first().map(|trespass| format!("{} {}", trespass.path.display(), trespass.how)))
        .or_else(|| (mode & 0o004 != 0).then(|| format!("{} was readable for everyone", HolderFile::Key.name())))
        .or_else(|| is_unknown.then(|| "the journal does not tell of its certificate".to_owned()))
}

/// Without its key a certificate is of no use, and the key is nowhere else.
fn key(current: &Generation) -> Option<Reason> {
    let file = HolderFile::Key.name();
    let unreadable = |why: &str| Some(Reason::Unreadable { file: file.to_owned(), why: why.to_owned() });
    match current.found.get(file).map(|found| &found.content) {
        None => unreadable("it is not there"),
        Some(Content::Unreadable(why)) => unreadable(why),
        Some(Content::AsWritten | Content::Changed | Content::PasswordDiffers | Content::Text(_)) => None,
    }
}

/// Whoever owns the files has read the key. (An owner whom the cluster file named before is told by the files.)
fn stranger(current: &Generation) -> Option<Reason> {
    let strange = current.trespasses.iter().find(|trespass| matches!(trespass.how, Intrusion::Owner { .. }))?;
    Some(Reason::Trespass { path: strange.path.display().to_string(), how: strange.how.to_string() })
}

fn issuer(current: &Generation, leaf: &Certificate, signing: &Certificate) -> Option<Reason> {
    let chain = current.chain.as_deref().unwrap_or_default();
    // Two generations never share a subject name, but an existing authority may have been renewed under its old one.
    let chained = chain.get(1).is_none_or(|next| next == signing);
    let fits = leaf.issuer_der == signing.subject_der && chained && leaf.is_signed_by(signing);
    (!fits).then(|| Reason::Issuer { found: leaf.issuer.clone(), wanted: signing.subject.clone() })
}

/// What stands behind the leaf is what its authority has, and nothing else: no client takes a chain with a stranger in it.
fn chain(current: &Generation, authority: &AuthorityCertificates) -> Option<Reason> {
    let above = current.chain.as_deref().unwrap_or_default().get(1..).unwrap_or_default();
    let edited = above.first() == authority.issuing.first() && above != authority.issuing;
    edited.then(|| Reason::HandEdited { file: HolderFile::Chain.name().to_owned() })
}

fn subject(holder: &Holder, leaf: &Certificate) -> Option<Reason> {
    let wanted = holder.subject.to_string();
    (leaf.subject != wanted).then(|| Reason::Subject { found: leaf.subject.clone(), wanted })
}

/// The order of names counts for nobody but RabbitMQ's `ssl_cert_login_san_index`, so it counts.
fn names(holder: &Holder, leaf: &Certificate) -> Option<Reason> {
    let missing = |from: &[San], of: &[San]| of.iter().filter(|name| !from.contains(name)).map(San::to_string).collect();
    (leaf.names != holder.names)
        .then(|| Reason::Names { added: missing(&leaf.names, &holder.names), removed: missing(&holder.names, &leaf.names) })
}

fn key_type(spec: &LeafSpec, leaf: &Certificate) -> Option<Reason> {
    (leaf.key_kind != Some(spec.key)).then_some(Reason::KeyType { found: leaf.key_kind, wanted: spec.key })
}

fn usages(holder: &Holder, leaf: &Certificate) -> Option<Reason> {
    let wanted = holder.usages();
    (leaf.usages != wanted).then(|| Reason::Usage { found: leaf.usages.clone(), wanted: wanted.to_vec() })
}

/// Not begun yet, over, or due; and a new leaf would live longer: one that is clipped to its issuer's end gains nothing by being
/// issued again.
fn dates(spec: &LeafSpec, leaf: &Certificate, signing: &Certificate, now: OffsetDateTime) -> Option<Reason> {
    let Validity { not_before, not_after } = leaf.validity;
    let gains = would_end(spec, signing, now) > not_after;
    if now < not_before {
        Some(Reason::NotYetValid { not_before })
    } else if now > not_after {
        gains.then_some(Reason::Ended { not_after })
    } else {
        (now >= renewal(spec, leaf) && gains).then_some(Reason::Expiring { not_after })
    }
}

/// When `leaf` is to be renewed.
pub fn renewal(spec: &LeafSpec, leaf: &Certificate) -> OffsetDateTime {
    spec.renewal(leaf.validity.not_after)
}

/// When a leaf issued now would end.
pub fn would_end(spec: &LeafSpec, signing: &Certificate, now: OffsetDateTime) -> OffsetDateTime {
    Validity::starting(now, spec.lifetime).clipped_to(signing.validity).not_after
}
