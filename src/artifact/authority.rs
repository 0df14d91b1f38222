//! The files of one generation of an authority.

use std::collections::BTreeMap;

use super::{Artifact, ArtifactError};
use crate::inventory::AuthorityCertificates;
use crate::issue::NewAuthority;
use crate::layout::{self, Sensitivity};
use crate::pki::{Certificate, Entropy, Password, PrivateKey, Secret};

/// The certificates and keys of an authority that was made here; the keys encrypted when there is a passphrase.
pub fn new_authority(authority: &NewAuthority, passphrase: Option<&Password>, entropy: &Entropy) -> Result<Vec<Artifact>, ArtifactError> {
    let key = |path, key: &PrivateKey| {
        let bytes = match passphrase {
            Some(passphrase) => key.to_encrypted_pem(passphrase, entropy)?,
            None => key.to_pem(),
        };
        Ok::<_, ArtifactError>(artifact(path, bytes, Sensitivity::Secret))
    };
    let mut files = existing_authority(&authority.certificates);
    files.push(key(layout::ROOT_KEY, &authority.root_key)?);
    if let Some(issuing_key) = &authority.issuing_key {
        files.push(key(layout::ISSUING_KEY, issuing_key)?);
    }
    Ok(files)
}

/// The certificates of an authority that was brought along. Its key stays where it is.
pub fn existing_authority(certificates: &AuthorityCertificates) -> Vec<Artifact> {
    let pem = |path, text: String| artifact(path, Secret::new(text.into_bytes()), Sensitivity::Public);
    let mut files = vec![pem(layout::ROOT_CERTIFICATE, certificates.root.to_pem())];
    if !certificates.issuing.is_empty() {
        files.push(pem(layout::ISSUING_CERTIFICATE, certificates.issuing.iter().map(Certificate::to_pem).collect()));
    }
    files
}

fn artifact(path: &'static str, bytes: Secret, sensitivity: Sensitivity) -> Artifact {
    Artifact { path, bytes, sensitivity, made_from: BTreeMap::new() }
}
