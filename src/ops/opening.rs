//! What a word on the command line stands for, and what a file holds.

use std::path::Path;

use crate::keystore::{self, Contents, Held, KeyState, KeystoreError, Lock, Passwords, Seal};
use crate::pki::HostPort;

/// What exists as a file is a file, however it is called.
pub fn endpoint_named(word: &Path) -> Option<HostPort> {
    let text = word.to_str().filter(|_| !word.exists())?;
    text.parse().ok()
}

/// Reads whatever `bytes` are. An empty password may stand for none: then it is tried without one first.
pub fn open(bytes: &[u8], passwords: &Passwords) -> Result<Contents, KeystoreError> {
    if passwords.store.as_ref().is_none_or(|password| !password.expose().is_empty()) {
        return keystore::open(bytes, passwords);
    }
    let without = keystore::open(bytes, &Passwords { store: None, keys: passwords.keys.clone() });
    if without.as_ref().is_ok_and(|contents| !wants_password(contents)) {
        return without;
    }
    keystore::open(bytes, passwords).or(without)
}

/// Whether a password would show more of it.
pub fn wants_password(contents: &Contents) -> bool {
    let locked = |held: &Held| match held {
        Held::Key { key: KeyState::Locked(Lock::NoPassword), .. } | Held::SecretKey { key: None, .. } => true,
        Held::Key { .. }
        | Held::SecretKey { .. }
        | Held::Trusted(_)
        | Held::Certificate(_)
        | Held::PublicKey(_)
        | Held::Request(_)
        | Held::RevocationList(_)
        | Held::Unreadable { .. } => false,
    };
    contents.seal == Seal::Unchecked || contents.items.iter().any(|item| locked(&item.held))
}
