//! Names of settings: those that nobody knows, that belong elsewhere, or that stand there twice.

use std::collections::BTreeMap;

use super::{Check, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{Program, Setting, known, nearest};

pub const RULES: &[&Rule] = &[
    &UNREADABLE_LINE,
    &TERMS_NOT_READ,
    &UNKNOWN_SETTING,
    &REFUSED_SETTING,
    &FOREIGN_SETTING,
    &MISPLACED_SETTING,
    &DUPLICATE_SETTING,
    &SETTING_OF_SOME_VERSIONS,
];

pub(super) const CHECKS: &[Check] =
    &[unreadable_line, terms_not_read, unknown_setting, misplaced_setting, duplicate_setting, some_versions];

const UNREADABLE_LINE: Rule = Rule {
    code: "unreadable-line",
    severity: Severity::Error,
    title: "a line that is read as something else, or refused",
    why: "The program does not start, or works with another name or value than the one that is seen.",
};

const TERMS_NOT_READ: Rule = Rule {
    code: "erlang-terms-not-read",
    severity: Severity::Note,
    title: "Erlang terms are not checked",
    why: "advanced.config and the older rabbitmq.config are Erlang terms, and may override what rabbitmq.conf says.",
};

const UNKNOWN_SETTING: Rule = Rule {
    code: "unknown-setting",
    severity: Severity::Warning,
    title: "a setting that looks like another",
    why: "Kafka passes over names that it does not know with a line in its log, so what was meant stays at its default.",
};

const REFUSED_SETTING: Rule = Rule {
    code: "refused-setting",
    severity: Severity::Error,
    title: "a setting that the program refuses",
    why: "librdkafka and RabbitMQ do not start with a name that they do not know.",
};

const FOREIGN_SETTING: Rule = Rule {
    code: "foreign-setting",
    severity: Severity::Note,
    title: "a setting that is not Kafka's own",
    why: "Kafka hands names that it does not know to its plugins and otherwise passes over them.",
};

const MISPLACED_SETTING: Rule = Rule {
    code: "misplaced-setting",
    severity: Severity::Error,
    title: "a setting of another program",
    why: "It has no effect here, although it looks as if TLS were configured; tutorials confuse brokers with clients and Java with librdkafka.",
};

const DUPLICATE_SETTING: Rule = Rule {
    code: "duplicate-setting",
    severity: Severity::Warning,
    title: "a setting that is there twice",
    why: "Only the last one counts, without a word from the program.",
};

const SETTING_OF_SOME_VERSIONS: Rule = Rule {
    code: "setting-of-some-versions",
    severity: Severity::Note,
    title: "a setting that not every version knows",
    why: "Kafka 4 dropped ZooKeeper and all its settings (KIP-866); an older or newer program passes over the name or refuses it.",
};

/// What to write instead, of names that are confused so often that a rule knows them: program, wrong, right.
const CONFUSED: &[(Program, &str, &str)] = &[
    (
        Program::KafkaBroker,
        "security.protocol",
        "security.inter.broker.protocol, or inter.broker.listener.name with listener.security.protocol.map",
    ),
    (Program::KafkaBroker, "listener.security.protocol", "listener.security.protocol.map=NAME:SSL"),
    (Program::KafkaBroker, "sasl.mechanism", "sasl.mechanism.inter.broker.protocol, or sasl.enabled.mechanisms"),
    (Program::KafkaBroker, "ssl.ca.location", "ssl.truststore.type=PEM with ssl.truststore.location"),
    (Program::KafkaBroker, "bootstrap.servers", "controller.quorum.bootstrap.servers, or nothing"),
    (Program::KafkaBroker, "advertised.host.name", "advertised.listeners"),
    (Program::KafkaBroker, "advertised.port", "advertised.listeners"),
    (Program::KafkaBroker, "host.name", "listeners"),
    (Program::KafkaBroker, "port", "listeners"),
    (Program::KafkaClient, "ssl.client.auth", "nothing: the broker decides whether a client certificate is demanded"),
    (Program::KafkaClient, "security.inter.broker.protocol", "security.protocol"),
    (Program::KafkaClient, "listener.security.protocol.map", "security.protocol"),
    (Program::KafkaClient, "ssl.ca.location", "ssl.truststore.type=PEM with ssl.truststore.location"),
    (Program::KafkaClient, "ssl.certificate.location", "ssl.keystore.type=PEM with ssl.keystore.location"),
    (Program::KafkaClient, "ssl.key.location", "ssl.keystore.type=PEM with ssl.keystore.location, key and chain in one file"),
    (Program::KafkaClient, "enable.ssl.certificate.verification", "ssl.endpoint.identification.algorithm"),
    (Program::KafkaClient, "sasl.username", "sasl.jaas.config"),
    (Program::KafkaClient, "sasl.password", "sasl.jaas.config"),
    (Program::Librdkafka, "ssl.truststore.location", "ssl.ca.location with a file of PEM"),
    (Program::Librdkafka, "ssl.truststore.password", "nothing: ssl.ca.location has no password"),
    (Program::Librdkafka, "ssl.truststore.type", "nothing: ssl.ca.location is PEM"),
    (Program::Librdkafka, "ssl.truststore.certificates", "ssl.ca.pem"),
    (Program::Librdkafka, "ssl.keystore.type", "nothing: ssl.keystore.location is PKCS#12"),
    (Program::Librdkafka, "ssl.keystore.key", "ssl.key.pem"),
    (Program::Librdkafka, "ssl.keystore.certificate.chain", "ssl.certificate.pem"),
    (Program::Librdkafka, "ssl.client.auth", "nothing: the broker decides whether a client certificate is demanded"),
    (Program::Librdkafka, "sasl.jaas.config", "sasl.username and sasl.password"),
];

/// What Kafka hands to plugins by their prefix, and what is set for tools around it.
const PLUGINS: [&str; 8] = [
    "config.providers.",
    "rsm.config.",
    "rlmm.config.",
    "metrics.context.",
    "confluent.",
    "schema.registry.",
    "strimzi.",
    "cruise.control.",
];

fn unreadable_line(view: &View<'_>) -> Vec<Finding> {
    let faults = view.settings.faults.iter();
    faults
        .map(|fault| view.finding(&UNREADABLE_LINE, Some(fault.line), format!("this line {}", fault.problem), "write it as name=value"))
        .collect()
}

fn terms_not_read(view: &View<'_>) -> Vec<Finding> {
    if !view.is(Program::RabbitMqTerms) {
        return Vec::new();
    }
    view.absent(&TERMS_NOT_READ, "this file is made of Erlang terms, which are not read here", "set what can be set in rabbitmq.conf")
}

/// The settings whose names the program does not know.
fn strangers<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Setting> {
    let program = view.settings.program;
    let judged = match program {
        Program::KafkaOther | Program::RabbitMqTerms => false,
        Program::KafkaBroker | Program::KafkaClient | Program::Librdkafka | Program::RabbitMq => true,
    };
    let settings = view.settings;
    settings.effective().filter(move |setting| judged && known(program, &setting.key).is_none())
}

fn confused(program: Program, key: &str) -> Option<&'static str> {
    CONFUSED.iter().find(|(owner, wrong, _)| (*owner, *wrong) == (program, key)).map(|(_, _, right)| *right)
}

/// The program to which a name belongs that this one does not know.
fn owner(program: Program, key: &str) -> Option<Program> {
    let all = [Program::KafkaBroker, Program::KafkaClient, Program::Librdkafka, Program::RabbitMq];
    // A broker may well carry the settings of its own producers in plugins; what TLS needs is what misleads.
    let misleads = ["ssl", "sasl.", "security.", "listener", "enable.ssl", "advertised."].iter().any(|start| key.starts_with(start));
    all.into_iter().find(|other| misleads && *other != program && known(*other, key).is_some())
}

fn unknown_setting(view: &View<'_>) -> Vec<Finding> {
    /// So many unknown names are compared with the known ones, which takes its time.
    const COMPARED: usize = 64;
    let program = view.settings.program;
    let unknown = |(index, setting): (usize, &Setting)| {
        let key = &setting.key;
        if confused(program, key).is_some() || owner(program, key).is_some() {
            return None;
        }
        // A listener's setting is looked up without its prefix.
        let (prefix, bare) = key
            .match_indices('.')
            .nth(2)
            .filter(|_| key.starts_with("listener.name."))
            .map_or(("", key.as_str()), |(at, _)| key.split_at(at + 1));
        let near = if index < COMPARED { nearest(program, bare) } else { None };
        let near = near.map(|name| format!("{prefix}{name}"));
        let fix = near.as_ref().map_or_else(|| "remove it, or look up its name".to_owned(), |near| format!("write {near}"));
        let message = match &near {
            Some(near) => format!("{} knows no setting {key}; the nearest is {near}", program.name()),
            None => format!("{} knows no setting {key}", program.name()),
        };
        let rule = match (program, &near) {
            (Program::Librdkafka | Program::RabbitMq, _) => &REFUSED_SETTING,
            _ if PLUGINS.iter().any(|prefix| key.starts_with(prefix)) => return None,
            (_, Some(_)) => &UNKNOWN_SETTING,
            (_, None) => &FOREIGN_SETTING,
        };
        Some(view.finding(rule, Some(setting.line), message, fix))
    };
    strangers(view).enumerate().filter_map(unknown).collect()
}

fn misplaced_setting(view: &View<'_>) -> Vec<Finding> {
    let program = view.settings.program;
    let misplaced = |setting: &Setting| {
        let (key, here) = (&setting.key, program.name());
        let owner = owner(program, key).map_or_else(|| "no version that is supported".to_owned(), |owner| owner.name().to_owned());
        let fix = match confused(program, key) {
            Some(right) => format!("write {right}"),
            None if owner.starts_with("no version") => return None,
            None => format!("remove it, or move it to the configuration of {owner}"),
        };
        Some(view.finding(&MISPLACED_SETTING, Some(setting.line), format!("{key} is a setting of {owner}; {here} does not read it"), fix))
    };
    strangers(view).filter_map(misplaced).collect()
}

fn duplicate_setting(view: &View<'_>) -> Vec<Finding> {
    let mut lines: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    view.settings.lines().iter().for_each(|setting| lines.entry(&setting.key).or_default().push(setting.line));
    let twice = |(key, lines): (&str, Vec<usize>)| {
        let (last, earlier) = lines.split_last()?;
        let first = earlier.last()?;
        let message = format!("{key} is set on line {first} already, and only this line counts");
        Some(view.finding(&DUPLICATE_SETTING, Some(*last), message, format!("remove line {first} or this one")))
    };
    lines.into_iter().filter_map(twice).collect()
}

fn some_versions(view: &View<'_>) -> Vec<Finding> {
    let program = view.settings.program;
    let limited = |setting: &Setting| {
        let versions = known(program, &setting.key)?.versions?;
        let which = match versions.strip_prefix("..") {
            Some(last) => format!("up to {last} only"),
            None => format!("from {} on", versions.trim_end_matches('.')),
        };
        let message = format!("{} is known {which}", setting.key);
        Some(view.finding(&SETTING_OF_SOME_VERSIONS, Some(setting.line), message, "remove it where the version does not know it"))
    };
    view.settings.effective().filter_map(limited).collect()
}
