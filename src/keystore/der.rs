//! Bare DER: what one structure holds, told by its shape.

use super::chain::with_chains;
use super::opener;
use super::unlock::Unlocker;
use super::{Contents, Format, Held, Item, KeystoreError, Passwords, Seal, ber, pkcs7};
use crate::pki::asn1::{BIT_STRING, Element, Elements, INTEGER, OID, SEQUENCE, SET};
use crate::pki::{Certificate, PublicKey, Request, RevocationList};

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// 1.2.840.113549.1.7, below which are the content types of PKCS#7.
const PKCS7_TYPES: [u8; 8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Certificate,
    RevocationList,
    Request,
    PublicKey,
    /// Encrypted or not, in any envelope.
    PrivateKey,
    Pkcs7,
    Pkcs12,
}

impl Shape {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::RevocationList => "revocation list",
            Self::Request => "certification request",
            Self::PublicKey => "public key",
            Self::PrivateKey => "private key",
            Self::Pkcs7 => "PKCS#7",
            Self::Pkcs12 => "PKCS#12 store",
        }
    }

    /// Of the first element of `bytes`, in DER or BER. `None` for what is none of these.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let indefinite = || ber::to_der(bytes).ok().filter(|der| !bytes.starts_with(der));
        Self::of_der(bytes).or_else(|| bytes.first().filter(|tag| **tag == SEQUENCE).and_then(|_| Self::of_der(&indefinite()?)))
    }

    fn of_der(bytes: &[u8]) -> Option<Self> {
        let mut fields = Elements::new(bytes).tagged(SEQUENCE)?.inside();
        let first = fields.next()?;
        let second = fields.peek();
        let tag = second.map(|second| second.tag);
        match first.tag {
            OID if first.value.starts_with(&PKCS7_TYPES) => Some(Self::Pkcs7),
            INTEGER => match (tag, second) {
                (Some(SEQUENCE), Some(second)) if is_pkcs7_content(second) => Some(Self::Pkcs12),
                (Some(SEQUENCE | INTEGER), _) if fields.count() == 1 => Some(Self::PublicKey),
                (Some(_), _) => Some(Self::PrivateKey),
                (None, _) => None,
            },
            SEQUENCE => match tag {
                Some(SEQUENCE) => Some(to_be_signed(first.inside())),
                Some(BIT_STRING) => Some(Self::PublicKey),
                Some(_) if opener::is_encrypted(bytes) => Some(Self::PrivateKey),
                _ => None,
            },
            _ => None,
        }
    }
}

fn is_pkcs7_content(content: Element<'_>) -> bool {
    content.inside().next().is_some_and(|kind| kind.tag == OID && kind.value.starts_with(&PKCS7_TYPES))
}

/// Certificates, requests and revocation lists are told apart by what they have before their signature.
fn to_be_signed(mut fields: Elements<'_>) -> Shape {
    let version = fields.tagged(INTEGER);
    let second = version.and(fields.next());
    // A request has a name where the others have an algorithm.
    if second.is_some_and(|second| second.inside().next().is_none_or(|first| first.tag == SET)) {
        return Shape::Request;
    }
    let times = std::iter::from_fn(|| fields.next()).take(3).any(|field| [UTC_TIME, GENERALIZED_TIME].contains(&field.tag));
    if times { Shape::RevocationList } else { Shape::Certificate }
}

/// What `der` holds; `shape` is its own, or what it is said to be. The error says why it cannot be read.
pub(super) fn read(der: &[u8], shape: Shape, unlocker: &mut Unlocker<'_>) -> Result<Vec<Held>, String> {
    let held = match shape {
        Shape::Certificate => Held::Certificate(Box::new(Certificate::from_der(der.to_vec()).map_err(|error| error.to_string())?)),
        Shape::RevocationList => Held::RevocationList(Box::new(RevocationList::from_der(der.to_vec()).map_err(|error| error.to_string())?)),
        Shape::Request => Held::Request(Box::new(Request::from_der(der.to_vec()).map_err(|error| error.to_string())?)),
        Shape::PublicKey => {
            let key = PublicKey::from_der(der).or_else(|| PublicKey::from_pkcs1(der));
            Held::PublicKey(key.ok_or("it is no SubjectPublicKeyInfo, and no RSA public key")?)
        }
        Shape::PrivateKey => Held::Key { key: opener::key(der, None, unlocker).map_err(|error| error.to_string())?, chain: Vec::new() },
        Shape::Pkcs7 => return pkcs7::read(der),
        Shape::Pkcs12 => return Err("a PKCS#12 store cannot be part of something else".to_owned()),
    };
    Ok(vec![held])
}

/// Reads what follows one another in a file: some programs write chains so. What is no more ASN.1 is listed as such, apart from
/// white space and zeros.
pub(super) fn open(bytes: &[u8], shape: Shape, passwords: &Passwords) -> Result<Contents, KeystoreError> {
    let mut unlocker = Unlocker::new(passwords);
    let mut held = Vec::new();
    let mut rest = Some((0, shape));
    while let Some((at, shape)) = rest {
        let der = first(&bytes[at..]);
        let unreadable = |problem| vec![Held::Unreadable { what: shape.name(), problem, at: Some(at) }];
        held.extend(read(der, shape, &mut unlocker).unwrap_or_else(unreadable));
        let end = at + der.len();
        rest = Shape::of(&bytes[end..]).map(|shape| (end, shape));
        if rest.is_none() && bytes[end..].iter().any(|byte| !byte.is_ascii_whitespace() && *byte != 0) {
            held.push(Held::Unreadable { what: "rest", problem: "what follows is no ASN.1 of a known kind".to_owned(), at: Some(end) });
        }
    }
    let format = if shape == Shape::Pkcs7 { Format::Pkcs7 } else { Format::Der };
    let items = held.into_iter().map(|held| Item { alias: None, created: None, held }).collect();
    let schemes = unlocker.into_schemes();
    Ok(Contents { format, items: with_chains(items), seal: Seal::Absent, schemes })
}

/// One element; all there is, where its length is not definite.
fn first(bytes: &[u8]) -> &[u8] {
    Elements::new(bytes).next().map_or(bytes, |element| element.whole)
}
