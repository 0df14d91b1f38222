//! Certificates, requests and revocation lists, and everything that is found wrong with them.

#![no_main]

use countersign::finding::Place;
use countersign::lint;
use countersign::pki::{Certificate, Request, RevocationList};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let place = Place::default();
    if let Ok(certificate) = Certificate::from_der(bytes.to_vec()) {
        lint::certificate(&certificate, &place);
    }
    if let Ok(request) = Request::from_der(bytes.to_vec()) {
        lint::request(&request, &place);
    }
    if let Ok(list) = RevocationList::from_der(bytes.to_vec()) {
        lint::revocation_list(&list, &place);
    }
});
