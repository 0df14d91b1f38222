//! A file of keys and certificates: what it is, and what it holds.

use std::collections::HashMap;

use serde::Serialize;
use time::OffsetDateTime;

use super::certificate::CertificateFacts;
use super::chain::ChainFacts;
use super::key::{KeyFacts, PrivateKeyFacts};
use super::request::RequestFacts;
use super::revocation::RevocationListFacts;
use crate::keystore::{Contents, Format, Held, Item, KeyState, Reader, Scheme, Seal, readers};
use crate::pki::Certificate;

/// Everything that `inspect` says of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileFacts {
    pub format: Format,
    pub seal: Seal,
    pub schemes: Vec<Scheme>,
    /// Who else can read it.
    pub readers: Vec<Reader>,
    pub items: Vec<ItemFacts>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemFacts {
    /// From 1, in the file's order.
    pub number: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub created: Option<OffsetDateTime>,
    #[serde(flatten)]
    pub held: HeldFacts,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum HeldFacts {
    PrivateKey {
        key: PrivateKeyFacts,
        /// The item that holds its certificate, where the chain is empty.
        #[serde(skip_serializing_if = "Option::is_none")]
        certificate: Option<usize>,
        #[serde(flatten)]
        chain: ChainFacts,
    },
    TrustedCertificate {
        certificate: Box<CertificateFacts>,
    },
    Certificate {
        certificate: Box<CertificateFacts>,
        /// The item that holds its issuer's certificate.
        #[serde(skip_serializing_if = "Option::is_none")]
        issued_by: Option<usize>,
    },
    SecretKey {
        algorithm: String,
    },
    PublicKey(KeyFacts),
    Request(Box<RequestFacts>),
    RevocationList(Box<RevocationListFacts>),
    Unreadable {
        what: &'static str,
        problem: String,
        /// Offset in bytes.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<usize>,
    },
}

impl FileFacts {
    pub fn new(contents: &Contents, now: OffsetDateTime) -> Self {
        let index = Index::new(&contents.items);
        let items = contents.items.iter().enumerate().map(|(at, item)| ItemFacts {
            number: at + 1,
            alias: item.alias.clone(),
            created: item.created,
            held: held(&item.held, at + 1, &index, now),
        });
        Self {
            format: contents.format,
            seal: contents.seal,
            schemes: contents.schemes.clone(),
            readers: readers(contents),
            items: items.collect(),
        }
    }

    /// Whether a part of it could not be read.
    pub fn has_unreadable(&self) -> bool {
        self.items.iter().any(|item| matches!(item.held, HeldFacts::Unreadable { .. }))
    }
}

fn held(held: &Held, number: usize, index: &Index<'_>, now: OffsetDateTime) -> HeldFacts {
    let described = |certificate: &Certificate| Box::new(CertificateFacts::new(certificate, now));
    match held {
        Held::Key { key, chain } => {
            let open = match key {
                KeyState::Open(key) => Some(key),
                KeyState::Locked(_) => None,
            };
            HeldFacts::PrivateKey {
                key: key.into(),
                certificate: open.filter(|_| chain.is_empty()).and_then(|key| index.by_key.get(key.public().der()).copied()),
                chain: ChainFacts::new(chain, open, now),
            }
        }
        Held::Trusted(certificate) => HeldFacts::TrustedCertificate { certificate: described(certificate) },
        Held::Certificate(certificate) => {
            HeldFacts::Certificate { issued_by: index.issuer_of(certificate, number), certificate: described(certificate) }
        }
        Held::SecretKey { algorithm, .. } => HeldFacts::SecretKey { algorithm: algorithm.clone() },
        Held::PublicKey(key) => HeldFacts::PublicKey(key.into()),
        Held::Request(request) => HeldFacts::Request(Box::new(RequestFacts::new(request))),
        Held::RevocationList(list) => HeldFacts::RevocationList(Box::new(RevocationListFacts::new(list, now))),
        Held::Unreadable { what, problem, at } => HeldFacts::Unreadable { what, problem: problem.clone(), at: *at },
    }
}

/// The certificates that stand alone, by what others refer to them by.
#[derive(Default)]
struct Index<'a> {
    by_key: HashMap<&'a [u8], usize>,
    by_subject: HashMap<&'a [u8], usize>,
}

impl<'a> Index<'a> {
    fn new(items: &'a [Item]) -> Self {
        let mut index = Self::default();
        for (at, item) in items.iter().enumerate() {
            if let Held::Certificate(certificate) | Held::Trusted(certificate) = &item.held {
                index.by_key.entry(&certificate.public_key).or_insert(at + 1);
                index.by_subject.entry(&certificate.subject_der).or_insert(at + 1);
            }
        }
        index
    }

    fn issuer_of(&self, certificate: &Certificate, number: usize) -> Option<usize> {
        self.by_subject.get(certificate.issuer_der.as_slice()).copied().filter(|issuer| *issuer != number)
    }
}
