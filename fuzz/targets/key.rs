//! Private and public keys of every kind, with what is derived of them.

#![no_main]

use countersign::pki::{AnyKey, PublicKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = AnyKey::from_der(bytes, None) {
        assert!(PublicKey::from_der(key.public().der()).is_some());
    }
    let _ = PublicKey::from_der(bytes);
});
