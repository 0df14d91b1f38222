//! Names of settings: those that nobody knows, that belong elsewhere, or that stand there twice.

use std::collections::BTreeMap;

use super::{Check, View};
use crate::finding::{Finding, Rule, Severity};
use crate::settings::{Program, Setting, Text, known, nearest};

pub const RULES: &[&Rule] = &[
    &UNREADABLE_LINE,
    &PEM_LINE_ENDS_LOST,
    &TERMS_NOT_READ,
    &UNKNOWN_SETTING,
    &REFUSED_SETTING,
    &FOREIGN_SETTING,
    &MISPLACED_SETTING,
    &DUPLICATE_SETTING,
    &SETTING_OF_SOME_VERSIONS,
];

pub(super) const CHECKS: &[Check] =
    &[unreadable_line, pem_line_ends_lost, terms_not_read, unknown_setting, misplaced_setting, duplicate_setting, some_versions];

const UNREADABLE_LINE: Rule = Rule {
    code: "unreadable-line",
    severity: Severity::Error,
    title: "a line that is read as something else, or refused",
    why: "The program does not start, or works with another name or value than the one that is seen.",
};

const PEM_LINE_ENDS_LOST: Rule = Rule {
    code: "pem-line-ends-lost",
    severity: Severity::Error,
    title: "PEM that ends with its first line",
    why: "A value ends with its line: the lines of a key that was pasted are none of it, and Kafka says \"No matching PRIVATE KEY entries in PEM file\".",
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

/// The lines that were lost are never looked at: they are a key.
fn pem_line_ends_lost(view: &View<'_>) -> Vec<Finding> {
    let fix = match view.settings.program {
        Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther => {
            "end each line of it but the last with \\n\\, or name a file by ssl.keystore.location or ssl.truststore.location"
        }
        Program::Librdkafka => "write it in one line, with \\n for each line end, or name a file by ssl.key.location",
        Program::RabbitMq | Program::RabbitMqTerms => "name a file by ssl_options.keyfile, ssl_options.certfile or ssl_options.cacertfile",
    };
    let message = "the PEM that begins here ends with this line: the lines below belong to nothing";
    view.settings.lost_pem.iter().map(|line| view.finding(&PEM_LINE_ENDS_LOST, Some(*line), message.to_owned(), fix)).collect()
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
    settings.effective().filter(move |setting| judged && known(program, setting.key.meant()).is_none())
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
    let unknown = |setting: &&Setting| confused(program, setting.key.meant()).is_none() && owner(program, setting.key.meant()).is_none();
    let (hidden, named): (Vec<_>, Vec<_>) = strangers(view).filter(unknown).partition(|setting| setting.key.is_hidden());
    let finding = |(index, setting): (usize, &Setting)| {
        let key = setting.key.meant();
        // A listener's setting is looked up without its prefix.
        let prefix = key.match_indices('.').nth(2).filter(|_| key.starts_with("listener.name.")).map_or("", |(at, _)| &key[..=at]);
        let near = if index < COMPARED { nearest(program, &key[prefix.len()..]) } else { None };
        let near = near.map(|name| format!("{}{name}", setting.key.part(prefix)));
        let glued = !setting.key.is_whole();
        let message = format!("{} knows no setting {}", program.name(), setting.key);
        let (message, fix) = match &near {
            Some(near) => (format!("{message}; the nearest is {near}"), format!("write {near}")),
            None if glued => (format!("{message}: is a = or a line end missing?"), "write name=value, on a line of its own".to_owned()),
            None => (message, "remove it, or look up its name".to_owned()),
        };
        let rule = match program {
            Program::Librdkafka | Program::RabbitMq => &REFUSED_SETTING,
            Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther | Program::RabbitMqTerms => {
                if PLUGINS.iter().any(|prefix| key.starts_with(prefix)) {
                    return None;
                }
                if near.is_some() || glued { &UNKNOWN_SETTING } else { &FOREIGN_SETTING }
            }
        };
        Some(view.finding(rule, Some(setting.line), message, fix))
    };
    named.into_iter().enumerate().filter_map(finding).chain(not_shown(view, &hidden)).collect()
}

/// Names that may be parts of secrets are one mistake: a line end or a `=` was lost.
fn not_shown(view: &View<'_>, hidden: &[&Setting]) -> Option<Finding> {
    let first = hidden.iter().map(|setting| setting.line).min()?;
    let rule = match view.settings.program {
        Program::Librdkafka | Program::RabbitMq => &REFUSED_SETTING,
        Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther | Program::RabbitMqTerms => &FOREIGN_SETTING,
    };
    let others = match hidden.len() {
        1 => String::new(),
        count => format!(", nor on {} others", count - 1),
    };
    let message = format!("there is no name of a setting on this line{others}; it is not shown, for it may be part of a secret");
    Some(view.finding(rule, Some(first), message, "see whether a = or a line end is missing"))
}

fn misplaced_setting(view: &View<'_>) -> Vec<Finding> {
    let program = view.settings.program;
    let misplaced = |setting: &Setting| {
        let (key, here) = (setting.key.meant(), program.name());
        let owner = owner(program, key).map_or_else(|| "no version that is supported".to_owned(), |owner| owner.name().to_owned());
        let fix = match confused(program, key) {
            Some(right) => format!("write {right}"),
            None if owner.starts_with("no version") => return None,
            None => format!("remove it, or move it to the configuration of {owner}"),
        };
        Some(view.finding(
            &MISPLACED_SETTING,
            Some(setting.line),
            format!("{} is a setting of {owner}; {here} does not read it", setting.key),
            fix,
        ))
    };
    strangers(view).filter_map(misplaced).collect()
}

fn duplicate_setting(view: &View<'_>) -> Vec<Finding> {
    let mut lines: BTreeMap<&Text, Vec<usize>> = BTreeMap::new();
    view.settings.lines().iter().for_each(|setting| lines.entry(&setting.key).or_default().push(setting.line));
    let twice = |(key, lines): (&Text, Vec<usize>)| {
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
        let versions = known(program, setting.key.meant())?.versions?;
        let which = match versions.strip_prefix("..") {
            Some(last) => format!("up to {last} only"),
            None => format!("from {} on", versions.trim_end_matches('.')),
        };
        let message = format!("{} is known {which}", setting.key);
        Some(view.finding(&SETTING_OF_SOME_VERSIONS, Some(setting.line), message, "remove it where the version does not know it"))
    };
    view.settings.effective().filter_map(limited).collect()
}
