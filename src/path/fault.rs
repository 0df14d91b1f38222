//! What can be wrong with a certification path.

/// One thing that is wrong, and with which certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Index in the verdict's path: 0 is the leaf.
    pub at: usize,
    /// RFC 2253, of that certificate.
    pub subject: String,
    pub kind: FaultKind,
}

/// The rule that is broken, with the values that break it. `Display` is a sentence without its subject: "has expired on 2024-…".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    #[error("has expired on {0}")]
    Expired(time::OffsetDateTime),
    // helper path: one variant for each rule
}
