//! Floor 5: steps → keys and certificates, with the profile that Java, Erlang, OpenSSL and rustls all accept.
//!
//! `now` and the entropy for serial numbers are arguments. An authority and a leaf are made by different functions from
//! different inputs: a leaf cannot receive the bits of an authority.

mod authority;
mod leaf;
mod profile;
mod signer;

pub use authority::{NewAuthority, authority};
pub use leaf::{impostor, leaf, stand_in};
pub use signer::Signer;

use crate::pki::{CertificateError, IdentityError, KeyError};

/// Why something could not be issued. Nothing was.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    #[error("the key of {subject} does not belong to its certificate")]
    KeyMismatch { subject: String },
    #[error("{subject} is not valid now (from {from} to {to})")]
    NotValidNow { subject: String, from: time::Date, to: time::Date },
    #[error("the key could not be used: {0}")]
    Key(#[from] KeyError),
    #[error("the certificate could not be built: {0}")]
    Build(#[from] rcgen::Error),
    #[error("the certificate could not be encoded: {0}")]
    Encode(#[from] pkcs8::der::Error),
    #[error("the certificate that was built cannot be read back: {0}")]
    ReadBack(#[from] CertificateError),
    #[error("the certificate that was built does not fit its issuer or key: {0}")]
    Chain(#[from] IdentityError),
    #[error("no random numbers to be had")]
    Entropy,
}
