//! `apply`: makes the directory what the cluster file says.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;

use super::console::{Format, Tone};
use super::failure::{Exit, Failure};
use super::{Context, proof};
use crate::cluster::{ClusterSpec, Holder, HolderId};
use crate::directory::{Directory, Owners};
use crate::ops::{self, Made, Making, Progress, Proved};
use crate::plan::{self, Action, Plan, Reason};
use crate::snippet::Snippets;

/// Make the directory what the cluster file says, and prove the result
///
/// Issues what is missing, renews what is due, makes again what is no longer as the cluster file has it, and says why. What it
/// wrote is read back and proved in real handshakes over loopback. A second run has nothing to do and writes nothing.
#[derive(Debug, Args)]
pub struct Apply {
    /// Show what would be done and why; exit 3 when there is something to do
    #[arg(long)]
    dry_run: bool,
    /// Leave out the closing proof
    #[arg(long)]
    no_proof: bool,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Report<'a> {
    directory: String,
    dry_run: bool,
    authorities: Vec<AuthorityRow>,
    holders: Vec<HolderRow<'a>>,
    unchanged: usize,
    notices: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct AuthorityRow {
    authority: &'static str,
    generation: u32,
}

#[derive(Serialize)]
struct HolderRow<'a> {
    holder: String,
    generation: u32,
    action: &'static str,
    reasons: &'a [Reason],
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
}

impl Apply {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let directory = context.directory()?;
        let snippets = Snippets::new(&spec, directory.root());
        let plan = plan::plan(&spec, &snippets, &directory.read(&spec)?, context.now)?;
        if plan.is_empty() || self.dry_run {
            self.report(context, &directory, &plan, &[], None);
            return Ok(if plan.is_empty() { Exit::Done } else { Exit::WorkToDo });
        }

        let owners = Owners::look_up(&spec)?;
        let _lock = directory.lock()?;
        // Whoever held the lock before may have done the work.
        let inventory = directory.read(&spec)?;
        let plan = plan::plan(&spec, &snippets, &inventory, context.now)?;
        let watch = context.console.watch();
        let means = context.means(Progress::to(&watch));
        let mut making = Making::new(means, &spec, &snippets, &directory, &owners, inventory);
        let made = making.run(&plan)?;

        if self.no_proof {
            self.report(context, &directory, &plan, &made, None);
            return Ok(Exit::Done);
        }
        let touched: BTreeSet<&HolderId> = plan.holders.iter().map(|step| &step.holder).collect();
        let touched: Vec<&Holder> = spec.holders.iter().filter(|holder| touched.contains(&holder.id)).collect();
        let proved = ops::loopback(means, &spec, &directory, &mut making, &touched)?;
        self.report(context, &directory, &plan, &made, Some(&proved));
        self.next_step(context, &spec, proved.passed());
        Ok(if proved.passed() { Exit::Done } else { Exit::VerificationFailed })
    }

    fn report(&self, context: &Context, directory: &Directory, plan: &Plan, made: &[Made], proof: Option<&Proved>) {
        let console = &context.console;
        for notice in &plan.notices {
            console.warn(notice);
        }
        match console.format {
            Format::Json => console.json(&Report {
                directory: directory.root().display().to_string(),
                dry_run: self.dry_run,
                authorities: plan
                    .authorities
                    .iter()
                    .map(|step| AuthorityRow { authority: step.name.path(), generation: step.generation })
                    .collect(),
                holders: rows(plan, made),
                unchanged: plan.unchanged,
                notices: &plan.notices,
                proof: proof.map(Proved::json),
            }),
            Format::Human if plan.is_empty() => {
                console.say(format_args!("Nothing to do: {} holders are as the cluster file has them.", plan.unchanged));
            }
            Format::Human => {
                self.tables(context, plan, made);
                if let Some(proof) = proof {
                    proof::show(console, proof);
                }
            }
        }
    }

    fn tables(&self, context: &Context, plan: &Plan, made: &[Made]) {
        let plain = |text: String| (text, Tone::Plain);
        let authorities = plan.authorities.iter().map(|step| {
            let verb = if self.dry_run { "would be made" } else { "made" };
            vec![
                plain(step.name.to_string()),
                plain(step.generation.to_string()),
                plain(verb.to_owned()),
                plain(String::new()),
                plain("missing".to_owned()),
            ]
        });
        let holders = rows(plan, made).into_iter().map(|row| {
            let action = if self.dry_run { format!("would be {}", row.action) } else { row.action.to_owned() };
            let reasons: Vec<String> = row.reasons.iter().map(Reason::to_string).collect();
            let ends = row.not_after.map(|text| text.chars().take(10).collect()).unwrap_or_default();
            vec![plain(row.holder), plain(row.generation.to_string()), plain(action), plain(ends), plain(reasons.join("; "))]
        });
        context.console.table(&["HOLDER", "GENERATION", "", "ENDS", "BECAUSE"], authorities.chain(holders));
        let clipped = made.iter().filter(|made| made.clipped).count();
        if clipped > 0 {
            context
                .console
                .warn(&format!("{clipped} leafs end with their issuer, before their configured lifetime: a leaf never outlives it"));
        }
        if plan.unchanged > 0 {
            context.console.say(format_args!("{} holders are unchanged.", plan.unchanged));
        }
    }

    fn next_step(&self, context: &Context, spec: &ClusterSpec, passed: bool) {
        let (file, dir) = (context.file.display(), context.dir.display());
        if !passed {
            context.console.say("The proof failed: mend or remove what it names, and run apply again.");
        } else if spec.kafka.is_some() || spec.rabbitmq.is_some() {
            context
                .console
                .say(format_args!("Next: start the brokers with the files below {dir}, then `countersign verify -f {file} -d {dir}`."));
        }
    }
}

fn rows<'a>(plan: &'a Plan, made: &'a [Made]) -> Vec<HolderRow<'a>> {
    plan.holders
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let marks = made.get(index).filter(|made| made.holder == step.holder).and_then(|made| made.entry.marks.as_ref());
            HolderRow {
                holder: step.holder.to_string(),
                generation: step.generation,
                action: match step.action {
                    Action::Issue => "issued",
                    Action::Rewrite => "rewritten",
                },
                reasons: &step.reasons,
                not_after: marks.and_then(|marks| marks.not_after.format(&time::format_description::well_known::Rfc3339).ok()),
                serial: marks.map(|marks| marks.serial.as_str()),
            }
        })
        .collect()
}
