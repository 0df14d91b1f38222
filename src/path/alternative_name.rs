//! The names of a certificate (RFC 5280, 4.2.1.6), read for comparison with name constraints.

use std::net::IpAddr;

use x509_parser::asn1_rs::{Any, FromDer, Tag};
use x509_parser::extensions::GeneralName;

use super::distinguished_name::{DistinguishedName, Reading};
use super::node::Node;

/// What name constraints are compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Name<'a> {
    /// Lower case; the first label may be `*`.
    Dns(String),
    /// Four or sixteen octets, where the name is sound.
    Ip(Vec<u8>),
    Email(&'a str),
    /// SmtpUTF8Mailbox (RFC 9598).
    Utf8Email(String),
    Uri(&'a str),
    Directory(DistinguishedName),
    /// A name of that form, which is not compared with anything.
    Opaque(Form),
}

/// The forms of a general name, by their tags; those that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Other,
    Email,
    Dns,
    X400,
    Directory,
    EdiParty,
    Uri,
    Ip,
    RegisteredId,
    Unreadable,
}

/// id-on-SmtpUTF8Mailbox.
const SMTP_UTF8_MAILBOX: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 8, 9];

impl Form {
    pub fn of(name: &GeneralName<'_>) -> Self {
        match name {
            GeneralName::OtherName(..) => Self::Other,
            GeneralName::RFC822Name(_) => Self::Email,
            GeneralName::DNSName(_) => Self::Dns,
            GeneralName::X400Address(_) => Self::X400,
            GeneralName::DirectoryName(_) => Self::Directory,
            GeneralName::EDIPartyName(_) => Self::EdiParty,
            GeneralName::URI(_) => Self::Uri,
            GeneralName::IPAddress(_) => Self::Ip,
            GeneralName::RegisteredID(_) => Self::RegisteredId,
            GeneralName::Invalid(..) => Self::Unreadable,
        }
    }
}

impl<'a> Name<'a> {
    pub fn of(name: &GeneralName<'a>) -> Self {
        match name {
            GeneralName::DNSName(dns) => Self::Dns(dns.to_ascii_lowercase()),
            GeneralName::IPAddress(address) => Self::Ip(address.to_vec()),
            GeneralName::RFC822Name(email) => Self::Email(email),
            GeneralName::URI(uri) => Self::Uri(uri),
            GeneralName::DirectoryName(name) => Self::Directory(DistinguishedName::read(name.as_raw()).name),
            GeneralName::OtherName(oid, value) if oid.as_bytes() == SMTP_UTF8_MAILBOX => {
                utf8_string(value).map_or(Self::Opaque(Form::Other), |mailbox| Self::Utf8Email(mailbox.to_owned()))
            }
            other => Self::Opaque(Form::of(other)),
        }
    }

    /// Whether a constraint of that form speaks of this name.
    pub fn is_of(&self, form: Form) -> bool {
        match self {
            Self::Dns(_) => form == Form::Dns,
            Self::Ip(_) => form == Form::Ip,
            Self::Email(_) => form == Form::Email,
            // RFC 9598, 6: constraints on rfc822Name bind these as well.
            Self::Utf8Email(_) => matches!(form, Form::Email | Form::Other),
            Self::Uri(_) => form == Form::Uri,
            Self::Directory(_) => form == Form::Directory,
            Self::Opaque(own) => *own == form,
        }
    }
}

/// Every name of `node` that a constraint may speak of, and how to call it.
///
/// Where no alternative name says it, the subject's common name is taken for a host and its emailAddress for an address: some still
/// match by them, so leaving them out would let a constrained CA through.
pub(super) fn names<'n>(node: &'n Node<'_>) -> Vec<(Name<'n>, String)> {
    let mut names = every(node.alternative_names(), &node.subject, &node.certificate.subject);
    if !node.is_authority() {
        names.extend(common_names(node.alternative_names(), &node.subject));
    }
    names
}

/// The same of a leaf that is yet to be issued.
pub(super) fn names_of_leaf<'n>(alternative: Option<&'n [GeneralName<'_>]>, subject: &'n Reading, called: &str) -> Vec<(Name<'n>, String)> {
    let mut names = every(alternative, subject, called);
    names.extend(common_names(alternative, subject));
    names
}

fn every<'n>(alternative: Option<&'n [GeneralName<'_>]>, subject: &'n Reading, called: &str) -> Vec<(Name<'n>, String)> {
    let mut names: Vec<_> = alternative.unwrap_or_default().iter().map(|name| (Name::of(name), describe(name))).collect();
    if !subject.name.is_empty() {
        names.push((Name::Directory(subject.name.clone()), format!("the subject {called}")));
    }
    names.extend(subject.emails.iter().map(|email| (Name::Email(email.as_str()), format!("the emailAddress {email}"))));
    names
}

fn common_names<'n>(alternative: Option<&[GeneralName<'_>]>, subject: &Reading) -> Vec<(Name<'n>, String)> {
    let mut names = Vec::new();
    if alternative.unwrap_or_default().iter().any(|name| matches!(name, GeneralName::DNSName(_))) {
        return names;
    }
    for common_name in &subject.common_names {
        let called = format!("the common name {common_name}");
        match common_name.parse::<IpAddr>() {
            Ok(_) if alternative.is_some() => {}
            Ok(IpAddr::V4(address)) => names.push((Name::Ip(address.octets().to_vec()), called)),
            Ok(IpAddr::V6(address)) => names.push((Name::Ip(address.octets().to_vec()), called)),
            Err(_) if common_name.contains('.') && is_host_pattern(common_name) => {
                names.push((Name::Dns(common_name.to_ascii_lowercase()), called));
            }
            Err(_) => {}
        }
    }
    names
}

/// Why a name is not well-formed. Email addresses and URIs are looked at only where something depends on them.
pub(super) fn problem(name: &GeneralName<'_>) -> Option<&'static str> {
    match name {
        GeneralName::DNSName(dns) if !is_host_pattern(dns) => Some("it is not a host name"),
        GeneralName::IPAddress(address) if !matches!(address.len(), 4 | 16) => Some("an address has 4 or 16 octets"),
        GeneralName::DirectoryName(name) => DistinguishedName::read(name.as_raw()).problem,
        GeneralName::Invalid(..) => Some("it cannot be read"),
        GeneralName::DNSName(_)
        | GeneralName::IPAddress(_)
        | GeneralName::OtherName(..)
        | GeneralName::RFC822Name(_)
        | GeneralName::X400Address(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::URI(_)
        | GeneralName::RegisteredID(_) => None,
    }
}

/// The name with its type, as it is called in faults.
pub(super) fn describe(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(dns) => format!("DNS:{dns}"),
        GeneralName::IPAddress(octets) => format!("IP:{}", address(octets)),
        GeneralName::RFC822Name(email) => format!("email:{email}"),
        GeneralName::URI(uri) => format!("URI:{uri}"),
        GeneralName::DirectoryName(name) => format!("directoryName:{}", crate::pki::rfc2253(name)),
        GeneralName::RegisteredID(oid) => format!("registeredID:{}", oid.to_id_string()),
        GeneralName::OtherName(oid, value) => match utf8_string(value) {
            Some(text) => format!("otherName:{}:{text}", oid.to_id_string()),
            None => format!("otherName:{}", oid.to_id_string()),
        },
        GeneralName::X400Address(_) => "an x400Address".to_owned(),
        GeneralName::EDIPartyName(_) => "an ediPartyName".to_owned(),
        GeneralName::Invalid(tag, _) => format!("a general name with the tag {}", tag.0),
    }
}

/// An address, or an address and its mask; hexadecimal where it is neither.
pub(super) fn address(octets: &[u8]) -> String {
    let one = |octets: &[u8]| match octets.len() {
        4 => <[u8; 4]>::try_from(octets).map(IpAddr::from).ok(),
        16 => <[u8; 16]>::try_from(octets).map(IpAddr::from).ok(),
        _ => None,
    };
    let (network, mask) = octets.split_at(octets.len() / 2);
    match (one(octets), one(network), one(mask)) {
        (_, Some(network), Some(mask)) if octets.len() != 16 => format!("{network}/{mask}"),
        (Some(address), _, _) => address.to_string(),
        _ => crate::pki::hex(octets),
    }
}

/// A host name; the first of its labels may be `*`.
pub(super) fn is_host_pattern(name: &str) -> bool {
    is_host(name.strip_prefix("*.").unwrap_or(name))
}

/// RFC 1034 in its usual reading: an underscore is let through, a dot at the end is not (RFC 5280 wants the preferred syntax).
pub(super) fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// The value of an otherName, where it is a UTF8String: `[0] EXPLICIT`.
fn utf8_string(value: &[u8]) -> Option<&str> {
    let (_, explicit) = Any::from_der(value).ok()?;
    let (_, inner) = Any::from_der(explicit.data).ok()?;
    (inner.tag() == Tag::Utf8String).then(|| std::str::from_utf8(inner.data).ok())?
}
