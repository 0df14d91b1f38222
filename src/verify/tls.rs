//! TLS as the client and the server see it, by rustls, and what can be learned on the way.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Facts, Fault, Step};
use crate::pki::{Host, Identity, TrustBundle, rfc2253};

pub fn provider() -> Arc<CryptoProvider> {
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
    asked: OnceLock<()>,
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.get_or_init(|| ());
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
        TlsConnector::from(self.config.clone()).connect(name, stream).await.map_err(|error| Fault::new(Step::Handshake, cause(&error)))
    }

    pub fn facts(&self, stream: &TlsStream<TcpStream>) -> Facts {
        let connection = stream.get_ref().1;
        let subject =
            |der: &CertificateDer<'_>| X509Certificate::from_der(der).map(|(_, parsed)| rfc2253(parsed.subject())).unwrap_or_default();
        Facts {
            protocol: connection.protocol_version().and_then(|version| version.as_str()).unwrap_or_default().replace('_', "."),
            cipher: connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or_default().to_owned(),
            served: connection.peer_certificates().unwrap_or_default().iter().map(subject).collect(),
            certificate_requested: self.shown.asked.get().is_some(),
            did: Vec::new(),
            milliseconds: 0,
        }
    }
}

pub fn server_name(host: &Host) -> Result<ServerName<'static>, Fault> {
    match host {
        Host::Ip(ip) => Ok(ServerName::IpAddress((*ip).into())),
        Host::Dns(name) => ServerName::try_from(name.clone()).map_err(|error| Fault::new(Step::HostName, format!("{name}: {error}"))),
    }
}

/// What rustls has to say, without the wrapping of `io::Error`.
pub fn cause(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(error) => error.to_string(),
        None => error.to_string(),
    }
}

/// Whether the peer said why, by an alert, or the handshake failed on our side.
pub fn is_told(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}
