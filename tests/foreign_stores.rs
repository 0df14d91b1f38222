//! Stores in every encoding that openssl and keytool write, as we read them; what we write in the formats that only `convert` makes,
//! as keytool reads it; and who we say can read a store, as those who are named see it.

#![allow(clippy::disallowed_methods)]

mod support;

use std::process::Command;

use aws_lc_rs::rand::SystemRandom;
use countersign::keystore::jks::{Protection, Variant};
use countersign::keystore::{
    Answer, Contents, Entry, Held, Item, KeyState, KeystoreError, Lock, Passwords, Pkcs12Profile, Program, Seal, jks, pkcs12, readers,
};
use countersign::pki::{AnyKey, Certificate, KeyKind, Passphrase, Password, PrivateKey, Secret};
use rcgen::CertificateParams;
use support::program;
use tempfile::TempDir;
use time::OffsetDateTime;

const PASSWORD: &str = "of the store";
const KEY_PASSWORD: &str = "of the key";

fn passwords(store: &str) -> Passwords {
    Passwords { store: Some(Passphrase::new(store.to_owned())), ..Passwords::default() }
}

/// A key and its certificate, as values and as PEM files.
struct Bench {
    directory: TempDir,
    key: AnyKey,
    certificate: Certificate,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        std::fs::write(directory.path().join("key.pem"), key.to_pem().expose()).unwrap();
        let certificate = Certificate::from_der(certificate.der().to_vec()).unwrap();
        std::fs::write(directory.path().join("certificate.pem"), certificate.to_pem()).unwrap();
        Self { key: AnyKey::from_pkcs8(key.pkcs8().expose()).unwrap(), directory, certificate }
    }

    fn entry(&self) -> Entry {
        Entry::PrivateKey { alias: "mine".to_owned(), key: self.key.pkcs8().clone(), chain: vec![self.certificate.clone()] }
    }

    /// What `openssl pkcs12 -export` writes with these arguments.
    fn openssl(&self, arguments: &str) -> Vec<u8> {
        let mut command = Command::new("openssl");
        command.args(["pkcs12", "-export", "-name", "mine", "-in", "certificate.pem", "-inkey", "key.pem", "-out", "openssl.p12"]);
        command.args(["-passout", "env:PASSWORD"]).args(arguments.split_whitespace());
        program(command.env("PASSWORD", PASSWORD).current_dir(self.directory.path()));
        std::fs::read(self.directory.path().join("openssl.p12")).unwrap()
    }

    /// `keytool` on the store of this name, which is given the store's password.
    fn keytool(&self, store: &str, arguments: &str) -> String {
        let mut command = Command::new("keytool");
        command.args(arguments.split_whitespace()).args(["-keystore", store, "-storepass:env", "STORE"]);
        program(command.env("STORE", PASSWORD).env("KEY", KEY_PASSWORD).current_dir(self.directory.path()))
    }

    fn write(&self, store: &str, bytes: &[u8]) {
        std::fs::write(self.directory.path().join(store), bytes).unwrap();
    }

    fn read(&self, store: &str) -> Vec<u8> {
        std::fs::read(self.directory.path().join(store)).unwrap()
    }

    /// Whether the contents are our key with our certificate, open.
    fn holds_ours(&self, contents: &Contents) -> bool {
        let [Item { alias, held: Held::Key { key: KeyState::Open(key), chain }, .. }] = contents.items.as_slice() else { return false };
        alias.as_deref() == Some("mine") && key.public() == self.key.public() && *chain == [self.certificate.clone()]
    }
}

/// Arguments to `openssl pkcs12 -export`, each for another encoding.
const ENCODINGS: [&str; 21] = [
    "",
    "-keypbe AES-128-CBC -certpbe AES-128-CBC",
    "-keypbe AES-192-CBC -certpbe AES-192-CBC",
    "-keypbe AES-256-CBC -certpbe NONE -iter 1 -maciter",
    "-keypbe camellia-256-cbc -certpbe camellia-256-cbc",
    "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
    "-keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-2DES",
    "-legacy",
    "-legacy -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC4-40",
    "-legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-40",
    "-legacy -keypbe PBE-MD5-DES -certpbe PBE-MD5-DES",
    "-legacy -keypbe PBE-SHA1-DES -certpbe PBE-SHA1-RC2-64",
    "-legacy -keypbe rc2-cbc -certpbe des-cbc",
    "-macalg md5",
    "-macalg sha224",
    "-macalg sha384",
    "-macalg sha512",
    "-macalg sha512-256",
    "-macalg sha3-256",
    "-nomac",
    "-keypbe NONE -certpbe NONE",
];

#[test]
fn every_encoding_that_openssl_writes_is_read() {
    let bench = Bench::new();
    for arguments in ENCODINGS {
        let store = bench.openssl(arguments);
        let opened = pkcs12::open(&store, &passwords(PASSWORD)).unwrap();
        assert!(bench.holds_ours(&opened), "{arguments}: {opened:?}");
        let seal = if arguments == "-nomac" { Seal::Absent } else { Seal::Intact };
        assert_eq!(opened.seal, seal, "{arguments}");
        if seal == Seal::Intact {
            let refused = pkcs12::open(&store, &passwords("another")).unwrap_err();
            assert_eq!(refused, KeystoreError::WrongPassword("PKCS#12"), "{arguments}");
        }
    }
}

/// Each encoding is given to keytool and to openssl, as they are installed.
#[test]
fn java_and_openssl_read_what_we_say_they_do() {
    let bench = Bench::new();
    for arguments in ENCODINGS {
        let opened = pkcs12::open(&bench.openssl(arguments), &passwords(PASSWORD)).unwrap();
        let said = |program: Program| readers(&opened).into_iter().find(|reader| reader.program == program).unwrap().answer;
        let mut keytool = Command::new("keytool");
        keytool.args(["-importkeystore", "-noprompt", "-srckeystore", "openssl.p12", "-srcstorepass:env", "STORE"]);
        keytool.args(["-destkeystore", "copy.p12", "-deststorepass:env", "STORE"]).env("STORE", PASSWORD);
        let output = keytool.current_dir(bench.directory.path()).output().unwrap();
        let java = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).contains("1 entries successfully imported");
        assert_eq!(said(Program::Java17) == Answer::Yes, java, "{arguments}: {:?}", said(Program::Java17));
        let mut openssl = Command::new("openssl");
        openssl.args(["pkcs12", "-noenc", "-passin", "env:STORE", "-in", "openssl.p12"]).env("STORE", PASSWORD);
        let openssl = openssl.current_dir(bench.directory.path()).output().unwrap().status.success();
        assert_eq!(said(Program::OpenSsl3) == Answer::Yes, openssl, "{arguments}: {:?}", said(Program::OpenSsl3));
        assert!(matches!(said(Program::Erlang), Answer::No(_)));
    }
}

#[test]
fn old_java_needs_an_update_for_what_new_java_writes() {
    let bench = Bench::new();
    let said = |profile, program| {
        let store = pkcs12::write(&[bench.entry()], &password(PASSWORD), profile, &SystemRandom::new()).unwrap();
        let opened = pkcs12::open(&store, &passwords(PASSWORD)).unwrap();
        readers(&opened).into_iter().find(|reader| reader.program == program).unwrap().answer
    };
    assert_eq!(said(Pkcs12Profile::Modern, Program::Java8), Answer::If("it is 8u301 or later".to_owned()));
    assert_eq!(said(Pkcs12Profile::Modern, Program::Java11), Answer::If("it is 11.0.12 or later".to_owned()));
    assert_eq!(said(Pkcs12Profile::Java8, Program::Java8), Answer::Yes);
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

/// Without a MAC the first thing that is encrypted tells: here the certificates are not, and are read whatever the password.
#[test]
fn without_a_mac_a_wrong_password_leaves_the_key_locked() {
    let bench = Bench::new();
    let store = bench.openssl("-nomac -certpbe NONE");
    let opened = pkcs12::open(&store, &passwords("another")).unwrap();
    let [Item { held: Held::Key { key: KeyState::Locked(lock), chain }, .. }] = opened.items.as_slice() else { panic!("{opened:?}") };
    assert_eq!((lock, chain.len()), (&Lock::WrongPassword, 1));
    let encrypted = bench.openssl("-nomac -certpbe AES-256-CBC");
    assert_eq!(pkcs12::open(&encrypted, &passwords("another")), Err(KeystoreError::WrongPassword("PKCS#12")));
}

#[test]
fn without_a_password_what_is_not_encrypted_is_read() {
    let bench = Bench::new();
    let opened = pkcs12::open(&bench.openssl("-certpbe NONE"), &Passwords::default()).unwrap();
    assert_eq!(opened.seal, Seal::Unchecked);
    let [Item { held: Held::Key { key: KeyState::Locked(lock), chain }, .. }] = opened.items.as_slice() else { panic!("{opened:?}") };
    assert_eq!((lock, chain.len()), (&Lock::NoPassword, 1));
}

/// The MAC tells that something is wrong, and the password that it is not the password.
#[test]
fn a_changed_store_is_told_from_a_wrong_password() {
    let bench = Bench::new();
    let store = pkcs12::write(&[bench.entry()], &password(PASSWORD), Pkcs12Profile::Modern, &SystemRandom::new()).unwrap();
    let mut changed = store.clone();
    // The friendly name of the key, in UTF-16.
    let at = store.windows(8).position(|octets| octets == b"\0m\0i\0n\0e").unwrap();
    changed[at + 1] = b'f';
    let refused = pkcs12::open(&changed, &passwords(PASSWORD)).unwrap_err().to_string();
    assert!(refused.contains("it was changed after it was written"), "{refused}");
    assert_eq!(pkcs12::open(&changed, &passwords("another")), Err(KeystoreError::WrongPassword("PKCS#12")));
}

const GENERATE: &str = "-genkeypair -keyalg EC -groupname secp256r1 -alias mine -dname CN=mine";

#[test]
fn every_encoding_that_keytool_writes_is_read() {
    let bench = Bench::new();
    for (store, arguments) in [
        ("new.p12", "-storetype PKCS12"),
        ("old.p12", "-storetype PKCS12 -J-Dkeystore.pkcs12.legacy"),
        ("plain.p12", "-storetype PKCS12 -J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE -J-Dkeystore.pkcs12.macAlgorithm=NONE"),
        ("slow.p12", "-storetype PKCS12 -J-Dkeystore.pkcs12.macAlgorithm=HmacPBESHA512 -J-Dkeystore.pkcs12.macIterationCount=50000"),
        ("own.jks", "-storetype JKS -keypass:env KEY"),
        ("own.jceks", "-storetype JCEKS -keypass:env KEY"),
    ] {
        bench.keytool(store, &format!("{GENERATE} {arguments}"));
        let bytes = bench.read(store);
        let open = if store.ends_with("p12") { pkcs12::open } else { jks::open };
        let both = Passwords { keys: vec![Passphrase::new(KEY_PASSWORD.to_owned())], ..passwords(PASSWORD) };
        let opened = open(&bytes, &both).unwrap();
        let [Item { alias: Some(alias), created: Some(_), held: Held::Key { key: KeyState::Open(key), chain } }] = opened.items.as_slice()
        else {
            panic!("{store}: {opened:?}")
        };
        assert_eq!((alias.as_str(), key.public().der()), ("mine", chain[0].public_key.as_slice()), "{store}");
        // The key's own password is asked for where there is one.
        let locked = open(&bytes, &passwords(PASSWORD)).unwrap().items.remove(0).held;
        let state = if store.starts_with("own") { Some(Lock::WrongPassword) } else { None };
        assert!(
            matches!(locked, Held::Key { key, .. } if matches!((&key, &state), (KeyState::Open(_), None))
            || matches!((&key, &state), (KeyState::Locked(is), Some(should)) if is == should)),
            "{store}"
        );
        assert!(open(&bytes, &passwords("another")).is_err() || store == "plain.p12", "{store}");
    }
}

#[test]
fn secret_keys_that_keytool_writes_are_read() {
    let bench = Bench::new();
    for (store, kind) in [("secret.jceks", "JCEKS"), ("secret.p12", "PKCS12")] {
        bench.keytool(store, &format!("-genseckey -alias aes -keyalg AES -keysize 256 -storetype {kind}"));
        bench.keytool(store, &format!("-genseckey -alias mac -keyalg HmacSHA256 -keysize 512 -storetype {kind}"));
        let open = if kind == "PKCS12" { pkcs12::open } else { jks::open };
        let opened = open(&bench.read(store), &passwords(PASSWORD)).unwrap();
        let mut held: Vec<_> = opened
            .items
            .iter()
            .map(|item| match &item.held {
                Held::SecretKey { algorithm, key: Some(key) } => (item.alias.as_deref(), algorithm.as_str(), key.expose().len()),
                other => panic!("{store}: {other:?}"),
            })
            .collect();
        held.sort();
        assert_eq!(held, [(Some("aes"), "AES", 32), (Some("mac"), "HmacSHA256", 64)], "{store}");
    }
}

/// Importing opens what is locked: the source's keys with their own password, the secret keys too.
#[test]
fn keytool_opens_the_keys_and_secret_keys_that_we_write() {
    let bench = Bench::new();
    let secret = |alias: &str, algorithm: &str| Entry::SecretKey {
        alias: alias.to_owned(),
        algorithm: algorithm.to_owned(),
        key: Secret::new(vec![7; 32]),
    };
    let entries = [bench.entry(), secret("aes", "AES"), secret("mac", "HmacSHA256")];
    let (store, keys) = (password(PASSWORD), password(KEY_PASSWORD));
    let protection = Protection { store: &store, keys: &keys };
    let random = SystemRandom::new();
    bench.write("ours.jceks", &jks::write_as(Variant::Jceks, &entries, protection, OffsetDateTime::UNIX_EPOCH, &random).unwrap());
    bench.write("ours.p12", &pkcs12::write(&entries, &store, Pkcs12Profile::Modern, &random).unwrap());
    bench.write("ours8.p12", &pkcs12::write(&entries, &store, Pkcs12Profile::Java8, &random).unwrap());
    bench.write("ours.jks", &jks::write_as(Variant::Jks, &entries[..1], protection, OffsetDateTime::UNIX_EPOCH, &random).unwrap());
    for (source, kind, key) in
        [("ours.jceks", "JCEKS", "KEY"), ("ours.p12", "PKCS12", "STORE"), ("ours8.p12", "PKCS12", "STORE"), ("ours.jks", "JKS", "KEY")]
    {
        let aliases: &[&str] = if kind == "JKS" { &["mine"] } else { &["mine", "aes", "mac"] };
        for alias in aliases {
            let import = format!("-importkeystore -noprompt -srckeystore {source} -srcstoretype {kind} -srcalias {alias}");
            let said = bench.import(&format!("{source}.copy"), &format!("{import} -srckeypass:env {key}"));
            assert!(!said.contains("error"), "{source} {alias}: {said}");
        }
        let copied = pkcs12::open(&bench.read(&format!("{source}.copy")), &passwords(PASSWORD)).unwrap();
        assert_eq!(copied.items.len(), aliases.len(), "{source}: {copied:?}");
        let secrets =
            copied.items.iter().filter(|item| matches!(&item.held, Held::SecretKey { key: Some(key), .. } if key.expose() == [7; 32]));
        assert_eq!(secrets.count(), aliases.len() - 1, "{source}");
    }
}

impl Bench {
    fn import(&self, store: &str, arguments: &str) -> String {
        let mut command = Command::new("keytool");
        command.args(arguments.split_whitespace()).args(["-srcstorepass:env", "STORE", "-deststoretype", "PKCS12"]);
        command.args(["-destkeystore", store, "-deststorepass:env", "STORE"]).env("STORE", PASSWORD).env("KEY", KEY_PASSWORD);
        program(command.current_dir(self.directory.path()))
    }
}

/// Only PKCS#12 holds a key without a certificate, and only where nobody reads it as Java's.
#[test]
fn what_a_format_cannot_hold_is_refused() {
    let bench = Bench::new();
    let lonely = || Entry::PrivateKey { alias: "mine".to_owned(), key: bench.key.pkcs8().clone(), chain: Vec::new() };
    let written = pkcs12::write(&[lonely()], &password(PASSWORD), Pkcs12Profile::Modern, &SystemRandom::new()).unwrap();
    assert_eq!(pkcs12::read(&written, &password(PASSWORD)), Ok(vec![lonely()]));
    let secret = Entry::SecretKey { alias: "aes".to_owned(), algorithm: "AES".to_owned(), key: Secret::new(vec![1; 16]) };
    let refused = jks::write(&[secret], &password(PASSWORD), OffsetDateTime::UNIX_EPOCH, &SystemRandom::new()).unwrap_err();
    assert_eq!(refused.to_string(), r#"cannot be written as JKS: "aes" is a secret key"#);
}
