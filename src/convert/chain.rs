//! The chain of each key, complete and in order.

use super::piece::{Piece, Substance};
use crate::pki::Certificate;

/// Orders the chain of each key, and completes it from `extra` and from the loose certificates beside it; those that a chain
/// takes in are no longer pieces of their own.
///
/// A chain ends below its root, unless the root was in it already: whoever is shown a chain must know the root itself.
pub fn completed(pieces: Vec<Piece>, extra: &[Certificate]) -> Vec<Piece> {
    let loose: Vec<Certificate> = pieces.iter().filter_map(loose_certificate).cloned().collect();
    let mut used: Vec<Certificate> = Vec::new();
    let mut out = Vec::new();
    for mut piece in pieces {
        if let Substance::Key { key, chain } = &mut piece.holds {
            let pool: Vec<&Certificate> = chain.iter().chain(&loose).chain(extra).collect();
            let leaf = pool.iter().find(|certificate| key.belongs_to(certificate));
            let ordered = leaf.map_or_else(Vec::new, |leaf| ordered(leaf, &pool, chain));
            used.extend(ordered.iter().cloned());
            // A certificate of another key stays where its owner put it.
            if !ordered.is_empty() {
                *chain = ordered;
            }
        }
        out.push(piece);
    }
    out.retain(|piece| loose_certificate(piece).is_none_or(|certificate| piece.is_entry() || !used.contains(certificate)));
    out
}

fn loose_certificate(piece: &Piece) -> Option<&Certificate> {
    match &piece.holds {
        Substance::Certificate(certificate) => Some(certificate),
        Substance::Key { .. }
        | Substance::SecretKey { .. }
        | Substance::PublicKey(_)
        | Substance::Request(_)
        | Substance::RevocationList(_) => None,
    }
}

fn ordered(leaf: &Certificate, pool: &[&Certificate], before: &[Certificate]) -> Vec<Certificate> {
    let mut chain = vec![leaf.clone()];
    while let Some(last) = chain.last() {
        let issuer = pool.iter().find(|candidate| !chain.contains(candidate) && last.is_signed_by(candidate));
        let Some(issuer) = issuer.filter(|issuer| before.contains(issuer) || !issuer.is_self_signed()) else { break };
        chain.push((*issuer).clone());
    }
    chain
}
