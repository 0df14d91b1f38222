//! What is found in the files that a configuration names.

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use super::*;
use crate::keystore::{Contents, Format, Held, Item, KeyState, KeystoreError, Lock, Seal};
use crate::pki::Certificate;
use crate::settings::{Reference, Role, read, references};

const BROKER: &str = "\
process.roles=broker
node.id=2
controller.quorum.voters=1@controller-1.example:9095
controller.listener.names=CONTROLLER
listeners=BROKER://:9093
advertised.listeners=BROKER://broker-2.example:9093
inter.broker.listener.name=BROKER
listener.security.protocol.map=BROKER:SSL,CONTROLLER:SSL
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:CN=broker-2;User:CN=controller-1
ssl.client.auth=required
ssl.keystore.type=PKCS12
ssl.keystore.location=keystore.p12
ssl.keystore.password=correct horse
ssl.truststore.type=PKCS12
ssl.truststore.location=truststore.p12
ssl.truststore.password=correct horse
";

const RABBITMQ: &str = "\
listeners.tcp = none
listeners.ssl.default = 5671
ssl_options.cacertfile = ca.crt
ssl_options.certfile = tls.crt
ssl_options.keyfile = tls.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_options.depth = 1
";

const SERVER: ExtendedKeyUsagePurpose = ExtendedKeyUsagePurpose::ServerAuth;
const CLIENT: ExtendedKeyUsagePurpose = ExtendedKeyUsagePurpose::ClientAuth;

struct Authority(Issuer<'static, KeyPair>, Certificate);

fn parsed(certificate: &rcgen::Certificate) -> Certificate {
    Certificate::from_der(certificate.der().to_vec()).unwrap()
}

fn named(subject: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, subject);
    params
}

fn authority(subject: &str, issuer: Option<&Authority>) -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = named(subject);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = match issuer {
        Some(Authority(issuer, _)) => params.signed_by(&key, issuer),
        None => params.self_signed(&key),
    };
    let certificate = parsed(&certificate.unwrap());
    Authority(Issuer::new(params, key), certificate)
}

fn leaf(subject: &str, names: &[&str], usages: &[ExtendedKeyUsagePurpose], issuer: Option<&Authority>) -> Certificate {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name = named(subject).distinguished_name;
    params.extended_key_usages = usages.to_vec();
    let certificate = match issuer {
        Some(Authority(issuer, _)) => params.signed_by(&key, issuer),
        None => params.self_signed(&key),
    };
    parsed(&certificate.unwrap())
}

fn contents(format: Format, held: Vec<Held>) -> FileState {
    let items = held.into_iter().map(|held| Item { alias: None, created: None, held }).collect();
    FileState::Opened(Contents { format, items, seal: Seal::Intact, schemes: Vec::new() })
}

/// A key entry. The key itself stays closed for want of a password, which says nothing.
fn with_key(chain: &[&Certificate]) -> Held {
    Held::Key { key: KeyState::Locked(Lock::NoPassword), chain: chain.iter().copied().cloned().collect() }
}

fn trusted(certificate: &Certificate) -> Held {
    Held::Trusted(Box::new(certificate.clone()))
}

fn bare(certificate: &Certificate) -> Held {
    Held::Certificate(Box::new(certificate.clone()))
}

fn found(text: &str, state: impl Fn(&Reference) -> Option<FileState>) -> Vec<String> {
    let settings = read(text.as_bytes()).unwrap();
    let files: Vec<_> = references(&settings).into_iter().filter_map(|file| state(&file).map(|state| (file, state))).collect();
    let findings = config("the file", &settings, &files).into_iter();
    findings.map(|finding| format!("{} {}", finding.place.line.unwrap_or_default(), finding.rule.code)).collect()
}

/// What is found when the keystore and the truststore of the broker hold this.
fn found_in(keystore: Vec<Held>, truststore: Vec<Held>) -> Vec<String> {
    let (keystore, truststore) = (contents(Format::Pkcs12, keystore), contents(Format::Pkcs12, truststore));
    found(
        &BROKER.replace("password=correct horse", "password=${env:X}").replace("ssl.client", "config.providers=env\nssl.client"),
        |file| Some(if file.role == Role::Keystore { keystore.clone() } else { truststore.clone() }),
    )
}

#[test]
fn a_right_broker_and_its_likely_faults() {
    let root = authority("root", None);
    let issuing = authority("issuing", Some(&root));
    let right = leaf("broker-2", &["broker-2.example"], &[SERVER, CLIENT], Some(&issuing));
    let other_name = leaf("broker-2", &["broker-3.example"], &[SERVER, CLIENT], Some(&issuing));
    let no_name = leaf("broker-2", &[], &[SERVER, CLIENT], Some(&issuing));
    let wildcard = leaf("broker-2", &["*.example"], &[SERVER, CLIENT], Some(&issuing));
    let other_subject = leaf("broker-9", &["broker-2.example"], &[SERVER, CLIENT], Some(&issuing));
    let server_only = leaf("broker-2", &["broker-2.example"], &[SERVER], Some(&issuing));
    let self_signed = leaf("broker-2", &["broker-2.example"], &[SERVER, CLIENT], None);
    let keystore = |leaf: &Certificate| vec![with_key(&[leaf, &issuing.1])];
    let trust = || vec![trusted(&root.1)];
    let none: [&str; 0] = [];
    assert_eq!(found_in(keystore(&right), trust()), none);
    assert_eq!(found_in(keystore(&wildcard), trust()), none);
    assert_eq!(found_in(vec![with_key(&[&right])], vec![trusted(&issuing.1)]), none);
    assert_eq!(found_in(keystore(&other_name), trust()), ["6 advertised-name-not-covered"]);
    assert_eq!(found_in(keystore(&no_name), trust()), ["6 advertised-name-not-covered"]);
    assert_eq!(found_in(keystore(&other_subject), trust()), ["10 broker-not-super-user"]);
    assert_eq!(found_in(keystore(&server_only), trust()), ["14 certificate-usage-missing"]);
    assert_eq!(found_in(vec![with_key(&[&self_signed])], vec![trusted(&self_signed)]), ["14 named-store-with-self-signed-leaf"]);
    assert_eq!(found_in(vec![with_key(&[&right])], trust()), ["14 chain-not-trusted-here"]);
    assert_eq!(found_in(keystore(&right), vec![trusted(&authority("root", None).1)]), ["14 chain-not-trusted-here"]);
}

/// The signed certificate was imported under another alias than that of the key.
#[test]
fn stores_that_hold_the_wrong_things() {
    let root = authority("root", None);
    let leaf = leaf("broker-2", &["broker-2.example"], &[SERVER, CLIENT], Some(&root));
    let right = || vec![with_key(&[&leaf])];
    assert_eq!(found_in(vec![trusted(&leaf), trusted(&root.1)], vec![trusted(&root.1)]), ["14 keystore-without-key"]);
    assert_eq!(found_in([right(), right()].concat(), vec![trusted(&root.1)]), ["14 named-store-with-several-keys"]);
    assert_eq!(found_in(right(), vec![]), ["14 chain-not-trusted-here", "17 nothing-trusted"]);
    assert_eq!(found_in(right(), vec![bare(&root.1)]), ["14 chain-not-trusted-here", "17 nothing-trusted"]);
    assert_eq!(found_in(right(), vec![trusted(&root.1), with_key(&[&leaf])]), ["17 key-in-truststore"]);
}

#[test]
fn files_that_do_not_open() {
    let keystore = |state: FileState| found(BROKER, |file| (file.role == Role::Keystore).then(|| state.clone()));
    assert_eq!(keystore(FileState::Missing), ["13 file-missing"]);
    assert_eq!(keystore(FileState::Unreadable("permission denied".to_owned())), ["13 file-unreadable"]);
    assert_eq!(keystore(FileState::Refused(KeystoreError::WrongPassword("PKCS#12"))), ["13 store-does-not-open"]);
    let root = authority("root", None);
    let leaf = leaf("broker-2", &["broker-2.example"], &[SERVER, CLIENT], Some(&root));
    let key = |lock| contents(Format::Pkcs12, vec![Held::Key { key: KeyState::Locked(lock), chain: vec![leaf.clone()] }]);
    assert_eq!(keystore(key(Lock::WrongPassword)), ["13 key-does-not-open"]);
    assert_eq!(keystore(contents(Format::Jks, vec![with_key(&[&leaf])])), ["13 key-does-not-open"]);
    assert_eq!(
        keystore(contents(Format::Pem, vec![Held::Key { key: KeyState::Locked(Lock::NoPassword), chain: vec![leaf.clone()] }])),
        ["13 key-does-not-open", "13 store-type-differs"]
    );
}

#[test]
fn ed25519_is_not_for_kafka_in_pem() {
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let mut params = CertificateParams::new(vec!["broker-2.example".to_owned()]).unwrap();
    params.distinguished_name = named("broker-2").distinguished_name;
    let root = authority("root", None);
    let leaf = parsed(&params.signed_by(&key, &root.0).unwrap());
    let pem = BROKER.replace("keystore.type=PKCS12", "keystore.type=PEM").replace("ssl.keystore.password=correct horse", "#");
    let state = contents(Format::Pem, vec![with_key(&[]), bare(&leaf)]);
    let found = found(&pem.replace("keystore.p12", "keystore.pem"), |file| (file.role == Role::Keystore).then(|| state.clone()));
    assert_eq!(found, ["13 ed25519-in-kafka-pem"]);
}

#[test]
fn rabbitmqs_files() {
    let root = authority("root", None);
    let one = authority("one", Some(&root));
    let two = authority("two", Some(&one));
    let leaf = leaf("rabbit-1", &["rabbit-1.example"], &[SERVER], Some(&two));
    let chain = contents(Format::Pem, vec![bare(&leaf), bare(&two.1), bare(&one.1)]);
    let certificate = |state: &FileState| found(RABBITMQ, |file| (file.role == Role::Certificate).then(|| state.clone()));
    assert_eq!(certificate(&chain), ["8 chain-deeper-than-depth"]);
    assert_eq!(certificate(&contents(Format::Pem, vec![bare(&leaf), bare(&two.1)])), [""; 0]);
    assert_eq!(certificate(&contents(Format::Der, vec![bare(&leaf)])), ["4 store-type-differs"]);
    let anchors = |state: &FileState| found(RABBITMQ, |file| (file.role == Role::Anchors).then(|| state.clone()));
    assert_eq!(anchors(&contents(Format::Pem, vec![])), ["3 nothing-trusted"]);
    assert_eq!(anchors(&contents(Format::Pem, vec![bare(&root.1)])), [""; 0]);
}

#[test]
fn a_clients_certificate_is_for_clients() {
    let root = authority("root", None);
    let server = leaf("orders", &[], &[SERVER], Some(&root));
    let client = "security.protocol=SSL\nssl.truststore.location=t.jks\nssl.keystore.location=k.jks\nssl.keystore.password=x\n";
    let state = contents(Format::Jks, vec![Held::Key { key: KeyState::Locked(Lock::WrongPassword), chain: vec![server] }]);
    let found = found(client, |file| (file.role == Role::Keystore).then(|| state.clone()));
    assert_eq!(found, ["3 certificate-usage-missing", "3 key-does-not-open"]);
}
