//! Floor 1: certification paths (RFC 5280, section 6). Finds a path from a certificate to an anchor, judges it by every rule,
//! and says what Java, Erlang, OpenSSL and rustls would each say.
//!
//! It judges for a report. In a handshake rustls decides, always.

mod fault;
mod opinion;

use time::OffsetDateTime;

pub use fault::{Fault, FaultKind};
pub use opinion::{Opinion, Validator};

use crate::pki::{Certificate, Host, RevocationList, Usage};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub leaf: &'a Certificate,
    /// In any order; those that do not help are passed over.
    pub intermediates: &'a [Certificate],
    pub anchors: &'a [Certificate],
    /// None given: revocation is not asked about. Any given: every certificate of the path below its anchor needs one that covers it.
    pub revocation_lists: &'a [RevocationList],
    pub at: OffsetDateTime,
    /// `None` asks for no purpose.
    pub purpose: Option<Usage>,
    /// The name by which the leaf's holder is reached.
    pub name: Option<&'a Host>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Leaf first, anchor last; the best that was tried where none holds, and that may end before an anchor.
    pub path: Vec<Certificate>,
    /// Everything that is wrong with `path`, from the leaf up. None: it holds.
    pub faults: Vec<Fault>,
    /// What each implementation would say, by the rules that are known of it.
    pub opinions: Vec<Opinion>,
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Judges the best path there is.
pub fn judge(question: &Question<'_>) -> Verdict {
    let _ = question;
    todo!("helper path")
}
