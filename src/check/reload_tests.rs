//! One store in place of another.

use rcgen::SanType;

use super::fixture::*;
use super::{Allowed, Change, reload};
use crate::keystore::{Contents, Format, Held};
use crate::pki::KeyKind;

const NOTHING: Allowed = Allowed { subject: Change::Refused, names: Change::Refused };

fn keystore(leaf: &Made) -> Contents {
    file(Format::Pkcs12, vec![key_entry("broker-1", &[leaf])])
}

fn codes(current: &Contents, next: &Contents, allowed: Allowed) -> Vec<&'static str> {
    codes_of(&reload("keystore.p12", current, next, allowed))
}

#[test]
fn a_renewed_leaf_is_taken() {
    let root = root("root");
    let mut more = broker_params("broker-1");
    more.subject_alt_names.push(SanType::DnsName("another.example".try_into().unwrap()));
    let next = signed(more, KeyKind::Rsa2048, Some(&root));
    assert_eq!(codes(&keystore(&broker("broker-1", &root)), &keystore(&next), NOTHING), [""; 0]);
}

#[test]
fn another_subject_or_fewer_names_are_taken_where_the_broker_allows_them() {
    let root = root("root");
    let (current, next) = (keystore(&broker("broker-1", &root)), keystore(&broker("broker-2", &root)));
    assert_eq!(codes(&current, &next, NOTHING), ["reload-names", "reload-subject"]);
    assert_eq!(codes(&current, &next, Allowed { subject: Change::Allowed, ..NOTHING }), ["reload-names"]);
    assert_eq!(codes(&current, &next, Allowed { names: Change::Allowed, ..NOTHING }), ["reload-subject"]);
}

#[test]
fn the_entries_are_counted_and_compared_by_alias() {
    let root = root("root");
    let [one, two] = ["one", "two"].map(|name| broker(name, &root));
    let both = |first: &Made, second: &Made, names: [&str; 2]| {
        file(Format::Jks, vec![key_entry(names[0], &[first]), key_entry(names[1], &[second])])
    };
    let current = both(&one, &two, ["one", "two"]);
    assert_eq!(codes(&current, &both(&two, &one, ["two", "one"]), NOTHING), [""; 0]);
    assert_eq!(codes(&current, &both(&two, &one, ["one", "two"]), NOTHING).len(), 4);
    assert_eq!(codes(&current, &keystore(&one), NOTHING), ["reload-entries"]);
    let with_trust = file(Format::Jks, vec![key_entry("one", &[&one]), trusted("root", &root)]);
    assert_eq!(codes(&keystore(&one), &with_trust, NOTHING), ["reload-entries"]);
}

#[test]
fn a_keystore_stays_a_keystore_and_pem_stays_pem() {
    let root = root("root");
    let broker = broker("broker-1", &root);
    assert_eq!(codes(&keystore(&broker), &file(Format::Pkcs12, vec![trusted("root", &root)]), NOTHING), ["reload-without-key"]);
    let pem = file(Format::Pem, vec![item(None, Held::Key { key: any_key(&broker), chain: Vec::new() }), bare(&broker)]);
    assert_eq!(codes(&keystore(&broker), &pem, NOTHING), ["reload-format"]);
    assert_eq!(codes(&pem, &pem, NOTHING), [""; 0]);
}

#[test]
fn an_authority_that_is_no_longer_trusted_is_named() {
    let [old, new] = ["old", "new"].map(root);
    let store = |items| file(Format::Pkcs12, items);
    let both = store(vec![trusted("old", &old), trusted("new", &new)]);
    assert_eq!(codes(&store(vec![trusted("old", &old)]), &both, NOTHING), [""; 0]);
    assert_eq!(codes(&both, &store(vec![trusted("new", &new)]), NOTHING), ["reload-anchor-dropped"]);
}
