//! Secret keys: what Java calls their algorithms, and what it writes for them.

use pkcs8::ObjectIdentifier;

use super::unlock::Closed;
use super::{Held, KeystoreError};
use crate::pki::Secret;
use crate::pki::asn1::{NULL, OCTET_STRING, SEQUENCE, encode, encode_integer, encode_oid};

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// By Java's standard names. Where Java writes others than it reads, the first is written.
const NAMES: [(&str, ObjectIdentifier); 13] = [
    ("AES", oid("2.16.840.1.101.3.4.1")),
    ("DESede", oid("1.2.840.113549.3.7")),
    ("DES", oid("1.3.14.3.2.7")),
    ("Blowfish", oid("1.3.6.1.4.1.3029.1.1.2")),
    ("RC2", oid("1.2.840.113549.3.2")),
    ("ARCFOUR", oid("1.2.840.113549.3.4")),
    ("ChaCha20-Poly1305", oid("1.2.840.113549.1.9.16.3.18")),
    ("HmacSHA1", oid("1.2.840.113549.2.7")),
    ("HmacSHA224", oid("1.2.840.113549.2.8")),
    ("HmacSHA256", oid("1.2.840.113549.2.9")),
    ("HmacSHA384", oid("1.2.840.113549.2.10")),
    ("HmacSHA512", oid("1.2.840.113549.2.11")),
    ("PBKDF2WithHmacSHA1", oid("1.2.840.113549.1.5.12")),
];

/// Java's name of a secret key's algorithm, or the object identifier itself.
pub(super) fn name(algorithm: ObjectIdentifier) -> String {
    NAMES.iter().find(|known| known.1 == algorithm).map_or_else(|| algorithm.to_string(), |known| known.0.to_owned())
}

/// The other way round. Java compares the names without regard to case.
fn algorithm(name: &str) -> Option<ObjectIdentifier> {
    let known = NAMES.iter().find(|known| known.0.eq_ignore_ascii_case(name)).map(|known| known.1);
    known.or_else(|| ObjectIdentifier::new(name).ok())
}

/// The PrivateKeyInfo (RFC 5208, 5) that keytool makes of a secret key.
pub(super) fn info(name: &str, key: &Secret) -> Result<Secret, KeystoreError> {
    let problem = || format!("secret keys for {name:?} have no object identifier");
    let algorithm = algorithm(name).ok_or_else(|| KeystoreError::Unwritable { format: "PKCS#12", problem: problem() })?;
    let algorithm = encode(SEQUENCE, &[&encode_oid(algorithm), &[NULL, 0]]);
    Ok(Secret::new(encode(SEQUENCE, &[&encode_integer(&[0]), &algorithm, &encode(OCTET_STRING, &[key.expose()])])))
}

/// A secret key that stays closed does not even tell its algorithm.
pub(super) fn locked(closed: Closed) -> Held {
    match closed {
        Closed::Locked(_) => Held::SecretKey { algorithm: "unknown, encrypted".to_owned(), key: None },
        Closed::Broken(problem) => Held::Unreadable { what: "secret key", problem, at: None },
    }
}
