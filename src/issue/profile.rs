//! What authorities and leafs have in common: serial number, validity, subject, and the issuer's exact name.

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::{AnyRef, BitStringRef};
use pkcs8::der::{self, Decode, Encode, Reader, SliceReader, Tag};
use rcgen::string::PrintableString;
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, Issuer, KeyIdMethod, PublicKeyData, SerialNumber, SigningKey};

use super::IssueError;
use crate::pki::{Certificate, Entropy, PrivateKey, Subject, SubjectAttribute, Validity};

/// RFC 5280, 4.1.2.2: positive, at most 20 octets. 16 random octets; the top bit is clear and the next set, so that the
/// number is positive and its encoding always as long.
const SERIAL_OCTETS: usize = 16;

/// Parameters without any extension that makes an authority or a leaf.
pub fn base(subject: &Subject, validity: Validity, entropy: &Entropy) -> Result<CertificateParams, IssueError> {
    let mut serial = [0u8; SERIAL_OCTETS];
    entropy.fill(&mut serial).map_err(|_| IssueError::Entropy)?;
    serial[0] = serial[0] & 0x3f | 0x40;

    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.not_before = validity.not_before;
    params.not_after = validity.not_after;
    params.distinguished_name = distinguished_name(subject);
    Ok(params)
}

fn distinguished_name(subject: &Subject) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (attribute, value) in subject.attributes() {
        let kind = match attribute {
            SubjectAttribute::Country => DnType::CountryName,
            SubjectAttribute::State => DnType::StateOrProvinceName,
            SubjectAttribute::Locality => DnType::LocalityName,
            SubjectAttribute::Organization => DnType::OrganizationName,
            SubjectAttribute::OrganizationalUnit => DnType::OrganizationalUnitName,
            SubjectAttribute::CommonName => DnType::CommonName,
        };
        // A country is a PrintableString (RFC 5280, appendix A.1); all else is UTF-8 (4.1.2.4).
        match PrintableString::try_from(value) {
            Ok(country) if attribute == SubjectAttribute::Country => name.push(kind, DnValue::PrintableString(country)),
            Ok(_) | Err(_) => name.push(kind, value),
        }
    }
    name
}

/// Signs `params` for `public_key` in the name of `issuer`, whose subject is taken over byte by byte: rcgen would
/// rewrite the name of an authority that another program made, and lose its repeated and multi-valued parts.
pub fn signed(
    params: &CertificateParams,
    public_key: &impl PublicKeyData,
    issuer: &Certificate,
    key: &PrivateKey,
) -> Result<Certificate, IssueError> {
    let mut named = CertificateParams::default();
    if let Some(id) = &issuer.subject_key_id {
        named.key_identifier_method = KeyIdMethod::PreSpecified(id.clone());
    }
    let unsigned = params.signed_by(public_key, &Issuer::from_params(&named, Unsigned(key)))?;
    let (body, algorithm) = body_with_issuer(unsigned.der(), &issuer.subject_der)?;
    let signature = BitStringRef::from_bytes(&key.sign(&body)?)?.to_der()?;
    let certificate = sequence(&[body, algorithm, signature].concat())?;
    Ok(Certificate::from_der(certificate)?)
}

/// The TBSCertificate of `certificate` with another issuer, and its signature AlgorithmIdentifier (RFC 5280, 4.1).
fn body_with_issuer(certificate: &[u8], issuer: &[u8]) -> Result<(Vec<u8>, Vec<u8>), der::Error> {
    let outer = AnyRef::from_der(certificate)?;
    let body = AnyRef::from_der(SliceReader::new(outer.value())?.tlv_bytes()?)?;
    let mut fields = SliceReader::new(body.value())?;
    let [version, serial, algorithm] = [fields.tlv_bytes()?, fields.tlv_bytes()?, fields.tlv_bytes()?];
    fields.tlv_bytes()?;
    let mut content = [version, serial, algorithm, issuer].concat();
    while !fields.is_finished() {
        content.extend_from_slice(fields.tlv_bytes()?);
    }
    Ok((sequence(&content)?, algorithm.to_vec()))
}

/// `original` for another P-256 key, signed by another: everything else in it stays byte by byte (RFC 5280, 4.1).
pub fn copied(original: &Certificate, key: &PrivateKey, forger: &PrivateKey) -> Result<Certificate, IssueError> {
    let outer = AnyRef::from_der(original.der())?;
    let body = AnyRef::from_der(SliceReader::new(outer.value())?.tlv_bytes()?)?;
    let mut fields = SliceReader::new(body.value())?;
    let [version, serial, _] = [fields.tlv_bytes()?, fields.tlv_bytes()?, fields.tlv_bytes()?];
    let [issuer, validity, subject, _] = [fields.tlv_bytes()?, fields.tlv_bytes()?, fields.tlv_bytes()?, fields.tlv_bytes()?];
    let algorithm = sequence(&ECDSA_WITH_SHA256.to_der()?)?;
    let mut content = [version, serial, &algorithm, issuer, validity, subject, &key.public_key()].concat();
    while !fields.is_finished() {
        content.extend_from_slice(fields.tlv_bytes()?);
    }
    let body = sequence(&content)?;
    let signature = BitStringRef::from_bytes(&forger.sign(&body)?)?.to_der()?;
    Ok(Certificate::from_der(sequence(&[body, algorithm, signature].concat())?)?)
}

/// RFC 5758, 3.2: without parameters.
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

fn sequence(content: &[u8]) -> Result<Vec<u8>, der::Error> {
    AnyRef::new(Tag::Sequence, content)?.to_der()
}

/// Lets rcgen build the body of a certificate and leaves the signature empty.
struct Unsigned<'a>(&'a PrivateKey);

impl PublicKeyData for Unsigned<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl SigningKey for Unsigned<'_> {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}
