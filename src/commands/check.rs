//! `check`: findings about the directory, or about whatever is named.

use clap::{Args, ValueEnum};
use rayon::prelude::*;

use super::Context;
use super::console::Format;
use super::failure::{Exit, Failure};
use super::passwords::PasswordArgs;
use super::question::QuestionArgs;
use super::threshold::ThresholdArgs;
use crate::ops::{self, Judge, Progress, Replaced};
use crate::report::{self, Report, Status, TargetReport};

/// Find what is wrong: with the directory, or with any certificate, store, key, configuration file or endpoint
///
/// Without arguments, checks the directory against the cluster file. Files are recognised by what is in them; directories are
/// searched. What cannot be read is a finding too. Exits 3 when there is a finding at or above the threshold; with
/// `--output nagios`, as Nagios wants it: 0 fine, 1 warning, 2 critical, 3 unknown.
#[derive(Debug, Args)]
pub struct Check {
    /// Files, directories, patterns, or endpoints as host:port
    #[arg(value_name = "PATH or HOST:PORT")]
    targets: Vec<String>,
    #[command(flatten)]
    question: QuestionArgs,
    /// Whether Kafka would take the file in place of this one, or of what this endpoint serves, without a restart (KIP-226)
    #[arg(long, value_name = "FILE or HOST:PORT", requires = "targets")]
    replaces: Option<String>,
    #[command(flatten)]
    threshold: ThresholdArgs,
    /// For people, or for one kind of program [default: as --format]
    #[arg(long, value_enum)]
    output: Option<Output>,
    #[command(flatten)]
    passwords: PasswordArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Human,
    Json,
    /// For Jenkins, GitLab and other CI
    Junit,
    /// For code scanning and IDEs
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// A plugin's output, for Nagios and Icinga
    Nagios,
    /// For the textfile collector of the node exporter
    Prometheus,
}

impl Check {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let output = self.output.unwrap_or(match context.console.format {
            Format::Human => Output::Human,
            Format::Json => Output::Json,
        });
        match (self.report(context), output) {
            (Ok(report), output) => {
                show(context, &report, output);
                Ok(exit(&report, output))
            }
            (Err(failure), Output::Nagios) => {
                context.console.data(&report::unknown(&failure.to_string()));
                Ok(Exit::Monitored(Status::Unknown))
            }
            (Err(failure), _) => Err(failure),
        }
    }

    fn report(&self, context: &Context) -> Result<Report, Failure> {
        let threshold = self.threshold.read()?;
        let passwords = self.passwords.read()?;
        let question = self.question.read(context, &passwords)?;
        let replaced = self.replaces.as_ref().map(|word| Replaced::read(word, &passwords)).transpose()?;
        let judge = Judge { question: &question, passwords: &passwords, replaced: replaced.as_ref() };
        let watch = context.console.watch();
        let progress = Progress::to(&watch);
        let mut targets = if self.targets.is_empty() {
            let (spec, directory) = (context.spec()?, context.directory()?);
            ops::check(progress, &spec, &directory, &context.dir, question.at, question.expires_within)?
        } else {
            self.named(progress, &judge)
        };
        let mut allowed = 0;
        for target in &mut targets {
            let before = target.findings.len();
            target.findings.retain(|finding| !threshold.allows(finding));
            allowed += before - target.findings.len();
        }
        Ok(Report { targets, at: question.at, expires_within: question.expires_within, deny: threshold.deny, allowed })
    }

    fn named(&self, progress: Progress<'_>, judge: &Judge<'_>) -> Vec<TargetReport> {
        let underway = progress.begin("checking", self.targets.len());
        let reports = self.targets.par_iter().flat_map_iter(|word| {
            let reports = judge.word(word);
            underway.step(1);
            reports
        });
        reports.collect()
    }
}

fn exit(report: &Report, output: Output) -> Exit {
    if output == Output::Nagios {
        return Exit::Monitored(Status::of(report));
    }
    if report.summary().denied > 0 { Exit::WorkToDo } else { Exit::Done }
}

fn show(context: &Context, report: &Report, output: Output) {
    let console = &context.console;
    match output {
        Output::Human => console.text(&report::human(report)),
        Output::Json => console.json(&report::json(report)),
        Output::Junit => console.data(&report::junit(report)),
        Output::Sarif => console.json(&report::sarif(report)),
        Output::Github => console.data(&report::github(report)),
        Output::Nagios => console.data(&report::nagios(report)),
        Output::Prometheus => console.data(&report::prometheus(report)),
    }
}
