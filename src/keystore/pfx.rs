//! The outer layers of PKCS#12 (RFC 7292, 4): the PFX with its MAC, and the AuthenticatedSafe with its parts.

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged};
use pkcs8::spki::AlgorithmIdentifierRef;

use super::bags::{BagsError, explicit, sequence};
use super::ber::to_der;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

pub(super) const DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.2");
const ENVELOPED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.3");
pub(super) const ENCRYPTED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.6");
pub(super) const VERSION: u8 = 3;

/// Why bytes are no PFX.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PfxError {
    #[error(transparent)]
    Encoding(BagsError),
    #[error("its version is not {VERSION}")]
    Version,
    #[error("it is sealed by a signature, not by a password")]
    Signed,
    #[error("a part of it is encrypted for the holder of a key, not by a password")]
    Enveloped,
    #[error("it holds content of type {0}")]
    OtherContent(ObjectIdentifier),
    #[error("it has no content")]
    Empty,
}

impl<E: Into<BagsError>> From<E> for PfxError {
    fn from(error: E) -> Self {
        Self::Encoding(error.into())
    }
}

#[derive(Debug)]
pub(super) struct Pfx {
    /// What the MAC is over: the AuthenticatedSafe, as it was written.
    pub content: Vec<u8>,
    pub mac: Option<MacData>,
}

/// RFC 7292, 4. Owned: it comes out of BER.
#[derive(Debug)]
pub(super) struct MacData {
    /// An AlgorithmIdentifier: of a digest, or PBMAC1 (RFC 9579).
    pub algorithm: Vec<u8>,
    pub digest: Vec<u8>,
    pub salt: Vec<u8>,
    pub rounds: u64,
}

/// One ContentInfo of the AuthenticatedSafe.
#[derive(Debug)]
pub(super) enum Part {
    /// SafeContents, DER or BER.
    Plain(Vec<u8>),
    /// `algorithm` is an AlgorithmIdentifier.
    Encrypted { algorithm: Vec<u8>, data: Vec<u8> },
}

impl Pfx {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, PfxError> {
        let der = to_der(bytes)?;
        let mut pfx = sequence(AnyRef::from_der(&der)?)?;
        let version: AnyRef<'_> = pfx.decode()?;
        if (version.tag(), version.value()) != (Tag::Integer, &[VERSION]) {
            return Err(PfxError::Version);
        }
        let (kind, content) = content_info(pfx.decode()?)?;
        let content = match kind {
            DATA => octets(content.ok_or(PfxError::Empty)?)?,
            SIGNED_DATA => return Err(PfxError::Signed),
            other => return Err(PfxError::OtherContent(other)),
        };
        let mac = if pfx.is_finished() { None } else { Some(mac_data(pfx.decode()?)?) };
        Ok(Self { content, mac })
    }

    pub(super) fn parts(&self) -> Result<Vec<Part>, PfxError> {
        let der = to_der(&self.content)?;
        let mut infos = sequence(AnyRef::from_der(&der)?)?;
        let mut parts = Vec::new();
        while !infos.is_finished() {
            let (kind, content) = content_info(infos.decode()?)?;
            let content = content.ok_or(PfxError::Empty)?;
            parts.push(match kind {
                DATA => Part::Plain(octets(content)?),
                ENCRYPTED_DATA => encrypted(content)?,
                ENVELOPED_DATA => return Err(PfxError::Enveloped),
                other => return Err(PfxError::OtherContent(other)),
            });
        }
        Ok(parts)
    }
}

/// RFC 2315, 7.
fn content_info(element: AnyRef<'_>) -> der::Result<(ObjectIdentifier, Option<AnyRef<'_>>)> {
    let mut fields = sequence(element)?;
    let kind = fields.decode()?;
    let content = if fields.is_finished() { None } else { Some(explicit(fields.decode()?)?) };
    Ok((kind, content))
}

/// RFC 2315, 13: a version, and the EncryptedContentInfo.
fn encrypted(element: AnyRef<'_>) -> Result<Part, PfxError> {
    let mut fields = sequence(element)?;
    let (_version, info): (AnyRef<'_>, AnyRef<'_>) = (fields.decode()?, fields.decode()?);
    let mut info = sequence(info)?;
    let _kind: ObjectIdentifier = info.decode()?;
    let algorithm: AnyRef<'_> = info.decode()?;
    let content: AnyRef<'_> = if info.is_finished() { return Err(PfxError::Empty) } else { info.decode()? };
    let number = TagNumber(0);
    let data = match content.tag() {
        Tag::ContextSpecific { constructed: false, number: found } if found == number => content.value().to_vec(),
        // [0] IMPLICIT hides that this is an OCTET STRING, which BER may cut in pieces.
        Tag::ContextSpecific { constructed: true, number: found } if found == number => {
            let mut pieces = SliceReader::new(content.value())?;
            let mut data = Vec::new();
            while !pieces.is_finished() {
                data.extend(octets(pieces.decode()?)?);
            }
            data
        }
        other => return Err(der::Error::from(other.unexpected_error(None)).into()),
    };
    Ok(Part::Encrypted { algorithm: algorithm.to_der()?, data })
}

fn mac_data(element: AnyRef<'_>) -> der::Result<MacData> {
    let mut fields = sequence(element)?;
    let mut digest_info = sequence(fields.decode()?)?;
    let algorithm: AnyRef<'_> = digest_info.decode()?;
    Ok(MacData {
        algorithm: algorithm.to_der()?,
        digest: octets(digest_info.decode()?)?,
        salt: octets(fields.decode()?)?,
        rounds: if fields.is_finished() { 1 } else { fields.decode()? },
    })
}

/// An AlgorithmIdentifier with parameters that may be missing.
pub(super) fn algorithm(der: &[u8]) -> der::Result<AlgorithmIdentifierRef<'_>> {
    AlgorithmIdentifierRef::from_der(der)
}

fn octets(element: AnyRef<'_>) -> der::Result<Vec<u8>> {
    Ok(<&OctetStringRef>::try_from(element)?.as_bytes().to_vec())
}
