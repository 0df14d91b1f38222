//! `journal.jsonl`: who was issued what, when and why. Append-only; each line carries the hash of the one before.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Directory, DirectoryError, file};
use crate::layout;
use crate::pki::{Certificate, sha256_hex};

/// One line, apart from the hash of the line before it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JournalEntry {
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// `authority`, `leaf`, or `files` when a leaf was only laid out anew; `push` or `removal` for what a sink got or lost.
    pub event: String,
    /// `authority/brokers`, `kafka/broker-1`.
    pub subject: String,
    /// Absent in a removal.
    #[serde(flatten)]
    pub marks: Option<Marks>,
    pub reasons: Vec<String>,
}

/// What tells a certificate from others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Marks {
    pub generation: u32,
    pub serial: String,
    /// SHA-256 of the certificate.
    pub fingerprint: String,
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
}

impl JournalEntry {
    pub fn new(
        event: &str,
        subject: String,
        generation: u32,
        certificate: &Certificate,
        now: OffsetDateTime,
        reasons: Vec<String>,
    ) -> Self {
        Self {
            time: now,
            event: event.to_owned(),
            subject,
            marks: Some(Marks {
                generation,
                serial: certificate.serial.clone(),
                fingerprint: certificate.fingerprint(),
                not_after: certificate.validity.not_after,
            }),
            reasons,
        }
    }

    /// Of what was deleted from a sink.
    pub fn removal(subject: &str, now: OffsetDateTime, how: String) -> Self {
        Self { time: now, event: "removal".to_owned(), subject: subject.to_owned(), marks: None, reasons: vec![how] }
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// SHA-256 of the line before, without its line end; 64 zeros in the first.
    previous: String,
    #[serde(flatten)]
    entry: JournalEntry,
}

/// Whether every line carries the hash of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum JournalState {
    Whole {
        lines: usize,
    },
    /// From 1.
    Broken {
        line: usize,
    },
}

/// The journal of a directory, open for whoever holds the lock.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
}

impl Directory {
    pub fn journal(&self) -> Journal {
        Journal { path: self.root.join(layout::JOURNAL) }
    }
}

impl Journal {
    /// Appends `entries` and sees them on the disk. A line cut short by a kill was never relied upon: it is taken off first.
    pub fn append(&self, entries: &[JournalEntry]) -> Result<(), DirectoryError> {
        if entries.is_empty() {
            return Ok(());
        }
        let present = file::read(&self.path)?;
        let present = present.as_ref().map_or(&[][..], |read| read.bytes.expose());
        let whole = present.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut previous = last_line(&present[..whole]).map_or_else(|| NONE.to_owned(), sha256_hex);
        let mut text = String::new();
        for entry in entries {
            let line = Line { previous, entry: entry.clone() };
            let line = serde_json::to_string(&line).map_err(|error| DirectoryError::io("write", &self.path, error.into()))?;
            previous = sha256_hex(line.as_bytes());
            text.push_str(&line);
            text.push('\n');
        }
        let failed = |source| DirectoryError::io("write", &self.path, source);
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
        let mut file = options.open(&self.path).map_err(failed)?;
        if whole < present.len() {
            file.set_len(whole as u64).map_err(failed)?;
        }
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// Follows the hashes from the first line to the last.
    pub fn state(&self) -> Result<JournalState, DirectoryError> {
        let read = file::read(&self.path)?;
        let bytes = read.as_ref().map_or(&[][..], |read| read.bytes.expose());
        let mut previous = NONE.to_owned();
        let mut lines = 0;
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            lines += 1;
            if !serde_json::from_slice::<Line>(line).is_ok_and(|line| line.previous == previous) {
                return Ok(JournalState::Broken { line: lines });
            }
            previous = sha256_hex(line);
        }
        Ok(JournalState::Whole { lines })
    }
}

fn last_line(bytes: &[u8]) -> Option<&[u8]> {
    bytes.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty())
}

const NONE: &str = "0000000000000000000000000000000000000000000000000000000000000000";
