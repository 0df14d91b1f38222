//! The formats that are written, and what each can hold.

use std::collections::BTreeSet;
use std::fmt;

use super::ConvertError;
use super::piece::{Loss, Piece, Substance};
use crate::keystore::Pkcs12Profile;
use crate::pki::Password;

/// How things are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Each thing as a block of its own (RFC 7468); keys as PKCS#8, encrypted where a password is given.
    Pem,
    /// One thing, bare; a key as PKCS#8, encrypted where a password is given.
    Der,
    /// Certificates and revocation lists in a SignedData without signatures (RFC 5652, 5.2): `.p7b`.
    Pkcs7,
    Pkcs12(Pkcs12Profile),
    Jks,
    Jceks,
}

impl Target {
    /// By the extension of a file name, in lower case. PKCS#12 in its modern encoding.
    pub fn of_extension(extension: &str) -> Option<Self> {
        Some(match extension {
            "pem" | "crt" | "cer" | "key" | "csr" | "crl" => Self::Pem,
            "der" => Self::Der,
            "p7b" | "p7c" => Self::Pkcs7,
            "p12" | "pfx" | "pkcs12" => Self::Pkcs12(Pkcs12Profile::Modern),
            "jks" | "ks" | "keystore" | "truststore" => Self::Jks,
            "jceks" => Self::Jceks,
            _ => return None,
        })
    }

    pub const fn has_aliases(self) -> bool {
        match self {
            Self::Pkcs12(_) | Self::Jks | Self::Jceks => true,
            Self::Pem | Self::Der | Self::Pkcs7 => false,
        }
    }

    pub const fn has_chains(self) -> bool {
        match self {
            Self::Pem | Self::Pkcs12(_) | Self::Jks | Self::Jceks => true,
            Self::Der | Self::Pkcs7 => false,
        }
    }

    pub(super) fn check_passwords(self, password: Option<&Password>, key_password: Option<&Password>) -> Result<(), ConvertError> {
        match self {
            Self::Jks | Self::Jceks if password.is_none() => Err(ConvertError::PasswordNeeded(self)),
            Self::Pkcs12(_) if password.is_none() => Err(ConvertError::PasswordNeeded(self)),
            Self::Pkcs12(_) | Self::Pem | Self::Der | Self::Pkcs7 if key_password.is_some() => Err(ConvertError::OnePassword(self)),
            Self::Pem | Self::Der | Self::Pkcs7 | Self::Pkcs12(_) | Self::Jks | Self::Jceks => Ok(()),
        }
    }

    /// What it holds of `pieces`, and what it does not.
    pub(super) fn sieve(self, pieces: Vec<Piece>) -> (Vec<Piece>, Vec<Loss>) {
        let mut losses = Vec::new();
        let mut fitting = Vec::new();
        for piece in pieces {
            match self.refusal(&piece) {
                Some(why) => losses.push(piece.lost(why)),
                None => fitting.push(piece),
            }
        }
        if self == Self::Der {
            // One thing is all that DER has room for; a key goes first, then whatever comes first.
            fitting.sort_by_key(|piece| !matches!(piece.holds, Substance::Key { .. }));
            losses.extend(fitting.drain(1.min(fitting.len())..).map(|piece| piece.lost("DER holds one thing")));
            losses.extend(
                fitting
                    .iter()
                    .filter(|piece| matches!(&piece.holds, Substance::Key { chain, .. } if !chain.is_empty()))
                    .map(|piece| Loss { what: format!("the chain of {}", piece.name()), why: "DER holds one thing".to_owned() }),
            );
        }
        (fitting, losses)
    }

    fn refusal(self, piece: &Piece) -> Option<&'static str> {
        match (self, &piece.holds) {
            (Self::Pem | Self::Der, Substance::SecretKey { .. }) => Some("no such block is defined for secret keys"),
            (Self::Pem | Self::Der, _) => None,
            (_, Substance::Certificate(_)) => None,
            (Self::Pkcs7, Substance::RevocationList(_)) => None,
            (Self::Pkcs7, _) => Some("PKCS#7 holds certificates and revocation lists only"),
            (Self::Pkcs12(_), Substance::Key { .. } | Substance::SecretKey { .. }) => None,
            (Self::Jks | Self::Jceks, Substance::Key { chain, .. }) if chain.is_empty() => {
                Some("Java demands a certificate for each key; give it by --chain")
            }
            (Self::Jks | Self::Jceks, Substance::Key { .. }) | (Self::Jceks, Substance::SecretKey { .. }) => None,
            (Self::Jks, Substance::SecretKey { .. }) => Some("JKS holds no secret keys; JCEKS and PKCS#12 do"),
            (_, Substance::PublicKey(_) | Substance::Request(_) | Substance::RevocationList(_)) => {
                Some("stores hold keys and certificates only")
            }
        }
    }

    /// Java compares aliases in lower case.
    pub(super) fn check_aliases(pieces: &[Piece]) -> Result<(), ConvertError> {
        let mut seen = BTreeSet::new();
        match pieces.iter().map(|piece| piece.alias.to_lowercase()).find(|alias| !seen.insert(alias.clone())) {
            Some(twice) => Err(ConvertError::AliasTwice(twice)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem => f.write_str("PEM"),
            Self::Der => f.write_str("DER"),
            Self::Pkcs7 => f.write_str("PKCS#7"),
            Self::Pkcs12(profile) => write!(f, "PKCS#12 ({})", profile.name()),
            Self::Jks => f.write_str("JKS"),
            Self::Jceks => f.write_str("JCEKS"),
        }
    }
}
