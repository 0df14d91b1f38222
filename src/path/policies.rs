//! Certificate policies (RFC 5280, 6.1, with the graph of RFC 9618, which does not grow exponentially).
//!
//! Any policy will do for us, so of the graph only its lowest level counts: which policies are expected next, and whether there are any.
//! The policies of the anchor are not looked at (RFC 5280, 6.1.1).

use std::collections::{BTreeMap, BTreeSet};

use x509_parser::extensions::{ParsedExtension, PolicyInformation, PolicyMapping};
use x509_parser::prelude::X509Extension;

use super::FaultKind;
use super::node::Node;

const ANY: &str = "2.5.29.32.0";
/// CPS pointer and user notice (RFC 5280, 4.2.1.4).
const QUALIFIERS: [&str; 2] = ["1.3.6.1.5.5.7.2.1", "1.3.6.1.5.5.7.2.2"];

/// What is expected of the next certificate, and after how many more certificates each rule begins to bind.
struct State {
    expected: BTreeSet<String>,
    require: usize,
    inhibit_any: usize,
    inhibit_mapping: usize,
}

/// What is wrong, and with which certificate of `path` (leaf first).
pub(super) fn faults(path: &[&Node<'_>]) -> Vec<(usize, FaultKind)> {
    let never = path.len() + 1;
    let mut state = State { expected: BTreeSet::from([ANY.to_owned()]), require: never, inhibit_any: never, inhibit_mapping: never };
    let mut faults = Vec::new();
    for (at, node) in path.iter().enumerate().rev().skip(1) {
        faults.extend(listed(node).into_iter().map(|kind| (at, kind)));
        state.descend(node, at);
        let met = state.require > 0 || !state.expected.is_empty();
        if at > 0 {
            state.prepare(node);
        } else {
            state.wrap_up(node);
        }
        // At the leaf it may be its own extension that requires one.
        if !met || (at == 0 && state.require == 0 && state.expected.is_empty()) {
            faults.push((at, FaultKind::NoValidPolicy));
            break;
        }
    }
    faults
}

impl State {
    /// RFC 5280, 6.1.3 (d), (e).
    fn descend(&mut self, node: &Node<'_>, at: usize) {
        let policies: Vec<String> = policies(node).iter().map(|policy| policy.policy_id.to_id_string()).collect();
        let any_expected = self.expected.contains(ANY);
        let mut next: BTreeSet<String> =
            policies.iter().filter(|id| *id != ANY && (any_expected || self.expected.contains(*id))).cloned().collect();
        let any_counts = self.inhibit_any > 0 || (at > 0 && node.is_self_issued());
        if any_counts && policies.iter().any(|id| id == ANY) {
            next.extend(self.expected.iter().cloned());
        }
        self.expected = next;
    }

    /// RFC 5280, 6.1.4 (b), (h) to (j).
    fn prepare(&mut self, node: &Node<'_>) {
        let mut targets: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for mapping in mappings(node) {
            targets.entry(mapping.issuer_domain_policy.to_id_string()).or_default().push(mapping.subject_domain_policy.to_id_string());
        }
        let any_expected = self.expected.contains(ANY);
        let mut next = self.expected.clone();
        for (from, to) in targets {
            if any_expected || self.expected.contains(&from) {
                if !to.contains(&from) {
                    next.remove(&from);
                }
                if self.inhibit_mapping > 0 {
                    next.extend(to);
                }
            }
        }
        self.expected = next;
        if !node.is_self_issued() {
            self.require = self.require.saturating_sub(1);
            self.inhibit_any = self.inhibit_any.saturating_sub(1);
            self.inhibit_mapping = self.inhibit_mapping.saturating_sub(1);
        }
        let (require, inhibit_mapping) = limits(node);
        self.require = self.require.min(require.unwrap_or(usize::MAX));
        self.inhibit_mapping = self.inhibit_mapping.min(inhibit_mapping.unwrap_or(usize::MAX));
        let inhibit_any = node.extension(|parsed| match parsed {
            ParsedExtension::InhibitAnyPolicy(inhibit) => usize::try_from(inhibit.skip_certs).ok(),
            _ => None,
        });
        self.inhibit_any = self.inhibit_any.min(inhibit_any.unwrap_or(usize::MAX));
    }

    /// RFC 5280, 6.1.5 (a), (b).
    fn wrap_up(&mut self, node: &Node<'_>) {
        self.require = self.require.saturating_sub(1);
        if limits(node).0 == Some(0) {
            self.require = 0;
        }
    }
}

fn policies<'n>(node: &'n Node<'_>) -> &'n [PolicyInformation<'n>] {
    node.extension(|parsed| match parsed {
        ParsedExtension::CertificatePolicies(policies) => Some(policies.as_slice()),
        _ => None,
    })
    .unwrap_or_default()
}

fn mappings<'n>(node: &'n Node<'_>) -> &'n [PolicyMapping<'n>] {
    node.extension(|parsed| match parsed {
        ParsedExtension::PolicyMappings(mappings) => Some(mappings.mappings.as_slice()),
        _ => None,
    })
    .unwrap_or_default()
}

/// requireExplicitPolicy and inhibitPolicyMapping.
fn limits(node: &Node<'_>) -> (Option<usize>, Option<usize>) {
    let count = |skip: Option<u32>| skip.and_then(|skip| usize::try_from(skip).ok());
    node.extension(|parsed| match parsed {
        ParsedExtension::PolicyConstraints(limits) => Some((count(limits.require_explicit_policy), count(limits.inhibit_policy_mapping))),
        _ => None,
    })
    .unwrap_or_default()
}

/// What is wrong with its policies as they stand.
fn listed(node: &Node<'_>) -> Vec<FaultKind> {
    let mut seen = BTreeSet::new();
    let mut faults: Vec<FaultKind> = policies(node)
        .iter()
        .map(|policy| policy.policy_id.to_id_string())
        .filter(|oid| !seen.insert(oid.clone()))
        .map(|oid| FaultKind::DuplicatePolicy { oid })
        .collect();
    let is_critical = |extension: &X509Extension<'_>| {
        extension.critical && matches!(extension.parsed_extension(), ParsedExtension::CertificatePolicies(_))
    };
    if node.extensions().iter().any(is_critical) {
        let qualifiers = policies(node).iter().flat_map(|policy| policy.policy_qualifiers.iter().flatten());
        let unknown =
            qualifiers.map(|qualifier| qualifier.policy_qualifier_id.to_id_string()).find(|oid| !QUALIFIERS.contains(&oid.as_str()));
        faults.extend(unknown.map(|oid| FaultKind::UnknownPolicyQualifier { oid }));
    }
    faults.extend(maps_any(node).then_some(FaultKind::AnyPolicyMapped));
    faults
}

fn maps_any(node: &Node<'_>) -> bool {
    mappings(node)
        .iter()
        .any(|mapping| mapping.issuer_domain_policy.to_id_string() == ANY || mapping.subject_domain_policy.to_id_string() == ANY)
}
