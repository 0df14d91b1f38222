//! The object identifiers that rules speak of.

pub use pkcs8::der::asn1::ObjectIdentifier as Oid;

use super::der::Element;

const fn oid(dotted: &str) -> Oid {
    Oid::new_unwrap(dotted)
}

// Extensions: RFC 5280, 4.2.
pub const SUBJECT_DIRECTORY_ATTRIBUTES: Oid = oid("2.5.29.9");
pub const SUBJECT_KEY_ID: Oid = oid("2.5.29.14");
pub const KEY_USAGE: Oid = oid("2.5.29.15");
pub const PRIVATE_KEY_USAGE_PERIOD: Oid = oid("2.5.29.16");
pub const SUBJECT_ALT_NAME: Oid = oid("2.5.29.17");
pub const ISSUER_ALT_NAME: Oid = oid("2.5.29.18");
pub const BASIC_CONSTRAINTS: Oid = oid("2.5.29.19");
pub const NAME_CONSTRAINTS: Oid = oid("2.5.29.30");
pub const CRL_DISTRIBUTION_POINTS: Oid = oid("2.5.29.31");
pub const CERTIFICATE_POLICIES: Oid = oid("2.5.29.32");
pub const ANY_POLICY: Oid = oid("2.5.29.32.0");
pub const POLICY_MAPPINGS: Oid = oid("2.5.29.33");
pub const AUTHORITY_KEY_ID: Oid = oid("2.5.29.35");
pub const POLICY_CONSTRAINTS: Oid = oid("2.5.29.36");
pub const EXTENDED_KEY_USAGE: Oid = oid("2.5.29.37");
pub const ANY_USAGE: Oid = oid("2.5.29.37.0");
pub const FRESHEST_CRL: Oid = oid("2.5.29.46");
pub const INHIBIT_ANY_POLICY: Oid = oid("2.5.29.54");
pub const NO_REV_AVAIL: Oid = oid("2.5.29.56");
pub const AUTHORITY_INFO_ACCESS: Oid = oid("1.3.6.1.5.5.7.1.1");
pub const SUBJECT_INFO_ACCESS: Oid = oid("1.3.6.1.5.5.7.1.11");
pub const TLS_FEATURE: Oid = oid("1.3.6.1.5.5.7.1.24");
pub const OCSP_NO_CHECK: Oid = oid("1.3.6.1.5.5.7.48.1.5");
pub const SCT_LIST: Oid = oid("1.3.6.1.4.1.11129.2.4.2");
pub const PRECERTIFICATE_POISON: Oid = oid("1.3.6.1.4.1.11129.2.4.3");

// Extensions of revocation lists and their entries: RFC 5280, 5.2 and 5.3.
pub const CRL_NUMBER: Oid = oid("2.5.29.20");
pub const REASON_CODE: Oid = oid("2.5.29.21");
pub const INVALIDITY_DATE: Oid = oid("2.5.29.24");
pub const DELTA_CRL: Oid = oid("2.5.29.27");
pub const ISSUING_DISTRIBUTION_POINT: Oid = oid("2.5.29.28");
pub const CERTIFICATE_ISSUER: Oid = oid("2.5.29.29");

// Purposes and access methods.
pub const SERVER_AUTH: Oid = oid("1.3.6.1.5.5.7.3.1");
pub const CLIENT_AUTH: Oid = oid("1.3.6.1.5.5.7.3.2");
pub const CODE_SIGNING: Oid = oid("1.3.6.1.5.5.7.3.3");
pub const EMAIL_PROTECTION: Oid = oid("1.3.6.1.5.5.7.3.4");
pub const TIME_STAMPING: Oid = oid("1.3.6.1.5.5.7.3.8");
pub const OCSP_SIGNING: Oid = oid("1.3.6.1.5.5.7.3.9");
pub const OCSP: Oid = oid("1.3.6.1.5.5.7.48.1");
pub const CPS_POINTER: Oid = oid("1.3.6.1.5.5.7.2.1");
pub const USER_NOTICE: Oid = oid("1.3.6.1.5.5.7.2.2");
pub const SMTP_UTF8_MAILBOX: Oid = oid("1.3.6.1.5.5.7.8.9");

// Attributes of names: RFC 5280, appendix A.
pub const COMMON_NAME: Oid = oid("2.5.4.3");
pub const SURNAME: Oid = oid("2.5.4.4");
pub const SERIAL_NUMBER: Oid = oid("2.5.4.5");
pub const COUNTRY: Oid = oid("2.5.4.6");
pub const LOCALITY: Oid = oid("2.5.4.7");
pub const STATE: Oid = oid("2.5.4.8");
pub const STREET: Oid = oid("2.5.4.9");
pub const ORGANIZATION: Oid = oid("2.5.4.10");
pub const ORGANIZATIONAL_UNIT: Oid = oid("2.5.4.11");
pub const TITLE: Oid = oid("2.5.4.12");
pub const POSTAL_CODE: Oid = oid("2.5.4.17");
pub const GIVEN_NAME: Oid = oid("2.5.4.42");
pub const GENERATION_QUALIFIER: Oid = oid("2.5.4.44");
pub const INITIALS: Oid = oid("2.5.4.43");
pub const DN_QUALIFIER: Oid = oid("2.5.4.46");
pub const PSEUDONYM: Oid = oid("2.5.4.65");
pub const EMAIL_ADDRESS: Oid = oid("1.2.840.113549.1.9.1");
pub const DOMAIN_COMPONENT: Oid = oid("0.9.2342.19200300.100.1.25");

// Keys and signatures: RFC 3279, 4055, 5480, 8410, 8692.
pub const RSA: Oid = oid("1.2.840.113549.1.1.1");
pub const MGF1: Oid = oid("1.2.840.113549.1.1.8");
pub const RSA_PSS: Oid = oid("1.2.840.113549.1.1.10");
pub const SHA1: Oid = oid("1.3.14.3.2.26");
pub const EC: Oid = oid("1.2.840.10045.2.1");
pub const DSA: Oid = oid("1.2.840.10040.4.1");
pub const X25519: Oid = oid("1.3.101.110");
pub const X448: Oid = oid("1.3.101.111");
pub const ED25519: Oid = oid("1.3.101.112");
pub const ED448: Oid = oid("1.3.101.113");

// Attributes of requests: RFC 2985.
pub const CHALLENGE_PASSWORD: Oid = oid("1.2.840.113549.1.9.7");
pub const EXTENSION_REQUEST: Oid = oid("1.2.840.113549.1.9.14");

/// Whether `element` is this object identifier.
pub fn is(element: Element<'_>, oid: Oid) -> bool {
    element.content == oid.as_bytes()
}

/// The usual name of an extension, attribute or purpose; of any other object identifier, its numbers.
pub fn name(content: &[u8]) -> String {
    NAMES.iter().find(|(oid, _)| content == oid.as_bytes()).map_or_else(|| dotted(content), |(_, name)| (*name).to_owned())
}

/// The numbers of an object identifier; what is none, in hexadecimal.
pub fn dotted(content: &[u8]) -> String {
    Oid::from_bytes(content).map_or_else(|_| crate::pki::hex(&content[..content.len().min(32)]), |oid| oid.to_string())
}

const NAMES: &[(Oid, &str)] = &[
    (SUBJECT_DIRECTORY_ATTRIBUTES, "subjectDirectoryAttributes"),
    (SUBJECT_KEY_ID, "subjectKeyIdentifier"),
    (KEY_USAGE, "keyUsage"),
    (PRIVATE_KEY_USAGE_PERIOD, "privateKeyUsagePeriod"),
    (SUBJECT_ALT_NAME, "subjectAltName"),
    (ISSUER_ALT_NAME, "issuerAltName"),
    (BASIC_CONSTRAINTS, "basicConstraints"),
    (NAME_CONSTRAINTS, "nameConstraints"),
    (CRL_DISTRIBUTION_POINTS, "cRLDistributionPoints"),
    (CERTIFICATE_POLICIES, "certificatePolicies"),
    (ANY_POLICY, "anyPolicy"),
    (POLICY_MAPPINGS, "policyMappings"),
    (AUTHORITY_KEY_ID, "authorityKeyIdentifier"),
    (POLICY_CONSTRAINTS, "policyConstraints"),
    (EXTENDED_KEY_USAGE, "extKeyUsage"),
    (ANY_USAGE, "anyExtendedKeyUsage"),
    (FRESHEST_CRL, "freshestCRL"),
    (INHIBIT_ANY_POLICY, "inhibitAnyPolicy"),
    (NO_REV_AVAIL, "noRevAvail"),
    (AUTHORITY_INFO_ACCESS, "authorityInfoAccess"),
    (SUBJECT_INFO_ACCESS, "subjectInfoAccess"),
    (TLS_FEATURE, "tlsFeature"),
    (OCSP_NO_CHECK, "ocsp-nocheck"),
    (SCT_LIST, "signedCertificateTimestampList"),
    (PRECERTIFICATE_POISON, "precertificate poison"),
    (CRL_NUMBER, "cRLNumber"),
    (REASON_CODE, "reasonCode"),
    (INVALIDITY_DATE, "invalidityDate"),
    (DELTA_CRL, "deltaCRLIndicator"),
    (ISSUING_DISTRIBUTION_POINT, "issuingDistributionPoint"),
    (CERTIFICATE_ISSUER, "certificateIssuer"),
    (SERVER_AUTH, "serverAuth"),
    (CLIENT_AUTH, "clientAuth"),
    (CODE_SIGNING, "codeSigning"),
    (EMAIL_PROTECTION, "emailProtection"),
    (TIME_STAMPING, "timeStamping"),
    (OCSP_SIGNING, "OCSPSigning"),
    (COMMON_NAME, "CN"),
    (SURNAME, "SN"),
    (SERIAL_NUMBER, "serialNumber"),
    (COUNTRY, "C"),
    (LOCALITY, "L"),
    (STATE, "ST"),
    (STREET, "street"),
    (ORGANIZATION, "O"),
    (ORGANIZATIONAL_UNIT, "OU"),
    (TITLE, "title"),
    (POSTAL_CODE, "postalCode"),
    (GIVEN_NAME, "GN"),
    (GENERATION_QUALIFIER, "generationQualifier"),
    (INITIALS, "initials"),
    (DN_QUALIFIER, "dnQualifier"),
    (PSEUDONYM, "pseudonym"),
    (EMAIL_ADDRESS, "emailAddress"),
    (DOMAIN_COMPONENT, "DC"),
];
