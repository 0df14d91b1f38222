//! What every certificate of a path must be, whatever it is used for (RFC 5280, 4.1 and 4.2).

use std::collections::BTreeSet;

use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry as oids;

use super::FaultKind;
use super::node::Node;
use super::{alternative_name, signature};

/// Extensions that are understood, or that bear on nothing a path is asked: these may be critical.
const UNDERSTOOD: [&str; 15] = [
    "2.5.29.14",            // subjectKeyIdentifier
    "2.5.29.15",            // keyUsage
    "2.5.29.17",            // subjectAltName
    "2.5.29.18",            // issuerAltName
    "2.5.29.19",            // basicConstraints
    "2.5.29.30",            // nameConstraints
    "2.5.29.31",            // cRLDistributionPoints
    "2.5.29.32",            // certificatePolicies
    "2.5.29.33",            // policyMappings
    "2.5.29.35",            // authorityKeyIdentifier
    "2.5.29.36",            // policyConstraints
    "2.5.29.37",            // extKeyUsage
    "2.5.29.46",            // freshestCRL
    "2.5.29.54",            // inhibitAnyPolicy
    "1.3.6.1.5.5.7.48.1.5", // OCSP no-check
];

/// Every rule that `node` breaks on its own.
pub(super) fn faults(node: &Node<'_>) -> Vec<FaultKind> {
    let mut faults = head(node);
    faults.extend(extensions(node));
    faults.extend(key(node));
    faults.extend(names(node));
    faults
}

fn head(node: &Node<'_>) -> Vec<FaultKind> {
    let mut faults = Vec::new();
    let (signed, outer) = (&node.x509.tbs_certificate.signature, &node.x509.signature_algorithm);
    if signed != outer {
        faults.push(FaultKind::AlgorithmMismatch { signed: signature::name(signed), outer: signature::name(outer) });
    }
    if signature::is_broken(outer) && !node.is_anchor() {
        faults.push(FaultKind::BrokenDigest { algorithm: signature::name(outer) });
    }
    match node.version() {
        1 | 2 if !node.extensions().is_empty() => faults.push(FaultKind::ExtensionsBeforeVersion3 { version: node.version() }),
        1..=3 => {}
        version => faults.push(FaultKind::UnknownVersion { version }),
    }
    if node.issuer.name.is_empty() {
        faults.push(FaultKind::WithoutIssuer);
    }
    if node.subject.name.is_empty() && node.alternative_names().is_none_or(<[_]>::is_empty) {
        faults.push(FaultKind::WithoutName);
    }
    faults
}

fn extensions(node: &Node<'_>) -> Vec<FaultKind> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for extension in node.extensions() {
        let oid = extension.oid.to_id_string();
        if !seen.insert(oid.clone()) {
            faults.push(FaultKind::DuplicateExtension { oid: oid.clone() });
        }
        let malformed = match extension.parsed_extension() {
            ParsedExtension::ParseError { .. } => extension.critical || UNDERSTOOD.contains(&oid.as_str()),
            ParsedExtension::SubjectAlternativeName(names) => names.general_names.is_empty(),
            ParsedExtension::KeyUsage(usage) => usage.flags == 0,
            ParsedExtension::PolicyConstraints(limits) => {
                limits.require_explicit_policy.is_none() && limits.inhibit_policy_mapping.is_none()
            }
            _ => false,
        };
        if malformed {
            faults.push(FaultKind::MalformedExtension { oid });
        } else if extension.critical && !UNDERSTOOD.contains(&oid.as_str()) {
            faults.push(FaultKind::UnknownCriticalExtension { oid });
        }
    }
    faults
}

fn key(node: &Node<'_>) -> Option<FaultKind> {
    let key = node.x509.public_key();
    if key.algorithm.algorithm == oids::OID_KEY_TYPE_EC_PUBLIC_KEY && signature::named_curve(key).is_none() {
        return Some(FaultKind::ExplicitCurve);
    }
    match signature::rsa_bits(key) {
        Some(bits) if bits < 1024 => Some(FaultKind::ShortKey { bits }),
        Some(_) => None,
        None => key.parsed().is_err().then_some(FaultKind::UnreadableKey),
    }
}

fn names(node: &Node<'_>) -> Vec<FaultKind> {
    let whole = [(&node.subject, &node.certificate.subject), (&node.issuer, &node.certificate.issuer)];
    let distinguished = whole.into_iter().filter_map(|(reading, text)| {
        let problem = reading.problem?;
        Some(FaultKind::MalformedName { name: text.clone(), problem })
    });
    let alternative = node.alternative_names().unwrap_or_default().iter().filter_map(|name| {
        let problem = alternative_name::problem(name)?;
        Some(FaultKind::MalformedName { name: alternative_name::describe(name), problem })
    });
    distinguished.chain(alternative).collect()
}
