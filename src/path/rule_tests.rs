//! One chain for each rule: as it should be it holds, with the one thing changed it does not, and the fault is named.

use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType};

use super::Validator::{Erlang, Java, OpenSsl, Rustls};
use super::fixture::{HOST, chain, critical, der, same};
use crate::pki::Usage;

#[test]
fn whoever_issues_is_a_ca_and_may_sign() {
    let no_ca = |parameters: &mut CertificateParams| parameters.is_ca = IsCa::ExplicitNoCa;
    let silent = |parameters: &mut CertificateParams| parameters.is_ca = IsCa::NoCa;
    let no_sign = |parameters: &mut CertificateParams| parameters.key_usages = vec![KeyUsagePurpose::CrlSign];

    assert_eq!(chain(same, no_ca, same).faults(), [(1, "not-an-authority")]);
    assert_eq!(chain(same, silent, same).faults(), [(1, "without-basic-constraints")]);
    assert_eq!(chain(same, no_sign, same).faults(), [(1, "without-cert-sign")]);
    assert_eq!(chain(no_sign, same, same).faults(), [(2, "without-cert-sign")]);
    assert_eq!(chain(no_sign, same, same).accepted_by(), [Erlang, Rustls]);
}

#[test]
fn no_more_authorities_stand_below_than_the_path_length_allows() {
    let limited = |allowed| move |parameters: &mut CertificateParams| parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(allowed));

    assert_eq!(chain(limited(1), limited(0), same).faults(), []);
    assert_eq!(chain(limited(0), same, same).faults(), [(2, "path-length-exceeded")]);
    assert_eq!(chain(limited(0), same, same).accepted_by(), [Java, Rustls]);
}

#[test]
fn the_purpose_must_be_allowed_by_every_certificate_that_speaks_of_it() {
    let clients = |parameters: &mut CertificateParams| parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let any = |parameters: &mut CertificateParams| parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    let silent = |parameters: &mut CertificateParams| parameters.extended_key_usages.clear();

    assert_eq!(chain(same, same, clients).faults(), [(0, "purpose-not-allowed")]);
    assert_eq!(chain(same, clients, same).faults(), [(1, "purpose-not-allowed")]);
    assert_eq!(chain(same, clients, same).accepted_by(), [Java]);
    assert_eq!(chain(same, same, silent).faults(), []);
    assert_eq!(chain(same, same, any).faults(), []);
    assert_eq!(chain(same, same, any).accepted_by(), [Java, Erlang]);
    assert_eq!(chain(same, clients, clients).with(|asked| asked.purpose = Some(Usage::ClientAuth)).faults(), []);
    assert_eq!(chain(same, clients, clients).with(|asked| asked.purpose = None).faults(), []);
}

#[test]
fn the_key_usage_must_fit_tls() {
    let signs_nothing = |leaf: &mut CertificateParams| leaf.key_usages = vec![KeyUsagePurpose::ContentCommitment];
    let encipher = |leaf: &mut CertificateParams| leaf.key_usages = vec![KeyUsagePurpose::KeyEncipherment];

    assert_eq!(chain(same, same, signs_nothing).faults(), [(0, "key-usage-not-allowed")]);
    assert_eq!(chain(same, same, encipher).faults(), []);
    assert_eq!(chain(same, same, encipher).accepted_by(), [Erlang, OpenSsl, Rustls]);
    let as_client = chain(same, same, encipher).with(|asked| asked.purpose = Some(Usage::ClientAuth));
    assert_eq!(as_client.faults(), [(0, "key-usage-not-allowed")]);
}

#[test]
fn a_host_is_found_among_the_alternative_names_alone() {
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let cases = [
        (dns(HOST), HOST, true),
        (dns("BROKER-1.example"), HOST, true),
        (dns("*.kafka.example"), "broker-1.kafka.example", true),
        (dns("*.kafka.example"), "kafka.example", false),
        (dns("*.kafka.example"), "a.b.kafka.example", false),
        (dns("*.example"), "broker-1.example", false),
        (SanType::IpAddress("10.0.0.1".parse().unwrap()), "10.0.0.1", true),
        (SanType::IpAddress("10.0.0.1".parse().unwrap()), "10.0.0.2", false),
        (SanType::IpAddress("2001:db8::1".parse().unwrap()), "2001:db8::1", true),
        (dns("10.0.0.1.example"), "10.0.0.1", false),
    ];
    for (name, wanted, holds) in cases {
        let asked = chain(same, same, |leaf| leaf.subject_alt_names = vec![name.clone()]);
        let verdict = asked.with(|asked| asked.name = Some(wanted.parse().unwrap())).verdict();
        assert_eq!(verdict.holds(), holds, "{name:?} for {wanted}: {:?}", verdict.faults);
    }
}

#[test]
fn a_common_name_is_no_host_for_us_erlang_and_rustls() {
    let asked = chain(same, same, |leaf| {
        leaf.subject_alt_names.clear();
        leaf.distinguished_name.push(DnType::CommonName, HOST);
    });

    assert_eq!(asked.faults(), [(0, "without-alternative-name")]);
    assert_eq!(asked.accepted_by(), [Java, OpenSsl]);
}

#[test]
fn extensions_that_are_not_understood_must_not_be_critical() {
    let unknown = |is_critical: bool| {
        move |leaf: &mut CertificateParams| {
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
            extension.set_criticality(is_critical);
            leaf.custom_extensions.push(extension);
        }
    };

    assert_eq!(chain(same, same, unknown(false)).faults(), []);
    assert_eq!(chain(same, same, unknown(true)).faults(), [(0, "unknown-critical-extension")]);
    assert_eq!(chain(same, unknown(true), same).faults(), [(1, "unknown-critical-extension")]);
}

#[test]
fn extensions_are_whole_and_there_once() {
    let garbage = |leaf: &mut CertificateParams| {
        leaf.key_usages.clear();
        leaf.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 15], vec![4, 1, 0]));
    };
    let twice = |leaf: &mut CertificateParams| {
        leaf.custom_extensions.extend([1, 2].map(|value| CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![4, 1, value])));
    };

    assert_eq!(chain(same, same, garbage).faults(), [(0, "malformed-extension")]);
    assert_eq!(chain(same, same, twice).faults(), [(0, "duplicate-extension")]);
}

#[test]
fn a_dns_name_is_a_host_name() {
    for name in ["a..example", "*.*.example", "bro*.example", "broker-1.example.", ".example", "a b.example"] {
        let content = der(0x30, &[&der(0x82, &[HOST.as_bytes()]), &der(0x82, &[name.as_bytes()])]);
        let asked = chain(same, same, |leaf| {
            leaf.subject_alt_names.clear();
            leaf.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 17], content));
        });
        assert_eq!(asked.faults(), [(0, "malformed-name")], "{name}");
    }
}

/// certificatePolicies with these policies, each below 1.2.3.
fn policies(of: &[u8]) -> CustomExtension {
    let each: Vec<Vec<u8>> = of.iter().map(|last| der(0x30, &[&der(6, &[&[0x2a, 3, *last]])])).collect();
    CustomExtension::from_oid_content(&[2, 5, 29, 32], der(0x30, &each.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

#[test]
fn where_a_policy_is_required_one_must_be_left() {
    let require = || critical(&[2, 5, 29, 36], der(0x30, &[&[0x80, 1, 0]]));
    let with = |extensions: Vec<CustomExtension>| move |parameters: &mut CertificateParams| parameters.custom_extensions = extensions;

    assert_eq!(chain(same, with(vec![policies(&[1])]), with(vec![policies(&[2])])).faults(), []);
    assert_eq!(chain(same, with(vec![policies(&[1]), require()]), with(vec![policies(&[1])])).faults(), []);
    assert_eq!(chain(same, with(vec![policies(&[1]), require()]), with(vec![policies(&[2])])).faults(), [(0, "no-valid-policy")]);
    let mapping =
        |from, to| critical(&[2, 5, 29, 33], der(0x30, &[&der(0x30, &[&der(6, &[&[0x2a, 3, from]]), &der(6, &[&[0x2a, 3, to]])])]));
    let mapped = with(vec![policies(&[1]), require(), mapping(1, 2)]);
    assert_eq!(chain(same, mapped, with(vec![policies(&[2])])).faults(), []);
    assert_eq!(chain(same, same, with(vec![policies(&[1, 1])])).faults(), [(0, "duplicate-policy")]);
}
