//! Whoever signs: a certificate, its key, and the way up to the root.

use time::OffsetDateTime;

use super::IssueError;
use crate::inventory::AuthorityCertificates;
use crate::path;
use crate::pki::{Certificate, PrivateKey, San, Subject};

/// An authority that can sign now. Its key fits its certificate.
#[derive(Debug)]
pub struct Signer {
    certificates: AuthorityCertificates,
    key: PrivateKey,
}

impl Signer {
    pub fn new(certificates: AuthorityCertificates, key: PrivateKey, now: OffsetDateTime) -> Result<Self, IssueError> {
        let signing = certificates.signing();
        let subject = signing.subject.clone();
        if key.public_key() != signing.public_key {
            return Err(IssueError::KeyMismatch { subject });
        }
        if !signing.validity.contains(now) {
            let (from, to) = (signing.validity.not_before.date(), signing.validity.not_after.date());
            return Err(IssueError::NotValidNow { subject, from, to });
        }
        Ok(Self { certificates, key })
    }

    pub fn certificate(&self) -> &Certificate {
        self.certificates.signing()
    }

    /// Fails where a name constraint of this authority, or of one above it, forbids a name.
    pub(super) fn may_issue(&self, subject: &Subject, names: &[San]) -> Result<(), IssueError> {
        match path::forbidden(self.certificates.upwards(), subject, names).into_iter().next() {
            Some(fault) => Err(IssueError::Forbidden { subject: subject.to_string(), fault }),
            None => Ok(()),
        }
    }

    pub(super) fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// What follows a leaf in its chain: every authority below the root.
    pub(super) fn above_leaf(&self) -> &[Certificate] {
        &self.certificates.issuing
    }
}
