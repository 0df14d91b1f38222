//! What `push` tells of itself: a table for people, JSON for programs, and the exit code.

use serde::Serialize;

use super::console::{Console, Format, Tone};
use super::failure::Exit;
use crate::cluster::{ClusterSpec, SinkSpec};
use crate::directory::{Directory, DirectoryError};
use crate::parcel::{Owner, ParcelError};
use crate::sinks::{Mode, SinkError};

#[derive(Serialize)]
struct Report<'a> {
    directory: String,
    dry_run: bool,
    sinks: &'a [SinkReport],
}

/// What became of one sink's parcels; in a dry run, what would.
#[derive(Debug, Serialize)]
pub struct SinkReport {
    sink: String,
    kind: &'static str,
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
    holder: String,
    address: String,
    action: Pruned,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Pruned {
    Listed,
    Removed,
    Failed,
}

#[derive(Debug, Serialize)]
pub struct Problem {
    kind: &'static str,
    message: String,
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

    fn has_failed(&self) -> bool {
        self.error.is_some()
            || self.rows.iter().any(|row| row.action == Action::Failed)
            || self.pruned.iter().any(|row| row.action == Pruned::Failed)
    }

    fn has_listed(&self) -> bool {
        self.pruned.iter().any(|row| row.action == Pruned::Listed)
    }

    fn has_changes(&self) -> bool {
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

pub fn exit(mode: Mode, sinks: &[SinkReport]) -> Exit {
    let has_work = sinks.iter().any(SinkReport::has_listed) || (mode == Mode::DryRun && sinks.iter().any(SinkReport::has_changes));
    if sinks.iter().any(SinkReport::has_failed) {
        Exit::Failed
    } else if has_work {
        Exit::WorkToDo
    } else {
        Exit::Done
    }
}

pub fn show(console: &Console, directory: &Directory, mode: Mode, sinks: &[SinkReport]) {
    if console.format == Format::Json {
        console.json(&Report { directory: directory.root().display().to_string(), dry_run: mode == Mode::DryRun, sinks });
        return;
    }
    let shown: Vec<_> = sinks.iter().flat_map(|sink| rows(mode, sink)).collect();
    if !shown.is_empty() {
        console.table(&["SINK", "HOLDER", "ADDRESS", "", "VERSION", "CHANGED"], shown);
    }
    let unchanged = sinks.iter().flat_map(|sink| &sink.rows).filter(|row| row.action == Action::Unchanged).count();
    if unchanged > 0 {
        console.say(format_args!("{unchanged} are there already, as they should be."));
    }
    for sink in sinks {
        let errors = sink.rows.iter().map(|row| (&row.holder, &row.error)).chain(sink.pruned.iter().map(|row| (&row.holder, &row.error)));
        for (holder, problem) in errors.filter_map(|(holder, problem)| Some((holder, problem.as_ref()?))) {
            console.error(format_args!("{}: {holder}: {}", sink.sink, problem.message));
        }
        if let Some(problem) = &sink.error {
            console.error(format_args!("{}: {}", sink.sink, problem.message));
        }
    }
    if sinks.iter().any(SinkReport::has_listed) {
        console.say("Nothing was deleted: confirm by `countersign push --prune --yes`.");
    }
}

/// Of what is to be told.
fn rows(mode: Mode, sink: &SinkReport) -> Vec<Vec<(String, Tone)>> {
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    let would = |word: &str| if mode == Mode::DryRun { format!("would be {word}") } else { word.to_owned() };
    let sent = sink.rows.iter().filter_map(|row| {
        let action = match row.action {
            Action::Created => (would("created"), Tone::Good),
            Action::Updated => (would("updated"), Tone::Good),
            Action::Unchanged => return None,
            Action::Failed => ("failed".to_owned(), Tone::Bad),
        };
        // Secrets Manager's ids are long, and their beginnings enough.
        let version: String = row.version.iter().flat_map(|version| version.chars().take(8)).collect();
        Some(vec![plain(&sink.sink), plain(&row.holder), plain(&row.address), action, plain(&version), plain(&row.changed.join(", "))])
    });
    let pruned = sink.pruned.iter().map(|row| {
        let action = match row.action {
            Pruned::Listed => ("of no holder".to_owned(), Tone::Due),
            Pruned::Removed => ("removed".to_owned(), Tone::Good),
            Pruned::Failed => ("failed".to_owned(), Tone::Bad),
        };
        vec![plain(&sink.sink), plain(&row.holder), plain(&row.address), action, plain(""), plain("")]
    });
    sent.chain(pruned).collect()
}
