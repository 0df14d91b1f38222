//! The only printing: data to stdout, talk to stderr.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};

use clap::ValueEnum;
use comfy_table::{Cell, ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::failure::{Exit, Failure};
use crate::describe::page::{Line, Outlook};
use crate::finding::Severity;
use crate::ops::Told;
use crate::pki::Passphrase;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// How a cell or a line is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Due,
    Bad,
}

/// `None` is for what is as it should be.
impl From<Option<Severity>> for Tone {
    fn from(severity: Option<Severity>) -> Self {
        match severity {
            None => Self::Good,
            Some(Severity::Note) => Self::Plain,
            Some(Severity::Warning) => Self::Due,
            Some(Severity::Error) => Self::Bad,
        }
    }
}

#[derive(Debug)]
pub struct Console {
    pub format: Format,
    colored: bool,
    quiet: bool,
}

impl Console {
    pub fn new(format: Format, color: Color, quiet: bool) -> Self {
        let colored = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        Self { format, colored, quiet }
    }

    /// Data. A reader that went away (`| head`) is no failure.
    pub fn data(&self, text: &str) {
        let mut out = stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    pub fn json(&self, value: &impl Serialize) {
        if let Ok(text) = serde_json::to_string_pretty(value) {
            self.data(&format!("{text}\n"));
        }
    }

    pub fn say(&self, text: impl Display) {
        if !self.quiet {
            let _ = writeln!(stderr(), "{text}");
        }
    }

    pub fn warn(&self, text: &str) {
        self.say(format_args!("{} {text}", self.painted("warning:", Tone::Due)));
    }

    pub fn failure(&self, failure: &Failure) {
        match self.format {
            Format::Human => self.error(failure),
            Format::Json => {
                let _ = writeln!(stderr(), "{}", failure.json());
            }
        }
    }

    /// One of several things failed, and the rest goes on.
    pub fn error(&self, text: impl Display) {
        let _ = writeln!(stderr(), "{} {text}", self.painted("error:", Tone::Bad));
    }

    /// A question to whoever sits at the terminal; `default` when the answer is empty.
    pub fn ask(&self, question: &str, default: &str) -> String {
        let _ = write!(stderr(), "{question} [{default}]: ").and_then(|()| stderr().flush());
        let mut answer = String::new();
        match std::io::stdin().read_line(&mut answer) {
            Ok(_) if !answer.trim().is_empty() => answer.trim().to_owned(),
            _ => default.to_owned(),
        }
    }

    /// A password from the terminal, which does not show it; `None` when the answer is empty.
    pub fn ask_password(&self, question: &str) -> Option<Passphrase> {
        let answer = rpassword::prompt_password(format!("{question}: ")).ok()?;
        (!answer.is_empty()).then(|| Passphrase::new(answer))
    }

    pub fn table(&self, header: &[&str], rows: impl IntoIterator<Item = Vec<(String, Tone)>>) {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(header.iter().map(|name| Cell::new(self.painted(name, Tone::Plain))));
        for row in rows {
            table.add_row(row.into_iter().map(|(text, tone)| Cell::new(self.painted(&text, tone))));
        }
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        self.data(&format!("{}\n", lines.join("\n")));
    }

    /// Labelled lines, their texts below each other.
    pub fn page(&self, lines: &[Line]) {
        let mut page = String::new();
        for line in lines {
            let tone = match line.outlook {
                Outlook::Plain => Tone::Plain,
                Outlook::Good => Tone::Good,
                Outlook::Due => Tone::Due,
                Outlook::Bad => Tone::Bad,
            };
            let indent = "  ".repeat(line.depth);
            let label = if line.label.is_empty() { String::new() } else { format!("{:<15}", line.label) };
            page.push_str(&format!("{indent}{label}{}\n", self.painted(&line.text, tone)));
        }
        self.data(&page);
    }

    pub fn painted(&self, text: &str, tone: Tone) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Good => 32,
            Tone::Due => 33,
            Tone::Bad => 31,
        };
        if self.colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Shows how far a deed is: a bar on a terminal; nothing elsewhere.
    pub fn watch(&self) -> impl Fn(Told) + Sync + use<> {
        let shown = !self.quiet && stderr().is_terminal();
        let bar = ProgressBar::hidden();
        move |told| match told {
            Told::Begins { work, steps } if shown => {
                let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar());
                bar.reset();
                bar.set_style(style);
                bar.set_message(work);
                bar.set_length(steps as u64);
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            Told::Begins { .. } => {}
            Told::Grows(steps) => bar.set_length(steps as u64),
            Told::Reached(steps) => bar.set_position(steps as u64),
            Told::Ends => bar.finish_and_clear(),
        }
    }
}

/// What clap has to say: help and version to stdout, mistakes to stderr.
pub fn usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}
