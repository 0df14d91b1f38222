//! `reload`: running programs take the files that are in use.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;

use super::console::{Format, Tone};
use super::failure::{Exit, Failure};
use super::{Context, selected, verify::duration};
use crate::cluster::{HolderId, Role};
use crate::ops::{self, HolderReload, Progress, Reloaded, Reloading, Restart, Site, State};
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

/// How long it may take.
#[derive(Debug, Clone, Args)]
pub struct Pace {
    /// How long a connection to a broker may take: 5s, 500ms
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    deadline: Duration,
    /// How long a broker may take to serve its new files [default: as long as it is known to need]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    patience: Option<Duration>,
}

impl Pace {
    pub fn of<'a>(&self, holders: &'a BTreeSet<HolderId>) -> Reloading<'a> {
        Reloading { holders, deadline: self.deadline, patience: self.patience }
    }
}

impl Reload {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let directory = context.directory()?;
        let snippets = Snippets::new(&spec, directory.root());
        let site = Site { spec: &spec, snippets: &snippets, directory: &directory };
        // Nobody sees clients from here: only those who have a command are asked unless they are named.
        let is_asked = |role: &Role| match role {
            Role::Kafka(_) | Role::Rabbitmq(_) => true,
            Role::Client(client) => client.reload.is_some() || !self.holders.is_empty(),
        };
        let holders = selected(&spec, &self.holders)?.into_iter().filter(|holder| is_asked(&holder.role));
        let holders: BTreeSet<HolderId> = holders.map(|holder| holder.id.clone()).collect();
        let watch = context.console.watch();
        let reloaded = ops::reload(site, context.means(Progress::to(&watch)), self.pace.of(&holders))?;
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
            console.error(&format!("{} did not take generation {}: {why}", holder.holder, holder.generation));
        }
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
