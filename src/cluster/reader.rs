//! Walks the tree of a cluster file and gathers every mistake on the way.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::node::{Node, Place, Value};
use super::range::Pattern;
use super::{Problem, SecretSource};
use crate::pki::{KeyKind, Lifetime};

/// Where decoding functions put what is wrong, and the directory that relative paths start from.
pub struct Reader<'a> {
    pub base: &'a Path,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
    /// How many were described so far.
    pub holders: usize,
}

/// A mapping whose keys are known.
#[derive(Clone, Copy)]
pub struct Fields<'n> {
    pub place: Place,
    entries: &'n [(super::node::Key, Node)],
}

impl<'n> Fields<'n> {
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(other, _)| other.text == key).map(|(_, node)| node)
    }

    pub fn entries(&self) -> &'n [(super::node::Key, Node)] {
        self.entries
    }
}

impl Reader<'_> {
    pub fn wrong(&mut self, place: Place, text: &str, message: impl Display, fix: impl Display) {
        self.problems.push(problem(place, text, message, fix));
    }

    pub fn wrong_node(&mut self, node: &Node, message: impl Display, fix: impl Display) {
        self.wrong(node.place, node.shown(), message, fix);
    }

    pub fn warn(&mut self, node: &Node, message: impl Display, fix: impl Display) {
        self.warnings.push(problem(node.place, node.shown(), message, fix));
    }

    /// A mapping with any keys.
    pub fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<Fields<'n>> {
        match &node.value {
            Value::Map(entries) => Some(Fields { place: node.place, entries }),
            Value::Scalar(_) | Value::List(_) => {
                self.wrong_node(node, format_args!("{what} must be a block of `key: value` lines"), "indent its keys below it");
                None
            }
        }
    }

    /// A mapping with no other keys than `known`.
    pub fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Fields<'n>> {
        let fields = self.map(node, what)?;
        for (key, _) in fields.entries.iter().filter(|(key, _)| !known.contains(&key.text.as_str())) {
            self.wrong(key.place, &key.text, format_args!("{what} has no key {:?}", key.text), suggestion(&key.text, known));
        }
        Some(fields)
    }

    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(items) if items.is_empty() => {
                self.wrong_node(node, format_args!("{what} must not be empty"), "list at least one, or leave the key out");
                None
            }
            Value::List(items) => Some(items),
            Value::Scalar(_) | Value::Map(_) => {
                self.wrong_node(node, format_args!("{what} must be a list"), "write each as `- …`, or all as [a, b]");
                None
            }
        }
    }

    pub fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.value {
            Value::Scalar(text) if text.is_empty() => {
                self.wrong_node(node, format_args!("{what} has no value"), "write a value, or leave the key out");
                None
            }
            Value::Scalar(text) => Some(text),
            Value::List(_) | Value::Map(_) => {
                self.wrong_node(
                    node,
                    format_args!("{what} must be a single value"),
                    "write `key: value`; a range that begins it needs quotes",
                );
                None
            }
        }
    }

    /// A key that must be there.
    pub fn required<'n>(&mut self, fields: Fields<'n>, what: &str, key: &str, example: &str) -> Option<&'n Node> {
        let node = fields.get(key);
        if node.is_none() {
            self.wrong(fields.place, "", format_args!("{what} has no `{key}`"), format_args!("add `{key}: {example}`"));
        }
        node
    }

    /// A text that parses as `T`, whose error is a whole sentence.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, node: &Node, what: &str, fix: &str) -> Option<T> {
        let text = self.text(node, what)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong_node(node, error, fix);
                None
            }
        }
    }

    pub fn one_of<T: Copy>(&mut self, node: &Node, what: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, what)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.wrong_node(node, format_args!("{text:?} is not a value of {what}"), suggestion(text, &names));
        }
        found
    }

    pub fn lifetime(&mut self, fields: Fields<'_>, what: &str, key: &str, default: Lifetime) -> Lifetime {
        let node = fields.get(key);
        node.and_then(|node| self.parsed(node, &format!("{what}.{key}"), "write for instance 90d")).unwrap_or(default)
    }

    pub fn key_kind(&mut self, fields: Fields<'_>, what: &str) -> KeyKind {
        let choices = KeyKind::ALL.map(|kind| (kind.name(), kind));
        fields.get("key").and_then(|node| self.one_of(node, &format!("{what}.key"), &choices)).unwrap_or(KeyKind::P256)
    }

    /// A path; a relative one starts from the cluster file.
    pub fn path(&mut self, node: &Node, what: &str) -> Option<PathBuf> {
        self.text(node, what).map(|text| self.base.join(text))
    }

    pub fn secret(&mut self, node: &Node, what: &str) -> Option<SecretSource> {
        const FORMS: &str = "write one of { file: … }, { env: … }, { command: … }";
        if let Value::Scalar(_) = node.value {
            // Not shown: it may be the secret.
            self.wrong(node.place, "", format_args!("{what} names no place; the secret itself never stands in the cluster file"), FORMS);
            return None;
        }
        let fields = self.map(node, what)?;
        // A key that is none may be the secret, too.
        if let Some((key, _)) = fields.entries().iter().find(|(key, _)| !["file", "env", "command"].contains(&key.text.as_str())) {
            self.wrong(
                key.place,
                "",
                format_args!("{what} has a key that names no place; the secret itself never stands in the cluster file"),
                FORMS,
            );
            return None;
        }
        match fields.entries() {
            [(key, value)] => match key.text.as_str() {
                "file" => self.path(value, what).map(SecretSource::File),
                "env" => self.text(value, what).map(|name| SecretSource::Env(name.to_owned())),
                "command" => self.text(value, what).map(|command| SecretSource::Command(command.to_owned())),
                _ => None,
            },
            _ => {
                self.wrong_node(node, format_args!("{what} names not exactly one place"), FORMS);
                None
            }
        }
    }

    /// Kafka's rule for topic names (`org.apache.kafka.common.internals.Topic`).
    pub fn topic(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.text(node, what)?;
        let fits = (1..=249).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            && ![".", ".."].contains(&text);
        if !fits {
            self.wrong_node(node, format_args!("{text:?} cannot name a topic"), "use 1 to 249 letters, digits, '.', '_' and '-'");
        }
        fits.then(|| text.to_owned())
    }

    pub fn pattern(&mut self, node: &Node, what: &str) -> Option<Pattern> {
        let text = self.text(node, what)?;
        let checked = Pattern::new(text).and_then(|pattern| pattern.count().map(|_| pattern));
        checked.map_err(|error| self.wrong_node(node, error, "write for instance {1..3}, {01..12} or {a,b}")).ok()
    }
}

pub fn problem(place: Place, text: &str, message: impl Display, fix: impl Display) -> Problem {
    Problem::new((place.line, place.column), text, message, fix)
}

/// Digits only: Rust's own parser takes a sign too.
pub fn number<T: FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The major and minor number of `3.9` or `3.9.2`.
pub fn release(text: &str) -> Option<(u8, u8)> {
    let parts: Vec<u8> = text.split('.').map(number).collect::<Option<_>>()?;
    match parts[..] {
        [major, minor] | [major, minor, _] => Some((major, minor)),
        _ => None,
    }
}

/// The nearest of `known` when one is near, and all of them.
fn suggestion(text: &str, known: &[&str]) -> String {
    let near = known.iter().map(|name| (strsim::damerau_levenshtein(name, &text.to_lowercase()), name)).min();
    let all = known.join(", ");
    match near {
        Some((distance, name)) if distance <= (name.len() / 2).max(1) => format!("did you mean `{name}`? (allowed: {all})"),
        _ => format!("allowed: {all}"),
    }
}
