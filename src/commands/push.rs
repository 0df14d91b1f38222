//! `push`: holders' files to the sinks of the cluster file.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use super::console::Format;
use super::failure::{Exit, Failure};
use super::{Context, passwords, push_report, selected};
use crate::cluster::{ClusterSpec, SinkKind, SinkSpec};
use crate::ops::{DeedError, Load, Progress, Pushing};
use crate::policy::{self, Deleting};
use crate::sinks::{Foreign, Mode, Wishes};

/// Bring each holder's files to Vault, OpenBao, AWS Secrets Manager and Kubernetes
///
/// By the `push` block of the cluster file, each sink gets what its holders need: certificates, keys, stores, passwords and snippets.
/// What is there already stays as it is; what differs is written, read back, and only then counts. A run that was cut short is
/// completed by the next. For Kubernetes manifests are written, which whoever deploys applies.
#[derive(Debug, Args)]
pub struct Push {
    /// Only the files of these, as kafka/broker-1 or broker-1
    #[arg(value_name = "HOLDER")]
    holders: Vec<String>,
    /// Only to these sinks, as the cluster file calls them
    #[arg(long, value_name = "SINK")]
    to: Vec<String>,
    /// Show what would change, never a value; exit 3 when anything would
    #[arg(long)]
    dry_run: bool,
    /// Write over what lies there and was not put there by countersign, or for another holder
    #[arg(long)]
    adopt: bool,
    /// List what the sinks hold of this cluster for nobody any more, and delete it when that is confirmed
    #[arg(long, conflicts_with_all = ["holders", "stdout"])]
    prune: bool,
    /// Confirm what --prune lists
    #[arg(long, requires = "prune", conflicts_with = "dry_run")]
    yes: bool,
    /// Print the manifests of Kubernetes sinks instead of writing them, and push to no other sink
    #[arg(long, conflicts_with = "dry_run")]
    stdout: bool,
    /// Print what each sink must allow, in its own language, and push nothing
    #[arg(long, conflicts_with_all = ["holders", "dry_run", "adopt", "yes", "stdout"])]
    policy: bool,
}

impl Push {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let sinks = self.sinks(&spec)?;
        if self.policy {
            self.show_policies(context, &spec, &sinks);
            return Ok(Exit::Done);
        }
        let holders = selected(&spec, &self.holders)?;
        let directory = context.directory()?;
        if !directory.exists() {
            return Err(DeedError::NothingThere { directory: directory.root().to_owned() }.into());
        }
        let watch = context.console.watch();
        let means = context.means(Progress::to(&watch));
        if self.stdout {
            return self.print_manifests(context, &Load::read(means, &spec, &directory, &holders)?, &sinks);
        }
        let wishes = Wishes {
            mode: if self.dry_run { Mode::DryRun } else { Mode::Push },
            foreign: if self.adopt { Foreign::Adopted } else { Foreign::Refused },
        };
        let _lock = match wishes.mode {
            Mode::DryRun => None,
            Mode::Push => Some(directory.lock()?),
        };
        let load = Load::read(means, &spec, &directory, &holders)?;
        let pushing = Pushing::new(load, wishes)?;
        let mut done = Vec::new();
        for sink in &sinks {
            if pushing.is_stopped() {
                break;
            }
            let mut report = pushing.push(sink);
            if self.prune && !pushing.is_stopped() {
                pushing.prune(sink, &|listed| self.yes || asked(context, listed), &mut report);
            }
            done.push(report);
        }
        let stopped = pushing.is_stopped();
        pushing.end();
        push_report::show(&context.console, &directory, wishes.mode, &done);
        Ok(if stopped { Exit::Interrupted } else { push_report::exit(wishes.mode, &done) })
    }

    /// Those that `--to` names, in the order of the cluster file; all without it.
    fn sinks<'s>(&self, spec: &'s ClusterSpec) -> Result<Vec<&'s SinkSpec>, Failure> {
        if spec.sinks.is_empty() {
            let fix = "add for instance `push: [{ vault: { address: \"https://vault.example:8200\" } }]`";
            return Err(Failure::Usage(format!("the cluster file names no sink to push to; {fix}")));
        }
        let names: Vec<&str> = spec.sinks.iter().map(|sink| sink.name.as_str()).collect();
        if let Some(unknown) = self.to.iter().find(|word| !names.contains(&word.as_str())) {
            return Err(Failure::Usage(format!("no sink is called {unknown:?} in the cluster file; it has {}", names.join(", "))));
        }
        Ok(spec.sinks.iter().filter(|sink| self.to.is_empty() || self.to.contains(&sink.name)).collect())
    }

    fn show_policies(&self, context: &Context, spec: &ClusterSpec, sinks: &[&SinkSpec]) {
        let deleting = if self.prune { Deleting::Allowed } else { Deleting::LeftOut };
        let policies: Vec<(&str, String)> = sinks.iter().map(|sink| (sink.name.as_str(), policy::policy(spec, sink, deleting))).collect();
        match (context.console.format, policies.as_slice()) {
            (Format::Json, policies) => context.console.json(&policies.iter().cloned().collect::<BTreeMap<_, _>>()),
            (Format::Human, [(_, text)]) => context.console.data(text),
            (Format::Human, several) => {
                for (name, text) in several {
                    context.console.data(&format!("# ---- {name}\n{text}\n"));
                }
            }
        }
    }

    fn print_manifests(&self, context: &Context, load: &Load<'_>, sinks: &[&SinkSpec]) -> Result<Exit, Failure> {
        let (mut texts, mut owners) = (Vec::new(), BTreeSet::new());
        for sink in sinks {
            if let SinkKind::Kubernetes(kubernetes) = &sink.kind {
                let manifests = load.manifests(sink, kubernetes)?;
                owners.extend(manifests.iter().map(|made| made.owner.clone()));
                texts.extend(manifests.into_iter().map(|made| (made.file, String::from_utf8_lossy(made.text.expose()).into_owned())));
            }
        }
        if texts.is_empty() {
            return Err(Failure::Usage("no sink of these is Kubernetes: there are no manifests to print".to_owned()));
        }
        match context.console.format {
            Format::Json => {
                let rows: Vec<_> = texts.iter().map(|(file, text)| serde_json::json!({ "file": file, "text": text })).collect();
                context.console.json(&rows);
            }
            Format::Human => context.console.data(&texts.iter().map(|(_, text)| format!("---\n{text}")).collect::<String>()),
        }
        let warnings: Vec<String> = owners.iter().filter_map(|owner| Some(format!("{owner}: {}", load.warning(owner)?))).collect();
        warnings.iter().for_each(|warning| context.console.warn(warning));
        Ok(if warnings.is_empty() { Exit::Done } else { Exit::WorkToDo })
    }
}

/// Whoever sits at a terminal sees the list and is asked.
fn asked(context: &Context, addresses: &[String]) -> bool {
    addresses.iter().for_each(|address| context.console.say(format_args!("of no holder any more: {address}")));
    passwords::can_ask() && context.console.ask("Delete them? (yes, no)", "no") == "yes"
}
