//! The value of one secret, in the form that every sink stores.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::layout::{Encoding, HolderFile};
use crate::pki::{Password, Secret};

/// Serialises to what Vault's KV engine and Secrets Manager hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// `{"tls.crt": "-----BEGIN …", "keystore.p12": "MIIK…", "encoding": {"keystore.p12": "base64"}}`: text as it is, binary as
    /// base64 (RFC 4648, padded), and `encoding` naming what is not text.
    Files(BTreeMap<HolderFile, Secret>),
    /// `{"username": …, "password": …}`, as Amazon MSK reads it.
    Credentials { user: String, password: Password },
    /// Certificates in PEM, and nothing around them.
    Anchors(String),
}

impl Document {
    /// The whole value as text.
    pub fn text(&self) -> Secret {
        Secret::new(match self {
            Self::Anchors(pem) => pem.clone().into_bytes(),
            // A map of texts always becomes JSON.
            Self::Files(_) | Self::Credentials { .. } => serde_json::to_vec(self).unwrap_or_default(),
        })
    }

    /// The names of what `stored`, the whole value as text, has otherwise: changed, gone or added. Empty when it holds the same.
    pub fn changes(&self, stored: &str) -> Vec<String> {
        let whole = || if self.text().expose() == stored.as_bytes() { Vec::new() } else { vec!["value".to_owned()] };
        match self {
            Self::Anchors(_) => whole(),
            Self::Files(_) | Self::Credentials { .. } => match (serde_json::from_str(stored), serde_json::to_value(self)) {
                (Ok(Value::Object(stored)), Ok(Value::Object(wanted))) => {
                    let names: BTreeSet<&String> = stored.keys().chain(wanted.keys()).collect();
                    names.into_iter().filter(|name| stored.get(*name) != wanted.get(*name)).cloned().collect()
                }
                _ => whole(),
            },
        }
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Files(files) => {
                let mut map = serializer.serialize_map(None)?;
                let mut encoding = BTreeMap::new();
                for (file, bytes) in files {
                    match file.encoding() {
                        Encoding::Text => map.serialize_entry(file.name(), &String::from_utf8_lossy(bytes.expose()))?,
                        Encoding::Binary => {
                            map.serialize_entry(file.name(), &BASE64.encode(bytes.expose()))?;
                            encoding.insert(file.name(), "base64");
                        }
                    }
                }
                map.serialize_entry("encoding", &encoding)?;
                map.end()
            }
            Self::Credentials { user, password } => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("username", user)?;
                map.serialize_entry("password", password.expose())?;
                map.end()
            }
            Self::Anchors(pem) => serializer.serialize_str(pem),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn files<const N: usize>(files: [(HolderFile, &[u8]); N]) -> Document {
        Document::Files(files.map(|(file, bytes)| (file, Secret::new(bytes.to_vec()))).into())
    }

    fn text(document: &Document) -> String {
        String::from_utf8(document.text().expose().to_vec()).unwrap()
    }

    fn stored(document: &Document) -> Value {
        serde_json::from_str(&text(document)).unwrap()
    }

    #[test]
    fn text_stays_text_and_binary_becomes_base64_even_where_it_could_be_text() {
        let document = files([(HolderFile::Chain, b"-----BEGIN \xc3\xa9"), (HolderFile::KeystoreJks, b"could be text")]);
        assert_eq!(
            stored(&document),
            json!({ "tls.crt": "-----BEGIN é", "keystore.jks": "Y291bGQgYmUgdGV4dA==", "encoding": { "keystore.jks": "base64" } })
        );
    }

    #[test]
    fn credentials_are_what_amazon_msk_reads_and_anchors_are_nothing_but_themselves() {
        let password = Password::new("correct \"horse\"".to_owned()).unwrap();
        let credentials = Document::Credentials { user: "app".to_owned(), password };
        assert_eq!(text(&credentials), r#"{"username":"app","password":"correct \"horse\""}"#);
        assert_eq!(text(&Document::Anchors("-----BEGIN".to_owned())), "-----BEGIN");
    }

    #[test]
    fn the_order_and_the_spaces_of_what_is_stored_do_not_count() {
        let document = files([(HolderFile::Key, b"key"), (HolderFile::Chain, b"chain")]);
        assert_eq!(document.changes("{ \"tls.crt\":\t\"chain\",\n\"encoding\": {}, \"tls.key\": \"key\" }"), [""; 0]);
    }

    #[test]
    fn every_field_that_is_otherwise_is_named_and_no_value_is() {
        let document = files([(HolderFile::Key, b"key"), (HolderFile::Chain, b"chain"), (HolderFile::KeystorePkcs12, b"store")]);
        let changes = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
            let mut value = stored(&document);
            change(value.as_object_mut().unwrap());
            document.changes(&value.to_string())
        };
        assert_eq!(changes(&|fields| fields["tls.key"] = "another".into()), ["tls.key"]);
        assert_eq!(changes(&|fields| fields["tls.key"] = 1.into()), ["tls.key"]);
        assert_eq!(changes(&|fields| drop(fields.remove("tls.crt"))), ["tls.crt"]);
        assert_eq!(changes(&|fields| drop(fields.insert("note".to_owned(), "mine".into()))), ["note"]);
        assert_eq!(changes(&|fields| fields["encoding"] = json!({})), ["encoding"]);
        assert_eq!(changes(&|fields| fields.clear()), ["encoding", "keystore.p12", "tls.crt", "tls.key"]);
    }

    #[test]
    fn what_is_no_json_object_is_otherwise_as_a_whole() {
        let document = files([(HolderFile::Key, b"key")]);
        for stored in ["", "key", "[]", "null", "{\"tls.key\": \"key\"", "\u{0}"] {
            assert_eq!(document.changes(stored), ["value"], "{stored:?}");
        }
        let anchors = Document::Anchors("pem".to_owned());
        assert_eq!((anchors.changes("pem"), anchors.changes("pem\n")), (vec![], vec!["value".to_owned()]));
    }

    #[test]
    fn debug_shows_no_value() {
        let password = Password::new("correct horse".to_owned()).unwrap();
        for document in [files([(HolderFile::Key, b"correct horse")]), Document::Credentials { user: "app".to_owned(), password }] {
            assert!(!format!("{document:?}").contains("correct"), "{document:?}");
        }
    }

    fn base64_decodes(text: &str) -> Vec<u8> {
        let mut base64 = Command::new("base64").arg("-d").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        base64.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = base64.wait_with_output().unwrap();
        assert!(output.status.success());
        output.stdout
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn base64_gives_the_bytes_of_a_store_back(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let document = files([(HolderFile::TruststorePkcs12, &bytes)]);
            prop_assert_eq!(base64_decodes(stored(&document)["truststore.p12"].as_str().unwrap()), bytes);
        }

        #[test]
        fn what_was_written_is_not_otherwise(text in "\\PC{0,200}", bytes: Vec<u8>) {
            let document = files([(HolderFile::Anchors, text.as_bytes()), (HolderFile::KeystoreJks, &bytes)]);
            prop_assert_eq!(document.changes(&self::text(&document)), Vec::<String>::new());
        }

        #[test]
        fn nothing_that_is_stored_makes_it_panic(stored in "(\\PC|[{}\":,]|tls.key){0,60}") {
            files([(HolderFile::Key, b"key")]).changes(&stored);
        }
    }
}
