//! `rollback`: an earlier generation becomes the one in use again.

use clap::Args;
use serde::Serialize;

use super::console::Format;
use super::failure::{Exit, Failure};
use super::{Context, proof, selected};
use crate::ops::{Progress, Proof, Proved, Rollback as Deed, RolledBack, Site};
use crate::plan::rollback::Doubts;
use crate::plan::{Action, Reason};
use crate::snippet::Snippets;

/// Put an earlier generation of a holder's files in use again
///
/// It must be what countersign wrote, valid now, and trusted by whoever meets its holder; then it is proved, and only then put in use.
/// What the next apply will do with it is told. Exits 4 when the proof fails: what was in use before still is.
#[derive(Debug, Args)]
pub struct Rollback {
    /// Whose, as kafka/broker-1 or broker-1
    #[arg(value_name = "HOLDER")]
    holder: String,
    /// Which; the one before the one in use when there is none
    #[arg(value_name = "GENERATION", value_parser = clap::value_parser!(u32).range(1..))]
    generation: Option<u32>,
    /// Even when it has ended, is not valid yet, or is not trusted; such a one fails its proof, too
    #[arg(long)]
    force: bool,
    /// Put it in use without proving it
    #[arg(long)]
    no_proof: bool,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Report<'a> {
    holder: String,
    from: u32,
    to: u32,
    /// Whether `to` is in use now: what failed its proof is not.
    in_use: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    /// Why a running broker does not take it without a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    restart: Option<&'a str>,
    /// What the next `apply` will do with the holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct Next<'a> {
    action: &'static str,
    reasons: &'a [Reason],
}

impl Rollback {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let holders = selected(&spec, std::slice::from_ref(&self.holder))?;
        let [holder] = holders.as_slice() else {
            return Err(Failure::Usage(format!("{:?} names several holders", self.holder)));
        };
        let directory = context.directory()?;
        let snippets = Snippets::new(&spec, directory.root());
        let watch = context.console.watch();
        let deed = Deed {
            holder,
            generation: self.generation,
            doubts: if self.force { Doubts::Overruled } else { Doubts::Count },
            proof: if self.no_proof { Proof::LeftOut } else { Proof::Demanded },
        };
        let site = Site { spec: &spec, snippets: &snippets, directory: &directory };
        let done = deed.run(site, context.means(Progress::to(&watch)))?;
        show(context, &holder.id.to_string(), &done);
        Ok(if done.is_in_use() { Exit::Done } else { Exit::VerificationFailed })
    }
}

fn show(context: &Context, holder: &str, done: &RolledBack) {
    let console = &context.console;
    let RolledBack { from, to, entry, proof, restart, next } = done;
    let restart = restart.as_ref().filter(|_| done.is_in_use());
    let next = next.as_ref().filter(|_| done.is_in_use()).map(|step| Next {
        action: match step.action {
            Action::Issue(_) => "issued",
            Action::Rewrite => "rewritten",
        },
        reasons: &step.reasons,
    });
    if let Some(why) = restart {
        console.warn(&format!("{holder} must be restarted to take its other files: {why}"));
    }
    if let Some(Next { action, reasons }) = &next {
        let reasons: Vec<String> = reasons.iter().map(Reason::to_string).collect();
        console.warn(&format!("it will be {action} by the next apply, as a new generation, because: {}", reasons.join("; ")));
    }
    match console.format {
        Format::Json => console.json(&Report {
            holder: holder.to_owned(),
            from: *from,
            to: *to,
            in_use: done.is_in_use(),
            restart: restart.map(String::as_str),
            serial: entry.marks.as_ref().map(|marks| marks.serial.as_str()),
            next,
            proof: proof.as_ref().map(Proved::json),
        }),
        Format::Human => {
            let (current, why) = if done.is_in_use() { (to, "") } else { (from, ", as before: the proof failed") };
            console.text(&crate::text::Line::of(format_args!("{holder}: generation {current} is in use{why}.")).into());
            if let Some(proof) = proof {
                proof::show(console, proof);
            }
        }
    }
}
