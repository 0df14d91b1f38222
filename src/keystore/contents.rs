//! What a file of keys and certificates holds, whoever wrote it and in whatever format.

use crate::pbe::Scheme;
use std::fmt;

use time::OffsetDateTime;

use super::der::{self, Shape};
use super::recognise::Recognised;
use super::{KeystoreError, jks, pem, pkcs12};
use crate::pki::{AnyKey, Certificate, Passphrase, PublicKey, Request, RevocationList, Secret};

/// How the bytes are laid out. Recognised by content, never by a file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RFC 7468, and the older "traditional" blocks of OpenSSL.
    Pem,
    /// One certificate, key, request or revocation list, bare.
    Der,
    /// Certificates in a SignedData (RFC 2315, RFC 5652).
    Pkcs7,
    /// RFC 7292.
    Pkcs12,
    /// Sun's JKS, of version 1 or 2.
    Jks,
    /// SunJCE's JCEKS.
    Jceks,
}

impl Format {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pem => "PEM",
            Self::Der => "DER",
            Self::Pkcs7 => "PKCS#7",
            Self::Pkcs12 => "PKCS#12",
            Self::Jks => "JKS",
            Self::Jceks => "JCEKS",
        }
    }
}

/// What is known to open a file. Without a store password, what is not encrypted is read all the same.
#[derive(Debug, Clone, Default)]
pub struct Passwords {
    pub store: Option<Passphrase>,
    /// For keys that have passwords of their own: each is tried, then the store's.
    pub keys: Vec<Passphrase>,
}

/// All that a file holds, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    pub format: Format,
    pub items: Vec<Item>,
    pub seal: Seal,
    /// How things in it are encrypted and sealed, each once: what decides who can read it.
    pub schemes: Vec<Scheme>,
}

impl Contents {
    /// Every certificate in it, in its order: those of chains, trusted ones, and loose ones.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.items.iter().flat_map(Item::certificates)
    }
}

impl Item {
    /// Those of a key's chain, leaf first, or the one that the item is.
    pub fn certificates(&self) -> &[Certificate] {
        match &self.held {
            Held::Key { chain, .. } => chain,
            Held::Trusted(certificate) | Held::Certificate(certificate) => std::slice::from_ref(&**certificate),
            Held::SecretKey { .. } | Held::PublicKey(_) | Held::Request(_) | Held::RevocationList(_) | Held::Unreadable { .. } => &[],
        }
    }
}

/// Whether the store as a whole was found unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seal {
    /// The password fits the digest or MAC over the store.
    Intact,
    /// It has one, and no password was given; or one of a kind that is not supported.
    Unchecked,
    /// It has none: PEM, DER, PKCS#7, and PKCS#12 without a MAC.
    Absent,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// As it is written; the friendly name of PKCS#12. PEM and DER have none.
    pub alias: Option<String>,
    pub created: Option<OffsetDateTime>,
    pub held: Held,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// A private key, with the chain that belongs to it, leaf first; empty where there is none.
    Key {
        key: KeyState,
        chain: Vec<Certificate>,
    },
    /// A certificate that a Java truststore trusts.
    Trusted(Box<Certificate>),
    /// A certificate and no more said of it: in PEM, DER, PKCS#7, or PKCS#12 without Java's mark of trust.
    Certificate(Box<Certificate>),
    /// Named, never shown. The bytes are there for `convert`.
    SecretKey {
        algorithm: String,
        key: Option<Secret>,
    },
    PublicKey(PublicKey),
    Request(Box<Request>),
    RevocationList(Box<RevocationList>),
    /// Part of the file that is damaged or of no known kind, where the rest could be read.
    Unreadable {
        what: &'static str,
        problem: String,
        at: Option<usize>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum KeyState {
    Open(AnyKey),
    Locked(Lock),
}

/// Why a key stays closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    NoPassword,
    WrongPassword,
    /// Encrypted in a way that is not supported.
    Unsupported(String),
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPassword => f.write_str("encrypted, and no password was given"),
            Self::WrongPassword => f.write_str("the password does not open it"),
            Self::Unsupported(algorithm) => write!(f, "encrypted by {algorithm}, which is not supported"),
        }
    }
}

/// Reads whatever `bytes` are: PEM, DER, PKCS#7, PKCS#12, JKS or JCEKS, or any of these in bare base64.
///
/// Damage to one part leaves the others readable ([`Held::Unreadable`]) where the format has parts; a store whose seal does not
/// fit the password is refused as a whole, and so is a file of which nothing can be read, unless for want of a password.
///
/// A key in a PEM file gets the certificates beside it that belong to it: the leaf that has its public half, and its issuers.
pub fn open(bytes: &[u8], passwords: &Passwords) -> Result<Contents, KeystoreError> {
    match Recognised::of(bytes) {
        Recognised::Jks => jks::open(bytes, passwords),
        Recognised::Der(Shape::Pkcs12) => pkcs12::open(bytes, passwords),
        Recognised::Der(shape) => der::open(bytes, shape, passwords),
        Recognised::Pem(text) => pem::open(&text, passwords),
        // What was decoded is recognised, and shorter: this ends.
        Recognised::Base64(decoded) => open(&decoded, passwords),
        Recognised::Foreign(looks_like) => Err(KeystoreError::Unrecognised { looks_like }),
    }
    .and_then(something_readable)
}

fn something_readable(contents: Contents) -> Result<Contents, KeystoreError> {
    let mut problems = contents.items.iter().map(|item| match &item.held {
        Held::Unreadable { what, problem, at } => Some((*what, problem, *at)),
        Held::Key { .. }
        | Held::Trusted(_)
        | Held::Certificate(_)
        | Held::SecretKey { .. }
        | Held::PublicKey(_)
        | Held::Request(_)
        | Held::RevocationList(_) => None,
    });
    match problems.next().flatten() {
        // Without its password, a store may well show nothing.
        Some((what, problem, at)) if contents.seal != Seal::Unchecked && problems.all(|problem| problem.is_some()) => {
            Err(KeystoreError::Unreadable { what, problem: problem.clone(), at })
        }
        Some(_) | None => Ok(contents),
    }
}
