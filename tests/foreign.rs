//! Keys and certificates that openssl wrote, in every envelope it knows, as we see them.

#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use countersign::keystore::{Contents, Format, Held, KeyState, Lock, Passwords, open};
use countersign::pki::{AnyKey, Passphrase, PublicKey};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse";

/// Where openssl writes, and is asked what it sees.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs openssl here; what it wrote to standard output.
    #[track_caller]
    fn openssl(&self, arguments: &str) -> Vec<u8> {
        let mut command = Command::new("openssl");
        let output = command.args(arguments.split_whitespace()).env("PASSWORD", PASSWORD).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// What `openssl` writes as `name`.
    fn written(&self, name: &str, arguments: &str) -> Vec<u8> {
        self.openssl(&format!("{arguments} -out {name}"));
        fs::read(self.path(name)).unwrap()
    }

    /// The SubjectPublicKeyInfo of a key, by openssl.
    fn public(&self, key: &str) -> PublicKey {
        PublicKey::from_der(&self.openssl(&format!("pkey -in {key} -passin env:PASSWORD -pubout -outform DER"))).unwrap()
    }
}

fn passwords() -> Passwords {
    Passwords { store: Some(Passphrase::new(PASSWORD.to_owned())), ..Passwords::default() }
}

#[track_caller]
fn contents(bytes: &[u8]) -> Contents {
    open(bytes, &passwords()).unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(bytes)))
}

/// The only key.
#[track_caller]
fn key(bytes: &[u8]) -> AnyKey {
    match contents(bytes).items.as_slice() {
        [item] => match &item.held {
            Held::Key { key: KeyState::Open(key), .. } => key.clone(),
            held => panic!("{held:?}"),
        },
        items => panic!("{items:?}"),
    }
}

/// What openssl is to generate, and how we call it.
const KINDS: [(&str, &str); 14] = [
    ("-algorithm RSA -pkeyopt rsa_keygen_bits:1024", "RSA 1024"),
    ("-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3", "RSA 2048"),
    ("-algorithm RSA -pkeyopt rsa_keygen_bits:1031 -pkeyopt rsa_keygen_pubexp:3", "RSA 1031"),
    ("-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024", "RSA-PSS 1024"),
    ("-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 -pkeyopt rsa_pss_keygen_md:sha256", "RSA-PSS 1024"),
    ("-algorithm DH -pkeyopt group:ffdhe2048", "DH 2048"),
    ("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "EC P-256"),
    ("-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "EC P-521"),
    ("-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", "EC secp256k1"),
    ("-algorithm EC -pkeyopt ec_paramgen_curve:P-384 -pkeyopt ec_param_enc:explicit", "EC P-384"),
    ("-algorithm ED25519", "Ed25519"),
    ("-algorithm ED448", "Ed448"),
    ("-algorithm X25519", "X25519"),
    ("-algorithm X448", "X448"),
];

#[test]
fn every_kind_of_key_has_the_public_half_that_openssl_sees() {
    let desk = Desk::new();
    for (kind, name) in KINDS {
        let pem = desk.written("key.pem", &format!("genpkey {kind}"));
        let (read, seen) = (key(&pem), desk.public("key.pem"));
        assert_eq!(read.public().algorithm.to_string(), name);
        assert_eq!(seen.algorithm.to_string(), name);
        assert!(read.public().is_same_key(&seen), "{kind}");
        // OpenSSL keeps a curve written out; we name it, as Java must have it.
        assert_eq!(read.public() == &seen, !kind.contains("explicit"), "{kind}");
    }
}

#[test]
fn a_key_is_the_same_in_every_envelope() {
    let desk = Desk::new();
    desk.openssl("dsaparam -out dsa.pem 1024");
    let makings = ["genrsa -out key.pem 1024", "ecparam -name prime256v1 -genkey -out key.pem", "gendsa -out key.pem dsa.pem"];
    let envelopes = [
        "pkcs8 -topk8 -in key.pem -nocrypt",
        "pkcs8 -topk8 -in key.pem -nocrypt -outform DER",
        "pkey -in key.pem -traditional",
        "pkey -in key.pem -traditional -outform DER",
        "pkcs8 -topk8 -in key.pem -passout env:PASSWORD",
        "pkcs8 -topk8 -in key.pem -passout env:PASSWORD -outform DER",
        "pkcs8 -topk8 -in key.pem -passout env:PASSWORD -v2 des3 -v2prf hmacWithSHA1",
        "pkcs8 -topk8 -in key.pem -passout env:PASSWORD -v1 PBE-SHA1-3DES",
        "pkcs8 -topk8 -in key.pem -passout env:PASSWORD -scrypt",
        "pkey -in key.pem -traditional -aes128 -passout env:PASSWORD",
        "pkey -in key.pem -traditional -aes192 -passout env:PASSWORD",
        "pkey -in key.pem -traditional -aes256 -passout env:PASSWORD",
        "pkey -in key.pem -traditional -des3 -passout env:PASSWORD",
        "pkey -in key.pem -traditional -camellia256 -passout env:PASSWORD",
        "pkey -in key.pem -traditional -des -passout env:PASSWORD -provider legacy -provider default",
        "pkey -in key.pem -traditional -rc2 -passout env:PASSWORD -provider legacy -provider default",
        "pkey -in key.pem -traditional -rc2-40-cbc -passout env:PASSWORD -provider legacy -provider default",
        "pkey -in key.pem -traditional -rc2-64-cbc -passout env:PASSWORD -provider legacy -provider default",
    ];
    for making in makings {
        desk.openssl(making);
        let seen = desk.public("key.pem");
        for envelope in envelopes {
            let bytes = desk.written("enveloped", envelope);
            assert_eq!(key(&bytes).public(), &seen, "{making}: {envelope}");
            if envelope.contains("PASSWORD") {
                locked(&bytes);
            }
        }
    }
}

/// Without its password, and with another.
#[track_caller]
fn locked(bytes: &[u8]) {
    let wrong = Passwords { store: Some(Passphrase::new("battery staple".to_owned())), ..Passwords::default() };
    for (passwords, lock) in [(Passwords::default(), Lock::NoPassword), (wrong, Lock::WrongPassword)] {
        let contents = open(bytes, &passwords).unwrap();
        assert!(matches!(&contents.items[0].held, Held::Key { key: KeyState::Locked(found), .. } if *found == lock), "{contents:?}");
        assert_eq!(contents.schemes.len(), 1);
    }
}

#[test]
fn keys_of_openssh_are_read_unless_they_are_encrypted() {
    let desk = Desk::new();
    for kind in ["ed25519", "ecdsa -b 256", "ecdsa -b 521", "rsa -b 1024"] {
        let keygen = |arguments: &str, password: &str| {
            let mut command = Command::new("ssh-keygen");
            support::program(command.args(arguments.split_whitespace()).arg(password).current_dir(desk.0.path()))
        };
        let file = kind.replace(' ', "");
        keygen(&format!("-q -t {kind} -f {file} -N"), "");
        let openssh = fs::read(desk.path(&file)).unwrap();
        keygen(&format!("-q -p -f {file} -N"), PASSWORD);
        let encrypted = contents(&fs::read(desk.path(&file)).unwrap());
        let held = &encrypted.items[0].held;
        assert!(matches!(held, Held::Key { key: KeyState::Locked(Lock::Unsupported(_)), .. }), "{encrypted:?}");
        // All kinds but Ed25519 are written as PKCS#8 too.
        match kind {
            "ed25519" => assert_eq!(key(&openssh).public().algorithm.to_string(), "Ed25519"),
            _ => {
                // ssh-keygen wants a file that nobody else reads: a copy of its own keeps the mode.
                fs::copy(desk.path(&file), desk.path("same")).unwrap();
                fs::write(desk.path("same"), &openssh).unwrap();
                keygen("-q -p -m PKCS8 -f same -N", "");
                assert_eq!(key(&openssh).public(), &desk.public("same"), "{kind}");
            }
        }
    }
}

/// Then it is derived, on whichever curve.
#[test]
fn a_key_on_any_curve_needs_no_public_half_inside() {
    let desk = Desk::new();
    let curves = String::from_utf8(desk.openssl("ecparam -list_curves")).unwrap();
    let names = curves.lines().filter(|line| line.starts_with("  ")).filter_map(|line| line.split(':').next());
    let names: Vec<&str> = names.map(str::trim).filter(|name| !name.is_empty() && !name.starts_with("Oakley")).collect();
    assert!(names.len() > 50, "{curves}");
    for (name, encoding) in names.into_iter().zip(["named_curve", "explicit"].into_iter().cycle()) {
        desk.openssl(&format!("ecparam -name {name} -genkey -noout -param_enc {encoding} -out key.pem"));
        let bare = desk.written("bare.pem", &format!("ec -in key.pem -no_public -param_enc {encoding}"));
        let (read, seen) = (key(&bare), desk.public("key.pem"));
        assert!(read.public().is_same_key(&seen), "{name}, {encoding}");
        assert_ne!(read.public().algorithm.to_string(), "EC explicit", "{name}");
    }
}

#[test]
fn a_compressed_public_half_is_the_same_key() {
    let desk = Desk::new();
    for curve in ["prime256v1", "secp224r1", "brainpoolP320t1", "sect283k1"] {
        desk.openssl(&format!("ecparam -name {curve} -genkey -noout -out key.pem"));
        desk.openssl("ec -in key.pem -conv_form compressed -out compressed.pem");
        let read = key(&fs::read(desk.path("compressed.pem")).unwrap());
        assert_eq!(read.public(), &desk.public("compressed.pem"), "{curve}");
    }
}

/// A leaf with its key and issuers, as `cat` makes them, in any order.
#[test]
fn a_key_gets_the_certificates_that_belong_to_it() {
    let desk = Desk::new();
    let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    let [root, leaf, other] = [
        desk.written("root.pem", &format!("{new} -keyout root.key -subj /CN=root")),
        desk.written("leaf.pem", &format!("{new} -keyout leaf.key -subj /CN=leaf -CA root.pem -CAkey root.key")),
        desk.written("other.pem", &format!("{new} -keyout other.key -subj /CN=other")),
    ];
    let leaf_key = fs::read(desk.path("leaf.key")).unwrap();
    for file in [[&other, &root, &leaf_key, &leaf], [&leaf, &leaf_key, &other, &root]] {
        let contents = contents(&file.map(Vec::as_slice).concat());
        let chains = contents.items.iter().filter_map(|item| match &item.held {
            Held::Key { chain, .. } => Some(chain.iter().map(|certificate| certificate.subject.as_str()).collect::<Vec<_>>()),
            _ => None,
        });
        assert_eq!(chains.collect::<Vec<_>>(), [["CN=leaf", "CN=root"]]);
        let loose = contents.items.iter().filter_map(|item| match &item.held {
            Held::Certificate(certificate) => Some(certificate.subject.as_str()),
            _ => None,
        });
        assert_eq!(loose.collect::<Vec<_>>(), ["CN=other"]);
    }
}

#[test]
fn a_file_is_what_it_holds() {
    let desk = Desk::new();
    let request = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -subj /CN=broker-1";
    desk.openssl(&format!("{request} -x509 -days 2 -out cert.pem"));
    desk.openssl("x509 -in cert.pem -trustout -addtrust serverAuth -setalias broker -out trusted.pem");
    desk.openssl("crl2pkcs7 -nocrl -certfile cert.pem -out p7.pem");
    desk.openssl("crl2pkcs7 -nocrl -certfile cert.pem -outform DER -out p7.der");
    desk.openssl("cms -sign -in key.pem -signer cert.pem -inkey key.pem -nodetach -stream -outform DER -out cms.ber");
    desk.openssl(&format!("{request} -addext subjectAltName=DNS:broker-1.example,IP:10.0.0.1 -out csr.pem"));
    desk.openssl("pkey -in key.pem -pubout -outform DER -out public.der");
    desk.openssl("x509 -in cert.pem -outform DER -out cert.der");
    desk.openssl("genrsa -out rsa.pem 1024");
    desk.openssl("rsa -in rsa.pem -RSAPublicKey_out -out rsa-public.pem");
    let cases = [
        ("cert.pem", Format::Pem, "Certificate"),
        ("cert.der", Format::Der, "Certificate"),
        ("trusted.pem", Format::Pem, "Certificate"),
        ("p7.pem", Format::Pem, "Certificate"),
        ("p7.der", Format::Pkcs7, "Certificate"),
        ("cms.ber", Format::Pkcs7, "Certificate"),
        ("csr.pem", Format::Pem, "Request"),
        ("public.der", Format::Der, "PublicKey"),
        ("rsa-public.pem", Format::Pem, "PublicKey"),
    ];
    for (file, format, held) in cases {
        let contents = contents(&fs::read(desk.path(file)).unwrap());
        assert_eq!((contents.format, contents.items.len()), (format, 1), "{file}");
        assert!(format!("{:?}", contents.items[0].held).starts_with(held), "{file}: {contents:?}");
    }
    let csr = contents(&fs::read(desk.path("csr.pem")).unwrap());
    let Held::Request(request) = &csr.items[0].held else { panic!("{csr:?}") };
    let names: Vec<String> = request.names.iter().map(ToString::to_string).collect();
    assert_eq!((request.subject.as_str(), names), ("CN=broker-1", vec!["DNS:broker-1.example".to_owned(), "IP:10.0.0.1".to_owned()]));
}
