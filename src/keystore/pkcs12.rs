//! PKCS#12 (RFC 7292), by p12-keystore.

use super::{Entry, KeystoreError, Pkcs12Profile};
use crate::pki::Password;

/// Encodes `entries` under one password for the store and its keys: Java and OpenSSL know no other for PKCS#12.
pub fn write(entries: &[Entry], password: &Password, profile: Pkcs12Profile) -> Result<Vec<u8>, KeystoreError> {
    todo!()
}

/// Reads a store that any program wrote.
pub fn read(bytes: &[u8], password: &Password) -> Result<Vec<Entry>, KeystoreError> {
    todo!()
}
