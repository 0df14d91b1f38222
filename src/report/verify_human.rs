//! A verification for people: who gets through where, then what is broken, on which side, and how to mend it, each cause once.

use std::collections::BTreeMap;

use time::{Date, Duration, OffsetDateTime};

use super::matrix::Matrix;
use super::meetings::{Meeting, alike, list, list_of, meetings};
use super::order::Natural;
use super::{counted, order, place, word};
use crate::diagnosis::{Cell, Diagnosis, Probe, ProbeOutcome, Side, Verdict, VerifyReport};
use crate::finding::Severity;
use crate::text::{Line, Text, Tone};

/// A served certificate that ends within `expires_within` of `at` is worth a warning.
pub fn verify_human(report: &VerifyReport, at: OffsetDateTime, expires_within: Duration) -> Text {
    let cells = order::cells(report);
    let probes = order::probes(report);
    let page = Page { matrix: Matrix::new(&cells), cells: &cells, probes: &probes };
    let mut text = page.matrix.lines();
    page.failures(&mut text);
    page.let_in(&mut text);
    page.unreachable(&mut text);
    page.endings(&mut text, at, at.saturating_add(expires_within));
    page.notes(&mut text);
    if !text.is_empty() {
        text.blank();
    }
    text.push(page.verdict(report));
    text
}

struct Page<'a> {
    matrix: Matrix<'a>,
    cells: &'a [&'a Cell],
    probes: &'a [&'a Probe],
}

/// What makes two failures the same: all that the table says, save for the place's own names.
type Cause<'a> = (&'static str, Side, Option<&'a str>, [String; 2]);

impl<'a> Page<'a> {
    fn failures(&self, text: &mut Text) {
        let failed = self.cells.iter().filter_map(|cell| match &cell.verdict {
            Verdict::Failed(failure) => Some((cause(&failure.diagnosis, &cell.target, &cell.endpoint), (*cell, &failure.diagnosis))),
            Verdict::Passed => None,
        });
        for (_, group) in alike(failed) {
            let met = meetings(group.iter().map(|(cell, _)| self.met(cell)));
            self.diagnosis(text, group[0].1, "who", &met);
        }
    }

    fn let_in(&self, text: &mut Text) {
        let let_in = self.probes.iter().filter_map(|probe| match &probe.outcome {
            ProbeOutcome::LetIn(diagnosis) => Some((cause(diagnosis, &probe.target, &probe.endpoint), (*probe, &**diagnosis))),
            ProbeOutcome::Refused { .. } | ProbeOutcome::Unreachable { .. } => None,
        });
        for (_, group) in alike(let_in) {
            let met = meetings(tried(group.iter().map(|(probe, _)| *probe)));
            self.diagnosis(text, group[0].1, "let in", &met);
        }
    }

    fn unreachable(&self, text: &mut Text) {
        let unreachable = self.probes.iter().filter_map(|probe| match &probe.outcome {
            ProbeOutcome::Unreachable { cause } => Some((cause.as_str(), *probe)),
            ProbeOutcome::Refused { .. } | ProbeOutcome::LetIn(_) => None,
        });
        for (cause, group) in alike(unreachable) {
            let message = format!("{} proved nothing: {cause}", counted(group.len(), "probe"));
            head(text, "unproved", Severity::Error, &message);
            self.meetings(text, "tried", &meetings(tried(group)));
        }
    }

    /// The served certificates that have ended or end before `until`, those of one day together.
    fn endings(&self, text: &mut Text, at: OffsetDateTime, until: OffsetDateTime) {
        let mut days: BTreeMap<Date, [Vec<String>; 2]> = BTreeMap::new();
        for cell in self.cells {
            for served in cell.handshake().iter().flat_map(|handshake| &handshake.served).filter(|served| served.not_after < until) {
                let names = [served.subject.clone(), place(&cell.target, &cell.endpoint)];
                for (list, name) in days.entry(served.not_after.date()).or_default().iter_mut().zip(names) {
                    list.push(name);
                }
            }
        }
        for (day, mut lists) in days {
            for list in &mut lists {
                list.sort_by(|a, b| Natural(a).cmp(&Natural(b)));
                list.dedup();
            }
            let [subjects, places] = lists;
            let ends = match (day - at.date()).whole_days() {
                gone @ ..0 => format!("ended {} ago", counted(gone.unsigned_abs(), "day")),
                left => format!("{} left", counted(left, "day")),
            };
            let message = format!("served until {day} ({ends}): {}", list(&subjects));
            head(text, word(Severity::Warning), Severity::Warning, &message);
            line(text, "where", &list_of(self.matrix.places.names.len(), "endpoint", &places));
        }
    }

    fn notes(&self, text: &mut Text) {
        let notes = self.cells.iter().flat_map(|cell| cell.notes.iter().map(move |note| (note.as_str(), *cell)));
        for (note, group) in alike(notes) {
            head(text, word(Severity::Note), Severity::Note, note);
            self.meetings(text, "who", &meetings(group.into_iter().map(|cell| self.met(cell))));
        }
    }

    /// What is broken, on which side, how to mend it; and below that what it was seen by.
    fn diagnosis(&self, text: &mut Text, diagnosis: &Diagnosis, who: &str, met: &[Meeting]) {
        let Diagnosis { rule, explanation, symptom, log } = diagnosis;
        let side = match explanation.side {
            Side::Client => "on the client's side",
            Side::Broker => "on the broker's side",
            Side::Network => "in the network",
            Side::Unknown => "on whichever side",
        };
        let what = format!("{}[{}] {side}", word(rule.severity), rule.code);
        head(text, &what, rule.severity, &explanation.cause);
        line(text, "fix", &explanation.fix);
        self.meetings(text, who, met);
        line(text, "certificate", explanation.certificate.as_deref().unwrap_or_default());
        if let Some((step, symptom)) = symptom {
            line(text, "seen", &format!("{}: {symptom}", step.name()));
        }
        line(text, "log", log.as_deref().unwrap_or_default());
        line(text, "see", &diagnosis.see());
    }

    fn meetings(&self, text: &mut Text, who: &str, met: &[Meeting]) {
        let Matrix { identities, places, .. } = &self.matrix;
        for meeting in met {
            line(text, who, &list_of(identities.names.len(), "client", &meeting.who));
            line(text, "where", &list_of(places.names.len(), "endpoint", &meeting.places));
        }
    }

    fn met(&self, cell: &Cell) -> (String, String) {
        ((self.matrix.identities.label)(cell), place(&cell.target, &cell.endpoint))
    }

    fn verdict(&self, report: &VerifyReport) -> Line {
        let tone = if report.passed() { Tone::Good } else { Tone::Bad };
        let cut_short = report.cut_short.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        if self.cells.is_empty() && self.probes.is_empty() {
            return Line::default().toned("Verification concluded nothing", Tone::Due).and(format_args!("{cut_short}: nothing was tried."));
        }
        let working = self.cells.iter().filter(|cell| matches!(cell.verdict, Verdict::Passed)).count();
        let probes = |wanted: fn(&ProbeOutcome) -> bool| self.probes.iter().filter(|probe| wanted(&probe.outcome)).count();
        let refused = probes(|outcome| matches!(outcome, ProbeOutcome::Refused { .. }));
        let let_in = probes(|outcome| matches!(outcome, ProbeOutcome::LetIn(_)));
        let failed = working < self.cells.len() || refused < self.probes.len();
        let verdict = match (failed, &report.cut_short) {
            (true, _) => "Verification FAILED",
            (false, Some(_)) => "Verification cut short",
            (false, None) => "Verification passed",
        };
        let mut parts = vec![format!("{working} of {} connections work", self.cells.len())];
        if !self.probes.is_empty() {
            parts.push(format!("{refused} of {} intruders refused", self.probes.len()));
        }
        parts.extend((let_in > 0).then(|| format!("{let_in} let in")));
        let unproved = self.probes.len() - refused - let_in;
        parts.extend((unproved > 0).then(|| format!("{unproved} proved nothing")));
        Line::default().toned(verdict, tone).and(format_args!("{cut_short}: {}.", parts.join(", ")))
    }
}

fn cause<'a>(diagnosis: &'a Diagnosis, target: &str, endpoint: &str) -> Cause<'a> {
    let explanation = &diagnosis.explanation;
    let host = endpoint.rsplit_once(':').map_or(endpoint, |(host, _)| host);
    let names = [endpoint, host, target];
    let without_names =
        |text: &String| names.iter().filter(|name| !name.is_empty()).fold(text.clone(), |text, name| text.replace(name, "\0"));
    (diagnosis.rule.code, explanation.side, explanation.certificate.as_deref(), [&explanation.cause, &explanation.fix].map(without_names))
}

/// With what, and where; the same attempts together.
fn tried<'a>(probes: impl IntoIterator<Item = &'a Probe>) -> Vec<(String, String)> {
    let mut probes: Vec<&Probe> = probes.into_iter().collect();
    probes.sort_by_key(|probe| probe.attempt);
    probes.iter().map(|probe| (probe.attempt.name().to_owned(), place(&probe.target, &probe.endpoint))).collect()
}

fn head(text: &mut Text, what: &str, severity: Severity, message: &str) {
    text.blank();
    text.push(Line::default().toned(what, Some(severity).into()).and(format_args!(": {message}")));
}

/// Nothing when `text` is empty.
fn line(page: &mut Text, label: &str, text: &str) {
    if !text.is_empty() {
        page.push(Line::of(format_args!("  {:<13}{text}", format!("{label}:"))));
    }
}
