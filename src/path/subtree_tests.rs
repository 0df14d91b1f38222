//! Name constraints by table: which name is inside which subtree, as permitted and as excluded.

use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::alternative_name::Name;
use super::fixture::der;
use super::subtree::Relation::{Inside, Outside, Unclear};
use super::subtree::{Relation, Side, Subtree};

#[derive(Debug, Clone, Copy)]
enum Form {
    Dns,
    Email,
    Uri,
    Ip,
}

impl Form {
    fn encode(self, text: &[u8]) -> Vec<u8> {
        let tag = match self {
            Self::Email => 0x81,
            Self::Dns => 0x82,
            Self::Uri => 0x86,
            Self::Ip => 0x87,
        };
        der(tag, &[text])
    }

    fn subtree(self, text: &[u8]) -> Result<Subtree, &'static str> {
        Subtree::read(&GeneralName::from_der(&self.encode(text)).unwrap().1)
    }

    fn relation(self, subtree: &[u8], name: &[u8], side: Side) -> Relation {
        let encoded = self.encode(name);
        let name = GeneralName::from_der(&encoded).unwrap().1;
        self.subtree(subtree).unwrap().relation(&Name::of(&name), side)
    }
}

#[test]
fn names_and_subtrees() {
    let cases: [(Form, &str, &str, Relation); 33] = [
        (Form::Dns, "example.com", "example.com", Inside),
        (Form::Dns, "example.com", "Broker.EXAMPLE.com", Inside),
        (Form::Dns, "example.com", "badexample.com", Outside),
        (Form::Dns, "example.com", "com", Outside),
        (Form::Dns, ".example.com", "example.com", Outside),
        (Form::Dns, ".example.com", "a.b.example.com", Inside),
        (Form::Dns, "", "anything.example", Inside),
        (Form::Dns, "example.com", "*.example.com", Inside),
        (Form::Email, "example.com", "joe@example.com", Inside),
        (Form::Email, "example.com", "joe@EXAMPLE.com", Inside),
        (Form::Email, "example.com", "joe@mail.example.com", Outside),
        (Form::Email, ".example.com", "joe@mail.example.com", Inside),
        (Form::Email, ".example.com", "joe@example.com", Outside),
        (Form::Email, "joe@example.com", "joe@example.com", Inside),
        (Form::Email, "joe@example.com", "Joe@example.com", Outside),
        (Form::Email, "joe@example.com", "ann@example.com", Outside),
        (Form::Email, "example.com", "joe", Unclear),
        (Form::Email, "example.com", "joe@evil.test@example.com", Unclear),
        (Form::Email, "example.com", "\"joe@evil.test\"@example.com", Unclear),
        (Form::Email, "example.com", "joe@[10.0.0.1]", Unclear),
        (Form::Uri, "example.com", "https://example.com/path?query", Inside),
        (Form::Uri, "example.com", "https://example.com:8443", Inside),
        (Form::Uri, "example.com", "https://joe@example.com/", Inside),
        (Form::Uri, "example.com", "https://example.com@evil.test/", Outside),
        (Form::Uri, "example.com", "https://www.example.com", Outside),
        (Form::Uri, ".example.com", "spiffe://www.example.com/ns", Inside),
        (Form::Uri, ".example.com", "https://example.com", Outside),
        (Form::Uri, "example.com", "urn:example:name", Unclear),
        (Form::Uri, "example.com", "https://10.0.0.1/", Unclear),
        (Form::Uri, "example.com", "https://[2001:db8::1]/", Unclear),
        (Form::Uri, "example.com", "https://example%2ecom/", Unclear),
        (Form::Uri, "example.com", "https://example.com:a443/", Unclear),
        (Form::Uri, "example.com", "relative/path", Unclear),
    ];
    for (form, subtree, name, wanted) in cases {
        for side in [Side::Permitted, Side::Excluded] {
            assert_eq!(form.relation(subtree.as_bytes(), name.as_bytes(), side), wanted, "{name} in {form:?} {subtree} ({side:?})");
        }
    }
}

#[test]
fn a_wildcard_is_permitted_where_all_and_excluded_where_any_of_its_hosts_is_inside() {
    let cases = [
        ("host.example.com", "*.example.com", Outside, Inside),
        ("a.host.example.com", "*.example.com", Outside, Outside),
        ("example.com", "*.example.com", Inside, Inside),
        ("example.com", "*.other.com", Outside, Outside),
        ("host.example.com", "*.com", Outside, Outside),
    ];
    for (subtree, name, permitted, excluded) in cases {
        assert_eq!(Form::Dns.relation(subtree.as_bytes(), name.as_bytes(), Side::Permitted), permitted, "{name} in {subtree}");
        assert_eq!(Form::Dns.relation(subtree.as_bytes(), name.as_bytes(), Side::Excluded), excluded, "{name} in {subtree}");
    }
}

#[test]
fn addresses_are_compared_within_their_own_version() {
    let ten: &[u8] = &[10, 0, 0, 0, 255, 0, 0, 0];
    let mapped = std::net::Ipv4Addr::new(10, 1, 2, 3).to_ipv6_mapped().octets();

    assert_eq!(Form::Ip.relation(ten, &[10, 1, 2, 3], Side::Permitted), Inside);
    assert_eq!(Form::Ip.relation(ten, &[11, 1, 2, 3], Side::Permitted), Outside);
    assert_eq!(Form::Ip.relation(ten, &mapped, Side::Permitted), Outside);
    assert_eq!(Form::Ip.relation(&[0; 8], &[11, 1, 2, 3], Side::Permitted), Inside);
    assert_eq!(Form::Ip.relation(&[0; 32], &[11, 1, 2, 3], Side::Permitted), Outside);
}

#[test]
fn a_subtree_is_well_formed() {
    let sound: [(Form, &[u8]); 5] = [
        (Form::Dns, b"example.com"),
        (Form::Dns, b".example.com"),
        (Form::Email, b"example.com"),
        (Form::Uri, b"example.com"),
        (Form::Ip, &[0; 8]),
    ];
    let faulty: [(Form, &[u8]); 12] = [
        (Form::Dns, b"*.example.com"),
        (Form::Dns, b"example.com."),
        (Form::Dns, b"exa mple.com"),
        (Form::Email, b""),
        (Form::Email, b"@example.com"),
        (Form::Email, b"joe@.example.com"),
        (Form::Uri, b""),
        (Form::Uri, b"example.com:443"),
        (Form::Uri, b"localhost"),
        (Form::Ip, &[10, 0, 0, 0]),
        (Form::Ip, &[10, 0, 0, 0, 255, 0, 255, 0]),
        (Form::Ip, &[10, 0, 0, 0, 0xfd, 0, 0, 0]),
    ];

    sound.into_iter().for_each(|(form, text)| assert!(form.subtree(text).is_ok(), "{form:?} {text:?}"));
    faulty.into_iter().for_each(|(form, text)| assert!(form.subtree(text).is_err(), "{form:?} {text:?}"));
}
