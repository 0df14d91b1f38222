//! What each file of a generation is made from.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{ClusterSpec, Holder, HolderId, Role, StoreFormat};
use crate::inventory::Part;
use crate::keystore::alias;
use crate::layout::{self, HolderFile, Snippet};
use crate::pki::{Certificate, Password, TrustBundle, sha256_hex};
use crate::snippet::{Passwords, Snippets};

/// All that goes into the files of one holder.
#[derive(Debug, Clone, Copy)]
pub struct Ingredients<'a> {
    pub leaf: &'a Certificate,
    pub trust: &'a TrustBundle,
    pub keystore_password: Option<&'a Password>,
    pub truststore_password: Option<&'a Password>,
    /// Of every client that logs in with one.
    pub sasl_passwords: &'a BTreeMap<HolderId, Password>,
}

/// The parts that `file` of `holder` is made from, each as a fingerprint or a name. A password that is yet to be made
/// leaves its part out.
pub fn made_from(
    spec: &ClusterSpec,
    snippets: &Snippets<'_>,
    holder: &Holder,
    file: HolderFile,
    ingredients: Ingredients<'_>,
) -> BTreeMap<Part, String> {
    let fingerprint = |password: &Password| sha256_hex(password.expose().as_bytes());
    let leaf = || Some((Part::Leaf, ingredients.leaf.fingerprint()));
    let anchors = || Some((Part::Anchors, ingredients.trust.anchors().iter().map(Certificate::fingerprint).collect::<Vec<_>>().join(" ")));
    let keystore_password = || ingredients.keystore_password.map(|password| (Part::Password, fingerprint(password)));
    let truststore_password = || ingredients.truststore_password.map(|password| (Part::Password, fingerprint(password)));
    let store_passwords = || {
        // Kafka takes none for PEM.
        let (part, keystore) = keystore_password().filter(|_| spec.stores.for_kafka() != StoreFormat::Pem)?;
        truststore_password().map(|(_, truststore)| (part, format!("{keystore} {truststore}")))
    };
    let sasl_passwords = || Some((Part::SaslPassword, sasl_fingerprint(spec, holder, ingredients.sasl_passwords)?));
    let profile = || Some((Part::Profile, layout::pkcs12_profile(spec.stores.java).name().to_owned()));
    let alias = || Some((Part::Alias, holder.id.name.to_string()));
    let trust_alias = || Some((Part::Alias, trust_aliases(ingredients.trust).join(" ")));
    let settings = |snippet| snippets.render(holder, snippet, Passwords::Elided).map(|text| (Part::Settings, sha256_hex(text.as_bytes())));
    let parts = match file {
        HolderFile::Key | HolderFile::Chain | HolderFile::CombinedPem => [leaf(), None, None, None],
        HolderFile::Anchors => [anchors(), None, None, None],
        HolderFile::KeystorePkcs12 => [leaf(), keystore_password(), alias(), profile()],
        HolderFile::KeystoreJks => [leaf(), keystore_password(), alias(), None],
        HolderFile::TruststorePkcs12 => [anchors(), truststore_password(), trust_alias(), profile()],
        HolderFile::TruststoreJks => [anchors(), truststore_password(), trust_alias(), None],
        HolderFile::KeystorePassword => [keystore_password(), None, None, None],
        HolderFile::TruststorePassword => [truststore_password(), None, None, None],
        HolderFile::SaslPassword => [sasl_passwords(), None, None, None],
        HolderFile::Snippet(snippet) => match (snippet, &holder.role) {
            (Snippet::ServerProperties | Snippet::PasswordsProperties, _) | (Snippet::ClientProperties, Role::Client(_)) => {
                [settings(snippet), store_passwords(), sasl_passwords(), None]
            }
            (Snippet::ClientProperties, Role::Kafka(_) | Role::Rabbitmq(_)) => [settings(snippet), store_passwords(), None, None],
            (Snippet::Librdkafka, _) => [settings(snippet), sasl_passwords(), None, None],
            (
                Snippet::KafkaAcls
                | Snippet::KafkaUsers
                | Snippet::RabbitmqConf
                | Snippet::EnabledPlugins
                | Snippet::Definitions
                | Snippet::AmqpUri,
                _,
            ) => [settings(snippet), None, None, None],
        },
    };
    parts.into_iter().flatten().collect()
}

/// One for all the passwords that stand in the files of `holder`; `None` without any, or with one that is yet to be made.
fn sasl_fingerprint(spec: &ClusterSpec, holder: &Holder, passwords: &BTreeMap<HolderId, Password>) -> Option<String> {
    let users = spec.sasl_passwords_of(holder);
    let fingerprints: Option<String> =
        users.iter().map(|user| passwords.get(&user.id).map(|password| sha256_hex(password.expose().as_bytes()))).collect();
    fingerprints.filter(|fingerprints| !fingerprints.is_empty()).map(|fingerprints| sha256_hex(fingerprints.as_bytes()))
}

/// One readable alias for each anchor, by its common name. Unique.
pub fn trust_aliases(trust: &TrustBundle) -> Vec<String> {
    let mut taken = BTreeSet::new();
    trust.anchors().iter().map(|anchor| alias::unique(&alias::of_subject(&anchor.subject), &mut taken)).collect()
}
