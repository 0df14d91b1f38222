//! Certification requests (PKCS#10, RFC 2986).

/// A certification request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    der: Vec<u8>,
    /// RFC 2253.
    pub subject: String,
    pub public_key: super::PublicKey,
    /// Those that it asks for, in order.
    pub names: Vec<super::San>,
}

impl Request {
    pub fn from_der(der: Vec<u8>) -> Result<Self, super::CertificateError> {
        let _ = der;
        todo!("helper keys")
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
