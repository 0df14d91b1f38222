//! Who visits: what it shows, whom it trusts, how it logs in.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use super::scram::FewIterations;
use super::tls;
use crate::cluster::SaslMechanism;
use crate::describe::TlsVersion;
use crate::diagnosis::{Fault, FileProblem, LoginKind, Shown, Via};
use crate::pki::{AnyKey, Certificate, Identity, Passphrase, Secret, pem_block};
use crate::settings::Text;

/// A client, as it would connect.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// `clients/orders`, or the file that the client is configured by.
    pub name: String,
    pub via: Via,
    /// `None` for a client without a certificate.
    pub credential: Option<Arc<Credential>>,
    /// Never empty.
    pub anchors: Arc<[Certificate]>,
    pub login: Login,
    /// What the client would offer, TLS 1.2 and 1.3 for most.
    pub versions: Vec<TlsVersion>,
}

/// How a client says who it is, once TLS stands.
#[derive(Debug, Clone)]
pub enum Login {
    /// By its certificate: nothing more is said to Kafka, and EXTERNAL to RabbitMQ.
    Certificate,
    Password {
        mechanism: SaslMechanism,
        user: Text,
        password: Passphrase,
    },
    /// Not at all.
    Anonymous,
}

/// A certificate with what is sent along with it, and its key. The key belongs to the certificate; the chain is as it was found, for a
/// client sends what it has, right or wrong.
#[derive(Debug)]
pub struct Credential {
    chain: Arc<[Certificate]>,
    pkcs8: Secret,
    certified: Arc<CertifiedKey>,
}

impl Credential {
    /// `chain` is leaf first. Fails where the key is another one's, or of a kind that TLS cannot use.
    pub fn new(chain: Vec<Certificate>, key: &AnyKey) -> Result<Self, FileProblem> {
        let leaf = chain.first().ok_or(FileProblem::NoCertificate)?;
        if !key.belongs_to(leaf) {
            return Err(FileProblem::KeyMismatch { subject: leaf.subject.clone() });
        }
        Self::certified(chain, key.pkcs8().clone()).map_err(|error| FileProblem::UnsupportedKey(error.to_string()))
    }

    fn certified(chain: Vec<Certificate>, pkcs8: Secret) -> Result<Self, rustls::Error> {
        let certificates = chain.iter().map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8.expose().to_vec()));
        let certified = CertifiedKey::from_der(certificates, key, &tls::provider())?;
        Ok(Self { chain: chain.into(), pkcs8, certified: Arc::new(certified) })
    }

    pub fn of(identity: &Identity) -> Result<Self, FileProblem> {
        Self::certified(identity.chain().certificates().to_vec(), identity.key().pkcs8().clone())
            .map_err(|error| FileProblem::UnsupportedKey(error.to_string()))
    }

    /// Leaf first.
    pub fn chain(&self) -> &Arc<[Certificate]> {
        &self.chain
    }

    pub fn leaf(&self) -> &Certificate {
        &self.chain[0]
    }

    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(Certificate::to_pem).collect()
    }

    /// `BEGIN PRIVATE KEY`.
    pub fn key_pem(&self) -> Secret {
        pem_block("PRIVATE KEY", self.pkcs8.expose())
    }

    pub(super) fn for_rustls(&self) -> Arc<CertifiedKey> {
        self.certified.clone()
    }
}

impl Visitor {
    /// Every version that is in use, as clients offer unless they are told otherwise.
    pub const VERSIONS: [TlsVersion; 2] = [TlsVersion::V1_3, TlsVersion::V1_2];

    /// Who shows the certificate of `identity`, says no more, and trusts `anchors`.
    ///
    /// # Errors
    /// TLS cannot use its key.
    pub fn by_certificate(name: String, via: Via, identity: &Identity, anchors: &[Certificate]) -> Result<Self, Fault> {
        let credential = Credential::of(identity).map_err(|problem| Fault::file(&name, problem))?;
        let (credential, versions) = (Some(Arc::new(credential)), Self::VERSIONS.to_vec());
        Ok(Self { name, via, credential, anchors: anchors.into(), login: Login::Certificate, versions })
    }

    pub fn shown(&self) -> Shown {
        let chain = self.credential.as_ref().map_or_else(|| Arc::from([]), |credential| credential.chain().clone());
        Shown { chain, anchors: self.anchors.clone() }
    }

    pub fn login_kind(&self) -> LoginKind {
        match &self.login {
            Login::Certificate => LoginKind::Certificate,
            Login::Password { mechanism, user, .. } => LoginKind::Password { mechanism: mechanism.name(), user: user.to_string() },
            Login::Anonymous => LoginKind::Anonymous,
        }
    }

    /// By the program that its files are for: a Java client refuses them, and so does everyone of whom no program is known.
    pub fn few_iterations(&self) -> FewIterations {
        match self.via {
            Via::Librdkafka => FewIterations::Taken,
            Via::Pem | Via::Pkcs12 | Via::Jks | Via::ClientProperties | Via::AmqpUri | Via::Arguments => FewIterations::Refused,
        }
    }

    /// The anchors as PEM.
    pub fn anchors_pem(&self) -> String {
        self.anchors.iter().map(Certificate::to_pem).collect()
    }
}
