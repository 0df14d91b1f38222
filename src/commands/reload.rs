//! `reload`: running programs take the files that are in use.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;

use super::console::{Format, Tone};
use super::failure::{Exit, Failure};
use super::{Context, selected, verify::duration};
use crate::cluster::{Holder, HolderId, Role};
use crate::ops::{self, Applied, HolderReload, Progress, PutBack, Reloaded, Reloading, Restart, Site, State};
use crate::snippet::Snippets;

/// Have running brokers take the files that are in use, and see that they serve them
///
/// Kafka's nodes are asked by Kafka's own request, for each listener; RabbitMQ's are waited for, or run a command (`rabbitmq.reload`).
/// Whatever they answer, each listener is asked for its certificate at every address, before and after. Exits 4 when one does not serve
/// what its file holds.
#[derive(Debug, Args)]
pub struct Reload {
    /// Only these, as kafka/broker-1 or broker-1
    #[arg(value_name = "HOLDER")]
    holders: Vec<String>,
    #[command(flatten)]
    pace: Pace,
}

/// What follows once new files are in use.
#[derive(Debug, Clone, Args)]
pub struct After {
    /// Have running brokers take the new files, and see that they serve them; exit 4 where one does not
    #[arg(long)]
    reload: bool,
    #[command(flatten)]
    pace: Pace,
}

impl After {
    /// What became of it; `None` where it was not asked for, or nothing is in use.
    pub fn reload(&self, context: &Context, site: Site<'_>, applied: &Applied) -> Result<Option<Reloaded>, Failure> {
        if !self.reload || !applied.is_in_use() {
            return Ok(None);
        }
        let renewed: BTreeSet<HolderId> = applied.made.iter().map(|made| made.holder.clone()).collect();
        let reloaded = self.pace.after(context, site, &renewed)?;
        Ok(Some(ops::put_back(site, context.means(Progress::SILENT), &renewed, reloaded)?))
    }

    /// What the whole comes to.
    pub fn exit(applied: Exit, reloaded: Option<&Reloaded>) -> Exit {
        if reloaded.is_none_or(Reloaded::passed) { applied } else { Exit::VerificationFailed }
    }
}

/// How long it may take.
#[derive(Debug, Clone, Args)]
pub struct Pace {
    /// How long a connection to a broker may take, with all that is asked over it: a node may well read every store anew before it answers
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration)]
    deadline: Duration,
    /// How long a broker may take to serve its new files [default: as long as it is known to need]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    patience: Option<Duration>,
}

impl Pace {
    /// Reloads `renewed`, and whoever else does not serve its files yet.
    ///
    /// # Errors
    /// As of [`ops::reload`].
    fn after(&self, context: &Context, site: Site<'_>, renewed: &BTreeSet<HolderId>) -> Result<Reloaded, Failure> {
        let holders = asked(&site.spec.holders.iter().collect::<Vec<_>>(), |role| match role {
            Role::Kafka(_) | Role::Rabbitmq(_) => true,
            Role::Client(_) => false,
        });
        let holders: BTreeSet<HolderId> = holders.union(renewed).cloned().collect();
        self.reload(context, site, &holders, renewed)
    }

    fn reload(
        &self,
        context: &Context,
        site: Site<'_>,
        holders: &BTreeSet<HolderId>,
        renewed: &BTreeSet<HolderId>,
    ) -> Result<Reloaded, Failure> {
        let watch = context.console.watch();
        let reloading = Reloading { holders, renewed, deadline: self.deadline, patience: self.patience };
        Ok(ops::reload(site, context.means(Progress::to(&watch)), reloading)?)
    }
}

fn asked(holders: &[&Holder], is_asked: impl Fn(&Role) -> bool) -> BTreeSet<HolderId> {
    holders.iter().filter(|holder| is_asked(&holder.role)).map(|holder| holder.id.clone()).collect()
}

impl Reload {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let directory = context.directory()?;
        let snippets = Snippets::new(&spec, directory.root());
        let site = Site { spec: &spec, snippets: &snippets, directory: &directory };
        // Nobody sees clients from here: only those who have a command are asked unless they are named.
        let holders = asked(&selected(&spec, &self.holders)?, |role| match role {
            Role::Kafka(_) | Role::Rabbitmq(_) => true,
            Role::Client(client) => client.reload.is_some() || !self.holders.is_empty(),
        });
        let reloaded = self.pace.reload(context, site, &holders, &holders)?;
        match context.console.format {
            Format::Json => context.console.json(&reloaded),
            Format::Human => show(context, &reloaded),
        }
        Ok(if reloaded.passed() { Exit::Done } else { Exit::VerificationFailed })
    }
}

pub fn show(context: &Context, reloaded: &Reloaded) {
    let console = &context.console;
    console.table(&["HOLDER", "GENERATION", "LISTENER", "ADDRESS", "STATE", "SERVES"], reloaded.holders.iter().flat_map(rows));
    for holder in &reloaded.holders {
        if let Some(why) = &holder.refused {
            console.error(format!("{} did not take generation {}: {why}", holder.holder, holder.generation));
        }
        if let Some(why) = &holder.failed {
            console.error(format!("{} could not be made to take generation {}: {why}", holder.holder, holder.generation));
        }
    }
    for PutBack { holder, generation } in &reloaded.put_back {
        console.warn(&format!("generation {generation} of {holder} is in use again, which its running node serves"));
    }
    for Restart { holder, why, by } in &reloaded.restarts {
        let by = by.map(|by| format!(" by {}", by.date())).unwrap_or_default();
        console.warn(&format!("restart {holder}{by}, if it was not since its files were renewed: {why}"));
    }
}

fn rows(holder: &HolderReload) -> Vec<Vec<(String, Tone)>> {
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    let row = |seen: &ops::Seen| {
        let state = match seen.state {
            State::Served => ("served already", Tone::Good),
            State::Reloaded => ("reloaded", Tone::Good),
            State::NotYet => ("not yet", Tone::Bad),
            State::Unseen => ("not seen", Tone::Bad),
        };
        let address = seen.address.map(|address| address.to_string()).unwrap_or_default();
        vec![
            plain(&holder.holder),
            plain(&holder.generation.to_string()),
            plain(&format!("{} {}", seen.listener, seen.endpoint)),
            plain(&address),
            (state.0.to_owned(), state.1),
            plain(&seen.what),
        ]
    };
    holder.places.iter().map(row).collect()
}
