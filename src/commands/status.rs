//! `status`: one line for each holder.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::console::{Format, Tone};
use super::failure::{Exit, Failure};
use super::{Context, selected};
use crate::check;
use crate::cluster::{AuthorityName, ClusterSpec, Holder, HolderId};
use crate::finding::Severity;
use crate::inventory::{AuthorityCertificates, AuthorityGeneration, Inventory, JournalState, KeyFile};
use crate::layout;
use crate::pki::{Certificate, San};
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
struct Report<'a> {
    cluster: &'a str,
    authorities: Vec<AuthorityRow>,
    holders: Vec<HolderRow<'a>>,
    journal: JournalState,
    /// What is wrong and no run of `apply` can mend.
    troubles: &'a [Trouble],
    notices: &'a [String],
    due: bool,
}

#[derive(Serialize)]
struct AuthorityRow {
    authority: &'static str,
    generation: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<CertificateRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuing: Option<CertificateRow>,
    /// `plain`, `encrypted`, `elsewhere`, `missing` or `broken`.
    key: &'static str,
    /// Why the key cannot sign, or that of the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// How a holder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
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

    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::NotYetValid => "not yet valid",
            Self::Expired => "expired",
            Self::Fault => "left alone",
            Self::Due => "due",
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Ok => Tone::Good,
            Self::Due => Tone::Due,
            Self::Missing | Self::NotYetValid | Self::Expired | Self::Fault => Tone::Bad,
        }
    }
}

#[derive(Serialize)]
struct CertificateRow {
    subject: String,
    serial: String,
    fingerprint: String,
    not_after: String,
    days_left: i64,
}

#[derive(Serialize)]
struct HolderRow<'a> {
    holder: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal: Option<String>,
    issuer: String,
    kafka_principal: String,
    state: State,
    reasons: &'a [Reason],
    /// Why it is left alone, whatever is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'a str>,
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
                .flat_map(|(name, all)| all.iter().map(|one| authority(*name, one, inventory.existing.get(name), context.now)))
                .collect(),
            holders: rows(&spec, &wanted, &inventory, &plan, context.now),
            journal: inventory.journal.state(),
            troubles: &plan.troubles,
            notices: &plan.notices,
            due,
        };
        match context.console.format {
            Format::Json => context.console.json(&report),
            Format::Human => show(context, &report, &plan),
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

/// `existing`: the authority that the cluster file brings along, whose key lies elsewhere.
fn authority(
    name: AuthorityName,
    generation: &AuthorityGeneration,
    existing: Option<&AuthorityCertificates>,
    now: OffsetDateTime,
) -> AuthorityRow {
    let (state, problem) = match &generation.state {
        Ok(state) => (Some(state), None),
        Err(unreadable) => (None, Some(format!("{}: {}", unreadable.file, unreadable.why))),
    };
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

fn show(context: &Context, report: &Report<'_>, plan: &Plan) {
    let console = &context.console;
    for trouble in report.troubles {
        console.error(trouble);
    }
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    let authorities = report.authorities.iter().map(|row| {
        let signing = row.issuing.as_ref().or(row.root.as_ref());
        let key = match (row.key, &row.key_problem) {
            (key, Some(why)) => (format!("{key}: {why}"), Tone::Bad),
            ("plain", None) => ("plain: anyone who reads it can sign".to_owned(), Tone::Due),
            ("missing", None) => ("missing".to_owned(), Tone::Bad),
            (key, None) => plain(key),
        };
        vec![
            plain(&format!("{}/{}", row.authority, row.generation)),
            plain(signing.map_or("", |certificate| &certificate.subject)),
            ends(signing),
            ends(row.root.as_ref()),
            key,
            row.problem.as_ref().map_or_else(|| plain(""), |problem| (problem.clone(), Tone::Bad)),
        ]
    });
    console.table(&["AUTHORITY", "SIGNS AS", "ENDS", "ROOT ENDS", "KEY", ""], authorities);
    let holders = report.holders.iter().map(|row| {
        let reasons: Vec<String> = row.reasons.iter().map(Reason::to_string).collect();
        vec![
            plain(&row.holder),
            plain(&row.generation.map(|number| number.to_string()).unwrap_or_default()),
            plain(&names(&row.names)),
            ends(row.certificate.as_ref()),
            plain(row.renewal.as_deref().map_or("", |text| &text[..text.len().min(10)])),
            plain(&row.issuer.split(',').next().unwrap_or_default().replace("CN=", "")),
            (if reasons.is_empty() { row.state.word().to_owned() } else { reasons.join("; ") }, row.state.tone()),
        ]
    });
    console.data("\n");
    console.table(&["HOLDER", "GENERATION", "NAMES", "ENDS", "RENEWED FROM", "SIGNED BY", "STATE"], holders);
    for notice in report.notices {
        console.warn(notice);
    }
    let due = plan.holders.len();
    if due > 0 || !plan.authorities.is_empty() {
        console.say(format_args!("{due} of {} holders need `countersign apply`.", report.holders.len().max(due)));
    }
}

fn names(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} +{}", rest.len()),
    }
}

fn ends(certificate: Option<&CertificateRow>) -> (String, Tone) {
    certificate.map_or_else(
        || (String::new(), Tone::Plain),
        |certificate| {
            let tone = match certificate.days_left {
                ..0 => Tone::Bad,
                0..14 => Tone::Due,
                _ => Tone::Good,
            };
            (format!("{} ({} d)", certificate.not_after.get(..10).unwrap_or_default(), certificate.days_left), tone)
        },
    )
}
