//! Kafka's listeners: `NAME://host:port`, and the security protocol of each.

use super::{Program, Setting, Settings, Text};

/// What is spoken on a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecurityProtocol {
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

impl SecurityProtocol {
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "PLAINTEXT" => Self::Plaintext,
            "SSL" => Self::Ssl,
            "SASL_PLAINTEXT" => Self::SaslPlaintext,
            "SASL_SSL" => Self::SaslSsl,
            _ => return None,
        })
    }

    pub const fn is_tls(self) -> bool {
        match self {
            Self::Ssl | Self::SaslSsl => true,
            Self::Plaintext | Self::SaslPlaintext => false,
        }
    }

    pub const fn has_sasl(self) -> bool {
        match self {
            Self::SaslPlaintext | Self::SaslSsl => true,
            Self::Plaintext | Self::Ssl => false,
        }
    }
}

/// One of `listeners` or `advertised.listeners`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// In upper case, as Kafka has it.
    pub name: Text,
    /// Empty for every address; an IPv6 address without its brackets.
    pub host: Text,
    /// A number, 0 for any.
    pub port: Text,
    pub line: usize,
    /// `None` when the map does not name it, and it is no protocol itself.
    pub protocol: Option<SecurityProtocol>,
}

impl Listener {
    pub fn number(&self) -> Option<u16> {
        self.port.meant().parse().ok()
    }

    /// Whether it stands for every address of the machine.
    pub fn is_wildcard(&self) -> bool {
        ["", "0.0.0.0", "::", "0:0:0:0:0:0:0:0"].contains(&self.host.meant())
    }
}

/// More than any node has: what follows is not looked at.
const MOST: usize = 128;

/// What Kafka listens on when nothing is said.
const DEFAULT: &str = "PLAINTEXT://:9092";

impl Settings {
    /// The listeners of a broker; the second part are the items that are none.
    pub fn listeners(&self) -> (Vec<Listener>, Vec<Text>) {
        match self.get("listeners") {
            Some(setting) => self.parsed(setting),
            None if self.program == Program::KafkaBroker => {
                (parse(&Text::written(DEFAULT), 1).map(|listener| self.with_protocol(listener)).into_iter().collect(), Vec::new())
            }
            None => (Vec::new(), Vec::new()),
        }
    }

    /// What clients are told. Without `advertised.listeners` it is the listeners themselves, but for those of the controller.
    pub fn advertised(&self) -> (Vec<Listener>, Vec<Text>) {
        match self.get("advertised.listeners") {
            Some(setting) => self.parsed(setting),
            None => {
                let (mut listeners, _) = self.listeners();
                listeners.retain(|listener| !self.is_controller_listener(&listener.name));
                (listeners, Vec::new())
            }
        }
    }

    fn parsed(&self, setting: &Setting) -> (Vec<Listener>, Vec<Text>) {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for item in setting.value.items(',').take(MOST) {
            match parse(&item, setting.line) {
                Some(listener) => good.push(self.with_protocol(listener)),
                None => bad.push(item),
            }
        }
        (good, bad)
    }

    fn with_protocol(&self, listener: Listener) -> Listener {
        Listener { protocol: self.protocol_of(&listener.name), ..listener }
    }

    /// The protocol of a listener by `listener.security.protocol.map`, or by its own name where there is no such map.
    pub fn protocol_of(&self, listener: &Text) -> Option<SecurityProtocol> {
        let listener = listener.meant();
        let Some(map) = self.value("listener.security.protocol.map") else {
            let kraft_default = self.get("process.roles").is_some() && self.has_item("controller.listener.names", listener);
            return SecurityProtocol::from_name(listener).or(kraft_default.then_some(SecurityProtocol::Plaintext));
        };
        map.meant()
            .split(',')
            .filter_map(|pair| pair.trim().rsplit_once(':'))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case(listener))
            .and_then(|(_, protocol)| SecurityProtocol::from_name(protocol.trim()))
    }

    pub fn is_controller_listener(&self, listener: &Text) -> bool {
        self.has_item("controller.listener.names", listener.meant())
    }

    fn has_item(&self, key: &str, item: &str) -> bool {
        self.value(key).is_some_and(|list| list.meant().split(',').any(|one| one.trim().eq_ignore_ascii_case(item)))
    }

    pub fn has_role(&self, role: &str) -> bool {
        self.value("process.roles").is_some_and(|list| list.meant().split(',').any(|one| one.trim() == role))
    }

    /// The names of all listeners that this node serves or connects to.
    pub fn listener_names(&self) -> Vec<Text> {
        let mut names: Vec<Text> = self.listeners().0.into_iter().map(|listener| listener.name).collect();
        names.extend(self.list("controller.listener.names").take(MOST).map(|name| name.to_uppercase()));
        names.sort();
        names.dedup();
        names
    }
}

/// `NAME://host:port`; the host may be missing, and an IPv6 address stands in brackets.
fn parse(text: &Text, line: usize) -> Option<Listener> {
    let (name, address) = text.meant().split_once("://")?;
    let (host, port) = address.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None => host,
    };
    let name_fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let host_fits = host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:%".contains(c));
    (name_fits && host_fits).then_some(())?;
    let _: u16 = port.parse().ok()?;
    Some(Listener { name: text.part(name).to_uppercase(), host: text.part(host), port: text.part(port), line, protocol: None })
}
