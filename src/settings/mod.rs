//! Floor 1: the configuration files of brokers and clients, read as the programs themselves read them.
//!
//! `server.properties` and `client.properties` (java.util.Properties), librdkafka's `key=value`, `rabbitmq.conf` (Cuttlefish), and the URLs of
//! RabbitMQ's clients.

mod amqp_uri;
mod client;
mod cuttlefish;
mod jaas;
mod line;
mod listeners;
mod lost_pem;
mod principals;
mod program;
pub mod properties;
mod provider;
mod reference;
mod scope;
mod table;
mod text;

use std::collections::BTreeMap;
use std::fmt;

use lost_pem::{Joining, set_aside};

pub use amqp_uri::{AmqpUri, AmqpUriError};
pub use client::{Connection, Material, Sasl, Source};
pub use jaas::{JaasError, LoginModule};
pub use line::{Setting, SyntaxFault};
pub use listeners::{Listener, SecurityProtocol};
pub use principals::{MappingRules, SuperUsers};
pub use program::Program;
pub use provider::{Unfetched, Wanted};
pub use reference::{Declared, Reference, Role, references};
pub use scope::Scope;
pub use table::{Form, Known, known, names, nearest};
pub use text::Text;

/// More than any configuration file has, and little enough to compare with every known name.
const MOST_BYTES: usize = 256 << 10;
const MOST_SETTINGS: usize = 4096;

/// One file: every line that sets something, and what it is read as.
#[derive(Clone)]
pub struct Settings {
    pub program: Program,
    lines: Vec<Setting>,
    /// The last line of each key.
    last: BTreeMap<String, usize>,
    pub faults: Vec<SyntaxFault>,
    /// Where PEM begins whose other lines were lost: nothing joins them to this one. They are no settings.
    pub lost_pem: Vec<usize>,
    /// What [`Settings::resolved`] could not have.
    pub unfetched: Vec<Unfetched>,
}

/// Reads a configuration file of whichever program its keys belong to; `None` when they belong to none.
pub fn read(bytes: &[u8]) -> Option<Settings> {
    if bytes.len() > MOST_BYTES || bytes.contains(&0) {
        return None;
    }
    if cuttlefish::is_erlang_terms(bytes) {
        return Some(Settings::new(Program::RabbitMqTerms, Vec::new(), Vec::new()));
    }
    // Every grammar here sees the same keys in a line that is right, so Java's serves to tell the programs apart.
    let (as_java, lost_pem) = set_aside(bytes, Joining::Backslash);
    let (lines, faults) = properties::read(&as_java);
    if lines.len() > MOST_SETTINGS {
        return None;
    }
    let program = Program::recognise(&lines)?;
    let ((lines, faults), lost_pem) = match program {
        Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther => {
            ((lines.into_iter().map(Setting::trimmed).collect(), faults), lost_pem)
        }
        Program::Librdkafka => {
            let (kept, lost_pem) = set_aside(bytes, Joining::Never);
            (line::read_librdkafka(&kept), lost_pem)
        }
        Program::RabbitMq | Program::RabbitMqTerms => {
            let (kept, lost_pem) = set_aside(bytes, Joining::Quotes);
            (cuttlefish::read(&kept), lost_pem)
        }
    };
    let mut settings: Vec<Setting> = Vec::with_capacity(lines.len());
    for line in lines {
        settings.push(line.below(settings.last()));
    }
    Some(Settings { lost_pem, ..Settings::new(program, settings, faults) })
}

/// The keys by which the lines are found are as they were written, so they are left out.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("program", &self.program).field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl Settings {
    fn new(program: Program, lines: Vec<Setting>, faults: Vec<SyntaxFault>) -> Self {
        let last = lines.iter().enumerate().map(|(index, line)| (line.key.meant().to_owned(), index)).collect();
        Self { program, lines, last, faults, lost_pem: Vec::new(), unfetched: Vec::new() }
    }

    /// What counts for `key`: the last line that sets it.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.last.get(key).and_then(|index| self.lines.get(*index))
    }

    /// The value that counts, without its line.
    pub fn value(&self, key: &str) -> Option<&Text> {
        self.get(key).map(|setting| &setting.value)
    }

    /// Whether `key` is set to `value`.
    pub fn says(&self, key: &str, value: &str) -> bool {
        self.value(key).is_some_and(|found| found == value)
    }

    /// The items of a comma-separated list, as Kafka splits it. None where the key is not set.
    pub fn list(&self, key: &str) -> impl Iterator<Item = Text> {
        self.value(key).into_iter().flat_map(|value| value.items(','))
    }

    /// Every line in its order, those that a later one overrides too.
    pub fn lines(&self) -> &[Setting] {
        &self.lines
    }

    /// Every setting that counts, in the order of the keys.
    pub fn effective(&self) -> impl Iterator<Item = &Setting> {
        self.last.values().filter_map(|index| self.lines.get(*index))
    }
}

#[cfg(test)]
mod tests;
