//! Certificates for tests, well made but for the one fault that a test puts in. Their signatures are empty: no rule verifies them.

use super::certificate;
use super::der::{BIT_STRING, BOOLEAN, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, SET, UTC_TIME, UTF8_STRING};
use super::oids::{self, Oid};
use crate::finding::{Finding, Place};

/// The generator of P-256, for a key (FIPS 186-4, D.1.2.3).
const POINT: &str =
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

pub const P256: Oid = Oid::new_unwrap("1.2.840.10045.3.1.7");
pub const ECDSA_SHA256: Oid = Oid::new_unwrap("1.2.840.10045.4.3.2");

pub fn tlv(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let length = match content.len() {
        short @ ..0x80 => vec![short as u8],
        long => [&[0x82], &(long as u16).to_be_bytes()[..]].concat(),
    };
    // One octet of length from 128 to 255, to be DER.
    let length = if (0x80..0x100).contains(&content.len()) { vec![0x81, content.len() as u8] } else { length };
    [&[tag], &length[..], content].concat()
}

pub fn sequence<const N: usize>(parts: [Vec<u8>; N]) -> Vec<u8> {
    tlv(SEQUENCE, parts.concat())
}

pub fn oid(oid: Oid) -> Vec<u8> {
    tlv(OID, oid.as_bytes())
}

pub fn algorithm(id: Oid, parameters: &[u8]) -> Vec<u8> {
    sequence([oid(id), parameters.to_vec()])
}

pub fn null() -> Vec<u8> {
    tlv(NULL, [])
}

/// A SubjectPublicKeyInfo.
pub fn key(algorithm: Vec<u8>, bits: &[u8]) -> Vec<u8> {
    sequence([algorithm, tlv(BIT_STRING, [&[0], bits].concat())])
}

pub fn point() -> Vec<u8> {
    (0..POINT.len()).step_by(2).map(|i| u8::from_str_radix(&POINT[i..i + 2], 16).unwrap()).collect()
}

pub fn ec_key() -> Vec<u8> {
    key(algorithm(oids::EC, &oid(P256)), &point())
}

/// An RSA key whose modulus is the Mersenne number of that many bits: 1279, 2203 and 9689 give primes.
pub fn rsa_key(bits: usize, exponent: &[u8]) -> Vec<u8> {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= modulus.len() * 8 - bits;
    key(algorithm(oids::RSA, &null()), &sequence([tlv(INTEGER, modulus), tlv(INTEGER, exponent)]))
}

/// A name with one attribute in each part.
pub fn name(attributes: &[(Oid, u8, &str)]) -> Vec<u8> {
    let parts: Vec<u8> = attributes.iter().flat_map(|(id, tag, text)| tlv(SET, sequence([oid(*id), tlv(*tag, text)]))).collect();
    tlv(SEQUENCE, parts)
}

pub fn extension(id: Oid, critical: bool, value: &[u8]) -> Vec<u8> {
    sequence([oid(id), if critical { tlv(BOOLEAN, [0xff]) } else { vec![] }, tlv(OCTET_STRING, value)])
}

/// A TBSCertificate in parts, each of them DER.
#[derive(Debug, Clone)]
pub struct Specimen {
    pub version: Vec<u8>,
    pub serial: Vec<u8>,
    pub algorithm: Vec<u8>,
    pub outer_algorithm: Option<Vec<u8>>,
    pub issuer: Vec<u8>,
    pub dates: [Vec<u8>; 2],
    pub subject: Vec<u8>,
    pub key: Vec<u8>,
    pub unique_ids: Vec<u8>,
    pub extensions: Vec<(Oid, bool, Vec<u8>)>,
}

pub fn leaf() -> Specimen {
    let names = sequence([tlv(0x82, "broker-1.example.com"), tlv(0x87, [192, 0, 2, 1])]);
    Specimen {
        version: tlv(0xa0, tlv(INTEGER, [2])),
        serial: tlv(INTEGER, [0x41; 16]),
        algorithm: algorithm(ECDSA_SHA256, &[]),
        outer_algorithm: None,
        issuer: name(&[(oids::COMMON_NAME, UTF8_STRING, "root")]),
        dates: [tlv(UTC_TIME, "240101000000Z"), tlv(UTC_TIME, "250101000000Z")],
        subject: name(&[(oids::COMMON_NAME, UTF8_STRING, "broker-1.example.com")]),
        key: ec_key(),
        unique_ids: vec![],
        extensions: vec![
            (oids::AUTHORITY_KEY_ID, false, sequence([tlv(0x80, [7; 20])])),
            (oids::SUBJECT_KEY_ID, false, key_id()),
            (oids::BASIC_CONSTRAINTS, true, sequence([])),
            (oids::KEY_USAGE, true, usage(0x80)),
            (oids::EXTENDED_KEY_USAGE, false, sequence([oid(oids::SERVER_AUTH), oid(oids::CLIENT_AUTH)])),
            (oids::SUBJECT_ALT_NAME, false, names),
        ],
    }
}

pub fn authority() -> Specimen {
    leaf()
        .without(oids::EXTENDED_KEY_USAGE)
        .without(oids::SUBJECT_ALT_NAME)
        .with(oids::BASIC_CONSTRAINTS, true, sequence([tlv(BOOLEAN, [0xff]), tlv(INTEGER, [0])]))
        .with(oids::KEY_USAGE, true, usage(0x06))
        .but(|authority| authority.subject = name(&[(oids::COMMON_NAME, UTF8_STRING, "issuing")]))
}

/// keyUsage from its first octet.
pub fn usage(bits: u8) -> Vec<u8> {
    tlv(BIT_STRING, [bits.trailing_zeros() as u8, bits])
}

fn key_id() -> Vec<u8> {
    tlv(OCTET_STRING, &aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &point()).as_ref()[..20])
}

impl Specimen {
    pub fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// With this extension in place of one of its kind.
    pub fn with(mut self, id: Oid, critical: bool, value: Vec<u8>) -> Self {
        match self.extensions.iter_mut().find(|(own, ..)| *own == id) {
            Some(extension) => *extension = (id, critical, value),
            None => self.extensions.push((id, critical, value)),
        }
        self
    }

    pub fn without(mut self, id: Oid) -> Self {
        self.extensions.retain(|(own, ..)| *own != id);
        self
    }

    pub fn der(&self) -> Vec<u8> {
        let extensions: Vec<u8> = self.extensions.iter().flat_map(|(id, critical, value)| extension(*id, *critical, value)).collect();
        let extensions = if extensions.is_empty() { vec![] } else { tlv(0xa3, tlv(SEQUENCE, extensions)) };
        let body = sequence([
            self.version.clone(),
            self.serial.clone(),
            self.algorithm.clone(),
            self.issuer.clone(),
            tlv(SEQUENCE, self.dates.concat()),
            self.subject.clone(),
            self.key.clone(),
            self.unique_ids.clone(),
            extensions,
        ]);
        sequence([body, self.outer_algorithm.clone().unwrap_or_else(|| self.algorithm.clone()), tlv(BIT_STRING, [0])])
    }

    pub fn findings(&self) -> Vec<Finding> {
        certificate::of_der(&self.der(), &Place::default())
    }

    /// The codes found, each once, in order.
    pub fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<_> = self.findings().iter().map(|finding| finding.rule.code).collect();
        codes.dedup();
        codes
    }
}

#[test]
fn the_specimens_are_without_fault() {
    assert_eq!(leaf().findings(), []);
    assert_eq!(authority().findings(), []);
}
