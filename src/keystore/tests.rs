//! What holds for a store whatever its format: what was written is read, and anything else is refused.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use proptest::prelude::*;
use rcgen::{CertificateParams, DnType, Issuer};
use time::OffsetDateTime;

use super::jks::{Protection, Variant};
use super::{Entry, KeystoreError, Passwords, Pkcs12Profile, jks, pkcs12};
use crate::pki::{Certificate, KeyKind, Password, PrivateKey, Secret};

#[derive(Debug, Clone, Copy)]
enum Format {
    Jks,
    Jceks,
    Pkcs12(Pkcs12Profile),
}

impl Format {
    const ALL: [Self; 4] = [Self::Jks, Self::Jceks, Self::Pkcs12(Pkcs12Profile::Modern), Self::Pkcs12(Pkcs12Profile::Java8)];

    fn write(self, entries: &[Entry], password: &Password) -> Result<Vec<u8>, KeystoreError> {
        match self {
            Self::Jks => jks::write(entries, password, OffsetDateTime::UNIX_EPOCH, &SystemRandom::new()),
            Self::Jceks => {
                let protection = Protection { store: password, keys: password };
                jks::write_as(Variant::Jceks, entries, protection, OffsetDateTime::UNIX_EPOCH, &SystemRandom::new())
            }
            Self::Pkcs12(profile) => pkcs12::write(entries, password, profile, &SystemRandom::new()),
        }
    }

    fn read(self, bytes: &[u8], password: &Password) -> Result<Vec<Entry>, KeystoreError> {
        match self {
            Self::Jks | Self::Jceks => jks::read(bytes, password),
            Self::Pkcs12(_) => pkcs12::read(bytes, password),
        }
    }
}

/// A key with the chain of its certificate, leaf first.
struct Held {
    key: Secret,
    chain: Vec<Certificate>,
}

impl Held {
    fn entry(&self, alias: &str) -> Entry {
        Entry::PrivateKey { alias: alias.to_owned(), key: self.key.clone(), chain: self.chain.clone() }
    }
}

fn trusted(alias: &str, certificate: &Certificate) -> Entry {
    Entry::Trusted { alias: alias.to_owned(), certificate: Box::new(certificate.clone()) }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn anchor(name: &str) -> Certificate {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    Certificate::from_der(named(name).self_signed(&key).unwrap().der().to_vec()).unwrap()
}

/// One certificate for this key, by an authority of its own.
fn certified(name: &str, key: &PrivateKey) -> Held {
    let (authority_key, authority) = (PrivateKey::generate(KeyKind::P256).unwrap(), named(&format!("authority of {name}")));
    let leaf = named(name).signed_by(key, &Issuer::from_params(&authority, &authority_key)).unwrap();
    let chain = [leaf, authority.self_signed(&authority_key).unwrap()];
    Held { key: key.pkcs8().clone(), chain: chain.iter().map(|made| Certificate::from_der(made.der().to_vec()).unwrap()).collect() }
}

static HELD: LazyLock<Vec<Held>> = LazyLock::new(|| {
    [KeyKind::P256, KeyKind::P384, KeyKind::Rsa2048, KeyKind::Ed25519]
        .map(|kind| certified(kind.name(), &PrivateKey::generate(kind).unwrap()))
        .into()
});
static ANCHORS: LazyLock<Vec<Certificate>> = LazyLock::new(|| ["one", "two", "three"].map(anchor).into());

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

/// PKCS#12 keeps keys and certificates apart: the order of the entries is not kept.
fn sorted(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|one, other| one.alias().cmp(other.alias()));
    entries
}

fn formats() -> impl Strategy<Value = Format> {
    proptest::sample::select(Format::ALL.to_vec())
}

fn passwords() -> impl Strategy<Value = Password> {
    "[!-~][ -~]{4,40}[!-~]".prop_map(|text| password(&text))
}

/// Some keys and some anchors, each under an alias of its own.
fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let aliases = proptest::collection::btree_set("[a-z0-9._-]{1,64}", 0..7usize);
    (aliases, 0..=HELD.len()).prop_map(|(aliases, keys): (BTreeSet<String>, usize)| {
        let entry = |(index, alias): (usize, &String)| match index.checked_sub(keys) {
            None => HELD[index].entry(alias),
            Some(anchor) => trusted(alias, &ANCHORS[anchor % ANCHORS.len()]),
        };
        aliases.iter().enumerate().map(entry).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_was_written_is_read(format in formats(), entries in entries(), password in passwords()) {
        let written = format.write(&entries, &password).unwrap();
        prop_assert_eq!(sorted(format.read(&written, &password).unwrap()), sorted(entries));
    }

    #[test]
    fn no_other_password_opens_a_store(format in formats(), entries in entries(), right in passwords(), wrong in passwords()) {
        prop_assume!(right != wrong);
        let refused = format.read(&format.write(&entries, &right).unwrap(), &wrong).unwrap_err();
        match format {
            Format::Jks => prop_assert_eq!(refused, KeystoreError::WrongPasswordOrDamaged("JKS")),
            Format::Jceks => prop_assert_eq!(refused, KeystoreError::WrongPasswordOrDamaged("JCEKS")),
            Format::Pkcs12(_) => prop_assert_eq!(refused, KeystoreError::WrongPassword("PKCS#12")),
        }
    }
}

static ENTRIES: LazyLock<[Entry; 2]> = LazyLock::new(|| [HELD[0].entry("broker-1"), trusted("root-1", &ANCHORS[0])]);
/// The same entries in each format.
static WRITTEN: LazyLock<[Vec<u8>; 4]> =
    LazyLock::new(|| Format::ALL.map(|format| format.write(&*ENTRIES, &password("correct horse")).unwrap()));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Octets changed, put in or cut off: an error, or what was written; never a panic, never something else.
    #[test]
    fn a_damaged_store_is_refused(
        store in 0..Format::ALL.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..3u8, any::<u8>()), 1..4),
    ) {
        let mut bytes = WRITTEN[store].clone();
        for (at, change, byte) in changes {
            let at = at.index(bytes.len());
            match change {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        if let Ok(read) = Format::ALL[store].read(&bytes, &password("correct horse")) {
            prop_assert_eq!(read.as_slice(), &*ENTRIES);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let after_the_header = [&[0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2, 0, 0, 0], bytes.as_slice()].concat();
        for format in Format::ALL {
            prop_assert!(format.read(&bytes, &password("correct horse")).is_err());
            prop_assert!(format.read(&after_the_header, &password("correct horse")).is_err());
        }
    }
}

/// Java compares aliases in lower case. An anchor must not vanish because another has its name.
#[test]
fn two_entries_of_one_name_are_refused() {
    for format in Format::ALL {
        let entries = [trusted("root-1", &ANCHORS[0]), trusted("Root-1", &ANCHORS[1])];
        let refused = format.write(&entries, &password("correct horse")).unwrap_err();
        assert!(refused.to_string().ends_with(r#"two entries are called "root-1""#), "{format:?}: {refused}");
    }
}

#[test]
fn a_key_without_a_certificate_is_refused_where_java_wants_one() {
    let lonely = || Entry::PrivateKey { alias: "broker-1".to_owned(), key: HELD[0].key.clone(), chain: Vec::new() };
    for format in [Format::Jks, Format::Jceks] {
        let refused = format.write(&[lonely()], &password("correct horse")).unwrap_err();
        assert!(refused.to_string().ends_with(r#"the key of "broker-1" has no certificate"#), "{format:?}: {refused}");
    }
}

/// As after a renewal that keeps the key.
#[test]
fn one_key_may_have_two_certificates() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let entries = vec![certified("old", &key).entry("a"), certified("new", &key).entry("b")];
    for format in Format::ALL {
        let written = format.write(&entries, &password("correct horse")).unwrap();
        assert_eq!(sorted(format.read(&written, &password("correct horse")).unwrap()), entries, "{format:?}");
    }
}

#[test]
fn an_error_shows_neither_password_nor_key() {
    for format in Format::ALL {
        let written = format.write(&[HELD[0].entry("broker-1")], &password("correct horse")).unwrap();
        let (read, refused) = (format.read(&written, &password("correct horse")), format.read(&written, &password("battery staple")));
        assert!(format!("{read:?}").contains("[secret]"));
        let refused = refused.unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("battery"));
    }
}

/// The same in BER: no element says its length, and strings come in pieces.
fn in_pieces(der: &[u8], out: &mut Vec<u8>) {
    let mut rest = der;
    while let [tag, length, ..] = rest {
        let octets = if *length < 0x80 { 0 } else { usize::from(length & 0x7F) };
        let length = if octets == 0 {
            usize::from(*length)
        } else {
            rest[2..2 + octets].iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet))
        };
        let (element, after) = rest.split_at(2 + octets + length);
        let content = &element[2 + octets..];
        match tag {
            0x04 => {
                out.extend([0x24, 0x80]);
                content.chunks(100).for_each(|piece| out.extend([&[0x04, piece.len() as u8], piece].concat()));
                out.extend([0, 0]);
            }
            constructed if constructed & 0x20 != 0 => {
                out.extend([*tag, 0x80]);
                in_pieces(content, out);
                out.extend([0, 0]);
            }
            _ => out.extend_from_slice(element),
        }
        rest = after;
    }
}

#[test]
fn pkcs12_may_be_ber() {
    for format in [Format::Pkcs12(Pkcs12Profile::Modern), Format::Pkcs12(Pkcs12Profile::Java8)] {
        let mut ber = Vec::new();
        in_pieces(&format.write(&*ENTRIES, &password("correct horse")).unwrap(), &mut ber);
        assert_eq!(format.read(&ber, &password("correct horse")).unwrap(), *ENTRIES);
        assert_eq!(format.read(&ber, &password("battery staple")), Err(KeystoreError::WrongPassword("PKCS#12")));
    }
}

/// JKS and JCEKS alone give keys a password of their own.
#[test]
fn keys_and_store_may_have_different_passwords() {
    let (store, keys) = (password("of the store"), password("of the key"));
    let secret = Entry::SecretKey { alias: "aes".to_owned(), algorithm: "AES".to_owned(), key: Secret::new(vec![7; 32]) };
    for (variant, entries) in [(Variant::Jks, vec![HELD[0].entry("a")]), (Variant::Jceks, vec![HELD[0].entry("a"), secret])] {
        let protection = Protection { store: &store, keys: &keys };
        let written = jks::write_as(variant, &entries, protection, OffsetDateTime::UNIX_EPOCH, &SystemRandom::new()).unwrap();
        assert_eq!(jks::read(&written, &store), Err(KeystoreError::WrongKeyPassword("a".to_owned())));
        let both = Passwords { store: Some((&store).into()), keys: vec![(&keys).into()] };
        assert_eq!(jks::open(&written, &both).unwrap().into_entries(), Ok(entries));
    }
}
