//! `apply`: makes the directory what the cluster file says.

use clap::Args;

use super::Context;
use super::applied::{self, Run};
use super::failure::{Exit, Failure};
use super::reload::After;
use crate::cluster::ClusterSpec;
use crate::ops::{self, Applied, Progress, Proof, Site};
use crate::plan::{Gone, Loss, Wishes};
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
    /// Archive the files of holders that are no longer in the cluster file, without keys and passwords, as retire does
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    after: After,
}

impl Apply {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let directory = context.directory()?;
        let snippets = Snippets::new(&spec, directory.root());
        let site = Site { spec: &spec, snippets: &snippets, directory: &directory };
        let watch = context.console.watch();
        let means = context.means(Progress::to(&watch));
        let wishes = Wishes {
            loss: if self.new_authority { Loss::Replaced } else { Loss::Stops },
            gone: if self.prune { Gone::Retired } else { Gone::LeftAlone },
            ..Wishes::default()
        };
        let plan = ops::planned(site, means, &wishes)?;
        if self.dry_run || plan.is_empty() && plan.is_clear() {
            let exit = if plan.is_empty() && plan.retirements.is_empty() { applied::exit(&plan) } else { Exit::WorkToDo };
            let run = if self.dry_run { Run::Dry } else { Run::Real };
            let nothing = Applied { plan, made: Vec::new(), proof: None, retired: Vec::new() };
            let reloaded = if self.dry_run { None } else { self.after.reload(context, site, &nothing)? };
            applied::show(context, &directory, run, &nothing, reloaded.as_ref());
            return Ok(After::exit(exit, reloaded.as_ref()));
        }
        let proof = if self.no_proof { Proof::LeftOut } else { Proof::Demanded };
        let done = ops::apply(site, means, proof, &wishes)?;
        let reloaded = self.after.reload(context, site, &done)?;
        applied::show(context, &directory, Run::Real, &done, reloaded.as_ref());
        next_step(context, &spec, &done);
        Ok(After::exit(applied::exit_of(&done), reloaded.as_ref()))
    }
}

fn next_step(context: &Context, spec: &ClusterSpec, applied: &Applied) {
    let (file, dir) = (context.file.display(), context.dir.display());
    if !applied.is_in_use() {
        context.console.say("The proof failed, and what was in use before still is. Mend what it names, and run apply again.");
    } else if applied.proof.is_some() && (spec.kafka.is_some() || spec.rabbitmq.is_some()) {
        context
            .console
            .say(format_args!("Next: start the brokers with the files below {dir}, then `countersign verify -f {file} -d {dir}`."));
    }
}
