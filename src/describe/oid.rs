//! Object identifiers by the names that people know them by.

use x509_parser::der_parser::oid::Oid;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::AlgorithmIdentifier;

/// The name of an extended key usage as RFC 5280 and its kin write it; dotted where it is not known.
pub fn usage(oid: &str) -> String {
    let name = match oid {
        "2.5.29.37.0" => "anyExtendedKeyUsage",
        "1.3.6.1.5.5.7.3.1" => "serverAuth",
        "1.3.6.1.5.5.7.3.2" => "clientAuth",
        "1.3.6.1.5.5.7.3.3" => "codeSigning",
        "1.3.6.1.5.5.7.3.4" => "emailProtection",
        "1.3.6.1.5.5.7.3.5" => "ipsecEndSystem",
        "1.3.6.1.5.5.7.3.6" => "ipsecTunnel",
        "1.3.6.1.5.5.7.3.7" => "ipsecUser",
        "1.3.6.1.5.5.7.3.8" => "timeStamping",
        "1.3.6.1.5.5.7.3.9" => "OCSPSigning",
        "1.3.6.1.5.5.7.3.17" => "ipsecIKE",
        "1.3.6.1.5.5.7.3.21" => "secureShellClient",
        "1.3.6.1.5.5.7.3.22" => "secureShellServer",
        "1.3.6.1.5.5.7.3.36" => "documentSigning",
        "1.3.6.1.5.2.3.4" => "pkinitClientAuth",
        "1.3.6.1.5.2.3.5" => "pkinitKdc",
        "1.3.6.1.4.1.311.10.3.3" => "msServerGatedCrypto",
        "1.3.6.1.4.1.311.10.3.4" => "msEncryptingFileSystem",
        "1.3.6.1.4.1.311.10.3.12" => "msDocumentSigning",
        "1.3.6.1.4.1.311.20.2.2" => "msSmartcardLogon",
        "2.16.840.1.113730.4.1" => "nsServerGatedCrypto",
        _ => oid,
    };
    name.to_owned()
}

/// The name of a certificate or revocation list extension, as RFC 5280 writes it.
pub fn extension(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.29.9" => "subjectDirectoryAttributes",
        "2.5.29.14" => "subjectKeyIdentifier",
        "2.5.29.15" => "keyUsage",
        "2.5.29.16" => "privateKeyUsagePeriod",
        "2.5.29.17" => "subjectAltName",
        "2.5.29.18" => "issuerAltName",
        "2.5.29.19" => "basicConstraints",
        "2.5.29.30" => "nameConstraints",
        "2.5.29.31" => "cRLDistributionPoints",
        "2.5.29.32" => "certificatePolicies",
        "2.5.29.33" => "policyMappings",
        "2.5.29.35" => "authorityKeyIdentifier",
        "2.5.29.36" => "policyConstraints",
        "2.5.29.37" => "extKeyUsage",
        "2.5.29.46" => "freshestCRL",
        "2.5.29.54" => "inhibitAnyPolicy",
        "1.3.6.1.5.5.7.1.1" => "authorityInfoAccess",
        "1.3.6.1.5.5.7.1.3" => "qcStatements",
        "1.3.6.1.5.5.7.1.11" => "subjectInfoAccess",
        "1.3.6.1.5.5.7.1.24" => "tlsFeature",
        "1.3.6.1.5.5.7.48.1.5" => "ocspNoCheck",
        "1.3.6.1.4.1.11129.2.4.2" => "signedCertificateTimestamps",
        "1.3.6.1.4.1.11129.2.4.3" => "precertificatePoison",
        "1.3.6.1.4.1.311.20.2" => "msCertificateTemplateName",
        "1.3.6.1.4.1.311.21.1" => "msCaVersion",
        "1.3.6.1.4.1.311.21.7" => "msCertificateTemplate",
        "1.3.6.1.4.1.311.21.10" => "msApplicationPolicies",
        "2.16.840.1.113730.1.1" => "netscapeCertType",
        "2.16.840.1.113730.1.13" => "netscapeComment",
        _ => return None,
    })
}

/// The name of a certificate policy that is known everywhere; dotted where it is not.
pub fn policy(oid: &str) -> String {
    let name = match oid {
        "2.5.29.32.0" => "anyPolicy",
        "2.23.140.1.1" => "extended-validation",
        "2.23.140.1.2.1" => "domain-validated",
        "2.23.140.1.2.2" => "organization-validated",
        "2.23.140.1.2.3" => "individual-validated",
        _ => oid,
    };
    name.to_owned()
}

/// How something is signed: `sha256WithRSAEncryption`, `RSASSA-PSS SHA-256`.
pub fn signature(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let oid = algorithm.algorithm.to_id_string();
    let name = match oid.as_str() {
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.3" => "md4WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => return pss(algorithm),
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.10040.4.3" => "dsa-with-SHA1",
        "2.16.840.1.101.3.4.3.1" => "dsa-with-SHA224",
        "2.16.840.1.101.3.4.3.2" => "dsa-with-SHA256",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        other => other,
    };
    name.to_owned()
}

/// The hash stands in the parameters; without them it is SHA-1 (RFC 4055, 3.1).
fn pss(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let parameters = algorithm.parameters.as_ref().map(RsaSsaPssParams::try_from);
    let hash = match &parameters {
        Some(Ok(parameters)) => hash(parameters.hash_algorithm_oid()),
        Some(Err(_)) => "with unreadable parameters".to_owned(),
        None => "SHA-1".to_owned(),
    };
    format!("RSASSA-PSS {hash}")
}

fn hash(oid: &Oid<'_>) -> String {
    let oid = oid.to_id_string();
    let name = match oid.as_str() {
        "1.3.14.3.2.26" => "SHA-1",
        "2.16.840.1.101.3.4.2.1" => "SHA-256",
        "2.16.840.1.101.3.4.2.2" => "SHA-384",
        "2.16.840.1.101.3.4.2.3" => "SHA-512",
        "2.16.840.1.101.3.4.2.4" => "SHA-224",
        other => other,
    };
    name.to_owned()
}
