//! `journal.jsonl`: who was issued what, when and why. Append-only; each line carries the hash of the one before.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Directory, DirectoryError, open};
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
        let failed = |source| DirectoryError::io("write", &self.path, source);
        let (mut file, metadata) = open::own_to_append(&self.path, LIMIT)?;
        let (whole, mut previous) = end(&mut file, metadata.len()).map_err(failed)?;
        let mut text = String::new();
        for entry in entries {
            let line = Line { previous, entry: entry.clone() };
            let line = serde_json::to_string(&line).map_err(|error| DirectoryError::io("write", &self.path, error.into()))?;
            previous = sha256_hex(line.as_bytes());
            text.push_str(&line);
            text.push('\n');
        }
        if whole < metadata.len() {
            file.set_len(whole).map_err(failed)?;
        }
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// Follows the hashes from the first line to the last.
    pub fn state(&self) -> Result<JournalState, DirectoryError> {
        let mut previous = NONE.to_owned();
        let mut lines = 0;
        let Some((file, _)) = open::own(&self.path, LIMIT)? else { return Ok(JournalState::Whole { lines }) };
        let mut file = BufReader::new(file.take(LIMIT));
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut file).take(LONGEST).read_until(b'\n', &mut line);
            if read.map_err(|source| DirectoryError::io("read", &self.path, source))? == 0 {
                return Ok(JournalState::Whole { lines });
            }
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            if line.is_empty() {
                continue;
            }
            lines += 1;
            if !serde_json::from_slice::<Line>(line).is_ok_and(|line| line.previous == previous) {
                return Ok(JournalState::Broken { line: lines });
            }
            previous = sha256_hex(line);
        }
    }
}

/// How far there are whole lines, and the hash of the last of them. Only the end of the file is read.
fn end(file: &mut File, length: u64) -> io::Result<(u64, String)> {
    let from = length.saturating_sub(2 * LONGEST);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(length - from).read_to_end(&mut tail)?;
    let after_last = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
    let whole = after_last(&tail).unwrap_or(0);
    let lines = tail[..whole].trim_ascii_end();
    match after_last(lines).or((from == 0).then_some(0)) {
        Some(begin) if begin < lines.len() => Ok((from + whole as u64, sha256_hex(&lines[begin..]))),
        Some(_) => Ok((from + whole as u64, NONE.to_owned())),
        None => Err(io::Error::other("its last line is none of countersign's; move it away")),
    }
}

/// More than a thousand holders come to in a hundred years.
const LIMIT: u64 = 1 << 30;
/// More than any line.
const LONGEST: u64 = 1 << 20;

const NONE: &str = "0000000000000000000000000000000000000000000000000000000000000000";
