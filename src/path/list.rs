//! One certificate revocation list, complete or delta, read for judging (RFC 5280, section 5).

use std::cmp::Ordering;
use std::collections::HashSet;

use time::OffsetDateTime;
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Extension};
use x509_parser::revocation_list::RevokedCertificate;

use super::RevocationGap;
use super::distinguished_name::DistinguishedName;
use super::distribution::{Scope, directory, general_names};
use super::node::Node;
use super::signature::{Check, Signed};
use crate::pki::RevocationList;

const CRL_NUMBER: &str = "2.5.29.20";
const DELTA_INDICATOR: &str = "2.5.29.27";
const ISSUING_POINT: &str = "2.5.29.28";
const AUTHORITY_KEY_ID: &str = "2.5.29.35";
const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 29];
/// What an entry may have that is critical: a reason, a hold instruction, an invalidity date, its certificate's issuer (2.5.29.x).
const ENTRY_EXTENSIONS: [&[u8]; 4] = [&[0x55, 0x1d, 21], &[0x55, 0x1d, 23], &[0x55, 0x1d, 24], CERTIFICATE_ISSUER];
const REMOVE_FROM_LIST: u8 = 8;

pub(super) struct List<'a> {
    parsed: CertificateRevocationList<'a>,
    source: &'a RevocationList,
    pub issuer: DistinguishedName,
    pub scope: Scope,
    number: Option<Number>,
    /// For a delta: the least number of the complete list that it goes with.
    pub base: Option<Number>,
    /// Why it cannot be relied upon, whenever it is looked at.
    problem: Option<RevocationGap>,
}

/// A CRL number: up to twenty octets, without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number(Vec<u8>);

/// What a list says of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    Revoked {
        at: OffsetDateTime,
        reason: &'static str,
    },
    /// In a delta: it is no longer on hold.
    Removed,
}

impl<'a> List<'a> {
    pub fn new(source: &'a RevocationList) -> Option<Self> {
        let (_, parsed) = CertificateRevocationList::from_der(source.der()).ok()?;
        let issuer = DistinguishedName::read(parsed.issuer().as_raw()).name;
        let mut list = Self { parsed, source, issuer, scope: Scope::default(), number: None, base: None, problem: None };
        list.problem = list.read_extensions().or_else(|| list.entry_problem());
        Some(list)
    }

    fn read_extensions(&mut self) -> Option<RevocationGap> {
        let malformed = || Some(RevocationGap::Malformed { issuer: self.source.issuer.clone() });
        if self.parsed.tbs_cert_list.signature != self.parsed.signature_algorithm {
            return malformed();
        }
        let mut seen = HashSet::new();
        let (mut scope, mut number, mut base) = (None, None, None);
        for extension in self.parsed.extensions() {
            let oid = extension.oid.to_id_string();
            match (oid.as_str(), extension.parsed_extension()) {
                (ISSUING_POINT, _) => match Scope::read(extension.value, &self.issuer) {
                    Some(read) => scope = Some(read),
                    None => return malformed(),
                },
                (CRL_NUMBER, _) => number = Number::read(extension.value),
                (DELTA_INDICATOR, _) => match Number::read(extension.value) {
                    Some(number) => base = Some(number),
                    None => return malformed(),
                },
                (AUTHORITY_KEY_ID, _) => {}
                (_, ParsedExtension::ParseError { .. }) => return malformed(),
                _ if extension.critical => {
                    return Some(RevocationGap::UnknownCriticalExtension { issuer: self.source.issuer.clone(), oid });
                }
                _ => {}
            }
            if !seen.insert(oid) {
                return malformed();
            }
        }
        (self.scope, self.number, self.base) = (scope.unwrap_or_default(), number, base);
        None
    }

    /// A critical extension of any entry may change what the list means.
    fn entry_problem(&self) -> Option<RevocationGap> {
        let extensions = self.parsed.iter_revoked_certificates().flat_map(RevokedCertificate::extensions);
        let unknown =
            extensions.filter(|extension| extension.critical).find(|extension| !ENTRY_EXTENSIONS.contains(&extension.oid.as_bytes()));
        unknown.map(|extension| RevocationGap::UnknownCriticalExtension {
            issuer: self.source.issuer.clone(),
            oid: extension.oid.to_id_string(),
        })
    }

    /// Why it cannot be relied upon at `at`, its signature aside.
    pub fn problem(&self, at: OffsetDateTime) -> Option<RevocationGap> {
        let issuer = || self.source.issuer.clone();
        if self.problem.is_some() {
            return self.problem.clone();
        }
        if at < self.source.this_update {
            return Some(RevocationGap::NotYetValid { issuer: issuer(), since: self.source.this_update });
        }
        match self.source.next_update {
            None => Some(RevocationGap::WithoutNextUpdate { issuer: issuer() }),
            Some(next) => (at > next).then(|| RevocationGap::Expired { issuer: issuer(), since: next }),
        }
    }

    /// What it costs to look through it, in blocks of entries.
    pub fn blocks(&self) -> usize {
        1 + self.source.revoked / 16
    }

    pub fn issuer_text(&self) -> &str {
        &self.source.issuer
    }

    pub fn is_signed_by(&self, node: &Node<'_>) -> bool {
        let signed = Signed {
            algorithm: &self.parsed.signature_algorithm,
            value: &self.parsed.signature_value,
            message: self.parsed.tbs_cert_list.as_ref(),
        };
        signed.verify(node.x509.public_key()) == Check::Good
    }

    /// RFC 5280, 5.2.4 and 6.3.3 (c): whether this delta brings `complete` up to date.
    pub fn updates(&self, complete: &Self) -> bool {
        let value = |list: &Self, oid: &str| -> Option<Vec<u8>> {
            let extension = list.parsed.extensions().iter().find(|extension| extension.oid.to_id_string() == oid)?;
            Some(extension.value.to_vec())
        };
        let same = |oid| value(self, oid) == value(complete, oid);
        let (Some(base), Some(own), Some(number)) = (&self.base, &self.number, &complete.number) else { return false };
        self.issuer == complete.issuer && same(ISSUING_POINT) && same(AUTHORITY_KEY_ID) && base <= number && number < own
    }

    pub fn is_newer_than(&self, other: &Self) -> bool {
        self.number > other.number
    }

    /// What it says of `node`. An entry of an indirect list is for the issuer that it, or the last entry before it that has one, names.
    pub fn entry(&self, node: &Node<'_>) -> Option<Entry> {
        let mut issuer = self.issuer.clone();
        let mut found = None;
        for entry in self.parsed.iter_revoked_certificates() {
            if let Some(named) = entry.extensions().iter().find_map(certificate_issuer) {
                issuer = named;
            }
            if issuer == node.issuer.name && entry.raw_serial() == node.x509.raw_serial() {
                found = Some(meaning(entry));
            }
        }
        found
    }
}

fn meaning(entry: &RevokedCertificate<'_>) -> Entry {
    let code = entry.reason_code().map_or(0, |(_, code)| code.0);
    if code == REMOVE_FROM_LIST {
        return Entry::Removed;
    }
    let at = OffsetDateTime::from_unix_timestamp(entry.revocation_date.timestamp()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    Entry::Revoked { at, reason: reason(code) }
}

/// RFC 5280, 5.3.1.
fn reason(code: u8) -> &'static str {
    match code {
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        _ => "unspecified",
    }
}

fn certificate_issuer(extension: &X509Extension<'_>) -> Option<DistinguishedName> {
    if extension.oid.as_bytes() != CERTIFICATE_ISSUER {
        return None;
    }
    let (_, names) = Any::from_der(extension.value).ok()?;
    general_names(names.data)?.iter().find_map(directory)
}

impl Number {
    fn read(der: &[u8]) -> Option<Self> {
        let (_, integer) = Any::from_der(der).ok()?;
        let zeros = integer.data.iter().take_while(|octet| **octet == 0).count();
        (integer.tag() == Tag::Integer && integer.data.len() <= 21).then(|| Self(integer.data[zeros..].to_vec()))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}
