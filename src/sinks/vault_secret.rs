//! One secret of the KV engine, version 2: its newest value, and what everyone who may list it can read of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::pki::Secret;

/// How many custom metadata one secret may have, and how long their names and values may be, in bytes.
const PAIRS: usize = 64;
const NAME: usize = 128;
const VALUE: usize = 512;

/// What is told of a secret, by name.
pub type Told = BTreeMap<String, String>;

/// One version, as `GET <mount>/data/<path>` shows it: 200 with a value, 404 without.
pub struct Read {
    pub version: u64,
    /// As JSON text; `None` once it is deleted or destroyed.
    pub value: Option<Secret>,
    pub told: Told,
}

/// `GET <mount>/metadata/<path>`
#[derive(Debug, Default, Deserialize)]
pub struct Metadata {
    #[serde(rename = "current_version")]
    pub newest: u64,
    #[serde(rename = "custom_metadata", default, deserialize_with = "or_none")]
    pub told: Told,
    /// How often `told` was written; only OpenBao counts.
    #[serde(rename = "current_metadata_version")]
    pub told_version: Option<u64>,
    #[serde(default, deserialize_with = "or_none")]
    pub versions: BTreeMap<u64, VersionState>,
}

#[derive(Debug, Deserialize)]
pub struct VersionState {
    #[serde(default)]
    pub deletion_time: String,
    #[serde(default)]
    pub destroyed: bool,
}

/// What every answer has around it.
#[derive(Deserialize)]
struct Enveloped<T> {
    data: T,
}

/// Vault writes null where there is nothing.
fn or_none<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Read {
    /// `None` for any other answer, such as the one to a path where nothing ever was.
    pub fn parse(body: &Secret) -> Option<Self> {
        #[derive(Deserialize)]
        struct Data {
            data: Option<Map<String, Value>>,
            metadata: About,
        }
        #[derive(Deserialize)]
        struct About {
            version: u64,
            #[serde(rename = "custom_metadata", default, deserialize_with = "or_none")]
            told: Told,
        }
        let Enveloped { data: Data { data, metadata } } = serde_json::from_slice(body.expose()).ok()?;
        let value = data.and_then(|value| serde_json::to_vec(&value).ok()).map(Secret::new);
        Some(Self { version: metadata.version, value, told: metadata.told })
    }

    /// The value as text; empty where there is none.
    pub fn text(&self) -> &str {
        self.value.as_ref().and_then(|value| std::str::from_utf8(value.expose()).ok()).unwrap_or_default()
    }
}

impl Metadata {
    pub fn parse(body: &Secret) -> Option<Self> {
        serde_json::from_slice(body.expose()).ok().map(|Enveloped { data }| data)
    }

    /// What deletes would touch; those that are deleted already stay as they are.
    pub fn undestroyed(&self) -> Vec<u64> {
        self.versions.iter().filter(|(_, state)| !state.destroyed).map(|(number, _)| *number).collect()
    }
}

/// The version that a write made.
pub fn written(body: &Secret) -> Option<u64> {
    #[derive(Deserialize)]
    struct Data {
        version: u64,
    }
    serde_json::from_slice(body.expose()).ok().map(|Enveloped { data: Data { version } }| version)
}

/// The names below a path; one that ends with a slash has more below it.
pub fn names(body: &Secret) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Data {
        keys: Vec<String>,
    }
    serde_json::from_slice(body.expose()).ok().map(|Enveloped { data: Data { keys } }| keys)
}

/// What is told already, with ours in its place. The error says what Vault would not take.
pub fn told_with<'p>(found: &Told, ours: impl IntoIterator<Item = (&'p str, String)>) -> Result<Told, String> {
    let mut told = found.clone();
    told.extend(ours.into_iter().map(|(name, value)| (name.to_owned(), value)));
    if told.len() > PAIRS {
        return Err(format!("would have {} custom metadata, and Vault takes {PAIRS}", told.len()));
    }
    match told.iter().find(|(name, value)| name.len() > NAME || value.len() > VALUE || value.is_empty()) {
        Some((name, _)) => {
            Err(format!("would have a custom metadata {name:?} that is empty, or longer than the {VALUE} bytes that Vault takes"))
        }
        None => Ok(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn a_deleted_version_is_told_from_a_path_where_nothing_ever_was() {
        let deleted = r#"{"data":{"data":null,"metadata":{"version":3,"custom_metadata":{"team":"platform"},"deletion_time":"2026-01-01T00:00:00Z"}}}"#;
        let read = Read::parse(&body(deleted)).unwrap();
        assert_eq!((read.version, read.value, read.told.len()), (3, None, 1));
        assert!(Read::parse(&body(r#"{"errors":[]}"#)).is_none());
        assert!(Read::parse(&body("<html>")).is_none());
    }

    #[test]
    fn what_others_tell_stays_and_what_vault_would_not_take_is_refused() {
        let found = Told::from([("team".to_owned(), "platform".to_owned())]);
        let told = told_with(&found, [("cluster", "orders".to_owned())]).unwrap();
        assert_eq!(told.len(), 2);
        let many: Told = (0..64).map(|number| (number.to_string(), "x".to_owned())).collect();
        assert!(told_with(&many, [("1", "y".to_owned())]).is_ok());
        assert!(told_with(&many, [("cluster", "y".to_owned())]).unwrap_err().contains("65 custom metadata"));
        assert!(told_with(&found, [("cluster", "y".repeat(512))]).is_ok());
        assert!(told_with(&found, [("cluster", "y".repeat(513))]).is_err());
    }
}
