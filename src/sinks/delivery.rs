//! Many parcels to one sink: what is there already stays, what is not ours is left alone, and one failure does not stop the rest.

use std::future::Future;

use futures_util::Stream;
use futures_util::stream::{self, StreamExt};

use super::said::one_line;
use super::{Sink, SinkError, State, Version};
use crate::parcel::{Ownership, Parcel};

/// How many parcels are under way at once.
const AT_ONCE: usize = 8;
/// How many fields are told of one secret: more than there are files.
const MOST_NAMED: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wishes {
    pub mode: Mode,
    pub foreign: Foreign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Says what would be done.
    DryRun,
    Push,
}

/// What becomes of a secret at a parcel's address that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    Refused,
    /// It is written over, and ours from then on.
    Adopted,
}

/// What became of one parcel. In a dry run, what would become of it.
#[derive(Debug)]
pub struct Delivery<'a> {
    pub parcel: &'a Parcel,
    pub outcome: Result<Outcome, SinkError>,
}

/// `version` is the one that counts now; in a dry run the one that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Created {
        version: Option<Version>,
    },
    /// No fields: only what is told of it was otherwise.
    Updated {
        version: Option<Version>,
        changed: Vec<String>,
    },
    Unchanged {
        version: Option<Version>,
    },
}

/// Delivers `parcels` in no certain order, several at once. Once `stop` is done no further one is begun.
pub fn deliver<'a>(sink: &'a Sink, parcels: &'a [Parcel], wishes: Wishes, stop: impl Future + 'a) -> impl Stream<Item = Delivery<'a>> + 'a {
    stream::iter(parcels)
        .take_until(Box::pin(stop))
        .map(move |parcel| async move { Delivery { parcel, outcome: one(sink, parcel, wishes).await } })
        .buffer_unordered(AT_ONCE)
}

async fn one(sink: &Sink, parcel: &Parcel, wishes: Wishes) -> Result<Outcome, SinkError> {
    let standing = sink.look(parcel).await?;
    let changed = match &standing.state {
        State::Same => return Ok(Outcome::Unchanged { version: standing.version }),
        State::Absent => None,
        State::Differs { changed } => Some(named(changed)),
        State::NotOurs { whose, changed } => match wishes.foreign {
            Foreign::Adopted => Some(named(changed)),
            Foreign::Refused => return Err(not_ours(sink, parcel, whose)),
        },
    };
    let version = match wishes.mode {
        Mode::DryRun => standing.version,
        Mode::Push => Some(sink.put(parcel, &standing).await?),
    };
    Ok(match changed {
        None => Outcome::Created { version },
        Some(changed) => Outcome::Updated { version, changed },
    })
}

/// What lies there is anybody's, and the names in it are told and kept.
fn named(changed: &[String]) -> Vec<String> {
    changed.iter().take(MOST_NAMED).map(|name| one_line(name)).collect()
}

fn not_ours(sink: &Sink, parcel: &Parcel, whose: &Ownership) -> SinkError {
    let whose = match whose {
        Ownership::Another(whose) => format!("belongs to {}", one_line(whose)),
        Ownership::Ours | Ownership::Foreign => "countersign did not put there".to_owned(),
    };
    SinkError::NotOurs { address: sink.full_address(&parcel.address), whose }
}
