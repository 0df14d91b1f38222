//! OpenSSL 3, as librdkafka and Python's clients use it, at security level 2: what Debian sets, and OpenSSL itself from 3.2 on.

use super::node::Node;
use super::view::View;
use super::{Fault, FaultKind, signature};
use crate::pki::Usage;

/// Signature algorithms that OpenSSL verifies and we do not.
const MORE_SIGNATURES: [&str; 6] =
    ["1.2.840.10040.4.3", "2.16.840.1.101.3.4.3.2", "ecdsa-with-SHA224", "sha224WithRSAEncryption", "rsassa-pss", "ed448"];

pub(super) fn passes_over(view: View<'_>, fault: &Fault) -> bool {
    match &fault.kind {
        // X509_check_ca makes do with keyCertSign.
        FaultKind::WithoutBasicConstraints => view.is_of_anchor(fault) && view.anchor().is_some_and(Node::is_self_issued),
        FaultKind::UnsupportedSignature { algorithm, .. } => MORE_SIGNATURES.contains(&algorithm.as_str()),
        FaultKind::WithoutAlternativeName { .. } => view.common_name_matches(),
        FaultKind::MalformedExtension { oid } => {
            view.path.get(fault.at).is_some_and(|node| !node.extensions().iter().any(|one| one.critical && one.oid.to_id_string() == *oid))
        }
        FaultKind::ExtensionsBeforeVersion3 { .. }
        | FaultKind::UnknownVersion { .. }
        | FaultKind::MalformedName { .. }
        | FaultKind::NameConstraintsInLeaf
        | FaultKind::DuplicatePolicy { .. }
        | FaultKind::AnyPolicyMapped
        | FaultKind::NoValidPolicy
        | FaultKind::UnknownPolicyQualifier { .. } => true,
        _ => false,
    }
}

pub(super) fn objection(view: View<'_>) -> Option<String> {
    let anchor = view.anchor()?;
    if !anchor.is_self_issued() && !has_root_above(view) {
        return Some(format!(
            "{} is no root, and it goes on to look for its issuer (unable to get issuer certificate)",
            anchor.certificate.subject
        ));
    }
    if let Some(wanted) = view.question.purpose
        && let Some(node) = view.path.iter().find(|node| allows_only_by_any(node, wanted))
    {
        return Some(format!(
            "the extended key usage of {} does not name {wanted}; anyExtendedKeyUsage is not enough",
            node.certificate.subject
        ));
    }
    if let Some(node) = view.path.iter().find(|node| signature::rsa_bits(node.x509.public_key()).is_some_and(|bits| bits < 2048)) {
        return Some(format!("the RSA key of {} is shorter than 2048 bits (security level 2)", node.certificate.subject));
    }
    let sha1 = view.below_anchor().iter().find(|node| signature::is_sha1(&node.x509.signature_algorithm))?;
    Some(format!("the signature of {} relies on SHA-1 (security level 1)", sha1.certificate.subject))
}

/// Whether a root that is trusted as well issued the anchor, as far as names tell.
fn has_root_above(view: View<'_>) -> bool {
    let Some(anchor) = view.anchor() else { return false };
    let above = |subject: &[u8]| view.question.anchors.iter().find(|root| root.subject_der == subject);
    above(&anchor.certificate.issuer_der).is_some_and(|root| root.subject_der == root.issuer_der)
}

pub(super) fn allows_only_by_any(node: &Node<'_>, wanted: Usage) -> bool {
    node.extended_key_usage().is_some_and(|usage| {
        usage.any
            && !match wanted {
                Usage::ServerAuth => usage.server_auth,
                Usage::ClientAuth => usage.client_auth,
            }
    })
}
