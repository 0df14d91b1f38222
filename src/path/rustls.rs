//! rustls with its certificate verifier, webpki 0.103.

use super::alternative_name::Form;
use super::node::Node;
use super::openssl::allows_only_by_any;
use super::view::View;
use super::{Fault, FaultKind, RevocationGap, constraints, signature};
use crate::pki::Usage;

/// Critical extensions that webpki takes: usages, alternative names, constraints and distribution points.
const UNDERSTOOD: [&str; 6] = ["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.37"];
const INTERMEDIATES: usize = 6;
const RSA_PSS_KEY: &str = "1.2.840.113549.1.1.10";

/// An anchor is a name, a key and name constraints to it. Key usage is not looked at anywhere.
pub(super) fn passes_over(view: View<'_>, fault: &Fault) -> bool {
    match &fault.kind {
        FaultKind::NameNotPermitted { name, .. } | FaultKind::NameExcluded { name, .. } | FaultKind::NameNotComparable { name, .. } => {
            ["the emailAddress ", "the common name ", "otherName:1.3.6.1.5.5.7.8.9"].iter().any(|beyond| name.starts_with(beyond))
        }
        FaultKind::MalformedNameConstraints { .. } | FaultKind::NotSelfSigned { .. } => false,
        _ if view.is_of_anchor(fault) && fault.at > 0 => true,
        FaultKind::ShortKey { .. } | FaultKind::ExplicitCurve | FaultKind::UnreadableKey => fault.at == 0,
        FaultKind::RevocationUnknown { problem } => matches!(problem, RevocationGap::Expired { .. } | RevocationGap::NotYetValid { .. }),
        FaultKind::WithoutCertSign
        | FaultKind::KeyUsage { .. }
        | FaultKind::NameConstraintsInLeaf
        | FaultKind::DuplicatePolicy { .. }
        | FaultKind::AnyPolicyMapped
        | FaultKind::NoValidPolicy => true,
        _ => false,
    }
}

pub(super) fn objection(view: View<'_>) -> Option<String> {
    let leaf = view.leaf()?;
    let sent = view.below_anchor();
    let subject = |node: &Node<'_>| node.certificate.subject.clone();
    if leaf.is_authority() {
        return Some("the leaf is a CA (CaUsedAsEndEntity)".to_owned());
    }
    if view.intermediates().len() > INTERMEDIATES {
        return Some(format!("it allows {INTERMEDIATES} intermediate certificates at most"));
    }
    if let Some(node) = sent.iter().find(|node| node.version() != 3) {
        return Some(format!("{} is not of version 3 (UnsupportedCertVersion)", subject(node)));
    }
    if let Some(pair) = view.path.windows(2).find(|pair| pair[0].certificate.issuer_der != pair[1].certificate.subject_der) {
        return Some(format!("the issuer that {} names is not spelled byte by byte like its subject", subject(pair[0])));
    }
    if let Some(node) = view.path.iter().enumerate().skip(1).find(|(at, node)| counts_too_many(view, *at, node)).map(|(_, node)| node) {
        return Some(format!("{} allows fewer CA certificates below it: self-issued ones count", subject(node)));
    }
    for node in sent {
        let unknown = node.extensions().iter().filter(|extension| extension.critical).map(|extension| extension.oid.to_id_string());
        if let Some(oid) = unknown.into_iter().find(|oid| !UNDERSTOOD.contains(&oid.as_str())) {
            return Some(format!("{} has the critical extension {oid}, which it does not know", subject(node)));
        }
    }
    purpose(view).or_else(|| signatures(view)).or_else(|| names(view))
}

/// The path length of an intermediate, with every certificate counted.
fn counts_too_many(view: View<'_>, at: usize, node: &Node<'_>) -> bool {
    let allowed = node.basic_constraints().and_then(|constraints| constraints.path_len_constraint);
    !node.is_anchor() && allowed.is_some_and(|allowed| view.path[1..at].len() as u64 > u64::from(allowed))
}

/// anyExtendedKeyUsage is not enough; without a purpose, one of the two must do for all.
fn purpose(view: View<'_>) -> Option<String> {
    let refused = |wanted: Usage| view.below_anchor().iter().find(|node| is_refused(node, wanted));
    let wanted = view.question.purpose.map_or_else(|| vec![Usage::ServerAuth, Usage::ClientAuth], |wanted| vec![wanted]);
    let refusing: Option<Vec<_>> = wanted.into_iter().map(refused).collect();
    let node = refusing?.into_iter().next()?;
    Some(format!("the extended key usage of {} does not name the purpose; anyExtendedKeyUsage is not enough", node.certificate.subject))
}

fn is_refused(node: &Node<'_>, wanted: Usage) -> bool {
    let named = node.extended_key_usage().is_none_or(|usage| match wanted {
        Usage::ServerAuth => usage.server_auth,
        Usage::ClientAuth => usage.client_auth,
    });
    !named || allows_only_by_any(node, wanted)
}

fn signatures(view: View<'_>) -> Option<String> {
    if let Some(node) = view.below_anchor().iter().find(|node| signature::is_sha1(&node.x509.signature_algorithm)) {
        return Some(format!("the signature of {} relies on SHA-1", node.certificate.subject));
    }
    if let Some(node) = view.below_anchor().iter().find(|node| !signature::is_usual(&node.x509.signature_algorithm)) {
        return Some(format!("the RSASSA-PSS parameters of the signature of {} are not the usual ones", node.certificate.subject));
    }
    let signers = view.path.get(1..).unwrap_or_default();
    let weak = |node: &&&Node<'_>| {
        let key = node.x509.public_key();
        key.algorithm.algorithm.to_id_string() == RSA_PSS_KEY || signature::rsa_bits(key).is_some_and(|bits| bits < 2048)
    };
    let node = signers.iter().find(weak)?;
    Some(format!("it does not verify with the key of {}: RSA below 2048 bits, or for RSASSA-PSS alone", node.certificate.subject))
}

/// It compares DNS names and addresses; a constraint on another form refuses the names of that form, and one on directory names all.
fn names(view: View<'_>) -> Option<String> {
    let sent = view.below_anchor().iter().flat_map(|node| node.alternative_names().unwrap_or_default());
    let mut refused = vec![Form::Directory];
    for form in sent.map(Form::of) {
        if !matches!(form, Form::Dns | Form::Ip) && !refused.contains(&form) {
            refused.push(form);
        }
    }
    let authorities = view.path.iter().skip(1).filter_map(|node| Some((node, constraints::read(node).ok()??)));
    for (authority, constraints) in authorities {
        let mut subtrees = constraints.permitted.iter().chain(&constraints.excluded);
        if let Some((_, called)) = subtrees.find(|(subtree, _)| refused.contains(&subtree.form())) {
            return Some(format!("it does not compare names with the constraint {called} of {}", authority.certificate.subject));
        }
    }
    None
}
