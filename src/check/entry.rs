//! Findings about single entries of a store: aliases, passwords, and keys that stay closed.

use std::collections::BTreeSet;

use super::view::{View, entry_name};
use crate::finding::{Finding, Place, Rule};
use crate::keystore::{Format, Held, KeyState, Lock, Passwords};
use crate::pki::Passphrase;

pub const RULES: &[&Rule] =
    &[&ALIAS_UPPER_CASE, &ALIAS_NOT_ASCII, &ALIAS_TWICE, &KEY_NOT_CHECKED, &KEY_WITH_OWN_PASSWORD, &KEY_ENCRYPTION, &PASSWORD_NOT_ASCII];

const ALIAS_UPPER_CASE: Rule = Rule::note(
    "alias-upper-case",
    "an alias with capital letters",
    "Java keeps aliases of JKS and PKCS#12 in small letters, so it shows another alias than this; what compares them letter by letter does not find it.",
);

const ALIAS_NOT_ASCII: Rule = Rule::warning(
    "alias-not-ascii",
    "an alias outside ASCII",
    "On the command line and in configuration files it depends on the machine's encoding whether such an alias is found.",
);

const ALIAS_TWICE: Rule = Rule::warning(
    "alias-twice",
    "two entries of one alias",
    "Java compares aliases without regard to case and keeps one entry of each: the other one vanishes when the store is read.",
);

const KEY_NOT_CHECKED: Rule = Rule::note(
    "key-not-checked",
    "a private key that was not opened",
    "Without its password nobody knows whether it opens, or belongs to its certificate.",
);

const KEY_WITH_OWN_PASSWORD: Rule = Rule::warning(
    "key-with-own-password",
    "a private key with a password of its own",
    "Kafka needs `ssl.key.password` for it. In PKCS#12 no other program than Java's own API writes such a key, keytool and OpenSSL cannot read it.",
);

const KEY_ENCRYPTION: Rule = Rule::warning(
    "key-encryption",
    "a private key that is encrypted in a way that is not supported",
    "What cannot be opened here is seldom opened elsewhere: the algorithm is old or private to one program.",
);

const PASSWORD_NOT_ASCII: Rule = Rule::warning(
    "password-not-ascii",
    "a password outside ASCII",
    "Java refuses it for PKCS#12 with PBES2 (\"Password is not ASCII\"), and programs differ in how they turn it into bytes elsewhere.",
);

/// What is wrong with the entries.
pub fn check(view: &View<'_>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for (index, item) in view.contents.items.iter().enumerate() {
        let place = Place::target(view.target).entry(entry_name(item.alias.as_deref(), index));
        if let Some(alias) = item.alias.as_deref() {
            findings.extend(spelling(alias, &place, view.contents.format));
            if is_entry(&item.held) && !seen.insert(alias.to_lowercase()) {
                findings.push(ALIAS_TWICE.at(place.clone(), format!("another entry is called {alias:?} too"), "rename one of them"));
            }
        }
        if let Held::Key { key: KeyState::Locked(lock), .. } = &item.held {
            findings.push(locked(lock, place, view.contents.format));
        }
    }
    findings
}

/// What is wrong with the passwords themselves. They never stand in a finding.
pub fn passwords(target: &str, passwords: &Passwords) -> Vec<Finding> {
    let say = |what: &str| {
        PASSWORD_NOT_ASCII.at(Place::target(target), format!("the password of the {what} is not ASCII"), "choose one of ASCII characters")
    };
    let ascii = |password: &Passphrase| password.expose().is_ascii();
    [(passwords.store.iter().all(ascii), "store"), (passwords.keys.iter().all(ascii), "key")]
        .into_iter()
        .filter(|(fits, _)| !fits)
        .map(|(_, what)| say(what))
        .collect()
}

/// Bare certificates of PKCS#12 are no entries of their own to Java.
fn is_entry(held: &Held) -> bool {
    matches!(held, Held::Key { .. } | Held::Trusted(_) | Held::SecretKey { .. })
}

fn spelling(alias: &str, place: &Place, format: Format) -> Option<Finding> {
    let store = matches!(format, Format::Jks | Format::Jceks | Format::Pkcs12);
    if !alias.is_ascii() {
        return Some(ALIAS_NOT_ASCII.at(place.clone(), format!("the alias {alias:?} has other characters than ASCII"), "rename it"));
    }
    (store && alias.bytes().any(|b| b.is_ascii_uppercase())).then(|| {
        let message = format!("the alias {alias:?} has capital letters; to Java it is {:?}", alias.to_ascii_lowercase());
        ALIAS_UPPER_CASE.at(place.clone(), message, "rename it, or write it in small letters where it is named")
    })
}

fn locked(lock: &Lock, place: Place, format: Format) -> Finding {
    match lock {
        Lock::NoPassword => KEY_NOT_CHECKED.at(place, "the key is encrypted and no password was given", "give its password"),
        Lock::WrongPassword => {
            let fix = match format {
                Format::Jks | Format::Jceks => "give the key's password, and set ssl.key.password",
                Format::Pkcs12 => "write the store anew with one password for both",
                Format::Pem | Format::Der | Format::Pkcs7 => "give the key's password",
            };
            KEY_WITH_OWN_PASSWORD.at(place, "the password that was given does not open the key", fix)
        }
        Lock::Unsupported(algorithm) => KEY_ENCRYPTION.at(
            place,
            format!("the key is encrypted by {algorithm}"),
            "export it anew with the program that wrote it, by PBES2 and AES-256",
        ),
    }
}
