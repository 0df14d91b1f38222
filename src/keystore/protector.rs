//! What a password does in JKS: it hides the keys (`sun.security.provider.KeyProtector`) and seals the whole store. JCEKS is
//! sealed in the same way, and early ones hid their keys so.

use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{Encode, Tag};
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{ObjectIdentifier, der};
use zeroize::Zeroizing;

use crate::pki::{Passphrase, Secret};

/// Octets of a SHA-1 digest: of the seal, of a salt, and of the check behind a hidden key.
pub(super) const DIGEST: usize = 20;
const WHITENER: &[u8] = b"Mighty Aphrodite";
pub(super) const KEY_PROTECTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.42.2.17.1.1");

/// SHA-1 over the password, the whitener and `body`.
pub(super) fn seal(password: &Passphrase, body: &[u8]) -> [u8; DIGEST] {
    sha1(&[&utf16(password), WHITENER, body])
}

/// An EncryptedPrivateKeyInfo (RFC 5208, 6) around the salt, the hidden key, and SHA-1 over password and key.
pub(super) fn protect(key: &Secret, password: &Passphrase, salt: [u8; DIGEST]) -> Result<Vec<u8>, der::Error> {
    let password = utf16(password);
    let hidden = with_keystream(key.expose(), &password, salt);
    let protected = [&salt[..], &hidden, &sha1(&[&password, key.expose()])].concat();
    let algorithm = AlgorithmIdentifierRef { oid: KEY_PROTECTOR, parameters: Some(AnyRef::NULL) }.to_der()?;
    let content = [algorithm, OctetStringRef::new(&protected)?.to_der()?].concat();
    AnyRef::new(Tag::Sequence, &content)?.to_der()
}

/// What [`unprotect`] takes, in iterations of PBKDF2: a digest of the password for each [`DIGEST`] octets.
pub(super) fn cost(protected: &[u8], password: &Passphrase) -> u64 {
    (protected.len() / DIGEST) as u64 * (1 + password.expose().len() as u64 / 32)
}

/// `None` when the password does not open what an EncryptedPrivateKeyInfo holds; or when it is too short to hold anything.
pub(super) fn unprotect(protected: &[u8], password: &Passphrase) -> Option<Secret> {
    let (salt, rest) = protected.split_first_chunk()?;
    let (hidden, check) = rest.split_last_chunk::<DIGEST>()?;
    let password = utf16(password);
    let key = Secret::new(with_keystream(hidden, &password, *salt));
    (sha1(&[&password, key.expose()]) == *check).then_some(key)
}

/// XOR with SHA-1 over the password and the block before, the first of which is the salt. Hides a key, and shows it again:
/// the caller keeps whichever is the secret.
fn with_keystream(data: &[u8], password: &[u8], salt: [u8; DIGEST]) -> Vec<u8> {
    let mut block = salt;
    // The final size from the start: growing would leave parts of a key behind.
    let mut out = Vec::with_capacity(data.len());
    for chunk in data.chunks(DIGEST) {
        block = sha1(&[password, &block]);
        out.extend(chunk.iter().zip(block).map(|(byte, mask)| byte ^ mask));
    }
    out
}

fn sha1(parts: &[&[u8]]) -> [u8; DIGEST] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY);
    parts.iter().for_each(|part| context.update(part));
    let mut digest = [0; DIGEST];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

/// Big endian.
fn utf16(password: &Passphrase) -> Zeroizing<Vec<u8>> {
    let text = password.expose();
    // As above: UTF-16 has at most twice the octets of UTF-8.
    let mut octets = Zeroizing::new(Vec::with_capacity(text.len() * 2));
    octets.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    octets
}
