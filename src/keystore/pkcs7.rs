//! PKCS#7 and CMS SignedData (RFC 2315, RFC 5652), for the certificates and revocation lists in it. No signature is looked at.

use pkcs8::ObjectIdentifier;

use super::{Held, ber};
use crate::pki::asn1::{Element, Elements, INTEGER, SEQUENCE, SET, context};
use crate::pki::{Certificate, RevocationList};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// In the order of the message, certificates first.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Held>, String> {
    if let Some(read) = signed_data(bytes) {
        return read;
    }
    // Lengths that are not definite, or strings in pieces.
    let der = ber::to_der(bytes).map_err(|error| format!("{error} at byte {}", error.at()))?;
    signed_data(&der).unwrap_or_else(|| Err("it is no SignedData".to_owned()))
}

/// `None` when it is not laid out as it must be.
fn signed_data(bytes: &[u8]) -> Option<Result<Vec<Held>, String>> {
    let mut message = Elements::within(bytes, SEQUENCE)?;
    let kind = message.next()?.oid()?;
    if kind != SIGNED_DATA {
        return Some(Err(format!("its content is not SignedData but {kind}: there are no certificates in it")));
    }
    let mut fields = message.tagged(context(0))?.inside().tagged(SEQUENCE)?.inside();
    fields.tagged(INTEGER)?;
    fields.tagged(SET)?;
    fields.tagged(SEQUENCE)?;
    let certificates = fields.tagged(context(0)).map(Element::inside).into_iter().flatten().map(certificate);
    let lists = fields.tagged(context(1)).map(Element::inside).into_iter().flatten().map(revocation_list);
    Some(Ok(certificates.chain(lists).collect()))
}

fn certificate(element: Element<'_>) -> Held {
    let read = if element.tag == SEQUENCE {
        Certificate::from_der(element.whole.to_vec()).map_err(|error| error.to_string())
    } else {
        Err("it is an attribute certificate, or of another kind that is not supported".to_owned())
    };
    match read {
        Ok(certificate) => Held::Certificate(Box::new(certificate)),
        Err(problem) => Held::Unreadable { what: "certificate", problem, at: None },
    }
}

fn revocation_list(element: Element<'_>) -> Held {
    match RevocationList::from_der(element.whole.to_vec()) {
        Ok(list) => Held::RevocationList(Box::new(list)),
        Err(error) => Held::Unreadable { what: "revocation list", problem: error.to_string(), at: None },
    }
}
