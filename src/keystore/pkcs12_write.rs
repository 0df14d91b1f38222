//! PKCS#12 as countersign writes it: keys in one part, certificates encrypted in another, and a MAC over both.

use aws_lc_rs::digest::{SHA256, digest};
use pkcs8::ObjectIdentifier;

use super::bags::{CERTIFICATE, FRIENDLY_NAME, LOCAL_KEY_ID, SECRET, SHROUDED_KEY, TRUSTED_KEY_USAGE, X509_CERTIFICATE};
use super::encrypt::Encryption;
use super::entry::check;
use super::pfx::{DATA, VERSION};
use super::{Entry, Format, KeystoreError, Pkcs12Profile, secret_key};
use crate::pki::asn1::{OCTET_STRING, SEQUENCE, SET, context, encode, encode_integer, encode_oid};
use crate::pki::{Certificate, Entropy, Password};

const BMP_STRING: u8 = 0x1E;
const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// Encodes `entries` under one password for the store and its keys: Java and OpenSSL know no other for PKCS#12.
///
/// Trusted certificates get the attribute without which Java does not see them (2.16.840.1.113894.746875.1.1). A secret key is
/// written as keytool does, as a PrivateKeyInfo in a secretBag.
pub fn write(entries: &[Entry], password: &Password, profile: Pkcs12Profile, entropy: &Entropy) -> Result<Vec<u8>, KeystoreError> {
    check(entries, Format::Pkcs12)?;
    let encryption = Encryption { profile, password, entropy };
    let (mut keys, mut certificates) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Entry::PrivateKey { alias, key, chain } => {
                // The leaf's digest ties them together; Java wants an identifier even where there is no leaf.
                let id = digest(&SHA256, chain.first().map_or(alias.as_bytes(), Certificate::der));
                let attributes = [friendly_name(alias), local_key_id(id.as_ref())].concat();
                keys.push(bag(SHROUDED_KEY, &encryption.encrypted_key(key)?, &attributes));
                certificates.extend(chain.iter().take(1).map(|leaf| certificate_bag(leaf, &attributes)));
                certificates.extend(chain.iter().skip(1).map(|issuer| certificate_bag(issuer, &[])));
            }
            Entry::Trusted { alias, certificate } => {
                let trusted = attribute(TRUSTED_KEY_USAGE, &encode_oid(ANY_EXTENDED_KEY_USAGE));
                certificates.push(certificate_bag(certificate, &[friendly_name(alias), trusted].concat()));
            }
            Entry::SecretKey { alias, algorithm, key } => {
                let encrypted = encode(OCTET_STRING, &[&encryption.encrypted_key(&secret_key::info(algorithm, key)?)?]);
                let typed = encode(SEQUENCE, &[&encode_oid(SHROUDED_KEY), &encode(context(0), &[&encrypted])]);
                let id = digest(&SHA256, alias.as_bytes());
                keys.push(bag(SECRET, &typed, &[friendly_name(alias), local_key_id(id.as_ref())].concat()));
            }
        }
    }
    // Issuers that several chains share are written once.
    let mut written = std::collections::HashSet::new();
    certificates.retain(|bag| written.insert(bag.clone()));
    let mut parts = Vec::new();
    if !keys.is_empty() {
        parts.push(data(&encode(SEQUENCE, &[&keys.concat()])));
    }
    if !certificates.is_empty() {
        parts.push(encryption.encrypted_data(&encode(SEQUENCE, &[&certificates.concat()]))?);
    }
    let content = encode(SEQUENCE, &[&parts.concat()]);
    let mac = encryption.mac(&content)?;
    Ok(encode(SEQUENCE, &[&encode_integer(&[VERSION]), &data(&content), &mac]))
}

/// A ContentInfo with data (RFC 2315, 8).
fn data(content: &[u8]) -> Vec<u8> {
    encode(SEQUENCE, &[&encode_oid(DATA), &encode(context(0), &[&encode(OCTET_STRING, &[content])])])
}

fn certificate_bag(certificate: &Certificate, attributes: &[u8]) -> Vec<u8> {
    let octets = encode(OCTET_STRING, &[certificate.der()]);
    let typed = encode(SEQUENCE, &[&encode_oid(X509_CERTIFICATE), &encode(context(0), &[&octets])]);
    bag(CERTIFICATE, &typed, attributes)
}

fn bag(kind: ObjectIdentifier, value: &[u8], attributes: &[u8]) -> Vec<u8> {
    let attributes = if attributes.is_empty() { Vec::new() } else { encode(SET, &[attributes]) };
    encode(SEQUENCE, &[&encode_oid(kind), &encode(context(0), &[value]), &attributes])
}

fn friendly_name(alias: &str) -> Vec<u8> {
    let units: Vec<u8> = alias.encode_utf16().flat_map(u16::to_be_bytes).collect();
    attribute(FRIENDLY_NAME, &encode(BMP_STRING, &[&units]))
}

fn local_key_id(id: &[u8]) -> Vec<u8> {
    attribute(LOCAL_KEY_ID, &encode(OCTET_STRING, &[id]))
}

fn attribute(kind: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    encode(SEQUENCE, &[&encode_oid(kind), &encode(SET, &[value])])
}
