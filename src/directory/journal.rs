//! `journal.jsonl`: who was issued what, when and why. Append-only; each line carries the hash of the one before.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use time::OffsetDateTime;

use super::{Directory, DirectoryError, file, lock::LOCK, open};
use crate::inventory::{Chronicle, JournalState, Remains};
use crate::layout;
use crate::pki::{Certificate, sha256_hex};

/// One line, apart from the hash of the line before it.
#[derive(Debug, Clone, Serialize)]
pub struct JournalEntry {
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// `authority`, `leaf`, or `files` when a leaf was only laid out anew; `rollback` when an earlier generation is in use again, `drop`
    /// for those that are kept no longer; `rollover`, `signs`, `alone` and `abort` as one is begun, advances, or is given up; `retire`
    /// for a holder that is gone, or an authority that has done its work; `push` or `removal` for what a sink got or lost.
    pub event: String,
    /// `authority/brokers`, `kafka/broker-1`.
    pub subject: String,
    /// Absent in a removal and a drop, and where there is no certificate.
    #[serde(flatten)]
    pub marks: Option<Marks>,
    /// SHA-256 of the manifest of a holder's generation, which lies where its owner may write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    pub reasons: Vec<String>,
}

/// What tells a certificate from others.
#[derive(Debug, Clone, Serialize)]
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
            manifest: None,
            reasons,
        }
    }

    /// Of what was deleted from a sink.
    pub fn removal(subject: &str, now: OffsetDateTime, how: String) -> Self {
        Self::unmarked("removal", subject.to_owned(), now, how)
    }

    /// Of generations that are kept no longer.
    pub fn dropped(subject: String, now: OffsetDateTime, generations: &[u32]) -> Self {
        let numbers: Vec<String> = generations.iter().map(u32::to_string).collect();
        Self::unmarked("drop", subject, now, format!("generations that are kept no longer: {}", numbers.join(", ")))
    }

    /// Of a holder that is gone, with its last certificate.
    pub fn retired(subject: String, remains: &Remains, now: OffsetDateTime, place: &Path) -> Self {
        let reason = format!("its certificates are kept in {}", place.display());
        match &remains.leaf {
            Some(leaf) => Self::new("retire", subject, remains.generation, leaf, now, vec![reason]),
            None => Self::unmarked("retire", subject, now, reason),
        }
    }

    fn unmarked(event: &str, subject: String, now: OffsetDateTime, reason: String) -> Self {
        Self { time: now, event: event.to_owned(), subject, marks: None, manifest: None, reasons: vec![reason] }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    /// SHA-256 of the line before, without its line end; 64 zeros in the first.
    previous: String,
    #[serde(flatten)]
    entry: &'a JournalEntry,
}

/// The journal of a directory, open for whoever holds the lock.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// Holds the SHA-256 of the last line, so that a journal that was cut is told from one that was always so long.
    lock: PathBuf,
}

impl Directory {
    pub fn journal(&self) -> Journal {
        Journal { path: self.root.join(layout::JOURNAL), lock: self.root.join(LOCK) }
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
        let (whole, last) = end(&mut file, metadata.len()).map_err(failed)?;
        // After lines that are gone, or others, no line follows as if nothing had been: that it was changed stays to be seen.
        let mut previous = match self.end()? {
            Some(end) if whole > 0 && end != last && self.read()?.state() == JournalState::Cut => end,
            Some(_) | None => last,
        };
        let mut text = String::new();
        for entry in entries {
            let line = Line { previous, entry };
            let line = serde_json::to_string(&line).map_err(|error| DirectoryError::io("write", &self.path, error.into()))?;
            previous = sha256_hex(line.as_bytes());
            text.push_str(&line);
            text.push('\n');
        }
        if whole < metadata.len() {
            file.set_len(whole).map_err(failed)?;
        }
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        // Whoever is killed before this leaves the hash of an earlier line, which is there as well, or none.
        let failed = |source| DirectoryError::io("write", &self.lock, source);
        let (mut lock, _) = open::own_to_append(&self.lock, open::PASSWORD)?;
        lock.set_len(0).and_then(|()| lock.write_all(format!("{previous}\n").as_bytes())).map_err(failed)
    }

    /// The hash of the line that was written last, where the lock has it.
    fn end(&self) -> Result<Option<String>, DirectoryError> {
        let end =
            file::read_up_to(&self.lock, open::SHORT)?.and_then(|read| Some(str::from_utf8(read.bytes.expose()).ok()?.trim().to_owned()));
        Ok(end.filter(|end| end.len() == Chronicle::NONE.len()))
    }

    /// Follows the hashes from the first line to the last.
    pub fn read(&self) -> Result<Chronicle, DirectoryError> {
        // Before the journal, which may well be written meanwhile.
        let mut chronicle = Chronicle::new(self.end()?);
        let Some((file, _)) = open::own(&self.path, LIMIT)? else { return Ok(chronicle) };
        let mut file = BufReader::new(file.take(LIMIT));
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut file).take(LONGEST).read_until(b'\n', &mut line);
            let length = read.map_err(|source| DirectoryError::io("read", &self.path, source))?;
            match line.strip_suffix(b"\n") {
                Some(line) => chronicle.add(line),
                None if length as u64 == LONGEST => chronicle.add(&line),
                None => return Ok(chronicle),
            }
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
        Some(_) => Ok((from + whole as u64, Chronicle::NONE.to_owned())),
        None => Err(io::Error::other("its last line is none of countersign's; move it away")),
    }
}

/// More than a thousand holders come to in a hundred years.
const LIMIT: u64 = 1 << 30;
/// More than any line.
const LONGEST: u64 = 1 << 20;
