//! The proof over loopback: the files as they lie on the disk, in batches, and one message through librdkafka.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde_json::json;
use tokio::runtime::Runtime;

use super::{DeedError, Means, Signers, Site};
use crate::cluster::{AuthorityName, ClusterSpec, Holder, HolderId, HolderKind, Role};
use crate::diagnosis::{Cell, ProbeOutcome, Verdict, VerifyReport};
use crate::inventory::{HolderFiles, Inventory};
use crate::issue::{self, IssueError};
use crate::verify;
use crate::visit::allowance::{self, Lack};

/// How many holders' files are held in memory at once.
const BATCH: usize = 256;

/// What the proof saw. Of what passed only the numbers are kept.
#[derive(Debug, Default)]
pub struct Proved {
    pub handshakes: usize,
    pub refusals: usize,
    pub messages: usize,
    /// What could not be tried, and why: "no message by librdkafka, because …".
    pub left_out: Vec<String>,
    /// What did not pass.
    pub failed: VerifyReport,
}

/// What is proved: the files that are to be put in use, and those in use of everyone else.
#[derive(Debug, Clone, Copy)]
pub struct Proving<'a> {
    pub site: Site<'a>,
    pub means: Means<'a>,
    /// What is to be put in use, for each holder of whom that is to be.
    pub candidates: &'a BTreeMap<&'a HolderId, Candidate>,
}

/// A generation that is to be put in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// Lies beside the others under a name of its own.
    Staged(u32),
    /// Was in use before.
    Earlier(u32),
}

impl Proving<'_> {
    /// Proves `holders`, or says what is wrong with them.
    ///
    /// # Errors
    /// Somebody has no files to prove, or an authority that is needed cannot sign.
    pub fn loopback(self, inventory: &Inventory, signers: &mut Signers<'_>, holders: &[&Holder]) -> Result<Proved, DeedError> {
        let spec = self.site.spec;
        let at_once = verify::loopback_at_once()?;
        let runtime = allowance::runtime()?;
        let nodes = self.read_all(&met_nodes(spec, inventory, self.candidates))?;
        let mut proved = Proved::default();
        for (broker, is_there, is_met) in [
            ("Kafka", spec.kafka_nodes().next().is_some(), nodes.iter().any(|(node, _)| node.id.kind == HolderKind::Kafka)),
            ("RabbitMQ", spec.rabbitmq_nodes().next().is_some(), nodes.iter().any(|(node, _)| node.id.kind == HolderKind::Rabbitmq)),
        ] {
            if is_there && !is_met {
                proved.left_out.push(format!("nobody met {broker}, for none of its nodes has sound files"));
            }
        }
        let met = nodes.iter().map(|(node, _)| *node).filter(|node| self.candidates.contains_key(&node.id));
        let visitors: Vec<&Holder> = met.filter_map(|node| visitor(spec, inventory, node, holders)).collect();
        let holders = [holders, &visitors].concat();
        let underway = self.means.progress.begin("proving", holders.len() * spec.stores.formats.len());
        for batch in holders.chunks(BATCH) {
            let files = self.read_all(batch)?;
            proved.add(runtime.block_on(verify::loopback(&files, &nodes, self.means.now, at_once, |done| underway.step(done))));
        }
        drop(underway);
        if let Some(lack) = proved.failed.lack() {
            return Err(Lack::Other(lack.to_owned()).into());
        }
        match self.message(inventory, signers, &runtime, &nodes)? {
            Message::Nobody => {}
            Message::LeftOut(why) => proved.left_out.push(format!("no message by librdkafka, because {why}")),
            Message::Sent(cell) => {
                proved.messages = usize::from(matches!(cell.verdict, Verdict::Passed));
                proved.failed.cells.extend(matches!(cell.verdict, Verdict::Failed(_)).then_some(*cell));
            }
        }
        runtime.shutdown_background();
        Ok(proved)
    }

    /// The files of each of `holders`. Whoever has none cannot be proved.
    fn read_all<'h>(self, holders: &[&'h Holder]) -> Result<Vec<(&'h Holder, HolderFiles)>, DeedError> {
        let nothing = |holder: &Holder| DeedError::NothingThere { directory: self.site.directory.root().join(holder.id.to_string()) };
        holders.par_iter().map(|holder| Ok((*holder, self.read(holder).ok_or_else(|| nothing(holder))?))).collect()
    }

    fn read(self, holder: &Holder) -> Option<HolderFiles> {
        let Site { spec, directory, .. } = self.site;
        match self.candidates.get(&holder.id) {
            Some(Candidate::Staged(generation)) => Some(directory.staged_files(spec, holder, *generation)),
            Some(Candidate::Earlier(generation)) => Some(directory.earlier_files(spec, holder, *generation)),
            None => directory.holder_files(spec, holder),
        }
    }

    /// One message as the last Kafka client, against a stand-in that its authority vouches for.
    fn message(
        self,
        inventory: &Inventory,
        signers: &mut Signers<'_>,
        runtime: &Runtime,
        nodes: &[(&Holder, HolderFiles)],
    ) -> Result<Message, DeedError> {
        let spec = self.site.spec;
        let kafka_client = |holder: &&Holder| match &holder.role {
            Role::Client(client) => client.kafka.is_some(),
            Role::Kafka(_) => true,
            Role::Rabbitmq(_) => false,
        };
        let Some(node) = nodes.iter().map(|(holder, _)| *holder).find(|holder| matches!(holder.role, Role::Kafka(_))) else {
            return Ok(Message::Nobody);
        };
        let sound = |holder: &&Holder| inventory.fault(&holder.id).is_none();
        let client = spec.holders.iter().rev().filter(sound).find(kafka_client).unwrap_or(node);
        let (Some(files), Some(trust)) = (self.read(client), inventory.anchors(spec.trusted_by(node))) else {
            return Ok(Message::Nobody);
        };
        let signer = signers.open(spec.issuer_of(node), inventory)?;
        for host in verify::stand_in_hosts() {
            match issue::stand_in(node, &host, signer, self.means.now, self.means.entropy) {
                Ok(stand_in) => {
                    let sent = verify::message_through_mock(&files, (&host, &stand_in), &trust, self.means.now);
                    return Ok(Message::Sent(Box::new(runtime.block_on(sent))));
                }
                Err(IssueError::Forbidden { .. }) => {}
                Err(error) => return Err(DeedError::Making { what: "the proof's stand-in".to_owned(), source: error.into() }),
            }
        }
        Ok(Message::LeftOut(format!("{} may not issue a name of this machine (name constraints)", signer.certificate().subject)))
    }
}

/// What became of the message by librdkafka.
enum Message {
    /// There is no Kafka, or nobody who uses it.
    Nobody,
    LeftOut(String),
    Sent(Box<Cell>),
}

/// Whose key the proof needs: that of the authority of Kafka's brokers, for the stand-in.
pub fn stand_in_authority(spec: &ClusterSpec) -> Option<AuthorityName> {
    spec.kafka_nodes().next().map(|(holder, _)| spec.issuer_of(holder))
}

/// A client in use that meets `node`, where none of `holders` does: by itself alone a node is not proved.
fn visitor<'s>(spec: &'s ClusterSpec, inventory: &Inventory, node: &Holder, holders: &[&Holder]) -> Option<&'s Holder> {
    let meets = |holder: &Holder| match (&node.role, &holder.role) {
        (Role::Kafka(_), Role::Client(client)) => client.kafka.is_some(),
        (Role::Rabbitmq(_), Role::Client(client)) => client.rabbitmq.is_some(),
        (Role::Kafka(_) | Role::Rabbitmq(_) | Role::Client(_), Role::Kafka(_) | Role::Rabbitmq(_)) | (Role::Client(_), Role::Client(_)) => {
            false
        }
    };
    let is_in_use = |id: &HolderId| inventory.holders.get(id).is_some_and(|state| state.fault.is_none() && state.current.is_some());
    let is_met = holders.iter().any(|holder| meets(holder));
    spec.holders.iter().find(|holder| !is_met && meets(holder) && is_in_use(&holder.id))
}

/// The nodes that clients meet: of each kind one that goes back to an earlier generation, or else the first that can be read.
fn met_nodes<'s>(spec: &'s ClusterSpec, inventory: &Inventory, candidates: &BTreeMap<&HolderId, Candidate>) -> Vec<&'s Holder> {
    let sound = |holder: &&Holder| inventory.fault(&holder.id).is_none();
    let goes_back = |holder: &&Holder| matches!(candidates.get(&holder.id), Some(Candidate::Earlier(_)));
    let kafka: Vec<&Holder> = spec.kafka_nodes().map(|(holder, _)| holder).filter(sound).collect();
    let rabbitmq: Vec<&Holder> = spec.rabbitmq_nodes().map(|(holder, _)| holder).filter(sound).collect();
    [kafka, rabbitmq].into_iter().filter_map(|nodes| nodes.iter().copied().find(goes_back).or(nodes.first().copied())).collect()
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
            "left_out": self.left_out,
            "failed": self.failed,
        })
    }
}
