//! What time has made of what is sent.

use std::fmt;

use time::OffsetDateTime;

use super::{Owner, ParcelError, current};
use crate::cluster::{AuthorityName, ClusterSpec};
use crate::inventory::Inventory;
use crate::pki::Certificate;

/// What whoever pushes should know of a certificate that is sent all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    NotYetValid {
        begins: OffsetDateTime,
    },
    /// Its renewal.
    Due {
        ends: OffsetDateTime,
    },
    /// Its renewal is due, and would gain nothing: its issuer ends with it.
    EndsWithIssuer {
        ends: OffsetDateTime,
    },
    AnchorEnded {
        subject: String,
        ended: OffsetDateTime,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYetValid { begins } => {
                write!(
                    f,
                    "its certificate is not valid before {}; see that the clocks of those who made it and use it are right",
                    begins.date()
                )
            }
            Self::Due { ends } => {
                write!(f, "its certificate ends {} and is due for renewal; run `countersign apply`, then push again", ends.date())
            }
            Self::EndsWithIssuer { ends } => {
                write!(f, "its certificate ends with its issuer, {}; put a new authority in its place before that", ends.date())
            }
            Self::AnchorEnded { subject, ended } => {
                write!(f, "{subject}, which is to be trusted, has ended on {}; what it signed is refused", ended.date())
            }
        }
    }
}

/// Of a parcel, or a manifest, for `owner`.
pub fn warning(spec: &ClusterSpec, owner: &Owner, inventory: &Inventory, now: OffsetDateTime) -> Option<Warning> {
    let id = match owner {
        Owner::Holder(id) | Owner::User(id) => id,
        Owner::Trust => return trust_warning(spec, inventory, now),
    };
    let (_, leaf) = current(owner, id, inventory).ok()?;
    let (begins, ends) = (leaf.validity.not_before, leaf.validity.not_after);
    if now < begins {
        Some(Warning::NotYetValid { begins })
    } else if now >= spec.leaf.renewal(id, ends) {
        let signing = spec.holder(id).and_then(|holder| inventory.signing_generation(spec.issuer_of(holder), &spec.leaf, now));
        let issuer_ends = signing.and_then(|signing| Some(signing.state.as_ref().ok()?.signing().validity.not_after));
        Some(if issuer_ends == Some(ends) { Warning::EndsWithIssuer { ends } } else { Warning::Due { ends } })
    } else {
        None
    }
}

fn trust_warning(spec: &ClusterSpec, inventory: &Inventory, now: OffsetDateTime) -> Option<Warning> {
    let names: Vec<AuthorityName> = spec.authorities().map(|authority| authority.name).collect();
    let trust = inventory.anchors(&names)?;
    let ended = trust.anchors().iter().find(|anchor| anchor.validity.not_after < now)?;
    Some(Warning::AnchorEnded { subject: ended.subject.clone(), ended: ended.validity.not_after })
}

/// A certificate that has ended lets nobody in: whoever has an older one of the holder's loses nothing by keeping it, and whoever pushes
/// learns that `apply` no longer runs.
pub(super) fn not_ended(owner: &Owner, leaf: &Certificate, now: OffsetDateTime) -> Result<(), ParcelError> {
    let ended = leaf.validity.not_after;
    if ended < now { Err(ParcelError::Ended { owner: owner.clone(), ended }) } else { Ok(()) }
}
