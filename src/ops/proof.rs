//! The proof over loopback: the files as they lie on the disk, in batches, and one message through librdkafka.

use rayon::prelude::*;
use serde_json::json;
use tokio::runtime::Runtime;

use super::{DeedError, Making, Means};
use crate::cluster::{AuthorityName, ClusterSpec, Holder, Role};
use crate::diagnosis::{Cell, ProbeOutcome, Verdict, VerifyReport};
use crate::directory::Directory;
use crate::inventory::HolderFiles;
use crate::issue;
use crate::verify;

/// How many holders' files are held in memory at once.
const BATCH: usize = 256;

/// What the proof saw. Of what passed only the numbers are kept.
#[derive(Debug, Default)]
pub struct Proved {
    pub handshakes: usize,
    pub refusals: usize,
    pub messages: usize,
    /// What did not pass.
    pub failed: VerifyReport,
}

/// Proves `holders`, or says what is wrong with them.
pub fn loopback(
    means: Means<'_>,
    spec: &ClusterSpec,
    directory: &Directory,
    making: &mut Making<'_>,
    holders: &[&Holder],
) -> Result<Proved, DeedError> {
    let runtime = Runtime::new().map_err(DeedError::Runtime)?;
    let nodes = read(spec, directory, &first_nodes(spec))?;
    let mut proved = Proved::default();
    let progress = means.progress.begin("proving", holders.len() * spec.stores.formats.len());
    for batch in holders.chunks(BATCH) {
        let files = read(spec, directory, batch)?;
        proved.add(runtime.block_on(verify::loopback(&files, &nodes, means.now, |done| progress.step(done))));
    }
    drop(progress);
    if let Some(cell) = message(means, spec, making, &runtime, &nodes, directory)? {
        proved.messages = usize::from(matches!(cell.verdict, Verdict::Passed));
        proved.failed.cells.extend(matches!(cell.verdict, Verdict::Failed(_)).then_some(cell));
    }
    Ok(proved)
}

/// The files of each of `holders`. Whoever has none cannot be proved.
fn read<'a>(spec: &ClusterSpec, directory: &Directory, holders: &[&'a Holder]) -> Result<Vec<(&'a Holder, HolderFiles)>, DeedError> {
    let nothing = |holder: &Holder| DeedError::NothingThere { directory: directory.root().join(holder.id.to_string()) };
    holders.par_iter().map(|holder| Ok((*holder, directory.holder_files(spec, holder)?.ok_or_else(|| nothing(holder))?))).collect()
}

/// One message as the first Kafka client, against a stand-in that its authority vouches for.
fn message(
    means: Means<'_>,
    spec: &ClusterSpec,
    making: &mut Making<'_>,
    runtime: &Runtime,
    nodes: &[(&Holder, HolderFiles)],
    directory: &Directory,
) -> Result<Option<Cell>, DeedError> {
    let kafka_client = |holder: &&Holder| match &holder.role {
        Role::Client(client) => client.kafka.is_some(),
        Role::Kafka(_) => true,
        Role::Rabbitmq(_) => false,
    };
    let Some(node) = nodes.iter().map(|(holder, _)| *holder).find(|holder| matches!(holder.role, Role::Kafka(_))) else { return Ok(None) };
    let client = spec.holders.iter().rev().find(|holder| kafka_client(holder)).unwrap_or(node);
    let Some(files) = directory.holder_files(spec, client)? else { return Ok(None) };
    let name = match spec.issuer_of(node) {
        AuthorityName::Clients => AuthorityName::Brokers,
        name @ (AuthorityName::Brokers | AuthorityName::Shared) => name,
    };
    let signer = making.signer(name)?;
    let making_failed = |source| DeedError::Making { what: "the proof's stand-in".to_owned(), source };
    let stand_in = issue::stand_in(&signer, means.now, means.entropy).map_err(|error| making_failed(error.into()))?;
    let Some(trust) = making.inventory.anchors(spec.trusted_by(node)) else { return Ok(None) };
    Ok(Some(runtime.block_on(verify::message_through_mock(&files, &stand_in, &trust, means.now))))
}

/// The nodes that clients meet: the first of each kind.
fn first_nodes(spec: &ClusterSpec) -> Vec<&Holder> {
    let kafka = spec.kafka_nodes().map(|(holder, _)| holder).next();
    let rabbitmq = spec.rabbitmq_nodes().map(|(holder, _)| holder).next();
    [kafka, rabbitmq].into_iter().flatten().collect()
}

impl Proved {
    pub fn passed(&self) -> bool {
        self.failed.passed()
    }

    fn add(&mut self, report: VerifyReport) {
        for cell in report.cells {
            match cell.verdict {
                Verdict::Passed => self.handshakes += 1,
                Verdict::Failed(_) => self.failed.cells.push(cell),
            }
        }
        for probe in report.probes {
            match probe.outcome {
                ProbeOutcome::Refused { .. } => self.refusals += 1,
                ProbeOutcome::LetIn(_) | ProbeOutcome::Unreachable { .. } => self.failed.probes.push(probe),
            }
        }
    }

    pub fn json(&self) -> serde_json::Value {
        json!({
            "passed": self.passed(),
            "handshakes": self.handshakes,
            "refusals": self.refusals,
            "messages": self.messages,
            "failed": self.failed,
        })
    }
}
