//! Where librdkafka sends its messages from. There are answers of brokers that end it, and the process that it is in with it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::order::{Order, RoundTrip, Trip};
use crate::diagnosis::{Fault, FileProblem, Step, Symptom};

/// Who does what an [`Order`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Messenger {
    /// This process, whose end librdkafka's would be: for brokers that are our own.
    InProcess,
    /// A process of its own for each order: this program, run with [`Messenger::VERB`] alone, hands its stdin to [`serve`].
    Child(PathBuf),
}

impl Messenger {
    /// The only argument that the program is given.
    pub const VERB: &str = "librdkafka";

    /// Sends and receives: what happened to the message to each partition, in their order.
    pub async fn send(&self, order: &Order) -> Vec<RoundTrip> {
        let trips = match self {
            Self::InProcess => Ok(order.run().await),
            Self::Child(program) => child(program, order).await,
        };
        match trips {
            Ok(trips) => order.told(trips),
            Err(fault) => order.partitions.iter().map(|_| RoundTrip::nowhere(fault.clone())).collect(),
        }
    }
}

/// The longest line that an order takes, in bytes: keys and anchors are some thousands, and a partition a few.
pub const ORDER: u64 = 16 << 20;

/// The most that is read of what a child answers, in bytes.
const ANSWER: u64 = 4 << 20;

/// The most that is kept of what a child says besides, in bytes. librdkafka says where an assertion failed in one line.
const SAID: u64 = 512;

/// The child's side: does what `order` says; the answer, in one line, for stdout.
pub async fn serve(order: &Order) -> Result<String, serde_json::Error> {
    serde_json::to_string(&order.run().await)
}

/// The child ends when its stdin does, so it does not outlive this process; and it hears nothing of an interruption at the terminal,
/// for which it is ended here.
async fn child(program: &Path, order: &Order) -> Result<Vec<Trip>, Fault> {
    let not_started = |error: io::Error| {
        Fault::file(program.display().to_string(), FileProblem::Unreadable(format!("it could not be started for librdkafka: {error}")))
    };
    let line = order.line().map_err(|error| Fault::other(Step::Produce, error))?;
    let mut command = Command::new(program);
    command.arg(Messenger::VERB).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn().map_err(not_started)?;
    let limit = limit(order);
    let Exchanged { answer, said, status } = match tokio::time::timeout(limit, exchange(&mut child, &line)).await {
        Ok(exchanged) => exchanged.map_err(|error| ended(error, b""))?,
        Err(_) => return Err(ended(format_args!("no answer within {} s", limit.as_secs()), b"")),
    };
    if !status.success() {
        return Err(lacking(&said).unwrap_or_else(|| ended(status, &said)));
    }
    match serde_json::from_slice::<Vec<Trip>>(&answer) {
        Ok(trips) if trips.len() == order.partitions.len() => Ok(trips),
        Ok(_) | Err(_) => Err(ended("its answer makes no sense", &said)),
    }
}

/// A transaction takes three calls, and receiving is the fourth. Each ends by itself; a process that is being started takes its time.
fn limit(order: &Order) -> Duration {
    const STARTED: Duration = Duration::from_secs(5);
    order.deadline * 4 + STARTED
}

struct Exchanged {
    answer: Vec<u8>,
    said: Vec<u8>,
    status: std::process::ExitStatus,
}

async fn exchange(child: &mut Child, line: &[u8]) -> io::Result<Exchanged> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("its pipes are gone"));
    };
    // Whoever does not read its order to the end has ended, and how is told below.
    let ordered = async { stdin.write_all(line).await.ok() };
    let (_, answer, said) = tokio::join!(ordered, beginning(stdout, ANSWER), beginning(stderr, SAID));
    let status = child.wait().await?;
    drop(stdin);
    Ok(Exchanged { answer: answer?, said: said?, status })
}

/// The first `limit` bytes. The rest is read and forgotten, so that nobody waits for a reader.
async fn beginning(mut stream: impl AsyncRead + Unpin, limit: u64) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    (&mut stream).take(limit).read_to_end(&mut kept).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(kept)
}

/// What a child that ended says of this machine: of its own, or where librdkafka could start no thread.
fn lacking(said: &[u8]) -> Option<Fault> {
    let said = String::from_utf8_lossy(said);
    let own = said.strip_prefix("error: ").filter(|error| error.starts_with("this process may"));
    let thread = (said.contains("failed to create") && said.contains("thread"))
        .then_some("this process may not start as many threads as librdkafka needs (ulimit -u, -v)");
    let error = own.and_then(|error| error.lines().next()).or(thread)?.to_owned();
    Some(Fault::new(Step::Produce, Symptom::Lack { error }))
}

fn ended(how: impl ToString, said: &[u8]) -> Fault {
    let first = said.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Fault::new(Step::Produce, Symptom::LibrdkafkaEnded { how: how.to_string(), said: first.escape_ascii().to_string() })
}
