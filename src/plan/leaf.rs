//! Why a leaf must be issued again: ordered rules, each looking at one thing.

use time::OffsetDateTime;

use super::{Descent, Reason};
use crate::cluster::{AuthorityName, ClusterSpec, Holder, LeafKey, LeafSpec};
use crate::inventory::{AuthorityCertificates, Content, Generation, Intrusion, Inventory};
use crate::layout::HolderFile;
use crate::pki::{Certificate, San, Validity};

/// Every reason to issue `holder` a new leaf; empty when the one in use will do. `signs_anew`: what is to sign from now on.
pub fn reasons(
    spec: &ClusterSpec,
    inventory: &Inventory,
    holder: &Holder,
    current: &Generation,
    signs_anew: Option<&Descent>,
    now: OffsetDateTime,
) -> Vec<Reason> {
    let leaf = match &current.chain {
        Ok(chain) => &chain[0],
        Err(unreadable) => return vec![Reason::Unreadable { file: unreadable.file.clone(), why: unreadable.why.clone() }],
    };
    let name = spec.issuer_of(holder);
    let authority = inventory.signing_generation(name, &spec.leaf, now).and_then(|signing| signing.state.as_ref().ok());
    let Some(authority) = authority.filter(|_| signs_anew != Some(&Descent::Founded)) else {
        return vec![Reason::Issuer { found: leaf.issuer.clone(), wanted: format!("a new {name}") }];
    };
    let signed_by = signed_by(inventory, name, authority, current);
    let end = would_end(&spec.leaf, signs_anew.is_none().then(|| authority.signing()), now);
    [
        key(current),
        stranger(current),
        signed_by.is_none().then(|| Reason::Issuer { found: leaf.issuer.clone(), wanted: authority.signing().subject.clone() }),
        signed_by.and_then(|authority| chain(current, authority)),
        subject(holder, leaf),
        names(holder, leaf),
        key_type(&spec.leaf, leaf),
        usages(holder, leaf),
        dates(&spec.leaf, holder, leaf, end, now),
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

/// The generation that signed the leaf, where it is one that signs or did so before. Whose key is lost, it may be another's.
fn signed_by<'a>(
    inventory: &'a Inventory,
    name: AuthorityName,
    signing: &AuthorityCertificates,
    current: &Generation,
) -> Option<&'a AuthorityCertificates> {
    let (generation, signed_by) = inventory.signed_by(name, current.chain.as_deref().unwrap_or_default())?;
    // Once a rollover has come so far, nothing of the old authority stays.
    let told = inventory.journal.told(name.path());
    let is_forsaken = || told.to_sign.is_some_and(|signs| inventory.older_than(name, signs).contains(&generation.number));
    // Of an authority that was brought along the key is elsewhere, and with an exchange that is rolled over it may well be gone.
    let is_followed = || told.to_be_followed.is_some_and(|followed| followed >= generation.number);
    let may_stay = || (signed_by.key.is_usable() || is_followed()) && !is_forsaken();
    (signed_by == signing || may_stay()).then_some(signed_by)
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

/// Not begun yet, over, or due; and a new leaf, which would end at `end`, would live longer: one that is clipped to its issuer's end
/// gains nothing by being issued again.
fn dates(spec: &LeafSpec, holder: &Holder, leaf: &Certificate, end: OffsetDateTime, now: OffsetDateTime) -> Option<Reason> {
    let Validity { not_before, not_after } = leaf.validity;
    let gains = end > not_after;
    if now < not_before {
        Some(Reason::NotYetValid { not_before })
    } else if now > not_after {
        gains.then_some(Reason::Ended { not_after })
    } else {
        (now >= spec.renewal(&holder.id, not_after) && gains).then_some(Reason::Expiring { not_after })
    }
}

/// When a leaf issued now would end. `signing`: what signs it, where that is there already.
pub fn would_end(spec: &LeafSpec, signing: Option<&Certificate>, now: OffsetDateTime) -> OffsetDateTime {
    let validity = Validity::starting(now, spec.lifetime);
    signing.map_or(validity, |signing| validity.clipped_to(signing.validity)).not_after
}
