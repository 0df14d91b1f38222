//! Floor 5: configuration files as the program would load them. One rule for each function.

mod authorization;
mod certificates;
mod client;
mod client_auth;
mod contradictions;
mod files;
mod keys;
mod listeners;
mod pairs;
mod quorum;
mod rabbitmq;
mod rabbitmq_login;
mod slips;
mod stores;
mod values;

use crate::finding::{Finding, Place, Rule};
use crate::keystore::{Contents, KeystoreError};
use crate::settings::{Listener, Program, Reference, Scope, SecurityProtocol, Settings, Text};

/// What became of a file that the configuration names.
#[derive(Debug, Clone, PartialEq)]
pub enum FileState {
    Missing,
    /// There, but not to be read; why, in a few words.
    Unreadable(String),
    Opened(Contents),
    Refused(KeystoreError),
}

/// One configuration with the files it names: what every rule looks at.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub target: &'a str,
    pub settings: &'a Settings,
    pub files: &'a [(Reference, FileState)],
    /// The listeners of a broker that are served here.
    pub listeners: Vec<Listener>,
    /// Every TLS engine that a Java program makes of these settings.
    pub engines: Vec<Engine<'a>>,
}

/// A rule at work.
pub(super) type Check = fn(&View<'_>) -> Vec<Finding>;

const CHECKS: &[&[Check]] = &[
    keys::CHECKS,
    values::CHECKS,
    slips::CHECKS,
    contradictions::CHECKS,
    stores::CHECKS,
    listeners::CHECKS,
    quorum::CHECKS,
    client_auth::CHECKS,
    authorization::CHECKS,
    client::CHECKS,
    rabbitmq::CHECKS,
    rabbitmq_login::CHECKS,
    files::CHECKS,
    pairs::CHECKS,
    certificates::CHECKS,
];

/// Everything that is wrong with `settings`, read from `target`, in the order of its lines.
///
/// `files` are its [`crate::settings::references`], each with what came of opening it with the passwords that go with it. A reference
/// that is left out is not judged.
pub fn config(target: &str, settings: &Settings, files: &[(Reference, FileState)]) -> Vec<Finding> {
    let listeners = if settings.program == Program::KafkaBroker { settings.listeners().0 } else { Vec::new() };
    let view = View { target, settings, files, listeners, engines: engines(settings) };
    let mut findings: Vec<Finding> = CHECKS.iter().copied().flatten().flat_map(|check| check(&view)).collect();
    findings.sort_by(|one, other| (one.place.line, one.rule.code).cmp(&(other.place.line, other.rule.code)));
    findings.dedup();
    findings
}

/// A TLS engine that the program makes: of a listener, or the one of a client.
#[derive(Debug)]
pub(super) struct Engine<'a> {
    /// `None` for a client.
    pub listener: Option<Text>,
    pub scope: Scope<'a>,
    pub protocol: SecurityProtocol,
}

fn engines(settings: &Settings) -> Vec<Engine<'_>> {
    let engine = |listener: Text| {
        let protocol = settings.protocol_of(&listener).filter(|protocol| protocol.is_tls())?;
        Some(Engine { scope: Scope::of_listener(settings, listener.meant()), listener: Some(listener), protocol })
    };
    match settings.program {
        Program::KafkaBroker => settings.listener_names().into_iter().filter_map(engine).collect(),
        Program::KafkaClient | Program::KafkaOther => {
            let protocol = settings.value("security.protocol").and_then(|name| SecurityProtocol::from_name(name.meant()));
            let protocol = protocol.filter(|protocol| protocol.is_tls());
            let engine = |protocol| Engine { listener: None, scope: Scope::common(settings), protocol };
            protocol.map(engine).into_iter().collect()
        }
        Program::Librdkafka | Program::RabbitMq | Program::RabbitMqTerms => Vec::new(),
    }
}

impl Engine<'_> {
    /// As it is called in a sentence.
    pub fn name(&self) -> String {
        self.listener.as_ref().map_or_else(|| "the client".to_owned(), |listener| format!("listener {listener}"))
    }
}

impl<'a> View<'a> {
    pub fn finding(&self, rule: &'static Rule, line: Option<usize>, message: String, fix: impl Into<String>) -> Finding {
        let place = Place { target: self.target.to_owned(), entry: None, line };
        Finding { rule, place, message, fix: fix.into() }
    }

    /// A finding about what is not there: no line shows it.
    pub fn absent(&self, rule: &'static Rule, message: impl Into<String>, fix: impl Into<String>) -> Vec<Finding> {
        vec![self.finding(rule, None, message.into(), fix)]
    }

    pub fn is(&self, program: Program) -> bool {
        self.settings.program == program
    }

    /// Read by java.util.Properties, with the TLS settings of Java's Kafka.
    pub fn is_java(&self) -> bool {
        match self.settings.program {
            Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther => true,
            Program::Librdkafka | Program::RabbitMq | Program::RabbitMqTerms => false,
        }
    }

    /// The listener over which brokers talk to each other: by its name, or the first of its protocol.
    pub fn inter_broker(&self) -> Option<&Listener> {
        let mut listeners = self.listeners.iter();
        if let Some(name) = self.settings.value("inter.broker.listener.name") {
            return listeners.find(|listener| listener.name.meant().eq_ignore_ascii_case(name.meant()));
        }
        let name = self.settings.value("security.inter.broker.protocol").map_or("PLAINTEXT", Text::meant);
        listeners.find(|listener| listener.name == name)
    }
}

/// Every rule of this floor, by the file it stands in.
pub const RULES: &[&[&Rule]] = &[
    authorization::RULES,
    certificates::RULES,
    client::RULES,
    client_auth::RULES,
    contradictions::RULES,
    files::RULES,
    keys::RULES,
    listeners::RULES,
    pairs::RULES,
    quorum::RULES,
    rabbitmq::RULES,
    rabbitmq_login::RULES,
    slips::RULES,
    stores::RULES,
    values::RULES,
];

#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod kafka_tests;
#[cfg(test)]
mod rabbitmq_tests;
#[cfg(test)]
mod tests;
