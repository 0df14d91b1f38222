//! Opens what is encrypted in a store, and notes by what.

use std::fmt;

use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Decode, Reader};
use pkcs8::spki::AlgorithmIdentifierRef;

use super::bags::sequence;
use super::{Lock, Passwords, Protected, Scheme};
use crate::java::sealed_object::{SealedObject, is_object};
use crate::pbe::{self, PbeError};
use crate::pki::{Passphrase, Secret};

/// Iterations for one file, all of its keys and parts together: some seconds.
const EFFORT: u64 = 50_000_000;

/// The passwords that are tried on what one file holds, and what its parts were encrypted by.
#[derive(Debug)]
pub(super) struct Unlocker<'a> {
    passwords: &'a Passwords,
    effort: u64,
    schemes: Vec<Scheme>,
}

/// Why something was not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closed {
    Locked(Lock),
    Broken(String),
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked(lock) => lock.fmt(f),
            Self::Broken(problem) => f.write_str(problem),
        }
    }
}

impl From<PbeError> for Closed {
    fn from(error: PbeError) -> Self {
        match error {
            PbeError::WrongPassword => Self::Locked(Lock::WrongPassword),
            PbeError::Unsupported(name) => Self::Locked(Lock::Unsupported(name)),
            PbeError::Damaged(_) | PbeError::TooCostly(_) => Self::Broken(error.to_string()),
        }
    }
}

impl<'a> Unlocker<'a> {
    pub(super) fn new(passwords: &'a Passwords) -> Self {
        Self { passwords, effort: EFFORT, schemes: Vec::new() }
    }

    pub(super) fn note(&mut self, scheme: Scheme) {
        if !self.schemes.contains(&scheme) {
            self.schemes.push(scheme);
        }
    }

    pub(super) fn into_schemes(self) -> Vec<Scheme> {
        self.schemes
    }

    pub(super) fn store_password(&self) -> Option<&'a Passphrase> {
        self.passwords.store.as_ref()
    }

    /// A part of the store, which the store's password opens.
    pub(super) fn part(&mut self, algorithm: &AlgorithmIdentifierRef<'_>, data: &[u8]) -> Result<Secret, Closed> {
        self.note(pbe::scheme(algorithm, Protected::Certificates));
        let passwords = self.passwords.store.as_slice();
        self.first(passwords, cost(algorithm), |password| pbe::decrypt(algorithm, data, password))
    }

    /// What an EncryptedPrivateKeyInfo (RFC 5208, 6) hides.
    pub(super) fn key(&mut self, encrypted: &[u8]) -> Result<Secret, Closed> {
        let (algorithm, data) = encrypted_key(encrypted).map_err(|_| Closed::Broken("it is no EncryptedPrivateKeyInfo".to_owned()))?;
        self.note(pbe::scheme(&algorithm, Protected::Keys));
        let passwords = self.key_passwords();
        self.first(&passwords, cost(&algorithm), |password| pbe::decrypt(&algorithm, data, password))
    }

    /// Opens in a way of its own what a password for keys protects.
    pub(super) fn key_by(&mut self, open: impl Fn(&Passphrase) -> Result<Secret, PbeError>) -> Result<Secret, Closed> {
        self.first(&self.key_passwords(), 0, open)
    }

    /// The serialised key in a sealed object.
    pub(super) fn sealed(&mut self, sealed: &SealedObject<'_>) -> Result<Secret, Closed> {
        let algorithm = sealed.algorithm();
        self.note(pbe::scheme(&algorithm, Protected::Keys));
        let open = |password: &Passphrase| pbe::decrypt_to(&algorithm, sealed.data, password, is_object);
        self.first(&self.key_passwords(), cost(&algorithm), open)
    }

    /// Their own, the store's, or the empty one, which some programs give to keys.
    fn key_passwords(&self) -> Vec<Passphrase> {
        let given = self.passwords.keys.iter().chain(&self.passwords.store);
        let mut passwords: Vec<Passphrase> = given.clone().cloned().chain(given.clone().next().map(|_| Passphrase::default())).collect();
        passwords.dedup();
        passwords
    }

    fn first(
        &mut self,
        passwords: &[Passphrase],
        cost: u64,
        open: impl Fn(&Passphrase) -> Result<Secret, PbeError>,
    ) -> Result<Secret, Closed> {
        let mut closed = Closed::Locked(Lock::NoPassword);
        for password in passwords {
            let Some(left) = self.effort.checked_sub(cost) else {
                return Err(Closed::Broken(format!("the store asks for more than {EFFORT} iterations in all")));
            };
            self.effort = left;
            match open(password) {
                Ok(opened) => return Ok(opened),
                Err(PbeError::WrongPassword) => closed = Closed::Locked(Lock::WrongPassword),
                Err(other) => return Err(other.into()),
            }
        }
        Err(closed)
    }
}

fn cost(algorithm: &AlgorithmIdentifierRef<'_>) -> u64 {
    pbe::scheme(algorithm, Protected::Keys).iterations.unwrap_or(0)
}

/// The algorithm and the data of an EncryptedPrivateKeyInfo.
pub(super) fn encrypted_key(encrypted: &[u8]) -> der::Result<(AlgorithmIdentifierRef<'_>, &[u8])> {
    let mut fields = sequence(AnyRef::from_der(encrypted)?)?;
    Ok((fields.decode()?, fields.decode::<&OctetStringRef>()?.as_bytes()))
}
