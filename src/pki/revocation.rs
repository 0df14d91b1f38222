//! Certificate revocation lists (RFC 5280, section 5).

use std::fmt;

use time::OffsetDateTime;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use super::certificate::reason;
use super::{CertificateError, rfc2253};

/// A revocation list. Holds the DER; who judges by it parses it again.
#[derive(Clone, PartialEq, Eq)]
pub struct RevocationList {
    der: Vec<u8>,
    /// RFC 2253.
    pub issuer: String,
    pub this_update: OffsetDateTime,
    pub next_update: Option<OffsetDateTime>,
    /// How many certificates it lists.
    pub revoked: usize,
}

impl RevocationList {
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateError> {
        let (rest, parsed) = CertificateRevocationList::from_der(&der).map_err(|error| CertificateError::RevocationList(reason(error)))?;
        if !rest.is_empty() {
            return Err(CertificateError::Trailing(rest.len()));
        }
        let instant =
            |time: x509_parser::time::ASN1Time| OffsetDateTime::from_unix_timestamp(time.timestamp()).map_err(|_| CertificateError::Dates);
        let (issuer, this_update) = (rfc2253(parsed.issuer()), instant(parsed.last_update())?);
        let (next_update, revoked) = (parsed.next_update().map(instant).transpose()?, parsed.iter_revoked_certificates().count());
        Ok(Self { issuer, this_update, next_update, revoked, der })
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RevocationList({}, {} revoked)", self.issuer, self.revoked)
    }
}
