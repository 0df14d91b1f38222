//! The listeners of the `kafka` block, and which of them is for whom.

use super::entry;
use super::node::{Node, Place, Value};
use super::reader::{Fields, Reader};
use super::{Listener, ListenerAuth, ListenerName, SaslMechanism};

/// A listener, its place in the file, and the port that it has on every node that does not say otherwise.
pub struct PlacedListener {
    pub listener: Listener,
    pub place: Place,
    pub port: u16,
}

pub fn names(node: &Node) -> Vec<&str> {
    match &node.value {
        Value::Map(entries) => entries.iter().map(|(key, _)| key.text.as_str()).collect(),
        Value::Scalar(_) | Value::List(_) => Vec::new(),
    }
}

/// One for each in the file; `None` for one with a mistake.
pub fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Option<PlacedListener>>> {
    let fields = reader.map(node, "kafka.listeners")?;
    let mut listeners = Vec::new();
    for (key, node) in fields.entries() {
        let fits = key.text.starts_with(|c: char| c.is_ascii_uppercase())
            && key.text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "_-".contains(c));
        if !fits {
            reader.wrong(
                key.place,
                &key.text,
                format_args!("{:?} cannot name a listener", key.text),
                "use capital letters, digits, '_' and '-'",
            );
        }
        let what = format!("listener {}", key.text);
        let fields = reader.fields(node, &what, &["port", "auth"]);
        let port = fields.and_then(|fields| reader.required(fields, &what, "port", "9093"));
        let port = port.and_then(|node| entry::values(reader, node, &format!("the port of {what}"), 1, entry::PORT).remove(0));
        let auth = fields.and_then(|fields| fields.get("auth").map_or(Some(ListenerAuth::Mtls), |node| auth(reader, node)));
        listeners.push(port.zip(auth).filter(|_| fits).map(|(port, auth)| {
            let listener = Listener { name: ListenerName(key.text.clone()), auth };
            PlacedListener { listener, place: key.place, port }
        }));
    }
    Some(listeners)
}

fn auth(reader: &mut Reader<'_>, node: &Node) -> Option<ListenerAuth> {
    let choices = [
        ("mtls", ListenerAuth::Mtls),
        ("tls", ListenerAuth::Tls),
        ("sasl-plain", ListenerAuth::Sasl(SaslMechanism::Plain)),
        ("sasl-scram-sha-256", ListenerAuth::Sasl(SaslMechanism::ScramSha256)),
        ("sasl-scram-sha-512", ListenerAuth::Sasl(SaslMechanism::ScramSha512)),
    ];
    reader.one_of(node, "auth", &choices)
}

/// Which listener is for whom.
pub struct Uses {
    pub inter_broker: ListenerName,
    pub controller: ListenerName,
    pub clients: ListenerName,
}

impl Uses {
    /// What the file names, or what the listeners are called: CONTROLLER, BROKER, CLIENT.
    pub fn read(reader: &mut Reader<'_>, fields: Fields<'_>, listeners: &[&PlacedListener]) -> Option<Self> {
        let names: Vec<&str> = listeners.iter().map(|placed| placed.listener.name.0.as_str()).collect();
        let choices: Vec<(&str, usize)> = names.iter().enumerate().map(|(index, name)| (*name, index)).collect();
        let named = |reader: &mut Reader<'_>, key: &str| fields.get(key).map(|node| reader.one_of(node, &format!("kafka.{key}"), &choices));
        let called = |name: &str| names.iter().position(|other| *other == name);
        let at = fields.get("listeners").map_or(fields.place, |node| node.place);

        let controller = match named(reader, "controller") {
            Some(found) => found?,
            None => called("CONTROLLER").or_else(|| {
                reader.wrong(at, "", "no listener is called CONTROLLER", "add one: KRaft needs it; or name it by `controller: NAME`");
                None
            })?,
        };
        let others: Vec<usize> = (0..names.len()).filter(|index| *index != controller).collect();
        let inter_broker = match named(reader, "inter-broker") {
            Some(found) => found?,
            None => called("BROKER").or(if let [only] = others[..] { Some(only) } else { None }).or_else(|| {
                reader.wrong(at, "", "no listener is called BROKER", "say which one brokers use among themselves: `inter-broker: NAME`");
                None
            })?,
        };
        if inter_broker == controller {
            reader.wrong(
                at,
                names[controller],
                "brokers cannot use the controllers' listener among themselves",
                "name two different listeners",
            );
        }
        let clients = named(reader, "clients").unwrap_or_else(|| Some(called("CLIENT").unwrap_or(inter_broker)))?;
        if clients == controller {
            reader.wrong(at, names[controller], "clients cannot use the controllers' listener", "name another listener by `clients: NAME`");
        }
        for index in [inter_broker, controller] {
            if listeners[index].listener.auth != ListenerAuth::Mtls {
                let message = format!("{} is used among brokers and must be mtls", names[index]);
                reader.wrong(listeners[index].place, names[index], message, "write `auth: mtls`");
            }
        }
        for (index, placed) in listeners.iter().enumerate() {
            let unused = ![inter_broker, controller, clients].contains(&index);
            if let (true, ListenerAuth::Sasl(_)) = (unused, placed.listener.auth) {
                let message = format!("nobody could log in at {}: no client uses it", names[index]);
                reader.wrong(placed.place, names[index], message, format_args!("write `clients: {}`", names[index]));
            }
        }
        let name = |index: usize| listeners[index].listener.name.clone();
        Some(Self { inter_broker: name(inter_broker), controller: name(controller), clients: name(clients) })
    }
}
