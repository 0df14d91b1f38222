//! Files of keys and certificates as they come: recognised by what they hold, however somebody's editor, shell or program left them.

use std::sync::LazyLock;

use countersign::keystore::{Contents, Format, Held, KeystoreError, Passwords, open};
use countersign::pki::{Certificate, KeyKind, PrivateKey};
use proptest::prelude::*;
use rcgen::CertificateParams;

/// A certificate and its key.
static MADE: LazyLock<(Certificate, PrivateKey)> = LazyLock::new(|| {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let certificate = CertificateParams::new(vec!["broker-1.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    (Certificate::from_der(certificate.der().to_vec()).unwrap(), key)
});

fn key_pem() -> String {
    String::from_utf8(MADE.1.to_pem().expose().to_vec()).unwrap()
}

/// Key and certificate, LF, nothing around them.
fn pem() -> String {
    key_pem() + &MADE.0.to_pem()
}

fn read(bytes: &[u8]) -> Result<Contents, KeystoreError> {
    open(bytes, &Passwords::default())
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn pem_is_read_however_its_text_was_treated() {
    let pem = pem();
    let wanted = read(pem.as_bytes()).unwrap();
    assert!(matches!(&wanted.items[0].held, Held::Key { chain, .. } if chain.as_slice() == [MADE.0.clone()]), "{wanted:?}");
    let joined = |dashes: &str| pem.replace('\n', dashes);
    let texts: [(&str, Vec<u8>); 16] = [
        ("no line break at the end", pem.trim_end().into()),
        ("CR LF", joined("\r\n").into()),
        ("CR", joined("\r").into()),
        ("one line", joined("").into()),
        ("one line, with spaces", joined(" ").into()),
        ("escaped, as in JSON", joined("\\n").into()),
        ("a value of a properties file", format!("ssl.keystore.key={}", joined(" \\\n  ")).into()),
        ("indented, as in YAML", format!("tls:\n  key: |\n    {}", joined("\n    ")).into()),
        ("empty lines", joined("\n\n").into()),
        ("a mail around it", format!("Hello,\n- here it is --\n{pem}-- \nBye\n").into()),
        ("Bag Attributes", format!("Bag Attributes\n    friendlyName: broker-1\nKey Attributes: <No Attributes>\n{pem}").into()),
        ("a header inside", pem.replace("-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nComment: ours\n\n").into()),
        ("octets that are no UTF-8 around it", [&[0xE4, b'\n'], pem.as_bytes(), &[0xFF]].concat()),
        ("UTF-8 with a mark", [&[0xEF, 0xBB, 0xBF], pem.as_bytes()].concat()),
        ("UTF-16 with a mark", utf16(&format!("\u{FEFF}{pem}"), u16::to_le_bytes)),
        ("UTF-16 without one", utf16(&pem, u16::to_be_bytes)),
    ];
    for (name, text) in texts {
        assert_eq!(read(&text).as_ref(), Ok(&wanted), "{name}");
    }
}

#[test]
fn older_labels_mean_the_same() {
    let relabelled = |label: &str| MADE.0.to_pem().replace("CERTIFICATE", label);
    for label in ["X509 CERTIFICATE", "TRUSTED CERTIFICATE"] {
        assert_eq!(read(relabelled(label).as_bytes()), read(MADE.0.to_pem().as_bytes()), "{label}");
    }
    for label in ["ANY PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"] {
        let relabelled = key_pem().replace("PRIVATE KEY", label);
        assert_eq!(read(relabelled.as_bytes()), read(key_pem().as_bytes()), "{label}");
    }
}

#[test]
fn base64_needs_no_armour() {
    let body = |pem: &str| pem.lines().filter(|line| !line.starts_with('-')).collect::<Vec<_>>().join("\n");
    let contents = read(body(&MADE.0.to_pem()).as_bytes()).unwrap();
    assert_eq!((contents.format, contents.items), (Format::Der, read(MADE.0.to_pem().as_bytes()).unwrap().items));
    // As Kubernetes keeps a PEM file in a Secret.
    let twice = pem::encode(&pem::Pem::new("X", pem().into_bytes()));
    assert_eq!(read(body(&twice).as_bytes()), read(pem().as_bytes()));
}

#[test]
fn certificates_one_after_the_other_in_der_are_all_seen() {
    let twice = [MADE.0.der(), MADE.0.der(), b"\n"].concat();
    let contents = read(&twice).unwrap();
    assert_eq!((contents.format, contents.items.len()), (Format::Der, 2));
    let followed = read(&[MADE.0.der(), b"what is this"].concat()).unwrap();
    assert!(matches!(followed.items[1].held, Held::Unreadable { at: Some(at), .. } if at == MADE.0.der().len()), "{followed:?}");
}

/// The damage, and what is said of it.
#[test]
fn a_damaged_block_leaves_the_others_readable() {
    let certificate = MADE.0.to_pem();
    let cases = [
        (certificate.replace("-----END CERTIFICATE-----\n", ""), "line 1: it has no line -----END CERTIFICATE-----"),
        (certificate.replace("END CERTIFICATE", "END PRIVATE KEY"), "it ends as PRIVATE KEY"),
        (certificate.replacen("\nM", "\n!", 1), "line 2: a character is not base64"),
        (certificate.replacen("\nMII", "\nAII", 1), "line 1: not an X.509 certificate"),
        ("-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n".to_owned(), "it is empty"),
        (certificate.replace("CERTIFICATE", "TIN FOIL"), "a block labelled TIN FOIL is none of keys and certificates"),
    ];
    for (damaged, message) in cases {
        let contents = read(format!("{damaged}{}", key_pem()).as_bytes()).unwrap();
        let [first, second] = contents.items.as_slice() else { panic!("{contents:?}") };
        let Held::Unreadable { problem, .. } = &first.held else { panic!("{message}: {first:?}") };
        assert!(problem.contains(message), "{problem}");
        assert!(matches!(second.held, Held::Key { .. }), "{second:?}");
        let alone = read(damaged.as_bytes()).unwrap_err();
        assert!(alone.to_string().contains(message), "{alone}");
    }
}

#[test]
fn what_is_none_of_all_this_is_called_by_its_name() {
    let cases: [(&[u8], &str); 12] = [
        (b"", "an empty file"),
        (b" \n\t", "a file of white space"),
        (b"# broker\nssl.keystore.type=PEM\nssl.client.auth=required\n", "a properties file"),
        (b"{\"tls.crt\": \"\"}", "JSON"),
        (b"<!doctype html><title>Sign in</title>", "HTML"),
        (b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@here\n", "an OpenSSH public key"),
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", "a PuTTY key"),
        (b"\x1F\x8B\x08\0\0\0\0\0", "gzip"),
        (b"PK\x03\x04\x14\0", "a zip archive"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n", "PGP"),
        (b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", "PEM without any key or certificate"),
        (&[0x30, 0x82, 0x10, 0x00, 0x01], "ASN.1 that is damaged"),
    ];
    for (bytes, name) in cases {
        let refused = read(bytes).unwrap_err().to_string();
        assert!(refused.contains(name), "{name}: {refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_change_to_a_file_makes_a_reader_panic(
        der in any::<bool>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..6),
    ) {
        let mut bytes = if der { MADE.1.pkcs8().expose().to_vec() } else { pem().into_bytes() };
        for (at, change, byte) in changes {
            let at = at.index(bytes.len());
            match change {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); },
                _ => bytes.truncate(at.max(2)),
            }
        }
        let _ = read(&bytes);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), label in "[A-Z ]{0,20}") {
        let _ = read(&bytes);
        let _ = read(&[&[0x30, 0x81, bytes.len() as u8], bytes.as_slice()].concat());
        let armoured = pem::encode(&pem::Pem::new(format!("{label}PRIVATE KEY"), bytes));
        let _ = read(armoured.as_bytes());
    }
}
