//! What a chain is held against: anchors, intermediates, revocation lists, a name, a purpose and a moment.

use time::{Duration, OffsetDateTime};

use crate::check;
use crate::pki::{Certificate, Host, RevocationList, Usage};

/// The question with its files read.
#[derive(Debug)]
pub struct Question {
    pub at: OffsetDateTime,
    pub expires_within: Duration,
    pub purpose: Option<Usage>,
    pub name: Option<Host>,
    /// None: no chain is judged.
    pub anchors: Vec<Certificate>,
    pub intermediates: Vec<Certificate>,
    pub revocation_lists: Vec<RevocationList>,
}

impl Question {
    pub fn has_anchors(&self) -> bool {
        !self.anchors.is_empty()
    }

    pub fn options(&self) -> check::Options<'_> {
        check::Options {
            at: self.at,
            expires_within: self.expires_within,
            anchors: &self.anchors,
            intermediates: &self.intermediates,
            revocation_lists: &self.revocation_lists,
            purpose: self.purpose,
            name: self.name.as_ref(),
        }
    }
}
