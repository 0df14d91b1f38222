//! The `push` block: a list of sinks.

use std::collections::BTreeMap;

use url::{Host, Url};

use super::node::Node;
use super::reader::{Fields, Reader};
use super::sink::{FileGroup, KubernetesSpec, SecretForm, SinkKind, SinkSpec};
use super::{ClusterSpec, Holder, HolderId, NameTemplate, StoreFormat, aws, kubernetes, meeting, vault};

const ENTRY: [&str; 6] = ["vault", "aws", "kubernetes", "name", "holders", "files"];
const KINDS: [&str; 3] = ["vault", "aws", "kubernetes"];
/// Where a holder's secret lies unless the cluster file says otherwise.
pub const PATH: &str = "{cluster}/{kind}/{name}";

/// `spec` is everything else that the cluster file says.
pub fn block(reader: &mut Reader<'_>, node: &Node, spec: &ClusterSpec) -> Vec<SinkSpec> {
    let items = reader.list(node, "push").unwrap_or_default();
    let (nodes, sinks): (Vec<&Node>, Vec<SinkSpec>) = items.iter().filter_map(|item| Some((item, sink(reader, item, spec)?))).unzip();
    for (index, (node, sink)) in nodes.iter().zip(&sinks).enumerate() {
        if sinks[..index].iter().any(|other| other.name == sink.name) {
            reader.wrong(node.place, "", format_args!("two sinks are called {:?}", sink.name), "give one of them a `name` of its own");
        }
        if let SinkKind::Kubernetes(KubernetesSpec { form: SecretForm::External(external), .. }) = &sink.kind {
            kubernetes::external_source(reader, node, sink, external, &sinks);
        }
    }
    meeting::apart(reader, &nodes, &sinks, spec);
    sinks
}

fn sink(reader: &mut Reader<'_>, item: &Node, spec: &ClusterSpec) -> Option<SinkSpec> {
    let fields = reader.fields(item, "a sink", &ENTRY)?;
    let given: Vec<&str> = KINDS.into_iter().filter(|kind| fields.get(kind).is_some()).collect();
    let [kind] = given[..] else {
        let message =
            if given.is_empty() { "this sink has no kind".to_owned() } else { format!("this sink is {} at once", given.join(" and ")) };
        let fix = "give each entry exactly one of `vault: { … }`, `aws: { … }`, `kubernetes: { … }`";
        reader.wrong(item.place, "", message, fix);
        return None;
    };
    let name = fields.get("name").map_or(Some(kind.to_owned()), |node| sink_name(reader, node));
    let files = fields.get("files").map_or_else(|| FileGroup::ALL.to_vec(), |node| files(reader, node, spec));
    let chosen: Vec<&Holder> = holders(reader, fields.get("holders"), spec);
    let node = fields.get(kind)?;
    let kind = match kind {
        "vault" => vault::sink(reader, node, spec, &chosen).map(SinkKind::Vault),
        "aws" => aws::sink(reader, node, spec, &chosen).map(SinkKind::Aws),
        _ => kubernetes::sink(reader, node, spec, &chosen).map(SinkKind::Kubernetes),
    };
    Some(SinkSpec { name: name?, kind: kind?, holders: chosen.into_iter().map(|holder| holder.id.clone()).collect(), files })
}

fn sink_name(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node, "a sink's name")?;
    let fits = text.len() <= 63 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if !fits {
        reader.wrong_node(node, format_args!("{text:?} cannot name a sink"), "use 1 to 63 letters, digits, '.', '_' and '-'");
    }
    fits.then(|| text.to_owned())
}

fn files(reader: &mut Reader<'_>, node: &Node, spec: &ClusterSpec) -> Vec<FileGroup> {
    let formats = &spec.stores.formats;
    let made = |group| match group {
        FileGroup::Pem | FileGroup::Config => true,
        FileGroup::Pkcs12 => formats.contains(&StoreFormat::Pkcs12),
        FileGroup::Jks => formats.contains(&StoreFormat::Jks),
    };
    let choices = FileGroup::ALL.map(|group| (group.word(), group));
    let mut groups = Vec::new();
    for item in reader.list(node, "files").unwrap_or_default() {
        let Some(group) = reader.one_of(item, "files", &choices) else { continue };
        if groups.contains(&group) {
            reader.wrong_node(item, format_args!("{:?} stands there twice", group.word()), "leave one of them out");
        } else if !made(group) {
            let message = format!("no holder has files of {:?}", group.word());
            reader.wrong_node(item, message, "add it to `stores.formats`, or leave it out here");
        } else {
            groups.push(group);
        }
    }
    groups
}

/// Those that the entry names, by kind (`clients`), by name, or by both (`clients/orders`); all when it names none.
fn holders<'s>(reader: &mut Reader<'_>, node: Option<&Node>, spec: &'s ClusterSpec) -> Vec<&'s Holder> {
    let Some(node) = node else { return spec.holders.iter().collect() };
    let named = |id: &HolderId, word: &str| id.to_string() == word || id.name.as_str() == word || id.kind.directory() == word;
    let mut words = Vec::new();
    for item in reader.list(node, "holders").unwrap_or_default() {
        let Some(word) = reader.text(item, "holders") else { continue };
        if spec.holders.iter().any(|holder| named(&holder.id, word)) {
            words.push(word);
        } else if reader.problems.is_empty() {
            // A holder with a mistake is not in the list.
            let message = format!("no holder of this cluster file is called {word:?}");
            reader.wrong_node(item, message, "name holders as `broker-1` or `kafka/broker-1`, or all of a kind: kafka, rabbitmq, clients");
        }
    }
    spec.holders.iter().filter(|holder| words.iter().any(|word| named(&holder.id, word))).collect()
}

/// `None` for a key that is there and wrong.
pub fn whole<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    value.map_or(Some(None), |value| value.map(Some))
}

pub fn template(reader: &mut Reader<'_>, node: Option<&Node>, what: &str, default: &str) -> Option<NameTemplate> {
    let text = node.map_or(Some(default), |node| reader.text(node, what))?;
    let template = NameTemplate::new(text);
    match (template, node) {
        (Ok(template), _) => Some(template),
        (Err(error), Some(node)) => {
            reader.wrong_node(node, error, "write {cluster}, {kind} and {name} where the names of cluster, kind and holder belong");
            None
        }
        (Err(_), None) => None,
    }
}

/// Whose name, and the name: each must be one that the sink takes, and no two the same.
pub fn apart(reader: &mut Reader<'_>, at: &Node, names: Vec<(String, String)>, fits: impl Fn(&str) -> bool, fix: &str) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (whose, name) in names {
        if !fits(&name) {
            reader.wrong_node(at, format_args!("{whose} would be called {name:?} there, which is no name for it"), fix);
            return;
        }
        if let Some(other) = seen.get(&name) {
            let message = format!("{other} and {whose} would both be called {name:?} there");
            reader.wrong_node(at, message, "write more beside {name}, or choose another name for one of them");
            return;
        }
        seen.insert(name, whose);
    }
}

/// Of a server: `https://vault.example:8200`. Where it is wrong it is not shown, for a password may stand in it.
pub fn address(reader: &mut Reader<'_>, node: &Node, what: &str, example: &str) -> Option<String> {
    let text = reader.text(node, what)?;
    let Some(url) = server(text) else {
        let message = format!("{what} is not the address of a server");
        reader.wrong(node.place, "", message, format_args!("write for instance {example}, without user, password, query and fragment"));
        return None;
    };
    if url.scheme() == "http" && !is_loopback(&url) {
        reader.warn(node, "secrets would travel there unencrypted", "use https");
    }
    Some(text.trim_end_matches('/').to_owned())
}

fn server(text: &str) -> Option<Url> {
    // The parser would mend the rest.
    let written = (text.starts_with("https://") || text.starts_with("http://")) && text.bytes().all(|b| b.is_ascii_graphic());
    let url = Url::parse(text).ok().filter(|_| written)?;
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    bare.then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Words between single slashes, with none at the ends.
pub fn segments(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<String> {
    let text = reader.text(node, what)?.trim_matches('/');
    if !is_path(text) {
        reader.wrong_node(node, format_args!("{text:?} cannot be {what}"), "write letters, digits and `._-+=@` between single slashes");
        return None;
    }
    Some(text.to_owned())
}

pub fn is_path(text: &str) -> bool {
    let word = |word: &str| !matches!(word, "" | "." | "..") && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+=@".contains(&b));
    text.len() <= 512 && text.split('/').all(word)
}

/// Where an auth method of Vault is mounted.
pub fn auth_mount(reader: &mut Reader<'_>, fields: Fields<'_>, what: &str, default: &str) -> Option<String> {
    fields.get("mount").map_or_else(|| Some(default.to_owned()), |node| segments(reader, node, &format!("{what}.mount")))
}
