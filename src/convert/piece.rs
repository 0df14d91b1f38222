//! What moves from one format to another.

use std::fmt;

use time::OffsetDateTime;

use super::Target;
use crate::keystore::{Held, Item, KeyState, Lock};
use crate::pki::{AnyKey, Certificate, PublicKey, Request, RevocationList, Secret};

/// One thing that is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Empty until [`super::alias::given`].
    pub alias: String,
    pub created: Option<OffsetDateTime>,
    pub holds: Substance,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Substance {
    /// The chain is leaf first; empty where no certificate fits the key.
    Key {
        key: AnyKey,
        chain: Vec<Certificate>,
    },
    Certificate(Box<Certificate>),
    SecretKey {
        algorithm: String,
        key: Secret,
    },
    PublicKey(PublicKey),
    Request(Box<Request>),
    RevocationList(Box<RevocationList>),
}

/// Something that is not written, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Loss {
    pub what: String,
    pub why: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.what, self.why)
    }
}

impl Piece {
    /// `the private key "orders"`, `the certificate of CN=root`.
    pub fn name(&self) -> String {
        let kind = self.kind();
        match &self.holds {
            Substance::Key { .. } | Substance::SecretKey { .. } => named(kind, &self.alias),
            Substance::Certificate(certificate) => format!("the {kind} of {}", certificate.subject),
            Substance::Request(request) => format!("the {kind} of {}", request.subject),
            Substance::RevocationList(list) => format!("the {kind} of {}", list.issuer),
            Substance::PublicKey(key) => format!("the {kind} ({})", key.algorithm),
        }
    }

    pub fn kind(&self) -> &'static str {
        match &self.holds {
            Substance::Key { .. } => "private key",
            Substance::Certificate(_) => "certificate",
            Substance::SecretKey { .. } => "secret key",
            Substance::PublicKey(_) => "public key",
            Substance::Request(_) => "certification request",
            Substance::RevocationList(_) => "revocation list",
        }
    }

    /// `orders: private key with 2 certificates`, as it stands in `target`.
    pub fn summary(&self, target: Target) -> String {
        let name = if target.has_aliases() { format!("{}: ", self.alias) } else { String::new() };
        match &self.holds {
            Substance::Key { chain, .. } if target.has_chains() => match chain.len() {
                0 => format!("{name}private key without a certificate"),
                1 => format!("{name}private key with its certificate"),
                number => format!("{name}private key with {number} certificates"),
            },
            Substance::Key { .. }
            | Substance::Certificate(_)
            | Substance::SecretKey { .. }
            | Substance::PublicKey(_)
            | Substance::Request(_)
            | Substance::RevocationList(_) => format!("{name}{}", self.kind()),
        }
    }

    /// Whether it had an alias where it comes from: an entry of a store.
    pub(super) fn is_entry(&self) -> bool {
        !self.alias.is_empty()
    }

    /// How many certificates it brings along.
    pub fn certificates(&self) -> usize {
        match &self.holds {
            Substance::Key { chain, .. } => chain.len(),
            Substance::Certificate(_) => 1,
            Substance::SecretKey { .. } | Substance::PublicKey(_) | Substance::Request(_) | Substance::RevocationList(_) => 0,
        }
    }

    pub fn lost(&self, why: impl Into<String>) -> Loss {
        Loss { what: self.name(), why: why.into() }
    }
}

fn locked(lock: &Lock) -> String {
    match lock {
        Lock::NoPassword | Lock::WrongPassword => format!("{lock}; --key-password-file gives the keys' own"),
        Lock::Unsupported(_) => lock.to_string(),
    }
}

fn named(kind: &str, alias: &str) -> String {
    if alias.is_empty() { format!("the {kind}") } else { format!("the {kind} {alias:?}") }
}

/// What can be written of `items`, and what is locked or damaged.
pub fn taken_apart(items: Vec<Item>) -> (Vec<Piece>, Vec<Loss>) {
    let (mut pieces, mut losses) = (Vec::new(), Vec::new());
    for Item { alias, created, held } in items {
        let alias = alias.unwrap_or_default();
        let holds = match held {
            Held::Key { key: KeyState::Open(key), chain } => Ok(Substance::Key { key, chain }),
            Held::Key { key: KeyState::Locked(lock), .. } => Err((named("private key", &alias), locked(&lock))),
            Held::Trusted(certificate) | Held::Certificate(certificate) => Ok(Substance::Certificate(certificate)),
            Held::SecretKey { algorithm, key: Some(key) } => Ok(Substance::SecretKey { algorithm, key }),
            Held::SecretKey { key: None, .. } => Err((named("secret key", &alias), "it stays encrypted".to_owned())),
            Held::PublicKey(key) => Ok(Substance::PublicKey(key)),
            Held::Request(request) => Ok(Substance::Request(request)),
            Held::RevocationList(list) => Ok(Substance::RevocationList(list)),
            Held::Unreadable { what, problem, .. } => Err((named(what, &alias), problem)),
        };
        match holds {
            Ok(holds) => pieces.push(Piece { alias, created, holds }),
            Err((what, why)) => losses.push(Loss { what, why }),
        }
    }
    (pieces, losses)
}
