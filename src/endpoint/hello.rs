//! The ClientHello (RFC 5246, 7.4.1.2; RFC 8446, 4.1.2), for one version and a choice of suites.

use super::suites::{GROUPS, SCHEMES};
use crate::describe::TlsVersion;
use crate::pki::Host;

/// One record that holds a whole ClientHello.
///
/// For TLS 1.3 it shares no key: the server's answer to that (HelloRetryRequest) names its suite and group, and nothing is agreed.
pub fn client_hello(version: TlsVersion, suites: &[(u16, &str)], name: &Host, random: [u8; 32]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(version.number().min(TlsVersion::V1_2.number()).to_be_bytes());
    body.extend(random);
    body.push(0);
    body.extend(sized16(&numbers(suites)));
    body.extend([1, 0]);
    body.extend(sized16(&extensions(version, name)));
    let mut handshake = vec![1, 0];
    handshake.extend(sized16(&body));
    // Some servers refuse a first record above this version (RFC 8446, 5.1).
    let mut record = vec![22, 3, 1];
    record.extend(sized16(&handshake));
    record
}

fn extensions(version: TlsVersion, name: &Host) -> Vec<u8> {
    let mut all = Vec::new();
    let mut add = |kind: u16, data: &[u8]| {
        all.extend(kind.to_be_bytes());
        all.extend(sized16(data));
    };
    if let Host::Dns(name) = name {
        add(0, &sized16(&[&[0], sized16(name.as_bytes()).as_slice()].concat()));
    }
    add(10, &sized16(&numbers(GROUPS)));
    match version {
        TlsVersion::V1_3 => {
            add(13, &sized16(&numbers(SCHEMES)));
            add(43, &[2, 3, 4]);
            add(45, &[1, 1]);
            add(51, &[0, 0]);
        }
        TlsVersion::V1_2 => {
            add(13, &sized16(&numbers(SCHEMES)));
            older(&mut add);
        }
        TlsVersion::V1_1 | TlsVersion::V1_0 => older(&mut add),
    }
    all
}

/// Uncompressed points, the extended master secret, secure renegotiation: some servers insist on each.
fn older(add: &mut impl FnMut(u16, &[u8])) {
    add(11, &[1, 0]);
    add(23, &[]);
    add(0xff01, &[0]);
}

fn numbers(table: &[(u16, &str)]) -> Vec<u8> {
    table.iter().flat_map(|(number, _)| number.to_be_bytes()).collect()
}

/// With its length before it. All that is sent is shorter than 64 KiB.
fn sized16(bytes: &[u8]) -> Vec<u8> {
    let mut sized = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
    sized.extend(bytes);
    sized
}
