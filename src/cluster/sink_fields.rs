//! What the keys of several kinds of sinks have in common: names, addresses, paths.

use std::collections::BTreeMap;

use url::{Host, Url};

use super::NameTemplate;
use super::node::Node;
use super::reader::{Fields, Reader};

/// Where a holder's secret lies unless the cluster file says otherwise.
pub const PATH: &str = "{cluster}/{kind}/{name}";

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

/// Whether nothing that is sent there leaves this machine.
pub fn is_loopback(url: &Url) -> bool {
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
