//! What a Kafka node, a RabbitMQ node and a client have in common in the cluster file: a name that may be a range, other names,
//! a place for the files and who may read them.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use super::node::{Node, Place};
use super::range::{MOST, Pattern};
use super::reader::{Fields, Reader, number};
use super::{Access, Holder, HolderName};
use crate::pki::{Host, HostPort, NameError, San, Subject, SubjectAttribute};

/// Holders with the place of their entry in the file.
pub type Placed = Vec<(Place, Holder)>;

/// The keys of every entry.
pub const KEYS: [&str; 5] = ["name", "also", "install", "owner", "group"];

/// Defaults of a block for the entries in it.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    pub install: Option<Pattern>,
    pub access: Access,
}

/// One entry of a list, which stands for `count` holders.
pub struct Entry<'n> {
    pub node: &'n Node,
    pub fields: Fields<'n>,
    pub what: String,
    pub count: usize,
    names: Vec<HolderName>,
    /// For each text in the file, its value for each holder; `None` where it is wrong.
    also: Vec<Vec<Option<San>>>,
    install: Option<Pattern>,
    access: Access,
}

impl Defaults {
    pub fn read(reader: &mut Reader<'_>, fields: Fields<'_>, what: &str) -> Self {
        let install = fields.get("install").and_then(|node| install(reader, node, what, None));
        Self { install, access: access(reader, fields, what) }
    }
}

impl<'n> Entry<'n> {
    /// Reads what every entry has; `known` are all keys that this kind of entry may have.
    pub fn read(reader: &mut Reader<'_>, node: &'n Node, what: &str, known: &[&str], defaults: &Defaults) -> Option<Self> {
        let fields = reader.fields(node, what, known)?;
        let name_node = reader.required(fields, what, "name", "broker-{1..3}")?;
        let pattern = reader.pattern(name_node, &format!("{what}.name"))?;
        let count = pattern.count().ok().flatten().unwrap_or(1);
        reader.holders += count;
        if reader.holders > MOST {
            reader.wrong_node(
                name_node,
                format_args!("with these the cluster has more than {MOST} holders"),
                "describe it in several files",
            );
            return None;
        }
        let mut names = Vec::with_capacity(count);
        for index in 0..count {
            let text = pattern.at(index);
            match HolderName::new(&text) {
                Some(name) => names.push(name),
                None => {
                    let fix = "use 1 to 64 lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit";
                    reader.wrong_node(
                        name_node,
                        format_args!("{text:?} cannot name a holder: it is a file name, an alias and a common name"),
                        fix,
                    );
                    return None;
                }
            }
        }
        let also = fields.get("also").and_then(|node| reader.list(node, "also")).unwrap_or_default();
        let also = also.iter().map(|item| values(reader, item, "also", count, SAN)).collect();
        let install = fields.get("install").and_then(|node| install(reader, node, what, Some(count))).or_else(|| defaults.install.clone());
        let own = access(reader, fields, what);
        let access = Access { owner: own.owner.or(defaults.access.owner.clone()), group: own.group.or(defaults.access.group.clone()) };
        Some(Self { node, fields, what: what.to_owned(), count, names, also, install, access })
    }

    pub fn name(&self, index: usize) -> HolderName {
        self.names[index].clone()
    }

    pub fn access(&self) -> Access {
        self.access.clone()
    }

    pub fn install(&self, index: usize) -> Option<PathBuf> {
        let name = self.names[index].as_str();
        self.install.as_ref().map(|pattern| PathBuf::from(pattern.at(index).replace(NAME, name)))
    }

    pub fn subject(&self, base: &Subject, index: usize) -> Subject {
        // A holder name is within what a common name may be.
        base.clone().with(SubjectAttribute::CommonName, self.names[index].as_str()).unwrap_or_else(|_| base.clone())
    }

    /// `first`, then `also`, each once.
    pub fn names(&self, first: impl IntoIterator<Item = San>, index: usize) -> Vec<San> {
        let mut names: Vec<San> = Vec::new();
        let also = self.also.iter().filter_map(|values| values[index].clone());
        for name in first.into_iter().chain(also) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The value of `key` for each holder; `None` where the key is absent or wrong.
    pub fn values<T>(&self, reader: &mut Reader<'_>, key: &str, form: Form<T>) -> Vec<Option<T>> {
        let what = format!("{}.{key}", self.what);
        match self.fields.get(key) {
            None => (0..self.count).map(|_| None).collect(),
            Some(node) => values(reader, node, &what, self.count, form),
        }
    }
}

/// How a text becomes a value, and what to write instead when it does not.
pub struct Form<T> {
    /// The error is a sentence.
    pub parse: fn(&str) -> Result<T, String>,
    pub fix: &'static str,
}

impl<T> Clone for Form<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Form<T> {}

pub const HOST: Form<Host> = Form { parse: sentence, fix: "write a DNS name or an IP address" };
pub const ADVERTISED: Form<HostPort> = Form { parse: sentence, fix: "write for instance broker-1.example:9093" };
const SAN: Form<San> = Form { parse: sentence, fix: "write a DNS name, an IP address, or a URI such as spiffe://acme/orders" };
pub const IP: Form<IpAddr> = Form {
    parse: |text| text.parse().map_err(|_| format!("{text:?} is not an IP address")),
    fix: "write the address to listen on, for instance 127.0.0.1",
};
pub const PORT: Form<u16> = Form {
    parse: |text| number(text).filter(|port| *port != 0).ok_or_else(|| format!("{text:?} is not a port")),
    fix: "write a number from 1 to 65535",
};
/// Kafka's `node.id` is a Java int, from 0.
pub const NODE_ID: Form<u32> = Form {
    parse: |text| number(text).filter(|id| *id <= i32::MAX as u32).ok_or_else(|| format!("{text:?} is not a node id")),
    fix: "write a whole number from 0 to 2147483647, or leave `id` out",
};
pub const DIRECTORY: Form<PathBuf> = Form {
    parse: |text| is_absolute(text).then(|| PathBuf::from(text)).ok_or_else(|| format!("{text:?} is not an absolute path")),
    fix: "write for instance /var/lib/kafka/data",
};

fn is_absolute(text: &str) -> bool {
    text.starts_with('/') && !text.contains(|c: char| c.is_control())
}

fn sentence<T: FromStr<Err = NameError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: NameError| error.to_string())
}

/// The value of a text, which may be a range, for each of `count` holders.
pub fn values<T>(reader: &mut Reader<'_>, node: &Node, what: &str, count: usize, form: Form<T>) -> Vec<Option<T>> {
    let Some(pattern) = range(reader, node, what, count) else { return (0..count).map(|_| None).collect() };
    let results: Vec<Result<T, String>> = (0..count).map(|index| (form.parse)(&pattern.at(index))).collect();
    // One mistake is reported once, however many values a range has.
    if let Some(Err(error)) = results.iter().find(|result| result.is_err()) {
        reader.wrong_node(node, error, form.fix);
    }
    results.into_iter().map(Result::ok).collect()
}

/// A text without a range, or with ranges of `count` values.
fn range(reader: &mut Reader<'_>, node: &Node, what: &str, count: usize) -> Option<Pattern> {
    let pattern = reader.pattern(node, what)?;
    match pattern.count() {
        Ok(Some(other)) if other != count => {
            reader.wrong_node(
                node,
                format_args!("{what} stands for {other} values, the name for {count}"),
                "make the ranges of an entry equally long",
            );
            None
        }
        _ => Some(pattern),
    }
}

/// Stands for the holder's name in `install`, as ranges stand for numbers.
const NAME: &str = "\u{1}";

/// `count` is that of the holder's name; `None` in a block, which has no name.
fn install(reader: &mut Reader<'_>, node: &Node, what: &str, count: Option<usize>) -> Option<Pattern> {
    let text = reader.text(node, &format!("{what}.install"))?;
    if !is_absolute(text) {
        reader.wrong_node(
            node,
            format_args!("{text:?} is not an absolute path"),
            "write where the broker finds its files, for instance /etc/kafka/tls",
        );
        return None;
    }
    let checked = Pattern::new(&text.replace("{name}", NAME)).and_then(|pattern| match (pattern.count()?, count) {
        (Some(values), Some(names)) if values != names => Err(format!("{what}.install stands for {values} values, the name for {names}")),
        (Some(_), None) => Err(format!("{what}.install is one for all and can have no range")),
        _ => Ok(pattern),
    });
    checked.map_err(|error| reader.wrong_node(node, error, "write {name} where the holder's name belongs")).ok()
}

fn access(reader: &mut Reader<'_>, fields: Fields<'_>, what: &str) -> Access {
    let mut name = |key: &str| {
        let node = fields.get(key)?;
        reader.text(node, &format!("{what}.{key}")).map(str::to_owned)
    };
    Access { owner: name("owner"), group: name("group") }
}
