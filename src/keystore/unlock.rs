//! Opens what is encrypted in a store, and notes by what.

use std::fmt;

use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Decode, Reader};
use pkcs8::spki::AlgorithmIdentifierRef;

use super::bags::sequence;
use super::mac::Mac;
use super::{Lock, Passwords, Protected, Scheme};
use crate::java::sealed_object::{SealedObject, is_object};
use crate::pbe::{self, Effort, PbeError};
use crate::pki::{AnyKey, AnyKeyError, Passphrase, Secret};

/// The passwords that are tried on what one file holds, and what its parts were encrypted by.
#[derive(Debug)]
pub(super) struct Unlocker<'a> {
    passwords: &'a Passwords,
    effort: Effort,
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
            PbeError::Damaged(_) | PbeError::TooCostly(_) | PbeError::Exhausted => Self::Broken(error.to_string()),
        }
    }
}

impl<'a> Unlocker<'a> {
    pub(super) fn new(passwords: &'a Passwords) -> Self {
        Self { passwords, effort: Effort::of_a_file(), schemes: Vec::new() }
    }

    pub(super) fn note(&mut self, scheme: Scheme) {
        if !self.schemes.contains(&scheme) {
            self.schemes.push(scheme);
        }
    }

    pub(super) fn into_schemes(self) -> Vec<Scheme> {
        self.schemes
    }

    /// Whether the MAC fits; `None` without a password for the store.
    pub(super) fn seals(&mut self, mac: &Mac<'_>, digest: &[u8], content: &[u8]) -> Result<Option<bool>, PbeError> {
        self.note(mac.scheme());
        self.passwords.store.as_ref().map(|password| mac.fits(digest, content, password, &mut self.effort)).transpose()
    }

    /// A part of the store, which the store's password opens.
    pub(super) fn part(&mut self, algorithm: &AlgorithmIdentifierRef<'_>, data: &[u8]) -> Result<Secret, Closed> {
        self.note(pbe::scheme(algorithm, Protected::Certificates));
        let passwords = self.passwords.store.as_slice();
        self.first(passwords, |password, effort| pbe::decrypt(algorithm, data, password, effort))
    }

    /// What an EncryptedPrivateKeyInfo (RFC 5208, 6) hides.
    pub(super) fn key(&mut self, encrypted: &[u8]) -> Result<Secret, Closed> {
        let (algorithm, data) = encrypted_key(encrypted).map_err(|_| Closed::Broken("it is no EncryptedPrivateKeyInfo".to_owned()))?;
        self.note(pbe::scheme(&algorithm, Protected::Keys));
        let passwords = self.key_passwords();
        self.first(&passwords, |password, effort| pbe::decrypt(&algorithm, data, password, effort))
    }

    /// Reads a key that is open, in whichever envelope.
    pub(super) fn read(&mut self, der: &[u8], parameters: Option<&[u8]>) -> Result<AnyKey, AnyKeyError> {
        self.afford(AnyKey::effort(der))?;
        AnyKey::from_der(der, parameters)
    }

    pub(super) fn afford(&mut self, iterations: u64) -> Result<(), AnyKeyError> {
        self.effort.spend(iterations).map_err(|error| AnyKeyError(error.to_string()))
    }

    /// Opens in a way of its own what a password for keys protects.
    pub(super) fn key_by(&mut self, open: impl Fn(&Passphrase, &mut Effort) -> Result<Secret, PbeError>) -> Result<Secret, Closed> {
        self.first(&self.key_passwords(), open)
    }

    /// The serialised key in a sealed object.
    pub(super) fn sealed(&mut self, sealed: &SealedObject<'_>) -> Result<Secret, Closed> {
        let algorithm = sealed.algorithm();
        self.note(pbe::scheme(&algorithm, Protected::Keys));
        self.first(&self.key_passwords(), |password, effort| pbe::decrypt_to(&algorithm, sealed.data, password, is_object, effort))
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
        open: impl Fn(&Passphrase, &mut Effort) -> Result<Secret, PbeError>,
    ) -> Result<Secret, Closed> {
        let mut closed = Closed::Locked(Lock::NoPassword);
        for password in passwords {
            match open(password, &mut self.effort) {
                Ok(opened) => return Ok(opened),
                Err(PbeError::WrongPassword) => closed = Closed::Locked(Lock::WrongPassword),
                Err(other) => return Err(other.into()),
            }
        }
        Err(closed)
    }
}

/// The algorithm and the data of an EncryptedPrivateKeyInfo.
pub(super) fn encrypted_key(encrypted: &[u8]) -> der::Result<(AlgorithmIdentifierRef<'_>, &[u8])> {
    let mut fields = sequence(AnyRef::from_der(encrypted)?)?;
    Ok((fields.decode()?, fields.decode::<&OctetStringRef>()?.as_bytes()))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;

    use super::*;
    use crate::pki::{KeyKind, Password, PrivateKey};

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned())
    }

    /// Each of them is as programs write it; thousands of them in one file are nobody's.
    #[test]
    fn the_work_for_all_that_a_file_holds_is_bounded() {
        let password = Password::new("correct horse".to_owned()).unwrap();
        let key = AnyKey::from_pkcs8(PrivateKey::generate(KeyKind::P256).unwrap().pkcs8().expose()).unwrap();
        let encrypted = key.encrypted(&password, &SystemRandom::new()).unwrap();
        let (algorithm, _) = encrypted_key(encrypted.expose()).unwrap();
        let cost = pbe::scheme(&algorithm, Protected::Keys).iterations.unwrap() + 1;
        let opened = |passwords: &Passwords, iterations| {
            let mut unlocker = Unlocker { effort: Effort::of(iterations), ..Unlocker::new(passwords) };
            (0..3).map(|_| unlocker.key(encrypted.expose()).map(drop)).collect::<Vec<_>>()
        };
        let right = Passwords { store: Some(passphrase("correct horse")), ..Passwords::default() };
        let exhausted = Err(Closed::Broken(PbeError::Exhausted.to_string()));
        assert_eq!(opened(&right, 3 * cost), [Ok(()), Ok(()), Ok(())]);
        assert_eq!(opened(&right, 2 * cost), [Ok(()), Ok(()), exhausted.clone()]);
        // Two wrong ones, each in both its spellings, before the one that opens it.
        let wrong = ["battery", "staple"].map(passphrase).to_vec();
        let three = Passwords { keys: wrong, ..right };
        assert_eq!(opened(&three, 5 * cost), [Ok(()), exhausted.clone(), exhausted]);
    }
}
