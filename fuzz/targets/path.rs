//! A leaf, intermediates, anchors and revocation lists, as DER one after the other: each half of them in turn as anchors.

#![no_main]

use countersign::path::{Question, judge};
use countersign::pki::{Certificate, RevocationList, Usage};
use libfuzzer_sys::fuzz_target;
use time::OffsetDateTime;

/// The elements that `bytes` consist of, by their own lengths.
fn elements(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let [_, first, rest @ ..] = bytes {
        let (length, header) = match first {
            0..0x80 => (usize::from(*first), 2),
            0x82 if rest.len() >= 2 => (usize::from(rest[0]) << 8 | usize::from(rest[1]), 4),
            _ => break,
        };
        let Some((element, rest)) = bytes.split_at_checked(header + length) else { break };
        found.push(element);
        bytes = rest;
    }
    found
}

fuzz_target!(|bytes: &[u8]| {
    let elements = elements(bytes);
    let certificates: Vec<Certificate> = elements.iter().filter_map(|der| Certificate::from_der(der.to_vec()).ok()).collect();
    let lists: Vec<RevocationList> = elements.iter().filter_map(|der| RevocationList::from_der(der.to_vec()).ok()).collect();
    let Some((leaf, others)) = certificates.split_first() else { return };
    let (intermediates, anchors) = others.split_at(others.len() / 2);
    for revocation_lists in [&[][..], &lists] {
        judge(&Question {
            leaf,
            intermediates,
            anchors,
            revocation_lists,
            at: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000),
            purpose: Some(Usage::ServerAuth),
            name: None,
        });
    }
});
