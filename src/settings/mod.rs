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
mod principals;
mod program;
pub mod properties;
mod provider;
mod reference;
mod scope;
mod table;

use std::collections::BTreeMap;

pub use amqp_uri::{AmqpUri, AmqpUriError};
pub use client::{Connection, Material, Sasl, Source};
pub use jaas::{JaasError, LoginModule};
pub use line::{Setting, SyntaxFault};
pub use listeners::{Listener, SecurityProtocol};
pub use principals::{MappingRules, SuperUsers};
pub use program::Program;
pub use reference::{Declared, Reference, Role, references};
pub use scope::Scope;
pub use table::{Form, Known, known, nearest};

/// More than any configuration file has, and little enough to compare with every known name.
const MOST_BYTES: usize = 256 << 10;
const MOST_SETTINGS: usize = 4096;

/// One file: every line that sets something, and what it is read as.
#[derive(Debug, Clone)]
pub struct Settings {
    pub program: Program,
    lines: Vec<Setting>,
    /// The last line of each key.
    last: BTreeMap<String, usize>,
    pub faults: Vec<SyntaxFault>,
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
    let (lines, faults) = properties::read(bytes);
    if lines.len() > MOST_SETTINGS {
        return None;
    }
    let program = Program::recognise(&lines)?;
    let (lines, faults) = match program {
        Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther => (lines.into_iter().map(Setting::trimmed).collect(), faults),
        Program::Librdkafka => line::read_librdkafka(bytes),
        Program::RabbitMq | Program::RabbitMqTerms => cuttlefish::read(bytes),
    };
    Some(Settings::new(program, lines, faults))
}

impl Settings {
    fn new(program: Program, lines: Vec<Setting>, faults: Vec<SyntaxFault>) -> Self {
        let last = lines.iter().enumerate().map(|(index, line)| (line.key.clone(), index)).collect();
        Self { program, lines, last, faults }
    }

    /// What counts for `key`: the last line that sets it.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.last.get(key).and_then(|index| self.lines.get(*index))
    }

    /// The value that counts, without its line.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(Setting::value)
    }

    /// The items of a comma-separated list, as Kafka splits it. None where the key is not set.
    pub fn list(&self, key: &str) -> Vec<&str> {
        self.value(key).map(|value| value.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()).unwrap_or_default()
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
