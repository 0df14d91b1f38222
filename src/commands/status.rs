//! `status`: one line for each holder.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::console::{Format, Tone};
use super::failure::{Exit, Failure};
use super::{Context, selected, status_page};
use crate::check;
use crate::cluster::{AuthorityName, ClusterSpec, Holder, HolderId};
use crate::finding::Severity;
use crate::inventory::{AuthorityCertificates, AuthorityGeneration, Inventory, JournalState, KeyFile};
use crate::layout;
use crate::pki::{Certificate, San};
use crate::plan::calendar::{self, Event};
use crate::plan::{self, HolderStep, Plan, Reason, Trouble, Wishes};
use crate::snippet::Snippets;

/// Show what is there: generations, names, expiry, what is due and why
///
/// Exits 3 when something is due, expired or not valid yet, or when what all else stands on is not sound: whose the directory is, its
/// journal, the keys of its authorities, and the trust that is handed out.
#[derive(Debug, Args)]
pub struct Status {
    /// Only these, as kafka/broker-1 or broker-1
    #[arg(value_name = "HOLDER")]
    holders: Vec<String>,
}

#[derive(Serialize)]
pub struct Report<'a> {
    pub cluster: &'a str,
    pub authorities: Vec<AuthorityRow>,
    pub holders: Vec<HolderRow<'a>>,
    pub journal: JournalState,
    /// What is wrong and no run of `apply` can mend.
    pub troubles: &'a [Trouble],
    pub notices: &'a [String],
    pub due: bool,
    pub calendar: Vec<Event>,
}

#[derive(Serialize)]
pub struct AuthorityRow {
    pub authority: &'static str,
    pub generation: u32,
    pub state: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<CertificateRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuing: Option<CertificateRow>,
    /// `plain`, `encrypted`, `elsewhere`, `missing` or `broken`.
    pub key: &'static str,
    /// Why the key cannot sign, or that of the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What a generation of an authority is to those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    Signs,
    /// It is trusted, and signs nothing yet.
    Waits,
    /// It signs no more, and is trusted as long as anything that it signed may be in use.
    Leaves,
}

/// How a holder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Ok,
    Missing,
    NotYetValid,
    Expired,
    /// It cannot be read, and is left alone.
    Fault,
    /// `apply` has something to do.
    Due,
}

impl State {
    fn of(leaf: Option<&Certificate>, step: Option<&HolderStep>, fault: Option<&str>, now: OffsetDateTime) -> Self {
        match (leaf.map(|leaf| leaf.validity), step) {
            (Some(validity), _) if now < validity.not_before => Self::NotYetValid,
            (Some(validity), _) if now > validity.not_after => Self::Expired,
            _ if fault.is_some() => Self::Fault,
            (Some(_), None) => Self::Ok,
            (None, None) => Self::Missing,
            (_, Some(_)) => Self::Due,
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::NotYetValid => "not yet valid",
            Self::Expired => "expired",
            Self::Fault => "left alone",
            Self::Due => "due",
        }
    }

    pub const fn tone(self) -> Tone {
        match self {
            Self::Ok => Tone::Good,
            Self::Due => Tone::Due,
            Self::Missing | Self::NotYetValid | Self::Expired | Self::Fault => Tone::Bad,
        }
    }
}

#[derive(Serialize)]
pub struct CertificateRow {
    pub subject: String,
    pub serial: String,
    pub fingerprint: String,
    pub not_after: String,
    pub days_left: i64,
}

#[derive(Serialize)]
pub struct HolderRow<'a> {
    pub holder: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    pub names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewal: Option<String>,
    pub issuer: String,
    pub kafka_principal: String,
    pub state: State,
    pub reasons: &'a [Reason],
    /// Why it is left alone, whatever is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'a str>,
}

impl Status {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let spec = context.spec()?;
        let directory = context.directory()?;
        let wanted = selected(&spec, &self.holders)?;
        let snippets = Snippets::new(&spec, directory.root());
        let inventory = directory.read(&spec)?;
        let mut plan = plan::plan(&spec, &snippets, &inventory, context.now, &Wishes::default())?;
        let mut ground = check::ground(&spec, &inventory);
        ground.retain(|finding| finding.rule.severity > Severity::Note);
        plan.notices.extend(ground.iter().map(ToString::to_string));
        let due = !plan.is_empty() || !plan.troubles.is_empty() || ground.iter().any(|finding| finding.rule.severity == Severity::Error);
        let report = Report {
            cluster: &spec.name,
            authorities: inventory
                .authorities
                .iter()
                .flat_map(|(name, all)| all.iter().map(|one| authority(&spec, &inventory, *name, one, context.now)))
                .collect(),
            holders: rows(&spec, &wanted, &inventory, &plan, context.now),
            journal: inventory.journal.state(),
            troubles: &plan.troubles,
            notices: &plan.notices,
            due,
            calendar: calendar::calendar(&spec, &inventory, context.now),
        };
        match context.console.format {
            Format::Json => context.console.json(&report),
            Format::Human => status_page::show(context, &report, &plan),
        }
        Ok(if due { Exit::WorkToDo } else { Exit::Done })
    }
}

fn rows<'a>(spec: &ClusterSpec, wanted: &[&Holder], inventory: &Inventory, plan: &'a Plan, now: OffsetDateTime) -> Vec<HolderRow<'a>> {
    let steps: BTreeMap<&HolderId, &HolderStep> = plan.holders.iter().map(|step| (&step.holder, step)).collect();
    wanted
        .iter()
        .map(|holder| {
            let current = inventory.holders.get(&holder.id).and_then(|state| state.current.as_ref());
            let leaf = current.and_then(|current| current.chain.as_ref().ok()).map(|chain| &chain[0]);
            let step = steps.get(&holder.id).copied();
            let fault = plan.fault(&holder.id);
            HolderRow {
                state: State::of(leaf, step, fault, now),
                holder: holder.id.to_string(),
                generation: current.map(|current| current.number),
                names: leaf.map_or(&holder.names, |leaf| &leaf.names).iter().map(San::to_string).collect(),
                certificate: leaf.map(|leaf| certificate(leaf, now)),
                renewal: leaf.and_then(|leaf| spec.leaf.renewal(&holder.id, leaf.validity.not_after).format(&Rfc3339).ok()),
                issuer: leaf.map(|leaf| leaf.issuer.clone()).unwrap_or_default(),
                kafka_principal: spec.kafka.as_ref().map_or_else(|| holder.kafka_principal(), |kafka| kafka.principal(holder)),
                reasons: step.map(|step| step.reasons.as_slice()).unwrap_or_default(),
                fault,
            }
        })
        .collect()
}

fn authority(
    spec: &ClusterSpec,
    inventory: &Inventory,
    name: AuthorityName,
    generation: &AuthorityGeneration,
    now: OffsetDateTime,
) -> AuthorityRow {
    let signing = inventory.signing_generation(name, &spec.leaf, now).map(|signing| signing.number);
    let line = inventory.signing_line(name, &spec.leaf, now);
    let is_older = || line.as_ref().and_then(|line| line.numbers().next()).is_some_and(|first| generation.number < first);
    let in_line = || line.as_ref().is_some_and(|line| line.contains(generation.number));
    let standing = match signing {
        Some(signing) if signing == generation.number => Standing::Signs,
        _ if is_older() || in_line() => Standing::Leaves,
        _ => Standing::Waits,
    };
    let (state, problem) = match &generation.state {
        Ok(state) => (Some(state), None),
        Err(unreadable) => (None, Some(format!("{}: {}", unreadable.file, unreadable.why))),
    };
    // The key of one that was brought along lies elsewhere.
    let is_brought = |existing: &&AuthorityCertificates| state.is_none_or(|state| state.signing() == existing.signing());
    let existing = inventory.existing.get(&name).filter(is_brought);
    let signing = existing.or(state).map(|state| &state.key);
    let (key, mut key_problem) = match signing {
        Some(KeyFile::Broken(why)) => ("broken", Some(format!("it {why}"))),
        Some(_) if existing.is_some() => ("elsewhere", None),
        Some(KeyFile::Plain) => ("plain", None),
        Some(KeyFile::Encrypted) => ("encrypted", None),
        Some(KeyFile::Absent) => ("missing", None),
        None => ("", None),
    };
    if let Some(KeyFile::Broken(why)) = state.map(|state| &state.root_key) {
        key_problem.get_or_insert_with(|| format!("{} {why}", layout::ROOT_KEY));
    }
    AuthorityRow {
        authority: name.path(),
        generation: generation.number,
        state: standing,
        root: state.map(|state| certificate(&state.root, now)),
        issuing: state.and_then(|state| state.issuing.first()).map(|issuing| certificate(issuing, now)),
        key,
        key_problem,
        problem,
    }
}

fn certificate(certificate: &Certificate, now: OffsetDateTime) -> CertificateRow {
    let end = certificate.validity.not_after;
    CertificateRow {
        subject: certificate.subject.clone(),
        serial: certificate.serial.clone(),
        fingerprint: certificate.fingerprint(),
        not_after: end.format(&Rfc3339).unwrap_or_default(),
        days_left: (end - now).whole_days(),
    }
}
