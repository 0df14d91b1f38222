//! One fault in a file, one finding.

use proptest::prelude::*;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};
use time::Duration;

use super::fixture::*;
use super::{ErlangFile, KafkaStore, contents, erlang_pem, kafka_pem, not_for_kafka, passwords};
use crate::finding::Severity;
use crate::keystore::{Format, Held, KeyState, Lock, Passwords, Protected, Scheme, Seal};
use crate::pki::{KeyKind, Passphrase};

/// A broker's leaf, changed in one way.
fn leaf_with(change: impl FnOnce(&mut CertificateParams)) -> Made {
    let mut params = broker_params("broker-1");
    change(&mut params);
    signed(params, KeyKind::P256, Some(&issuing("issuing", &root("root"))))
}

/// What is found in a key store that holds `leaf` and its authority.
fn found_in_keystore_of(leaf: &Made) -> Vec<&'static str> {
    let all = codes("keystore.p12", &file(Format::Pkcs12, vec![key_entry("broker-1", &[leaf])]));
    all.into_iter().filter(|code| *code != "leaf-alone").collect()
}

#[test]
fn a_good_keystore_and_a_good_truststore_have_no_findings() {
    let root = root("root");
    let issuing = issuing("issuing", &root);
    let broker = broker("broker-1", &issuing);
    for (format, name) in [(Format::Pkcs12, "keystore.p12"), (Format::Jks, "keystore.jks")] {
        assert_eq!(codes(name, &file(format, vec![key_entry("broker-1", &[&broker, &issuing])])), [""; 0]);
        assert_eq!(codes(name, &file(format, vec![trusted("root", &root)])), [""; 0]);
    }
    let pem = file(Format::Pem, vec![item(None, Held::Key { key: any_key(&broker), chain: Vec::new() }), bare(&broker), bare(&issuing)]);
    assert_eq!(codes("tls-combined.pem", &pem), [""; 0]);
    assert_eq!(codes("ca.pem", &file(Format::Pem, vec![bare(&root), bare(&issuing)])), [""; 0]);
}

#[test]
fn dates() {
    let ends_in = |days| leaf_with(|params| params.not_after = NOW + Duration::days(days));
    assert_eq!(found_in_keystore_of(&ends_in(-1)), ["expired"]);
    assert_eq!(found_in_keystore_of(&ends_in(29)), ["expires-soon"]);
    assert_eq!(found_in_keystore_of(&leaf_with(|params| params.not_before = NOW + Duration::days(1))), ["not-yet-valid"]);
    let issuing = issuing("issuing", &root("root"));
    let mut params = broker_params("broker-1");
    params.not_after = NOW + Duration::days(366);
    let leaf = signed(params, KeyKind::P256, Some(&issuing));
    assert_eq!(codes("k.p12", &file(Format::Pkcs12, vec![key_entry("broker-1", &[&leaf, &issuing])])), ["outlives-issuer"]);
}

#[test]
fn what_a_leaf_says_of_its_holder() {
    let usages =
        |usages: &[ExtendedKeyUsagePurpose]| found_in_keystore_of(&leaf_with(|params| params.extended_key_usages = usages.to_vec()));
    assert_eq!(usages(&[ExtendedKeyUsagePurpose::ServerAuth]), ["leaf-without-client-auth"]);
    assert_eq!(usages(&[ExtendedKeyUsagePurpose::ClientAuth]), ["leaf-without-server-auth"]);
    assert_eq!(usages(&[ExtendedKeyUsagePurpose::CodeSigning]), ["leaf-without-tls-usage"]);
    assert_eq!(usages(&[]), [""; 0], "without the extension it is for all");
    assert_eq!(found_in_keystore_of(&leaf_with(|params| params.subject_alt_names.clear())), ["leaf-without-san"]);
    let agreement = leaf_with(|params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement]);
    assert_eq!(found_in_keystore_of(&agreement), ["leaf-without-digital-signature"]);
    let odd = leaf_with(|params| params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), "42"));
    assert_eq!(found_in_keystore_of(&odd), ["subject-spelled-differently"]);
    let umlaut = leaf_with(|params| params.distinguished_name.push(DnType::OrganizationName, "Zürich AG"));
    assert_eq!(found_in_keystore_of(&umlaut), ["subject-spelled-differently"]);
}

#[test]
fn who_signed_the_leaf() {
    assert_eq!(found_in_keystore_of(&signed(broker_params("broker-1"), KeyKind::P256, None)), ["self-signed-leaf"]);
    assert_eq!(found_in_keystore_of(&root("root")), ["authority-as-leaf"]);
    assert_eq!(
        found_in_keystore_of(&leaf_with(|params| params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained))),
        ["authority-as-leaf"]
    );
}

#[test]
fn keys_that_not_everyone_can_use() {
    let root = root("root");
    let ed25519 = signed(broker_params("broker-1"), KeyKind::Ed25519, Some(&root));
    assert_eq!(found_in_keystore_of(&ed25519), ["ed25519-leaf"]);
}

#[test]
fn the_order_of_a_chain() {
    let root = root("root");
    let (upper, stranger) = (issuing("upper", &root), issuing("stranger", &root));
    let lower = issuing("lower", &upper);
    let broker = broker("broker-1", &lower);
    let found = |chain: &[&Made]| codes("k.jks", &file(Format::Jks, vec![key_entry("broker-1", chain)]));
    assert_eq!(found(&[&broker, &lower, &upper]), [""; 0]);
    assert_eq!(found(&[&broker, &upper, &lower]), ["chain-out-of-order"]);
    assert_eq!(found(&[&broker, &lower, &upper, &stranger]), ["chain-with-stranger"]);
    assert_eq!(found(&[&broker, &lower, &lower, &upper]), ["chain-with-duplicate"]);
    assert_eq!(found(&[&broker, &lower, &upper, &root]), ["chain-with-root"]);
    assert_eq!(found(&[&broker]), ["leaf-alone"]);
    let backwards = file(
        Format::Pem,
        vec![item(None, Held::Key { key: any_key(&broker), chain: Vec::new() }), bare(&upper), bare(&lower), bare(&broker)],
    );
    assert_eq!(codes("k.pem", &backwards), ["chain-out-of-order"]);
}

#[test]
fn a_chain_may_be_deeper_than_java_follows() {
    let root = root("root");
    let mut authorities = vec![issuing("authority 0", &root)];
    for index in 1..6 {
        authorities.insert(0, issuing(&format!("authority {index}"), &authorities[0]));
    }
    let broker = broker("broker-1", &authorities[0]);
    let chain: Vec<&Made> = [&broker].into_iter().chain(&authorities).collect();
    let deep = file(Format::Jks, vec![key_entry("broker-1", &chain)]);
    assert_eq!(codes("k.jks", &deep), ["chain-too-deep"]);
    let fits = file(Format::Jks, vec![key_entry("broker-1", &chain[..6])]);
    assert_eq!(codes("k.jks", &fits), [""; 0]);
}

#[test]
fn a_key_that_belongs_to_another_certificate() {
    let root = root("root");
    let (one, other) = (broker("broker-1", &root), broker("broker-2", &root));
    let mixed = item(Some("broker-1"), Held::Key { key: any_key(&other), chain: vec![one.certificate] });
    let checked = contents("k.jks", &file(Format::Jks, vec![mixed]), &options());
    assert_eq!(codes_of(&checked.findings), ["key-mismatch", "leaf-alone"]);
    assert!(checked.findings.iter().any(|finding| finding.rule.severity == Severity::Error));
}

#[test]
fn a_store_as_a_whole() {
    let root = root("root");
    let [one, two] = ["broker-1", "broker-2"].map(|name| broker(name, &issuing("issuing", &root)));
    let found = |name: &str, contents| -> Vec<&str> { codes(name, &contents).into_iter().filter(|code| *code != "leaf-alone").collect() };
    assert_eq!(found("t.jks", file(Format::Jks, Vec::new())), ["store-empty"]);
    let mut closed = file(Format::Pkcs12, Vec::new());
    closed.seal = Seal::Unchecked;
    assert_eq!(found("t.p12", closed), ["pkcs12-without-password"]);
    assert_eq!(found("t.p12", file(Format::Pkcs12, vec![bare(&root)])), ["pkcs12-without-trust-mark"]);
    assert_eq!(found("t.p12", file(Format::Pkcs12, vec![key_entry("a", &[&one]), trusted("root", &root)])), ["key-beside-trust"]);
    assert_eq!(found("k.p12", file(Format::Pkcs12, vec![key_entry("a", &[&one]), key_entry("b", &[&two])])), ["several-keys"]);
    assert_eq!(found("t.p12", file(Format::Pkcs12, vec![trusted("broker", &one)])), ["leaf-in-truststore"]);
    assert_eq!(found("t.jks", file(Format::Pkcs12, vec![trusted("root", &root)])), ["misnamed"]);
    let mut unsealed = file(Format::Pkcs12, vec![trusted("root", &root)]);
    unsealed.seal = Seal::Absent;
    assert_eq!(found("t.p12", unsealed), ["store-without-seal"]);
    let mut quick = file(Format::Pkcs12, vec![trusted("root", &root)]);
    quick.schemes = vec![Scheme { protects: Protected::Store, name: "HMAC-SHA1".to_owned(), iterations: Some(1) }];
    assert_eq!(found("t.p12", quick), ["few-iterations"]);
    let damaged = item(None, Held::Unreadable { what: "certificate", problem: "it ends too soon".to_owned(), at: Some(7) });
    assert_eq!(found("ca.pem", file(Format::Pem, vec![bare(&root), damaged])), ["damaged-part"]);
}

#[test]
fn single_entries() {
    let root = root("root");
    let found = |items| codes("store.jks", &file(Format::Jks, items));
    assert_eq!(found(vec![trusted("Root", &root)]), ["alias-upper-case"]);
    assert_eq!(found(vec![trusted("wurzel-ä", &root)]), ["alias-not-ascii"]);
    assert_eq!(found(vec![trusted("root", &root), trusted("ROOT", &root)]), ["alias-twice", "alias-upper-case"]);
    let broker = broker("broker-1", &issuing("issuing", &root));
    let locked = |lock| vec![item(Some("broker-1"), Held::Key { key: KeyState::Locked(lock), chain: vec![broker.certificate.clone()] })];
    assert_eq!(found(locked(Lock::NoPassword)), ["key-not-checked", "leaf-alone"]);
    assert_eq!(found(locked(Lock::WrongPassword)), ["key-with-own-password", "leaf-alone"]);
    assert_eq!(found(locked(Lock::Unsupported("1.2.3".to_owned()))), ["key-encryption", "leaf-alone"]);
}

#[test]
fn a_password_outside_ascii_is_found_and_not_shown() {
    let findings = passwords("k.p12", &Passwords { store: Some(Passphrase::new("pässword".to_owned())), ..Passwords::default() });
    assert_eq!(codes_of(&findings), ["password-not-ascii"]);
    assert!(!format!("{findings:?}").contains("pässword"));
}

/// Only who holds a verdict in hand may call a chain wrong.
#[test]
fn a_bundle_of_roots_is_no_chain() {
    let bundle: Vec<_> = ["one", "two", "three"].iter().map(|name| bare(&root(name))).collect();
    assert_eq!(codes("ca.pem", &file(Format::Pem, bundle)), [""; 0]);
}

#[test]
fn a_file_of_another_program_is_no_fault_of_kafka() {
    let root = root("root");
    let broker = broker("broker-1", &root);
    let key = |label: &str| format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
    let sec1 = key("EC PRIVATE KEY") + &broker.certificate.to_pem();
    let found = not_for_kafka("tls.pem", sec1.as_bytes(), None).unwrap();
    assert_eq!((found.rule.code, found.rule.severity), ("pem-not-for-kafka", Severity::Note));
    assert!(not_for_kafka("ca.pem", root.certificate.to_pem().as_bytes(), None).is_none(), "there is no key in it");
    let own = String::from_utf8(broker.key.to_pem().expose().to_vec()).unwrap() + &broker.certificate.to_pem();
    assert!(not_for_kafka("tls.pem", own.as_bytes(), None).is_none());
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_of_pem_panic(text in "(-{1,6}(BEGIN|END) ?(CERTIFICATE|(ENCRYPTED )?PRIVATE KEY)-{1,6}|[A-Za-z0-9+/=]{0,40}|[\r\n \u{feff}:]|MII){0,40}") {
        kafka_pem("a.pem", text.as_bytes(), KafkaStore::Keystore, None);
        kafka_pem("a.pem", text.as_bytes(), KafkaStore::Keystore, Some(&Passphrase::new("secret".to_owned())));
        erlang_pem("a.pem", text.as_bytes(), ErlangFile::Key);
        erlang_pem("a.pem", text.as_bytes(), ErlangFile::Chain);
    }
}
