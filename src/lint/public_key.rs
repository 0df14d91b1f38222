//! What is wrong with one public key by itself.

use super::der::Element;
use super::findings::Findings;
use super::{oids, post_quantum, rsa_keys, subject_keys};
use crate::finding::{Finding, Place};
use crate::pki::PublicKey;

/// Every finding about `key`.
pub fn public_key(key: &PublicKey, place: &Place) -> Vec<Finding> {
    let mut found = Findings::at(place);
    if let Some(key) = Element::only(key.der(), 0) {
        info(key, &mut found);
    }
    found.into_list()
}

/// Every rule on a SubjectPublicKeyInfo.
pub fn info(key: Element<'_>, found: &mut Findings<'_>) {
    subject_keys::subject_key(key, found);
    rsa_keys::rsa_key(key, found);
    if let Some(id) = key.child(0).and_then(|algorithm| algorithm.child(0)) {
        post_quantum::key_is_of_the_standard(&oids::dotted(id.content), found);
    }
}
