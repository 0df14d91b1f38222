//! A configuration file with all that it names: the files of keys and certificates, and what its providers fetch.

use std::collections::BTreeSet;
use std::path::Path;

use super::opening;
use crate::check::{self, ErlangFile, KafkaStore};
use crate::configuration::FileState;
use crate::directory;
use crate::finding::Finding;
use crate::keystore::{Contents, Passwords};
use crate::settings::{self, Declared, Program, Reference, Role, Settings, Text};

/// A configuration as its program would see it.
#[derive(Debug)]
pub struct Configuration {
    pub settings: Settings,
    pub files: Vec<(Reference, FileState)>,
    /// What the program would not load of the PEM that is named.
    pub pem: Vec<Finding>,
}

impl Configuration {
    /// Opens what `settings`, read from `path`, name. A relative path starts at the directory of the configuration file: where the
    /// program will run is not known. `passwords` open what the configuration has no password for.
    pub fn open(path: &Path, settings: &Settings, passwords: &Passwords) -> Self {
        let base = path.parent().unwrap_or(Path::new(""));
        let settings = settings.resolved(|wanted| directory::read_provided(base, wanted));
        let (mut files, mut pem) = (Vec::new(), Vec::new());
        for reference in settings::references(&settings) {
            let passwords = Passwords {
                store: reference.password.clone().or_else(|| passwords.store.clone()),
                keys: reference.key_password.clone().map_or_else(|| passwords.keys.clone(), |own| vec![own]),
            };
            let state = match directory::read_foreign(&base.join(reference.path.meant())) {
                Err(error) if error.is_missing() => FileState::Missing,
                Err(error) => FileState::Unreadable(error.reason()),
                Ok(bytes) => {
                    pem.extend(loaded(settings.program, &reference, bytes.expose(), &passwords));
                    opening::open(bytes.expose(), &passwords).map_or_else(FileState::Refused, FileState::Opened)
                }
            };
            files.push((reference, state));
        }
        Self { settings, files, pem }
    }

    /// What could be opened under the name that the configuration has for it, each once.
    pub fn opened(&self) -> impl Iterator<Item = (&Text, &Contents)> {
        let mut seen = BTreeSet::new();
        self.files.iter().filter_map(move |(reference, state)| match state {
            FileState::Opened(contents) => seen.insert(&reference.path).then_some((&reference.path, contents)),
            FileState::Missing | FileState::Unreadable(_) | FileState::Refused(_) => None,
        })
    }
}

/// Why the program could not load PEM that others can.
fn loaded(program: Program, reference: &Reference, bytes: &[u8], passwords: &Passwords) -> Vec<Finding> {
    let target = &reference.path.to_string();
    match (program, &reference.role, &reference.format) {
        (Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther, Role::Keystore, Some(Declared::Pem)) => {
            check::kafka_pem(target, bytes, KafkaStore::Keystore, passwords.keys.first())
        }
        (Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther, Role::Truststore, Some(Declared::Pem)) => {
            check::kafka_pem(target, bytes, KafkaStore::Truststore, None)
        }
        (Program::RabbitMq, Role::Key, _) => check::erlang_pem(target, bytes, ErlangFile::Key),
        (Program::RabbitMq, Role::Certificate, _) => check::erlang_pem(target, bytes, ErlangFile::Chain),
        (Program::RabbitMq, Role::Anchors, _) => check::erlang_pem(target, bytes, ErlangFile::Anchors),
        (_, Role::Keystore | Role::Truststore | Role::Key | Role::Certificate | Role::Anchors, _) => Vec::new(),
    }
}
