//! The Java stores of a holder, as Kafka's configuration names them, and where it takes their passwords from.

use askama::Template;

use super::properties::{path, value};
use super::{Passwords, Snippets};
use crate::cluster::{Holder, KafkaPasswords, KafkaSpec, StoreFormat};
use crate::layout::{self, HolderFile, Snippet};

/// Every text is ready to stand in a properties file.
pub struct Stores {
    /// Kafka's name for the format.
    pub format: &'static str,
    pub keystore: String,
    pub truststore: String,
    /// `None` for PEM, which Kafka wants without passwords.
    pub passwords: Option<StorePasswords>,
    /// Whether passwords are references to passwords.properties.
    pub by_provider: bool,
}

pub struct StorePasswords {
    pub keystore: String,
    pub truststore: String,
}

impl StorePasswords {
    fn new(passwords: Passwords<'_>) -> Self {
        Self { keystore: value(passwords.keystore()), truststore: value(passwords.truststore()) }
    }
}

#[derive(Template)]
#[template(path = "passwords.properties", escape = "none")]
struct PasswordsProperties<'a> {
    holder: &'a Holder,
    stores: Option<StorePasswords>,
    jaas: Option<String>,
}

impl Snippets<'_> {
    pub(super) fn stores(&self, kafka: &KafkaSpec, holder: &Holder, passwords: Passwords<'_>) -> Stores {
        let (format, keystore, truststore) = match self.spec.stores.for_kafka() {
            StoreFormat::Pkcs12 => ("PKCS12", HolderFile::KeystorePkcs12, HolderFile::TruststorePkcs12),
            StoreFormat::Jks => ("JKS", HolderFile::KeystoreJks, HolderFile::TruststoreJks),
            StoreFormat::Pem => ("PEM", HolderFile::CombinedPem, HolderFile::Anchors),
        };
        let place = |file| path(&self.place(holder, file));
        let by_provider = layout::passwords_by_provider(self.spec, holder);
        let provided = |key: &str| format!("${{file:{}:{key}.password}}", place(HolderFile::Snippet(Snippet::PasswordsProperties)));
        let passwords = self.has_store_passwords().then(|| match kafka.passwords {
            KafkaPasswords::FileProvider => StorePasswords { keystore: provided("keystore"), truststore: provided("truststore") },
            KafkaPasswords::Inline => StorePasswords::new(passwords),
        });
        Stores { format, keystore: place(keystore), truststore: place(truststore), passwords, by_provider }
    }

    /// What Kafka's FileConfigProvider reads (KIP-297); `None` where it is not used.
    pub(super) fn passwords_properties(&self, holder: &Holder, passwords: Passwords<'_>) -> Option<String> {
        let stores = self.has_store_passwords().then(|| StorePasswords::new(passwords));
        // All clients log in by the same mechanism: they have one listener.
        let mechanism = self.spec.sasl_passwords_of(holder).first().and_then(|client| self.spec.sasl_login(client));
        let jaas = mechanism.and_then(|mechanism| self.jaas(mechanism, holder, passwords)).map(|jaas| value(&jaas));
        layout::passwords_by_provider(self.spec, holder).then(|| PasswordsProperties { holder, stores, jaas }.render().ok())?
    }

    /// Kafka takes no password for a PEM store.
    fn has_store_passwords(&self) -> bool {
        self.spec.stores.for_kafka() != StoreFormat::Pem
    }
}
