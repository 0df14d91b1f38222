//! One chain for each rule: as it should be it holds, with the one thing changed it does not, and the fault is named.

use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType};
use time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::Validator::{Erlang, Java, OpenSsl, Rustls};
use super::fixture::{Asked, Authority, HOST, NOW, ask, critical, der, root};
use super::{FaultKind, Validator};
use crate::pki::{Certificate, Usage};

const EVERYONE: [Validator; 4] = [Java, Erlang, OpenSsl, Rustls];

/// A leaf below an issuing CA below a root, each with its change.
fn chain(
    at_root: impl FnOnce(&mut CertificateParams),
    at_issuing: impl FnOnce(&mut CertificateParams),
    at_leaf: impl FnOnce(&mut CertificateParams),
) -> Asked {
    let root = root(at_root);
    let issuing = root.authority("issuing", at_issuing);
    ask(&issuing.leaf(at_leaf), &[&issuing], &root)
}

fn same(_: &mut CertificateParams) {}

fn expired(parameters: &mut CertificateParams) {
    parameters.not_after = NOW - Duration::days(1);
}

#[test]
fn a_sound_chain_holds_and_everyone_accepts_it() {
    let asked = chain(same, same, same);

    let verdict = asked.verdict();

    assert_eq!(verdict.faults, []);
    assert_eq!(verdict.path.iter().map(|one| one.subject.as_str()).collect::<Vec<_>>(), ["CN=broker", "CN=issuing", "CN=root"]);
    assert_eq!(asked.accepted_by(), EVERYONE);
    assert!(verdict.opinions.iter().all(|opinion| opinion.because.is_empty()));
}

#[test]
fn every_fault_of_the_path_is_told_not_only_the_first() {
    let asked = chain(
        same,
        |issuing| issuing.key_usages = vec![KeyUsagePurpose::DigitalSignature],
        |leaf| {
            expired(leaf);
            leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        },
    );

    assert_eq!(asked.faults(), [(0, "expired"), (0, "purpose-not-allowed"), (1, "without-cert-sign")]);
}

#[test]
fn a_fault_names_certificate_rule_and_value() {
    let verdict = chain(same, same, expired).verdict();

    let fault = &verdict.faults[0];
    assert_eq!(fault.kind, FaultKind::Expired(NOW - Duration::days(1)));
    assert_eq!(format!("{} {}", fault.subject, fault.kind), "CN=broker has expired on 2026-05-31T12:00:00Z");
}

#[test]
fn dates_count_for_every_certificate_anchors_too() {
    let early = |parameters: &mut CertificateParams| parameters.not_before = NOW + Duration::days(1);

    assert_eq!(chain(same, expired, same).faults(), [(1, "expired")]);
    assert_eq!(chain(same, same, early).faults(), [(0, "not-yet-valid")]);
    assert_eq!(chain(expired, same, same).faults(), [(2, "expired")]);
}

#[test]
fn an_expired_root_is_refused_by_erlang_and_openssl_alone() {
    let asked = chain(expired, same, same);

    assert_eq!(asked.accepted_by(), [Java, Rustls]);
    let java = asked.verdict().opinions.remove(0);
    assert_eq!(java.because, "it passes over that CN=root has expired on 2026-05-31T12:00:00Z");
}

#[test]
fn without_the_intermediate_the_issuer_is_unknown() {
    let asked = chain(same, same, same).with(|asked| asked.intermediates.clear());

    assert_eq!(asked.faults(), [(0, "issuer-unknown")]);
    assert_eq!(asked.accepted_by(), []);
}

#[test]
fn without_the_anchor_the_path_ends_at_a_root_that_nobody_trusts() {
    let root = root(same);
    let asked = ask(&root.leaf(same), &[&root], &root).with(|asked| asked.anchors.clear());

    assert_eq!(asked.faults(), [(1, "self-signed")]);
}

#[test]
fn a_new_key_under_the_old_name_is_told_as_a_wrong_signature() {
    let (old, new) = (root(same), root(same));

    assert_eq!(ask(&old.leaf(same), &[], &new).faults(), [(0, "bad-signature")]);
}

#[test]
fn of_two_issuers_with_one_name_the_one_that_signed_is_found() {
    let (old, new) = (root(same), root(same));
    let asked = ask(&new.leaf(same), &[], &old).with(|asked| asked.anchors.push(new.certificate.clone()));

    assert_eq!(asked.faults(), []);
}

#[test]
fn a_cross_signed_authority_leads_to_whichever_root_is_trusted() {
    let (first, second) = (root(same), root(|second| second.distinguished_name.push(DnType::OrganizationName, "second")));
    let issuing = first.authority("issuing", same);
    let both = [issuing.certificate.clone(), issuing.crossed("issuing", &second)];

    for anchor in [&first, &second] {
        let asked = ask(&issuing.leaf(same), &[], anchor).with(|asked| asked.intermediates = both.to_vec());
        assert_eq!(asked.faults(), []);
    }
}

#[test]
fn an_anchor_may_have_been_issued_by_somebody_else_but_openssl_wants_a_root() {
    let root = root(same);
    let issuing = root.authority("issuing", same);
    let asked = ask(&issuing.leaf(same), &[], &issuing);

    assert_eq!(asked.faults(), []);
    assert_eq!(asked.accepted_by(), [Java, Erlang, Rustls]);
    assert_eq!(asked.with(|asked| asked.anchors.push(root.certificate)).accepted_by(), EVERYONE);
}

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
fn only_a_ca_may_say_that_it_signs_certificates() {
    let asked = chain(same, same, |leaf| leaf.key_usages.push(KeyUsagePurpose::KeyCertSign));

    assert_eq!(asked.faults(), [(0, "cert-sign-without-authority")]);
    assert_eq!(asked.accepted_by(), EVERYONE);
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
fn a_leaf_that_is_an_anchor_must_be_its_own_issuer() {
    let root = root(same);
    let leaf = root.leaf(same);
    let itself = |certificate: &Certificate| {
        let certificate = certificate.clone();
        move |asked: &mut Asked| {
            asked.anchors = vec![certificate.clone()];
            asked.leaf = certificate;
            asked.name = None;
            asked.purpose = None;
        }
    };
    let issued = ask(&leaf, &[], &root).with(itself(&leaf));
    let self_signed = ask(&leaf, &[], &root).with(itself(&root.certificate));

    assert_eq!(issued.faults(), [(0, "leaf-as-anchor")]);
    assert_eq!(issued.accepted_by(), [Java]);
    assert_eq!(self_signed.faults(), []);
    assert!(!self_signed.accepted_by().contains(&Erlang));
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

#[test]
fn a_signature_by_another_kind_of_key_is_wrong() {
    let rsa = |authority: &Authority| {
        let mut bytes = authority.certificate.der().to_vec();
        // ecdsa-with-SHA256 becomes ecdsa-with-SHA512, inside and outside.
        let oid = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
        let places: Vec<usize> = (0..bytes.len() - oid.len()).filter(|at| bytes[*at..].starts_with(&oid)).collect();
        places.into_iter().for_each(|at| bytes[at + oid.len()] = 4);
        Certificate::from_der(bytes).unwrap()
    };
    let root = root(same);
    let issuing = root.authority("issuing", same);
    let asked = ask(&issuing.leaf(same), &[&issuing], &root).with(|asked| asked.intermediates = vec![rsa(&issuing)]);

    assert_eq!(asked.faults(), [(1, "bad-signature")]);
}

#[test]
fn a_bundle_of_look_alikes_is_given_up_within_the_budget() {
    let root = root(same);
    let mut asked = ask(&root.leaf(same), &[], &root);
    asked.anchors = (0..200).map(|_| super::fixture::root(same).certificate).collect();

    assert!(asked.faults().iter().any(|(_, code)| *code == "search-exhausted"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_mangled_certificate_is_judged_without_panic(which in 0usize..3, at in any::<prop::sample::Index>(), value: u8, cut in 0usize..8) {
        let sound = chain(same, same, same);
        let mangle = |certificate: &Certificate| {
            let mut bytes = certificate.der().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = value;
            bytes.truncate(bytes.len() - if cut == 7 { at.min(20) } else { 0 });
            Certificate::from_der(bytes)
        };
        let certificate = [&sound.leaf, &sound.intermediates[0], &sound.anchors[0]][which];
        let Ok(mangled) = mangle(certificate) else { return Ok(()) };
        let signed = |certificate: &Certificate| X509Certificate::from_der(certificate.der()).unwrap().1.tbs_certificate.as_ref().to_vec();
        let changed = signed(&mangled) != signed(certificate);
        let asked = sound.with(|asked| match which {
            0 => asked.leaf = mangled,
            1 => asked.intermediates = vec![mangled],
            _ => asked.anchors = vec![mangled],
        });
        let verdict = asked.verdict();
        // The signature of an anchor is not looked at; of all others, whatever is signed counts.
        prop_assert!(!changed || which == 2 || !verdict.holds(), "{:?}", verdict.faults);
    }
}
