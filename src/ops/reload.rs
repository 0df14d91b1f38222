//! `reload`: running programs take the files that are in use, and brokers are seen to serve them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::time::Duration;

use futures_util::future::join_all;

use super::reloaded::{HolderReload, PutBack, Reloaded, Restart, Seen, State};
use super::{DeedError, Means, Proof, Rollback, Site, Underway};
use crate::cluster::{
    Endpoint, Holder, HolderId, HolderKind, KafkaNode, KafkaReload, KafkaSpec, ListenerName, ReloadCommand, Restarts, Role, StoreFormat,
};
use crate::directory::run_command;
use crate::inventory::{HolderFiles, Inventory};
use crate::layout::{self, HolderFile};
use crate::pki::{Certificate, HostPort};
use crate::plan::rollback::{Doubts, RollbackError};
use crate::reload::{self, Listener, Node, Pace, Place, Untaken};
use crate::verify;
use crate::visit::allowance;
use crate::visit::{Steward, Visitor};

/// Whose programs, and how long that may take.
#[derive(Debug, Clone, Copy)]
pub struct Reloading<'a> {
    pub holders: &'a BTreeSet<HolderId>,
    /// Those of them who are asked although they serve their leaf already: what they trust may be another.
    pub renewed: &'a BTreeSet<HolderId>,
    /// For each connection.
    pub deadline: Duration,
    /// How long a broker may take until it serves the new leaf; `None`: as long as it is known to need.
    pub patience: Option<Duration>,
}

/// What one holder's reload needs.
struct Task<'a> {
    holder: &'a Holder,
    generation: u32,
    leaf: &'a Certificate,
    files: HolderFiles,
}

/// Has the programs of these holders take their files: the nodes of Kafka one after the other, all others at once.
///
/// # Errors
/// A holder has no files, or this machine lacks what connections need. What a broker refuses is no error, but told.
pub fn reload(site: Site<'_>, means: Means<'_>, reloading: Reloading<'_>) -> Result<Reloaded, DeedError> {
    let inventory = site.directory.read_ours(site.spec)?;
    let chosen = site.spec.holders.iter().filter(|holder| reloading.holders.contains(&holder.id));
    let tasks: Vec<Task<'_>> = chosen.map(|holder| task(site, &inventory, holder)).collect::<Result<_, _>>()?;
    for task in tasks.iter().filter(|task| matches!(task.holder.role, Role::Rabbitmq(_))) {
        site.directory.touch(&task.holder.id)?;
    }
    let runtime = allowance::runtime()?;
    let underway = means.progress.begin("reloading", tasks.len());
    let done = runtime.block_on(async {
        let (nodes, others): (Vec<_>, Vec<_>) = tasks.iter().partition(|task| task.holder.id.kind == HolderKind::Kafka);
        let mut done = Vec::new();
        // One of them passes on what the others are asked, and takes new files itself.
        for task in nodes {
            done.push(one(site, means, reloading, task, &underway).await);
        }
        done.extend(join_all(others.into_iter().map(|task| one(site, means, reloading, task, &underway))).await);
        done
    });
    drop(underway);
    // A name server that does not answer keeps a thread for longer than anybody waits.
    runtime.shutdown_background();
    let (holders, restarts): (Vec<_>, Vec<_>) = done.into_iter().unzip();
    Ok(Reloaded { holders, restarts: restarts.into_iter().flatten().collect(), put_back: Vec::new() })
}

/// Puts the generation before in use again where a node of Kafka has refused the one that was `renewed`: what is on the disk is what it
/// serves. The journal tells of it.
///
/// # Errors
/// There is none before, or it may not be put in use.
pub fn put_back(site: Site<'_>, means: Means<'_>, renewed: &BTreeSet<HolderId>, reloaded: Reloaded) -> Result<Reloaded, DeedError> {
    let refused = |holder: &&Holder| {
        let name = holder.id.to_string();
        let refuses = |one: &HolderReload| one.holder == name && one.refused.is_some();
        holder.id.kind == HolderKind::Kafka && renewed.contains(&holder.id) && reloaded.holders.iter().any(refuses)
    };
    let mut put_back = Vec::new();
    for holder in site.spec.holders.iter().filter(refused) {
        let rollback = Rollback { holder, generation: None, doubts: Doubts::Count, proof: Proof::LeftOut };
        let back = match rollback.run(site, means) {
            // Of a first generation there is none before.
            Err(DeedError::Rollback(RollbackError::NoneBefore { .. })) => continue,
            back => back?,
        };
        put_back.push(PutBack { holder: holder.id.to_string(), generation: back.to });
    }
    Ok(Reloaded { put_back, ..reloaded })
}

fn task<'a>(site: Site<'_>, inventory: &'a Inventory, holder: &'a Holder) -> Result<Task<'a>, DeedError> {
    let nothing = || DeedError::NothingThere { directory: site.directory.root().join(holder.id.to_string()) };
    let current = inventory.holders.get(&holder.id).and_then(|state| state.current.as_ref()).ok_or_else(nothing)?;
    let leaf = current.chain.as_ref().ok().and_then(|chain| chain.first()).ok_or_else(nothing)?;
    let files = site.directory.holder_files(site.spec, holder).ok_or_else(nothing)?;
    Ok(Task { holder, generation: current.number, leaf, files })
}

async fn one(
    site: Site<'_>,
    means: Means<'_>,
    reloading: Reloading<'_>,
    task: &Task<'_>,
    underway: &Underway<'_>,
) -> (HolderReload, Option<Restart>) {
    let listeners = listeners(site, task.holder);
    let pace = pace(site, means, reloading, task.holder);
    let visitor = verify::by_certificate(&task.files).map_err(|fault| Untaken::Failed(fault.symptom.to_string()));
    let before = match &visitor {
        Ok(visitor) => reload::look(visitor, &listeners, pace).await,
        Err(_) => Vec::new(),
    };
    let fingerprint = task.leaf.fingerprint();
    let is_done =
        !before.is_empty() && before.iter().all(|place| place.serves(&fingerprint)) && !reloading.renewed.contains(&task.holder.id);
    let outcome = match (&task.holder.role, visitor) {
        (_, Err(why)) => Err(why),
        _ if is_done => Ok(before.clone()),
        (Role::Kafka(node), Ok(visitor)) => kafka(site, task, node, &listeners, &visitor, pace).await,
        (Role::Rabbitmq(_), Ok(visitor)) => {
            let command = site.spec.rabbitmq.as_ref().and_then(|rabbitmq| rabbitmq.reload.as_ref());
            by_command(site, task, command, &listeners, &visitor, pace).await
        }
        (Role::Client(client), Ok(visitor)) => by_command(site, task, client.reload.as_ref(), &listeners, &visitor, pace).await,
    };
    underway.step(1);
    let (after, refused, failed) = match outcome {
        Ok(places) => (places, None, None),
        Err(Untaken::Refused(why)) => (before.clone(), Some(why), None),
        Err(Untaken::Failed(why)) => (before.clone(), None, Some(why)),
    };
    let places = after.iter().map(|place| seen(place, &before, &fingerprint)).collect();
    let restart = if is_done { None } else { restart(task, &before, &fingerprint) };
    let (holder, generation) = (task.holder.id.to_string(), task.generation);
    (HolderReload { holder, generation, places, refused, failed }, restart)
}

/// How long each kind of broker may take: Kafka looks at once, and Erlang every two minutes unless it is told to.
fn pace(site: Site<'_>, means: Means<'_>, reloading: Reloading<'_>, holder: &Holder) -> Pace {
    const AT_ONCE: Duration = Duration::from_secs(45);
    const EVERY_TWO_MINUTES: Duration = Duration::from_secs(150);
    let waits = matches!(holder.role, Role::Rabbitmq(_)) && site.spec.rabbitmq.as_ref().is_some_and(|rabbitmq| rabbitmq.reload.is_none());
    let patience = reloading.patience.unwrap_or(if waits { EVERY_TWO_MINUTES } else { AT_ONCE });
    Pace { now: means.now, deadline: reloading.deadline, patience }
}

fn listeners(site: Site<'_>, holder: &Holder) -> Vec<Listener> {
    match (&holder.role, &site.spec.kafka) {
        (Role::Kafka(node), Some(_)) => {
            let listener = |endpoint: &Endpoint| Listener { name: endpoint.listener.to_string(), endpoint: endpoint.advertised.clone() };
            node.endpoints.iter().map(listener).collect()
        }
        (Role::Rabbitmq(node), _) => vec![Listener { name: "amqp".to_owned(), endpoint: node.address() }],
        (Role::Kafka(_) | Role::Client(_), _) => Vec::new(),
    }
}

async fn kafka(
    site: Site<'_>,
    task: &Task<'_>,
    node: &KafkaNode,
    listeners: &[Listener],
    visitor: &Visitor,
    pace: Pace,
) -> Result<Vec<Place>, Untaken> {
    let Some(spec) = &site.spec.kafka else { return Err(Untaken::Failed("the cluster file has no Kafka".to_owned())) };
    let client = match &spec.reload {
        KafkaReload::Command(command) => return by_command(site, task, Some(command), listeners, visitor, pace).await,
        KafkaReload::Request { as_client } => as_client.as_ref().and_then(|id| site.spec.holder(id)),
    };
    let (admin, endpoint) = admin(site, spec, client, node, visitor).map_err(Untaken::Failed)?;
    let [keystore, truststore] = paths(site, task);
    let running = Node {
        id: node.node_id,
        endpoint,
        listeners: listeners.to_vec(),
        uses: uses(spec, node),
        keystore,
        truststore,
        fingerprint: task.leaf.fingerprint(),
    };
    let steward = Steward { visitor: admin, limit: pace.deadline, now: pace.now };
    reload::reload_kafka(&running, &steward, visitor, pace).await
}

/// Who makes the request, and where: the client that the cluster file names, or the node itself.
fn admin(
    site: Site<'_>,
    spec: &KafkaSpec,
    client: Option<&Holder>,
    node: &KafkaNode,
    visitor: &Visitor,
) -> Result<(Visitor, HostPort), String> {
    let endpoint =
        |listener: &ListenerName| node.endpoints.iter().find(|endpoint| endpoint.listener == *listener).map(|one| one.advertised.clone());
    let among_nodes = || endpoint(&spec.inter_broker).or_else(|| endpoint(&spec.controller)).ok_or("it opens no listener of the nodes");
    let Some(client) = client else { return Ok((visitor.clone(), among_nodes()?)) };
    let files = site.directory.holder_files(site.spec, client).ok_or_else(|| format!("{} has no files", client.id))?;
    let admin = verify::at_kafka(site.spec, client, &files).map_err(|fault| fault.symptom.to_string())?;
    match endpoint(spec.listener_for(client)) {
        Some(endpoint) => Ok((admin, endpoint)),
        // A controller knows no clients' listener, and lets super users in at its own.
        None => Ok((verify::by_certificate(&files).map_err(|fault| fault.symptom.to_string())?, among_nodes()?)),
    }
}

fn uses(spec: &KafkaSpec, node: &KafkaNode) -> Vec<String> {
    let uses = |name: &&ListenerName| node.roles.is_broker() || **name == spec.controller;
    spec.listeners.iter().map(|listener| &listener.name).filter(uses).map(ToString::to_string).collect()
}

/// The key store and the trust store as the node sees them, by paths other than those of its server.properties.
fn paths(site: Site<'_>, task: &Task<'_>) -> [String; 2] {
    let files = match site.spec.stores.for_kafka() {
        StoreFormat::Pkcs12 => [HolderFile::KeystorePkcs12, HolderFile::TruststorePkcs12],
        StoreFormat::Jks => [HolderFile::KeystoreJks, HolderFile::TruststoreJks],
        StoreFormat::Pem => [HolderFile::CombinedPem, HolderFile::Anchors],
    };
    files.map(|file| match &task.holder.install {
        // Where it was copied to, nobody here knows of generations.
        Some(install) => format!("{}/./{}", install.display(), file.name()),
        None => {
            let place = site.directory.root().join(layout::holder_path(&task.holder.id)).join(task.generation.to_string());
            place.join(file.name()).display().to_string()
        }
    })
}

async fn by_command(
    site: Site<'_>,
    task: &Task<'_>,
    command: Option<&ReloadCommand>,
    listeners: &[Listener],
    visitor: &Visitor,
    pace: Pace,
) -> Result<Vec<Place>, Untaken> {
    if let Some(command) = command {
        run(site, task, command).await.map_err(Untaken::Failed)?;
    }
    Ok(reload::until_served(visitor, listeners, &task.leaf.fingerprint(), pace).await)
}

async fn run(site: Site<'_>, task: &Task<'_>, command: &ReloadCommand) -> Result<(), String> {
    let host = match &task.holder.role {
        Role::Kafka(node) => node.host.to_string(),
        Role::Rabbitmq(node) => node.host.to_string(),
        Role::Client(_) => String::new(),
    };
    let text = command.text.replace("{node}", task.holder.id.name.as_str()).replace("{host}", &host);
    let place = site.directory.root().join(layout::holder_path(&task.holder.id)).join(layout::CURRENT);
    let (holder, generation, timeout) = (task.holder.id.to_string(), task.generation.to_string(), command.timeout);
    let ran = tokio::task::spawn_blocking(move || {
        let environment = [
            ("COUNTERSIGN_HOLDER", OsStr::new(&holder)),
            ("COUNTERSIGN_DIRECTORY", place.as_os_str()),
            ("COUNTERSIGN_GENERATION", OsStr::new(&generation)),
        ];
        run_command(&text, &environment, timeout)
    });
    match ran.await {
        Ok(ran) => ran.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn seen(place: &Place, before: &[Place], fingerprint: &str) -> Seen {
    let was = before.iter().any(|one| one.listener == place.listener && one.address == place.address && one.serves(fingerprint));
    let (state, what) = match &place.leaf {
        Ok(leaf) if place.serves(fingerprint) => (if was { State::Served } else { State::Reloaded }, leaf.serial.clone()),
        Ok(leaf) => (State::NotYet, format!("{} of {}, which ends {}", leaf.serial, leaf.issuer, leaf.validity.not_after.date())),
        Err(why) => (State::Unseen, why.clone()),
    };
    let Listener { name, endpoint } = &place.listener;
    Seen { listener: name.clone(), endpoint: endpoint.to_string(), address: place.address, state, what }
}

/// Who goes on with what it started with. Of a node that served the new leaf already nobody knows since when it runs.
fn restart(task: &Task<'_>, before: &[Place], fingerprint: &str) -> Option<Restart> {
    let older = before.iter().filter(|place| !place.serves(fingerprint)).filter_map(|place| place.leaf.as_ref().ok());
    let by = older.map(|leaf| leaf.validity.not_after).min();
    let holder = task.holder.id.to_string();
    match &task.holder.role {
        Role::Kafka(_) => {
            let why = "its own connection to the quorum shows the leaf and trusts the authorities that it was started with";
            Some(Restart { holder, why, by })
        }
        Role::Rabbitmq(_) => None,
        Role::Client(client) => match client.restarts {
            Restarts::Needed => Some(Restart { holder, why: "its program read its files when it started", by }),
            Restarts::ReadsAnew => None,
        },
    }
}
