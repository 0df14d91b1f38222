//! All rules, over one path; and the best of the paths that were found.

use time::OffsetDateTime;

use super::budget::Budget;
use super::node::Node;
use super::search::{DEPTH, End, Links, Next, Pool};
use super::signature::{self, Check};
use super::{Fault, FaultKind, Question, constraints, identity, policies, revocation, usage};

/// A path and what is wrong with it.
pub(super) struct Judged {
    pub path: Vec<usize>,
    pub faults: Vec<Fault>,
    end: End,
}

/// The first path without fault, or the one that comes nearest to it.
pub(super) fn best(pool: &mut Pool<'_>, lists: &mut revocation::Lists<'_>, question: &Question<'_>) -> Judged {
    let mut best: Option<Judged> = None;
    for links in [Links::Signed, Links::Named] {
        pool.walk(&mut vec![0], links, &mut |pool, path, end| {
            if pool.budget.judge().is_none() {
                best.get_or_insert_with(|| judge(pool, lists, path, End::Exhausted, question));
                return Next::Stop;
            }
            let judged = judge(pool, lists, path, end, question);
            let holds = judged.faults.is_empty();
            if best.as_ref().is_none_or(|best| judged.rank() < best.rank()) {
                best = Some(judged);
            }
            if holds { Next::Stop } else { Next::Continue }
        });
        // Where not all was tried, to follow the wrong links would only blame a bystander.
        if best.as_ref().is_some_and(|best| matches!(best.end, End::Anchor | End::Exhausted)) {
            break;
        }
    }
    best.unwrap_or_else(|| judge(pool, lists, &[0], End::Exhausted, question))
}

impl Judged {
    /// Less is better: that it ends at an anchor counts most, then that all was tried, then how much is wrong.
    fn rank(&self) -> (u8, usize) {
        let end = match self.end {
            End::Anchor => 0,
            End::Exhausted => 1,
            End::Open | End::TooDeep => 2,
        };
        (end, self.faults.len())
    }
}

/// Whether nothing is wrong with a path to the signer of a revocation list, its own revocation aside.
pub(super) fn is_sound(pool: &mut Pool<'_>, path: &[usize], at: OffsetDateTime) -> bool {
    found(pool, path, at).is_empty()
}

fn judge(pool: &mut Pool<'_>, lists: &mut revocation::Lists<'_>, path: &[usize], end: End, question: &Question<'_>) -> Judged {
    let mut found = found(pool, path, question.at);
    let nodes = pool.nodes(path);
    found.extend(asked(&nodes, question));
    found.extend(ending(&nodes, end));
    if end == End::Anchor && !question.revocation_lists.is_empty() {
        found.extend(revocation::faults(pool, lists, path, question.at));
    }
    found.sort_by_key(|(at, _)| *at);
    let subject = |at: usize| pool.node(path[at]).certificate.subject.clone();
    let faults = found.into_iter().map(|(at, kind)| Fault { at, subject: subject(at), kind }).collect();
    Judged { path: path.to_vec(), faults, end }
}

/// What is wrong with a path, whatever is asked of it.
fn found(pool: &mut Pool<'_>, path: &[usize], at: OffsetDateTime) -> Vec<(usize, FaultKind)> {
    let mut found = links(pool, path);
    let mut budget = std::mem::take(&mut pool.budget);
    found.extend(rules(&pool.nodes(path), &mut budget, at));
    pool.budget = budget;
    found
}

/// The signatures from each certificate to the next.
fn links(pool: &mut Pool<'_>, path: &[usize]) -> Vec<(usize, FaultKind)> {
    let mut faults = Vec::new();
    for (at, pair) in path.windows(2).enumerate() {
        let check = pool.check(pair[0], pair[1]);
        let (child, issuer) = (pool.node(pair[0]), pool.node(pair[1]).certificate.subject.clone());
        let algorithm = signature::name(&child.x509.signature_algorithm);
        match check {
            Some(Check::Good) => {}
            Some(Check::Bad) => faults.push((at, FaultKind::BadSignature { algorithm, issuer })),
            // That it is broken is said already, and by whom it was made is of no account then.
            Some(Check::Unsupported) if signature::is_broken(&child.x509.signature_algorithm) => {}
            Some(Check::Unsupported) => faults.push((at, FaultKind::UnsupportedSignature { algorithm, issuer })),
            None => faults.push((at, FaultKind::SearchExhausted)),
        }
    }
    faults
}

fn rules(path: &[&Node<'_>], budget: &mut Budget, now: OffsetDateTime) -> Vec<(usize, FaultKind)> {
    let mut faults = Vec::new();
    for (at, node) in path.iter().enumerate() {
        let validity = node.certificate.validity;
        if now < validity.not_before {
            faults.push((at, FaultKind::NotYetValid(validity.not_before)));
        }
        if now > validity.not_after {
            faults.push((at, FaultKind::Expired(validity.not_after)));
        }
        faults.extend(node.shape().iter().map(|kind| (at, kind.clone())));
    }
    faults.extend(usage::authority_faults(path));
    faults.extend(constraints::faults(path, budget));
    faults.extend(policies::faults(path));
    faults
}

/// What stands against the purpose and the name that are asked for.
fn asked(path: &[&Node<'_>], question: &Question<'_>) -> Vec<(usize, FaultKind)> {
    let purpose = question.purpose.map(|wanted| usage::purpose_faults(path, wanted)).unwrap_or_default();
    let name = question.name.and_then(|wanted| identity::fault(path[0], wanted)).map(|kind| (0, kind));
    purpose.into_iter().chain(name).collect()
}

/// What is wrong with where the path ends.
fn ending(path: &[&Node<'_>], end: End) -> Option<(usize, FaultKind)> {
    let at = path.len() - 1;
    let last = path[at];
    let issuer = last.certificate.issuer.clone();
    match end {
        // A leaf that is an anchor: OpenSSL, Erlang and rustls take it only where it is its own issuer.
        End::Anchor if at == 0 && !signed_by_itself(last) => Some((at, FaultKind::NotSelfSigned { issuer })),
        End::Anchor => None,
        End::Open if last.is_self_issued() => Some((at, FaultKind::SelfSigned)),
        End::Open => Some((at, FaultKind::IssuerUnknown { issuer })),
        End::TooDeep => Some((at, FaultKind::TooDeep { limit: DEPTH })),
        End::Exhausted => Some((at, FaultKind::SearchExhausted)),
    }
}

/// A signature of a kind that we do not know is given the benefit: it is trusted byte by byte, whatever signed it.
fn signed_by_itself(node: &Node<'_>) -> bool {
    let x509 = &node.x509;
    let signed =
        signature::Signed { algorithm: &x509.signature_algorithm, value: &x509.signature_value, message: x509.tbs_certificate.as_ref() };
    node.is_self_issued() && signed.verify(x509.public_key()) != Check::Bad
}
