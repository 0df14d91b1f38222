//! The only printing: data to stdout, talk to stderr.
//!
//! What people read goes out as [`Line`]s, which hold nothing that drives a terminal; colours come last. Data that cannot be written is
//! remembered, and [`Console::end`] makes a failure of it.

#![allow(clippy::disallowed_methods, reason = "here alone is written to stdout")]

use std::fmt::Display;
use std::fs::File;
use std::io::{self, IsTerminal, Write, stderr, stdout};
use std::os::fd::AsFd;
use std::sync::OnceLock;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::failure::{Exit, Failure};
use crate::ops::Told;
use crate::pki::Passphrase;
pub use crate::text::Tone;
use crate::text::{Line, Table, Text, printable_json};

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

#[derive(Debug)]
pub struct Console {
    pub format: Format,
    colored: bool,
    quiet: bool,
    /// Why the first data that was lost could not be written.
    lost: OnceLock<io::Error>,
}

impl Console {
    pub fn new(format: Format, color: Color, quiet: bool) -> Self {
        let colored = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        Self { format, colored, quiet, lost: OnceLock::new() }
    }

    /// Data as it is: written by ourselves, or in a format with escapes of its own. After data that was lost comes none: what arrives
    /// is a beginning, and has no holes. A reader that went away (`| head`) is no failure.
    pub fn data(&self, text: &str) {
        if self.lost.get().is_none()
            && let Err(error) = write_stdout(text)
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            let _ = self.lost.set(error);
        }
    }

    /// The exit code in the end. Lost data is told, and is a failure whatever else was to be said.
    pub fn end(mut self, exit: Exit) -> Exit {
        match self.lost.take() {
            None => exit,
            Some(error) => {
                let failure = Failure::Stdout(error);
                self.failure(&failure);
                failure.exit()
            }
        }
    }

    pub fn json(&self, value: &impl Serialize) {
        match serde_json::to_string_pretty(value) {
            Ok(text) => self.data(&(printable_json(&text) + "\n")),
            Err(error) => {
                let _ = self.lost.set(error.into());
            }
        }
    }

    pub fn text(&self, text: &Text) {
        self.data(&text.painted(|text, tone| self.painted(text, tone)));
    }

    pub fn table(&self, header: &[&str], rows: impl IntoIterator<Item = Vec<(String, Tone)>>) {
        let mut table = Table::new(header);
        table.rows.extend(rows);
        self.text(&table.lines());
    }

    pub fn say(&self, text: impl Display) {
        if !self.quiet {
            self.talk(Line::of(text));
        }
    }

    pub fn warn(&self, text: &str) {
        if !self.quiet {
            self.talk(Line::default().toned("warning:", Tone::Due).and(" ").and(text));
        }
    }

    /// One of several things failed, and the rest goes on.
    pub fn error(&self, text: impl Display) {
        self.talk(Line::default().toned("error:", Tone::Bad).and(" ").and(text));
    }

    pub fn failure(&self, failure: &Failure) {
        match self.format {
            Format::Human => {
                let mut lines = failure.lines().into_iter();
                self.error(lines.next().unwrap_or_default());
                lines.for_each(|line| self.talk(Line::of(line)));
            }
            Format::Json => write_stderr(&(printable_json(&failure.json().to_string()) + "\n")),
        }
    }

    fn talk(&self, line: Line) {
        write_stderr(&(line.painted(|text, tone| self.painted(text, tone)) + "\n"));
    }

    /// A question to whoever sits at the terminal; `default` when the answer is empty.
    pub fn ask(&self, question: &str, default: &str) -> String {
        write_stderr(&Line::of(format_args!("{question} [{default}]: ")).to_string());
        let mut answer = String::new();
        match io::stdin().read_line(&mut answer) {
            Ok(_) if !answer.trim().is_empty() => answer.trim().to_owned(),
            _ => default.to_owned(),
        }
    }

    /// A password from the terminal, which does not show it; `None` when the answer is empty.
    pub fn ask_password(&self, question: &str) -> Option<Passphrase> {
        let answer = rpassword::prompt_password(Line::of(format_args!("{question}: ")).to_string()).ok()?;
        (!answer.is_empty()).then(|| Passphrase::new(answer))
    }

    fn painted(&self, text: &str, tone: Tone) -> String {
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

    /// What clap has to say: help and version to stdout, mistakes to stderr.
    pub fn usage(&self, error: &clap::Error) -> Exit {
        let text = error.render();
        let text = if self.colored { text.ansi().to_string() } else { text.to_string() };
        if error.use_stderr() {
            write_stderr(&text);
            Exit::Usage
        } else {
            self.data(&text);
            Exit::Done
        }
    }
}

/// At once. [`io::Stdout`] would keep the last line back, and takes a stdout that nobody may write to for one that takes everything.
fn write_stdout(text: &str) -> io::Result<()> {
    File::from(stdout().as_fd().try_clone_to_owned()?).write_all(text.as_bytes())
}

/// There is nobody to tell when it fails.
fn write_stderr(text: &str) {
    let _ = stderr().write_all(text.as_bytes());
}
