//! `status`, for people.

use super::Context;
use super::console::Tone;
use super::status::{CertificateRow, Report, Standing};
use crate::plan::calendar::{By, Event};
use crate::plan::{Plan, Reason};

pub fn show(context: &Context, report: &Report<'_>, plan: &Plan) {
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
            match row.state {
                Standing::Signs => ("signs".to_owned(), Tone::Good),
                Standing::Waits => plain("trusted, signs later"),
                Standing::Leaves => plain("signs no more"),
            },
            row.problem.as_ref().map_or_else(|| plain(""), |problem| (problem.clone(), Tone::Bad)),
        ]
    });
    console.table(&["AUTHORITY", "SIGNS AS", "ENDS", "ROOT ENDS", "KEY", "STATE", ""], authorities);
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
    if !report.calendar.is_empty() {
        console.data("\n");
        let events = report.calendar.iter().map(|Event { at, whose, what, by }| {
            let by = match by {
                By::Apply => plain("apply"),
                By::Person => ("you".to_owned(), Tone::Due),
            };
            vec![plain(&at.date().to_string()), plain(whose), plain(what), by]
        });
        console.table(&["FROM", "WHOSE", "WHAT", "BY"], events);
    }
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
