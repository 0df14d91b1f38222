//! Floor 1: bytes ↔ entries, pure. PKCS#12, JKS and JCEKS, with the named encodings of each.

pub mod alias;
mod armour;
mod bags;
mod base64;
mod belonging;
mod ber;
mod chain;
mod cipher;
mod contents;
mod der;
mod derivation;
mod encrypt;
mod entry;
mod hash;
mod java_input;
mod java_object;
pub mod jks;
mod jks_layout;
mod jks_write;
mod mac;
mod modified_utf8;
mod opener;
mod openssh;
mod pbe;
mod pbes2;
mod pem;
mod pfx;
pub mod pkcs12;
mod pkcs12_write;
mod pkcs7;
mod profile;
mod protector;
mod readers;
mod recognise;
mod sealed_object;
mod secret_key;
mod spelling;
mod traditional;
mod unlock;

pub use contents::{Contents, Format, Held, Item, KeyState, Lock, Passwords, Protected, Scheme, Seal, open};
pub use entry::{Entry, KeystoreError};
pub use profile::Pkcs12Profile;
pub use readers::{Answer, Program, Reader, readers};

#[cfg(test)]
mod tests;
