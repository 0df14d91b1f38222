//! The stores that `apply` writes, as keytool and openssl see them; and theirs, as we see them.

#![allow(clippy::disallowed_methods)]

mod support;

use std::path::Path;
use std::process::Command;

use aws_lc_rs::rand::SystemRandom;
use countersign::keystore::{Entry, Pkcs12Profile, jks, pkcs12};
use countersign::pki::{Certificate, KeyKind, Password, PrivateKey};
use rcgen::{CertificateParams, DnType, Issuer};
use support::{Workspace, program};
use time::OffsetDateTime;

/// Every kind of store for a broker and a client, with a leaf of this kind, for this Java.
fn applied(key: &str, java: u32) -> Workspace {
    let workspace = Workspace::new(&format!(
        r"
cluster: stores
subject: {{ O: Acme, C: DE }}
leaf: {{ key: {key} }}
stores: {{ formats: [pkcs12, jks, pem], java: {java} }}
kafka:
  listeners: {{ BROKER: {{ port: 9093 }}, CONTROLLER: {{ port: 9095 }} }}
  brokers: [{{ name: broker-1, host: broker-1.example, also: [10.0.0.1, spiffe://acme/broker-1] }}]
"
    ));
    workspace.ok(&["apply", "--no-proof"]);
    workspace
}

const GENERATION: &str = "pki/kafka/broker-1/current";

fn keytool(workspace: &Workspace, store: &str, password: &str, arguments: &[&str]) -> String {
    let generation = workspace.path(GENERATION);
    let password = generation.join(password);
    let mut command = Command::new("keytool");
    command.args(arguments).arg("-keystore").arg(generation.join(store)).arg("-storepass:file").arg(password);
    program(&mut command)
}

#[test]
fn keytool_sees_one_key_with_its_chain_in_each_keystore() {
    for java in [8, 11] {
        let workspace = applied("p256", java);
        for (store, format) in [("keystore.p12", "PKCS12"), ("keystore.jks", "JKS")] {
            let seen = keytool(&workspace, store, "password", &["-list", "-v"]);
            assert!(seen.contains(&format!("Keystore type: {format}")), "{seen}");
            assert!(seen.contains("Your keystore contains 1 entry") && seen.contains("Alias name: broker-1"), "{seen}");
            assert!(seen.contains("Entry type: PrivateKeyEntry") && seen.contains("Certificate chain length: 2"), "{seen}");
            assert!(seen.contains("Owner: CN=broker-1, O=Acme, C=DE"), "{seen}");
            for name in ["DNSName: broker-1.example", "IPAddress: 10.0.0.1", "URIName: spiffe://acme/broker-1"] {
                assert!(seen.contains(name), "{name}: {seen}");
            }
        }
    }
}

#[test]
fn keytool_sees_the_anchors_as_trusted_entries() {
    for java in [8, 11] {
        let workspace = applied("p256", java);
        for store in ["truststore.p12", "truststore.jks"] {
            let seen = keytool(&workspace, store, "truststore.password", &["-list"]);
            assert!(seen.contains("Your keystore contains 1 entry"), "{seen}");
            assert!(seen.contains("stores-root-1, ") && seen.contains("trustedCertEntry"), "{seen}");
        }
    }
}

/// Importing decrypts the key: a store that only lists well is not enough.
#[test]
fn keytool_can_use_the_keys() {
    for (key, java) in [("p256", 11), ("p384", 8), ("rsa2048", 11)] {
        let workspace = applied(key, java);
        for store in ["keystore.p12", "keystore.jks"] {
            let generation = workspace.path(GENERATION);
            let copy = workspace.path(format!("copy-of-{store}"));
            let mut command = Command::new("keytool");
            command.args(["-importkeystore", "-noprompt", "-deststoretype", "PKCS12", "-srckeystore"]).arg(generation.join(store));
            command.arg("-destkeystore").arg(&copy);
            command.arg("-srcstorepass:file").arg(generation.join("password")).arg("-deststorepass:file").arg(generation.join("password"));
            let said = program(&mut command);
            assert!(said.contains("Entry for alias broker-1 successfully imported."), "{said}");
        }
    }
}

#[test]
fn openssl_opens_both_encodings_of_pkcs12() {
    for (java, cipher) in [(11, "PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256"), (8, "pbeWithSHA1And3-KeyTripleDES-CBC")]
    {
        let workspace = applied("p256", java);
        let generation = workspace.path(GENERATION);
        let password = format!("file:{}", generation.join("password").display());
        let mut command = Command::new("openssl");
        command.args(["pkcs12", "-info", "-noenc", "-passin", &password, "-in"]).arg(generation.join("keystore.p12"));
        let seen = program(&mut command);
        assert!(seen.contains(cipher) && seen.contains("BEGIN PRIVATE KEY") && seen.contains("friendlyName: broker-1"), "{seen}");
    }
}

#[test]
fn openssl_finds_nothing_to_criticise_in_the_certificates() {
    let workspace = applied("p256", 11);
    let verify = |purpose: &str| {
        let mut command = Command::new("openssl");
        command.args(["verify", "-x509_strict", "-purpose", purpose, "-verify_hostname", "broker-1.example", "-CAfile"]);
        command.arg(workspace.path("pki/trust/ca.crt")).arg("-untrusted").arg(workspace.path(GENERATION).join("tls.crt"));
        program(command.arg(workspace.path(GENERATION).join("tls.crt")))
    };
    assert!(verify("sslserver").ends_with(": OK\n"));
    assert!(verify("sslclient").ends_with(": OK\n"));
}

/// What keytool writes, with its own key.
fn written_by_keytool(directory: &Path, format: &str) -> Vec<u8> {
    let store = directory.join(format);
    let mut command = Command::new("keytool");
    command.args(["-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-alias", "mine", "-dname", "CN=mine,O=Acme"]);
    command.args(["-storetype", format, "-storepass:env", "PASSWORD", "-keypass:env", "PASSWORD", "-keystore"]).arg(&store);
    program(command.env("PASSWORD", "a keytool password"));
    std::fs::read(store).unwrap()
}

#[test]
fn stores_that_keytool_writes_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let password = Password::new("a keytool password".into()).unwrap();
    let jks = jks::read(&written_by_keytool(directory.path(), "JKS"), &password).unwrap();
    let pkcs12 = pkcs12::read(&written_by_keytool(directory.path(), "PKCS12"), &password).unwrap();
    for entries in [jks, pkcs12] {
        let [Entry::PrivateKey { alias, key, chain }] = entries.as_slice() else { panic!("{entries:?}") };
        let key = PrivateKey::from_pkcs8(key.expose()).unwrap();
        assert_eq!((alias.as_str(), chain.len(), key.public_key()), ("mine", 1, chain[0].public_key.clone()));
    }
}

/// Keys of three kinds, each with its chain of two, and the anchor above them all under a name of its own.
fn several() -> (Vec<Entry>, Password) {
    let named = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let certificate = |made: rcgen::Certificate| Certificate::from_der(made.der().to_vec()).unwrap();
    let [root_key, issuing_key] = [(); 2].map(|()| PrivateKey::generate(KeyKind::P256).unwrap());
    let root = certificate(named("root").self_signed(&root_key).unwrap());
    let issuing = certificate(named("issuing").signed_by(&issuing_key, &Issuer::from_params(&named("root"), &root_key)).unwrap());
    let mut entries = vec![Entry::Trusted { alias: "anchor".to_owned(), certificate: Box::new(root) }];
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Rsa2048] {
        let key = PrivateKey::generate(kind).unwrap();
        let leaf = certificate(named(kind.name()).signed_by(&key, &Issuer::from_params(&named("issuing"), &issuing_key)).unwrap());
        entries.push(Entry::PrivateKey { alias: kind.name().to_owned(), key: key.pkcs8().clone(), chain: vec![leaf, issuing.clone()] });
    }
    (entries, Password::new("several entries".into()).unwrap())
}

/// `keytool` on a store of several entries.
fn keytool_on(store: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("keytool");
    command.args(["-J-Dfile.encoding=UTF-8", "-J-Dstdout.encoding=UTF-8"]).args(arguments).arg("-keystore").arg(store);
    command.args(["-storepass:env", "PASSWORD"]).env("PASSWORD", "several entries");
    program(&mut command)
}

/// With the anchor beside it, Java's chain of a PKCS#12 key goes up to the anchor: so does ours.
#[test]
fn keytool_and_we_see_the_same_in_a_store_of_several_entries() {
    let (entries, password) = several();
    let directory = tempfile::tempdir().unwrap();
    let stores = [
        ("several.jks", jks::write(&entries, &password, OffsetDateTime::UNIX_EPOCH, &SystemRandom::new()).unwrap(), jks::read as Read),
        ("modern.p12", pkcs12::write(&entries, &password, Pkcs12Profile::Modern, &SystemRandom::new()).unwrap(), pkcs12::read),
        ("java8.p12", pkcs12::write(&entries, &password, Pkcs12Profile::Java8, &SystemRandom::new()).unwrap(), pkcs12::read),
    ];
    for (name, bytes, read) in stores {
        let store = directory.path().join(name);
        std::fs::write(&store, &bytes).unwrap();
        let ours = read(&bytes, &password).unwrap();
        assert_eq!(ours.len(), entries.len());
        for entry in ours {
            let seen = keytool_on(&store, &["-list", "-v", "-alias", entry.alias()]);
            let wanted = match &entry {
                Entry::PrivateKey { chain, .. } => format!("Entry type: PrivateKeyEntry\nCertificate chain length: {}\n", chain.len()),
                Entry::Trusted { .. } => "Entry type: trustedCertEntry\n".to_owned(),
                Entry::SecretKey { .. } => "Entry type: SecretKeyEntry\n".to_owned(),
            };
            assert!(seen.contains(&wanted), "{name}: {wanted:?} is not in {seen}");
        }
    }
}

#[test]
fn keytool_reads_any_alias_of_a_jks() {
    let (entries, password) = several();
    let Entry::Trusted { certificate, .. } = entries[0].clone() else { unreachable!() };
    let entry = Entry::Trusted { alias: "Größe 😀".to_owned(), certificate };
    let store = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(store.path(), jks::write(&[entry], &password, OffsetDateTime::UNIX_EPOCH, &SystemRandom::new()).unwrap()).unwrap();
    let seen = keytool_on(store.path(), &["-list"]);
    assert!(seen.contains("größe 😀, ") && seen.contains("trustedCertEntry"), "{seen}");
}

#[test]
fn anchors_that_keytool_imports_are_read() {
    let (entries, password) = several();
    let Entry::Trusted { certificate, .. } = &entries[0] else { unreachable!() };
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("root.crt"), certificate.to_pem()).unwrap();
    for (format, read) in [("JKS", jks::read as Read), ("PKCS12", pkcs12::read)] {
        let store = directory.path().join(format);
        let root = directory.path().join("root.crt");
        keytool_on(&store, &["-genkeypair", "-keyalg", "EC", "-alias", "mine", "-dname", "CN=mine", "-storetype", format]);
        keytool_on(&store, &["-importcert", "-noprompt", "-alias", "anchor", "-file", root.to_str().unwrap()]);
        let read = read(&std::fs::read(store).unwrap(), &password).unwrap();
        assert!(read.len() == 2 && read.contains(&entries[0]), "{format}: {read:?}");
    }
}

/// openssl's own store of the holder's key and certificate, with and without the MAC that seals it.
#[test]
fn a_store_that_openssl_writes_is_read_if_it_is_sealed() {
    let workspace = applied("p256", 11);
    let generation = workspace.path(GENERATION);
    let written = |more: &[&str]| {
        let store = workspace.path("openssl.p12");
        let mut command = Command::new("openssl");
        command.args(["pkcs12", "-export", "-name", "broker-1", "-passout", "env:PASSWORD"]).args(more);
        command.arg("-inkey").arg(generation.join("tls.key")).arg("-in").arg(generation.join("tls.crt")).arg("-out").arg(&store);
        program(command.env("PASSWORD", "an openssl password"));
        std::fs::read(store).unwrap()
    };
    let password = Password::new("an openssl password".into()).unwrap();
    let chain = Certificate::from_pem(workspace.read(format!("{GENERATION}/tls.crt")).as_bytes()).unwrap();
    let read = pkcs12::read(&written(&[]), &password).unwrap();
    assert!(matches!(read.as_slice(), [Entry::PrivateKey { alias, chain: read, .. }] if alias == "broker-1" && *read == chain), "{read:?}");
    let refused = pkcs12::read(&written(&["-nomac"]), &password).unwrap_err();
    assert_eq!(refused.to_string(), "not a PKCS#12 store: it has no MAC: no password seals it");
}

type Read = fn(&[u8], &Password) -> Result<Vec<Entry>, countersign::keystore::KeystoreError>;

/// A byte here, a byte there, the rest missing: an error, never a panic, and never a key without the password.
#[test]
fn damaged_stores_are_refused() {
    let workspace = applied("p256", 11);
    let generation = workspace.path(GENERATION);
    let password = Password::new(workspace.read(format!("{GENERATION}/password")).trim().to_owned()).unwrap();
    let wrong = Password::new("not the password".into()).unwrap();
    for (store, read) in [("keystore.p12", pkcs12::read as Read), ("keystore.jks", jks::read as Read)] {
        let right = std::fs::read(generation.join(store)).unwrap();
        assert!(read(&right, &password).is_ok());
        assert!(read(&right, &wrong).unwrap_err().to_string().contains("password"));
        for at in (0..right.len()).step_by(7) {
            let mut flipped = right.clone();
            flipped[at] ^= 0x41;
            let flipped = read(&flipped, &password);
            assert!(store == "keystore.p12" || flipped.is_err(), "{store}: byte {at} may be anything");
            assert!(read(&right[..at], &password).is_err(), "{store} cut at {at}");
        }
    }
}
