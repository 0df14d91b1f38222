//! TLS as the client and the server see it, by rustls, and what can be learned on the way.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::{ResolvesClientCert, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, RootCertStore, ServerConfig, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::{Facts, Fault, Step, within};
use crate::pki::{Certificate, Host, Identity, TrustBundle, rfc2253};

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())).clone()
}

fn roots(trust: &TrustBundle) -> Result<Arc<RootCertStore>, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for anchor in trust.anchors() {
        roots.add(CertificateDer::from(anchor.der().to_vec()))?;
    }
    Ok(Arc::new(roots))
}

fn chain(identity: &Identity) -> Vec<CertificateDer<'static>> {
    identity.chain().certificates().iter().map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect()
}

fn key(identity: &Identity) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key().pkcs8().expose().to_vec()))
}

/// A server that shows `identity` and demands a certificate that `trust` vouches for.
pub fn server(identity: &Identity, trust: &TrustBundle) -> Result<Arc<ServerConfig>, rustls::Error> {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(trust)?, provider())
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain(identity), key(identity))?;
    Ok(Arc::new(config))
}

/// A server that asks nobody for a certificate, for the tests of the probes.
#[cfg(test)]
pub fn lax_server(identity: &Identity) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(chain(identity), key(identity)).unwrap())
}

/// A client that trusts `trust` alone and shows `identity` when it is asked for one.
#[derive(Debug, Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
    shown: Arc<Shown>,
}

/// Shows a certificate, and remembers that it was asked for.
#[derive(Debug)]
struct Shown {
    key: Option<Arc<CertifiedKey>>,
    /// The issuers that were named.
    asked: OnceLock<Vec<String>>,
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, issuers: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let name = |der: &&[u8]| X509Name::from_der(der).ok().map(|(_, name)| rfc2253(&name));
        self.asked.get_or_init(|| issuers.iter().filter_map(name).collect());
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl Client {
    pub fn new(identity: Option<&Identity>, trust: &TrustBundle) -> Result<Self, rustls::Error> {
        let key = match identity {
            Some(identity) => Some(Arc::new(CertifiedKey::from_der(chain(identity), key(identity), &provider())?)),
            None => None,
        };
        let shown = Arc::new(Shown { key, asked: OnceLock::new() });
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots(trust)?)
            .with_client_cert_resolver(shown.clone());
        Ok(Self { config: Arc::new(config), shown })
    }

    /// The handshake on a connected stream. With TLS 1.3 its end does not mean that the server took the certificate.
    pub async fn handshake(&self, host: &Host, stream: TcpStream) -> Result<TlsStream<TcpStream>, Fault> {
        let name = server_name(host)?;
        let connecting = TlsConnector::from(self.config.clone()).connect(name, stream);
        within(Step::Handshake, async { connecting.await.map_err(|error| Fault::new(step(&error), cause(&error))) }).await
    }

    pub fn facts(&self, stream: &TlsStream<TcpStream>) -> Facts {
        let connection = stream.get_ref().1;
        let served: Vec<Certificate> =
            connection.peer_certificates().unwrap_or_default().iter().filter_map(|der| Certificate::from_der(der.to_vec()).ok()).collect();
        Facts {
            protocol: connection.protocol_version().and_then(|version| version.as_str()).unwrap_or_default().replace('_', "."),
            cipher: connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or_default().to_owned(),
            group: connection.negotiated_key_exchange_group().and_then(|group| group.name().as_str()).unwrap_or_default().to_owned(),
            leaf_fingerprint: served.first().map(Certificate::fingerprint).unwrap_or_default(),
            leaf_not_after: served.first().map(|leaf| leaf.validity.not_after),
            served: served.into_iter().map(|certificate| certificate.subject).collect(),
            certificate_requested: self.shown.asked.get().is_some(),
            requested_issuers: self.shown.asked.get().cloned().unwrap_or_default(),
            did: Vec::new(),
            note: None,
            milliseconds: 0,
        }
    }
}

/// Whether a client that asks for `host` takes the leaf of `identity`.
pub fn covers(identity: &Identity, host: &Host) -> Result<(), Fault> {
    let failed = |error: rustls::Error| Fault::new(Step::HostName, format!("{host}: {error}"));
    let leaf = CertificateDer::from(identity.leaf().der());
    let parsed = ParsedCertificate::try_from(&leaf).map_err(failed)?;
    verify_server_name(&parsed, &server_name(host)?).map_err(failed)
}

fn server_name(host: &Host) -> Result<ServerName<'static>, Fault> {
    match host {
        Host::Ip(ip) => Ok(ServerName::IpAddress((*ip).into())),
        Host::Dns(name) => ServerName::try_from(name.clone()).map_err(|error| Fault::new(Step::HostName, format!("{name}: {error}"))),
    }
}

/// What rustls has to say, without the wrapping of `io::Error`.
pub fn cause(error: &io::Error) -> String {
    told(error).map_or_else(|| error.to_string(), rustls::Error::to_string)
}

/// Who broke off the handshake. A client that does not take the server has not been refused by it.
fn step(error: &io::Error) -> Step {
    match told(error) {
        Some(rustls::Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })) => {
            Step::HostName
        }
        Some(rustls::Error::InvalidCertificate(_)) => Step::ServerCertificate,
        _ => Step::Handshake,
    }
}

/// Whether the peer said why, by an alert, or the handshake failed on our side.
pub fn is_told(error: &io::Error) -> bool {
    told(error).is_some()
}

fn told(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
