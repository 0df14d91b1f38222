//! What the extensions of a certificate say (RFC 5280, 4.2).

use serde::Serialize;
use x509_parser::extensions::{DistributionPointName, GeneralName, GeneralSubtree, KeyUsage, ParsedExtension, X509Extension};
use x509_parser::oid_registry::{OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS, OID_PKIX_ACCESS_DESCRIPTOR_OCSP};

use super::name::Name;
use super::oid;
use crate::pki::hex;

/// Everything that extensions say. A field that is empty or absent stands for an extension that is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Extensions {
    pub names: Vec<Name>,
    pub issuer_names: Vec<Name>,
    /// As RFC 5280 writes the bits: `digitalSignature`.
    pub key_usage: Vec<&'static str>,
    /// By name, or dotted: `serverAuth`.
    pub extended_key_usage: Vec<String>,
    pub basic_constraints: Option<BasicConstraints>,
    /// Lower-case hexadecimal.
    pub subject_key_id: Option<String>,
    pub authority_key_id: Option<String>,
    pub crl_distribution_points: Vec<Name>,
    pub ocsp: Vec<Name>,
    pub ca_issuers: Vec<Name>,
    pub policies: Vec<String>,
    pub name_constraints: Option<NameConstraints>,
    /// Each one, in the order of the certificate.
    pub extensions: Vec<Extension>,
    /// What cannot be read, in words.
    pub malformed: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BasicConstraints {
    pub authority: bool,
    pub path_length: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NameConstraints {
    pub permitted: Vec<Name>,
    pub excluded: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Extension {
    pub oid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
    pub critical: bool,
    /// The DER in hexadecimal, of an extension that no other field speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Extensions {
    pub fn new(extensions: &[X509Extension<'_>]) -> Self {
        let mut said = Self::default();
        for extension in extensions {
            let oid = extension.oid.to_id_string();
            let name = oid::extension(&oid);
            if said.extensions.iter().any(|other| other.oid == oid) {
                said.malformed.push(format!("{} stands in it twice", name.unwrap_or(&oid)));
            }
            let understood = said.note(extension, name.unwrap_or(&oid));
            let value = (!understood).then(|| hex(extension.value));
            said.extensions.push(Extension { oid, name, critical: extension.critical, value });
        }
        said
    }

    pub fn is_critical(&self, name: &str) -> bool {
        self.extensions.iter().any(|extension| extension.name == Some(name) && extension.critical)
    }

    /// False for what has no field.
    fn note(&mut self, extension: &X509Extension<'_>, name: &str) -> bool {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(all) => self.names = self.names_of(&all.general_names, name),
            ParsedExtension::IssuerAlternativeName(all) => self.issuer_names = self.names_of(&all.general_names, name),
            ParsedExtension::KeyUsage(usage) => self.key_usage = bits(*usage),
            ParsedExtension::ExtendedKeyUsage(_) => self.extended_key_usage = usages(extension.value),
            ParsedExtension::BasicConstraints(constraints) => {
                self.basic_constraints = Some(BasicConstraints { authority: constraints.ca, path_length: constraints.path_len_constraint });
            }
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = Some(hex(id.0)),
            ParsedExtension::AuthorityKeyIdentifier(id) => self.authority_key_id = id.key_identifier.as_ref().map(|id| hex(id.0)),
            ParsedExtension::CRLDistributionPoints(points) => {
                let names = points.iter().filter_map(|point| match &point.distribution_point {
                    Some(DistributionPointName::FullName(names)) => Some(names),
                    Some(DistributionPointName::NameRelativeToCRLIssuer(_)) | None => point.crl_issuer.as_ref(),
                });
                self.crl_distribution_points = names.flatten().map(Name::from).collect();
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                let at =
                    |method| access.iter().filter(|one| one.access_method == method).map(|one| Name::from(&one.access_location)).collect();
                self.ocsp = at(OID_PKIX_ACCESS_DESCRIPTOR_OCSP);
                self.ca_issuers = at(OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS);
            }
            ParsedExtension::CertificatePolicies(policies) => {
                self.policies = policies.iter().map(|policy| oid::policy(&policy.policy_id.to_id_string())).collect();
            }
            ParsedExtension::NameConstraints(constraints) => {
                self.name_constraints = Some(NameConstraints {
                    permitted: subtrees(constraints.permitted_subtrees.as_deref()),
                    excluded: subtrees(constraints.excluded_subtrees.as_deref()),
                });
            }
            ParsedExtension::ParseError { error } => {
                self.malformed.push(format!("{name} cannot be read: {error}"));
                return false;
            }
            _ => return false,
        }
        true
    }

    fn names_of(&mut self, names: &[GeneralName<'_>], extension: &str) -> Vec<Name> {
        let invalid = names.iter().filter(|name| matches!(name, GeneralName::Invalid(..))).count();
        if invalid > 0 {
            self.malformed.push(format!("{invalid} of the names in {extension} cannot be read"));
        }
        names.iter().map(Name::from).collect()
    }
}

fn bits(usage: KeyUsage) -> Vec<&'static str> {
    let bits = [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
        (usage.encipher_only(), "encipherOnly"),
        (usage.decipher_only(), "decipherOnly"),
    ];
    bits.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
}

/// In the order of the certificate, which the parsed form does not keep.
fn usages(der: &[u8]) -> Vec<String> {
    use x509_parser::asn1_rs::{FromDer, Oid, SequenceOf};
    SequenceOf::<Oid<'_>>::from_der(der).map(|(_, all)| all.iter().map(|one| oid::usage(&one.to_id_string())).collect()).unwrap_or_default()
}

fn subtrees(subtrees: Option<&[GeneralSubtree<'_>]>) -> Vec<Name> {
    subtrees.unwrap_or_default().iter().map(|subtree| Name::from(&subtree.base)).collect()
}
