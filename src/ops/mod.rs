//! Floor 10: the deeds behind the verbs, from values to outcomes. No command line, no console, no exit code.
//!
//! Whoever embeds countersign calls these. What a deed needs besides its subject are its [`Means`]; how far it is, it tells by
//! [`Progress`]; why it failed, by a [`DeedError`].

mod apply;
mod configuration;
mod directory_check;
mod error;
mod judging;
mod log_files;
mod making;
mod manifests;
mod means;
mod opening;
mod proof;
mod pushing;
mod question;
mod reload;
mod reloaded;
mod retire;
mod rollback;
mod rollover;
mod signers;
mod sink_report;
mod site;
mod surroundings;

pub use apply::{Applied, Proof, apply, planned};
pub use configuration::Configuration;
pub use directory_check::check;
pub use error::{DeedError, MakingError};
pub use judging::{Judge, Replaced};
pub use log_files::{LogFile, explain};
pub use making::Made;
pub use means::{Means, Progress, Told, Underway};
pub use opening::{endpoint_named, open, wants_password};
pub use proof::{Candidate, Proved, Proving};
pub use pushing::{Confirm, Load, Pushing};
pub use question::Question;
pub use reload::{Reloading, put_back, reload};
pub use reloaded::{HolderReload, PutBack, Reloaded, Restart, Seen, State};
pub use retire::{Retired, retire};
pub use rollback::{Rollback, RolledBack};
pub use rollover::{Evidence, Gate, Waiting, abort, advance, evidence, standings, start, which};
pub use signers::Signers;
pub use sink_report::{Action, Problem, Pruned, PrunedRow, Row, SinkReport};
pub use site::Site;
