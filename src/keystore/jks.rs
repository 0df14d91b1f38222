//! Sun's JKS and SunJCE's JCEKS, whoever wrote them, as `sun.security.provider.JavaKeyStore` and
//! `com.sun.crypto.provider.JceKeyStore` do.
//!
//! ```text
//! u32 0xFEEDFEED (JCEKS: 0xCECECECE)   u32 version 1 or 2   u32 entries
//! each entry:   u32 tag (1 key, 2 trusted, 3 secret)   UTF alias   i64 milliseconds since 1970
//!   key:        u32 length, EncryptedPrivateKeyInfo   u32 certificates, each: UTF "X.509" (not in version 1), u32 length, DER
//!   trusted:    UTF "X.509" (not in version 1), u32 length, DER
//!   secret:     a serialised SealedObject (JCEKS alone)
//! SHA-1 over the password (UTF-16BE), "Mighty Aphrodite" and everything before
//! ```

use super::jks_layout::{Content, Layout, LockedEntry, Unreadable, damaged};
use super::protector::{self, KEY_PROTECTOR, seal, unprotect};
use super::secret_key::locked;
use super::unlock::{Closed, Unlocker, encrypted_key};
use super::{Contents, Entry, Held, Item, KeystoreError, Passwords, Protected, Scheme, Seal, opener};
use crate::java::input::InputError;
use crate::java::sealed_object::{SealedObject, secret_key};
use crate::pbe::PbeError;
use crate::pki::{Password, Secret};

pub use super::jks_write::{Protection, Variant, write, write_as};

/// Reads a store of either format, which its first octets tell.
///
/// The password protects the digest over the whole store: one that does not fit cannot be told from damage. Without a password
/// all but the keys is read.
pub fn open(bytes: &[u8], passwords: &Passwords) -> Result<Contents, KeystoreError> {
    let Layout { format, entries, body, digest } = Layout::parse(bytes)?;
    let seal = match &passwords.store {
        None => Seal::Unchecked,
        Some(password) if digest == seal(password, body) => Seal::Intact,
        Some(_) => return Err(KeystoreError::WrongPasswordOrDamaged(format.name())),
    };
    let mut unlocker = Unlocker::new(passwords);
    unlocker.note(Scheme { protects: Protected::Store, name: "SHA1 with password".to_owned(), iterations: None });
    let mut items = Vec::new();
    for entry in entries {
        items.extend(unlocked(entry, &mut unlocker).map_err(|error| damaged(format, error))?);
    }
    Ok(Contents { format, items, seal, schemes: unlocker.into_schemes() })
}

/// Reads a store strictly, all of whose keys are protected with the store's password.
pub fn read(bytes: &[u8], password: &Password) -> Result<Vec<Entry>, KeystoreError> {
    open(bytes, &Passwords { store: Some(password.into()), ..Passwords::default() })?.into_entries()
}

/// One item, and one more for each certificate of its chain that is none.
fn unlocked(entry: LockedEntry<'_>, unlocker: &mut Unlocker<'_>) -> Result<Vec<Item>, InputError> {
    let LockedEntry { alias, created, content, at } = entry;
    let mut held = Vec::new();
    match content {
        Content::Key(encrypted, certificates) => {
            let mut chain = Vec::new();
            for certificate in certificates {
                match certificate {
                    Ok(certificate) => chain.push(certificate),
                    Err(error) => held.push(unreadable(error)),
                }
            }
            let unreadable = |problem| Held::Unreadable { what: "private key", problem, at: Some(at) };
            let plain = key(encrypted, unlocker);
            let key = opener::opened(plain, None, unlocker);
            held.insert(0, key.map_or_else(|error| unreadable(error.to_string()), |key| Held::Key { key, chain }));
        }
        Content::Trusted(Ok(certificate)) => held.push(Held::Trusted(certificate)),
        Content::Trusted(Err(error)) => held.push(unreadable(error)),
        Content::Secret(sealed) => held.push(secret(&sealed, unlocker).map_err(|problem| InputError { problem, at })?),
    }
    Ok(held.into_iter().map(|held| Item { alias: Some(alias.clone()), created, held }).collect())
}

fn unreadable(error: Unreadable) -> Held {
    Held::Unreadable { what: "certificate", problem: error.problem, at: Some(error.at) }
}

/// JKS hides keys in its own way, and JCEKS did so once; else it is encryption by password as anywhere.
fn key(encrypted: &[u8], unlocker: &mut Unlocker<'_>) -> Result<Secret, Closed> {
    match encrypted_key(encrypted) {
        Ok((algorithm, protected)) if algorithm.oid == KEY_PROTECTOR => {
            unlocker.note(Scheme { protects: Protected::Keys, name: "Sun's KeyProtector with SHA1".to_owned(), iterations: None });
            unlocker.key_by(|password, effort| {
                effort.spend(protector::cost(protected, password))?;
                unprotect(protected, password).ok_or(PbeError::WrongPassword)
            })
        }
        Ok(_) => unlocker.key(encrypted),
        Err(_) => Err(Closed::Broken("the key is no EncryptedPrivateKeyInfo".to_owned())),
    }
}

/// An error when something else than a secret key was sealed.
fn secret(sealed: &SealedObject<'_>, unlocker: &mut Unlocker<'_>) -> Result<Held, String> {
    match unlocker.sealed(sealed) {
        Ok(plain) => secret_key(&plain).map(|(algorithm, key)| Held::SecretKey { algorithm, key: Some(key) }),
        Err(closed) => Ok(locked(closed)),
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;

    use time::OffsetDateTime;

    use super::*;
    use crate::keystore::protector::DIGEST;
    use crate::keystore::{Format, KeyState};
    use crate::pki::{Certificate, KeyKind, Passphrase, PrivateKey};

    fn password(text: &str) -> Password {
        Password::new(text.to_owned()).unwrap()
    }

    fn written(alias: &str, password: &Password) -> Vec<u8> {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        let chain = vec![Certificate::from_der(certificate.der().to_vec()).unwrap()];
        let entry = Entry::PrivateKey { alias: alias.to_owned(), key: key.pkcs8().clone(), chain };
        write(&[entry], password, OffsetDateTime::UNIX_EPOCH, &SystemRandom::new()).unwrap()
    }

    fn resealed(written: &[u8], password: &Password) -> Vec<u8> {
        let body = &written[..written.len() - DIGEST];
        [body, &seal(&Passphrase::from(password), body)].concat()
    }

    fn damaged_at(problem: &str, at: usize) -> KeystoreError {
        damaged(Format::Jks, InputError { problem: problem.to_owned(), at })
    }

    /// Java looks aliases up in lower case, and does not find others.
    #[test]
    fn any_alias_is_written_in_lower_case() {
        let read = read(&written("Größe 😀", &password("correct horse")), &password("correct horse")).unwrap();
        assert_eq!(read[0].alias(), "größe 😀");
    }

    #[test]
    fn a_key_may_have_a_password_of_its_own() {
        let store = resealed(&written("broker-1", &password("of the key")), &password("of the store"));
        assert_eq!(read(&store, &password("of the store")), Err(KeystoreError::WrongKeyPassword("broker-1".to_owned())));
        assert_eq!(read(&store, &password("of the key")), Err(KeystoreError::WrongPasswordOrDamaged("JKS")));
    }

    /// A length that promises four gigabytes costs nothing.
    #[test]
    fn no_length_is_believed() {
        let password = password("correct horse");
        let right = written("broker-1", &password);
        for at in 0..right.len() - DIGEST - 4 {
            let mut huge = right.clone();
            huge[at..at + 4].fill(0xFF);
            if huge != right {
                assert_eq!(read(&huge, &password).ok(), None, "length at byte {at}");
            }
        }
    }

    #[test]
    fn an_error_says_where() {
        let (right, password) = (written("broker-1", &password("correct horse")), password("correct horse"));
        let changed = |at: usize, byte| {
            let mut bytes = right.clone();
            bytes[at] = byte;
            read(&bytes, &password).unwrap_err().to_string()
        };
        assert_eq!(changed(0, 0), "not a JKS store: it does not begin with FEEDFEED at byte 0");
        assert_eq!(changed(7, 3), "not a JKS store: its version is neither 1 nor 2 at byte 4");
        assert_eq!(changed(15, 3), "not a JKS store: an entry is neither a key nor a trusted certificate at byte 12");
        assert_eq!(changed(18, 0xFF), "not a JKS store: a name is not modified UTF-8 at byte 16");
        assert_eq!(read(&right[..14], &password), Err(damaged_at("it ends too early", 12)));
        let longer = [&right[..], b"!"].concat();
        assert_eq!(read(&longer, &password), Err(damaged_at("more follows its end", right.len())));
    }

    #[test]
    fn a_damaged_certificate_leaves_the_rest() {
        let password = password("correct horse");
        let mut store = written("broker-1", &password);
        let at = store.windows(5).position(|octets| octets == b"X.509").unwrap() + 5 + 4;
        store[at] = 0;
        let store = resealed(&store, &password);
        let opened = open(&store, &Passwords { store: Some((&password).into()), ..Passwords::default() }).unwrap();
        let [key, certificate] = opened.items.as_slice() else { panic!("{opened:?}") };
        assert!(matches!(&key.held, Held::Key { key: KeyState::Open(_), chain } if chain.is_empty()), "{key:?}");
        assert!(matches!(certificate.held, Held::Unreadable { what: "certificate", at: Some(_), .. }), "{certificate:?}");
        assert!(read(&store, &password).is_err());
    }

    /// In version 1 no certificate says its type.
    #[test]
    fn version_1_is_read() {
        let password = password("correct horse");
        let mut store = written("broker-1", &password);
        let at = store.windows(7).position(|octets| octets == b"\0\x05X.509").unwrap();
        store.drain(at..at + 7);
        store[7] = 1;
        assert_eq!(read(&resealed(&store, &password), &password).unwrap().len(), 1);
    }

    #[test]
    fn without_a_password_all_but_the_keys_is_read() {
        let store = written("broker-1", &password("correct horse"));
        let opened = open(&store, &Passwords::default()).unwrap();
        assert_eq!(opened.seal, Seal::Unchecked);
        let [Item { alias: Some(alias), held: Held::Key { key: KeyState::Locked(lock), chain }, .. }] = opened.items.as_slice() else {
            panic!("{opened:?}")
        };
        assert_eq!((alias.as_str(), lock, chain.len()), ("broker-1", &super::super::Lock::NoPassword, 1));
    }
}
