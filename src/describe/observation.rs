//! What a TLS endpoint shows to whoever connects, as data, and in words.

use serde::Serialize;
use time::OffsetDateTime;

use super::chain::ChainFacts;
use super::cipher::CipherSuite;
use crate::keystore::{Contents, Format, Held, Item, Seal};
use crate::pki::Certificate;

/// What was seen at an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Newest first. Never empty: an endpoint that takes none was not observed.
    pub accepted: Vec<AcceptedVersion>,
    pub refused: Vec<RefusedVersion>,
    /// As it was served with the newest version, in that order.
    pub served: Vec<Certificate>,
    /// What other cipher suites bring to light: a second chain, of another kind of key.
    pub also_served: Vec<Vec<Certificate>>,
    /// `None`: no client is asked for a certificate.
    pub client_certificate: Option<CertificateRequest>,
}

impl Observation {
    /// The served chain as a file would hold it, for whoever judges files.
    pub fn contents(&self) -> Contents {
        let item = |certificate: &Certificate| Item { alias: None, created: None, held: Held::Certificate(Box::new(certificate.clone())) };
        Contents { format: Format::Pem, items: self.served.iter().map(item).collect(), seal: Seal::Absent, schemes: Vec::new() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum TlsVersion {
    #[serde(rename = "TLSv1.0")]
    V1_0,
    #[serde(rename = "TLSv1.1")]
    V1_1,
    #[serde(rename = "TLSv1.2")]
    V1_2,
    #[serde(rename = "TLSv1.3")]
    V1_3,
}

impl TlsVersion {
    pub const ALL: [Self; 4] = [Self::V1_3, Self::V1_2, Self::V1_1, Self::V1_0];

    pub const fn name(self) -> &'static str {
        match self {
            Self::V1_0 => "TLSv1.0",
            Self::V1_1 => "TLSv1.1",
            Self::V1_2 => "TLSv1.2",
            Self::V1_3 => "TLSv1.3",
        }
    }

    /// As it stands on the wire.
    pub const fn number(self) -> u16 {
        match self {
            Self::V1_0 => 0x0301,
            Self::V1_1 => 0x0302,
            Self::V1_2 => 0x0303,
            Self::V1_3 => 0x0304,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AcceptedVersion {
    pub version: TlsVersion,
    /// In the server's order of preference; the first is the one that is used.
    pub cipher_suites: Vec<CipherSuite>,
    /// Of the key exchange with the first of them: `X25519`. RSA key transport has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Why there may be more suites: the search ended early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedVersion {
    pub version: TlsVersion,
    /// `alert protocol_version`, or what else happened.
    pub how: String,
}

/// What the server says when it asks for a client certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateRequest {
    /// RFC 2253. Empty: it names none, which means any.
    pub issuers: Vec<String>,
    pub signature_schemes: Vec<String>,
}

/// An observation, in words and in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndpointFacts {
    pub accepted: Vec<AcceptedVersion>,
    pub refused: Vec<RefusedVersion>,
    pub served: ChainFacts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_served: Vec<ChainFacts>,
    pub client_certificate_requested: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<CertificateRequest>,
}

impl EndpointFacts {
    pub fn new(observed: &Observation, now: OffsetDateTime) -> Self {
        let chain = |chain: &[Certificate]| ChainFacts::new(chain, None, now);
        Self {
            accepted: observed.accepted.clone(),
            refused: observed.refused.clone(),
            served: chain(&observed.served),
            also_served: observed.also_served.iter().map(|other| chain(other)).collect(),
            client_certificate_requested: observed.client_certificate.is_some(),
            client_certificate: observed.client_certificate.clone(),
        }
    }
}
