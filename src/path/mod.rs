//! Floor 1: certification paths (RFC 5280, section 6). Finds a path from a certificate to an anchor, judges it by every rule,
//! and says what Java, Erlang, OpenSSL and rustls would each say.
//!
//! It judges for a report. In a handshake rustls decides, always.
//!
//! # What is left to the implementation, and how it is decided here
//!
//! - **Anchors are judged like any CA**, as RabbitMQ and OpenSSL do: their dates, CA bits, usages and name constraints count. Their
//!   signature and policies do not. A version 1 anchor cannot say that it is a CA and is believed. An anchor may have been issued by
//!   somebody else: the path ends at it.
//! - **A leaf that is an anchor itself** is accepted when it is self-signed; otherwise only Java would.
//! - **A host name needs a subject alternative name**; the common name is never looked at for it. Name constraints do bind the common
//!   name and the emailAddress of the subject, for there are clients that match by them.
//! - **Broken signatures** (MD2, MD4, MD5) are faults below the anchor, and so are RSA keys below 1024 bits anywhere. SHA-1 and
//!   RSA 1024 are not faults: Java and Erlang take them from a private CA. The opinions tell who does not.
//! - **What aws-lc does not verify** (DSA, SHA-3, Ed448, brainpool) is a fault of its own, never called a wrong signature.
//! - **The key usage of a leaf**, where it has one, must fit some TLS key exchange once a purpose is asked for.
//! - **keyCertSign in a leaf that is no CA** breaks RFC 5280, 4.2.1.3, and nobody minds: it is for lint to tell.
//! - **An extended key usage in a CA** bounds what it issues; anyExtendedKeyUsage allows everything.
//! - **Names that cannot be compared** with a constraint of their form are refused, and so are constraints that nobody can compare
//!   (x400Address, ediPartyName) and permitted subtrees that permit every host.
//! - **Paths** have 16 certificates at most, and what one judgement may cost is bounded.
//! - **Revocation lists**, once there are any, must settle every certificate below the anchor.

mod alternative_name;
mod budget;
mod constraints;
mod der;
mod distinguished_name;
mod distribution;
mod erlang;
mod fault;
mod identity;
mod java;
mod judgement;
mod list;
mod node;
mod openssl;
mod opinion;
mod policies;
mod pss;
mod revocation;
mod rustls;
mod search;
mod shape;
mod signature;
mod subtree;
mod usage;
mod view;

use time::OffsetDateTime;

pub use constraints::forbidden;
pub use fault::{Fault, FaultKind, RevocationGap};
pub use opinion::{Opinion, Validator};

use crate::pki::{Certificate, Host, RevocationList, Usage};
use node::{Node, Trust};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub leaf: &'a Certificate,
    /// In any order; those that do not help are passed over.
    pub intermediates: &'a [Certificate],
    pub anchors: &'a [Certificate],
    /// None given: revocation is not asked about. Any given: every certificate of the path below its anchor needs one that covers it.
    pub revocation_lists: &'a [RevocationList],
    pub at: OffsetDateTime,
    /// `None` asks for no purpose.
    pub purpose: Option<Usage>,
    /// The name by which the leaf's holder is reached.
    pub name: Option<&'a Host>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Leaf first, anchor last; the best that was tried where none holds, and that may end before an anchor.
    pub path: Vec<Certificate>,
    /// Everything that is wrong with `path`, from the leaf up. None: it holds.
    pub faults: Vec<Fault>,
    /// What each implementation would say, by the rules that are known of it.
    pub opinions: Vec<Opinion>,
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Judges the best path there is.
pub fn judge(question: &Question<'_>) -> Verdict {
    let Some(leaf) = Node::new(question.leaf, Trust::None) else {
        return unreadable(question);
    };
    let anchors = question.anchors.iter().filter_map(|one| Node::new(one, Trust::Anchor));
    let others = question.intermediates.iter().filter_map(|one| Node::new(one, Trust::None));
    let mut pool = search::Pool::new(leaf, anchors.chain(others));
    let mut lists = revocation::Lists::new(question.revocation_lists);
    let judged = judgement::best(&mut pool, &mut lists, question);
    let path = pool.nodes(&judged.path);
    let opinions = opinion::all(&path, &judged.faults, question);
    Verdict { path: path.iter().map(|node| node.certificate.clone()).collect(), faults: judged.faults, opinions }
}

/// The reader of certificates is more lenient than the rules can be.
fn unreadable(question: &Question<'_>) -> Verdict {
    let kind = FaultKind::Unreadable { problem: "its structure is not that of an X.509 certificate".to_owned() };
    let faults = vec![Fault { at: 0, subject: question.leaf.subject.clone(), kind }];
    let opinions = opinion::all(&[], &faults, question);
    Verdict { path: vec![question.leaf.clone()], faults, opinions }
}

#[cfg(test)]
mod agreement_tests;
#[cfg(test)]
mod constraint_tests;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod revocation_tests;
#[cfg(test)]
mod rule_tests;
#[cfg(test)]
mod signature_tests;
#[cfg(test)]
mod subtree_tests;
#[cfg(test)]
mod tests;
