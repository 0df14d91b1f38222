//! What conversions keep to, whatever is converted.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer};
use time::OffsetDateTime;

use super::*;
use crate::keystore::{Format, Held, Item, KeyState, Passwords, Pkcs12Profile, Seal, open};
use crate::pki::{AnyKey, KeyKind, Passphrase, PrivateKey};

/// Three holders of one issuing authority, which a root vouches for, and a root that has nothing to do with them.
struct World {
    stranger: Certificate,
    root: Certificate,
    issuing: Certificate,
    holders: Vec<(AnyKey, Certificate)>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let named = |name: &str, is_ca: IsCa| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = is_ca;
        params
    };
    let authority = || IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = |made: rcgen::Certificate| Certificate::from_der(made.der().to_vec()).unwrap();
    let [root_key, issuing_key] = [(); 2].map(|()| PrivateKey::generate(KeyKind::P256).unwrap());
    let (root, issuing) = (named("root", authority()), named("issuing", authority()));
    let signer = Issuer::from_params(&issuing, &issuing_key);
    let holders = ["one", "two", "three"].map(|name| {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let leaf = certificate(named(name, IsCa::NoCa).signed_by(&key, &signer).unwrap());
        (AnyKey::from_pkcs8(key.pkcs8().expose()).unwrap(), leaf)
    });
    let stranger = named("stranger", authority()).self_signed(&root_key).unwrap();
    World {
        stranger: certificate(stranger),
        root: certificate(root.self_signed(&root_key).unwrap()),
        issuing: certificate(issuing.signed_by(&issuing_key, &Issuer::from_params(&root, &root_key)).unwrap()),
        holders: holders.into(),
    }
});

fn item(alias: &str, held: Held) -> Item {
    Item { alias: Some(alias.to_owned()), created: None, held }
}

fn loose(certificate: &Certificate) -> Item {
    Item { alias: None, created: None, held: Held::Certificate(Box::new(certificate.clone())) }
}

fn contents(items: Vec<Item>) -> Contents {
    Contents { format: Format::Pem, items, seal: Seal::Absent, schemes: Vec::new() }
}

fn key(holder: usize, chain: Vec<Certificate>) -> Held {
    Held::Key { key: KeyState::Open(WORLD.holders[holder].0.clone()), chain }
}

static PASSWORD: LazyLock<Password> = LazyLock::new(|| Password::new("of the target".into()).unwrap());

fn order<'a>(target: Target, selection: &'a Selection, entropy: &'a SystemRandom) -> Order<'a> {
    let password = target.has_aliases().then_some(&*PASSWORD);
    let now = OffsetDateTime::UNIX_EPOCH;
    Order { selection, target, chain: &[], password, key_password: None, losses: Losses::Refused, now, entropy }
}

fn converted(contents: &Contents, target: Target) -> Contents {
    let converted = convert(contents, order(target, &Selection::default(), &SystemRandom::new())).unwrap();
    let passwords = Passwords { store: Some(Passphrase::from(&*PASSWORD)), ..Passwords::default() };
    open(converted.bytes.expose(), &passwords).unwrap()
}

/// The PKCS#8 of a key and its chain.
type Pair = (Vec<u8>, Vec<Certificate>);

/// Keys with their chains, and certificates, in order of what they hold.
fn substance(contents: &Contents) -> (Vec<Pair>, Vec<Certificate>) {
    let (mut keys, mut certificates) = (Vec::new(), Vec::new());
    for item in &contents.items {
        match &item.held {
            Held::Key { key: KeyState::Open(key), chain } => keys.push((key.pkcs8().expose().to_vec(), chain.clone())),
            Held::Trusted(certificate) | Held::Certificate(certificate) => certificates.push((**certificate).clone()),
            other => panic!("{other:?}"),
        }
    }
    keys.sort_by(|one, other| one.0.cmp(&other.0));
    certificates.sort_by(|one, other| one.der().cmp(other.der()));
    (keys, certificates)
}

fn targets() -> impl Strategy<Value = Target> {
    let [modern, java8] = [Pkcs12Profile::Modern, Pkcs12Profile::Java8].map(Target::Pkcs12);
    proptest::sample::select(vec![Target::Pem, modern, java8, Target::Jks, Target::Jceks])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// There and back again, by any two formats.
    #[test]
    fn nothing_is_lost_on_the_way(keys in 0..=3usize, anchored in any::<bool>(), first in targets(), second in targets()) {
        let chain = |holder: usize| vec![WORLD.holders[holder].1.clone(), WORLD.issuing.clone()];
        let mut items: Vec<Item> = (0..keys).map(|holder| item(&format!("holder-{holder}"), key(holder, chain(holder)))).collect();
        if anchored || keys == 0 {
            items.push(item("stranger", Held::Trusted(Box::new(WORLD.stranger.clone()))));
        }
        let before = contents(items);
        let after = converted(&converted(&before, first), second);
        prop_assert_eq!(substance(&after), substance(&before));
    }

    /// In whatever order the certificates of a PEM file stand.
    #[test]
    fn a_chain_is_found_in_any_order(order in Just(vec![0, 1, 2, 3]).prop_shuffle(), target in targets()) {
        let certificates = [&WORLD.holders[0].1, &WORLD.issuing, &WORLD.holders[1].1].map(loose);
        let mut items: Vec<Item> = vec![item("", key(0, Vec::new()))];
        items.extend(certificates);
        let shuffled = contents(order.into_iter().map(|index: usize| items[index].clone()).collect());
        let (keys, others) = substance(&converted(&shuffled, target));
        prop_assert_eq!(&keys[0].1, &vec![WORLD.holders[0].1.clone(), WORLD.issuing.clone()]);
        prop_assert_eq!(others, vec![WORLD.holders[1].1.clone()]);
    }
}

/// Who gave it, wants it: a Java client of old sends what is in the chain.
#[test]
fn a_root_stays_in_the_chain_that_it_was_in() {
    let chain = vec![WORLD.root.clone(), WORLD.holders[0].1.clone(), WORLD.issuing.clone()];
    let after = converted(&contents(vec![item("one", key(0, chain))]), Target::Jks);
    assert_eq!(substance(&after).0[0].1, [WORLD.holders[0].1.clone(), WORLD.issuing.clone(), WORLD.root.clone()]);
}

/// A certificate that was an entry of its own remains one, also when a chain holds it too.
#[test]
fn a_trusted_entry_is_not_taken_into_a_chain() {
    let items = vec![item("one", key(0, vec![WORLD.holders[0].1.clone()])), item("ca", Held::Trusted(Box::new(WORLD.issuing.clone())))];
    let (keys, trusted) = substance(&converted(&contents(items), Target::Jks));
    assert_eq!((keys[0].1.len(), trusted), (2, vec![WORLD.issuing.clone()]));
}
