//! Which certificates of a PKCS#12 store belong to a key: the leaf, then its issuers.

use crate::pki::{AnyKey, Certificate};

/// Longer than any chain that a broker or client takes: a store of many keys must not make each of them a chain of all
/// its certificates.
const LONGEST: usize = 16;
/// How many certificates are tried where trying is work, on a signature or on a point of a curve.
const TRIED: usize = 16;

/// A certificate, with the localKeyID of its bag.
#[derive(Debug)]
pub(super) struct Held {
    pub certificate: Certificate,
    pub local_key_id: Option<Vec<u8>>,
}

/// The leaf has the key's localKeyID, or else its public half; its issuers follow, each once.
pub(super) fn chain(key: Option<&AnyKey>, local_key_id: Option<&[u8]>, held: &[Held]) -> Vec<Certificate> {
    let marked = held.iter().filter(|held| local_key_id.is_some() && held.local_key_id.as_deref() == local_key_id);
    // Several may carry the identifier: then the one of the public key is meant.
    let leaf = key
        .and_then(|key| of_key(key, marked.clone()))
        .or_else(|| marked.clone().next())
        .or_else(|| key.and_then(|key| of_key(key, held.iter())));
    let mut chain: Vec<Certificate> = leaf.map(|leaf| leaf.certificate.clone()).into_iter().collect();
    while let Some(issuer) = chain.last().and_then(|last| issuer(last, held)) {
        if chain.len() == LONGEST || chain.contains(issuer) {
            break;
        }
        chain.push(issuer.clone());
    }
    chain
}

/// Byte by byte; or the same key written in another way.
fn of_key<'a>(key: &AnyKey, held: impl Iterator<Item = &'a Held> + Clone) -> Option<&'a Held> {
    let same = |held: &&Held| key.belongs_to(&held.certificate);
    held.clone().find(|held| held.certificate.public_key == key.public().der()).or_else(|| held.take(TRIED).find(same))
}

/// By name; where several have the name, the one whose signature it is.
fn issuer<'a>(of: &Certificate, held: &'a [Held]) -> Option<&'a Certificate> {
    if of.issuer_der == of.subject_der {
        return None;
    }
    let mut named = held.iter().map(|held| &held.certificate).filter(|other| other.subject_der == of.issuer_der);
    let first = named.next()?;
    let mut others = named.filter(|other| *other != first).take(TRIED).peekable();
    if others.peek().is_none() || of.is_signed_by(first) {
        Some(first)
    } else {
        others.find(|other| of.is_signed_by(other)).or(Some(first))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, Issuer};

    use super::*;
    use crate::pki::{KeyKind, PrivateKey};

    fn named(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn held(made: &rcgen::Certificate) -> Held {
        Held { certificate: Certificate::from_der(made.der().to_vec()).unwrap(), local_key_id: None }
    }

    /// As after an authority changed its key and kept its name.
    #[test]
    fn of_two_authorities_of_one_name_the_one_that_signed_is_taken() {
        let [leaf_key, old_key, new_key] = [(); 3].map(|()| PrivateKey::generate(KeyKind::P256).unwrap());
        let authority = named("authority");
        let [old, new] = [&old_key, &new_key].map(|key| held(&authority.clone().self_signed(key).unwrap()));
        let leaf = held(&named("leaf").signed_by(&leaf_key, &Issuer::from_params(&authority, &new_key)).unwrap());
        let wanted = [leaf.certificate.clone(), new.certificate.clone()];
        let key = AnyKey::from_pkcs8(leaf_key.pkcs8().expose()).unwrap();
        assert_eq!(chain(Some(&key), None, &[old, new, leaf]), wanted);
    }

    #[test]
    fn without_identifier_and_public_key_nothing_belongs_to_a_key() {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let other = held(&named("other").self_signed(&PrivateKey::generate(KeyKind::P256).unwrap()).unwrap());
        let key = AnyKey::from_pkcs8(key.pkcs8().expose()).unwrap();
        assert_eq!(chain(Some(&key), None, &[other]), []);
        assert_eq!(chain(None, None, &[]), []);
    }
}
