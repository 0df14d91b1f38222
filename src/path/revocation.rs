//! Whether a certificate was revoked, by the lists at hand (RFC 5280, 6.3): complete, delta and indirect ones, of whole CAs or of parts.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::distribution::{ALL_REASONS, Point, Reasons};
use super::list::{Entry, List};
use super::search::{End, Links, Next, Pool};
use super::{FaultKind, RevocationGap, judgement};
use crate::pki::RevocationList;

/// The lists, and which certificate signed which.
pub(super) struct Lists<'a> {
    lists: Vec<List<'a>>,
    signed: HashMap<(usize, usize), bool>,
}

/// Whether the signer of a list is itself asked about. Once is enough: its list may be its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signers {
    Asked,
    Believed,
}

/// One certificate in question, with the path above it (itself first).
#[derive(Clone, Copy)]
struct Subject<'p> {
    path: &'p [usize],
    at: OffsetDateTime,
    signers: Signers,
}

impl<'a> Lists<'a> {
    pub fn new(lists: &'a [RevocationList]) -> Self {
        Self { lists: lists.iter().filter_map(List::new).collect(), signed: HashMap::new() }
    }
}

/// What is wrong, and with which certificate of `path` (leaf first, an anchor last).
pub(super) fn faults(pool: &mut Pool<'_>, lists: &mut Lists<'_>, path: &[usize], at: OffsetDateTime) -> Vec<(usize, FaultKind)> {
    (0..path.len().saturating_sub(1))
        .filter_map(|index| {
            let subject = Subject { path: &path[index..], at, signers: Signers::Asked };
            fault(pool, lists, subject).map(|kind| (index, kind))
        })
        .collect()
}

fn fault(pool: &mut Pool<'_>, lists: &mut Lists<'_>, subject: Subject<'_>) -> Option<FaultKind> {
    let mut settled: Reasons = 0;
    let mut gap = RevocationGap::NoList;
    for point in Point::of(pool.node(subject.path[0])) {
        for index in 0..lists.lists.len() {
            let list = &lists.lists[index];
            if list.base.is_some() {
                continue;
            }
            if pool.budget.compare(list.blocks()).is_none() {
                return Some(FaultKind::SearchExhausted);
            }
            let node = pool.node(subject.path[0]);
            if !point.is_told_by(&list.issuer, &list.scope, node) {
                if gap == RevocationGap::NoList && list.issuer == node.issuer.name {
                    gap = RevocationGap::OutOfScope { issuer: list.issuer_text().to_owned() };
                }
                continue;
            }
            let reasons = point.reasons & list.scope.reasons();
            if reasons & !settled == 0 {
                continue;
            }
            if let Some(problem) = unusable(pool, lists, index, subject) {
                gap = problem;
                continue;
            }
            if let Some(Entry::Revoked { at, reason }) = entry(pool, lists, index, subject) {
                return Some(FaultKind::Revoked { at, reason: reason.to_owned() });
            }
            settled |= reasons;
            gap = RevocationGap::OutOfScope { issuer: lists.lists[index].issuer_text().to_owned() };
        }
    }
    (settled != ALL_REASONS).then_some(FaultKind::RevocationUnknown { problem: gap })
}

/// What the list says, after the newest delta that goes with it.
fn entry(pool: &mut Pool<'_>, lists: &mut Lists<'_>, complete: usize, subject: Subject<'_>) -> Option<Entry> {
    let mut newest: Option<usize> = None;
    for index in 0..lists.lists.len() {
        let (list, best) = (&lists.lists[index], newest.map(|best| &lists.lists[best]));
        let goes = list.updates(&lists.lists[complete]) && best.is_none_or(|best| list.is_newer_than(best));
        if goes && unusable(pool, lists, index, subject).is_none() {
            newest = Some(index);
        }
    }
    let node = pool.node(subject.path[0]);
    newest.and_then(|delta| lists.lists[delta].entry(node)).or_else(|| lists.lists[complete].entry(node))
}

fn unusable(pool: &mut Pool<'_>, lists: &mut Lists<'_>, index: usize, subject: Subject<'_>) -> Option<RevocationGap> {
    let list = &lists.lists[index];
    if let Some(problem) = list.problem(subject.at) {
        return Some(problem);
    }
    let issuer = list.issuer_text().to_owned();
    let above = &subject.path[1..];
    let mut signers: Vec<usize> = above.to_vec();
    signers.extend(pool.named(&list.issuer).into_iter().filter(|signer| !above.contains(signer)));
    for signer in signers {
        if is_signed(pool, lists, index, signer) && (above.contains(&signer) || is_trusted(pool, lists, signer, subject)) {
            return None;
        }
    }
    Some(RevocationGap::BadSignature { issuer })
}

/// RFC 5280, 6.3.3 (f), (g): by a key of the list's issuer that may sign lists.
fn is_signed(pool: &mut Pool<'_>, lists: &mut Lists<'_>, index: usize, signer: usize) -> bool {
    let node = pool.node(signer);
    let list = &lists.lists[index];
    if node.subject.name != list.issuer || node.key_usage().is_some_and(|usage| !usage.crl_sign()) {
        return false;
    }
    if let Some(known) = lists.signed.get(&(index, signer)) {
        return *known;
    }
    let signed = pool.budget.verify().is_some() && list.is_signed_by(pool.node(signer));
    lists.signed.insert((index, signer), signed);
    signed
}

/// RFC 5280, 6.3.3 (f): a signer that stands not in the path must lead to the same anchor, and be sound itself.
fn is_trusted(pool: &mut Pool<'_>, lists: &mut Lists<'_>, signer: usize, subject: Subject<'_>) -> bool {
    let anchor = subject.path.last().copied();
    let mut found: Option<Vec<usize>> = None;
    pool.walk(&mut vec![signer], Links::Signed, &mut |pool, path, end| {
        if pool.budget.judge().is_none() {
            return Next::Stop;
        }
        let sound = end == End::Anchor && path.last().copied() == anchor && judgement::is_sound(pool, path, subject.at);
        if sound {
            found = Some(path.to_vec());
            return Next::Stop;
        }
        Next::Continue
    });
    let Some(path) = found else { return false };
    let itself = Subject { path: &path, at: subject.at, signers: Signers::Believed };
    let asked = subject.signers == Signers::Asked && path.len() > 1;
    !(asked && matches!(fault(pool, lists, itself), Some(FaultKind::Revoked { .. })))
}
