//! A verification as JUnit's XML: one suite for each endpoint, one case for each identity and for each probe.
//!
//! A connection that does not work and an intruder that is let in are failures. A probe that proved nothing is an error, and so is a
//! run that was cut short: neither may look as if all were well.

use std::collections::BTreeMap;

use super::order::{self, Natural};
use super::suite::{Case, Outcome, Suite, document};
use super::{place, verify_steps};
use crate::diagnosis::{Cell, Diagnosis, Probe, ProbeOutcome, Verdict, VerifyReport};

const NAME: &str = "countersign verify";

pub fn verify_junit(report: &VerifyReport) -> String {
    let mut cases: BTreeMap<(Natural<'_>, Natural<'_>), Vec<Case>> = BTreeMap::new();
    for cell in order::cells(report) {
        cases.entry((Natural(&cell.target), Natural(&cell.endpoint))).or_default().push(connection(cell));
    }
    for probe in order::probes(report) {
        cases.entry((Natural(&probe.target), Natural(&probe.endpoint))).or_default().push(intruder(probe));
    }
    let endpoints = cases.into_iter().map(|((target, endpoint), cases)| Suite { name: place(target.0, endpoint.0), cases });
    let suites: Vec<Suite> = endpoints.chain(whole(report)).collect();
    document(NAME, &suites)
}

/// What is to be said of the run as a whole.
fn whole(report: &VerifyReport) -> Option<Suite> {
    let outcome = match &report.cut_short {
        Some(why) => Outcome::Error { message: format!("cut short: {why}"), kind: "cut-short" },
        None if report.cells.is_empty() && report.probes.is_empty() => Outcome::Skipped { message: "nothing was tried" },
        None => return None,
    };
    Some(Suite { name: NAME.to_owned(), cases: vec![Case::new("the whole run", outcome)] })
}

fn connection(cell: &Cell) -> Case {
    let outcome = match &cell.verdict {
        Verdict::Passed => Outcome::Passed,
        Verdict::Failed(failure) => failed(&failure.diagnosis),
    };
    let output = cell.notes.iter().fold(verify_steps(cell), |text, note| format!("{text}note: {note}\n"));
    Case { took: Some(cell.took()), output, ..Case::new(format!("{} ({})", cell.identity, cell.via.name()), outcome) }
}

fn intruder(probe: &Probe) -> Case {
    let name = format!("refuses: {}", probe.attempt.name());
    match &probe.outcome {
        ProbeOutcome::Refused { how } => Case { output: how.clone(), ..Case::new(name, Outcome::Passed) },
        ProbeOutcome::LetIn(diagnosis) => Case::new(name, failed(diagnosis)),
        ProbeOutcome::Unreachable { cause } => Case::new(name, Outcome::Error { message: cause.clone(), kind: "unreachable" }),
    }
}

fn failed(diagnosis: &Diagnosis) -> Outcome {
    let explanation = &diagnosis.explanation;
    let seen = diagnosis.symptom.as_ref().map(|(step, symptom)| format!("{}: {symptom}", step.name()));
    let lines = [
        ("side", Some(explanation.side.name().to_owned())),
        ("certificate", explanation.certificate.clone()),
        ("fix", Some(explanation.fix.clone())),
        ("seen", seen),
        ("log", diagnosis.log.clone()),
        ("see", Some(diagnosis.see())),
    ];
    let lines = lines.into_iter().filter_map(|(label, text)| Some(format!("{label}: {}\n", text?)));
    Outcome::Failed { message: explanation.cause.clone(), kind: diagnosis.rule.code, text: lines.collect() }
}
