//! Whatever a file holds: PEM, DER, PKCS#7, PKCS#12, JKS, JCEKS.

#![no_main]

use countersign::keystore::{Passwords, open};
use countersign::pki::Passphrase;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = open(bytes, &Passwords::default());
    let _ = open(bytes, &Passwords { store: Some(Passphrase::new("changeit".to_owned())), ..Passwords::default() });
});
