//! Floor 1: bytes ↔ entries, pure. PKCS#12 and JKS, with the named encodings of each.

pub mod alias;
mod contents;
mod entry;
pub mod jks;
mod modified_utf8;
pub mod pkcs12;
mod profile;
mod protector;

pub use contents::{Contents, Format, Held, Item, KeyState, Lock, Passwords, Protected, Scheme, Seal, open};
pub use entry::{Entry, KeystoreError};
pub use profile::Pkcs12Profile;

#[cfg(test)]
mod tests;
