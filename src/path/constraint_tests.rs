//! Name constraints by table: which name is inside which subtree, as permitted and as excluded; and what the rules make of it.

use rcgen::{CertificateParams, CidrSubnet, DnType, GeneralSubtree, NameConstraints, SanType};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::Validator::{Erlang, Java, OpenSsl, Rustls};
use super::alternative_name::Name;
use super::fixture::{ask, critical, der, root};
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

fn dns(name: &str) -> GeneralSubtree {
    GeneralSubtree::DnsName(name.to_owned())
}

fn constrained(permitted: Vec<GeneralSubtree>, excluded: Vec<GeneralSubtree>) -> impl Fn(&mut CertificateParams) {
    move |parameters| {
        let constraints = NameConstraints { permitted_subtrees: permitted.clone(), excluded_subtrees: excluded.clone() };
        parameters.name_constraints = Some(constraints);
    }
}

/// What is found about a broker below an issuing CA with these constraints.
fn faults(constrain: impl FnOnce(&mut CertificateParams), leaf: impl FnOnce(&mut CertificateParams)) -> Vec<(usize, &'static str)> {
    let root = root(|_| ());
    let issuing = root.authority("issuing", constrain);
    ask(&issuing.leaf(leaf), &[&issuing], &root).faults()
}

#[test]
fn every_name_must_be_permitted_and_none_excluded() {
    let also =
        |name: &'static str| move |leaf: &mut CertificateParams| leaf.subject_alt_names.push(SanType::DnsName(name.try_into().unwrap()));

    assert_eq!(faults(constrained(vec![dns("example")], vec![]), |_| ()), []);
    assert_eq!(faults(constrained(vec![dns("example")], vec![]), also("broker.other")), [(0, "name-not-permitted")]);
    assert_eq!(faults(constrained(vec![], vec![dns("other")]), |_| ()), []);
    assert_eq!(faults(constrained(vec![], vec![dns("other")]), also("broker.other")), [(0, "name-excluded")]);
    assert_eq!(faults(constrained(vec![dns("example")], vec![dns("broker-1.example")]), |_| ()), [(0, "name-excluded")]);
    // A form that nobody constrains is free.
    let v4 = CidrSubnet::V4([10, 0, 0, 0], [255, 0, 0, 0]);
    assert_eq!(faults(constrained(vec![GeneralSubtree::IpAddress(v4)], vec![]), |_| ()), []);
}

#[test]
fn the_subject_is_a_directory_name_and_its_spelling_does_not_count() {
    let mut acme = rcgen::DistinguishedName::new();
    acme.push(DnType::OrganizationName, "Acme  Corp");
    let organization = |name: &'static str| {
        move |leaf: &mut CertificateParams| {
            leaf.distinguished_name = rcgen::DistinguishedName::new();
            leaf.distinguished_name.push(DnType::OrganizationName, rcgen::DnValue::PrintableString(name.try_into().unwrap()));
            leaf.distinguished_name.push(DnType::CommonName, "broker");
        }
    };
    let permitted = || constrained(vec![GeneralSubtree::DirectoryName(acme.clone())], vec![]);

    assert_eq!(faults(permitted(), organization("ACME corp")), []);
    assert_eq!(faults(permitted(), organization("Other")), [(0, "name-not-permitted")]);
}

#[test]
fn common_names_and_subject_addresses_do_not_slip_through() {
    let only_subject = |leaf: &mut CertificateParams| {
        leaf.subject_alt_names.clear();
        leaf.distinguished_name.push(DnType::CommonName, "broker.other");
    };
    let found = faults(constrained(vec![dns("example")], vec![]), only_subject);
    assert_eq!(found, [(0, "name-not-permitted"), (0, "without-alternative-name")]);

    let address = |leaf: &mut CertificateParams| {
        leaf.distinguished_name.push(DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]), "joe@other.example");
    };
    let permitted = GeneralSubtree::Rfc822Name("acme.example".to_owned());
    assert_eq!(faults(constrained(vec![permitted], vec![]), address), [(0, "name-not-permitted")]);
}

/// An otherName of that kind with a UTF8String in it.
fn other_name(oid: &[u8], text: &str) -> Vec<u8> {
    der(0xa0, &[&der(6, &[oid]), &der(0xa0, &[&der(12, &[text.as_bytes()])])])
}

#[test]
fn international_mailboxes_are_bound_by_constraints_on_email() {
    let smtp_utf8 = [0x2b, 6, 1, 5, 5, 7, 8, 9];
    let with = |mailbox: &str| {
        let names = der(0x30, &[&der(0x82, &[b"broker-1.example"]), &other_name(&smtp_utf8, mailbox)]);
        move |leaf: &mut CertificateParams| {
            leaf.subject_alt_names.clear();
            leaf.custom_extensions.push(rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 17], names));
        }
    };
    let permitted = || constrained(vec![GeneralSubtree::Rfc822Name("acme.example".to_owned())], vec![]);

    assert_eq!(faults(permitted(), with("jürgen@acme.example")), []);
    assert_eq!(faults(permitted(), with("jürgen@other.example")), [(0, "name-not-permitted")]);
    assert_eq!(faults(permitted(), with("nobody")), [(0, "name-not-comparable")]);
}

#[test]
fn a_form_that_nothing_compares_refuses_the_names_of_that_form_alone() {
    let upn = [0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x14, 2, 3];
    let registered = der(0x88, &[&[0x2a, 3, 4]]);
    for name in [other_name(&upn, "joe"), registered] {
        let constraint = || critical(&[2, 5, 29, 30], der(0x30, &[&der(0xa0, &[&der(0x30, &[&name])])]));
        let constrain = |issuing: &mut CertificateParams| issuing.custom_extensions.push(constraint());
        let with = |leaf: &mut CertificateParams| {
            let names = der(0x30, &[&der(0x82, &[b"broker-1.example"]), &name]);
            leaf.subject_alt_names.clear();
            leaf.custom_extensions.push(rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 17], names));
        };
        assert_eq!(faults(constrain, |_| ()), []);
        assert_eq!(faults(constrain, with), [(0, "name-not-comparable")]);
    }
}

#[test]
fn malformed_constraints_are_told() {
    let host = der(0x82, &[b"example"]);
    let sound = der(0xa0, &[&der(0x30, &[&host])]);
    let cases = [
        (der(0x30, &[&sound]), vec![]),
        (der(0x30, &[&der(0xa0, &[&der(0x30, &[&host, &[0x80, 1, 0]])])]), vec![]),
        (der(0x30, &[&der(0xa0, &[&der(0x30, &[&host, &[0x80, 1, 1]])])]), vec![(1, "malformed-name-constraints")]),
        (der(0x30, &[&der(0xa0, &[&der(0x30, &[&host, &[0x81, 1, 9]])])]), vec![(1, "malformed-name-constraints")]),
        (der(0x30, &[]), vec![(1, "malformed-name-constraints")]),
        (der(0x30, &[&der(0xa0, &[&der(0x30, &[&der(0x82, &[])])])]), vec![(1, "malformed-name-constraints")]),
    ];
    for (content, wanted) in cases {
        let found = faults(|issuing| issuing.custom_extensions.push(critical(&[2, 5, 29, 30], content.clone())), |_| ());
        assert_eq!(found, wanted, "{content:02x?}");
    }
}

#[test]
fn constraints_of_the_root_bind_for_openssl_and_rustls_alone() {
    let root = root(constrained(vec![dns("other")], vec![]));
    let issuing = root.authority("issuing", |_| ());
    let asked = ask(&issuing.leaf(|_| ()), &[&issuing], &root);

    assert_eq!(asked.faults(), [(0, "name-not-permitted")]);
    assert_eq!(asked.accepted_by(), [Java, Erlang]);
}

#[test]
fn an_address_under_constraints_for_addresses_breaks_erlang() {
    let root = root(|_| ());
    let v4 = CidrSubnet::V4([10, 0, 0, 0], [255, 0, 0, 0]);
    let issuing = root.authority("issuing", constrained(vec![GeneralSubtree::IpAddress(v4)], vec![]));
    let asked = ask(&issuing.leaf(|leaf| leaf.subject_alt_names.push(SanType::IpAddress([10, 0, 0, 1].into()))), &[&issuing], &root);

    assert_eq!(asked.faults(), []);
    assert_eq!(asked.accepted_by(), [Java, OpenSsl, Rustls]);
}

#[test]
fn java_wants_a_dns_name_under_constraints_for_dns_names() {
    let root = root(|_| ());
    let issuing = root.authority("issuing", constrained(vec![dns("example")], vec![]));
    let leaf = issuing.leaf(|leaf| leaf.subject_alt_names.clear());
    let asked = ask(&leaf, &[&issuing], &root).with(|asked| asked.name = None);

    assert_eq!(asked.faults(), []);
    assert_eq!(asked.accepted_by(), [Erlang, OpenSsl, Rustls]);
}

#[test]
fn too_many_names_are_refused_in_time() {
    let many: Vec<GeneralSubtree> = (0..2000).map(|index| dns(&format!("host-{index}.example"))).collect();
    let names = |leaf: &mut CertificateParams| {
        leaf.subject_alt_names = (0..2000).map(|index| SanType::DnsName(format!("host-{index}.example").try_into().unwrap())).collect();
        leaf.subject_alt_names.push(SanType::DnsName("broker-1.example".try_into().unwrap()));
    };

    assert_eq!(faults(constrained(vec![], many), names), [(0, "too-many-names")]);
}
