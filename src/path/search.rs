//! Finding paths from the leaf to an anchor: depth first, the likeliest issuer first, within a budget.
//!
//! Certificates are linked by names and signatures. Only where that leads nowhere, a link by name alone is followed, so that the
//! report can say whose signature is wrong.

use std::collections::HashMap;

use super::budget::Budget;
use super::distinguished_name::DistinguishedName;
use super::node::{Node, Trust};
use super::signature::{Check, Signed};

/// The longest path that is looked for: OpenSSL takes up to 100 CAs, Erlang 10, rustls 6, Java 5.
pub(super) const DEPTH: usize = 16;

/// Certificates to build with; the leaf is the first.
pub(super) struct Pool<'a> {
    nodes: Vec<Node<'a>>,
    by_subject: HashMap<DistinguishedName, Vec<usize>>,
    /// Of child and issuer.
    checked: HashMap<(usize, usize), Check>,
    pub budget: Budget,
}

/// Where a path ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Anchor,
    /// No issuer is known of its last certificate.
    Open,
    TooDeep,
    /// The budget is used up.
    Exhausted,
}

/// Which links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// Those whose signature verifies, all of them.
    Signed,
    /// One issuer for each certificate, by its name, whatever the signature.
    Named,
}

/// Whether to look for another path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Continue,
    Stop,
}

impl<'a> Pool<'a> {
    /// The anchors come first among `others`: the same certificate twice is one, and an anchor if it is one anywhere.
    pub fn new(leaf: Node<'a>, others: impl Iterator<Item = Node<'a>>) -> Self {
        let mut nodes = vec![leaf];
        let mut seen = std::collections::HashSet::new();
        for node in others {
            if seen.insert(node.certificate.der()) {
                nodes.push(node);
            }
        }
        if let Some(twin) = nodes.iter().skip(1).find(|node| node.is_anchor() && node.certificate.der() == nodes[0].certificate.der()) {
            nodes[0].trust = twin.trust;
        }
        let mut by_subject: HashMap<DistinguishedName, Vec<usize>> = HashMap::new();
        for (index, node) in nodes.iter().enumerate().skip(1) {
            by_subject.entry(node.subject.name.clone()).or_default().push(index);
        }
        Self { nodes, by_subject, checked: HashMap::new(), budget: Budget::default() }
    }

    pub fn node(&self, index: usize) -> &Node<'a> {
        &self.nodes[index]
    }

    pub fn nodes(&self, path: &[usize]) -> Vec<&Node<'a>> {
        path.iter().map(|index| &self.nodes[*index]).collect()
    }

    /// Everyone with that name.
    pub fn named(&self, name: &DistinguishedName) -> Vec<usize> {
        self.by_subject.get(name).cloned().unwrap_or_default()
    }

    /// Shows every path from `path` on, until told to stop.
    pub fn walk(&mut self, path: &mut Vec<usize>, links: Links, visit: &mut dyn FnMut(&mut Self, &[usize], End) -> Next) -> Next {
        let Some(&last) = path.last() else { return Next::Stop };
        if self.nodes[last].trust == Trust::Anchor && visit(self, path, End::Anchor) == Next::Stop {
            return Next::Stop;
        }
        if self.nodes[last].trust == Trust::Anchor && path.len() > 1 {
            return Next::Continue;
        }
        if path.len() >= DEPTH {
            return visit(self, path, End::TooDeep);
        }
        let mut followed = false;
        for issuer in self.candidates(path) {
            match self.check(last, issuer) {
                None => return visit(self, path, End::Exhausted),
                Some(Check::Bad | Check::Unsupported) if links == Links::Signed => continue,
                Some(Check::Good | Check::Bad | Check::Unsupported) => {}
            }
            followed = true;
            path.push(issuer);
            let next = self.walk(path, links, visit);
            path.pop();
            if next == Next::Stop || links == Links::Named {
                return next;
            }
        }
        if followed { Next::Continue } else { visit(self, path, End::Open) }
    }

    /// Whether the key of `issuer` made the signature of `child`; `None` when the budget is used up.
    pub fn check(&mut self, child: usize, issuer: usize) -> Option<Check> {
        if let Some(known) = self.checked.get(&(child, issuer)) {
            return Some(*known);
        }
        self.budget.verify()?;
        let x509 = &self.nodes[child].x509;
        let signed = Signed { algorithm: &x509.signature_algorithm, value: &x509.signature_value, message: x509.tbs_certificate.as_ref() };
        let check = signed.verify(self.nodes[issuer].x509.public_key());
        self.checked.insert((child, issuer), check);
        Some(check)
    }

    /// Who may have issued the last of `path`: anchors first, then those whose key identifier fits, the valid before the expired.
    fn candidates(&self, path: &[usize]) -> Vec<usize> {
        let Some(child) = path.last().map(|last| &self.nodes[*last]) else { return Vec::new() };
        let mut candidates = self.named(&child.issuer.name);
        // The same name with the same key again would be a loop.
        candidates.retain(|candidate| {
            let node = &self.nodes[*candidate];
            !path.iter().map(|index| &self.nodes[*index]).any(|known| {
                known.certificate.der() == node.certificate.der()
                    || (known.subject.name == node.subject.name && known.certificate.public_key == node.certificate.public_key)
            })
        });
        candidates.sort_by_key(|candidate| {
            let node = &self.nodes[*candidate];
            let fit = match (&child.issuer_key_id, node.key_id) {
                (Some(wanted), Some(own)) if wanted == own => 0,
                (Some(_), Some(_)) => 2,
                _ => 1,
            };
            (!node.is_anchor(), fit, std::cmp::Reverse(node.certificate.validity.not_after))
        });
        candidates
    }
}
