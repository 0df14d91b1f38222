//! What `apply` and `rotate` did, or would do, as it is shown.

use serde::Serialize;

use super::console::{Format, Tone};
use super::failure::Exit;
use super::{Context, proof, reload, retire};
use crate::cluster::LeafKey;
use crate::directory::Directory;
use crate::ops::{Applied, Made, Proved, Reloaded, Retired};
use crate::plan::{Action, Disposal, Plan, Reason, Trouble};

/// Whether anything was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    Dry,
    Real,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Report<'a> {
    directory: String,
    dry_run: bool,
    authorities: Vec<AuthorityRow>,
    /// Generations of authorities that nobody needs any more.
    past_authorities: Vec<AuthorityOver>,
    holders: Vec<HolderRow<'a>>,
    /// Generations that are kept no longer.
    dropped: Vec<DisposalRow<'a>>,
    /// Holders that are gone, and are to be archived.
    retire: Vec<String>,
    /// Those that were.
    retired: &'a [Retired],
    unchanged: usize,
    /// What is wrong and no run can mend.
    troubles: &'a [Trouble],
    notices: &'a [String],
    /// Whether the holders' files are in use now: what failed its proof is not.
    in_use: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reload: Option<&'a Reloaded>,
}

#[derive(Serialize)]
struct DisposalRow<'a> {
    holder: String,
    generations: &'a [u32],
}

#[derive(Serialize)]
struct AuthorityRow {
    authority: &'static str,
    generation: u32,
    because: String,
}

#[derive(Serialize)]
struct AuthorityOver {
    authority: &'static str,
    generation: u32,
}

#[derive(Serialize)]
struct HolderRow<'a> {
    holder: String,
    generation: u32,
    action: &'static str,
    /// Of what is issued: `fresh` or `kept`.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'static str>,
    reasons: &'a [Reason],
    /// Why a running broker does not take it without a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    restart: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
}

/// `reloaded`: what became of the programs that were to take it, where that was asked for.
pub fn show(context: &Context, directory: &Directory, run: Run, applied: &Applied, reloaded: Option<&Reloaded>) {
    let Applied { plan, made, proof, retired } = applied;
    let console = &context.console;
    for trouble in &plan.troubles {
        console.error(trouble);
    }
    for notice in &plan.notices {
        console.warn(notice);
    }
    for left in &plan.leftovers {
        let verb = if run == Run::Dry { "To be removed" } else { "Removed" };
        console.say(format_args!("{verb}, for a run that was cut short left it: {}", context.dir.join(left).display()));
    }
    let disposals: &[Disposal] = if applied.is_in_use() { &plan.disposals } else { &[] };
    for Disposal { holder, generations } in disposals {
        let verb = if run == Run::Dry { "To be dropped" } else { "Dropped" };
        let numbers: Vec<String> = generations.iter().map(u32::to_string).collect();
        console.say(format_args!("{verb}, for it is kept no longer: {holder}, generation {}", numbers.join(", ")));
    }
    for id in plan.retirements.iter().filter(|_| run == Run::Dry) {
        console.say(format_args!("To be archived, for it is no longer in the cluster file: {id}"));
    }
    match console.format {
        Format::Json => console.json(&Report {
            directory: directory.root().display().to_string(),
            dry_run: run == Run::Dry,
            authorities: plan
                .authorities
                .iter()
                .map(|step| AuthorityRow { authority: step.name.path(), generation: step.generation, because: step.descent.to_string() })
                .collect(),
            past_authorities: plan
                .past
                .iter()
                .map(|over| AuthorityOver { authority: over.name.path(), generation: over.generation })
                .collect(),
            holders: rows(plan, made),
            dropped: disposals
                .iter()
                .map(|disposal| DisposalRow { holder: disposal.holder.to_string(), generations: &disposal.generations })
                .collect(),
            retire: plan.retirements.iter().map(ToString::to_string).collect(),
            retired,
            unchanged: plan.unchanged,
            troubles: &plan.troubles,
            notices: &plan.notices,
            in_use: run == Run::Real && applied.is_in_use(),
            proof: proof.as_ref().map(Proved::json),
            reload: reloaded,
        }),
        Format::Human if plan.is_empty() && !plan.troubles.is_empty() => {
            console.say("There is nothing that apply can mend.");
        }
        Format::Human if plan.is_empty() => {
            console.say(format_args!("Nothing to do: {} holders are as the cluster file has them.", plan.unchanged));
        }
        Format::Human => {
            tables(context, run, plan, made, applied.is_in_use());
            if let Some(proof) = proof {
                proof::show(console, proof);
            }
        }
    }
    if console.format == Format::Human {
        retired.iter().for_each(|retired| retire::show(context, retired));
        reloaded.iter().for_each(|reloaded| reload::show(context, reloaded));
    }
}

fn tables(context: &Context, run: Run, plan: &Plan, made: &[Made], in_use: bool) {
    let plain = |text: String| (text, Tone::Plain);
    let authorities = plan.authorities.iter().map(|step| {
        let verb = if run == Run::Dry { "would be made" } else { "made" };
        vec![
            plain(step.name.to_string()),
            plain(step.generation.to_string()),
            plain(verb.to_owned()),
            plain(String::new()),
            plain(step.descent.to_string()),
        ]
    });
    let past = plan.past.iter().map(|over| {
        let verb = if run == Run::Dry { "would be retired" } else { "retired" };
        let because = format!("nothing in use was signed by {}", over.certificate.subject);
        [over.name.to_string(), over.generation.to_string(), verb.to_owned(), String::new(), because].map(plain).to_vec()
    });
    let holders = rows(plan, made).into_iter().map(|row| {
        let action = match (run, in_use) {
            (Run::Dry, _) => format!("would be {}", row.action),
            (Run::Real, true) => row.action.to_owned(),
            (Run::Real, false) => format!("{}, not put in use", row.action),
        };
        let reasons: Vec<String> = row.reasons.iter().map(Reason::to_string).collect();
        let ends = row.not_after.map(|text| text.chars().take(10).collect()).unwrap_or_default();
        vec![plain(row.holder), plain(row.generation.to_string()), plain(action), plain(ends), plain(reasons.join("; "))]
    });
    context.console.table(&["HOLDER", "GENERATION", "", "ENDS", "BECAUSE"], authorities.chain(past).chain(holders));
    let clipped = made.iter().filter(|made| made.clipped).count();
    if clipped > 0 {
        context.console.warn(&format!("{clipped} leafs end with their issuer, before their configured lifetime: a leaf never outlives it"));
    }
    if plan.unchanged > 0 {
        context.console.say(format_args!("{} holders are unchanged.", plan.unchanged));
    }
}

/// Of what was to be put in use.
pub fn exit_of(applied: &Applied) -> Exit {
    if applied.is_in_use() { exit(&applied.plan) } else { Exit::VerificationFailed }
}

/// Once there is nothing left to do. A holder that was left alone may have needed it.
pub fn exit(plan: &Plan) -> Exit {
    let is_fault = |trouble: &Trouble| match trouble {
        Trouble::Holder { .. } | Trouble::Leftover { .. } => true,
        Trouble::AuthorityKey { .. }
        | Trouble::RootKey { .. }
        | Trouble::AuthorityEnded { .. }
        | Trouble::AuthorityEnds { .. }
        | Trouble::AuthorityNotYetValid { .. } => false,
    };
    match plan.troubles.as_slice() {
        [] => Exit::Done,
        troubles if troubles.iter().any(is_fault) => Exit::Failed,
        _ => Exit::WorkToDo,
    }
}

fn rows<'a>(plan: &'a Plan, made: &'a [Made]) -> Vec<HolderRow<'a>> {
    plan.holders
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let marks = made.get(index).filter(|made| made.holder == step.holder).and_then(|made| made.entry.marks.as_ref());
            HolderRow {
                holder: step.holder.to_string(),
                generation: step.generation,
                action: match step.action {
                    Action::Issue(_) => "issued",
                    Action::Rewrite => "rewritten",
                },
                key: match step.action {
                    Action::Issue(LeafKey::Fresh) => Some("fresh"),
                    Action::Issue(LeafKey::Kept) => Some("kept"),
                    Action::Rewrite => None,
                },
                reasons: &step.reasons,
                restart: step.restart.as_deref(),
                not_after: marks.and_then(|marks| marks.not_after.format(&time::format_description::well_known::Rfc3339).ok()),
                serial: marks.map(|marks| marks.serial.as_str()),
            }
        })
        .collect()
}
