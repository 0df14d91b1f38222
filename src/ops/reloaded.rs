//! What became of a reload, program by program and listener by listener.

use std::net::IpAddr;

use serde::Serialize;
use time::OffsetDateTime;

/// What became of it.
#[derive(Debug, Serialize)]
pub struct Reloaded {
    pub holders: Vec<HolderReload>,
    /// Programs that go on with what they started with.
    pub restarts: Vec<Restart>,
    /// Whose earlier generation is in use again, and which.
    pub put_back: Vec<PutBack>,
}

/// A holder that would have been left with files that its running broker refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PutBack {
    pub holder: String,
    pub generation: u32,
}

impl Reloaded {
    /// Whether everyone who was asked to has done it, as far as that can be seen.
    pub fn passed(&self) -> bool {
        self.holders.iter().all(HolderReload::passed)
    }
}

/// One program.
#[derive(Debug, Serialize)]
pub struct HolderReload {
    pub holder: String,
    pub generation: u32,
    /// Nothing is seen of a client.
    pub places: Vec<Seen>,
    /// Why it did not take them, in its own words: it goes on with what it had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Why it could not be asked to, or what the command said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl HolderReload {
    pub fn passed(&self) -> bool {
        self.refused.is_none()
            && self.failed.is_none()
            && self.places.iter().all(|seen| matches!(seen.state, State::Served | State::Reloaded))
    }
}

/// A listener at one address.
#[derive(Debug, Serialize)]
pub struct Seen {
    pub listener: String,
    pub endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    pub state: State,
    /// What it serves, or why none was seen.
    pub what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It served the leaf of the file before anything was done.
    Served,
    /// It serves it now.
    Reloaded,
    /// It serves another.
    NotYet,
    /// Nothing was seen there.
    Unseen,
}

/// A program that must be started anew before it uses the new files throughout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restart {
    pub holder: String,
    pub why: &'static str,
    /// When the leaf ends that it goes on with, where that was seen.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub by: Option<OffsetDateTime>,
}
