//! Whether a running Kafka broker would take one store in place of another (KIP-226, KIP-978). RabbitMQ takes any.

use super::view::{View, named};
use crate::finding::{Finding, Place, Rule};
use crate::keystore::{Contents, Format, Held, Item};
use crate::pki::{Certificate, San};

pub const RULES: &[&Rule] = &[&ENTRIES, &SUBJECT, &NAMES, &WITHOUT_KEY, &FORMAT, &ANCHOR_DROPPED];

const ENTRIES: Rule = Rule::error(
    "reload-entries",
    "a store with another number of entries",
    "Kafka compares key stores entry by entry when it reloads: \"Keystore entries do not match\". A trusted certificate in a key store counts too.",
);

const SUBJECT: Rule = Rule::error(
    "reload-subject",
    "a leaf with another subject",
    "\"Keystore DistinguishedName does not match\": the subject is the broker's principal. `ssl.allow.dn.changes=true` lifts it, from Kafka 3.7 on and only after a restart.",
);

const NAMES: Rule = Rule::error(
    "reload-names",
    "a leaf that lacks a name of the one before",
    "\"Keystore SubjectAltNames do not match\": names may be added and not taken away. `ssl.allow.san.changes=true` lifts it, from Kafka 3.7 on and only after a restart.",
);

const WITHOUT_KEY: Rule = Rule::error(
    "reload-without-key",
    "a store without a key in place of a key store",
    "A key store cannot be taken away from a listener while the broker runs.",
);

const FORMAT: Rule = Rule::warning(
    "reload-format",
    "a store of another format",
    "Kafka reads it as `ssl.keystore.type` says: PEM is never recognised by itself. Both settings must be changed in one request.",
);

const ANCHOR_DROPPED: Rule = Rule::warning(
    "reload-anchor-dropped",
    "a trust store that no longer trusts an authority",
    "Whoever still has a leaf of that authority is refused from then on. First every leaf is issued anew, then its authority is taken out.",
);

/// Whether the static settings of the broker let something change (KIP-978).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Refused,
    Allowed,
}

/// `ssl.allow.dn.changes` and `ssl.allow.san.changes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    pub subject: Change,
    pub names: Change,
}

/// What Kafka would say to `next` where it has `current` loaded.
pub fn reload(target: &str, current: &Contents, next: &Contents, allowed: Allowed) -> Vec<Finding> {
    let place = || Place::target(target);
    let [old, new] = [current, next].map(entries);
    let mut findings = Vec::new();
    if current.format != next.format && (current.format == Format::Pem || next.format == Format::Pem) {
        findings.push(FORMAT.at(
            place(),
            "it is PEM in place of another format, or the other way round",
            "set ssl.keystore.type in the same request",
        ));
    }
    if !has_key(current) {
        findings.extend(anchors_dropped(current, next, place));
        return findings;
    }
    if !has_key(next) {
        findings.push(WITHOUT_KEY.at(place(), "there is no private key in it", "put the key and its chain in"));
    } else if old.len() != new.len() {
        let message = format!("it has {} entries where the one in use has {}", new.len(), old.len());
        findings.push(ENTRIES.at(place(), message, "write it with the same entries, or restart the broker"));
    } else {
        for (old, new) in pairs(&old, &new) {
            findings.extend(subject(old, new, place(), allowed.subject));
            findings.extend(names(old, new, place(), allowed.names));
        }
    }
    findings
}

/// What Kafka would say to `next` where it serves `leaf`: as [`reload`], but for what only the files show.
pub fn reload_of_served(target: &str, leaf: &Certificate, next: &Contents, allowed: Allowed) -> Vec<Finding> {
    let place = || Place::target(target);
    let old = Entry { alias: None, certificate: leaf };
    match entries(next).first() {
        Some(new) if has_key(next) => {
            let subject = subject(&old, new, place(), allowed.subject);
            subject.into_iter().chain(names(&old, new, place(), allowed.names)).collect()
        }
        Some(_) | None => vec![WITHOUT_KEY.at(place(), "there is no private key in it", "put the key and its chain in")],
    }
}

/// One entry as Kafka sees it: its alias, and the first certificate.
struct Entry<'a> {
    alias: Option<&'a str>,
    certificate: &'a Certificate,
}

fn entries(contents: &Contents) -> Vec<Entry<'_>> {
    if contents.format == Format::Pem {
        return View::new("", contents).chains.iter().map(|chain| Entry { alias: None, certificate: chain.leaf() }).collect();
    }
    contents.items.iter().filter_map(entry).collect()
}

fn entry(item: &Item) -> Option<Entry<'_>> {
    let certificate = match &item.held {
        Held::Key { chain, .. } => chain.first()?,
        Held::Trusted(certificate) => certificate,
        Held::Certificate(_)
        | Held::SecretKey { .. }
        | Held::PublicKey(_)
        | Held::Request(_)
        | Held::RevocationList(_)
        | Held::Unreadable { .. } => return None,
    };
    Some(Entry { alias: item.alias.as_deref(), certificate })
}

fn has_key(contents: &Contents) -> bool {
    contents.items.iter().any(|item| matches!(item.held, Held::Key { .. }))
}

/// Kafka goes by Java's order of the aliases, which is the same where the aliases are, and that of the file elsewhere.
fn pairs<'a>(old: &'a [Entry<'a>], new: &'a [Entry<'a>]) -> Vec<(&'a Entry<'a>, &'a Entry<'a>)> {
    let by_alias = |entry: &Entry<'_>| new.iter().find(|other| entry.alias.is_some() && other.alias == entry.alias);
    let named: Option<Vec<_>> = old.iter().map(|entry| Some((entry, by_alias(entry)?))).collect();
    named.unwrap_or_else(|| old.iter().zip(new).collect())
}

fn subject(old: &Entry<'_>, new: &Entry<'_>, place: Place, allowed: Change) -> Option<Finding> {
    let [before, after] = [old, new].map(|entry| &entry.certificate.subject);
    (allowed == Change::Refused && canonical(before) != canonical(after)).then(|| {
        let message = format!("its subject is {after}, where the one in use has {before}");
        SUBJECT.at(place.entry(named(new.certificate)), message, "keep the subject, or restart the broker with ssl.allow.dn.changes=true")
    })
}

/// `X500Principal` compares without regard to case and to how many spaces there are.
fn canonical(subject: &str) -> String {
    subject.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn names(old: &Entry<'_>, new: &Entry<'_>, place: Place, allowed: Change) -> Option<Finding> {
    let missing: Vec<String> =
        old.certificate.names.iter().filter(|name| !new.certificate.names.contains(name)).map(San::to_string).collect();
    (allowed == Change::Refused && !missing.is_empty()).then(|| {
        let message = format!("it lacks {}, which the one in use has", missing.join(", "));
        NAMES.at(place.entry(named(new.certificate)), message, "keep these names, or restart the broker with ssl.allow.san.changes=true")
    })
}

fn anchors_dropped(current: &Contents, next: &Contents, place: impl Fn() -> Place) -> Vec<Finding> {
    let kept = View::new("", next).anchors;
    let dropped = View::new("", current).anchors.into_iter().filter(|anchor| !kept.contains(anchor));
    let say = |anchor: &Certificate| {
        let message = format!("{} is no longer trusted", named(anchor));
        ANCHOR_DROPPED.at(place(), message, "leave it in until no leaf of it is in use")
    };
    dropped.map(say).collect()
}
