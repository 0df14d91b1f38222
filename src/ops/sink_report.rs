//! What became of a push, sink by sink.

use serde::Serialize;

use crate::cluster::{ClusterSpec, SinkSpec};
use crate::directory::DirectoryError;
use crate::parcel::{Owner, ParcelError};
use crate::sinks::SinkError;

/// What became of one sink's parcels; in a dry run, what would.
#[derive(Debug, Serialize)]
pub struct SinkReport {
    pub sink: String,
    pub kind: &'static str,
    /// Where it is; empty when that was never learnt.
    pub place: String,
    #[serde(rename = "parcels")]
    pub rows: Vec<Row>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pruned: Vec<PrunedRow>,
    /// Why nothing could be done with the whole sink.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
}

#[derive(Debug, Serialize)]
pub struct Row {
    #[serde(skip)]
    pub owner: Owner,
    pub holder: String,
    pub address: String,
    pub action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Which fields, never what they hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// What should be known of what was sent all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Created,
    Updated,
    Unchanged,
    Failed,
}

#[derive(Debug, Serialize)]
pub struct PrunedRow {
    pub holder: String,
    pub address: String,
    pub action: Pruned,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pruned {
    Listed,
    Removed,
    Failed,
}

#[derive(Debug, Serialize)]
pub struct Problem {
    pub kind: &'static str,
    pub message: String,
}

impl Problem {
    pub fn of(error: &SinkError) -> Self {
        Self { kind: error.kind(), message: error.to_string() }
    }

    pub fn new(kind: &'static str, message: String) -> Self {
        Self { kind, message }
    }
}

impl SinkReport {
    pub fn new(spec: &SinkSpec) -> Self {
        let place = String::new();
        Self { sink: spec.name.clone(), kind: spec.kind.word(), place, rows: Vec::new(), pruned: Vec::new(), error: None }
    }

    /// The order of the cluster file, whatever was done first.
    pub fn in_order(&mut self, spec: &ClusterSpec) {
        let place = |owner: &Owner| match owner {
            Owner::Holder(id) => (0, spec.holders.iter().position(|holder| holder.id == *id)),
            Owner::User(id) => (1, spec.holders.iter().position(|holder| holder.id == *id)),
            Owner::Trust => (2, None),
        };
        self.rows.sort_by_key(|row| place(&row.owner));
    }

    /// Asks `of` about whatever was not refused.
    pub fn warn(&mut self, of: impl Fn(&Owner) -> Option<String>) {
        for row in self.rows.iter_mut().filter(|row| row.error.is_none()) {
            row.warning = of(&row.owner);
        }
    }

    pub fn has_warnings(&self) -> bool {
        self.rows.iter().any(|row| row.warning.is_some())
    }

    pub fn has_failed(&self) -> bool {
        self.error.is_some()
            || self.rows.iter().any(|row| row.action == Action::Failed)
            || self.pruned.iter().any(|row| row.action == Pruned::Failed)
    }

    pub fn has_listed(&self) -> bool {
        self.pruned.iter().any(|row| row.action == Pruned::Listed)
    }

    pub fn has_changes(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.action, Action::Created | Action::Updated))
    }
}

impl Row {
    pub fn manifest(owner: Owner, file: String, action: Action, error: Option<DirectoryError>) -> Self {
        let action = if error.is_some() { Action::Failed } else { action };
        Self {
            holder: owner.to_string(),
            owner,
            address: file,
            action,
            version: None,
            changed: Vec::new(),
            error: error.map(Problem::from),
            warning: None,
        }
    }

    /// What could not be sent, for a reason that lies in the directory.
    pub fn unsent(error: &ParcelError) -> Self {
        Self {
            owner: error.owner().clone(),
            holder: error.owner().to_string(),
            address: String::new(),
            action: Action::Failed,
            version: None,
            changed: Vec::new(),
            error: Some(Problem::new("directory", error.to_string())),
            warning: None,
        }
    }
}

impl PrunedRow {
    /// `removed` is `None` when it was only listed.
    pub fn new<E: Into<Problem>>(holder: &str, address: String, removed: Option<Result<(), E>>) -> Self {
        let (action, error) = match removed {
            None => (Pruned::Listed, None),
            Some(Ok(())) => (Pruned::Removed, None),
            Some(Err(error)) => (Pruned::Failed, Some(error.into())),
        };
        Self { holder: holder.to_owned(), address, action, error }
    }
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        Self::new("file", error.to_string())
    }
}

impl From<SinkError> for Problem {
    fn from(error: SinkError) -> Self {
        Self::of(&error)
    }
}
