//! Findings about a PEM file that Kafka is to load (`ssl.keystore.type=PEM`, KIP-651).

use pkcs8::der::Decode;
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};

use super::encrypted_key::EncryptedKey;
use super::kafka_blocks::{Block, blocks};
use super::view::named;
use crate::finding::{Finding, Place, Rule};
use crate::keystore::{self, Held, KeyState, Lock, Passwords};
use crate::pki::{Certificate, Passphrase, Secret};

pub const RULES: &[&Rule] = &[
    &WITHOUT_KEY,
    &SEVERAL_KEYS,
    &WITHOUT_CERTIFICATE,
    &KEY_FORMAT,
    &KEY_KIND,
    &KEY_ENCRYPTION,
    &KEY_PASSWORD,
    &CERTIFICATE,
    &CHAIN,
    &PASSED_OVER,
    &NOT_FOR_KAFKA,
];

const WITHOUT_KEY: Rule = Rule::error(
    "kafka-pem-without-key",
    "a PEM key store without a private key that Kafka sees",
    "Kafka wants key and chain in one file and says \"No matching PRIVATE KEY entries in PEM file\".",
);

const SEVERAL_KEYS: Rule = Rule::error(
    "kafka-pem-several-keys",
    "a PEM key store with several private keys",
    "Kafka says \"Expected one private key, but found\" so many.",
);

const WITHOUT_CERTIFICATE: Rule = Rule::error(
    "kafka-pem-without-certificate",
    "a PEM store without a certificate that Kafka sees",
    "Kafka says \"No matching CERTIFICATE entries in PEM file\". DER, PKCS#7 and PKCS#12 are none to it.",
);

const KEY_FORMAT: Rule = Rule::error(
    "kafka-pem-key-format",
    "a private key that is not PKCS#8",
    "Kafka reads PKCS#8 alone, whatever the label says. PKCS#1 (RSA PRIVATE KEY) and SEC1 (EC PRIVATE KEY) end in \"algid parse error, not a sequence\" (strimzi#12163).",
);

const KEY_KIND: Rule = Rule::error(
    "kafka-pem-key-kind",
    "a kind of key that Kafka cannot load from PEM",
    "Kafka tries RSA, DSA and EC with a named curve: all else is \"Private key could not be loaded\". Ed25519 works in PKCS#12, on Java 16 and later.",
);

const KEY_ENCRYPTION: Rule = Rule::error(
    "kafka-pem-key-encryption",
    "a PEM key in an encryption that its Java cannot open",
    "Java before 19 cannot open PBES2, which is what OpenSSL writes: \"PBES2 SecretKeyFactory not available\". Of the older ones it knows PBE with SHA-1 and 3DES, RC2 or RC4, and with MD5 and DES.",
);

const KEY_PASSWORD: Rule = Rule::error(
    "kafka-pem-key-password",
    "a PEM key and an `ssl.key.password` that do not go together",
    "An encrypted key needs it, and an unencrypted one must not have it: \"overrun, bytes\" or \"not expected 48\" is all that Java says.",
);

const CERTIFICATE: Rule = Rule::error(
    "kafka-pem-certificate",
    "a PEM block that Kafka takes for a certificate and cannot read",
    "One such block, and nothing of the file is loaded.",
);

const CHAIN: Rule = Rule::error(
    "kafka-pem-chain",
    "a PEM chain that Java refuses",
    "The leaf must come first, each certificate after it must have issued the one before, and none may stand there twice: \"Certificate chain is not valid\".",
);

const PASSED_OVER: Rule = Rule::warning(
    "kafka-pem-passed-over",
    "a PEM block that Kafka does not see",
    "Kafka finds blocks by a pattern: one that other characters than base64 stand in, or that the next begins right behind, is passed over without a word.",
);

const NOT_FOR_KAFKA: Rule = Rule::note(
    "pem-not-for-kafka",
    "a PEM file that Kafka cannot load",
    "Other programs read it. As `ssl.keystore.location` with `ssl.keystore.type=PEM` it would not do.",
);

/// What the file is to Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KafkaStore {
    /// A private key and its chain in one file.
    Keystore,
    Truststore,
}

/// Why Kafka cannot load `bytes` from PEM; `password` is its `ssl.key.password`.
pub fn kafka_pem(target: &str, bytes: &[u8], store: KafkaStore, password: Option<&Passphrase>) -> Vec<Finding> {
    let place = || Place::target(target);
    let found = blocks(bytes);
    let mut findings = Vec::new();
    let mut certificates = Vec::new();
    for (index, block) in found.certificates.iter().enumerate() {
        match certificate(block) {
            Ok(certificate) => certificates.push(certificate),
            Err(why) => {
                let place = place().entry(format!("certificate {}", index + 1));
                findings.push(CERTIFICATE.at(place, why, "take the block out, or put in the certificate as PEM"));
            }
        }
    }
    if found.certificates.is_empty() {
        findings.push(WITHOUT_CERTIFICATE.at(place(), "there is no certificate in it that Kafka sees", "put the certificates in as PEM"));
    }
    if found.passed_over > 0 {
        let message = format!("Kafka does not see {} of its blocks", found.passed_over);
        findings.push(PASSED_OVER.at(place(), message, "write it anew as plain PEM, each line on a line of its own"));
    }
    if store == KafkaStore::Keystore {
        findings.extend(key(&found.keys, place, password));
        findings.extend(chain(&certificates, place()));
    }
    findings
}

/// The same of a file of which nobody says that it is Kafka's: one note at the most, and none without a key and a certificate.
pub fn not_for_kafka(target: &str, bytes: &[u8], password: Option<&Passphrase>) -> Option<Finding> {
    let found = blocks(bytes);
    if found.keys.is_empty() || found.certificates.is_empty() {
        return None;
    }
    let why = kafka_pem(target, bytes, KafkaStore::Keystore, password)
        .into_iter()
        .find(|finding| finding.rule.severity == crate::finding::Severity::Error)?;
    Some(NOT_FOR_KAFKA.at(why.place, format!("Kafka cannot load it: {}", why.message), why.fix))
}

fn certificate(block: &Block) -> Result<Certificate, String> {
    let der = block.as_ref().ok_or("its base64 cannot be decoded")?;
    Certificate::from_der(der.clone()).map_err(|error| error.to_string())
}

fn key(keys: &[Block], place: impl Fn() -> Place, password: Option<&Passphrase>) -> Option<Finding> {
    let block = match keys {
        [] => return Some(WITHOUT_KEY.at(place(), "there is no private key in it that Kafka sees", "put key and chain into one file")),
        [Some(block)] => Secret::new(block.clone()),
        [None] => return Some(KEY_FORMAT.at(place(), "the base64 of its key cannot be decoded", "export the key again as PKCS#8")),
        several => {
            let message = format!("there are {} private keys in it", several.len());
            return Some(SEVERAL_KEYS.at(place(), message, "leave the one that belongs to the first certificate"));
        }
    };
    let der = block.expose();
    match (EncryptedKey::read(der), password) {
        (None, Some(_)) if PrivateKeyInfoRef::from_der(der).is_ok() => {
            Some(KEY_PASSWORD.at(place(), "its key is not encrypted, and a key password is set", "take ssl.key.password out"))
        }
        (None, _) => plain(der, place()),
        (Some(encrypted), None) => {
            let message = format!("its key is encrypted by {}, and no key password is set", encrypted.name());
            Some(KEY_PASSWORD.at(place(), message, "set ssl.key.password, or write the key unencrypted with mode 0600"))
        }
        (Some(encrypted), Some(_)) if !KNOWN.contains(&encrypted.algorithm) => {
            let message = format!("its key is encrypted by {}", encrypted.name());
            let fix = "write the key unencrypted with mode 0600, use PKCS#12, or run Java 19 or later if it is PBES2";
            Some(KEY_ENCRYPTION.at(place(), message, fix))
        }
        (Some(_), Some(password)) => opened(der, password, place()),
    }
}

/// An encrypted key that Java could open: does the password?
fn opened(der: &[u8], password: &Passphrase, place: Place) -> Option<Finding> {
    let passwords = Passwords { store: Some(password.clone()), keys: vec![password.clone()] };
    let contents = keystore::open(der, &passwords).ok()?;
    contents.items.iter().find_map(|item| match &item.held {
        Held::Key { key: KeyState::Open(key), .. } => Some(plain(key.pkcs8().expose(), place.clone())),
        Held::Key { key: KeyState::Locked(Lock::WrongPassword), .. } => {
            Some(Some(KEY_PASSWORD.at(place.clone(), "the key password does not open its key", "set the right ssl.key.password")))
        }
        Held::Key { key: KeyState::Locked(Lock::NoPassword | Lock::Unsupported(_)), .. }
        | Held::Trusted(_)
        | Held::Certificate(_)
        | Held::SecretKey { .. }
        | Held::PublicKey(_)
        | Held::Request(_)
        | Held::RevocationList(_)
        | Held::Unreadable { .. } => None,
    })?
}

fn plain(der: &[u8], place: Place) -> Option<Finding> {
    let Ok(info) = PrivateKeyInfoRef::from_der(der) else {
        return Some(KEY_FORMAT.at(place, "its key is not PKCS#8", "convert the key: openssl pkcs8 -topk8 -nocrypt"));
    };
    let algorithm = info.algorithm;
    let named_curve = algorithm.parameters.is_some_and(|parameters| parameters.decode_as::<ObjectIdentifier>().is_ok());
    if !(algorithm.oid == RSA || algorithm.oid == DSA || (algorithm.oid == EC && named_curve)) {
        let message = format!("its key is of the algorithm {}, which is not RSA, DSA or EC with a named curve", algorithm.oid);
        return Some(KEY_KIND.at(place, message, "issue it anew with an EC P-256 or RSA key"));
    }
    None
}

/// Java compares names only: whether the signatures fit is seen in the handshake.
fn chain(certificates: &[Certificate], place: Place) -> Option<Finding> {
    let fix = "put the leaf first and each issuer after what it issued, each once";
    let broken = certificates.windows(2).find(|pair| pair[0].issuer_der != pair[1].subject_der);
    if let Some(pair) = broken {
        let message = format!("{} is followed by {}, which did not issue it", named(&pair[0]), named(&pair[1]));
        return Some(CHAIN.at(place, message, fix));
    }
    let twice = certificates.iter().enumerate().find(|(index, one)| certificates[..*index].contains(one))?;
    Some(CHAIN.at(place, format!("{} stands there twice", named(twice.1)), fix))
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// The `SecretKeyFactory`s of SunJCE in Java 17: PBE with MD5 and DES (RFC 8018), and with SHA-1 and RC4 128, RC4 40, 3DES, RC2 128, RC2 40 (RFC 7292, appendix C).
const KNOWN: [ObjectIdentifier; 6] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.3"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.1"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.2"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6"),
];
