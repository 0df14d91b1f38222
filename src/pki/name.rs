//! Names: of hosts, in certificates, and of the people and machines that hold them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Why a text is not the name it should be. Says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("a name cannot be empty")]
    Empty,
    #[error("{0:?} is not ASCII; write the xn-- form of an international name")]
    NotAscii(String),
    #[error("{0:?} ends in a number but is no IP address")]
    AlmostIp(String),
    #[error("{0:?} is not a DNS name: labels of 1 to 63 letters, digits, '-' and '_', separated by dots, 253 in all")]
    Dns(String),
    #[error("{0:?} has a wildcard where a single host is needed")]
    Wildcard(String),
    #[error("{0:?} is not a URI: scheme://something, in ASCII and without spaces")]
    Uri(String),
    #[error("{0:?} is not host:port with a port from 1 to 65535; an IPv6 address stands in brackets")]
    HostPort(String),
    #[error(
        "{0:?} must have 1 to 64 printable ASCII characters, none of \" \\ < > ; # = + and no space at either end: beyond these Kafka and RabbitMQ spell a subject differently"
    )]
    SubjectValue(String),
    #[error("{0:?} is not a country: two capital letters (ISO 3166)")]
    Country(String),
}

/// One host: a DNS name in lower case, or an IP address. A name that is written with the dot of the root (`broker-1.example.`) is the
/// same name without it: neither certificates nor SNI have the dot (RFC 6066, 3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    Dns(String),
    Ip(IpAddr),
}

impl FromStr for Host {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.contains('*') {
            return Err(NameError::Wildcard(text.to_owned()));
        }
        match dns_or_ip(text.strip_suffix('.').filter(|name| name.parse::<IpAddr>().is_err()).unwrap_or(text))? {
            San::Ip(ip) => Ok(Self::Ip(ip)),
            San::Dns(name) | San::Uri(name) | San::Other(name) => Ok(Self::Dns(name)),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(ip) => write!(f, "{ip}"),
        }
    }
}

/// Where something listens, or is said to listen: `broker-1.example:9093`, `[::1]:9093`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    pub host: Host,
    pub port: u16,
}

impl FromStr for HostPort {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::HostPort(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        let host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(v6) => Host::Ip(IpAddr::V6(v6.parse().map_err(|_| wrong())?)),
            None if host.contains(':') => return Err(wrong()),
            None => host.parse()?,
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

/// A subject alternative name (RFC 5280, 4.2.1.6). Its type is recognised from the text: `scheme://…` is a URI,
/// what parses as an address is an IP, the rest are DNS names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum San {
    /// Lower case; a wildcard may stand as the whole first label.
    Dns(String),
    Ip(IpAddr),
    Uri(String),
    /// Read from a certificate, never issued here: an e-mail address, a directory name and so on, as text.
    Other(String),
}

impl FromStr for San {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if !text.contains("://") {
            return dns_or_ip(text);
        }
        let (scheme, rest) = text.split_once("://").unwrap_or((text, ""));
        let scheme_fits =
            scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        let rest_fits = !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic());
        if scheme_fits && rest_fits { Ok(Self::Uri(text.to_owned())) } else { Err(NameError::Uri(text.to_owned())) }
    }
}

impl From<&Host> for San {
    fn from(host: &Host) -> Self {
        match host {
            Host::Dns(name) => Self::Dns(name.clone()),
            Host::Ip(ip) => Self::Ip(*ip),
        }
    }
}

impl fmt::Display for San {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{name}"),
            Self::Ip(ip) => write!(f, "IP:{ip}"),
            Self::Uri(uri) => write!(f, "URI:{uri}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

fn dns_or_ip(text: &str) -> Result<San, NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if let Ok(ip) = text.parse() {
        return Ok(San::Ip(ip));
    }
    if !text.is_ascii() {
        return Err(NameError::NotAscii(text.to_owned()));
    }
    let name = text.to_ascii_lowercase();
    let labels = name.strip_prefix("*.").unwrap_or(&name);
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > 253 || !labels.split('.').all(label_fits) {
        return Err(NameError::Dns(text.to_owned()));
    }
    if labels.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
        return Err(NameError::AlmostIp(text.to_owned()));
    }
    Ok(San::Dns(name))
}

/// The parts of a subject that Kafka and RabbitMQ spell alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectAttribute {
    Country,
    State,
    Locality,
    Organization,
    OrganizationalUnit,
    CommonName,
}

impl SubjectAttribute {
    pub const ALL: [Self; 6] = [Self::Country, Self::State, Self::Locality, Self::Organization, Self::OrganizationalUnit, Self::CommonName];

    /// The short name of RFC 2253, section 2.3.
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::Country => "C",
            Self::State => "ST",
            Self::Locality => "L",
            Self::Organization => "O",
            Self::OrganizationalUnit => "OU",
            Self::CommonName => "CN",
        }
    }
}

/// A distinguished name within the subset that every broker spells alike: ASCII, one value for each attribute,
/// from country to common name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Subject(std::collections::BTreeMap<SubjectAttribute, String>);

impl Subject {
    /// This subject with `attribute` set to `value`.
    pub fn with(mut self, attribute: SubjectAttribute, value: &str) -> Result<Self, NameError> {
        let printable = (1..=64).contains(&value.len())
            && value.chars().all(|c| matches!(c, ' '..='~') && !"\"\\<>;#=+".contains(c))
            && value.trim() == value;
        if attribute == SubjectAttribute::Country && !(value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase())) {
            return Err(NameError::Country(value.to_owned()));
        }
        if !printable {
            return Err(NameError::SubjectValue(value.to_owned()));
        }
        self.0.insert(attribute, value.to_owned());
        Ok(self)
    }

    /// In the order in which they stand in the certificate: country first, common name last.
    pub fn attributes(&self) -> impl Iterator<Item = (SubjectAttribute, &str)> {
        self.0.iter().map(|(attribute, value)| (*attribute, value.as_str()))
    }

    pub fn common_name(&self) -> Option<&str> {
        self.0.get(&SubjectAttribute::CommonName).map(String::as_str)
    }
}

/// RFC 2253: the most specific part first, a comma without a space between the parts. Kafka's principal is `User:` and this.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (attribute, value)) in self.0.iter().rev().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(f, "{separator}{}={}", attribute.short_name(), value.replace(',', "\\,"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn recognises_the_type_of_a_name() {
        let san = |text: &str| text.parse::<San>().map(|san| san.to_string());
        assert_eq!(san("Broker-1.Kafka.example").unwrap(), "DNS:broker-1.kafka.example");
        assert_eq!(san("*.kafka.example").unwrap(), "DNS:*.kafka.example");
        assert_eq!(san("10.0.0.1").unwrap(), "IP:10.0.0.1");
        assert_eq!(san("2001:DB8::1").unwrap(), "IP:2001:db8::1");
        assert_eq!(san("spiffe://acme/orders").unwrap(), "URI:spiffe://acme/orders");
    }

    #[test]
    fn refuses_names_that_only_look_right() {
        let refusal = |text: &str| text.parse::<San>().unwrap_err();
        assert_eq!(refusal("10.0.0.256"), NameError::AlmostIp("10.0.0.256".into()));
        assert_eq!(refusal("bücher.example"), NameError::NotAscii("bücher.example".into()));
        assert_eq!(refusal("a..b"), NameError::Dns("a..b".into()));
        assert_eq!(refusal("host."), NameError::Dns("host.".into()));
        assert_eq!(refusal("a.*.b"), NameError::Dns("a.*.b".into()));
        assert_eq!(refusal("spiffe://"), NameError::Uri("spiffe://".into()));
        assert_eq!("*.b".parse::<Host>().unwrap_err(), NameError::Wildcard("*.b".into()));
    }

    #[test]
    fn host_and_port() {
        assert_eq!("[::1]:9093".parse::<HostPort>().unwrap().to_string(), "[::1]:9093");
        assert_eq!("localhost:9093".parse::<HostPort>().unwrap().port, 9093);
        assert_eq!("Broker-1.Example.:9093".parse::<HostPort>().unwrap().to_string(), "broker-1.example:9093");
        for wrong in ["example..:1", ".:1", "10.0.0.1.:1", "localhost", "localhost:0", "localhost:65536", "::1:9093", ":9093"] {
            assert!(wrong.parse::<HostPort>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_subject_is_spelled_as_kafka_spells_it() {
        let subject = Subject::default()
            .with(SubjectAttribute::CommonName, "app-1")
            .and_then(|s| s.with(SubjectAttribute::Organization, "Acme, Inc."))
            .and_then(|s| s.with(SubjectAttribute::Country, "DE"))
            .unwrap();
        assert_eq!(subject.to_string(), "CN=app-1,O=Acme\\, Inc.,C=DE");
        for unsafe_value in ["", " padded", "Zürich AG", "a=b", "lead#ing", "semi;colon"] {
            assert!(Subject::default().with(SubjectAttribute::Organization, unsafe_value).is_err(), "{unsafe_value:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in "\\PC*") {
            let _ = (text.parse::<San>(), text.parse::<Host>(), text.parse::<HostPort>());
        }
    }
}
