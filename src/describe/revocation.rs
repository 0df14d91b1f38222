//! A revocation list, in words and numbers.

use serde::Serialize;
use time::OffsetDateTime;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use super::extension::{Extension, Extensions};
use super::oid;
use crate::pki::RevocationList;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevocationListFacts {
    /// RFC 2253.
    pub issuer: String,
    #[serde(with = "time::serde::rfc3339")]
    pub this_update: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_update: Option<OffsetDateTime>,
    /// Whether the next one is due.
    pub stale: bool,
    /// How many certificates it lists.
    pub revoked: usize,
    /// Decimal (RFC 5280, 5.2.3).
    pub number: Option<String>,
    pub signature_algorithm: String,
    pub authority_key_id: Option<String>,
    pub extensions: Vec<Extension>,
    pub malformed: Vec<String>,
}

impl RevocationListFacts {
    pub fn new(list: &RevocationList, now: OffsetDateTime) -> Self {
        let parsed = CertificateRevocationList::from_der(list.der()).ok().map(|(_, parsed)| parsed);
        let said = parsed.as_ref().map(|parsed| Extensions::new(parsed.extensions())).unwrap_or_default();
        Self {
            issuer: list.issuer.clone(),
            this_update: list.this_update,
            next_update: list.next_update,
            stale: list.next_update.is_some_and(|next| next < now),
            revoked: list.revoked,
            number: parsed.as_ref().and_then(CertificateRevocationList::crl_number).map(ToString::to_string),
            signature_algorithm: parsed.as_ref().map(|parsed| oid::signature(&parsed.signature_algorithm)).unwrap_or_default(),
            authority_key_id: said.authority_key_id,
            extensions: said.extensions,
            malformed: said.malformed,
        }
    }
}
