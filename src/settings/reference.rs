//! The files of keys and certificates that a configuration names.

use super::{Program, Scope, Setting, Settings, Text};
use crate::pki::Passphrase;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A key with its chain.
    Keystore,
    /// What is trusted, as a Java truststore.
    Truststore,
    /// A key alone.
    Key,
    /// A certificate with its chain.
    Certificate,
    /// What is trusted, as a bundle of PEM.
    Anchors,
}

/// What the configuration says the format is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    Pem,
    Pkcs12,
    Jks,
    Other(Text),
}

impl Declared {
    fn of(scope: &Scope<'_>, key: &str) -> Self {
        match scope.value(key) {
            Some(name) if *name == "PEM" => Self::Pem,
            Some(name) if name.meant().eq_ignore_ascii_case("pkcs12") => Self::Pkcs12,
            Some(name) if !name.meant().eq_ignore_ascii_case("jks") => Self::Other(name.clone()),
            Some(_) | None => Self::Jks,
        }
    }
}

/// A file that the program will open, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The key as it is written, with its prefix.
    pub key: Text,
    pub line: usize,
    /// A relative one is relative to where the program runs.
    pub path: Text,
    pub role: Role,
    pub format: Option<Declared>,
    pub password: Option<Passphrase>,
    pub key_password: Option<Passphrase>,
    /// The listeners of Kafka that use it; of other programs the option group, such as `ssl_options`, or nothing.
    pub users: Vec<Text>,
}

/// Every file that is named, once for each line that names it and each password that goes with it.
///
/// Passwords that a provider keeps are unknown, and so absent, unless [`Settings::resolved`] fetched them.
pub fn references(settings: &Settings) -> Vec<Reference> {
    match settings.program {
        Program::KafkaBroker => broker(settings),
        Program::KafkaClient | Program::KafkaOther => merged(java(&Scope::common(settings), None)),
        Program::Librdkafka => librdkafka(settings),
        Program::RabbitMq => rabbitmq(settings),
        Program::RabbitMqTerms => Vec::new(),
    }
}

fn broker(settings: &Settings) -> Vec<Reference> {
    let tls = |name: &Text| settings.protocol_of(name).is_some_and(super::SecurityProtocol::is_tls);
    let names = settings.listener_names().into_iter().filter(tls);
    merged(names.flat_map(|name| java(&Scope::of_listener(settings, name.meant()), Some(&name))).collect())
}

/// References that differ in nothing but who uses them are one.
fn merged(references: Vec<Reference>) -> Vec<Reference> {
    let mut merged: Vec<Reference> = Vec::new();
    for mut reference in references {
        let users = std::mem::take(&mut reference.users);
        let same = merged.iter_mut().find(|other| Reference { users: Vec::new(), ..(*other).clone() } == reference);
        match same {
            Some(other) => other.users.extend(users),
            None => merged.push(Reference { users, ..reference }),
        }
    }
    merged
}

fn java(scope: &Scope<'_>, user: Option<&Text>) -> Vec<Reference> {
    let keystore = scope.get("ssl.keystore.location").map(|location| Reference {
        format: Some(Declared::of(scope, "ssl.keystore.type")),
        password: password(scope.get("ssl.keystore.password")),
        key_password: password(scope.get("ssl.key.password")),
        ..named(location, Role::Keystore, user)
    });
    let truststore = scope.get("ssl.truststore.location").map(|location| Reference {
        format: Some(Declared::of(scope, "ssl.truststore.type")),
        password: password(scope.get("ssl.truststore.password")),
        ..named(location, Role::Truststore, user)
    });
    keystore.into_iter().chain(truststore).filter(|reference| !reference.path.is_empty()).collect()
}

fn librdkafka(settings: &Settings) -> Vec<Reference> {
    let find = |key, role| settings.get(key).map(|setting| named(setting, role, None));
    let key_password = password(settings.get("ssl.key.password"));
    let store_password = password(settings.get("ssl.keystore.password"));
    let keystore = find("ssl.keystore.location", Role::Keystore).map(|reference| Reference {
        format: Some(Declared::Pkcs12),
        password: store_password,
        ..reference
    });
    let key = find("ssl.key.location", Role::Key).map(|reference| Reference { key_password, ..reference });
    [keystore, find("ssl.certificate.location", Role::Certificate), key, find("ssl.ca.location", Role::Anchors)]
        .into_iter()
        .flatten()
        .filter(|reference| !["probe", ""].contains(&reference.path.meant()))
        .collect()
}

/// Under every group of options that a schema of RabbitMQ has: `ssl_options`, `management.ssl`, and so on.
fn rabbitmq(settings: &Settings) -> Vec<Reference> {
    let of = |setting: &Setting| {
        let (group, option) = setting.key.meant().rsplit_once('.')?;
        let role = match option {
            "cacertfile" => Role::Anchors,
            "certfile" => Role::Certificate,
            "keyfile" => Role::Key,
            _ => return None,
        };
        let key_password = match role {
            Role::Key => password(settings.get(&format!("{group}.password"))),
            Role::Keystore | Role::Truststore | Role::Certificate | Role::Anchors => None,
        };
        Some(Reference { key_password, ..named(setting, role, Some(&setting.key.part(group))) })
    };
    settings.effective().filter_map(of).collect()
}

fn named(setting: &Setting, role: Role, user: Option<&Text>) -> Reference {
    let (key, path, users) = (setting.key.clone(), setting.value.clone(), user.into_iter().cloned().collect());
    Reference { key, line: setting.line, path, role, format: None, password: None, key_password: None, users }
}

fn password(setting: Option<&Setting>) -> Option<Passphrase> {
    setting.filter(|setting| !setting.is_unknown()).map(|setting| Passphrase::new(setting.value.meant().to_owned()))
}
