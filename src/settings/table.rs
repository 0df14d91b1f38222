//! The names that each program knows. The lists in `tables/` say where they come from.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Program;
use crate::pki::{quotable_length, quotable_length_of_name};

/// What kind of value a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Boolean,
    Integer,
    Number,
    Password,
    /// A file that is to exist.
    File,
    /// A function of the application: it cannot be set in a file.
    Function,
    Text,
}

/// A setting that a program knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub name: &'static str,
    pub form: Form,
    /// The only values there are; empty where any will do.
    pub values: Vec<&'static str>,
    /// Whether `values` count in any case.
    pub any_case: bool,
    /// The versions that know it, such as "..3.9" or "4.0.."; `None` for all that are supported.
    pub versions: Option<&'static str>,
    /// The plugin of RabbitMQ to which it belongs.
    pub plugin: Option<&'static str>,
}

type Table = BTreeMap<&'static str, Known>;

static KAFKA_BROKER: LazyLock<Table> = LazyLock::new(|| parse(include_str!("tables/kafka-broker.txt")));
static KAFKA_CLIENT: LazyLock<Table> = LazyLock::new(|| parse(include_str!("tables/kafka-client.txt")));
static LIBRDKAFKA: LazyLock<Table> = LazyLock::new(|| parse(include_str!("tables/librdkafka.txt")));
static RABBITMQ: LazyLock<Table> = LazyLock::new(|| parse(include_str!("tables/rabbitmq.txt")));
static EMPTY: Table = BTreeMap::new();

fn parse(text: &'static str) -> Table {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(entry).collect()
}

fn entry(line: &'static str) -> Option<(&'static str, Known)> {
    let mut columns = line.split(' ');
    let (name, form, values) = (columns.next()?, columns.next()?, columns.next()?);
    let mut optional = || columns.next().filter(|column| *column != "-");
    let form = match form {
        "boolean" => Form::Boolean,
        "int" | "long" | "short" | "integer" => Form::Integer,
        "double" | "float" => Form::Number,
        "password" => Form::Password,
        "file" => Form::File,
        "api" => Form::Function,
        _ => Form::Text,
    };
    let choices = values.trim_start_matches('~');
    let known = Known {
        name,
        form,
        values: if choices == "-" { Vec::new() } else { choices.split('|').collect() },
        any_case: values.starts_with('~'),
        versions: optional(),
        plugin: optional(),
    };
    Some((name, known))
}

fn table(program: Program) -> &'static Table {
    match program {
        Program::KafkaBroker => &KAFKA_BROKER,
        Program::KafkaClient => &KAFKA_CLIENT,
        Program::Librdkafka => &LIBRDKAFKA,
        Program::RabbitMq => &RABBITMQ,
        Program::KafkaOther | Program::RabbitMqTerms => &EMPTY,
    }
}

/// What `program` knows of `key`: by its name, behind the prefixes of Kafka's listeners, and where RabbitMQ leaves a part to choose.
pub fn known(program: Program, key: &str) -> Option<&'static Known> {
    let table = table(program);
    table.get(key).or_else(|| match program {
        Program::KafkaBroker => without_listener(key).and_then(|key| table.get(key).or_else(|| table.get(key.split_once('.')?.1))),
        Program::Librdkafka => key.strip_prefix("topic.").and_then(|key| table.get(key)),
        Program::RabbitMq => table.values().find(|known| fits(known.name, key)),
        Program::KafkaClient | Program::KafkaOther | Program::RabbitMqTerms => None,
    })
}

#[cfg(test)]
pub(super) fn secret_names() -> impl Iterator<Item = &'static str> {
    let known = Program::TABLES.into_iter().flat_map(|program| table(program).values());
    known.filter(|known| known.form == Form::Password).map(|known| known.name)
}

/// Every name that is known to `program`.
pub fn names(program: Program) -> impl Iterator<Item = &'static str> {
    table(program).keys().copied()
}

/// Whether any program knows it.
pub(super) fn is_known(key: &str) -> bool {
    Program::TABLES.iter().any(|program| known(*program, key).is_some())
}

/// How much of a name in a configuration may be shown, in bytes: a password stands there too where a `=` or a line end was lost.
///
/// A name that is known is shown; one that begins with a name that is known, up to there; any other, if it is spelled as names are.
pub(super) fn quotable_name(key: &str) -> usize {
    /// Longer than any name there is.
    const LONGEST: usize = 120;
    let names = [&*KAFKA_BROKER, &*KAFKA_CLIENT, &*LIBRDKAFKA, &*RABBITMQ];
    let behind = without_listener(key).map_or(0, |rest| key.len() - rest.len());
    // The part that everybody chooses may be anything.
    let chosen = quotable_length(&key[..behind]);
    if chosen < behind {
        return chosen;
    }
    if names.iter().any(|names| names.contains_key(&key[behind..])) {
        return quotable_length_of_name(key);
    }
    if is_known(key) {
        return quotable_length(key);
    }
    let ends = (behind + 1..=key.len().min(LONGEST)).rev().filter_map(|end| Some((end, key.get(behind..end)?)));
    let begins_with = ends.filter(|(_, start)| names.iter().any(|names| names.contains_key(start))).map(|(end, _)| end).next();
    match begins_with {
        Some(end) => end.min(quotable_length_of_name(key)),
        None if is_spelled_as_a_name(key) => quotable_length(key),
        None => 0,
    }
}

/// `plugin.name_2.max-size`: parts of small letters, with a number at the end at most.
fn is_spelled_as_a_name(key: &str) -> bool {
    let is_part = |part: &str| {
        let number = part.trim_start_matches(|c: char| c.is_ascii_lowercase());
        number.len() <= 4 && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    key.contains(['.', '_']) && key.split(['.', '_', '-']).all(is_part)
}

/// The rest of `listener.name.<listener>.<rest>`.
pub(super) fn without_listener(key: &str) -> Option<&str> {
    key.strip_prefix("listener.name.").and_then(|rest| rest.split_once('.')).map(|(_, key)| key)
}

/// Whether `key` is `pattern` with something in place of each part that begins with `$`.
fn fits(pattern: &str, key: &str) -> bool {
    pattern.contains('$')
        && pattern.split('.').count() == key.split('.').count()
        && pattern.split('.').zip(key.split('.')).all(|(part, given)| part.starts_with('$') || part == given)
}

/// The name that `program` knows and that looks most like `key`, if it looks like it at all.
pub fn nearest(program: Program, key: &str) -> Option<&'static str> {
    /// Longer than any name there is.
    const LONGEST: usize = 120;
    /// Of a fifth of its letters, a name is another one.
    const ALIKE: f64 = 0.82;
    if key.len() > LONGEST {
        return None;
    }
    table(program)
        .keys()
        .filter(|name| name.len().abs_diff(key.len()) <= key.len().min(name.len()) / 3 + 1)
        .map(|name| (strsim::normalized_levenshtein(name, key), *name))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}
