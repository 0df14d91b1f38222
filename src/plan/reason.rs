//! Why something must be made again. What the user reads, and what the journal keeps.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

use super::Remark;
use crate::pki::{KeyKind, Usage};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Reason {
    /// Somebody wants it so.
    Asked {
        #[serde(skip_serializing_if = "Option::is_none")]
        remark: Option<Remark>,
    },
    /// Never issued.
    Missing,
    /// The certificate or key cannot be used.
    Unreadable {
        file: String,
        why: String,
    },
    /// Its time is over.
    Ended {
        #[serde(with = "time::serde::rfc3339")]
        not_after: OffsetDateTime,
    },
    /// Made while a clock ran ahead.
    NotYetValid {
        #[serde(with = "time::serde::rfc3339")]
        not_before: OffsetDateTime,
    },
    /// Its renewal is due.
    Expiring {
        #[serde(with = "time::serde::rfc3339")]
        not_after: OffsetDateTime,
    },
    Names {
        added: Vec<String>,
        removed: Vec<String>,
    },
    Subject {
        found: String,
        wanted: String,
    },
    KeyType {
        found: Option<KeyKind>,
        wanted: KeyKind,
    },
    Usage {
        found: Vec<Usage>,
        wanted: Vec<Usage>,
    },
    /// Signed by another authority, or another generation of it, than the one that signs now.
    Issuer {
        found: String,
        wanted: String,
    },
    /// A file of the generation is gone, or was not wanted before.
    MissingFile {
        file: String,
    },
    /// A file is no longer wanted.
    Unwanted {
        file: String,
    },
    TrustSet {
        file: String,
    },
    Password {
        file: String,
    },
    /// A client logs in with another password than stands in this file, its own or a broker's.
    SaslPassword {
        file: String,
    },
    Alias {
        file: String,
    },
    Profile {
        file: String,
    },
    /// The configuration text is no longer what the cluster file makes of it.
    Settings {
        file: String,
    },
    /// The files belong to others than the cluster file says.
    Owner {
        found: String,
        wanted: String,
    },
    FileMode {
        file: String,
        found: String,
        wanted: String,
    },
    HandEdited {
        file: String,
    },
    /// Others own what lies there, or may write to it.
    Trespass {
        /// Relative to the root of the directory.
        path: String,
        how: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked { remark: None } => f.write_str("asked for"),
            Self::Asked { remark: Some(remark) } => write!(f, "asked for: {remark}"),
            Self::Missing => f.write_str("missing"),
            Self::Unreadable { file, why } => write!(f, "unreadable: {file}: {why}"),
            Self::Ended { not_after } => write!(f, "expired: ended {}", not_after.date()),
            Self::NotYetValid { not_before } => write!(f, "not yet valid: begins {}", not_before.date()),
            Self::Expiring { not_after } => write!(f, "expiring: ends {}", not_after.date()),
            Self::Names { added, removed } => {
                f.write_str("names changed:")?;
                let signed = || added.iter().map(|name| ('+', name)).chain(removed.iter().map(|name| ('-', name)));
                signed().take(MOST_NAMES).try_for_each(|(sign, name)| write!(f, " {sign}{name}"))?;
                match signed().count().saturating_sub(MOST_NAMES) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            Self::Subject { found, wanted } => write!(f, "subject: {found} → {wanted}"),
            Self::KeyType { found, wanted } => {
                write!(f, "key type: {} → {wanted}", found.map_or("unknown", KeyKind::name))
            }
            Self::Usage { found, wanted } => write!(f, "usage: {} → {}", list(found), list(wanted)),
            Self::Issuer { found, wanted } => write!(f, "issuer: {found} → {wanted}"),
            Self::MissingFile { file } => write!(f, "missing: {file}"),
            Self::Unwanted { file } => write!(f, "no longer wanted: {file}"),
            Self::TrustSet { file } => write!(f, "trust set changed: {file}"),
            Self::Password { file } => write!(f, "password changed: {file}"),
            Self::SaslPassword { file } => write!(f, "SASL password changed: {file}"),
            Self::Alias { file } => write!(f, "alias changed: {file}"),
            Self::Profile { file } => write!(f, "profile changed: {file}"),
            Self::Settings { file } => write!(f, "settings changed: {file}"),
            Self::Owner { found, wanted } => write!(f, "owner: {found} → {wanted}"),
            Self::FileMode { file, found, wanted } => write!(f, "file mode: {file} is {found}, should be {wanted}"),
            Self::HandEdited { file } => write!(f, "hand-edited: {file}"),
            Self::Trespass { path, how } => write!(f, "not ours alone: {path} {how}"),
        }
    }
}

/// So many names that came or went are listed; a line of the journal has an end.
const MOST_NAMES: usize = 50;

fn list(usages: &[Usage]) -> String {
    if usages.is_empty() { "any".to_owned() } else { usages.iter().map(Usage::to_string).collect::<Vec<_>>().join("+") }
}
