//! Which path is found, what is said of it, and that nothing breaks the judge.

use proptest::prelude::*;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose};
use time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::FaultKind;
use super::Validator::{Erlang, Java, Rustls};
use super::fixture::{Asked, Authority, EVERYONE, NOW, ask, chain, root, same};
use crate::pki::Certificate;

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
