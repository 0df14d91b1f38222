//! Which of the certificates beside a key belong to it.

use std::collections::HashSet;

use super::{Held, Item, KeyState, belonging};
use crate::pki::Certificate;

/// Puts the certificates of a file with the keys that they belong to, as whoever wrote them into one file meant it.
///
/// The leaf of a key is the first certificate with its public half. Behind it stands the issuer of each, as far as the file has it:
/// among several of one name the one that signed. What is in a chain is not listed again for itself; an issuer may be in several
/// chains. Keys that stay locked have no public half to go by, and get no chain.
pub(super) fn with_chains(mut items: Vec<Item>) -> Vec<Item> {
    let keys = items.iter().any(|item| matches!(item.held, Held::Key { key: KeyState::Open(_), .. }));
    if !keys {
        return items;
    }
    let beside: Vec<belonging::Held> = items
        .iter()
        .filter_map(|item| loose(&item.held))
        .map(|certificate| belonging::Held { certificate: certificate.clone(), local_key_id: None })
        .collect();
    let mut used = HashSet::new();
    for item in &mut items {
        if let Held::Key { key: KeyState::Open(key), chain } = &mut item.held {
            *chain = belonging::chain(Some(key), None, &beside);
            used.extend(chain.iter().map(|certificate| certificate.der().to_vec()));
        }
    }
    items.retain(|item| loose(&item.held).is_none_or(|certificate| !used.contains(certificate.der())));
    items
}

fn loose(held: &Held) -> Option<&Certificate> {
    match held {
        Held::Certificate(certificate) => Some(certificate),
        Held::Key { .. }
        | Held::Trusted(_)
        | Held::SecretKey { .. }
        | Held::PublicKey(_)
        | Held::Request(_)
        | Held::RevocationList(_)
        | Held::Unreadable { .. } => None,
    }
}
