//! Floor 1: bytes ↔ entries, pure. PKCS#12 and JKS, with the named encodings of each.

mod entry;
pub mod jks;
mod modified_utf8;
pub mod pkcs12;
mod profile;
mod protector;

pub use entry::{Entry, KeystoreError};
pub use profile::Pkcs12Profile;

#[cfg(test)]
mod tests;
