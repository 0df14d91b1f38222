//! Keys, signatures and stores that are too weak, made by openssl and keytool.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::process::Command;

use countersign::check::{self, Options};
use countersign::keystore::{self, Passwords};
use countersign::pki::Passphrase;
use support::program;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

struct Workbench {
    dir: TempDir,
}

impl Workbench {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn run(&self, command: &str) {
        let mut words = command.split(' ');
        program(Command::new(words.next().unwrap()).args(words).current_dir(self.dir.path()));
    }

    fn found(&self, name: &str, password: Option<&str>) -> Vec<&'static str> {
        let bytes = fs::read(self.dir.path().join(name)).unwrap();
        let password = password.map(|text| Passphrase::new(text.to_owned()));
        let contents = keystore::open(&bytes, &Passwords { store: password, ..Passwords::default() }).unwrap();
        let options = Options {
            at: OffsetDateTime::now_utc(),
            expires_within: Duration::ZERO,
            anchors: &[],
            intermediates: &[],
            revocation_lists: &[],
            purpose: None,
            name: None,
        };
        let mut codes: Vec<_> = check::contents(name, &contents, &options).findings.iter().map(|finding| finding.rule.code).collect();
        codes.sort_unstable();
        codes.retain(|code| !["leaf-without-san", "leaf-alone", "misnamed"].contains(code));
        codes
    }

    /// A certificate for this kind of key, signed by an authority over this digest.
    fn signed(&self, key: &str, digest: &str) -> Vec<&'static str> {
        self.run("openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=ca -days 99 -out ca.crt");
        self.run(&format!("openssl genpkey {key} -out leaf.key"));
        self.run("openssl req -new -key leaf.key -subj /CN=leaf -out leaf.csr");
        self.run(&format!("openssl x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 9 {digest} -out leaf.pem"));
        self.found("leaf.pem", None)
    }
}

#[test]
fn keys_by_their_length_and_kind() {
    let bench = Workbench::new();
    let signed = |key: &str| bench.signed(key, "-sha256");
    assert_eq!(signed("-algorithm RSA -pkeyopt rsa_keygen_bits:2048"), [""; 0]);
    assert_eq!(signed("-algorithm RSA -pkeyopt rsa_keygen_bits:1024"), ["key-weak"]);
    assert_eq!(signed("-algorithm RSA -pkeyopt rsa_keygen_bits:512"), ["key-too-short"]);
    assert_eq!(signed("-algorithm EC -pkeyopt ec_paramgen_curve:P-521"), [""; 0]);
    assert_eq!(signed("-algorithm EC -pkeyopt ec_paramgen_curve:P-192"), ["key-too-short"]);
    assert_eq!(signed("-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1"), ["key-seldom-supported"]);
    assert_eq!(signed("-algorithm ED448"), ["key-seldom-supported"]);
}

#[test]
fn signatures_by_their_digest() {
    let bench = Workbench::new();
    let signed = |digest: &str| bench.signed("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", digest);
    assert_eq!(signed("-sha512"), [""; 0]);
    assert_eq!(signed("-sha1"), ["signature-sha1"]);
    assert_eq!(signed("-md5"), ["signature-md5"]);
}

#[test]
fn stores_by_who_can_read_them() {
    let bench = Workbench::new();
    bench.signed("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "-sha256");
    let export = "openssl pkcs12 -export -inkey leaf.key -in leaf.pem -name leaf -passout pass:changeit";
    let found = |options: &str| {
        bench.run(&format!("{export} {options} -out store.p12"));
        bench.found("store.p12", Some("changeit"))
    };
    assert_eq!(found("-certpbe AES-256-CBC"), [""; 0]);
    assert_eq!(found("-legacy"), ["pkcs12-not-for-openssl"]);
    assert_eq!(found("-nomaciter"), ["few-iterations"]);
    assert_eq!(found("-nomac"), ["store-without-seal"]);
    bench.run("openssl pkcs12 -export -nokeys -in ca.crt -passout pass:changeit -out store.p12");
    assert_eq!(bench.found("store.p12", Some("changeit")), ["pkcs12-without-trust-mark"]);
    bench.run("keytool -importcert -noprompt -alias ca -file ca.crt -keystore trust.p12 -storetype PKCS12 -storepass changeit");
    assert_eq!(bench.found("trust.p12", Some("changeit")), [""; 0]);
}
