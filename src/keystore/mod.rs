//! Floor 1: bytes ↔ entries, pure. PKCS#12 and JKS, with the named encodings of each.

mod entry;
pub mod jks;
pub mod pkcs12;
mod profile;

pub use entry::{Entry, KeystoreError};
pub use profile::Pkcs12Profile;
