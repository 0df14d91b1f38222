//! Which of the certificates beside a key belong to it.

use std::collections::HashSet;

use super::{Held, Item, KeyState};
use crate::pki::{Certificate, PublicKey};

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
    let certificates: Vec<Certificate> = items.iter().filter_map(|item| loose(&item.held)).cloned().collect();
    let mut used = HashSet::new();
    for item in &mut items {
        if let Held::Key { key: KeyState::Open(key), chain } = &mut item.held {
            let leaf = certificates.iter().find(|certificate| is_of(certificate, key.public()));
            *chain = leaf.map(|leaf| complete(leaf, &certificates)).unwrap_or_default();
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

fn is_of(certificate: &Certificate, key: &PublicKey) -> bool {
    certificate.public_key == key.der() || PublicKey::from_der(&certificate.public_key).is_some_and(|public| public.is_same_key(key))
}

/// The leaf and its issuers, up to one that names itself as its issuer or whose issuer is not there.
fn complete(leaf: &Certificate, certificates: &[Certificate]) -> Vec<Certificate> {
    let mut chain = vec![leaf.clone()];
    while let Some(last) = chain.last().filter(|last| last.issuer_der != last.subject_der) {
        let named = |candidate: &&Certificate| candidate.subject_der == last.issuer_der && !chain.contains(candidate);
        let issuers: Vec<_> = certificates.iter().filter(named).collect();
        let issuer = issuers.iter().find(|issuer| issuers.len() == 1 || last.is_signed_by(issuer)).or(issuers.first());
        let Some(issuer) = issuer else { break };
        chain.push((*issuer).clone());
    }
    chain
}
