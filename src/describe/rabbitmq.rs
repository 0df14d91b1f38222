//! Who a certificate's holder is to RabbitMQ (`rabbitmq_auth_mechanism_ssl`), for each way to log in.

use serde::Serialize;
use x509_parser::der_parser::ber::Tag;
use x509_parser::oid_registry::{OID_DOMAIN_COMPONENT, OID_PKCS9_EMAIL_ADDRESS, OID_X509_COMMON_NAME};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::name::{Name, NameKind};

/// The user for each value of `ssl_cert_login_from`; `None` where RabbitMQ finds no name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RabbitmqUsers {
    /// All common names, joined by commas.
    pub common_name: Option<String>,
    pub distinguished_name: Option<String>,
    /// With `ssl_cert_login_san_type = dns` and index 0: the first.
    pub subject_alternative_name: Option<String>,
}

impl RabbitmqUsers {
    pub fn new(subject: &X509Name<'_>, names: &[Name]) -> Self {
        let common: Option<Vec<String>> =
            subject.iter_attributes().filter(|attribute| *attribute.attr_type() == OID_X509_COMMON_NAME).map(text).collect();
        Self {
            common_name: common.map(|names| names.join(",")).filter(|name| !name.is_empty()),
            distinguished_name: distinguished_name(subject).filter(|name| !name.is_empty()),
            subject_alternative_name: names.iter().find(|name| name.kind == NameKind::Dns).map(|name| name.value.clone()),
        }
    }
}

/// As `rabbit_cert_info` spells it: RFC 4514, but each byte of UTF-8 that is not printable ASCII, and `~`, is escaped. `None` when
/// a value is of a kind that it prints as an Erlang term.
fn distinguished_name(name: &X509Name<'_>) -> Option<String> {
    let attribute = |attribute: &AttributeTypeAndValue<'_>| {
        let oid = attribute.attr_type().to_id_string();
        text(attribute).map(|text| format!("{}={}", keyword(&oid).unwrap_or(&oid), escaped(&text)))
    };
    let rdns: Option<Vec<String>> =
        name.iter_rdn().map(|rdn| rdn.iter().map(attribute).collect::<Option<Vec<_>>>().map(|all| all.join("+"))).collect();
    rdns.map(|rdns| rdns.into_iter().rev().collect::<Vec<_>>().join(","))
}

/// RabbitMQ's own list. `street` is not on it.
fn keyword(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "SERIALNUMBER",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "TITLE",
        "2.5.4.42" => "GIVENNAME",
        "2.5.4.43" => "INITIALS",
        "2.5.4.44" => "GENERATIONQUALIFIER",
        "2.5.4.65" => "PSEUDONYM",
        "1.2.840.113549.1.9.1" => "EMAILADDRESS",
        "0.9.2342.19200300.100.1.25" => "DC",
        "0.9.2342.19200300.100.1.1" => "UID",
        _ => return None,
    })
}

/// Erlang takes T61String for Latin-1. Outside DirectoryString it knows the two types that are always IA5String.
fn text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    let data = attribute.attr_value().data;
    let is_ia5 = || [OID_PKCS9_EMAIL_ADDRESS, OID_DOMAIN_COMPONENT].contains(attribute.attr_type());
    match attribute.attr_value().header.tag() {
        Tag::Ia5String if !is_ia5() => None,
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String => String::from_utf8(data.to_vec()).ok(),
        Tag::T61String => Some(data.iter().copied().map(char::from).collect()),
        Tag::BmpString => {
            let units: Option<Vec<u16>> = data.chunks(2).map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?))).collect();
            String::from_utf16(&units?).ok()
        }
        Tag::UniversalString => data.chunks(4).map(|four| char::from_u32(u32::from_be_bytes(four.try_into().ok()?))).collect(),
        _ => None,
    }
}

fn escaped(value: &str) -> String {
    let last = value.len().saturating_sub(1);
    let mut text = String::with_capacity(value.len());
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            b' ' | b'#' if at == 0 => text.extend(['\\', char::from(byte)]),
            b' ' if at == last => text.push_str("\\ "),
            b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..b'~' => text.push(char::from(byte)),
            other => text.push_str(&format!("\\{other:02X}")),
        }
    }
    text
}
