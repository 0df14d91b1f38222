//! Why a sink did not take, or show, something.

use crate::directory::DirectoryError;

/// One sentence each: what, where, and what to do. Never holds a value or a token.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    #[error("{place} cannot be reached: {why}; see that it runs, and that its address is right")]
    Unreachable { place: String, why: String },
    #[error("the certificate of {place} is not accepted: {why}; {fix}")]
    Untrusted { place: String, why: String, fix: String },
    #[error("{place} did not answer within {seconds} s; what it took is told by the next run")]
    Slow { place: String, seconds: u64 },
    #[error("{place} is sealed; unseal it, then push again")]
    Sealed { place: String },
    #[error("{place} refused the login ({how}): {why}")]
    Login { place: String, how: String, why: String },
    #[error("{place} does not allow to {action} {address}; `countersign push --policy` prints what it must allow")]
    Forbidden { place: String, action: String, address: String },
    #[error("{place} has too many requests and went on saying so; push again later")]
    Throttled { place: String },
    #[error("{place} answered {status} to {action} {address}: {said}")]
    Refused { place: String, status: u16, action: String, address: String, said: String },
    #[error("someone else wrote {address} in the meantime; push again to see what is there now")]
    Conflict { address: String },
    #[error("{address} would have {bytes} bytes, and {place} takes {limit}; leave file formats out by `files`")]
    TooLarge { place: String, address: String, bytes: usize, limit: usize },
    #[error("{address} is deleted and will be gone on {until}; restore it (`aws secretsmanager restore-secret`), or wait until then")]
    PendingDeletion { address: String, until: String },
    #[error("{place} lists more than {most} secrets, or a page again that it listed before; see what it is that answers there")]
    Endless { place: String, most: usize },
    #[error("what {place} gives back for {address} is not what was sent; it does not count yet, and nothing else was changed")]
    NotAsSent { place: String, address: String },
    #[error("{address} holds a secret that {whose}; move it, choose another path, or take it over by --adopt")]
    NotOurs { address: String, whose: String },
    #[error("{what}; {fix}")]
    Setting { what: String, fix: String },
    #[error(transparent)]
    File(#[from] DirectoryError),
}

impl SinkError {
    /// The word for it in JSON.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Untrusted { .. } => "untrusted",
            Self::Slow { .. } => "slow",
            Self::Sealed { .. } => "sealed",
            Self::Login { .. } => "login",
            Self::Forbidden { .. } => "forbidden",
            Self::Throttled { .. } => "throttled",
            Self::Refused { .. } => "refused",
            Self::Conflict { .. } => "conflict",
            Self::TooLarge { .. } => "too-large",
            Self::PendingDeletion { .. } => "pending-deletion",
            Self::Endless { .. } => "endless",
            Self::NotAsSent { .. } => "not-as-sent",
            Self::NotOurs { .. } => "not-ours",
            Self::Setting { .. } => "setting",
            Self::File(_) => "file",
        }
    }
}
