//! A certificate, parsed once, with the facts that the rest asks for.

use std::fmt;

use time::OffsetDateTime;
use x509_parser::error::X509Error;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::nom::Err;
use x509_parser::oid_registry as oids;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{KeyKind, San, Validity, hex, rfc2253};

/// An extended key usage that matters to a broker or its client (RFC 5280, 4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Usage {
    ServerAuth,
    ClientAuth,
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServerAuth => "serverAuth",
            Self::ClientAuth => "clientAuth",
        })
    }
}

/// Why bytes are not a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("no PEM certificate in it")]
    Missing,
    #[error("not an X.509 certificate: {0}")]
    Parse(String),
    #[error("not a certification request: {0}")]
    Request(String),
    #[error("not a revocation list: {0}")]
    RevocationList(String),
    #[error("{0} bytes follow its end")]
    Trailing(usize),
    #[error("its dates cannot be represented")]
    Dates,
}

/// An X.509 certificate (RFC 5280). Holds the DER and what was read from it.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    /// RFC 2253, as Kafka spells it.
    pub subject: String,
    /// RFC 2253.
    pub issuer: String,
    /// The subject's DER: issuers and subjects are matched byte by byte.
    pub subject_der: Vec<u8>,
    pub issuer_der: Vec<u8>,
    /// The number in lower-case hexadecimal, as in `openssl x509 -serial` apart from the case: whole bytes, without the sign byte of its DER.
    pub serial: String,
    pub validity: Validity,
    /// In the order of the certificate.
    pub names: Vec<San>,
    /// Sorted. Empty when there is no extended key usage extension, which means any.
    pub usages: Vec<Usage>,
    /// `None` for a kind of key that countersign does not make.
    pub key_kind: Option<KeyKind>,
    /// The SubjectPublicKeyInfo, DER.
    pub public_key: Vec<u8>,
    pub subject_key_id: Option<Vec<u8>>,
    pub authority: AuthorityBits,
}

/// What a certificate says about being an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthorityBits {
    /// basicConstraints CA.
    pub is_authority: bool,
    /// basicConstraints pathLenConstraint.
    pub path_length: Option<u32>,
    /// keyUsage keyCertSign, or no keyUsage at all.
    pub may_sign: bool,
}

impl Certificate {
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateError> {
        let (rest, parsed) = X509Certificate::from_der(&der).map_err(|error| CertificateError::Parse(reason(error)))?;
        if !rest.is_empty() {
            return Err(CertificateError::Trailing(rest.len()));
        }
        let instant = |time: x509_parser::time::ASN1Time| OffsetDateTime::from_unix_timestamp(time.timestamp());
        let validity = Validity {
            not_before: instant(parsed.validity().not_before).map_err(|_| CertificateError::Dates)?,
            not_after: instant(parsed.validity().not_after).map_err(|_| CertificateError::Dates)?,
        };
        let mut facts = Self {
            der: Vec::new(),
            subject: rfc2253(parsed.subject()),
            issuer: rfc2253(parsed.issuer()),
            subject_der: parsed.subject().as_raw().to_vec(),
            issuer_der: parsed.issuer().as_raw().to_vec(),
            serial: serial(parsed.raw_serial()),
            validity,
            names: Vec::new(),
            usages: Vec::new(),
            key_kind: key_kind(parsed.public_key().raw),
            public_key: parsed.public_key().raw.to_vec(),
            subject_key_id: None,
            authority: AuthorityBits { is_authority: false, path_length: None, may_sign: true },
        };
        for extension in parsed.extensions() {
            facts.note(extension.parsed_extension());
        }
        facts.der = der;
        Ok(facts)
    }

    fn note(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::SubjectAlternativeName(san) => self.names = san.general_names.iter().map(san_of).collect(),
            ParsedExtension::ExtendedKeyUsage(usage) => {
                let [server, client] = [usage.server_auth || usage.any, usage.client_auth || usage.any];
                self.usages = [(server, Usage::ServerAuth), (client, Usage::ClientAuth)]
                    .into_iter()
                    .filter(|(set, _)| *set)
                    .map(|(_, u)| u)
                    .collect();
            }
            ParsedExtension::BasicConstraints(constraints) => {
                self.authority.is_authority = constraints.ca;
                self.authority.path_length = constraints.path_len_constraint;
            }
            ParsedExtension::KeyUsage(usage) => self.authority.may_sign = usage.key_cert_sign(),
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = Some(id.0.to_vec()),
            _ => {}
        }
    }

    /// Every certificate of a PEM text, in order; other blocks are passed over. At least one.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let blocks = pem::parse_many(text).map_err(|_| CertificateError::Missing)?;
        let certificates = blocks
            .into_iter()
            .filter(|block| block.tag() == "CERTIFICATE")
            .map(|block| Self::from_der(block.into_contents()))
            .collect::<Result<Vec<_>, _>>()?;
        if certificates.is_empty() { Err(CertificateError::Missing) } else { Ok(certificates) }
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub fn to_pem(&self) -> String {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new("CERTIFICATE", self.der.as_slice()), config)
    }

    /// SHA-256 over the DER, lower-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        super::sha256_hex(&self.der)
    }

    /// Whether this certificate names `issuer` as its issuer and carries its signature.
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        let (Ok((_, child)), Ok((_, parent))) = (X509Certificate::from_der(&self.der), X509Certificate::from_der(&issuer.der)) else {
            return false;
        };
        self.issuer_der == issuer.subject_der && child.verify_signature(Some(parent.public_key())).is_ok()
    }

    pub fn is_self_signed(&self) -> bool {
        self.is_signed_by(self)
    }
}

fn serial(der: &[u8]) -> String {
    hex(
        if let [0, magnitude @ ..] = der
            && !magnitude.is_empty()
        {
            magnitude
        } else {
            der
        },
    )
}

/// In words; where the parser knows only that it stopped, it is damage.
pub(super) fn reason(error: Err<X509Error>) -> String {
    match error {
        Err::Incomplete(_) => "it is cut off".to_owned(),
        Err::Error(X509Error::Der(_) | X509Error::NomError(_)) | Err::Failure(X509Error::Der(_) | X509Error::NomError(_)) => {
            "it is damaged, or cut off".to_owned()
        }
        Err::Error(error) | Err::Failure(error) => error.to_string(),
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, serial {})", self.subject, self.serial)
    }
}

pub(super) fn san_of(name: &GeneralName<'_>) -> San {
    match name {
        GeneralName::DNSName(dns) => San::Dns(dns.to_ascii_lowercase()),
        GeneralName::URI(uri) => San::Uri((*uri).to_owned()),
        GeneralName::IPAddress(bytes) => ip_of(bytes).map_or_else(|| San::Other(name.to_string()), San::Ip),
        other => San::Other(other.to_string()),
    }
}

fn ip_of(bytes: &[u8]) -> Option<std::net::IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(Into::into),
        16 => <[u8; 16]>::try_from(bytes).ok().map(Into::into),
        _ => None,
    }
}

/// The kind of a SubjectPublicKeyInfo, if it is one that countersign makes.
pub(super) fn key_kind(spki: &[u8]) -> Option<KeyKind> {
    let (_, info) = SubjectPublicKeyInfo::from_der(spki).ok()?;
    if info.algorithm.algorithm == oids::OID_SIG_ED25519 {
        return Some(KeyKind::Ed25519);
    }
    match info.parsed().ok()? {
        // x509-parser counts whole bytes of the modulus, without a leading zero.
        PublicKey::RSA(rsa) => match rsa.key_size() {
            2048 => Some(KeyKind::Rsa2048),
            3072 => Some(KeyKind::Rsa3072),
            4096 => Some(KeyKind::Rsa4096),
            _ => None,
        },
        PublicKey::EC(_) => {
            let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
            if curve == oids::OID_EC_P256 {
                Some(KeyKind::P256)
            } else if curve == oids::OID_NIST_EC_P384 {
                Some(KeyKind::P384)
            } else {
                None
            }
        }
        _ => None,
    }
}
