//! Trust stores: encoded once for all holders that trust the same.

use super::ArtifactError;
use crate::cluster::StoresSpec;
use crate::keystore::{Entry, jks, pkcs12};
use crate::layout;
use crate::pki::{Entropy, Password, Secret, TrustBundle};
use crate::plan;

/// One trust bundle, encoded.
#[derive(Debug)]
pub struct Truststores {
    pub trust: TrustBundle,
    pub password: Password,
    pub(super) pkcs12: Secret,
    pub(super) jks: Secret,
}

impl Truststores {
    pub fn encode(stores: &StoresSpec, trust: TrustBundle, password: Password, entropy: &Entropy) -> Result<Self, ArtifactError> {
        let entries: Vec<Entry> = plan::trust_aliases(&trust)
            .into_iter()
            .zip(trust.anchors())
            .map(|(alias, certificate)| Entry::Trusted { alias, certificate: Box::new(certificate.clone()) })
            .collect();
        let created = trust.anchors()[0].validity.not_before;
        let pkcs12 = Secret::new(pkcs12::write(&entries, &password, layout::pkcs12_profile(stores.java), entropy)?);
        let jks = Secret::new(jks::write(&entries, &password, created, entropy)?);
        Ok(Self { trust, password, pkcs12, jks })
    }
}
