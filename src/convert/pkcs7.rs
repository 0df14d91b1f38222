//! Certificates and revocation lists in a SignedData that signs nothing (RFC 5652, 5.2), as a PEM block `PKCS7`.

use pkcs8::ObjectIdentifier;

use super::piece::{Piece, Substance};
use crate::pki::asn1::{SEQUENCE, SET, context, encode, encode_integer, encode_oid};
use crate::pki::{Secret, pem_block};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");

/// In their order, though a SET promises none.
pub fn write(pieces: &[Piece]) -> Secret {
    let (mut certificates, mut lists) = (Vec::new(), Vec::new());
    for piece in pieces {
        match &piece.holds {
            Substance::Certificate(certificate) => certificates.push(certificate.der()),
            Substance::RevocationList(list) => lists.push(list.der()),
            Substance::Key { .. } | Substance::SecretKey { .. } | Substance::PublicKey(_) | Substance::Request(_) => {}
        }
    }
    let lists = if lists.is_empty() { Vec::new() } else { encode(context(1), &lists) };
    let (none, content, certificates) = (encode(SET, &[]), encode(SEQUENCE, &[&encode_oid(DATA)]), encode(context(0), &certificates));
    let signed = encode(SEQUENCE, &[&encode_integer(&[1]), &none, &content, &certificates, &lists, &none]);
    let message = encode(SEQUENCE, &[&encode_oid(SIGNED_DATA), &encode(context(0), &[&signed])]);
    pem_block("PKCS7", &message)
}
