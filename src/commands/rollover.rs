//! `rollover`: another authority in place of one that is there, phase by phase.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::applied::{self, Run};
use super::console::{Format, Tone};
use super::failure::{Exit, Failure};
use super::reload::After;
use super::{Context, selected, verify::duration};
use crate::cluster::{AuthorityName, HolderId};
use crate::inventory::Inventory;
use crate::ops::{self, Applied, Evidence, Gate, Progress, Proof, Site};
use crate::plan::{Phase, Remark, Standing};
use crate::report;
use crate::snippet::Snippets;

/// Put another authority in place of one: trust both, issue from the new one, trust it alone
///
/// `apply` rolls authorities over by itself, a leaf's lifetime for each phase. This is for whoever cannot wait: a stolen key, another kind
/// of key, an authority of one's own in place of countersign's. Each phase begins on evidence: handshakes at every listener that asks
/// for a certificate, and what the journal tells. `apply` keeps the phase, and a run that was cut short is gone on with.
#[derive(Debug, Args)]
pub struct Rollover {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make the next authority, which everyone trusts from now on beside the one that signs
    Start(Start),
    /// Show the phase, what is seen, who holds it up, and what to do next; exits 3 while a rollover is under way
    Status(Look),
    /// Go on to the next phase, where nothing holds it up; exits 4 otherwise, and nothing is changed
    Advance(Advance),
    /// Give up a rollover whose new authority has not signed yet
    Abort(Which),
}

#[derive(Debug, Args)]
struct Which {
    /// Of which side, where each has its own authority
    #[arg(long, value_enum)]
    authority: Option<Side>,
    /// Put what is made in use without proving it
    #[arg(long)]
    no_proof: bool,
    #[command(flatten)]
    after: After,
}

#[derive(Debug, Args)]
struct Start {
    #[command(flatten)]
    which: Which,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<Remark>,
}

#[derive(Debug, Args)]
struct Look {
    /// Those whom nobody can see from here, and of whom you know that they have taken what they were given; the journal keeps it
    #[arg(long, value_name = "HOLDER")]
    assume: Vec<String>,
    /// How long a connection may take that is made to see how things are: 5s, 500ms
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    probe_deadline: Duration,
    /// How many connections are made at once
    #[arg(long, value_name = "COUNT", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    parallel: u16,
}

#[derive(Debug, Args)]
struct Advance {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    look: Look,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    Brokers,
    Clients,
}

/// What `--format json` prints of an authority.
#[derive(Serialize)]
struct Row {
    authority: &'static str,
    phase: Phase,
    old: Vec<u32>,
    new: u32,
    new_root: String,
    signs_from: String,
    behind: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<serde_json::Value>,
}

impl Rollover {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let directory = context.directory()?;
        let snippets = Snippets::new(&spec, directory.root());
        let site = Site { spec: &spec, snippets: &snippets, directory: &directory };
        let (inventory, standings) = ops::standings(site, context.means(Progress::SILENT))?;
        match &self.verb {
            Verb::Start(Start { which, reason }) => {
                let standing = which.of(&standings)?;
                let watch = context.console.watch();
                let applied = ops::start(site, context.means(Progress::to(&watch)), standing, reason.as_ref(), which.proof())?;
                let exit = which.done(context, site, &applied)?;
                context.console.say("Next: give everyone the new trust, then `countersign rollover status`.");
                Ok(exit)
            }
            Verb::Abort(which) => {
                let standing = which.of(&standings)?;
                let watch = context.console.watch();
                let applied = ops::abort(site, context.means(Progress::to(&watch)), &inventory, standing, which.proof())?;
                which.done(context, site, &applied)
            }
            Verb::Status(look) => look.status(context, site, &inventory, &standings),
            Verb::Advance(advance) => advance.run(context, site, &inventory, &standings),
        }
    }
}

impl Which {
    fn of<'s>(&self, standings: &'s [Standing]) -> Result<&'s Standing, Failure> {
        let name = self.authority.map(|side| match side {
            Side::Brokers => AuthorityName::Brokers,
            Side::Clients => AuthorityName::Clients,
        });
        let nobody = || match standings {
            [] => "there is no authority yet; run `countersign apply` first",
            [_] => "there is one authority for all; leave out --authority",
            _ => "each side has its own authority; say which by --authority brokers or --authority clients",
        };
        ops::which(standings, name).ok_or_else(|| Failure::Usage(nobody().to_owned()))
    }

    fn done(&self, context: &Context, site: Site<'_>, applied: &Applied) -> Result<Exit, Failure> {
        let reloaded = self.after.reload(context, site, applied)?;
        applied::show(context, site.directory, Run::Real, applied, reloaded.as_ref());
        Ok(After::exit(applied::exit_of(applied), reloaded.as_ref()))
    }

    const fn proof(&self) -> Proof {
        if self.no_proof { Proof::LeftOut } else { Proof::Demanded }
    }
}

impl Look {
    fn gate<'a>(&self, assumed: &'a BTreeSet<HolderId>) -> Gate<'a> {
        Gate { assumed, deadline: self.probe_deadline, at_once: self.parallel.into() }
    }

    fn assumed(&self, site: Site<'_>) -> Result<BTreeSet<HolderId>, Failure> {
        if self.assume.is_empty() {
            return Ok(BTreeSet::new());
        }
        Ok(selected(site.spec, &self.assume)?.into_iter().map(|holder| holder.id.clone()).collect())
    }

    fn status(&self, context: &Context, site: Site<'_>, inventory: &Inventory, standings: &[Standing]) -> Result<Exit, Failure> {
        let assumed = self.assumed(site)?;
        let mut seen = Vec::new();
        for standing in standings {
            let watch = context.console.watch();
            seen.push(match standing.phase {
                Phase::Settled => None,
                Phase::TrustBoth | Phase::IssueFromNew => {
                    Some(ops::evidence(site, context.means(Progress::to(&watch)), inventory, standing, self.gate(&assumed))?)
                }
            });
        }
        let all: Vec<(&Standing, Option<&Evidence>)> = standings.iter().zip(seen.iter().map(Option::as_ref)).collect();
        show(context, &all);
        let settled = standings.iter().all(|standing| standing.phase == Phase::Settled);
        Ok(if settled { Exit::Done } else { Exit::WorkToDo })
    }
}

impl Advance {
    fn run(&self, context: &Context, site: Site<'_>, inventory: &Inventory, standings: &[Standing]) -> Result<Exit, Failure> {
        let standing = self.which.of(standings)?;
        let assumed = self.look.assumed(site)?;
        let gate = self.look.gate(&assumed);
        let watch = context.console.watch();
        let means = context.means(Progress::to(&watch));
        let evidence = ops::evidence(site, means, inventory, standing, gate)?;
        match ops::advance(site, means, standing, &evidence, gate, self.which.proof())? {
            Some(applied) => self.which.done(context, site, &applied),
            None => {
                show(context, &[(standing, Some(&evidence))]);
                Ok(Exit::VerificationFailed)
            }
        }
    }
}

fn show(context: &Context, all: &[(&Standing, Option<&Evidence>)]) {
    let console = &context.console;
    match console.format {
        Format::Json => {
            console.json(&json!({ "authorities": all.iter().map(|(standing, seen)| row(context, standing, *seen)).collect::<Vec<_>>() }))
        }
        Format::Human => {
            let plain = |text: String| (text, Tone::Plain);
            let rows = all.iter().map(|(standing, _)| {
                let old = standing.old.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
                let phase = match standing.phase {
                    Phase::Settled => ("settled".to_owned(), Tone::Good),
                    Phase::TrustBoth => ("both are trusted, the old one signs".to_owned(), Tone::Due),
                    Phase::IssueFromNew => ("both are trusted, the new one signs".to_owned(), Tone::Due),
                };
                let (name, new) = (standing.name.to_string(), format!("{} ({})", standing.new, standing.new_root.subject));
                vec![plain(name), phase, plain(old), plain(new), plain(standing.signs_from.date().to_string())]
            });
            console.table(&["AUTHORITY", "PHASE", "OLD", "NEW", "SIGNS FROM"], rows);
            for (standing, seen) in all {
                if let Some(seen) = seen {
                    show_evidence(context, standing, seen);
                }
            }
        }
    }
}

fn show_evidence(context: &Context, standing: &Standing, seen: &Evidence) {
    let console = &context.console;
    console.data("\n");
    console.text(&report::verify_human(&seen.handshakes, context.now, time::Duration::ZERO));
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    console.table(&["WAITS FOR", "BECAUSE"], seen.waiting.iter().map(|one| vec![plain(&one.holder), plain(one.why)]));
    let side = match standing.name {
        AuthorityName::Shared => "",
        AuthorityName::Brokers => " --authority brokers",
        AuthorityName::Clients => " --authority clients",
    };
    let next = match (seen.opens(), standing.phase) {
        (true, _) => format!("Next: `countersign rollover advance{side}`."),
        (false, Phase::TrustBoth | Phase::Settled) => format!(
            "Next: have all of them take the new trust, and go on by `countersign rollover advance{side} --assume HOLDER` for whom nobody can see. Left alone, it signs from {} on.",
            standing.signs_from.date()
        ),
        (false, Phase::IssueFromNew) => format!(
            "Next: have all of them take their new leafs, and go on by `countersign rollover advance{side} --assume HOLDER` for whom nobody can see. Left alone, the old one goes when whatever it signed has ended."
        ),
    };
    console.say(next);
}

fn row(context: &Context, standing: &Standing, seen: Option<&Evidence>) -> Row {
    Row {
        authority: standing.name.path(),
        phase: standing.phase,
        old: standing.old.clone(),
        new: standing.new,
        new_root: standing.new_root.subject.clone(),
        signs_from: standing.signs_from.format(&Rfc3339).unwrap_or_default(),
        behind: standing.behind.iter().map(ToString::to_string).collect(),
        evidence: seen.map(|seen| {
            json!({
                "opens": seen.opens(),
                "handshakes": report::verify_json(&seen.handshakes, context.now),
                "waiting": seen.waiting,
            })
        }),
    }
}
