//! A broker's log, and the lines of it that belong to one failure.

use std::collections::HashMap;

use super::Evidence;
use super::log_cause::LogCause;
use super::log_entry::{Line, json_texts, ports};

/// What matters of a log of Kafka or RabbitMQ: entries that tell a cause or name a connection.
#[derive(Debug, Default)]
pub struct BrokerLog {
    entries: Vec<Entry>,
    /// From a port to the entries that name it.
    by_port: HashMap<u16, Vec<usize>>,
}

/// Lines that belong together: a message with its stack trace, or all that one Erlang process says.
#[derive(Debug, Default)]
struct Entry {
    first: String,
    /// The lines that tell a cause.
    told: Vec<(LogCause, String)>,
    ports: Vec<u16>,
}

/// More of one entry is not kept: a process that lives long says much.
const TOLD: usize = 8;
const PORTS: usize = 8;

/// Longer lines are cut: they are for people.
const WIDTH: usize = 400;

/// More lines say no more about one failure.
const LINES: usize = 5;

impl BrokerLog {
    /// Reads a log in any form: plain, as JSON lines, with the prefixes of containers and journals. The time it takes is linear.
    pub fn parse(text: &str) -> Self {
        let mut reading = Reading::default();
        for raw in text.lines() {
            match json_texts(raw) {
                Some(texts) => reading.object(&texts),
                None => reading.line(&Line::new(raw)),
            }
        }
        reading.finish()
    }

    /// The lines about this failure, those that tell a cause first. A line that names our own port is ours; one that names no connection
    /// may be, if it fits what was seen; one that names another is not, unless the log knows nothing of our port, as behind a proxy.
    pub fn lines_of(&self, evidence: &Evidence) -> Vec<String> {
        let port = evidence.from.map(|from| from.port());
        let own: Vec<&Entry> =
            port.and_then(|port| self.by_port.get(&port)).into_iter().flatten().map(|index| &self.entries[*index]).collect();
        let mut lines: Vec<&str> = own.iter().flat_map(|entry| entry.told.iter().map(|(_, line)| &**line)).collect();
        if lines.is_empty() {
            let may_be_ours = |entry: &&Entry| entry.ports.is_empty() || own.is_empty();
            let told = self.entries.iter().filter(may_be_ours).flat_map(|entry| &entry.told);
            lines.extend(told.filter(|(cause, line)| cause.fits(line, evidence)).map(|(_, line)| &**line));
        }
        lines.extend(own.iter().filter(|entry| entry.told.is_empty()).map(|entry| &*entry.first));
        let mut kept: Vec<String> = Vec::new();
        for line in lines {
            if kept.len() < LINES && !kept.iter().any(|known| known == line) {
                kept.push(line.to_owned());
            }
        }
        kept
    }
}

/// A log while it is read.
#[derive(Debug, Default)]
struct Reading {
    entries: Vec<Entry>,
    /// The entry of each Erlang process.
    by_process: HashMap<String, usize>,
    /// The last entry, if it is of no process.
    loose: Option<usize>,
}

impl Reading {
    fn line(&mut self, line: &Line<'_>) {
        let index = match line.process {
            Some(process) => self.of_process(process, line.text),
            None => self.of_no_process(line.is_continued),
        };
        self.entries[index].note(line.text);
    }

    /// One object is one entry, unless it names the process that it is of.
    fn object(&mut self, texts: &str) {
        let process = texts.lines().find_map(|text| Line::new(text).process);
        let index = match process {
            Some(process) => self.of_process(process, texts),
            None => self.of_no_process(texts.lines().next().is_some_and(|first| Line::new(first).is_continued)),
        };
        for text in texts.lines() {
            self.entries[index].note(text);
        }
    }

    /// A process that speaks of other ports than before is another one of the same number, after a restart.
    fn of_process(&mut self, process: &str, text: &str) -> usize {
        if let Some(index) = self.by_process.get(process) {
            let known = &self.entries[*index].ports;
            if known.is_empty() || ports(text).next().is_none() || ports(text).any(|port| known.contains(&port)) {
                return *index;
            }
        }
        let index = self.begin();
        self.by_process.insert(process.to_owned(), index);
        index
    }

    /// What goes on stays with the entry before; an entry that said nothing gives its place to the next.
    fn of_no_process(&mut self, is_continued: bool) -> usize {
        let last = self.loose.filter(|last| is_continued || self.entries[*last].is_forgettable());
        let index = last.unwrap_or_else(|| self.begin());
        if !is_continued {
            self.entries[index] = Entry::default();
        }
        self.loose = Some(index);
        index
    }

    fn begin(&mut self) -> usize {
        self.loose = None;
        self.entries.push(Entry::default());
        self.entries.len() - 1
    }

    fn finish(self) -> BrokerLog {
        let mut by_port: HashMap<u16, Vec<usize>> = HashMap::new();
        for (index, entry) in self.entries.iter().enumerate() {
            entry.ports.iter().for_each(|port| by_port.entry(*port).or_default().push(index));
        }
        BrokerLog { entries: self.entries, by_port }
    }
}

impl Entry {
    fn note(&mut self, text: &str) {
        if self.first.is_empty() {
            self.first = shown(text);
        }
        for port in ports(text) {
            if self.ports.len() < PORTS && !self.ports.contains(&port) {
                self.ports.push(port);
            }
        }
        if let Some(cause) = LogCause::of(text)
            && self.told.len() < TOLD
            && !self.told.iter().any(|(known, _)| *known == cause)
        {
            self.told.push((cause, shown(text)));
        }
    }

    fn is_forgettable(&self) -> bool {
        self.told.is_empty() && self.ports.is_empty()
    }
}

/// Cut, and without control characters.
fn shown(text: &str) -> String {
    text.trim().chars().take(WIDTH).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
