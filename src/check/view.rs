//! A file as the rules see it: chains with their keys, and what is trusted.

use std::collections::BTreeSet;

use x509_parser::prelude::{FromDer, X509Certificate};

use crate::finding::Place;
use crate::keystore::{Contents, Format, Held, KeyState};
use crate::pki::Certificate;

/// One file, sorted by what its parts are for.
#[derive(Debug)]
pub struct View<'a> {
    pub target: &'a str,
    pub contents: &'a Contents,
    /// One for each key that has a certificate, and one for a leaf that lies there without its key.
    pub chains: Vec<ChainView<'a>>,
    /// What is trusted, or lies there as if it were: entries of trust, and bundles of authorities.
    pub anchors: Vec<&'a Certificate>,
    /// Certificates that are neither.
    pub loose: Vec<&'a Certificate>,
}

/// Certificates in the order in which they would be sent, never empty.
#[derive(Debug)]
pub struct ChainView<'a> {
    pub place: Place,
    pub key: Option<&'a KeyState>,
    pub certificates: Vec<&'a Certificate>,
}

impl<'a> View<'a> {
    pub fn new(target: &'a str, contents: &'a Contents) -> Self {
        let (mut chains, mut anchors, mut bare, mut lonely) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, item) in contents.items.iter().enumerate() {
            let place = || Place::target(target).entry(entry_name(item.alias.as_deref(), index));
            match &item.held {
                Held::Key { key, chain } if chain.is_empty() => lonely.push((place(), key)),
                Held::Key { key, chain } => chains.push(ChainView { place: place(), key: Some(key), certificates: chain.iter().collect() }),
                Held::Trusted(certificate) => anchors.push(&**certificate),
                Held::Certificate(certificate) => bare.push(&**certificate),
                Held::SecretKey { .. } | Held::PublicKey(_) | Held::Request(_) | Held::RevocationList(_) | Held::Unreadable { .. } => {}
            }
        }
        let mut view = Self { target, contents, chains, anchors, loose: Vec::new() };
        view.sort(bare, lonely);
        view
    }

    /// Where nothing says what certificates are for, their company does.
    fn sort(&mut self, bare: Vec<&'a Certificate>, lonely: Vec<(Place, &'a KeyState)>) {
        // A root of X.509 version 1 does not say that it is an authority.
        let is_leaf =
            |certificate: &&&Certificate| !certificate.authority.is_authority && certificate.issuer_der != certificate.subject_der;
        let leafs = bare.iter().filter(is_leaf).count();
        // In PEM a key and the certificates beside it are one store.
        let belongs = match (self.contents.format, lonely.as_slice()) {
            (Format::Pem | Format::Pkcs12, [(place, key)]) if self.chains.is_empty() && !bare.is_empty() => {
                Some((place.clone(), Some(*key)))
            }
            _ if self.contents.items.iter().any(|item| matches!(item.held, Held::Key { .. })) => None,
            _ if leafs == 1 => Some((Place::target(self.target).entry(bare[0].subject.clone()), None)),
            _ => None,
        };
        match belongs {
            Some((place, key)) => self.chains.push(ChainView { place, key, certificates: bare }),
            None if leafs == 0 && self.chains.is_empty() => self.anchors.extend(bare),
            None => self.loose = bare,
        }
    }

    pub fn place(&self) -> Place {
        Place::target(self.target)
    }

    /// Every certificate, each once.
    pub fn certificates(&self) -> Vec<&'a Certificate> {
        let mut seen = BTreeSet::new();
        let chained = self.chains.iter().flat_map(|chain| chain.certificates.iter().copied());
        let all = chained.chain(self.anchors.iter().copied()).chain(self.loose.iter().copied());
        all.filter(|certificate| seen.insert(certificate.der())).collect()
    }

    pub fn place_of(&self, certificate: &Certificate) -> Place {
        self.place().entry(named(certificate))
    }
}

impl<'a> ChainView<'a> {
    /// The certificate that the chain should begin with: the key's, or else the first that is no authority's.
    pub fn leaf(&self) -> &'a Certificate {
        let fits = |certificate: &&Certificate| match self.key {
            Some(KeyState::Open(key)) => key.belongs_to(certificate),
            Some(KeyState::Locked(_)) | None => !certificate.authority.is_authority,
        };
        self.certificates.iter().copied().find(fits).unwrap_or(self.certificates[0])
    }
}

/// How an entry is called: its alias, or its number.
pub fn entry_name(alias: Option<&str>, index: usize) -> String {
    alias.map_or_else(|| format!("entry {}", index + 1), str::to_owned)
}

/// An authority, or a root from before there was a way to say that one is (RFC 5280, 6.1.4 (k)).
pub fn may_be_root(certificate: &Certificate) -> bool {
    let before_version_3 = || X509Certificate::from_der(certificate.der()).is_ok_and(|(_, parsed)| parsed.version().0 < 2);
    certificate.authority.is_authority || (certificate.issuer_der == certificate.subject_der && before_version_3())
}

/// How a certificate is called: its subject, or its serial number where that is empty.
pub fn named(certificate: &Certificate) -> String {
    if certificate.subject.is_empty() { format!("serial {}", certificate.serial) } else { certificate.subject.clone() }
}
