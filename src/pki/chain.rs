//! Certificates in the company they keep: chains, trust bundles, and a key with its chain.

use super::{Certificate, PrivateKey};

/// A leaf and the authorities between it and its root, leaf first; the root itself is left out. Never empty, and each
/// certificate is signed by the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain(Vec<Certificate>);

/// The certificates that are trusted from the start. Never empty; two authorities' during a rollover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustBundle(Vec<Certificate>);

/// A private key and the chain of its certificate: what one side of a handshake shows. The key fits the leaf.
#[derive(Debug)]
pub struct Identity {
    key: PrivateKey,
    chain: Chain,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("there is no certificate in it")]
    Empty,
    #[error("certificate {at} ({subject}) is not signed by the one after it ({next})", at = .index + 1)]
    Broken { index: usize, subject: String, next: String },
    #[error("the private key does not belong to the certificate of {0}")]
    KeyMismatch(String),
}

impl Chain {
    pub fn new(certificates: Vec<Certificate>) -> Result<Self, IdentityError> {
        for (index, pair) in certificates.windows(2).enumerate() {
            if !pair[0].is_signed_by(&pair[1]) {
                let [subject, next] = [&pair[0], &pair[1]].map(|certificate| certificate.subject.clone());
                return Err(IdentityError::Broken { index, subject, next });
            }
        }
        if certificates.is_empty() { Err(IdentityError::Empty) } else { Ok(Self(certificates)) }
    }

    pub fn leaf(&self) -> &Certificate {
        &self.0[0]
    }

    pub fn certificates(&self) -> &[Certificate] {
        &self.0
    }

    pub fn to_pem(&self) -> String {
        self.0.iter().map(Certificate::to_pem).collect()
    }
}

impl TrustBundle {
    pub fn new(anchors: Vec<Certificate>) -> Result<Self, IdentityError> {
        if anchors.is_empty() { Err(IdentityError::Empty) } else { Ok(Self(anchors)) }
    }

    pub fn anchors(&self) -> &[Certificate] {
        &self.0
    }

    pub fn to_pem(&self) -> String {
        self.0.iter().map(Certificate::to_pem).collect()
    }
}

impl Identity {
    pub fn new(key: PrivateKey, chain: Chain) -> Result<Self, IdentityError> {
        if key.public_key() == chain.leaf().public_key {
            Ok(Self { key, chain })
        } else {
            Err(IdentityError::KeyMismatch(chain.leaf().subject.clone()))
        }
    }

    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    pub fn into_key(self) -> PrivateKey {
        self.key
    }

    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    pub fn leaf(&self) -> &Certificate {
        self.chain.leaf()
    }
}
