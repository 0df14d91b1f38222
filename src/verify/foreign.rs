//! An authority that nobody trusts, for the probes.

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer};

use super::{Fault, Step};
use crate::pki::{Certificate, Chain, Identity, KeyKind, PrivateKey};

/// A client certificate with a well-known name, signed by an authority that was made a moment ago.
pub fn identity() -> Result<Identity, Fault> {
    build().map_err(|error| Fault::new(Step::Files, error))
}

fn build() -> Result<Identity, Box<dyn std::error::Error>> {
    let authority_key = PrivateKey::generate(KeyKind::P256)?;
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = Issuer::from_params(&authority, &authority_key);
    let key = PrivateKey::generate(KeyKind::P256)?;
    let mut leaf = CertificateParams::default();
    leaf.is_ca = IsCa::ExplicitNoCa;
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = Certificate::from_der(leaf.signed_by(&key, &issuer)?.der().to_vec())?;
    Ok(Identity::new(key, Chain::new(vec![certificate])?)?)
}
