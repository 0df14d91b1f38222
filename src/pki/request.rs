//! Certification requests (PKCS#10, RFC 2986).

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

use super::certificate::{reason, san_of};
use super::{CertificateError, PublicKey, San, rfc2253};

/// A certification request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    der: Vec<u8>,
    /// RFC 2253.
    pub subject: String,
    pub public_key: PublicKey,
    /// Those that it asks for, in order.
    pub names: Vec<San>,
}

impl Request {
    /// Its signature is not verified.
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateError> {
        let (rest, parsed) = X509CertificationRequest::from_der(&der).map_err(|error| CertificateError::Request(reason(error)))?;
        if !rest.is_empty() {
            return Err(CertificateError::Trailing(rest.len()));
        }
        let info = &parsed.certification_request_info;
        let public_key =
            PublicKey::from_der(info.subject_pki.raw).ok_or_else(|| CertificateError::Request("its public key is damaged".to_owned()))?;
        let names = parsed.requested_extensions().into_iter().flatten().filter_map(|extension| match extension {
            ParsedExtension::SubjectAlternativeName(san) => Some(san.general_names.iter().map(san_of)),
            _ => None,
        });
        let (subject, names) = (rfc2253(&info.subject), names.flatten().collect());
        Ok(Self { subject, public_key, names, der })
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Request({})", self.subject)
    }
}
