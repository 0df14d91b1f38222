//! What is wrong and no run of `apply` can mend.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

use crate::cluster::{AuthorityName, ClusterSpec};
use crate::inventory::Inventory;
use crate::pki::Certificate;

/// A state that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Trouble {
    /// An authority signs nothing any more, and nobody takes what it signed.
    AuthorityEnded {
        authority: &'static str,
        subject: String,
        #[serde(with = "time::serde::rfc3339")]
        not_after: OffsetDateTime,
    },
    /// Made while a clock ran ahead, or seen by one that runs behind.
    AuthorityNotYetValid {
        authority: &'static str,
        subject: String,
        #[serde(with = "time::serde::rfc3339")]
        not_before: OffsetDateTime,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AuthorityEnded { authority, subject, not_after } => write!(
                f,
                "expired: {subject} ({authority}) ended {}; it can sign nothing, and nobody takes what it signed. Put a new authority in its place",
                not_after.date()
            ),
            Self::AuthorityNotYetValid { authority, subject, not_before } => write!(
                f,
                "not yet valid: {subject} ({authority}) begins {}; set this machine's clock right, or put a new authority in its place",
                not_before.date()
            ),
        }
    }
}

/// What is wrong with the certificates of `name` that everyone below it depends on, the one that signs first.
pub fn of_authority(name: AuthorityName, inventory: &Inventory, now: OffsetDateTime) -> Option<Trouble> {
    let certificates = inventory.signing_generation(name)?.state.as_ref().ok()?;
    [certificates.signing(), &certificates.root].into_iter().find_map(|certificate| of_certificate(name, certificate, now))
}

/// Of every authority of the cluster file.
pub fn of_authorities(spec: &ClusterSpec, inventory: &Inventory, now: OffsetDateTime) -> Vec<Trouble> {
    spec.authorities().filter_map(|authority| of_authority(authority.name, inventory, now)).collect()
}

fn of_certificate(authority: AuthorityName, certificate: &Certificate, now: OffsetDateTime) -> Option<Trouble> {
    let (authority, subject, validity) = (authority.path(), certificate.subject.clone(), certificate.validity);
    if now > validity.not_after {
        Some(Trouble::AuthorityEnded { authority, subject, not_after: validity.not_after })
    } else if now < validity.not_before {
        Some(Trouble::AuthorityNotYetValid { authority, subject, not_before: validity.not_before })
    } else {
        None
    }
}
