//! Certificates and revocation lists in a SignedData that signs nothing (RFC 5652, 5.2), as a PEM block `PKCS7`.

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::AnyRef;
use pkcs8::der::{self, Encode, Tag, TagNumber};

use super::piece::{Piece, Substance};
use crate::pki::{Secret, pem_block};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const CERTIFICATES: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
const REVOCATION_LISTS: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(1) };
const EXPLICIT_CONTENT: Tag = CERTIFICATES;

/// The certificates of keys included; their order is kept, though a SET promises none.
pub fn write(pieces: &[Piece]) -> Result<Secret, der::Error> {
    let (mut certificates, mut lists) = (Vec::new(), Vec::new());
    for piece in pieces {
        match &piece.holds {
            Substance::Certificate(certificate) => certificates.extend_from_slice(certificate.der()),
            Substance::RevocationList(list) => lists.extend_from_slice(list.der()),
            Substance::Key { .. } | Substance::SecretKey { .. } | Substance::PublicKey(_) | Substance::Request(_) => {}
        }
    }
    let content = tlv(Tag::Sequence, &DATA.to_der()?)?;
    let mut signed = [tlv(Tag::Integer, &[1])?, tlv(Tag::Set, &[])?, content, tlv(CERTIFICATES, &certificates)?].concat();
    if !lists.is_empty() {
        signed.extend(tlv(REVOCATION_LISTS, &lists)?);
    }
    signed.extend(tlv(Tag::Set, &[])?);
    let signed = tlv(EXPLICIT_CONTENT, &tlv(Tag::Sequence, &signed)?)?;
    let message = tlv(Tag::Sequence, &[SIGNED_DATA.to_der()?, signed].concat())?;
    Ok(pem_block("PKCS7", &message))
}

fn tlv(tag: Tag, content: &[u8]) -> Result<Vec<u8>, der::Error> {
    AnyRef::new(tag, content)?.to_der()
}
