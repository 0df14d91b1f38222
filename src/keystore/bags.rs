//! The bags of PKCS#12 (RFC 7292, 4.2), each with its attributes, still locked.

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged};

use super::ber::{BerError, to_der};

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

pub(super) const KEY: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.1");
pub(super) const SHROUDED_KEY: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.2");
pub(super) const CERTIFICATE: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.3");
pub(super) const REVOCATION_LIST: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.4");
pub(super) const SECRET: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.5");
const SAFE_CONTENTS: ObjectIdentifier = oid("1.2.840.113549.1.12.10.1.6");
pub(super) const X509_CERTIFICATE: ObjectIdentifier = oid("1.2.840.113549.1.9.22.1");
const X509_REVOCATION_LIST: ObjectIdentifier = oid("1.2.840.113549.1.9.23.1");
pub(super) const FRIENDLY_NAME: ObjectIdentifier = oid("1.2.840.113549.1.9.20");
pub(super) const LOCAL_KEY_ID: ObjectIdentifier = oid("1.2.840.113549.1.9.21");
/// Java's ORACLE_TrustedKeyUsage.
pub(super) const TRUSTED_KEY_USAGE: ObjectIdentifier = oid("2.16.840.1.113894.746875.1.1");

/// SafeContents within SafeContents. Hardly anybody nests at all.
const DEPTH: usize = 8;

#[derive(Debug)]
pub(super) struct Bag {
    pub content: Content,
    pub attributes: Attributes,
}

#[derive(Debug)]
pub(super) enum Content {
    /// PKCS#8.
    Key(Vec<u8>),
    /// An EncryptedPrivateKeyInfo.
    ShroudedKey(Vec<u8>),
    Certificate(Vec<u8>),
    RevocationList(Vec<u8>),
    /// An EncryptedPrivateKeyInfo, whose algorithm is the secret key's: keytool's way.
    ShroudedSecret(Vec<u8>),
    /// Of another type, by its object identifier.
    Secret {
        kind: ObjectIdentifier,
        value: Vec<u8>,
    },
    Unreadable {
        what: &'static str,
        problem: String,
    },
}

/// The PKCS#9 attributes of a bag that mean something.
#[derive(Debug, Default, Clone)]
pub(super) struct Attributes {
    pub friendly_name: Option<String>,
    pub local_key_id: Option<Vec<u8>>,
    /// Java's mark of a certificate that it trusts.
    pub trusted: bool,
}

/// Why SafeContents hold no bags.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BagsError {
    #[error("{0}")]
    Asn1(#[from] der::Error),
    #[error(transparent)]
    Ber(BerError),
    #[error("its SafeContents nest deeper than {DEPTH} levels")]
    TooDeep,
}

impl From<BerError> for BagsError {
    fn from(error: BerError) -> Self {
        match error {
            BerError::TooDeep { .. } => Self::TooDeep,
            BerError::Malformed { .. } => Self::Ber(error),
        }
    }
}

/// Every bag of `safe_contents`, DER or BER, those of nested SafeContents in their place.
pub(super) fn bags(safe_contents: &[u8]) -> Result<Vec<Bag>, BagsError> {
    let mut bags = Vec::new();
    collect(&to_der(safe_contents)?, DEPTH, &mut bags)?;
    Ok(bags)
}

fn collect(safe_contents: &[u8], depth: usize, bags: &mut Vec<Bag>) -> Result<(), BagsError> {
    let depth = depth.checked_sub(1).ok_or(BagsError::TooDeep)?;
    let mut sequence = sequence(AnyRef::from_der(safe_contents)?)?;
    while !sequence.is_finished() {
        let mut bag = self::sequence(sequence.decode()?)?;
        let (kind, value) = (bag.decode()?, explicit(bag.decode()?)?);
        if kind == SAFE_CONTENTS {
            collect(&value.to_der()?, depth, bags)?;
            continue;
        }
        let attributes = if bag.is_finished() { Attributes::default() } else { attributes(bag.decode()?)? };
        let content = content(kind, value).unwrap_or_else(|error| unreadable(what(kind), error.to_string()));
        bags.push(Bag { content, attributes });
    }
    Ok(())
}

fn what(kind: ObjectIdentifier) -> &'static str {
    match kind {
        KEY | SHROUDED_KEY => "private key",
        CERTIFICATE => "certificate",
        REVOCATION_LIST => "revocation list",
        SECRET => "secret key",
        _ => "bag",
    }
}

fn unreadable(what: &'static str, problem: String) -> Content {
    Content::Unreadable { what, problem }
}

fn content(kind: ObjectIdentifier, value: AnyRef<'_>) -> der::Result<Content> {
    let octets = |value: AnyRef<'_>| Ok::<_, der::Error>(<&OctetStringRef>::try_from(value)?.as_bytes().to_vec());
    match kind {
        KEY => return Ok(Content::Key(value.to_der()?)),
        SHROUDED_KEY => return Ok(Content::ShroudedKey(value.to_der()?)),
        CERTIFICATE | REVOCATION_LIST | SECRET => {}
        other => return Ok(unreadable("bag", format!("it is of type {other}, which RFC 7292 does not know"))),
    }
    let mut typed = sequence(value)?;
    let (subtype, value): (ObjectIdentifier, _) = (typed.decode()?, explicit(typed.decode()?)?);
    Ok(match (kind, subtype) {
        (CERTIFICATE, X509_CERTIFICATE) => Content::Certificate(octets(value)?),
        (REVOCATION_LIST, X509_REVOCATION_LIST) => Content::RevocationList(octets(value)?),
        // keytool puts the EncryptedPrivateKeyInfo in an OCTET STRING.
        (SECRET, SHROUDED_KEY) if value.tag() == Tag::OctetString => Content::ShroudedSecret(octets(value)?),
        (SECRET, SHROUDED_KEY) => Content::ShroudedSecret(value.to_der()?),
        (SECRET, kind) => Content::Secret { kind, value: value.value().to_vec() },
        (CERTIFICATE | REVOCATION_LIST, other) => unreadable(what(kind), format!("it is of type {other}, not X.509")),
        (_, other) => unreadable("bag", format!("it is of type {other}")),
    })
}

/// Later values of an attribute do not replace the first; what is malformed is passed over.
fn attributes(set: AnyRef<'_>) -> der::Result<Attributes> {
    let mut found = Attributes::default();
    let mut attributes = SliceReader::new(set.value())?;
    while !attributes.is_finished() {
        let mut attribute = sequence(attributes.decode()?)?;
        let (kind, values): (ObjectIdentifier, AnyRef<'_>) = (attribute.decode()?, attribute.decode()?);
        let first = AnyRef::from_der_partial(values.value()).map(|(value, _)| value).ok();
        match kind {
            FRIENDLY_NAME => found.friendly_name = found.friendly_name.or_else(|| first.map(text)),
            LOCAL_KEY_ID => found.local_key_id = found.local_key_id.or_else(|| first.map(|id| id.value().to_vec())),
            TRUSTED_KEY_USAGE => found.trusted = true,
            _ => {}
        }
    }
    Ok(found)
}

/// A BMPString, as it must be; or UTF-8, as some write it.
fn text(value: AnyRef<'_>) -> String {
    if value.tag() != Tag::BmpString {
        return String::from_utf8_lossy(value.value()).into_owned();
    }
    let units = value.value().chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
    // A null at the end is none of the name.
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>().trim_end_matches('\0').to_owned()
}

/// Into a SEQUENCE.
pub(super) fn sequence(element: AnyRef<'_>) -> der::Result<SliceReader<'_>> {
    element.tag().assert_eq(Tag::Sequence)?;
    SliceReader::new(element.value())
}

/// What `[0] EXPLICIT` wraps.
pub(super) fn explicit(element: AnyRef<'_>) -> der::Result<AnyRef<'_>> {
    element.tag().assert_eq(Tag::ContextSpecific { constructed: true, number: TagNumber(0) })?;
    AnyRef::from_der(element.value())
}
