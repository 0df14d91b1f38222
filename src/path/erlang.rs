//! Erlang/OTP's ssl and public_key, 25 and later, as RabbitMQ uses them.

use x509_parser::extensions::GeneralName;

use super::alternative_name::Form;
use super::node::Node;
use super::view::View;
use super::{Fault, FaultKind, constraints};

/// `depth` of RabbitMQ's `ssl_options`, unless set.
const DEPTH: usize = 10;

pub(super) fn passes_over(view: View<'_>, fault: &Fault) -> bool {
    match &fault.kind {
        FaultKind::WithoutCertSign => view.is_of_anchor(fault),
        FaultKind::NameNotPermitted { by, .. } | FaultKind::NameExcluded { by, .. } | FaultKind::NameNotComparable { by, .. } => {
            view.by_anchor(by)
        }
        FaultKind::MalformedNameConstraints { .. } => view.is_of_anchor(fault),
        FaultKind::MalformedName { .. } | FaultKind::NameConstraintsInLeaf => true,
        _ => false,
    }
}

pub(super) fn objection(view: View<'_>) -> Option<String> {
    let leaf = view.leaf()?;
    if view.is_direct() {
        return Some("it refuses a self-signed certificate from a peer, even a trusted one (selfsigned_peer)".to_owned());
    }
    if view.intermediates().len() > DEPTH {
        return Some(format!("it allows {DEPTH} intermediate certificates unless depth is set (max_path_length_reached)"));
    }
    let has_address = leaf.alternative_names().unwrap_or_default().iter().any(|name| matches!(name, GeneralName::IPAddress(_)));
    if has_address && view.path.iter().skip(1).any(|node| constrains_addresses(node)) {
        return Some("OTP 25 fails on an IP address under name constraints for IP addresses (function_clause)".to_owned());
    }
    let tls = leaf.extended_key_usage().is_some_and(|usage| usage.server_auth || usage.client_auth);
    let fits = leaf.key_usage().is_none_or(|usage| usage.digital_signature() || usage.key_agreement() || usage.key_encipherment());
    (tls && !fits).then(|| "from OTP 27.1.3 on, the key usage must fit the extended key usage (key_usage_mismatch)".to_owned())
}

fn constrains_addresses(node: &Node<'_>) -> bool {
    let Ok(Some(constraints)) = constraints::read(node) else { return false };
    constraints.permitted.iter().chain(&constraints.excluded).any(|(subtree, _)| subtree.form() == Form::Ip)
}
