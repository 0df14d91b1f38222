//! Pieces to bytes.

use super::piece::{Piece, Substance};
use super::target::Target;
use super::{ConvertError, Order, pkcs7};
use crate::keystore::jks::{self, Protection, Variant};
use crate::keystore::{Entry, pkcs12};
use crate::pki::{AnyKey, Password, Secret, pem_block};

pub fn encode(pieces: &[Piece], order: &Order<'_>) -> Result<Secret, ConvertError> {
    match (order.target, order.password) {
        (Target::Pem, _) => pem(pieces, order),
        (Target::Der, _) => pieces.first().map_or_else(|| Ok(Secret::new(Vec::new())), |piece| Ok(block(piece, order)?.1)),
        (Target::Pkcs7, _) => Ok(pkcs7::write(pieces)),
        (Target::Pkcs12(_) | Target::Jks | Target::Jceks, None) => Err(ConvertError::PasswordNeeded(order.target)),
        (Target::Pkcs12(_) | Target::Jks | Target::Jceks, Some(password)) => store(pieces, order, password),
    }
}

fn pem(pieces: &[Piece], order: &Order<'_>) -> Result<Secret, ConvertError> {
    let mut text = Vec::new();
    for piece in pieces {
        let (label, der) = block(piece, order)?;
        text.extend_from_slice(pem_block(label, der.expose()).expose());
        if let Substance::Key { chain, .. } = &piece.holds {
            chain.iter().for_each(|certificate| text.extend_from_slice(certificate.to_pem().as_bytes()));
        }
    }
    Ok(Secret::new(text))
}

/// What stands between BEGIN and END, with its label (RFC 7468).
fn block(piece: &Piece, order: &Order<'_>) -> Result<(&'static str, Secret), ConvertError> {
    let plain = |label, der: &[u8]| Ok((label, Secret::new(der.to_vec())));
    match &piece.holds {
        Substance::Key { key, .. } => match order.password {
            Some(password) => Ok(("ENCRYPTED PRIVATE KEY", encrypted(key, password, piece, order)?)),
            None => Ok(("PRIVATE KEY", key.pkcs8().clone())),
        },
        Substance::Certificate(certificate) => plain("CERTIFICATE", certificate.der()),
        Substance::PublicKey(key) => plain("PUBLIC KEY", key.der()),
        Substance::Request(request) => plain("CERTIFICATE REQUEST", request.der()),
        Substance::RevocationList(list) => plain("X509 CRL", list.der()),
        Substance::SecretKey { key, .. } => Ok(("SECRET KEY", key.clone())),
    }
}

fn encrypted(key: &AnyKey, password: &Password, piece: &Piece, order: &Order<'_>) -> Result<Secret, ConvertError> {
    key.encrypted(password, order.entropy).map_err(|_| ConvertError::Encryption(piece.name()))
}

fn store(pieces: &[Piece], order: &Order<'_>, password: &Password) -> Result<Secret, ConvertError> {
    Target::check_aliases(pieces)?;
    let entries: Vec<Entry> = pieces.iter().filter_map(entry).collect();
    let protection = Protection { store: password, keys: order.key_password.unwrap_or(password) };
    let java = |variant| jks::write_as(variant, &entries, protection, order.now, order.entropy);
    let bytes = match order.target {
        Target::Pkcs12(profile) => pkcs12::write(&entries, password, profile, order.entropy)?,
        Target::Jceks => java(Variant::Jceks)?,
        Target::Jks | Target::Pem | Target::Der | Target::Pkcs7 => java(Variant::Jks)?,
    };
    Ok(Secret::new(bytes))
}

fn entry(piece: &Piece) -> Option<Entry> {
    let alias = piece.alias.clone();
    match &piece.holds {
        Substance::Key { key, chain } => Some(Entry::PrivateKey { alias, key: key.pkcs8().clone(), chain: chain.clone() }),
        Substance::Certificate(certificate) => Some(Entry::Trusted { alias, certificate: certificate.clone() }),
        Substance::SecretKey { algorithm, key } => Some(Entry::SecretKey { alias, algorithm: algorithm.clone(), key: key.clone() }),
        Substance::PublicKey(_) | Substance::Request(_) | Substance::RevocationList(_) => None,
    }
}
