//! Floor 0: values that cannot be wrong. Names, keys, certificates and secrets; nothing here knows of clusters or files.

mod any_key;
pub(crate) mod asn1;
mod certificate;
mod chain;
mod curve;
mod curve448;
mod derive;
mod distinguished_name;
mod field;
mod key;
mod key_effort;
mod name;
mod oid;
mod post_quantum;
mod public_key;
mod quotable;
mod request;
mod revocation;
mod secret;
mod validity;

pub use any_key::{AnyKey, AnyKeyError};
pub use certificate::{Certificate, CertificateError, Usage};
pub use chain::{Chain, Identity, IdentityError, TrustBundle};
pub use distinguished_name::rfc2253;
pub use key::{KeyError, KeyKind, PrivateKey, pem_block};
pub use name::{Host, HostPort, NameError, San, Subject, SubjectAttribute};
pub use public_key::{KeyAlgorithm, PublicKey};
pub use quotable::{names_secret, quotable, quotable_length, quotable_length_of_name};
pub use request::Request;
pub use revocation::RevocationList;
pub use secret::{Passphrase, Password, PasswordError, Secret};
pub use validity::{Lifetime, LifetimeError, Validity};

/// Where serial numbers, salts and passwords come from: an argument wherever one is made, never reached for.
///
/// Key pairs are the exception: aws-lc draws them from its own generator and takes no other.
pub type Entropy = dyn aws_lc_rs::rand::SecureRandom + Sync;

/// SHA-256 in lower-case hexadecimal, the fingerprint used in manifests, the journal and reports.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref())
}

/// SHA-1 in lower-case hexadecimal: the other fingerprint that people compare. Nothing is trusted by it.
pub fn sha1_hex(bytes: &[u8]) -> String {
    hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}

/// Lower-case hexadecimal, without separators.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 0xf)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}
