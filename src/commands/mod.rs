//! Floor 11: one file for each verb. Here is what they share: the global options, and the way to an exit code.

mod applied;
mod apply;
mod arguments;
mod check;
mod console;
mod convert;
mod failure;
mod identity;
mod init;
mod inspect;
mod interruption;
mod librdkafka;
mod passwords;
mod proof;
mod push;
mod push_report;
mod question;
mod reload;
mod render;
mod retire;
mod rollback;
mod rollover;
mod rotate;
mod status;
mod status_page;
mod threshold;
mod verify;

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use console::{Color, Console, Format};
use failure::Failure;
use time::OffsetDateTime;

use crate::cluster::{self, ClusterSpec, Holder, HolderId};
use crate::directory::{self, Directory};
use crate::ops::{DeedError, Means, Progress};
use crate::text::printable;
use crate::visit::allowance::Lack;

/// TLS certificates for Kafka and RabbitMQ: made, kept fresh, and proved to work
#[derive(Debug, Parser)]
#[command(version, max_term_width = 120)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Args)]
struct Global {
    /// The cluster file
    #[arg(short, long, global = true, value_name = "FILE", default_value = "countersign.yaml")]
    file: PathBuf,
    /// The directory that holds authorities, keys and certificates
    #[arg(short, long, global = true, value_name = "DIR", default_value = "pki")]
    dir: PathBuf,
    /// For people, or for programs
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Whether to colour what a terminal shows
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(init::Init),
    Apply(apply::Apply),
    Status(status::Status),
    Check(Box<check::Check>),
    Verify(verify::Verify),
    Push(push::Push),
    Reload(reload::Reload),
    Rotate(rotate::Rotate),
    Rollback(rollback::Rollback),
    Retire(retire::Retire),
    Render(render::Render),
    Rollover(rollover::Rollover),
    Convert(convert::Convert),
    Inspect(inspect::Inspect),
    #[command(hide = true)]
    Librdkafka(librdkafka::Librdkafka),
}

/// What every verb is given.
struct Context {
    console: Console,
    file: PathBuf,
    dir: PathBuf,
    now: OffsetDateTime,
    entropy: aws_lc_rs::rand::SystemRandom,
}

/// Parses the arguments, runs the verb, reports a failure and returns the exit code (0 to 255).
pub fn main(now: OffsetDateTime) -> u8 {
    let Cli { global, verb } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let console = Console::new(Format::Human, Color::Auto, false);
            let exit = console.usage(&arguments::without_secrets(of_printable_words(error)));
            return console.end(exit).code();
        }
    };
    let console = Console::new(global.format, global.color, global.quiet);
    let context = Context { console, file: global.file, dir: global.dir, now, entropy: aws_lc_rs::rand::SystemRandom::new() };
    let words = std::env::args_os().skip(1).filter_map(|word| word.into_string().ok());
    let result = arguments::refuse_secrets(words).and_then(|()| pool()).and_then(|()| match &verb {
        Verb::Init(init) => init.run(&context),
        Verb::Apply(apply) => apply.run(&context),
        Verb::Status(status) => status.run(&context),
        Verb::Check(check) => check.run(&context),
        Verb::Verify(verify) => verify.run(&context),
        Verb::Push(push) => push.run(&context),
        Verb::Reload(reload) => reload.run(&context),
        Verb::Rotate(rotate) => rotate.run(&context),
        Verb::Rollback(rollback) => rollback.run(&context),
        Verb::Retire(retire) => retire.run(&context),
        Verb::Render(render) => render.run(&context),
        Verb::Rollover(rollover) => rollover.run(&context),
        Verb::Convert(convert) => convert.run(&context),
        Verb::Inspect(inspect) => inspect.run(&context),
        Verb::Librdkafka(librdkafka) => librdkafka.run(&context),
    });
    let exit = result.unwrap_or_else(|failure| {
        context.console.failure(&failure);
        failure.exit()
    });
    context.console.end(exit).code()
}

/// The same error of the same words, as they may be shown: clap repeats them as they are.
fn of_printable_words(error: clap::Error) -> clap::Error {
    let words = std::env::args_os().map(|word| printable(&word.to_string_lossy()).into_owned());
    Cli::try_parse_from(words).err().unwrap_or(error)
}

/// The threads on which files are made and read. rayon panics of those that it starts unasked, where the system lets it have none.
fn pool() -> Result<(), Failure> {
    let started = rayon::ThreadPoolBuilder::new().build_global();
    started.map_err(|error| DeedError::from(Lack::Threads(error.to_string())).into())
}

impl Context {
    /// Reads the cluster file; says what will surprise its author.
    fn spec(&self) -> Result<ClusterSpec, Failure> {
        if !self.file.exists() {
            return Err(Failure::NoClusterFile(self.file.clone()));
        }
        let text = directory::read_cluster_file(&self.file)?;
        let file = std::path::absolute(&self.file).unwrap_or_else(|_| self.file.clone());
        let base = file.parent().unwrap_or(Path::new("/"));
        let spec = cluster::parse(&text, base).map_err(|problems| Failure::ClusterFile { file: self.file.clone(), problems })?;
        for warning in &spec.warnings {
            self.console.warn(&format!(
                "{}:{}:{}: {}; {}",
                self.file.display(),
                warning.line,
                warning.column,
                warning.message,
                warning.fix
            ));
        }
        Ok(spec)
    }

    fn directory(&self) -> Result<Directory, Failure> {
        Ok(Directory::new(&self.dir)?)
    }

    fn means<'a>(&'a self, progress: Progress<'a>) -> Means<'a> {
        Means { now: self.now, entropy: &self.entropy, progress }
    }
}

/// The holders that `words` name, as `kafka/broker-1` or `broker-1`; all when there are no words.
fn selected<'a>(spec: &'a ClusterSpec, words: &[String]) -> Result<Vec<&'a Holder>, Failure> {
    let named = |id: &HolderId, word: &str| id.to_string() == word || id.name.as_str() == word;
    for word in words {
        if !spec.holders.iter().any(|holder| named(&holder.id, word)) {
            return Err(Failure::NoSuchHolder { word: word.clone(), nearest: nearest(spec, word) });
        }
    }
    Ok(spec.holders.iter().filter(|holder| words.is_empty() || words.iter().any(|word| named(&holder.id, word))).collect())
}

fn nearest(spec: &ClusterSpec, word: &str) -> Option<String> {
    let distance =
        |id: &HolderId| strsim::damerau_levenshtein(id.name.as_str(), word).min(strsim::damerau_levenshtein(&id.to_string(), word));
    spec.holders.iter().map(|holder| &holder.id).min_by_key(|id| distance(id)).map(HolderId::to_string)
}
