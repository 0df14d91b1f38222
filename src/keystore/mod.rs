//! Floor 1: bytes ↔ entries, pure. PKCS#12 and JKS, with the named encodings of each.

mod armour;
mod base64;
mod ber;
mod chain;
mod cipher;
mod contents;
mod der;
mod derivation;
mod entry;
mod hash;
pub mod jks;
mod modified_utf8;
mod opener;
mod openssh;
mod pbe;
mod pem;
pub mod pkcs12;
mod pkcs7;
mod profile;
mod protector;
mod recognise;
mod spelling;
mod traditional;

pub use contents::{Contents, Format, Held, Item, KeyState, Lock, Passwords, Protected, Scheme, Seal, open};
pub use entry::{Entry, KeystoreError};
pub use profile::Pkcs12Profile;

#[cfg(test)]
mod tests;
