//! Sun's JKS, format version 2.

use time::OffsetDateTime;

use super::{Entry, KeystoreError};
use crate::pki::{Entropy, Password};

/// Encodes `entries`; `created` becomes the creation date of each. The keys are protected with the store's password.
pub fn write(entries: &[Entry], password: &Password, created: OffsetDateTime, entropy: &Entropy) -> Result<Vec<u8>, KeystoreError> {
    todo!()
}

/// Reads a store whose keys are protected with the store's password.
pub fn read(bytes: &[u8], password: &Password) -> Result<Vec<Entry>, KeystoreError> {
    todo!()
}
