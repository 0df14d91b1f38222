//! Walking through DER where the parser has no name for what stands there.

use x509_parser::asn1_rs::{Any, FromDer};

/// The elements that stand one after another; `None` where one cannot be read.
pub(super) fn elements(mut der: &[u8]) -> Option<Vec<Any<'_>>> {
    let mut elements = Vec::new();
    while !der.is_empty() {
        let (rest, element) = Any::from_der(der).ok()?;
        elements.push(element);
        der = rest;
    }
    Some(elements)
}
