//! Whether the leaf is valid for the name by which its holder is reached (RFC 9525): by its subject alternative names alone.

use x509_parser::extensions::GeneralName;

use super::FaultKind;
use super::alternative_name::describe;
use super::node::Node;
use crate::pki::Host;

pub(super) fn fault(leaf: &Node<'_>, wanted: &Host) -> Option<FaultKind> {
    let Some(names) = leaf.alternative_names() else {
        return Some(FaultKind::WithoutAlternativeName { wanted: wanted.to_string() });
    };
    if names.iter().any(|name| covers(name, wanted)) {
        return None;
    }
    let names = if names.is_empty() { "nothing".to_owned() } else { names.iter().map(describe).collect::<Vec<_>>().join(", ") };
    Some(FaultKind::NameMismatch { wanted: wanted.to_string(), names })
}

fn covers(name: &GeneralName<'_>, wanted: &Host) -> bool {
    match (name, wanted) {
        (GeneralName::DNSName(pattern), Host::Dns(host)) => matches(&pattern.to_ascii_lowercase(), host),
        (GeneralName::IPAddress(octets), Host::Ip(std::net::IpAddr::V4(address))) => *octets == address.octets(),
        (GeneralName::IPAddress(octets), Host::Ip(std::net::IpAddr::V6(address))) => *octets == address.octets(),
        _ => false,
    }
}

/// RFC 9525, 6.3: `*` stands for one whole label, the first, and only below a domain of two labels at least.
pub(super) fn matches(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match pattern.strip_prefix("*.") {
        Some(rest) => {
            rest.contains('.')
                && !rest.contains('*')
                && host.split_once('.').is_some_and(|(label, parent)| !label.is_empty() && parent == rest)
        }
        None => !pattern.contains('*') && pattern == host,
    }
}
