//! `verify`: the proof, against running brokers or over loopback.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::console::Format;
use super::failure::{Exit, Failure};
use super::identity::IdentityArgs;
use super::interruption::Interruption;
use super::{Context, proof, selected};
use crate::cluster::{AuthorityName, ClusterSpec, Holder, HolderId, Role};
use crate::diagnosis::VerifyReport;
use crate::directory::Directory;
use crate::identity::Candidate;
use crate::inventory::HolderFiles;
use crate::issue;
use crate::ops::{self, DeedError, LogFile, Progress, Proving, Signers, Site, Told};
use crate::pki::Identity;
use crate::report;
use crate::snippet::Snippets;
use crate::verify::{self, Agenda, Attendee, Intruders, Options, Place, Wishes};
use crate::visit::allowance::{self, Lack};
use crate::visit::{Credential, Messenger};

/// Prove that mutual TLS works, and say what is broken, on which side, and how to mend it
///
/// By the cluster file, connects to each advertised address as each client would, and as each Kafka node where it plays a client:
/// name, TCP, TLS, login, and a message there and back. With --as, --kafka or --amqp it needs no cluster file, and visits every broker
/// that Kafka advertises. Then tries what must be refused: no certificate, a foreign authority, an expired certificate, plaintext and
/// more. Exits 4 when anything fails or anyone is let in.
#[derive(Debug, Args)]
pub struct Verify {
    /// Connect as these of the cluster file only, as clients/orders or orders
    #[arg(value_name = "HOLDER", conflicts_with_all = ["identities", "kafka", "amqp"])]
    holders: Vec<String>,
    /// Prove the files in handshakes over loopback; needs no broker
    #[arg(long, conflicts_with_all = ["identities", "kafka", "amqp"])]
    loopback: bool,
    #[command(flatten)]
    identity: IdentityArgs,
    /// Send Kafka's message through this topic; where there is none, one is made as NAME-… and removed again [default: the cluster
    /// file's, or countersign-verify]
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// Send Kafka's message in a transaction, and read it once that is committed
    #[arg(long)]
    transactional: bool,
    /// Send no message: end with the login
    #[arg(long)]
    no_message: bool,
    /// Try nothing that must be refused
    #[arg(long)]
    no_probes: bool,
    /// How long a connection may take, with all that is done over it: 5s, 500ms
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    deadline: Duration,
    /// How many connections are made at once, where this process may open their files (ulimit -n)
    #[arg(long, value_name = "COUNT", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    parallel: u16,
    /// End with the first failure
    #[arg(long)]
    fail_fast: bool,
    /// Look for the reasons in this log of a broker
    #[arg(long, value_name = "FILE")]
    broker_log: Vec<PathBuf>,
    /// Show every step of every visit, with what it has shown and how long it took
    #[arg(long)]
    steps: bool,
    /// For people, or for one kind of program [default: as --format]
    #[arg(long, value_enum)]
    output: Option<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Human,
    Json,
    /// For Jenkins, GitLab and other CI
    Junit,
    /// For the textfile collector of the node exporter
    Prometheus,
}

/// Certificates that end this soon are worth a line.
const SOON: time::Duration = time::Duration::days(30);

impl Verify {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        if self.identity.are_given() {
            return self.visit(context, self.named(context)?);
        }
        if !self.identity.is_silent() {
            let rule = "--trust, --system-roots, --user, --mechanism and --tls go with --as, --kafka or --amqp";
            return Err(Failure::Usage(format!("{rule}: by the cluster file everyone is who the file says")));
        }
        let spec = context.spec()?;
        let directory = context.directory()?;
        let wanted = selected(&spec, &self.holders)?;
        if !directory.exists() {
            return Err(DeedError::NothingThere { directory: directory.root().to_owned() }.into());
        }
        if self.loopback {
            self.over_loopback(context, &spec, &directory, &wanted)
        } else {
            self.visit(context, self.by_cluster(context, &spec, &directory, &wanted)?)
        }
    }

    fn over_loopback(&self, context: &Context, spec: &ClusterSpec, directory: &Directory, wanted: &[&Holder]) -> Result<Exit, Failure> {
        let snippets = Snippets::new(spec, directory.root());
        let site = Site { spec, snippets: &snippets, directory };
        let watch = context.console.watch();
        let proving = Proving { site, means: context.means(Progress::to(&watch)), candidates: &BTreeMap::new() };
        let proved = proving.loopback(&directory.read_ours(spec)?, &mut Signers::new(site, context.now), wanted)?;
        match context.console.format {
            Format::Json => context.console.json(&proved.json()),
            Format::Human => proof::show(&context.console, &proved),
        }
        Ok(if proved.passed() { Exit::Done } else { Exit::VerificationFailed })
    }

    fn wishes(&self) -> Result<Wishes, Failure> {
        let unknown = |error| {
            let advice = "mount /proc, or send no message (--no-message)";
            Failure::Usage(format!("countersign cannot find its own program, in which librdkafka is to run: {error}; {advice}"))
        };
        let messenger = if self.no_message { Messenger::InProcess } else { Messenger::Child(std::env::current_exe().map_err(unknown)?) };
        Ok(Wishes { topic: self.topic.clone(), message: !self.no_message, transactional: self.transactional, messenger })
    }

    /// Without a cluster file.
    fn named(&self, context: &Context) -> Result<Agenda, Failure> {
        let candidates = self.identity.read(context)?;
        let visitors = candidates.into_iter().map(|candidate| {
            let places = candidate.targets.into_iter().map(|target| Place {
                endpoint: target.endpoint,
                protocol: target.protocol,
                vhost: target.vhost,
            });
            let Candidate { name, via, visitor, notes, .. } = candidate;
            (Attendee { name, via, visitor, notes }, places.collect())
        });
        Ok(verify::agenda_by_name(visitors.collect(), &self.wishes()?))
    }

    fn by_cluster(&self, context: &Context, spec: &ClusterSpec, directory: &Directory, wanted: &[&Holder]) -> Result<Agenda, Failure> {
        let identities: BTreeSet<HolderId> =
            wanted.iter().filter(|holder| !matches!(holder.role, Role::Rabbitmq(_))).map(|holder| holder.id.clone()).collect();
        let mut everyone: Vec<(&Holder, HolderFiles)> = Vec::new();
        for holder in spec.holders.iter().filter(|holder| identities.contains(&holder.id) || !matches!(holder.role, Role::Client(_))) {
            match directory.holder_files(spec, holder) {
                Some(files) => everyone.push((holder, files)),
                None => return Err(DeedError::NothingThere { directory: directory.root().join(holder.id.to_string()) }.into()),
            }
        }
        let intruders = if self.no_probes { BTreeMap::new() } else { intruders(context, spec, directory)? };
        Ok(verify::agenda_by_cluster(spec, &everyone, &identities, &intruders, &self.wishes()?))
    }

    fn visit(&self, context: &Context, agenda: Agenda) -> Result<Exit, Failure> {
        let options = Options {
            now: context.now,
            deadline: self.deadline,
            at_once: verify::connections_at_once(self.parallel.into()).map_err(DeedError::from)?,
            probes: !self.no_probes,
            fail_fast: self.fail_fast,
        };
        let logs = LogFile::begin(&self.broker_log)?;
        let runtime = allowance::runtime().map_err(DeedError::from)?;
        let watch = context.console.watch();
        watch(Told::Begins { work: "verifying", steps: agenda.meetings.len() });
        let stop = async || {
            let _ = tokio::signal::ctrl_c().await;
        };
        let told = |done: usize, of: usize| {
            watch(Told::Grows(of));
            watch(Told::Reached(done));
        };
        let interruption = Interruption::begin().map_err(|error| DeedError::from(Lack::Other(error.to_string())))?;
        let mut report = runtime.block_on(verify::run(agenda, options, stop, told));
        drop(interruption);
        watch(Told::Ends);
        // A name server that does not answer keeps a thread for longer than anybody waits.
        runtime.shutdown_background();
        if let Some(lack) = report.lack() {
            return Err(DeedError::from(Lack::Other(lack.to_owned())).into());
        }
        ops::explain(&mut report, &logs)?;
        self.show(context, &report);
        Ok(match (report.interrupted(), report.passed()) {
            (true, _) => Exit::Interrupted,
            (false, true) => Exit::Done,
            (false, false) => Exit::VerificationFailed,
        })
    }

    fn show(&self, context: &Context, report: &VerifyReport) {
        let console = &context.console;
        let output = self.output.unwrap_or(match console.format {
            Format::Human => Output::Human,
            Format::Json => Output::Json,
        });
        match output {
            Output::Human => {
                if self.steps {
                    for cell in &report.cells {
                        let mut steps = report::verify_steps(cell);
                        steps.blank();
                        console.text(&steps);
                    }
                }
                console.text(&report::verify_human(report, context.now, SOON));
            }
            Output::Json => console.json(&report::verify_json(report, context.now)),
            Output::Junit => console.data(&report::verify_junit(report)),
            Output::Prometheus => console.data(&report::verify_prometheus(report, context.now)),
        }
    }
}

/// Certificates that no broker must take, made for the occasion by each authority whose key can be used here.
fn intruders(context: &Context, spec: &ClusterSpec, directory: &Directory) -> Result<BTreeMap<AuthorityName, Arc<Intruders>>, Failure> {
    let snippets = Snippets::new(spec, directory.root());
    let inventory = directory.read_ours(spec)?;
    let mut signers = Signers::new(Site { spec, snippets: &snippets, directory }, context.now);
    let mut intruders = BTreeMap::new();
    for holder in &spec.holders {
        let name = spec.issuer_of(holder);
        if intruders.contains_key(&name) {
            continue;
        }
        let made = match signers.open(name, &inventory) {
            Ok(signer) => {
                let credential = |made: Result<Identity, issue::IssueError>| made.ok().and_then(|made| Credential::of(&made).ok());
                Intruders {
                    expired: credential(issue::expired(holder, signer, context.now, &context.entropy)),
                    wrong_usage: credential(issue::for_servers(holder, signer, context.now, &context.entropy)),
                }
            }
            Err(failure) => {
                context.console.say(format_args!("Nobody is tried with an expired certificate, or one for servers alone: {failure}"));
                Intruders::default()
            }
        };
        intruders.insert(name, Arc::new(made));
    }
    Ok(intruders)
}

/// `5s`, `500ms`, `1m`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| "write it as 5s, 500ms or 1m".to_owned())?;
    let duration = match unit {
        "ms" => Duration::from_millis(number),
        "" | "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        _ => return Err("write it as 5s, 500ms or 1m".to_owned()),
    };
    if (Duration::from_millis(10)..=Duration::from_secs(3600)).contains(&duration) {
        Ok(duration)
    } else {
        Err("between 10ms and 60m".to_owned())
    }
}
