//! What is in a file of keys or certificates, as a client would use it.

use crate::diagnosis::FileProblem;
use crate::keystore::{self, Contents, Format, Held, KeyState, KeystoreError, Lock, Passwords, Seal};
use crate::pki::{AnyKey, Certificate};
use crate::visit::Credential;

/// By whose rules a file's certificates are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trusting {
    /// Java passes over the certificates of a PKCS#12 store that lack its mark of trust (2.16.840.1.113894.746875.1.1), and trusts the
    /// leaf of every key besides.
    Java,
    /// A bundle is trusted as a whole.
    Bundle,
}

/// What is there to be used. A file that is empty, or PEM of other things, is not damaged: what is missing in it depends on what it is for.
pub(super) fn open(bytes: &[u8], passwords: &Passwords) -> Result<Contents, FileProblem> {
    let opened = match keystore::open(bytes, passwords) {
        Err(KeystoreError::Unrecognised { .. }) if holds_nothing(bytes) => {
            return Ok(Contents { format: Format::Pem, items: Vec::new(), seal: Seal::Absent, schemes: Vec::new() });
        }
        opened => opened,
    };
    let contents = opened.map_err(|error| match error {
        KeystoreError::WrongPassword(_) | KeystoreError::WrongKeyPassword(_) | KeystoreError::WrongPasswordOrDamaged(_) => {
            FileProblem::WrongPassword
        }
        KeystoreError::Damaged { .. }
        | KeystoreError::Unrecognised { .. }
        | KeystoreError::Unreadable { .. }
        | KeystoreError::Unwritable { .. } => FileProblem::Damaged(error.to_string()),
    })?;
    match contents.items.iter().find_map(|item| damage(&item.held)) {
        Some(damage) => Err(FileProblem::Damaged(damage)),
        None => Ok(contents),
    }
}

/// Of what is not recognised: nothing at all, or PEM.
fn holds_nothing(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii();
    text.is_empty() || text.starts_with(b"-----BEGIN ")
}

/// Of a part that every program would read: one that none would is passed over, as they do.
fn damage(held: &Held) -> Option<String> {
    match held {
        Held::Unreadable { what: what @ ("certificate" | "private key"), problem, .. } => {
            Some(format!("its {what} cannot be read: {problem}"))
        }
        Held::Unreadable { .. }
        | Held::Key { .. }
        | Held::Trusted(_)
        | Held::Certificate(_)
        | Held::SecretKey { .. }
        | Held::PublicKey(_)
        | Held::Request(_)
        | Held::RevocationList(_) => None,
    }
}

/// A key with its chain from one file. Of several keys the first; `notes` says so.
pub(super) fn credential(bytes: &[u8], contents: &Contents, notes: &mut Vec<String>) -> Result<Credential, FileProblem> {
    let keys = keys(contents);
    let (alias, key, chain) = keys.first().copied().ok_or_else(|| no_key(contents))?;
    if let (Some(alias), 2..) = (alias, keys.len()) {
        notes.push(format!(
            "there are {} keys: {alias:?} is shown here, where Java shows whichever fits the authorities that the broker names",
            keys.len()
        ));
    }
    let chain = match contents.format {
        Format::Pem | Format::Der | Format::Pkcs7 => sent(bytes, contents),
        Format::Pkcs12 | Format::Jks | Format::Jceks => chain.to_vec(),
    };
    Credential::new(chain, opened(key)?)
}

/// A certificate with its chain from one file, and the key from another.
pub(super) fn credential_of_two(bytes: &[u8], chain: &Contents, key: &Contents) -> Result<Credential, (Part, FileProblem)> {
    let (_, state, _) = keys(key).first().copied().ok_or_else(|| (Part::Key, no_key(key)))?;
    let key = opened(state).map_err(|problem| (Part::Key, problem))?;
    Credential::new(sent(bytes, chain), key).map_err(|problem| {
        let part = if problem == FileProblem::NoCertificate { Part::Chain } else { Part::Key };
        (part, problem)
    })
}

/// Which of two files is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Chain,
    Key,
}

type Key<'a> = (Option<&'a str>, &'a KeyState, &'a [Certificate]);

/// Those that are open first.
fn keys(contents: &Contents) -> Vec<Key<'_>> {
    let mut keys: Vec<Key<'_>> = Vec::new();
    for item in &contents.items {
        if let Held::Key { key, chain } = &item.held {
            keys.push((item.alias.as_deref(), key, chain));
        }
    }
    keys.sort_by_key(|(_, key, _)| matches!(key, KeyState::Locked(_)));
    keys
}

fn no_key(contents: &Contents) -> FileProblem {
    // Sealed and without a password, it may well hold one.
    if contents.seal == Seal::Unchecked && contents.items.is_empty() { FileProblem::KeyLocked } else { FileProblem::NoKey }
}

fn opened(key: &KeyState) -> Result<&AnyKey, FileProblem> {
    match key {
        KeyState::Open(key) => Ok(key),
        KeyState::Locked(Lock::NoPassword) => Err(FileProblem::KeyLocked),
        KeyState::Locked(Lock::WrongPassword) => Err(FileProblem::WrongPassword),
        KeyState::Locked(lock @ Lock::Unsupported(_)) => Err(FileProblem::Damaged(format!("its key is {lock}"))),
    }
}

/// Every certificate in the order of the file, which is how PEM is sent, right or wrong.
fn sent(bytes: &[u8], contents: &Contents) -> Vec<Certificate> {
    match (contents.format, Certificate::from_pem(bytes)) {
        (Format::Pem, Ok(certificates)) => certificates,
        _ => contents.certificates().cloned().collect(),
    }
}

/// What is trusted; never empty.
pub(super) fn anchors(contents: &Contents, trusting: Trusting) -> Result<Vec<Certificate>, FileProblem> {
    let marked = trusting == Trusting::Java && contents.format == Format::Pkcs12;
    let mut anchors: Vec<Certificate> = Vec::new();
    for item in &contents.items {
        match &item.held {
            Held::Certificate(_) if marked => {}
            Held::Key { chain, .. } if trusting == Trusting::Java && contents.format != Format::Pem => {
                anchors.extend(chain.first().cloned());
            }
            Held::Key { .. }
            | Held::Trusted(_)
            | Held::Certificate(_)
            | Held::SecretKey { .. }
            | Held::PublicKey(_)
            | Held::Request(_)
            | Held::RevocationList(_)
            | Held::Unreadable { .. } => anchors.extend_from_slice(item.certificates()),
        }
    }
    if !anchors.is_empty() {
        Ok(anchors)
    } else if trusting == Trusting::Bundle && contents.seal == Seal::Unchecked {
        Err(FileProblem::Damaged("it is closed by a password, and none was given".to_owned()))
    } else {
        Err(FileProblem::NoAnchors)
    }
}
