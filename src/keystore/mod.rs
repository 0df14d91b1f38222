//! Floor 1: bytes ↔ entries, pure. PKCS#12 and JKS, with the named encodings of each.

mod cipher;
mod contents;
mod derivation;
mod entry;
mod hash;
pub mod jks;
mod modified_utf8;
mod pbe;
pub mod pkcs12;
mod profile;
mod protector;
mod spelling;

pub use contents::{Contents, Format, Held, Item, KeyState, Lock, Passwords, Protected, Scheme, Seal, open};
pub use entry::{Entry, KeystoreError};
pub use profile::Pkcs12Profile;

#[cfg(test)]
mod tests;
