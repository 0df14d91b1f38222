//! Whether each thing in a file is formed as its standard wants it, whatever it is used for.

use std::collections::BTreeSet;

use super::view::entry_name;
use crate::finding::{Finding, Place};
use crate::keystore::{Contents, Held, KeyState};
use crate::lint::{certificate, public_key, request, revocation_list};
use crate::pki::Certificate;

/// Every finding about the form of certificates, keys, requests and revocation lists; of a certificate that is there twice, once.
pub fn form(target: &str, contents: &Contents) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for (index, item) in contents.items.iter().enumerate() {
        let place = Place::target(target).entry(entry_name(item.alias.as_deref(), index));
        let mut one =
            |found: &Certificate, place: &Place| if seen.insert(found.fingerprint()) { certificate(found, place) } else { Vec::new() };
        match &item.held {
            Held::Key { key, chain } => {
                for (number, certificate) in chain.iter().enumerate() {
                    findings.extend(one(certificate, &in_chain(&place, number)));
                }
                match key {
                    // What its certificate says of the key was said.
                    KeyState::Open(key) if chain.is_empty() => findings.extend(public_key(key.public(), &place)),
                    KeyState::Open(_) | KeyState::Locked(_) => {}
                }
            }
            Held::Trusted(certificate) | Held::Certificate(certificate) => findings.extend(one(certificate, &place)),
            Held::PublicKey(key) => findings.extend(public_key(key, &place)),
            Held::Request(asked) => findings.extend(request(asked, &place)),
            Held::RevocationList(list) => findings.extend(revocation_list(list, &place)),
            Held::SecretKey { .. } | Held::Unreadable { .. } => {}
        }
    }
    findings
}

/// The leaf stands for its entry, the others have their number.
fn in_chain(place: &Place, number: usize) -> Place {
    let entry = place.entry.as_ref().map(|entry| if number == 0 { entry.clone() } else { format!("{entry}, certificate {}", number + 1) });
    Place { entry, ..place.clone() }
}
