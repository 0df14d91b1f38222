//! Names read from certificates, as Java spells them.

use x509_parser::der_parser::ber::Tag;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// A name spelled as Java's `X500Principal.getName()` does (RFC 2253): the last part first; types without a keyword there, and
/// values that are no text, are written as the hexadecimal of their DER. Kafka's principal is `User:` and this.
pub fn rfc2253(name: &X509Name<'_>) -> String {
    let rdns: Vec<String> = name.iter_rdn().map(|rdn| rdn.iter().map(attribute).collect::<Vec<_>>().join("+")).collect();
    rdns.into_iter().rev().collect::<Vec<_>>().join(",")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let value = attribute.attr_value();
    match keyword(&oid) {
        Some(keyword) if is_text(value.header.tag()) => format!("{keyword}={}", escaped(&String::from_utf8_lossy(value.data))),
        keyword => format!("{}=#{}", keyword.unwrap_or(&oid), super::hex(&der(value.header.tag(), value.data))),
    }
}

/// The keywords of `sun.security.x509.AVAKeyword` that are standard in RFC 2253.
fn keyword(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.9" => "STREET",
        "0.9.2342.19200300.100.1.25" => "DC",
        "0.9.2342.19200300.100.1.1" => "UID",
        _ => return None,
    })
}

/// What Java takes for text. It reads all of it as UTF-8, whatever its encoding is.
fn is_text(tag: Tag) -> bool {
    [Tag::PrintableString, Tag::T61String, Tag::Ia5String, Tag::GeneralString, Tag::BmpString, Tag::UniversalString, Tag::Utf8String]
        .contains(&tag)
}

fn der(tag: Tag, data: &[u8]) -> Vec<u8> {
    let length = data.len().to_be_bytes();
    let significant = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let mut der = vec![u8::try_from(tag.0).unwrap_or(0x1f)];
    if data.len() >= 0x80 {
        der.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
    }
    der.extend(significant);
    der.extend(data);
    der
}

/// Java escapes `=` too, and each space or carriage return at either end.
fn escaped(value: &str) -> String {
    let blank = |c: char| c == ' ' || c == '\r';
    let lead = value.len() - value.trim_start_matches(blank).len();
    let trail = value.trim_end_matches(blank).len();
    let mut text = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        if c == '\0' {
            text.push_str("\\00");
            continue;
        }
        if at < lead || at >= trail || ",=+<>#;\"\\".contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}
