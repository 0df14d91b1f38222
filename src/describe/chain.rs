//! A chain as it stands in a store or is served.

use serde::Serialize;
use time::OffsetDateTime;

use super::certificate::CertificateFacts;
use crate::pki::{AnyKey, Certificate};

/// Certificates in the order in which they stand, and whether that is a chain. By names; signatures are judged by `check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainFacts {
    pub chain: Vec<CertificateFacts>,
    /// Each is followed by its issuer.
    pub in_order: bool,
    /// The issuer that one must look for elsewhere; none when the chain ends in a self-signed certificate, or is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_issuer: Option<String>,
    /// Whether the first certificate is that of the key; none when there is none, or the key is locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_matches: Option<bool>,
}

impl ChainFacts {
    /// `key` is the chain's, where it is open.
    pub fn new(chain: &[Certificate], key: Option<&AnyKey>, now: OffsetDateTime) -> Self {
        let last = chain.last().filter(|last| last.issuer_der != last.subject_der);
        Self {
            chain: chain.iter().map(|certificate| CertificateFacts::new(certificate, now)).collect(),
            in_order: chain.windows(2).all(|pair| pair[0].issuer_der == pair[1].subject_der),
            next_issuer: last.map(|last| last.issuer.clone()),
            key_matches: key.zip(chain.first()).map(|(key, leaf)| key.belongs_to(leaf)),
        }
    }
}
