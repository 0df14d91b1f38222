//! What name constraints make of whole chains.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rcgen::{CertificateParams, CidrSubnet, DnType, GeneralSubtree, NameConstraints, SanType};

use super::Validator::{Erlang, Java, OpenSsl, Rustls};
use super::fixture::{ask, critical, der, root};
use super::forbidden;
use crate::pki::{San, Subject, SubjectAttribute};

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

/// Subtrees and names that meet each other now and then.
fn subtrees() -> impl Strategy<Value = Vec<GeneralSubtree>> {
    let mut acme = rcgen::DistinguishedName::new();
    acme.push(DnType::OrganizationName, "ACME");
    let pool = vec![
        dns("example"),
        dns("broker-1.example"),
        dns("other"),
        GeneralSubtree::IpAddress(CidrSubnet::V4([10, 0, 0, 0], [255, 0, 0, 0])),
        GeneralSubtree::DirectoryName(acme),
    ];
    proptest::sample::subsequence(pool, 0..=3)
}

fn leaf_names() -> impl Strategy<Value = (Subject, Vec<San>)> {
    let subject =
        ("Acme|Other", "broker|broker[.]other|broker[.]example|10[.]0[.]0[.]1|127[.]0[.]0[.]1").prop_map(|(organization, name)| {
            let subject = Subject::default().with(SubjectAttribute::Organization, &organization).unwrap();
            subject.with(SubjectAttribute::CommonName, &name).unwrap()
        });
    let pool = ["broker-1.example", "*.example", "localhost", "broker.other", "10.0.0.1", "127.0.0.1", "::1", "spiffe://acme/broker"];
    let names = proptest::sample::subsequence(pool.to_vec(), 0..=3);
    (subject, names.prop_map(|names| names.into_iter().map(|name| name.parse().unwrap()).collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Before a leaf is issued as much is known as after.
    #[test]
    fn what_an_authority_may_not_issue_is_what_nobody_takes(
        at_root in (subtrees(), subtrees()),
        at_issuing in (subtrees(), subtrees()),
        (subject, names) in leaf_names(),
    ) {
        let constrain = |(permitted, excluded): (Vec<_>, Vec<_>)| move |parameters: &mut CertificateParams| {
            // An extension without any subtree is none.
            if !(permitted.is_empty() && excluded.is_empty()) {
                constrained(permitted, excluded)(parameters);
            }
        };
        let root = root(constrain(at_root));
        let issuing = root.authority("issuing", constrain(at_issuing));
        let leaf = issuing.leaf(|leaf| {
            leaf.distinguished_name = rcgen::DistinguishedName::new();
            for (attribute, value) in subject.attributes() {
                let kind = if attribute == SubjectAttribute::CommonName { DnType::CommonName } else { DnType::OrganizationName };
                leaf.distinguished_name.push(kind, value);
            }
            leaf.subject_alt_names = names.iter().map(|name| match name {
                San::Dns(dns) => SanType::DnsName(dns.as_str().try_into().unwrap()),
                San::Ip(ip) => SanType::IpAddress(*ip),
                San::Uri(uri) | San::Other(uri) => SanType::URI(uri.as_str().try_into().unwrap()),
            }).collect();
        });
        let judged = ask(&leaf, &[&issuing], &root).verdict();
        let found: BTreeSet<String> =
            judged.faults.iter().filter(|fault| fault.at == 0 && fault.kind.code().starts_with("name-")).map(|fault| fault.kind.to_string()).collect();
        let found: BTreeSet<String> = found.into_iter().filter(|fault| fault.contains("name constraints")).collect();
        let foreseen: BTreeSet<String> =
            forbidden([&issuing.certificate, &root.certificate], &subject, &names).iter().map(ToString::to_string).collect();
        prop_assert_eq!(foreseen, found);
    }
}
