//! What follows the magic number and the version of JKS and JCEKS; without a password no digest hides it.

#![no_main]

use countersign::keystore::{Passwords, open};
use countersign::pki::Passphrase;
use libfuzzer_sys::fuzz_target;

const JKS: [u8; 4] = [0xFE, 0xED, 0xFE, 0xED];
const JCEKS: [u8; 4] = [0xCE, 0xCE, 0xCE, 0xCE];

fuzz_target!(|bytes: &[u8]| {
    for magic in [JKS, JCEKS] {
        for version in [1, 2] {
            let store = [&magic[..], &[0, 0, 0, version], bytes].concat();
            let _ = open(&store, &Passwords { keys: vec![Passphrase::new("changeit".to_owned())], ..Passwords::default() });
        }
    }
});
