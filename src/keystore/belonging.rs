//! Which certificates of a PKCS#12 store belong to a key: the leaf, then its issuers.

use crate::pki::{AnyKey, Certificate, PublicKey};

/// A certificate, with the localKeyID of its bag.
#[derive(Debug)]
pub(super) struct Held {
    pub certificate: Certificate,
    pub local_key_id: Option<Vec<u8>>,
}

/// The leaf has the key's localKeyID, or else its public half; its issuers follow, each once.
pub(super) fn chain(key: Option<&AnyKey>, local_key_id: Option<&[u8]>, held: &[Held]) -> Vec<Certificate> {
    let same_id = |held: &&Held| local_key_id.is_some() && held.local_key_id.as_deref() == local_key_id;
    let public = |held: &Held| PublicKey::from_der(&held.certificate.public_key);
    let fits = |held: &&Held| key.zip(public(held)).is_some_and(|(key, public)| key.public().is_same_key(&public));
    let marked = held.iter().filter(same_id);
    // Several may carry the identifier: then the one of the public key is meant.
    let leaf = marked.clone().find(fits).or_else(|| marked.clone().next()).or_else(|| held.iter().find(fits));
    let mut chain: Vec<Certificate> = leaf.map(|leaf| leaf.certificate.clone()).into_iter().collect();
    while let Some(issuer) = chain.last().and_then(|last| issuer(last, held)).filter(|issuer| !chain.contains(issuer)) {
        chain.push(issuer.clone());
    }
    chain
}

/// By name; where several have the name, the one whose signature it is.
fn issuer<'a>(of: &Certificate, held: &'a [Held]) -> Option<&'a Certificate> {
    if of.issuer_der == of.subject_der {
        return None;
    }
    let mut named = held.iter().map(|held| &held.certificate).filter(|other| other.subject_der == of.issuer_der);
    let first = named.next()?;
    let others: Vec<_> = named.filter(|other| *other != first).collect();
    if others.is_empty() || of.is_signed_by(first) {
        Some(first)
    } else {
        others.into_iter().find(|other| of.is_signed_by(other)).or(Some(first))
    }
}
