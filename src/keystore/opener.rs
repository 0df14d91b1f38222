//! Private keys, opened as far as the passwords go.

use std::collections::BTreeSet;

use pkcs8::der::Decode;
use pkcs8::spki::AlgorithmIdentifierRef;

use super::openssh::{self, OpensshError};
use super::pbe::{self, PbeError};
use super::traditional::Encryption;
use super::{KeyState, Lock, Passwords, Protected, Scheme};
use crate::pki::asn1::{Elements, OCTET_STRING, SEQUENCE};
use crate::pki::{AnyKey, AnyKeyError, Passphrase};

/// What opens keys, and the ways of encryption that were met.
pub(super) struct Opener<'a> {
    passwords: &'a Passwords,
    pub schemes: BTreeSet<Scheme>,
}

impl<'a> Opener<'a> {
    pub fn new(passwords: &'a Passwords) -> Self {
        Self { passwords, schemes: BTreeSet::new() }
    }

    fn password(&self) -> Option<&'a Passphrase> {
        self.passwords.key.as_ref().or(self.passwords.store.as_ref())
    }

    /// A key in whichever envelope: what it is called counts for nothing, programs often call it wrong. `parameters` are the
    /// ECParameters that stood before it.
    pub fn key(&mut self, der: &[u8], parameters: Option<&[u8]>) -> Result<KeyState, AnyKeyError> {
        match encrypted(der) {
            Some((algorithm, data)) => self.encrypted(algorithm, data),
            None => AnyKey::from_der(der, parameters).map(KeyState::Open),
        }
    }

    /// An EncryptedPrivateKeyInfo (RFC 5958, 3).
    fn encrypted(&mut self, algorithm: &[u8], data: &[u8]) -> Result<KeyState, AnyKeyError> {
        let algorithm = AlgorithmIdentifierRef::from_der(algorithm).map_err(|_| AnyKeyError("its encryption is damaged".to_owned()))?;
        self.schemes.insert(pbe::scheme(&algorithm, Protected::Keys));
        let Some(password) = self.password() else { return Ok(KeyState::Locked(Lock::NoPassword)) };
        match pbe::decrypt(&algorithm, data, password) {
            Ok(pkcs8) => AnyKey::from_pkcs8(pkcs8.expose()).map(KeyState::Open),
            Err(error) => locked(error),
        }
    }

    /// A key in OpenSSL's traditional encryption.
    pub fn traditional(&mut self, encryption: &Encryption, data: &[u8], parameters: Option<&[u8]>) -> Result<KeyState, AnyKeyError> {
        self.schemes.insert(encryption.scheme());
        let Some(password) = self.password() else { return Ok(KeyState::Locked(Lock::NoPassword)) };
        match encryption.decrypt(data, password, |plain| Elements::within(plain, SEQUENCE).is_some()) {
            Ok(key) => AnyKey::from_der(key.expose(), parameters).map(KeyState::Open),
            Err(error) => locked(error),
        }
    }

    pub fn openssh(&mut self, bytes: &[u8]) -> Result<KeyState, AnyKeyError> {
        match openssh::read(bytes) {
            Ok(key) => Ok(KeyState::Open(key)),
            Err(OpensshError::Key(error)) => Err(error),
            Err(OpensshError::Encrypted(name)) => {
                self.schemes.insert(Scheme { protects: Protected::Keys, name: name.clone(), iterations: None });
                Ok(KeyState::Locked(Lock::Unsupported(name)))
            }
        }
    }
}

/// The AlgorithmIdentifier and the octets of an EncryptedPrivateKeyInfo, if it is one.
pub(super) fn encrypted(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = Elements::within(der, SEQUENCE)?;
    let (algorithm, data) = (fields.tagged(SEQUENCE)?, fields.tagged(OCTET_STRING)?);
    fields.is_empty().then_some((algorithm.whole, data.value))
}

fn locked(error: PbeError) -> Result<KeyState, AnyKeyError> {
    Ok(KeyState::Locked(match error {
        PbeError::WrongPassword => Lock::WrongPassword,
        PbeError::Unsupported(name) => Lock::Unsupported(name),
        PbeError::Damaged(problem) | PbeError::TooCostly(problem) => return Err(AnyKeyError(format!("its encryption: {problem}"))),
    }))
}
