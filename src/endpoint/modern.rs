//! TLS 1.3, where everything after the ServerHello is encrypted: rustls decrypts it, records it, and breaks off.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

use super::connection::Timed;
use super::flight::{self, Broken};
use super::suites::{self, SCHEMES};
use crate::describe::CertificateRequest;
use crate::pki::{Certificate, Host};

/// What is encrypted in the server's first flight.
#[derive(Debug, Default)]
pub struct Encrypted {
    pub chain: Vec<Certificate>,
    pub request: Option<CertificateRequest>,
}

/// Trusts nobody: every handshake ends when the certificate is there, before anything is sent over it.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    chain: OnceLock<Vec<Certificate>>,
    request: OnceLock<CertificateRequest>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let served = std::iter::once(leaf).chain(rest);
        let _ = self.chain.set(served.filter_map(|der| Certificate::from_der(der.to_vec()).ok()).collect());
        Err(refusal())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(refusal())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(refusal())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn refusal() -> Error {
    Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
}

/// Called before the verifier: the request comes before the certificate.
impl ResolvesClientCert for Recorder {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let _ = self.request.set(CertificateRequest {
            issuers: issuers.iter().map(|der| flight::issuer(der)).collect(),
            signature_schemes: schemes.iter().map(|scheme| suites::name(SCHEMES, u16::from(*scheme))).collect(),
        });
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Goes as far into a TLS 1.3 handshake as the server's certificate.
pub fn encrypted(stream: &mut Timed, name: &Host) -> Result<Encrypted, Broken> {
    /// As for what is in the clear.
    const LIMIT: usize = 256 * 1024;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let recorder = Arc::new(Recorder { provider: provider.clone(), chain: OnceLock::new(), request: OnceLock::new() });
    let mut connection = connection(provider, &recorder, name).map_err(|error| broken(&error))?;
    let mut read = 0;
    loop {
        while connection.wants_write() {
            connection.write_tls(stream)?;
        }
        match connection.read_tls(stream)? {
            0 => return Err(Broken::Closed),
            count => read += count,
        }
        let state = connection.process_new_packets();
        if let Some(chain) = recorder.chain.get() {
            // The alert that says so; whether it arrives is the server's concern.
            let _ = connection.write_tls(stream).and_then(|_| stream.flush());
            return Ok(Encrypted { chain: chain.clone(), request: recorder.request.get().cloned() });
        }
        state.map_err(|error| broken(&error))?;
        if read > LIMIT {
            return Err(Broken::Malformed("flight, longer than 256 KiB"));
        }
    }
}

fn connection(provider: Arc<CryptoProvider>, recorder: &Arc<Recorder>, name: &Host) -> Result<ClientConnection, Error> {
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_client_cert_resolver(recorder.clone());
    let name = match name {
        Host::Ip(ip) => ServerName::IpAddress((*ip).into()),
        Host::Dns(name) => ServerName::try_from(name.clone()).map_err(|error| Error::General(error.to_string()))?,
    };
    ClientConnection::new(Arc::new(config), name)
}

fn broken(error: &Error) -> Broken {
    match error {
        Error::AlertReceived(alert) => Broken::Alert(u8::from(*alert)),
        other => Broken::Io(std::io::Error::other(other.to_string())),
    }
}
