//! Floor 2: bytes ↔ entries, pure. PKCS#12, JKS and JCEKS, with the named encodings of each.

pub mod alias;
mod armour;
mod bags;
mod base64;
mod belonging;
mod ber;
mod chain;
mod contents;
mod der;
mod encrypt;
mod entry;
pub mod jks;
mod jks_layout;
mod jks_write;
mod mac;
mod opener;
mod openssh;
mod pem;
mod pfx;
pub mod pkcs12;
mod pkcs12_write;
mod pkcs7;
mod profile;
mod protector;
mod readers;
mod recognise;
mod secret_key;
mod traditional;
mod unlock;

pub use crate::pbe::{Protected, Scheme};
pub use contents::{Contents, Format, Held, Item, KeyState, Lock, Passwords, Seal, open};
pub use entry::{Entry, KeystoreError};
pub use profile::Pkcs12Profile;
pub use readers::{Answer, Program, Reader, readers};

#[cfg(test)]
mod tests;
