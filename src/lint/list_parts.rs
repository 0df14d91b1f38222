//! What rules ask of a revocation list, each part as it stands in the file.

use super::der::{Element, GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME};
use super::facts::Extensions;

/// A revocation list (RFC 5280, 5.1).
#[derive(Debug)]
pub struct Parts<'a> {
    pub whole: Element<'a>,
    pub version: Option<i64>,
    pub inner_algorithm: Element<'a>,
    pub outer_algorithm: Element<'a>,
    pub issuer: Element<'a>,
    pub this_update: Element<'a>,
    pub next_update: Option<Element<'a>>,
    pub revoked: Option<Element<'a>>,
    pub extensions: Extensions<'a>,
}

impl<'a> Parts<'a> {
    pub fn of(der: &'a [u8]) -> Option<Self> {
        let whole = Element::only(der, 0)?;
        let mut fields = whole.child(0)?.children().peekable();
        let version = fields.next_if(|field| field.tag == INTEGER).map(|version| version.number().unwrap_or(-1));
        let [inner_algorithm, issuer, this_update] = [fields.next()?, fields.next()?, fields.next()?];
        Some(Self {
            whole,
            version,
            inner_algorithm,
            outer_algorithm: whole.child(1)?,
            issuer,
            this_update,
            next_update: fields.next_if(|field| matches!(field.tag, UTC_TIME | GENERALIZED_TIME)),
            revoked: fields.next_if(|field| field.tag == SEQUENCE),
            extensions: fields.next().and_then(|field| field.child(0)).map(Extensions::of).unwrap_or_default(),
        })
    }

    /// Serial number, date and extensions of each revoked certificate.
    pub fn entries(&self) -> impl Iterator<Item = (Element<'a>, Element<'a>, Extensions<'a>)> {
        let entries = self.revoked.into_iter().flat_map(|revoked| revoked.children());
        entries.filter_map(|entry| Some((entry.child(0)?, entry.child(1)?, entry.child(2).map(Extensions::of).unwrap_or_default())))
    }
}
