//! Private keys in their envelopes, opened as far as the passwords go.

use super::openssh::{self, OpensshError};
use super::traditional::Encryption;
use super::unlock::{Closed, Unlocker};
use super::{KeyState, Lock, Protected, Scheme};
use crate::pki::asn1::{Elements, OCTET_STRING, SEQUENCE};
use crate::pki::{AnyKeyError, Secret};

/// A key in whichever envelope: what it is called counts for nothing, programs often call it wrong. `parameters` are the
/// ECParameters that stood before it.
pub(super) fn key(der: &[u8], parameters: Option<&[u8]>, unlocker: &mut Unlocker<'_>) -> Result<KeyState, AnyKeyError> {
    if is_encrypted(der) { opened(unlocker.key(der), None, unlocker) } else { unlocker.read(der, parameters).map(KeyState::Open) }
}

/// A key in OpenSSL's traditional encryption.
pub(super) fn traditional(
    encryption: &Encryption,
    data: &[u8],
    parameters: Option<&[u8]>,
    unlocker: &mut Unlocker<'_>,
) -> Result<KeyState, AnyKeyError> {
    unlocker.note(encryption.scheme());
    let fits = |plain: &[u8]| Elements::within(plain, SEQUENCE).is_some();
    let plain = unlocker.key_by(|password, _| encryption.decrypt(data, password, fits));
    opened(plain, parameters, unlocker)
}

pub(super) fn openssh(bytes: &[u8], unlocker: &mut Unlocker<'_>) -> Result<KeyState, AnyKeyError> {
    unlocker.afford(openssh::effort(bytes))?;
    match openssh::read(bytes) {
        Ok(key) => Ok(KeyState::Open(key)),
        Err(OpensshError::Key(error)) => Err(error),
        Err(OpensshError::Encrypted(name)) => {
            unlocker.note(Scheme { protects: Protected::Keys, name: name.clone(), iterations: None });
            Ok(KeyState::Locked(Lock::Unsupported(name)))
        }
    }
}

/// Whether it is an EncryptedPrivateKeyInfo (RFC 5958, 3).
pub(super) fn is_encrypted(der: &[u8]) -> bool {
    let fields = Elements::within(der, SEQUENCE);
    fields.is_some_and(|mut fields| fields.tagged(SEQUENCE).and(fields.tagged(OCTET_STRING)).is_some() && fields.is_empty())
}

/// What became of an encrypted key, read if it was opened.
pub(super) fn opened(
    plain: Result<Secret, Closed>,
    parameters: Option<&[u8]>,
    unlocker: &mut Unlocker<'_>,
) -> Result<KeyState, AnyKeyError> {
    match plain {
        Ok(key) => unlocker.read(key.expose(), parameters).map(KeyState::Open),
        Err(Closed::Locked(lock)) => Ok(KeyState::Locked(lock)),
        Err(Closed::Broken(problem)) => Err(AnyKeyError(problem)),
    }
}
