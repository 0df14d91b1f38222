//! Java's PKIX validation and its TLS trust manager, JDK 17 to 25.

use super::alternative_name::{Form, Name, is_host};
use super::node::Node;
use super::subtree::{Relation, Side};
use super::view::View;
use super::{Fault, FaultKind, constraints};

/// Signature algorithms that Java verifies and we do not: DSA, ECDSA with SHA-224 and SHA-3, RSA with SHA-224, Ed448.
const MORE_SIGNATURES: [&str; 12] = [
    "1.2.840.10040.4.3",
    "2.16.840.1.101.3.4.3.1",
    "2.16.840.1.101.3.4.3.2",
    "2.16.840.1.101.3.4.3.9",
    "2.16.840.1.101.3.4.3.10",
    "2.16.840.1.101.3.4.3.11",
    "2.16.840.1.101.3.4.3.12",
    "ecdsa-with-SHA224",
    "ecdsa-with-SHA1",
    "sha224WithRSAEncryption",
    "rsassa-pss",
    "ed448",
];

/// A trust anchor is a name and a key to it: of the certificate it looks only at the CA bits.
pub(super) fn passes_over(view: View<'_>, fault: &Fault) -> bool {
    if view.is_direct() {
        return !matches!(fault.kind, FaultKind::NameMismatch { .. } | FaultKind::WithoutAlternativeName { .. });
    }
    let anchor = view.is_of_anchor(fault);
    match &fault.kind {
        FaultKind::NotAuthority | FaultKind::WithoutBasicConstraints | FaultKind::WithoutCertSign | FaultKind::ShortKey { .. } => false,
        _ if anchor => true,
        FaultKind::Purpose { .. } => fault.at > 0,
        FaultKind::NameNotPermitted { name, by } | FaultKind::NameExcluded { name, by, .. } => view.by_anchor(by) || is_beyond(view, name),
        FaultKind::NameNotComparable { by, .. } => view.by_anchor(by),
        FaultKind::AnyPolicyMapped => fault.at == 0,
        FaultKind::UnsupportedSignature { algorithm, .. } => MORE_SIGNATURES.contains(&algorithm.as_str()),
        FaultKind::WithoutAlternativeName { .. } => view.common_name_matches(),
        FaultKind::DuplicatePolicy { .. }
        | FaultKind::MalformedName { .. }
        | FaultKind::NameConstraintsInLeaf
        | FaultKind::TooManyNames { .. } => true,
        _ => false,
    }
}

/// Names that Java's name constraints do not reach.
fn is_beyond(view: View<'_>, name: &str) -> bool {
    let has_alternative = view.leaf().is_some_and(|leaf| leaf.alternative_names().is_some());
    name.starts_with("otherName:") || (has_alternative && (name.starts_with("the emailAddress ") || name.starts_with("the common name ")))
}

pub(super) fn objection(view: View<'_>) -> Option<String> {
    if view.is_direct() {
        return None;
    }
    if view.intermediates().len() > 5 {
        return Some("it allows five intermediate certificates at most".to_owned());
    }
    let leaf = view.leaf()?;
    if view.question.purpose.is_some() && leaf.key_usage().is_some_and(|usage| !usage.digital_signature()) {
        return Some("the leaf's key usage lacks digitalSignature".to_owned());
    }
    if let Some(by) = view.intermediates().iter().find(|node| lacks_dns_name(view, node)) {
        return Some(format!("the leaf has no DNS name, and its common name is not one that {} permits", by.certificate.subject));
    }
    None
}

/// Under permitted DNS names, Java takes the last common name for one where the leaf has no other.
fn lacks_dns_name(view: View<'_>, authority: &Node<'_>) -> bool {
    let (Some(leaf), Ok(Some(constraints))) = (view.leaf(), constraints::read(authority)) else { return false };
    let mut dns = constraints.permitted.iter().filter(|(subtree, _)| subtree.form() == Form::Dns).peekable();
    let has_name = leaf.alternative_names().unwrap_or_default().iter().any(|name| Form::of(name) == Form::Dns);
    let Some(common_name) = leaf.subject.common_names.last().filter(|name| is_host(name)) else { return false };
    let name = Name::Dns(common_name.to_ascii_lowercase());
    dns.peek().is_some() && !has_name && !dns.any(|(subtree, _)| subtree.relation(&name, Side::Permitted) == Relation::Inside)
}
