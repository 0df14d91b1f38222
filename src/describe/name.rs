//! Names in extensions, each with its type.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Serialize;
use x509_parser::extensions::GeneralName;

use crate::pki::{hex, rfc2253};

/// A GeneralName (RFC 5280, 4.2.1.6), as it is written: a DNS name keeps its capitals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Name {
    #[serde(rename = "type")]
    pub kind: NameKind,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameKind {
    Dns,
    Ip,
    Uri,
    Email,
    DirectoryName,
    OtherName,
    RegisteredId,
    X400Address,
    EdiPartyName,
    Malformed,
}

impl NameKind {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dns => "DNS",
            Self::Ip => "IP",
            Self::Uri => "URI",
            Self::Email => "email",
            Self::DirectoryName => "DN",
            Self::OtherName => "otherName",
            Self::RegisteredId => "registeredID",
            Self::X400Address => "x400Address",
            Self::EdiPartyName => "ediPartyName",
            Self::Malformed => "malformed",
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind.label(), self.value)
    }
}

impl From<&GeneralName<'_>> for Name {
    fn from(name: &GeneralName<'_>) -> Self {
        let (kind, value) = match name {
            GeneralName::DNSName(name) => (NameKind::Dns, (*name).to_owned()),
            GeneralName::RFC822Name(name) => (NameKind::Email, (*name).to_owned()),
            GeneralName::URI(uri) => (NameKind::Uri, (*uri).to_owned()),
            GeneralName::IPAddress(bytes) => ip(bytes).map_or_else(|| (NameKind::Malformed, hex(bytes)), |ip| (NameKind::Ip, ip)),
            GeneralName::DirectoryName(name) => (NameKind::DirectoryName, rfc2253(name)),
            GeneralName::RegisteredID(oid) => (NameKind::RegisteredId, oid.to_id_string()),
            GeneralName::OtherName(oid, value) => (NameKind::OtherName, format!("{}=#{}", oid.to_id_string(), hex(value))),
            GeneralName::X400Address(value) => (NameKind::X400Address, format!("#{}", hex(value.data))),
            GeneralName::EDIPartyName(value) => (NameKind::EdiPartyName, format!("#{}", hex(value.data))),
            GeneralName::Invalid(_, bytes) => (NameKind::Malformed, format!("#{}", hex(bytes))),
        };
        Self { kind, value }
    }
}

/// An address; with its mask in name constraints (RFC 5280, 4.2.1.10), as `10.0.0.0/8`.
fn ip(bytes: &[u8]) -> Option<String> {
    let address = |bytes: &[u8]| match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(|bytes| Ipv4Addr::from(bytes).to_string()),
        16 => <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).to_string()),
        _ => None,
    };
    match bytes.len() {
        8 | 32 => {
            let (base, mask) = bytes.split_at(bytes.len() / 2);
            let ones: u32 = mask.iter().map(|byte| byte.leading_ones()).sum();
            let contiguous = mask.iter().map(|byte| byte.count_ones()).sum::<u32>() == ones
                && mask.iter().skip_while(|byte| **byte == 0xff).skip(1).all(|byte| *byte == 0);
            let mask = if contiguous { ones.to_string() } else { address(mask)? };
            Some(format!("{}/{mask}", address(base)?))
        }
        _ => address(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constrained_addresses_show_their_prefix_or_their_mask() {
        let shown = |bytes: &[u8]| Name::from(&GeneralName::IPAddress(bytes)).to_string();
        assert_eq!(shown(&[192, 168, 0, 0, 255, 255, 0, 0]), "IP:192.168.0.0/16");
        assert_eq!(shown(&[10, 0, 0, 0, 255, 0, 255, 0]), "IP:10.0.0.0/255.0.255.0");
        assert_eq!(shown(&[10, 0, 0, 0, 254, 0, 0, 0]), "IP:10.0.0.0/7");
        assert_eq!(shown(&[127, 0, 0, 1]), "IP:127.0.0.1");
        assert_eq!(shown(&[1, 2, 3]), "malformed:010203");
        let v6: Vec<u8> = [[0x20, 1, 0xd, 0xb8].as_slice(), &[0; 12], &[0xff; 4], &[0; 12]].concat();
        assert_eq!(shown(&v6), "IP:2001:db8::/32");
    }
}
