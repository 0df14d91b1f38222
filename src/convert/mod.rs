//! Floor 3: from whatever was read to the bytes of another format, with nothing lost unsaid. Pure.
//!
//! A source is taken apart into [`Piece`]s; each gets an alias, each key its chain; then the target takes them, or says which
//! it cannot hold.

mod alias;
mod chain;
mod encode;
mod piece;
mod pkcs7;
mod select;
mod target;

use std::fmt;

use time::OffsetDateTime;

pub use piece::{Loss, Piece};
pub use select::{Rename, Selection};
pub use target::Target;

use crate::keystore::{Contents, KeystoreError};
use crate::pki::{Certificate, Entropy, Password, Secret};

/// What is wanted of a conversion.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    pub selection: &'a Selection,
    pub target: Target,
    /// Completes the chains of keys: in any order, strangers are passed over.
    pub chain: &'a [Certificate],
    /// Seals a store, and encrypts the keys of PEM and DER where it is given.
    pub password: Option<&'a Password>,
    /// For the keys of JKS and JCEKS, where it is not the store's.
    pub key_password: Option<&'a Password>,
    pub losses: Losses,
    /// Becomes the creation date of entries that have none.
    pub now: OffsetDateTime,
    pub entropy: &'a Entropy,
}

impl fmt::Debug for Order<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order").field("target", &self.target).field("selection", self.selection).finish_non_exhaustive()
    }
}

/// What becomes of things that the target cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Losses {
    Refused,
    Accepted,
}

/// The bytes, and what is in them.
#[derive(Debug)]
pub struct Converted {
    pub bytes: Secret,
    pub pieces: Vec<Piece>,
    /// Left out, as was accepted.
    pub losses: Vec<Loss>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    #[error("no entry is called {alias:?}{}", .nearest.as_ref().map(|near| format!("; the nearest is {near:?}")).unwrap_or_default())]
    NoSuchAlias { alias: String, nearest: Option<String> },
    #[error("{target} would be without {}; choose what is converted by --alias, or accept the loss by --allow-loss", listed(.losses))]
    Lossy { target: Target, losses: Vec<Loss> },
    #[error("nothing is left to be written: {}", listed(.0))]
    Nothing(Vec<Loss>),
    #[error("{0} needs a password: give one by --to-password-file, --to-password-env or --to-password-stdin")]
    PasswordNeeded(Target),
    #[error("{0} has one password for the store and its keys: leave --to-key-password-… out")]
    OnePassword(Target),
    #[error("two entries are called {0:?}, and Java tells aliases apart in lower case only: give one another name by --rename {0}=…")]
    AliasTwice(String),
    #[error(transparent)]
    Store(#[from] KeystoreError),
    #[error("{0} could not be encrypted")]
    Encryption(String),
}

fn listed(losses: &[Loss]) -> String {
    if losses.is_empty() { "the file holds nothing".to_owned() } else { losses.iter().map(Loss::to_string).collect::<Vec<_>>().join(", ") }
}

/// Carries out `order` on `contents`.
pub fn convert(contents: &Contents, order: Order<'_>) -> Result<Converted, ConvertError> {
    order.target.check_passwords(order.password, order.key_password)?;
    let selected = order.selection.of(&contents.items)?;
    let (pieces, mut losses) = piece::taken_apart(selected);
    let pieces = alias::given(chain::completed(pieces, order.chain));
    let (pieces, unfit) = order.target.sieve(pieces);
    losses.extend(unfit);
    if order.losses == Losses::Refused && !losses.is_empty() {
        return Err(ConvertError::Lossy { target: order.target, losses });
    }
    if pieces.is_empty() {
        return Err(ConvertError::Nothing(losses));
    }
    Ok(Converted { bytes: encode::encode(&pieces, &order)?, pieces, losses })
}

#[cfg(test)]
mod tests;
