//! `apply`: makes the directory what the cluster file says.

use clap::Args;
use serde::Serialize;

use super::console::{Format, Tone};
use super::failure::{Exit, Failure};
use super::{Context, proof};
use crate::cluster::ClusterSpec;
use crate::directory::Directory;
use crate::ops::{self, Applied, Made, Progress, Proof, Proved, Site};
use crate::plan::{Action, Loss, Plan, Reason, Trouble};
use crate::snippet::Snippets;

/// Make the directory what the cluster file says, and prove the result
///
/// Issues what is missing, renews what is due, makes again what is no longer as the cluster file has it, and says why. What it
/// wrote is read back and proved in real handshakes over loopback before it is put in use: what fails is not, and whatever was in
/// use before still is. A second run has nothing to do and writes nothing. A holder whose place
/// cannot be read is left alone, and told: then it exits 1. Exits 3 when something else is wrong that it cannot mend.
#[derive(Debug, Args)]
pub struct Apply {
    /// Show what would be done and why; exit 3 when there is something to do
    #[arg(long)]
    dry_run: bool,
    /// Put what is made in use without proving it
    #[arg(long)]
    no_proof: bool,
    /// Where an authority that was in use is gone, damaged or without its key, make another; everyone is issued anew
    #[arg(long)]
    new_authority: bool,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Report<'a> {
    directory: String,
    dry_run: bool,
    authorities: Vec<AuthorityRow>,
    /// Generations of authorities that nobody needs any more.
    retired: Vec<RetiredRow>,
    holders: Vec<HolderRow<'a>>,
    unchanged: usize,
    /// What is wrong and no run can mend.
    troubles: &'a [Trouble],
    notices: &'a [String],
    /// Whether the holders' files are in use now: what failed its proof is not.
    in_use: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct AuthorityRow {
    authority: &'static str,
    generation: u32,
    because: String,
}

#[derive(Serialize)]
struct RetiredRow {
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
        let site = Site { spec: &spec, snippets: &snippets, directory: &directory };
        let watch = context.console.watch();
        let means = context.means(Progress::to(&watch));
        let loss = if self.new_authority { Loss::Replaced } else { Loss::Stops };
        let plan = ops::planned(site, means, loss)?;
        if self.dry_run || plan.is_empty() && plan.leftovers.is_empty() {
            let exit = if plan.is_empty() { exit(&plan) } else { Exit::WorkToDo };
            self.report(context, &directory, &Applied { plan, made: Vec::new(), proof: None });
            return Ok(exit);
        }
        let proof = if self.no_proof { Proof::LeftOut } else { Proof::Demanded };
        let applied = ops::apply(site, means, proof, loss)?;
        self.report(context, &directory, &applied);
        self.next_step(context, &spec, &applied);
        Ok(if applied.is_in_use() { exit(&applied.plan) } else { Exit::VerificationFailed })
    }

    fn report(&self, context: &Context, directory: &Directory, applied: &Applied) {
        let Applied { plan, made, proof } = applied;
        let console = &context.console;
        for trouble in &plan.troubles {
            console.error(trouble);
        }
        for notice in &plan.notices {
            console.warn(notice);
        }
        for left in &plan.leftovers {
            let verb = if self.dry_run { "To be removed" } else { "Removed" };
            console.say(format_args!("{verb}, for a run that was cut short left it: {}", context.dir.join(left).display()));
        }
        match console.format {
            Format::Json => console.json(&Report {
                directory: directory.root().display().to_string(),
                dry_run: self.dry_run,
                authorities: plan
                    .authorities
                    .iter()
                    .map(|step| AuthorityRow {
                        authority: step.name.path(),
                        generation: step.generation,
                        because: step.descent.to_string(),
                    })
                    .collect(),
                retired: plan.retired.iter().map(|over| RetiredRow { authority: over.name.path(), generation: over.generation }).collect(),
                holders: rows(plan, made),
                unchanged: plan.unchanged,
                troubles: &plan.troubles,
                notices: &plan.notices,
                in_use: !self.dry_run && applied.is_in_use(),
                proof: proof.as_ref().map(Proved::json),
            }),
            Format::Human if plan.is_empty() && !plan.troubles.is_empty() => {
                console.say("There is nothing that apply can mend.");
            }
            Format::Human if plan.is_empty() => {
                console.say(format_args!("Nothing to do: {} holders are as the cluster file has them.", plan.unchanged));
            }
            Format::Human => {
                self.tables(context, plan, made, applied.is_in_use());
                if let Some(proof) = proof {
                    proof::show(console, proof);
                }
            }
        }
    }

    fn tables(&self, context: &Context, plan: &Plan, made: &[Made], in_use: bool) {
        let plain = |text: String| (text, Tone::Plain);
        let authorities = plan.authorities.iter().map(|step| {
            let verb = if self.dry_run { "would be made" } else { "made" };
            vec![
                plain(step.name.to_string()),
                plain(step.generation.to_string()),
                plain(verb.to_owned()),
                plain(String::new()),
                plain(step.descent.to_string()),
            ]
        });
        let retired = plan.retired.iter().map(|over| {
            let verb = if self.dry_run { "would be retired" } else { "retired" };
            let because = format!("nothing in use was signed by {}", over.certificate.subject);
            [over.name.to_string(), over.generation.to_string(), verb.to_owned(), String::new(), because].map(plain).to_vec()
        });
        let holders = rows(plan, made).into_iter().map(|row| {
            let action = match (self.dry_run, in_use) {
                (true, _) => format!("would be {}", row.action),
                (false, true) => row.action.to_owned(),
                (false, false) => format!("{}, not put in use", row.action),
            };
            let reasons: Vec<String> = row.reasons.iter().map(Reason::to_string).collect();
            let ends = row.not_after.map(|text| text.chars().take(10).collect()).unwrap_or_default();
            vec![plain(row.holder), plain(row.generation.to_string()), plain(action), plain(ends), plain(reasons.join("; "))]
        });
        context.console.table(&["HOLDER", "GENERATION", "", "ENDS", "BECAUSE"], authorities.chain(retired).chain(holders));
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

    fn next_step(&self, context: &Context, spec: &ClusterSpec, applied: &Applied) {
        let (file, dir) = (context.file.display(), context.dir.display());
        if !applied.is_in_use() {
            context.console.say("The proof failed, and what was in use before still is. Mend what it names, and run apply again.");
        } else if applied.proof.is_some() && (spec.kafka.is_some() || spec.rabbitmq.is_some()) {
            context
                .console
                .say(format_args!("Next: start the brokers with the files below {dir}, then `countersign verify -f {file} -d {dir}`."));
        }
    }
}

/// Once there is nothing left to do. A holder that was left alone may have needed it.
fn exit(plan: &Plan) -> Exit {
    let is_fault = |trouble: &Trouble| match trouble {
        Trouble::Holder { .. } | Trouble::Leftover { .. } => true,
        Trouble::AuthorityKey { .. }
        | Trouble::RootKey { .. }
        | Trouble::AuthorityEnded { .. }
        | Trouble::AuthorityEnds { .. }
        | Trouble::AuthorityNotYetValid { .. } => false,
    };
    match plan.troubles.as_slice() {
        [] => Exit::Done,
        troubles if troubles.iter().any(is_fault) => Exit::Failed,
        _ => Exit::WorkToDo,
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
