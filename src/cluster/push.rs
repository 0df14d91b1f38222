//! The `push` block: a list of sinks.

use super::node::Node;
use super::reader::Reader;
use super::sink::{FileGroup, KubernetesSpec, SecretForm, SinkKind, SinkSpec};
use super::{ClusterSpec, Holder, HolderId, StoreFormat, aws, kubernetes, meeting, vault};

const ENTRY: [&str; 6] = ["vault", "aws", "kubernetes", "name", "holders", "files"];
const KINDS: [&str; 3] = ["vault", "aws", "kubernetes"];

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
