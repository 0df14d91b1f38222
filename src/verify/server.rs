//! Servers that the proof sets up by itself.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::pki::{Identity, TrustBundle};
use crate::visit::tls::provider;

/// Shows `identity` and demands a certificate that `trust` vouches for.
pub fn strict(identity: &Identity, trust: &TrustBundle) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for anchor in trust.anchors() {
        roots.add(CertificateDer::from(anchor.der().to_vec()))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_client_cert_verifier(verifier).with_single_cert(chain(identity), key(identity))?))
}

/// Asks nobody for a certificate, for the tests of the probes.
#[cfg(test)]
pub fn lax(identity: &Identity) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(chain(identity), key(identity)).unwrap())
}

fn chain(identity: &Identity) -> Vec<CertificateDer<'static>> {
    identity.chain().certificates().iter().map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect()
}

fn key(identity: &Identity) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key().pkcs8().expose().to_vec()))
}
