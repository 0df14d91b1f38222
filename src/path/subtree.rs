//! One subtree of a name constraint (RFC 5280, 4.2.1.10), and whether a name is in it.

use x509_parser::extensions::GeneralName;

use super::alternative_name::{Form, Name, is_host};
use super::distinguished_name::DistinguishedName;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Subtree {
    Dns(Domain),
    Ip {
        network: Vec<u8>,
        mask: Vec<u8>,
    },
    Email {
        local: Option<String>,
        domain: Domain,
    },
    Uri(Domain),
    Directory(DistinguishedName),
    /// A form for which nothing says how to compare.
    Opaque(Form),
}

/// Hosts, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Domain {
    All,
    Host(String),
    /// Everything below, but not the host itself: a leading dot.
    Below(String),
}

/// Where a name stands to a subtree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Inside,
    Outside,
    /// The name is not well-formed enough to tell, or nothing says how to compare.
    Unclear,
}

/// What the subtrees are for: a wildcard is within a permitted subtree when all that it matches is, within an excluded one when any is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Permitted,
    Excluded,
}

impl Subtree {
    /// Says what is wrong where it cannot be one.
    pub fn read(base: &GeneralName<'_>) -> Result<Self, &'static str> {
        match base {
            GeneralName::DNSName("") => Ok(Self::Dns(Domain::All)),
            GeneralName::DNSName(domain) => Ok(Self::Dns(Domain::read(domain).ok_or("its dNSName is not a domain")?)),
            GeneralName::IPAddress(octets) => {
                if !matches!(octets.len(), 8 | 32) {
                    return Err("its iPAddress is not an address and a mask of one length");
                }
                let (network, mask) = octets.split_at(octets.len() / 2);
                if !is_prefix(mask) {
                    return Err("the mask of its iPAddress is not a prefix");
                }
                Ok(Self::Ip { network: network.to_vec(), mask: mask.to_vec() })
            }
            GeneralName::RFC822Name(email) => mailboxes(email).ok_or("its rfc822Name is neither a mailbox nor a domain"),
            GeneralName::URI(domain) => {
                let domain = Domain::read(domain).ok_or("its uniformResourceIdentifier is not a domain")?;
                match &domain {
                    Domain::Host(host) if !host.contains('.') => Err("its uniformResourceIdentifier is not fully qualified"),
                    Domain::Host(_) | Domain::Below(_) | Domain::All => Ok(Self::Uri(domain)),
                }
            }
            GeneralName::DirectoryName(name) => {
                let reading = DistinguishedName::read(name.as_raw());
                reading.problem.map_or(Ok(Self::Directory(reading.name)), Err)
            }
            GeneralName::X400Address(_) => Err("it constrains x400Address, which nobody can compare"),
            GeneralName::EDIPartyName(_) => Err("it constrains ediPartyName, which nobody can compare"),
            GeneralName::OtherName(..) | GeneralName::RegisteredID(_) => Ok(Self::Opaque(Form::of(base))),
            GeneralName::Invalid(..) => Err("one of its names cannot be read"),
        }
    }

    pub fn form(&self) -> Form {
        match self {
            Self::Dns(_) => Form::Dns,
            Self::Ip { .. } => Form::Ip,
            Self::Email { .. } => Form::Email,
            Self::Uri(_) => Form::Uri,
            Self::Directory(_) => Form::Directory,
            Self::Opaque(form) => *form,
        }
    }

    pub fn relation(&self, name: &Name<'_>, side: Side) -> Relation {
        let inside = |yes: bool| if yes { Relation::Inside } else { Relation::Outside };
        match (self, name) {
            (Self::Dns(domain), Name::Dns(host)) => inside(domain.holds_dns(host, side)),
            (Self::Ip { network, mask }, Name::Ip(address)) => inside(holds_address(network, mask, address)),
            (Self::Email { local, domain }, Name::Email(email)) => mailbox(email, Charset::Ascii)
                .map_or(Relation::Unclear, |(own, host)| inside(local.as_ref().is_none_or(|local| local == own) && domain.holds(&host))),
            // RFC 9598, 6: what a constraint says of one mailbox binds its whole domain.
            (Self::Email { domain, .. }, Name::Utf8Email(email)) => {
                mailbox(email, Charset::Utf8).map_or(Relation::Unclear, |(_, host)| inside(domain.holds(&host)))
            }
            (Self::Uri(domain), Name::Uri(uri)) => host_of(uri).map_or(Relation::Unclear, |host| inside(domain.holds(&host))),
            (Self::Directory(subtree), Name::Directory(name)) => inside(name.is_within(subtree)),
            _ => Relation::Unclear,
        }
    }
}

impl Domain {
    fn read(text: &str) -> Option<Self> {
        let (make, host): (fn(String) -> Self, _) = match text.strip_prefix('.') {
            Some(rest) => (Self::Below, rest),
            None => (Self::Host, text),
        };
        is_host(host).then(|| make(host.to_ascii_lowercase()))
    }

    /// For dNSName a host stands for everything below it as well, whole labels at a time.
    fn holds_dns(&self, host: &str, side: Side) -> bool {
        let (base, apex) = match self {
            Self::All => return true,
            Self::Host(base) => (base.as_str(), true),
            Self::Below(base) => (base.as_str(), false),
        };
        let touches = side == Side::Excluded
            && host.strip_prefix("*.").is_some_and(|rest| base.split_once('.').is_some_and(|(_, parent)| parent == rest));
        (apex && host == base) || is_below(host, base) || touches
    }

    /// For email and URI a host is that host alone.
    fn holds(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Host(base) => host == base,
            Self::Below(base) => is_below(host, base),
        }
    }
}

fn is_below(host: &str, base: &str) -> bool {
    host.strip_suffix(base).is_some_and(|prefix| prefix.len() > 1 && prefix.ends_with('.'))
}

fn holds_address(network: &[u8], mask: &[u8], address: &[u8]) -> bool {
    network.len() == address.len() && network.iter().zip(mask).zip(address).all(|((network, mask), octet)| network & mask == octet & mask)
}

fn is_prefix(mask: &[u8]) -> bool {
    mask.iter().skip_while(|octet| **octet == 0xff).enumerate().all(|(index, octet)| match index {
        0 => octet.leading_ones() + octet.trailing_zeros() == 8,
        _ => *octet == 0,
    })
}

fn mailboxes(text: &str) -> Option<Subtree> {
    if text.contains('@') {
        let (local, host) = mailbox(text, Charset::Ascii)?;
        return Some(Subtree::Email { local: Some(local.to_owned()), domain: Domain::Host(host) });
    }
    Domain::read(text).map(|domain| Subtree::Email { local: None, domain })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Ascii,
    Utf8,
}

/// The local part as it is, for case counts there, and the domain in lower case. Quoted local parts and address literals are not taken:
/// too many disagree about where they end.
fn mailbox(text: &str, charset: Charset) -> Option<(&str, String)> {
    let (local, domain) = text.split_once('@')?;
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || (charset == Charset::Utf8 && !c.is_ascii());
    (!local.is_empty() && local.chars().all(atom) && is_host(domain)).then(|| (local, domain.to_ascii_lowercase()))
}

/// The host of a URI in lower case; `None` where it has none, or an address, or anything odd around it (RFC 5280 has such names refused).
fn host_of(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_port = authority.rsplit('@').next()?;
    let (host, port) = host_port.split_once(':').unwrap_or((host_port, "0"));
    let last = host.rsplit('.').next()?;
    let numeric = last.starts_with(|c: char| c.is_ascii_digit());
    (is_host(host) && !numeric && port.bytes().all(|byte| byte.is_ascii_digit())).then(|| host.to_ascii_lowercase())
}
