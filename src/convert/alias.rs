//! An alias for every piece, for the formats that need one.

use super::piece::{Piece, Substance};
use crate::keystore::alias::{of_subject, slug, unique};

/// Names the pieces that have no alias after their certificate's common name, or by their kind; each name once.
///
/// An alias that was given stays as it is, also when another has it: that is for the target to refuse.
pub fn given(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let mut taken = pieces.iter().map(|piece| piece.alias.to_lowercase()).collect();
    for piece in pieces.iter_mut().filter(|piece| piece.alias.is_empty()) {
        let subject = match &piece.holds {
            Substance::Key { chain, .. } => chain.first().map(|leaf| leaf.subject.as_str()),
            Substance::Certificate(certificate) => Some(certificate.subject.as_str()),
            Substance::SecretKey { .. } | Substance::PublicKey(_) | Substance::Request(_) | Substance::RevocationList(_) => None,
        };
        let name = subject.map(of_subject).filter(|name| !name.is_empty()).unwrap_or_else(|| slug(piece.kind()));
        piece.alias = unique(&name, &mut taken);
    }
    pieces
}
