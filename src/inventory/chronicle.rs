//! What the journal tells, gathered line by line.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::pki::{Certificate, sha256_hex};

/// Whether the journal is as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum JournalState {
    Whole {
        lines: usize,
    },
    /// This line, from 1, does not carry the hash of the one before, or is no entry.
    Broken {
        line: usize,
    },
    /// The line that was written last is not there any more, or another.
    Cut,
}

/// Who was issued what, as the journal has it. A name in it is believed only together with the certificate.
#[derive(Debug)]
pub struct Chronicle {
    lines: usize,
    broken: Option<usize>,
    /// SHA-256 of the line before.
    previous: String,
    /// What was last seen as the end of the journal; `None` when that is not known, or was met.
    end: Option<String>,
    issued: HashMap<String, Vec<Issued>>,
    /// When the last line was written.
    last: Option<OffsetDateTime>,
    authorities: BTreeMap<String, u32>,
    /// Generations of authorities after which leafs were issued.
    used: BTreeMap<String, u32>,
    retired: BTreeMap<String, BTreeSet<u32>>,
    told: BTreeMap<String, Told>,
    /// The generation of each holder that was last pushed to a sink.
    pushed: BTreeMap<String, u32>,
}

/// How far the rollovers of an authority were told to go, each by the highest of its generations that this was said of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told {
    /// A new root is to follow it.
    pub to_be_followed: Option<u32>,
    /// It is not to follow after all.
    pub to_go: Option<u32>,
    /// It signs before its time.
    pub to_sign: Option<u32>,
    /// No older root is to be trusted beside it.
    pub alone: Option<u32>,
}

/// One certificate.
#[derive(Debug)]
struct Issued {
    generation: u32,
    time: OffsetDateTime,
    serial: String,
    fingerprint: String,
    manifest: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Event {
    Authority,
    Leaf,
    Files,
    /// A generation of an authority that has done its work, or a holder that is gone.
    Retire,
    /// A generation of an authority that a new root is to follow.
    Rollover,
    /// A generation of an authority that is not to follow after all.
    Abort,
    /// A generation of an authority that signs before its time.
    Signs,
    /// A generation of an authority whose root is the only one from now on.
    Alone,
    Push,
    Removal,
    Drop,
    Rollback,
}

/// What counts of a line.
#[derive(Deserialize)]
struct Line<'a> {
    previous: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    time: OffsetDateTime,
    event: Event,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    generation: Option<u32>,
    serial: Option<&'a str>,
    fingerprint: Option<&'a str>,
    manifest: Option<&'a str>,
}

impl Chronicle {
    /// What stands in the first line for the hash of the one before.
    pub const NONE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    /// Before the first line. `end` is the SHA-256 of the line that was written last, where that is known.
    pub fn new(end: Option<String>) -> Self {
        Self {
            lines: 0,
            broken: None,
            previous: Self::NONE.to_owned(),
            end,
            issued: HashMap::new(),
            last: None,
            authorities: BTreeMap::new(),
            used: BTreeMap::new(),
            retired: BTreeMap::new(),
            told: BTreeMap::new(),
            pushed: BTreeMap::new(),
        }
    }

    /// The next line, without its line end. One that a kill cut short was never relied upon, and is none.
    pub fn add(&mut self, line: &[u8]) {
        self.lines += 1;
        let parsed = serde_json::from_slice::<Line<'_>>(line).ok();
        if parsed.as_ref().is_none_or(|line| line.previous != self.previous) {
            self.broken.get_or_insert(self.lines);
        }
        self.previous = sha256_hex(line);
        if self.end.as_ref() == Some(&self.previous) {
            self.end = None;
        }
        if let Some(line) = parsed {
            self.last = Some(line.time);
            self.tell(&line);
        }
    }

    fn tell(&mut self, line: &Line<'_>) {
        let (Some(generation), Some(serial), Some(fingerprint)) = (line.generation, line.serial, line.fingerprint) else { return };
        match line.event {
            Event::Authority => raise(&mut self.authorities, &line.subject, generation),
            Event::Leaf => {
                let Self { authorities, used, .. } = self;
                authorities.iter().for_each(|(name, generation)| raise(used, name, *generation));
            }
            Event::Files | Event::Rollback => {}
            Event::Retire => {
                self.retired.entry(line.subject.to_string()).or_default().insert(generation);
                return;
            }
            Event::Rollover => {
                let told = self.told_of(&line.subject);
                *told = Told { to_be_followed: told.to_be_followed.max(Some(generation)), to_go: None, ..*told };
                return;
            }
            Event::Abort => {
                let told = self.told_of(&line.subject);
                *told = Told { to_go: told.to_go.max(Some(generation)), to_be_followed: None, ..*told };
                return;
            }
            Event::Signs => {
                let told = self.told_of(&line.subject);
                told.to_sign = told.to_sign.max(Some(generation));
                return;
            }
            Event::Alone => {
                let told = self.told_of(&line.subject);
                told.alone = told.alone.max(Some(generation));
                return;
            }
            Event::Push => return raise(&mut self.pushed, &line.subject, generation),
            Event::Removal | Event::Drop => return,
        }
        let issued = Issued {
            generation,
            time: line.time,
            serial: serial.to_owned(),
            fingerprint: fingerprint.to_owned(),
            manifest: line.manifest.map(str::to_owned),
        };
        self.issued.entry(line.subject.to_string()).or_default().push(issued);
    }

    fn told_of(&mut self, authority: &str) -> &mut Told {
        self.told.entry(authority.to_owned()).or_default()
    }

    pub fn state(&self) -> JournalState {
        match (self.broken, &self.end) {
            (Some(line), _) => JournalState::Broken { line },
            (None, Some(_)) => JournalState::Cut,
            (None, None) => JournalState::Whole { lines: self.lines },
        }
    }

    /// When the last line was written, by the clock of whoever wrote it.
    pub fn last(&self) -> Option<OffsetDateTime> {
        self.last
    }

    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// Whether a line tells of this generation of `subject` (`authority`, `kafka/broker-1`) with this certificate.
    pub fn tells_of(&self, subject: &str, generation: u32, certificate: &Certificate) -> bool {
        let fingerprint = certificate.fingerprint();
        self.of(subject, generation).any(|issued| issued.serial == certificate.serial && issued.fingerprint == fingerprint)
    }

    /// SHA-256 of the manifest of this generation of `subject`, as it was written last.
    pub fn manifest(&self, subject: &str, generation: u32) -> Option<&str> {
        self.of(subject, generation).last()?.manifest.as_deref()
    }

    /// When another took the place of this generation of `subject`; `None` where none did, or no line tells of it.
    pub fn replaced(&self, subject: &str, generation: u32) -> Option<OffsetDateTime> {
        let issued = self.issued.get(subject)?;
        let last = issued.iter().rposition(|issued| issued.generation == generation)?;
        issued.get(last + 1).map(|next| next.time)
    }

    fn of(&self, subject: &str, generation: u32) -> impl Iterator<Item = &Issued> {
        self.issued.get(subject).into_iter().flatten().filter(move |issued| issued.generation == generation)
    }

    /// The highest generation of an authority that was ever made, or begun.
    pub fn newest(&self, authority: &str) -> Option<u32> {
        self.authorities.get(authority).copied()
    }

    /// How far the rollovers of an authority were told to go.
    pub fn told(&self, authority: &str) -> Told {
        self.told.get(authority).copied().unwrap_or_default()
    }

    /// The highest generation of a holder that any sink was given.
    pub fn pushed(&self, holder: &str) -> Option<u32> {
        self.pushed.get(holder).copied()
    }

    /// The highest generation of an authority under which leafs were issued, and that was not retired since.
    pub fn used(&self, authority: &str) -> Option<u32> {
        let retired = self.retired.get(authority);
        let used = *self.used.get(authority)?;
        (1..=used).rev().find(|generation| retired.is_none_or(|retired| !retired.contains(generation)))
    }
}

impl Default for Chronicle {
    fn default() -> Self {
        Self::new(None)
    }
}

fn raise(generations: &mut BTreeMap<String, u32>, name: &str, generation: u32) {
    let highest = generations.entry(name.to_owned()).or_default();
    *highest = generation.max(*highest);
}
