//! PKCS#12 (RFC 7292, RFC 9579), whoever wrote it.

use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{self, Decode, Reader};
use pkcs8::spki::AlgorithmIdentifierRef;
use time::{Duration, OffsetDateTime};

use super::bags::{Bag, BagsError, Content, bags, sequence};
use super::belonging::{self, chain};
use super::mac::Mac;
use super::pfx::{Part, Pfx, PfxError, algorithm};
use super::secret_key::name;
use super::unlock::{Closed, Unlocker};
use super::{Contents, Entry, Format, Held, Item, KeyState, KeystoreError, Lock, Passwords, Seal, opener};
use crate::pbe::PbeError;
use crate::pki::{Certificate, Password, RevocationList, Secret};

pub use super::pkcs12_write::write;

pub(super) const FORMAT: &str = "PKCS#12";

/// Reads a store.
///
/// A certificate that belongs to a key is in its chain, and an item of its own only where Java trusts it. Without a password,
/// what is not encrypted is read.
pub fn open(bytes: &[u8], passwords: &Passwords) -> Result<Contents, KeystoreError> {
    let pfx = Pfx::parse(bytes).map_err(damaged)?;
    let parts = pfx.parts().map_err(damaged)?;
    let mut unlocker = Unlocker::new(passwords);
    let seal = seal(&pfx, &parts, &mut unlocker)?;
    let mut found = Vec::new();
    for part in &parts {
        match content(part, &mut unlocker) {
            Ok(contents) => found.extend(bags(contents.expose()).or_else(unreadable)?),
            // Without a MAC, the first part that is encrypted tells.
            Err(Closed::Locked(Lock::WrongPassword)) if seal == Seal::Absent && !found.iter().any(is_readable) => {
                return Err(KeystoreError::WrongPassword(FORMAT));
            }
            Err(closed) => found.push(part_unreadable(closed.to_string())),
        }
    }
    let items = items(found, &mut unlocker);
    Ok(Contents { format: Format::Pkcs12, items, seal, schemes: unlocker.into_schemes() })
}

/// Reads a store strictly: entries are what Java would see, keys with their chains, and certificates that are marked as trusted.
///
/// A store without a MAC is refused: any password would open it, if nothing in it is encrypted.
pub fn read(bytes: &[u8], password: &Password) -> Result<Vec<Entry>, KeystoreError> {
    open(bytes, &Passwords { store: Some(password.into()), ..Passwords::default() })?.into_entries()
}

fn damaged(error: PfxError) -> KeystoreError {
    let at = match &error {
        PfxError::Encoding(BagsError::Ber(error)) => Some(error.at()),
        PfxError::Encoding(BagsError::Asn1(_) | BagsError::TooDeep)
        | PfxError::Version
        | PfxError::Signed
        | PfxError::Enveloped
        | PfxError::OtherContent(_)
        | PfxError::Empty => None,
    };
    KeystoreError::Damaged { format: FORMAT, problem: error.to_string(), at }
}

fn part_unreadable(problem: String) -> Bag {
    Bag { content: Content::Unreadable { what: "part of the store", problem }, attributes: <_>::default() }
}

/// Damage to a part leaves the others; but nobody nests that deep who means well.
fn unreadable(error: BagsError) -> Result<Vec<Bag>, KeystoreError> {
    match error {
        BagsError::TooDeep => Err(damaged(PfxError::Encoding(error))),
        BagsError::Asn1(_) | BagsError::Ber(_) => Ok(vec![part_unreadable(error.to_string())]),
    }
}

fn is_readable(bag: &Bag) -> bool {
    !matches!(bag.content, Content::Unreadable { .. })
}

fn content(part: &Part, unlocker: &mut Unlocker<'_>) -> Result<Secret, Closed> {
    match part {
        Part::Plain(contents) => Ok(Secret::new(contents.clone())),
        Part::Encrypted { algorithm: der, data } => {
            let algorithm = algorithm(der).map_err(PbeError::from)?;
            unlocker.part(&algorithm, data)
        }
    }
}

fn seal(pfx: &Pfx, parts: &[Part], unlocker: &mut Unlocker<'_>) -> Result<Seal, KeystoreError> {
    let Some(data) = &pfx.mac else { return Ok(Seal::Absent) };
    match Mac::parse(data).and_then(|mac| unlocker.seals(&mac, &data.digest, &pfx.content)) {
        Ok(Some(true)) => return Ok(Seal::Intact),
        Ok(Some(false)) => {}
        Ok(None) | Err(PbeError::Unsupported(_)) => return Ok(Seal::Unchecked),
        Err(error) => return Err(KeystoreError::Damaged { format: FORMAT, problem: format!("its MAC: {error}"), at: None }),
    }
    let encrypted = parts.iter().find(|part| matches!(part, Part::Encrypted { .. }));
    Err(match encrypted.map(|part| content(part, unlocker)) {
        Some(Ok(_)) => {
            let problem = "its MAC does not fit, though the password opens it: it was changed after it was written";
            KeystoreError::Damaged { format: FORMAT, problem: problem.to_owned(), at: None }
        }
        Some(Err(_)) | None => KeystoreError::WrongPassword(FORMAT),
    })
}

/// A bag, its certificate or key read.
enum Opened {
    Certificate(Box<Certificate>),
    Key(KeyState),
    Other(Held),
}

fn items(bags: Vec<Bag>, unlocker: &mut Unlocker<'_>) -> Vec<Item> {
    let opened: Vec<_> = bags.into_iter().map(|bag| (opened(bag.content, unlocker), bag.attributes)).collect();
    let held: Vec<belonging::Held> = opened
        .iter()
        .filter_map(|(opened, attributes)| match opened {
            Opened::Certificate(certificate) => {
                Some(belonging::Held { certificate: (**certificate).clone(), local_key_id: attributes.local_key_id.clone() })
            }
            Opened::Key(_) | Opened::Other(_) => None,
        })
        .collect();
    let chains: Vec<Vec<Certificate>> = opened
        .iter()
        .map(|(opened, attributes)| match opened {
            Opened::Key(KeyState::Open(key)) => chain(Some(key), attributes.local_key_id.as_deref(), &held),
            Opened::Key(KeyState::Locked(_)) => chain(None, attributes.local_key_id.as_deref(), &held),
            Opened::Certificate(_) | Opened::Other(_) => Vec::new(),
        })
        .collect();
    let belongs = |certificate: &Certificate| chains.iter().any(|chain| chain.contains(certificate));
    let mut items = Vec::new();
    for ((opened, attributes), chain) in opened.into_iter().zip(&chains) {
        let held = match opened {
            Opened::Certificate(certificate) if attributes.trusted => Held::Trusted(certificate),
            Opened::Certificate(certificate) if belongs(&certificate) => continue,
            Opened::Certificate(certificate) => Held::Certificate(certificate),
            Opened::Key(key) => Held::Key { key, chain: chain.clone() },
            Opened::Other(held) => held,
        };
        let created = attributes.local_key_id.as_deref().and_then(java_date);
        items.push(Item { alias: attributes.friendly_name, created, held });
    }
    items
}

/// Java's localKeyID of a key is `Time 1699…`, in milliseconds since 1970.
fn java_date(local_key_id: &[u8]) -> Option<OffsetDateTime> {
    let milliseconds = std::str::from_utf8(local_key_id).ok()?.strip_prefix("Time ")?.parse().ok()?;
    OffsetDateTime::UNIX_EPOCH.checked_add(Duration::milliseconds(milliseconds))
}

fn opened(content: Content, unlocker: &mut Unlocker<'_>) -> Opened {
    let unreadable = |what, problem: String| Opened::Other(Held::Unreadable { what, problem, at: None });
    match content {
        Content::Certificate(der) => match Certificate::from_der(der) {
            Ok(certificate) => Opened::Certificate(Box::new(certificate)),
            Err(error) => unreadable("certificate", error.to_string()),
        },
        Content::RevocationList(der) => match RevocationList::from_der(der) {
            Ok(list) => Opened::Other(Held::RevocationList(Box::new(list))),
            Err(error) => unreadable("revocation list", error.to_string()),
        },
        Content::Key(pkcs8) => key(Ok(Secret::new(pkcs8)), unlocker),
        Content::ShroudedKey(encrypted) => key(unlocker.key(&encrypted), unlocker),
        Content::ShroudedSecret(encrypted) => secret(unlocker.key(&encrypted)),
        Content::Secret { kind, value } => Opened::Other(Held::SecretKey { algorithm: kind.to_string(), key: Some(Secret::new(value)) }),
        Content::Unreadable { what, problem } => unreadable(what, problem),
    }
}

fn key(pkcs8: Result<Secret, Closed>, unlocker: &mut Unlocker<'_>) -> Opened {
    match opener::opened(pkcs8, None, unlocker) {
        Ok(key) => Opened::Key(key),
        Err(error) => Opened::Other(Held::Unreadable { what: "private key", problem: error.to_string(), at: None }),
    }
}

/// keytool writes a secret key as a PrivateKeyInfo (RFC 5208, 5), whose algorithm is the secret key's.
fn secret(info: Result<Secret, Closed>) -> Opened {
    Opened::Other(match info {
        Ok(info) => match secret_key(info.expose()) {
            Ok((algorithm, key)) => Held::SecretKey { algorithm, key: Some(key) },
            Err(error) => Held::Unreadable { what: "secret key", problem: error.to_string(), at: None },
        },
        Err(closed) => super::secret_key::locked(closed),
    })
}

fn secret_key(info: &[u8]) -> der::Result<(String, Secret)> {
    let mut fields = sequence(AnyRef::from_der(info)?)?;
    let _version: AnyRef<'_> = fields.decode()?;
    let algorithm: AlgorithmIdentifierRef<'_> = fields.decode()?;
    let key = <&OctetStringRef>::decode(&mut fields)?;
    Ok((name(algorithm.oid), Secret::new(key.as_bytes().to_vec())))
}
