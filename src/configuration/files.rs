//! The files that a configuration names: whether they are there, open, and hold what they should.

use super::{Check, FileState, View};
use crate::finding::{Finding, Rule, Severity};
use crate::keystore::{Contents, Format, Held, Item, KeyState, KeystoreError, Lock};
use crate::pki::{Certificate, KeyKind};
use crate::settings::{Declared, Program, Reference, Role};

pub const RULES: &[&Rule] = &[
    &FILE_MISSING,
    &FILE_UNREADABLE,
    &FILE_REFUSED,
    &TYPE_DIFFERS,
    &NO_KEY_IN_KEYSTORE,
    &SEVERAL_KEYS,
    &KEY_LOCKED,
    &NOTHING_TRUSTED,
    &KEY_IN_TRUSTSTORE,
    &ED25519_IN_PEM,
];

pub(super) const CHECKS: &[Check] = &[
    file_missing,
    file_unreadable,
    file_refused,
    type_differs,
    no_key_in_keystore,
    several_keys,
    key_locked,
    nothing_trusted,
    key_in_truststore,
    ed25519_in_pem,
];

const FILE_MISSING: Rule = Rule {
    code: "file-missing",
    severity: Severity::Error,
    title: "a file that is not there",
    why: "Kafka and RabbitMQ do not start without it.",
};

const FILE_UNREADABLE: Rule = Rule {
    code: "file-unreadable",
    severity: Severity::Error,
    title: "a file that cannot be read",
    why: "What this program may not read, the broker may; if it may not either, it does not start.",
};

const FILE_REFUSED: Rule = Rule {
    code: "store-does-not-open",
    severity: Severity::Error,
    title: "a store that does not open with what is configured",
    why: "Kafka does not start; RabbitMQ starts, and every handshake fails without a line in its log.",
};

const TYPE_DIFFERS: Rule = Rule {
    code: "store-type-differs",
    severity: Severity::Error,
    title: "a store of another type than it is said to be",
    why: "Java reads JKS and PKCS#12 under each other's name, but not PEM under theirs, nor them under PEM's.",
};

const NO_KEY_IN_KEYSTORE: Rule = Rule {
    code: "keystore-without-key",
    severity: Severity::Error,
    title: "a keystore without a private key",
    why: "It comes of importing a signed certificate under another alias than the key's: it then is one more trusted entry, and the key keeps its old certificate.",
};

const SEVERAL_KEYS: Rule = Rule {
    code: "named-store-with-several-keys",
    severity: Severity::Warning,
    title: "a keystore with several keys",
    why: "Kafka has no setting for the alias: Java takes whichever key comes first and fits the handshake.",
};

const KEY_LOCKED: Rule = Rule {
    code: "key-does-not-open",
    severity: Severity::Error,
    title: "a key that does not open with what is configured",
    why: "Java says: Cannot recover key, or: Get Key failed. The password of a key may be another one than its store's.",
};

const NOTHING_TRUSTED: Rule = Rule {
    code: "nothing-trusted",
    severity: Severity::Error,
    title: "a truststore that trusts nothing",
    why: "Java says: the trustAnchors parameter must be non-empty. A PKCS#12 store of OpenSSL has certificates without the mark that Java wants (2.16.840.1.113894.746875.1.1).",
};

const KEY_IN_TRUSTSTORE: Rule = Rule {
    code: "key-in-truststore",
    severity: Severity::Warning,
    title: "a private key in a truststore",
    why: "Truststores are handed around, and Java trusts the leaf of a key entry as if it were an authority.",
};

const ED25519_IN_PEM: Rule = Rule {
    code: "ed25519-in-kafka-pem",
    severity: Severity::Error,
    title: "an Ed25519 key in PEM for Kafka",
    why: "Kafka reads keys of PEM as RSA, DSA or EC alone and says: Private key could not be loaded.",
};

/// What `of` finds for each file that was opened.
fn opened(view: &View<'_>, of: impl Fn(&Reference, &Contents) -> Option<Finding>) -> Vec<Finding> {
    let open = |(reference, state): &(Reference, FileState)| match state {
        FileState::Opened(contents) => of(reference, contents),
        FileState::Missing | FileState::Unreadable(_) | FileState::Refused(_) => None,
    };
    view.files.iter().filter_map(open).collect()
}

fn file_missing(view: &View<'_>) -> Vec<Finding> {
    let missing = view.files.iter().filter(|(_, state)| *state == FileState::Missing);
    missing
        .map(|(reference, _)| {
            view.finding(
                &FILE_MISSING,
                Some(reference.line),
                format!("{} names {:?}, which is not there", reference.key, reference.path),
                "make it, or correct the path",
            )
        })
        .collect()
}

fn file_unreadable(view: &View<'_>) -> Vec<Finding> {
    let unreadable = |(reference, state): &(Reference, FileState)| {
        let FileState::Unreadable(why) = state else { return None };
        let message = format!("{:?} of {} cannot be read: {why}", reference.path, reference.key);
        Some(view.finding(&FILE_UNREADABLE, Some(reference.line), message, "let the broker's user read it, and nobody else"))
    };
    view.files.iter().filter_map(unreadable).collect()
}

fn file_refused(view: &View<'_>) -> Vec<Finding> {
    let refused = |(reference, state): &(Reference, FileState)| {
        let FileState::Refused(error) = state else { return None };
        let fix = match error {
            KeystoreError::WrongPassword(_) | KeystoreError::WrongPasswordOrDamaged(_) => "correct the store's password",
            KeystoreError::WrongKeyPassword(_) => "set ssl.key.password to the password of the key",
            KeystoreError::Unrecognised { .. } => "name the right file",
            KeystoreError::Damaged { .. } | KeystoreError::Unreadable { .. } | KeystoreError::Unwritable { .. } => "make the file again",
        };
        Some(view.finding(&FILE_REFUSED, Some(reference.line), format!("{:?} of {}: {error}", reference.path, reference.key), fix))
    };
    view.files.iter().filter_map(refused).collect()
}

fn type_differs(view: &View<'_>) -> Vec<Finding> {
    opened(view, |reference, contents| {
        let java = |format: &Declared| match format {
            Declared::Pem => contents.format == Format::Pem,
            Declared::Jks | Declared::Pkcs12 => [Format::Jks, Format::Pkcs12].contains(&contents.format),
            Declared::Other(name) => !name.meant().eq_ignore_ascii_case("jceks") || contents.format == Format::Jceks,
        };
        let fits = match view.settings.program {
            Program::KafkaBroker | Program::KafkaClient | Program::KafkaOther => reference.format.as_ref().is_none_or(java),
            // A keystore of librdkafka is PKCS#12, and everything else of it and of RabbitMQ is PEM.
            Program::Librdkafka | Program::RabbitMq | Program::RabbitMqTerms => {
                let pkcs12 = reference.format == Some(Declared::Pkcs12);
                contents.format == if pkcs12 { Format::Pkcs12 } else { Format::Pem }
            }
        };
        (!fits).then(|| {
            let message = format!("{:?} of {} is {}, and is read as another type", reference.path, reference.key, contents.format.name());
            view.finding(&TYPE_DIFFERS, Some(reference.line), message, "set the type to what the file is, or convert it")
        })
    })
}

fn no_key_in_keystore(view: &View<'_>) -> Vec<Finding> {
    opened(view, |reference, contents| {
        let needs = match reference.role {
            Role::Keystore | Role::Key => true,
            Role::Truststore | Role::Certificate | Role::Anchors => false,
        };
        (needs && keys(contents) == 0).then(|| {
            let message = format!("{:?} of {} has no private key", reference.path, reference.key);
            view.finding(&NO_KEY_IN_KEYSTORE, Some(reference.line), message, "import the signed certificate under the alias of the key")
        })
    })
}

fn several_keys(view: &View<'_>) -> Vec<Finding> {
    opened(view, |reference, contents| {
        (reference.role == Role::Keystore && keys(contents) > 1).then(|| {
            let message = format!("{:?} of {} has {} private keys", reference.path, reference.key, keys(contents));
            view.finding(&SEVERAL_KEYS, Some(reference.line), message, "keep the one that is meant")
        })
    })
}

/// A key that is closed because its password is in a provider says nothing of the password.
fn key_locked(view: &View<'_>) -> Vec<Finding> {
    opened(view, |reference, contents| {
        let given = reference.password.is_some() || reference.key_password.is_some();
        let lock = contents.items.iter().find_map(|item| {
            let Held::Key { key: KeyState::Locked(lock), .. } = &item.held else { return None };
            (given || matches!(lock, Lock::Unsupported(_))).then_some(lock)
        })?;
        let message = format!("the key in {:?} of {}: {lock}", reference.path, reference.key);
        (reference.role != Role::Truststore).then(|| view.finding(&KEY_LOCKED, Some(reference.line), message, "set the key's password"))
    })
}

fn nothing_trusted(view: &View<'_>) -> Vec<Finding> {
    opened(view, |reference, contents| {
        let trusts = match reference.role {
            Role::Truststore => {
                contents.format == Format::Pem && !certificates(contents).is_empty() || trusted(contents) > 0 || keys(contents) > 0
            }
            Role::Anchors => !certificates(contents).is_empty(),
            Role::Keystore | Role::Key | Role::Certificate => true,
        };
        (!trusts).then(|| {
            let message = match certificates(contents).len() {
                0 => format!("{:?} of {} has no certificate", reference.path, reference.key),
                count => format!("{:?} of {} has {count} certificates, and Java trusts none of them", reference.path, reference.key),
            };
            view.finding(
                &NOTHING_TRUSTED,
                Some(reference.line),
                message,
                "import the authorities with keytool -importcert, or make the store again",
            )
        })
    })
}

fn key_in_truststore(view: &View<'_>) -> Vec<Finding> {
    opened(view, |reference, contents| {
        let trusts = match reference.role {
            Role::Truststore | Role::Anchors => true,
            Role::Keystore | Role::Key | Role::Certificate => false,
        };
        (trusts && keys(contents) > 0).then(|| {
            let message = format!("{:?} of {} has a private key in it", reference.path, reference.key);
            view.finding(&KEY_IN_TRUSTSTORE, Some(reference.line), message, "make a truststore that holds the authorities alone")
        })
    })
}

fn ed25519_in_pem(view: &View<'_>) -> Vec<Finding> {
    opened(view, |reference, contents| {
        let ed25519 = leaf(contents).is_some_and(|leaf| leaf.key_kind == Some(KeyKind::Ed25519));
        let kafka_pem = view.is_java() && contents.format == Format::Pem && reference.role == Role::Keystore;
        (kafka_pem && ed25519).then(|| {
            let message = format!("the key in {:?} of {} is Ed25519", reference.path, reference.key);
            view.finding(&ED25519_IN_PEM, Some(reference.line), message, "use PKCS#12, or an EC or RSA key")
        })
    })
}

fn keys(contents: &Contents) -> usize {
    contents.items.iter().filter(|item| matches!(item.held, Held::Key { .. })).count()
}

fn trusted(contents: &Contents) -> usize {
    contents.items.iter().filter(|item| matches!(item.held, Held::Trusted(_))).count()
}

/// Every certificate that does not belong to a key.
pub(super) fn certificates(contents: &Contents) -> Vec<&Certificate> {
    fn of(item: &Item) -> Option<&Certificate> {
        match &item.held {
            Held::Trusted(certificate) | Held::Certificate(certificate) => Some(certificate),
            Held::Key { .. } | Held::SecretKey { .. } | Held::PublicKey(_) => None,
            Held::Request(_) | Held::RevocationList(_) | Held::Unreadable { .. } => None,
        }
    }
    contents.items.iter().filter_map(of).collect()
}

/// What is shown in a handshake: the chain of the first key, or, where keys stand apart from it, the certificates in their order.
pub(super) fn chain(contents: &Contents) -> Vec<&Certificate> {
    fn of(item: &Item) -> Option<&[Certificate]> {
        if let Held::Key { chain, .. } = &item.held { Some(chain) } else { None }
    }
    let with_key = contents.items.iter().filter_map(of).find(|chain| !chain.is_empty());
    with_key.map_or_else(|| certificates(contents), |chain| chain.iter().collect())
}

fn leaf(contents: &Contents) -> Option<&Certificate> {
    chain(contents).first().copied()
}
