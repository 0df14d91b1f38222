//! What `push` tells of itself: a table for people, JSON for programs, and the exit code.

use std::collections::BTreeSet;

use serde::Serialize;

use super::console::{Console, Format, Tone};
use super::failure::Exit;
use crate::directory::Directory;
use crate::ops::{Action, Pruned, SinkReport};
use crate::sinks::Mode;

#[derive(Serialize)]
struct Report<'a> {
    directory: String,
    dry_run: bool,
    sinks: &'a [SinkReport],
}

pub fn exit(mode: Mode, sinks: &[SinkReport]) -> Exit {
    let has_work = sinks.iter().any(|sink| sink.has_listed() || sink.has_warnings())
        || (mode == Mode::DryRun && sinks.iter().any(SinkReport::has_changes));
    if sinks.iter().any(SinkReport::has_failed) {
        Exit::Failed
    } else if has_work {
        Exit::WorkToDo
    } else {
        Exit::Done
    }
}

pub fn show(console: &Console, directory: &Directory, mode: Mode, sinks: &[SinkReport]) {
    if console.format == Format::Json {
        console.json(&Report { directory: directory.root().display().to_string(), dry_run: mode == Mode::DryRun, sinks });
        return;
    }
    let shown: Vec<_> = sinks.iter().flat_map(|sink| rows(mode, sink)).collect();
    if !shown.is_empty() {
        console.table(&["SINK", "HOLDER", "ADDRESS", "", "VERSION", "CHANGED"], shown);
    }
    let unchanged = sinks.iter().flat_map(|sink| &sink.rows).filter(|row| row.action == Action::Unchanged).count();
    if unchanged > 0 {
        console.say(format_args!("{unchanged} are there already, as they should be."));
    }
    let warnings = sinks.iter().flat_map(|sink| &sink.rows).filter_map(|row| Some((&row.holder, row.warning.as_ref()?)));
    for (holder, warning) in warnings.collect::<BTreeSet<_>>() {
        console.warn(&format!("{holder}: {warning}"));
    }
    for sink in sinks {
        let errors = sink.rows.iter().map(|row| (&row.holder, &row.error)).chain(sink.pruned.iter().map(|row| (&row.holder, &row.error)));
        for (holder, problem) in errors.filter_map(|(holder, problem)| Some((holder, problem.as_ref()?))) {
            console.error(format_args!("{}: {holder}: {}", sink.sink, problem.message));
        }
        if let Some(problem) = &sink.error {
            console.error(format_args!("{}: {}", sink.sink, problem.message));
        }
    }
    if sinks.iter().any(SinkReport::has_listed) {
        console.say("Nothing was deleted: confirm by `countersign push --prune --yes`.");
    }
}

/// Of what is to be told.
fn rows(mode: Mode, sink: &SinkReport) -> Vec<Vec<(String, Tone)>> {
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    let would = |word: &str| if mode == Mode::DryRun { format!("would be {word}") } else { word.to_owned() };
    let sent = sink.rows.iter().filter_map(|row| {
        let action = match row.action {
            Action::Created => (would("created"), Tone::Good),
            Action::Updated => (would("updated"), Tone::Good),
            Action::Unchanged => return None,
            Action::Failed => ("failed".to_owned(), Tone::Bad),
        };
        // Secrets Manager's ids are long, and their beginnings enough.
        let version: String = row.version.iter().flat_map(|version| version.chars().take(8)).collect();
        Some(vec![plain(&sink.sink), plain(&row.holder), plain(&row.address), action, plain(&version), plain(&row.changed.join(", "))])
    });
    let pruned = sink.pruned.iter().map(|row| {
        let action = match row.action {
            Pruned::Listed => ("of no holder".to_owned(), Tone::Due),
            Pruned::Removed => ("removed".to_owned(), Tone::Good),
            Pruned::Failed => ("failed".to_owned(), Tone::Bad),
        };
        vec![plain(&sink.sink), plain(&row.holder), plain(&row.address), action, plain(""), plain("")]
    });
    sent.chain(pruned).collect()
}
