//! What an implementation looks at, as far as its rules are known here.

use super::node::Node;
use super::{Fault, Question};

/// What an implementation looks at.
#[derive(Clone, Copy)]
pub(super) struct View<'v> {
    /// Leaf first. Empty where not even the leaf could be read.
    pub path: &'v [&'v Node<'v>],
    pub question: &'v Question<'v>,
}

impl<'v> View<'v> {
    pub fn leaf(self) -> Option<&'v Node<'v>> {
        self.path.first().copied()
    }

    pub fn anchor(self) -> Option<&'v Node<'v>> {
        self.path.last().copied().filter(|last| last.is_anchor())
    }

    /// Those between the leaf and the anchor.
    pub fn intermediates(self) -> &'v [&'v Node<'v>] {
        self.path.get(1..self.path.len().saturating_sub(1)).unwrap_or_default()
    }

    /// All that is sent in a handshake: everything but the anchor.
    pub fn below_anchor(self) -> &'v [&'v Node<'v>] {
        let end = self.path.len() - usize::from(self.anchor().is_some());
        self.path.get(..end).unwrap_or_default()
    }

    pub fn is_of_anchor(self, fault: &Fault) -> bool {
        self.anchor().is_some() && fault.at + 1 == self.path.len()
    }

    /// The leaf is trusted itself.
    pub fn is_direct(self) -> bool {
        self.path.len() == 1 && self.anchor().is_some()
    }

    /// Whether these name constraints are those of the anchor.
    pub fn by_anchor(self, by: &str) -> bool {
        self.anchor().is_some_and(|anchor| anchor.certificate.subject == by)
    }

    /// Whether the leaf's common name would do for the host that is asked for.
    pub fn common_name_matches(self) -> bool {
        let (Some(leaf), Some(crate::pki::Host::Dns(host))) = (self.leaf(), self.question.name) else { return false };
        leaf.alternative_names().is_none()
            && leaf.subject.common_names.iter().any(|name| super::identity::matches(&name.to_lowercase(), host))
    }
}
