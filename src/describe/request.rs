//! A certification request, in words.

use serde::Serialize;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::prelude::FromDer;

use super::extension::Extensions;
use super::key::KeyFacts;
use super::oid;
use crate::pki::Request;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestFacts {
    /// RFC 2253.
    pub subject: String,
    pub key: KeyFacts,
    pub signature_algorithm: String,
    /// Whether the key that it asks for signed it.
    pub proves_possession: bool,
    /// What it asks for.
    #[serde(flatten)]
    pub extensions: Extensions,
}

impl RequestFacts {
    pub fn new(request: &Request) -> Self {
        let parsed = X509CertificationRequest::from_der(request.der()).ok().map(|(_, parsed)| parsed);
        let asked = parsed.iter().flat_map(|parsed| parsed.certification_request_info.iter_attributes()).find_map(|attribute| {
            match attribute.parsed_attribute() {
                ParsedCriAttribute::ExtensionRequest(asked) => Some(Extensions::new(&asked.extensions)),
                _ => None,
            }
        });
        Self {
            subject: request.subject.clone(),
            key: (&request.public_key).into(),
            signature_algorithm: parsed.as_ref().map(|parsed| oid::signature(&parsed.signature_algorithm)).unwrap_or_default(),
            proves_possession: parsed.as_ref().is_some_and(|parsed| parsed.verify_signature().is_ok()),
            extensions: asked.unwrap_or_default(),
        }
    }
}
