//! The files of one generation of a holder.

use std::collections::BTreeMap;

use super::{Artifact, ArtifactError, Truststores};
use crate::cluster::{ClusterSpec, Holder, HolderId};
use crate::inventory::Part;
use crate::keystore::{Entry, jks, pkcs12};
use crate::layout::{self, HolderFile};
use crate::pki::{Entropy, Identity, Password, Secret};
use crate::plan::{Ingredients, made_from};
use crate::snippet::{Passwords, Snippets};

/// What the making of every holder's files needs.
#[derive(Clone, Copy)]
pub struct Workshop<'a> {
    pub spec: &'a ClusterSpec,
    pub snippets: &'a Snippets<'a>,
    pub entropy: &'a Entropy,
}

/// What one holder's files are made of.
#[derive(Debug, Clone, Copy)]
pub struct Belongings<'a> {
    pub identity: &'a Identity,
    pub password: &'a Password,
    pub truststores: &'a Truststores,
    /// Of every client that logs in with one.
    pub sasl_passwords: &'a BTreeMap<HolderId, Password>,
}

impl Workshop<'_> {
    /// Every file of `holder`, in the order of [`layout::files`]. What `carried` has of a file that was made from the same parts is taken
    /// over as it is: a key store costs more than all the rest.
    pub fn holder_files(
        &self,
        holder: &Holder,
        belongings: Belongings<'_>,
        carried: impl Fn(HolderFile, &BTreeMap<Part, String>) -> Option<Secret>,
    ) -> Result<Vec<Artifact>, ArtifactError> {
        let ingredients = Ingredients {
            leaf: belongings.identity.leaf(),
            trust: &belongings.truststores.trust,
            keystore_password: Some(belongings.password),
            truststore_password: Some(&belongings.truststores.password),
            sasl_passwords: belongings.sasl_passwords,
        };
        layout::files(self.spec, holder)
            .into_iter()
            .map(|file| {
                let made_from = made_from(self.spec, self.snippets, holder, file, ingredients);
                let bytes = match carried(file, &made_from) {
                    Some(bytes) => bytes,
                    None => self.bytes(holder, file, belongings)?,
                };
                Ok(Artifact { path: file.name(), bytes, sensitivity: file.sensitivity(), made_from })
            })
            .collect()
    }

    fn bytes(&self, holder: &Holder, file: HolderFile, belongings: Belongings<'_>) -> Result<Secret, ArtifactError> {
        let Belongings { identity, password, truststores, sasl_passwords } = belongings;
        let text = |text: String| Secret::new(text.into_bytes());
        let password_line = |password: &Password| text(format!("{}\n", password.expose()));
        let key_entry = || Entry::PrivateKey {
            alias: holder.id.name.to_string(),
            key: identity.key().pkcs8().clone(),
            chain: identity.chain().certificates().to_vec(),
        };
        Ok(match file {
            HolderFile::Key => identity.key().to_pem(),
            HolderFile::Chain => text(identity.chain().to_pem()),
            HolderFile::Anchors => text(truststores.trust.to_pem()),
            HolderFile::CombinedPem => Secret::new([identity.key().to_pem().expose(), identity.chain().to_pem().as_bytes()].concat()),
            HolderFile::KeystorePkcs12 => {
                Secret::new(pkcs12::write(&[key_entry()], password, layout::pkcs12_profile(self.spec.stores.java), self.entropy)?)
            }
            HolderFile::KeystoreJks => {
                Secret::new(jks::write(&[key_entry()], password, identity.leaf().validity.not_before, self.entropy)?)
            }
            HolderFile::TruststorePkcs12 => truststores.pkcs12.clone(),
            HolderFile::TruststoreJks => truststores.jks.clone(),
            HolderFile::KeystorePassword => password_line(password),
            HolderFile::TruststorePassword => password_line(&truststores.password),
            HolderFile::SaslPassword => sasl_passwords.get(&holder.id).map_or_else(|| text(String::new()), password_line),
            HolderFile::Snippet(snippet) => {
                let passwords = Passwords::Real { keystore: password, truststore: &truststores.password, sasl: sasl_passwords };
                text(self.snippets.render(holder, snippet, passwords).unwrap_or_default())
            }
        })
    }
}

impl std::fmt::Debug for Workshop<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workshop").field("cluster", &self.spec.name).finish()
    }
}
