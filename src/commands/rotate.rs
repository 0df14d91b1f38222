//! `rotate`: a new leaf now.

use std::collections::BTreeSet;

use clap::Args;

use super::applied::{self, Run};
use super::failure::{Exit, Failure};
use super::reload::After;
use super::{Context, selected};
use crate::cluster::{ClusterSpec, HolderId, LeafKey};
use crate::ops::{self, Applied, DeedError, Progress, Proof, Site};
use crate::plan::{Remark, Rotation, Wishes};
use crate::snippet::Snippets;

/// Issue new leafs now, whatever is due, and prove them
///
/// As apply does it: written beside what is in use, read back, proved, and only then put in use. Nothing is done for anybody else; what
/// else is due is told. Exits 1 when a holder could not be seen to.
#[derive(Debug, Args)]
pub struct Rotate {
    /// Whose, as kafka/broker-1 or broker-1
    #[arg(value_name = "HOLDER")]
    holders: Vec<String>,
    /// Everyone's
    #[arg(long)]
    all: bool,
    /// With a new key, although the cluster file keeps keys
    #[arg(long)]
    new_key: bool,
    /// With the key that is in use, although the cluster file does not keep keys
    #[arg(long)]
    keep_key: bool,
    /// Why, for the journal: one line
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Show what would be done; exit 3
    #[arg(long)]
    dry_run: bool,
    /// Put what is made in use without proving it
    #[arg(long)]
    no_proof: bool,
    #[command(flatten)]
    after: After,
}

impl Rotate {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let rotation = Rotation { holders: self.chosen(&spec)?, key: self.key()?, remark: self.remark()? };
        let asked = rotation.holders.len();
        let wishes = Wishes { rotation: Some(rotation), ..Wishes::default() };
        let directory = context.directory()?;
        if !directory.exists() {
            return Err(DeedError::NothingThere { directory: directory.root().to_owned() }.into());
        }
        let snippets = Snippets::new(&spec, directory.root());
        let site = Site { spec: &spec, snippets: &snippets, directory: &directory };
        let watch = context.console.watch();
        let means = context.means(Progress::to(&watch));
        let (run, done) = if self.dry_run {
            let plan = ops::planned(site, means, &wishes)?;
            (Run::Dry, Applied { plan, made: Vec::new(), proof: None, retired: Vec::new() })
        } else {
            let proof = if self.no_proof { Proof::LeftOut } else { Proof::Demanded };
            (Run::Real, ops::apply(site, means, proof, &wishes)?)
        };
        let reloaded = if run == Run::Dry { None } else { self.after.reload(context, site, &done)? };
        applied::show(context, &directory, run, &done, reloaded.as_ref());
        if !done.is_in_use() {
            context.console.say("The proof failed, and what was in use before still is. Mend what it names, and rotate again.");
        }
        let exit = match run {
            _ if done.plan.holders.len() < asked => Exit::Failed,
            Run::Dry => Exit::WorkToDo,
            Run::Real if done.is_in_use() => Exit::Done,
            Run::Real => Exit::VerificationFailed,
        };
        Ok(After::exit(exit, reloaded.as_ref()))
    }

    fn chosen(&self, spec: &ClusterSpec) -> Result<BTreeSet<HolderId>, Failure> {
        let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
        match (self.all, self.holders.as_slice()) {
            (true, []) => Ok(spec.holders.iter().map(|holder| holder.id.clone()).collect()),
            (true, _) => usage("--all names everyone: leave the other names out"),
            (false, []) => usage("name the holders that are to get a new leaf, or say --all"),
            (false, words) => {
                let mut chosen = BTreeSet::new();
                for word in words {
                    for holder in selected(spec, std::slice::from_ref(word))? {
                        if !chosen.insert(holder.id.clone()) {
                            return Err(Failure::Usage(format!("{} is named twice", holder.id)));
                        }
                    }
                }
                Ok(chosen)
            }
        }
    }

    fn key(&self) -> Result<Option<LeafKey>, Failure> {
        match (self.new_key, self.keep_key) {
            (true, true) => Err(Failure::Usage("--new-key and --keep-key exclude each other".to_owned())),
            (true, false) => Ok(Some(LeafKey::Fresh)),
            (false, true) => Ok(Some(LeafKey::Kept)),
            (false, false) => Ok(None),
        }
    }

    fn remark(&self) -> Result<Option<Remark>, Failure> {
        let remark = self.reason.as_deref().map(str::parse).transpose();
        remark.map_err(|error| Failure::Usage(format!("the text of --reason is no reason: {error}")))
    }
}
