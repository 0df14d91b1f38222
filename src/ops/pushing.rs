//! How a push is carried out: what is to be sent, to which sink, and what the journal is told of it.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use futures_util::StreamExt;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::sink_report::{Action, Problem, PrunedRow, Row, SinkReport};
use super::{DeedError, Means};
use crate::cluster::{ClusterSpec, Holder, HolderId, SinkKind, SinkSpec};
use crate::directory::{Directory, DirectoryError, JournalEntry, Marks};
use crate::inventory::{HolderFiles, Inventory};
use crate::parcel::{self, Label, Owner, Parcel, ParcelError};
use crate::sinks::{self, Delivery, Mode, Outcome, SecretsManager, Sink, SinkError, Stored, Vault, Wishes};
use crate::visit::allowance;

/// Everything that can be sent, as the directory has it now.
#[derive(Debug)]
pub struct Load<'a> {
    pub means: Means<'a>,
    pub spec: &'a ClusterSpec,
    pub directory: &'a Directory,
    pub inventory: Inventory,
    /// Who is sent anything.
    holders: BTreeSet<HolderId>,
    files: BTreeMap<HolderId, HolderFiles>,
}

impl<'a> Load<'a> {
    /// The files of `holders`, which alone are sent.
    pub fn read(means: Means<'a>, spec: &'a ClusterSpec, directory: &'a Directory, holders: &[&Holder]) -> Result<Self, DeedError> {
        let inventory = directory.read_ours(spec)?;
        let mut files = BTreeMap::new();
        for holder in holders {
            if let Some(found) = directory.holder_files(spec, holder) {
                files.insert(holder.id.clone(), found);
            }
        }
        let holders = holders.iter().map(|holder| holder.id.clone()).collect();
        Ok(Self { means, spec, directory, inventory, holders, files })
    }

    /// What `sink` gets, and what cannot be sent.
    pub fn parcels(&self, sink: &SinkSpec) -> (Vec<Parcel>, Vec<ParcelError>) {
        let (mut parcels, mut errors) = (Vec::new(), Vec::new());
        let holders = sink.holders.iter().filter(|id| self.holders.contains(*id)).cloned().collect();
        let is_whole = self.holders.len() == self.spec.holders.len();
        let sink = SinkSpec { holders, ..sink.clone() };
        for parcel in parcel::parcels(self.spec, &sink, &self.inventory, &self.files, self.means.now) {
            match parcel {
                // What is of no holder goes with the whole.
                Ok(Parcel { owner: Owner::Trust, .. }) | Err(ParcelError::Missing(Owner::Trust)) if !is_whole => {}
                Ok(parcel) => parcels.push(parcel),
                Err(error) => errors.push(error),
            }
        }
        (parcels, errors)
    }

    /// What time has made of what goes to `owner`.
    pub fn warning(&self, owner: &Owner) -> Option<String> {
        parcel::warning(self.spec, owner, &self.inventory, self.means.now).map(|warning| warning.to_string())
    }

    /// One line, seen on the disk.
    pub fn journal(&self, label: &Label, how: String) -> Result<(), DirectoryError> {
        let marks = Marks {
            generation: label.generation,
            serial: label.serial.clone(),
            fingerprint: label.fingerprint.clone(),
            not_after: label.not_after,
        };
        let entry = JournalEntry {
            time: self.means.now,
            event: "push".to_owned(),
            subject: label.holder.clone(),
            marks: Some(marks),
            manifest: None,
            reasons: vec![how],
        };
        self.directory.journal().append(&[entry])
    }

    pub fn journal_removal(&self, holder: &str, how: String) -> Result<(), DirectoryError> {
        self.directory.journal().append(&[JournalEntry::removal(holder, self.means.now, how)])
    }
}

/// Whether the secrets at these addresses are to be deleted.
pub type Confirm<'a> = dyn Fn(&[String]) -> bool + 'a;

/// A push under way. Ctrl-C lets what is being written come to its end, and begins nothing more; a second one waits for nothing.
#[derive(Debug)]
pub struct Pushing<'a> {
    load: Load<'a>,
    wishes: Wishes,
    runtime: Runtime,
    /// How often Ctrl-C was pressed.
    interruptions: watch::Receiver<u32>,
}

impl<'a> Pushing<'a> {
    pub fn new(load: Load<'a>, wishes: Wishes) -> Result<Self, DeedError> {
        let runtime = allowance::runtime()?;
        let (counter, interruptions) = watch::channel(0);
        runtime.spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                counter.send_modify(|count| *count += 1);
            }
            std::future::pending::<()>().await;
        });
        Ok(Self { load, wishes, runtime, interruptions })
    }

    pub fn is_stopped(&self) -> bool {
        *self.interruptions.borrow() > 0
    }

    async fn interrupted(&self, times: u32) {
        let _ = self.interruptions.clone().wait_for(|count| *count >= times).await;
    }

    pub fn end(self) {
        // A name server that does not answer keeps a thread for longer than anybody waits.
        self.runtime.shutdown_background();
    }

    pub fn push(&self, sink: &SinkSpec) -> SinkReport {
        let mut report = match &sink.kind {
            SinkKind::Kubernetes(kubernetes) => self.load.write_manifests(sink, kubernetes, self.wishes),
            SinkKind::Vault(_) | SinkKind::Aws(_) => self.runtime.block_on(self.deliver(sink)),
        };
        report.warn(|owner| self.load.warning(owner));
        report
    }

    async fn deliver(&self, spec: &SinkSpec) -> SinkReport {
        let mut report = SinkReport::new(spec);
        let (parcels, errors) = self.load.parcels(spec);
        report.rows.extend(errors.iter().map(Row::unsent));
        let Some(sink) = self.open(spec, &mut report).await else { return report };
        let progress = self.load.means.progress.begin("pushing", parcels.len());
        {
            let under_way = sinks::deliver(&sink, &parcels, self.wishes, self.interrupted(1));
            let mut deliveries = pin!(under_way.take_until(self.interrupted(2)));
            while let Some(delivery) = deliveries.next().await {
                progress.step(1);
                if let (Mode::Push, Some(how)) = (self.wishes.mode, told(spec, &sink, &delivery)) {
                    // What arrived is told in any case.
                    report.error = self.load.journal(&delivery.parcel.label, how).err().map(Problem::from).or(report.error);
                }
                report.rows.push(row(&sink, delivery));
            }
        }
        drop(progress);
        self.close(sink).await;
        report.in_order(self.load.spec);
        report
    }

    /// `None` when it does not open, with the reason in the report, and when that was interrupted.
    async fn open(&self, spec: &SinkSpec, report: &mut SinkReport) -> Option<Sink> {
        let cluster = &self.load.spec.name;
        let opening = async {
            match &spec.kind {
                SinkKind::Vault(vault) => Some(Vault::open(vault, cluster).await.map(Sink::Vault)),
                SinkKind::Aws(aws) => Some(SecretsManager::open(aws, cluster).await.map(Sink::Aws)),
                SinkKind::Kubernetes(_) => None,
            }
        };
        let opened = tokio::select! {
            opened = opening => opened?,
            () = self.interrupted(1) => return None,
        };
        match opened {
            Ok(sink) => {
                report.place = sink.place();
                Some(sink)
            }
            Err(error) => {
                report.error = Some(Problem::of(&error));
                None
            }
        }
    }

    async fn close(&self, sink: Sink) {
        tokio::select! {
            () = sink.close() => {}
            () = self.interrupted(2) => {}
        }
    }

    /// Lists what `sink` holds of this cluster that no holder has there any more; removes it once that is confirmed.
    pub fn prune(&self, sink: &SinkSpec, confirm: &Confirm<'_>, report: &mut SinkReport) {
        match &sink.kind {
            SinkKind::Kubernetes(kubernetes) => {
                self.load.prune_manifests(sink, kubernetes, report, &|listed| self.confirms(listed, confirm))
            }
            SinkKind::Vault(_) | SinkKind::Aws(_) => self.runtime.block_on(self.prune_sink(sink, confirm, report)),
        }
    }

    async fn prune_sink(&self, spec: &SinkSpec, confirm: &Confirm<'_>, report: &mut SinkReport) {
        if report.error.is_some() {
            return;
        }
        let Some(sink) = self.open(spec, report).await else { return };
        // Two sinks of one kind may well share a store.
        let alike = self.load.spec.sinks.iter().filter(|other| other.kind.word() == spec.kind.word());
        let wanted: BTreeSet<String> = alike.flat_map(|sink| self.load.spec.addresses(sink)).collect();
        let listed = tokio::select! {
            listed = sink.list() => listed,
            () = self.interrupted(1) => return self.close(sink).await,
        };
        match listed {
            Ok(found) => {
                let surplus: Vec<Stored> = found.into_iter().filter(|stored| !wanted.contains(&stored.address)).collect();
                let addresses: Vec<String> = surplus.iter().map(|stored| sink.full_address(&stored.address)).collect();
                let confirmed = self.confirms(&addresses, confirm);
                for (stored, address) in surplus.iter().zip(addresses).take_while(|_| !self.is_stopped()) {
                    let removed = if confirmed { Some(sink.remove(stored).await) } else { None };
                    if let Some(Ok(())) = removed {
                        let how = format!("removed from {} ({}) {address}", spec.name, sink.place());
                        report.error = self.load.journal_removal(&stored.holder, how).err().map(Problem::from).or(report.error.take());
                    }
                    report.pruned.push(PrunedRow::new(&stored.holder, address, removed));
                }
            }
            Err(error) => report.error = Some(Problem::of(&error)),
        }
        self.close(sink).await;
    }

    /// Nobody is asked in a dry run, and an interruption takes back what was confirmed.
    fn confirms(&self, addresses: &[String], confirm: &Confirm<'_>) -> bool {
        !addresses.is_empty() && self.wishes.mode != Mode::DryRun && confirm(addresses) && !self.is_stopped()
    }
}

/// What the journal is told of a delivery that changed something.
fn told(spec: &SinkSpec, sink: &Sink, delivery: &Delivery<'_>) -> Option<String> {
    let how = match delivery.outcome.as_ref().ok()? {
        Outcome::Unchanged { .. } => return None,
        Outcome::Created { .. } => "created".to_owned(),
        Outcome::Updated { changed, .. } if changed.is_empty() => "described anew".to_owned(),
        Outcome::Updated { changed, .. } => format!("updated: {}", changed.join(", ")),
    };
    let version = version(&delivery.outcome).map(|version| format!(" version {version}")).unwrap_or_default();
    Some(format!("to {} ({}) {}{version}, {how}", spec.name, sink.place(), sink.full_address(&delivery.parcel.address)))
}

fn version(outcome: &Result<Outcome, SinkError>) -> Option<String> {
    match outcome {
        Ok(Outcome::Created { version } | Outcome::Updated { version, .. } | Outcome::Unchanged { version }) => {
            version.as_ref().map(ToString::to_string)
        }
        Err(_) => None,
    }
}

fn row(sink: &Sink, delivery: Delivery<'_>) -> Row {
    let version = version(&delivery.outcome);
    let (action, changed, error) = match delivery.outcome {
        Ok(Outcome::Created { .. }) => (Action::Created, Vec::new(), None),
        Ok(Outcome::Updated { changed, .. }) => (Action::Updated, changed, None),
        Ok(Outcome::Unchanged { .. }) => (Action::Unchanged, Vec::new(), None),
        Err(error) => (Action::Failed, Vec::new(), Some(Problem::of(&error))),
    };
    let address = sink.full_address(&delivery.parcel.address);
    Row {
        owner: delivery.parcel.owner.clone(),
        holder: delivery.parcel.owner.to_string(),
        address,
        action,
        version,
        changed,
        error,
        warning: None,
    }
}
