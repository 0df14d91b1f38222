//! TLS as a client sees it, by rustls, and what can be learned on the way.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::Credential;
use super::dial::Overheard;
use crate::describe::{CertificateRequest, TlsVersion};
use crate::diagnosis::{Acceptance, Fault, FileProblem, Handshake, Served, Step, Symptom};
use crate::path::{self, Question};
use crate::pki::{Certificate, Host, Usage, rfc2253};

/// What every connection is made on.
pub type Stream = TlsStream<Overheard>;

pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())).clone()
}

/// A client that trusts some anchors alone and shows a certificate when it is asked for one, whoever asks.
#[derive(Debug, Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
    witness: Arc<Witness>,
    anchors: Arc<[Certificate]>,
    now: OffsetDateTime,
}

/// What the last handshake has shown, whether it succeeded or not.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Leaf first.
    pub served: Vec<Certificate>,
    pub ocsp_staple: bool,
    /// `None`: no client certificate was asked for.
    pub asked: Option<CertificateRequest>,
}

/// Lets rustls decide, and remembers what it was shown.
#[derive(Debug)]
struct Witness {
    verifier: Arc<WebPkiServerVerifier>,
    credential: Option<Arc<CertifiedKey>>,
    seen: Mutex<Seen>,
}

impl Witness {
    fn note(&self, what: impl FnOnce(&mut Seen)) {
        what(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        staple: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let served = std::iter::once(leaf).chain(rest).filter_map(|der| Certificate::from_der(der.to_vec()).ok()).collect();
        self.note(|seen| {
            seen.served = served;
            seen.ocsp_staple = !staple.is_empty();
        });
        self.verifier.verify_server_cert(leaf, rest, name, staple, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

impl ResolvesClientCert for Witness {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let name = |der: &&[u8]| X509Name::from_der(der).ok().map(|(_, name)| rfc2253(&name));
        let signature_schemes = schemes.iter().map(|scheme| scheme.as_str().unwrap_or_default().to_lowercase()).collect();
        self.note(|seen| seen.asked = Some(CertificateRequest { issuers: issuers.iter().filter_map(name).collect(), signature_schemes }));
        self.credential.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl Client {
    /// `versions` are those that are offered. Fails when nothing is trusted.
    pub fn new(
        credential: Option<&Credential>,
        anchors: Arc<[Certificate]>,
        versions: &[TlsVersion],
        now: OffsetDateTime,
    ) -> Result<Self, Fault> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(anchors.iter().map(|anchor| CertificateDer::from(anchor.der())));
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|_| Fault::file("the trusted certificates", FileProblem::NoAnchors))?;
        let witness = Arc::new(Witness { verifier, credential: credential.map(Credential::for_rustls), seen: Mutex::new(Seen::default()) });
        let offered: Vec<_> = versions.iter().filter_map(|version| supported(*version)).collect();
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&offered)
            .map_err(|error| Fault::new(Step::Handshake, Symptom::NothingInCommon { error: error.to_string() }))?
            .dangerous()
            .with_custom_certificate_verifier(witness.clone())
            .with_client_cert_resolver(witness.clone());
        // A resumed session would show neither certificate again.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Self { config: Arc::new(config), witness, anchors, now })
    }

    /// The handshake on a connected stream. With TLS 1.3 its end does not mean that the server took the certificate.
    pub async fn handshake(&self, host: &Host, stream: Overheard) -> Result<Stream, Fault> {
        self.witness.note(|seen| *seen = Seen::default());
        let name = server_name(host)?;
        match TlsConnector::from(self.config.clone()).connect(name, stream).into_fallible().await {
            Ok(stream) => Ok(stream),
            Err((error, stream)) => Err(Fault::new(Step::Handshake, self.symptom(&error, host, stream.first()))),
        }
    }

    pub fn seen(&self) -> Seen {
        self.witness.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn handshake_facts<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: &TlsStream<S>, host: &Host) -> Handshake {
        let connection = stream.get_ref().1;
        let seen = self.seen();
        let verdict = self.judged(&seen.served, host);
        let first_end = seen.served.iter().map(|certificate| certificate.validity.not_after).min();
        Handshake {
            protocol: connection.protocol_version().and_then(|version| version.as_str()).unwrap_or_default().replace('_', "."),
            cipher: connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or_default().to_owned(),
            group: connection.negotiated_key_exchange_group().and_then(|group| group.name().as_str()).unwrap_or_default().to_owned(),
            anchor: verdict.filter(path::Verdict::holds).and_then(|verdict| verdict.path.last().map(|anchor| anchor.subject.clone())),
            ocsp_staple: seen.ocsp_staple,
            days_left: first_end.map_or(0, |end| (end - self.now).whole_days()),
            served: seen.served.iter().map(Served::from).collect(),
        }
    }

    /// What can be said once the server has answered over TLS.
    pub fn acceptance(&self, credential: Option<&Credential>) -> Acceptance {
        let asked = self.seen().asked;
        let issuers = asked.as_ref().map(|asked| asked.issuers.clone()).unwrap_or_default();
        let named = |credential: &Credential| issuers.is_empty() || credential.chain().iter().any(|one| issuers.contains(&one.issuer));
        Acceptance {
            certificate_requested: asked.is_some(),
            shown: credential.filter(|_| asked.is_some()).map(|credential| credential.leaf().subject.clone()),
            issuer_named: credential.filter(|_| asked.is_some()).map(named),
            requested_issuers: issuers,
        }
    }

    /// What an error in a handshake is a symptom of. `first` is what came first over TCP.
    fn symptom(&self, error: &io::Error, host: &Host, first: &[u8]) -> Symptom {
        use rustls::Error;
        let Some(told) = told(error) else { return symptom(error) };
        let said = told.to_string();
        match told {
            Error::InvalidCertificate(rustls::CertificateError::BadSignature) if self.judged_sound(host) => {
                Symptom::Misbehaved { error: said }
            }
            Error::InvalidCertificate(_) | Error::NoCertificatesPresented => match self.judged(&self.seen().served, host) {
                Some(verdict) => Symptom::ServerRefused { verdict: Box::new(verdict), error: said },
                None => Symptom::Misbehaved { error: said },
            },
            Error::PeerIncompatible(_) => Symptom::NothingInCommon { error: said },
            Error::InvalidMessage(_) if !is_tls(first) => Symptom::NotTls { answer: first.to_vec() },
            _ => symptom(error),
        }
    }

    /// A signature that is wrong stands in the handshake when the chain itself is sound.
    fn judged_sound(&self, host: &Host) -> bool {
        self.judged(&self.seen().served, host).is_some_and(|verdict| verdict.holds())
    }

    fn judged(&self, served: &[Certificate], host: &Host) -> Option<path::Verdict> {
        judged(served, &self.anchors, host, self.now)
    }
}

/// What a client that trusts `anchors` and asked for `host` has to say of a served chain; nothing of an empty one.
pub fn judged(served: &[Certificate], anchors: &[Certificate], host: &Host, now: OffsetDateTime) -> Option<path::Verdict> {
    let (leaf, intermediates) = served.split_first()?;
    Some(path::judge(&Question {
        leaf,
        intermediates,
        anchors,
        revocation_lists: &[],
        at: now,
        purpose: Some(Usage::ServerAuth),
        name: Some(host),
    }))
}

/// What an error on a stream of TLS, or below it, is a symptom of.
pub fn symptom(error: &io::Error) -> Symptom {
    match told(error) {
        Some(rustls::Error::AlertReceived(AlertDescription::CloseNotify)) => return Symptom::Closed,
        Some(rustls::Error::AlertReceived(alert)) => return Symptom::Alert(*alert),
        Some(other) => return Symptom::Misbehaved { error: other.to_string() },
        None => {}
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected => Symptom::Closed,
        _ => Symptom::Other(error.to_string()),
    }
}

fn told(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether it begins as a record of TLS does: its type, and the major version 3 (RFC 8446, 5.1).
fn is_tls(first: &[u8]) -> bool {
    matches!(first, [20..=24, 3, ..])
}

fn supported(version: TlsVersion) -> Option<&'static rustls::SupportedProtocolVersion> {
    match version {
        TlsVersion::V1_3 => Some(&rustls::version::TLS13),
        TlsVersion::V1_2 => Some(&rustls::version::TLS12),
        TlsVersion::V1_1 | TlsVersion::V1_0 => None,
    }
}

/// A trailing dot, which says that a name is whole, is neither sent (RFC 6066, 3) nor in a certificate.
pub fn server_name(host: &Host) -> Result<ServerName<'static>, Fault> {
    match host {
        Host::Ip(ip) => Ok(ServerName::IpAddress((*ip).into())),
        Host::Dns(name) => ServerName::try_from(name.trim_end_matches('.').to_owned())
            .map_err(|error| Fault::new(Step::Resolve, Symptom::NameUnknown { error: format!("{name}: {error}") })),
    }
}
