//! One certificate of a path, parsed, with the facts that several rules ask for.

use std::cell::OnceCell;

use x509_parser::extensions::{BasicConstraints, ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate, X509Extension};

use super::distinguished_name::{DistinguishedName, Reading};
use super::{FaultKind, shape};
use crate::pki::Certificate;

/// Why a certificate may stand in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// It is trusted, and ends a path.
    Anchor,
    /// It needs an issuer.
    None,
}

pub(super) struct Node<'a> {
    pub certificate: &'a Certificate,
    pub x509: X509Certificate<'a>,
    pub trust: Trust,
    pub subject: Reading,
    pub issuer: Reading,
    /// subjectKeyIdentifier.
    pub key_id: Option<&'a [u8]>,
    /// authorityKeyIdentifier.
    pub issuer_key_id: Option<Vec<u8>>,
    shape: OnceCell<Vec<FaultKind>>,
}

impl<'a> Node<'a> {
    /// `None` when the parser that the rules stand on cannot read it.
    pub fn new(certificate: &'a Certificate, trust: Trust) -> Option<Self> {
        let (rest, x509) = X509Certificate::from_der(certificate.der()).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let subject = DistinguishedName::read(x509.subject().as_raw());
        let issuer = DistinguishedName::read(x509.issuer().as_raw());
        let mut node = Self { certificate, x509, trust, subject, issuer, key_id: None, issuer_key_id: None, shape: OnceCell::new() };
        node.key_id = node.extension(|parsed| match parsed {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
            _ => None,
        });
        node.issuer_key_id = node.extension(|parsed| match parsed {
            ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0.to_vec()),
            _ => None,
        });
        Some(node)
    }

    /// What is wrong with it on its own; looked at once, for it may stand in many paths.
    pub fn shape(&self) -> &[FaultKind] {
        self.shape.get_or_init(|| shape::faults(self))
    }

    pub fn extensions(&self) -> &[X509Extension<'a>] {
        self.x509.extensions()
    }

    /// What `pick` takes from the first extension that has it.
    pub fn extension<'s, T>(&'s self, pick: impl Fn(&'s ParsedExtension<'a>) -> Option<T>) -> Option<T> {
        self.x509.extensions().iter().find_map(|extension| pick(extension.parsed_extension()))
    }

    pub fn basic_constraints(&self) -> Option<&BasicConstraints> {
        self.extension(|parsed| match parsed {
            ParsedExtension::BasicConstraints(constraints) => Some(constraints),
            _ => None,
        })
    }

    pub fn is_authority(&self) -> bool {
        self.basic_constraints().is_some_and(|constraints| constraints.ca)
    }

    pub fn key_usage(&self) -> Option<&KeyUsage> {
        self.extension(|parsed| match parsed {
            ParsedExtension::KeyUsage(usage) => Some(usage),
            _ => None,
        })
    }

    pub fn extended_key_usage(&self) -> Option<&ExtendedKeyUsage<'a>> {
        self.extension(|parsed| match parsed {
            ParsedExtension::ExtendedKeyUsage(usage) => Some(usage),
            _ => None,
        })
    }

    pub fn alternative_names(&self) -> Option<&[GeneralName<'a>]> {
        self.extension(|parsed| match parsed {
            ParsedExtension::SubjectAlternativeName(names) => Some(names.general_names.as_slice()),
            _ => None,
        })
    }

    /// RFC 5280, 3.2: subject and issuer are one name.
    pub fn is_self_issued(&self) -> bool {
        self.subject.name == self.issuer.name
    }

    pub fn is_anchor(&self) -> bool {
        self.trust == Trust::Anchor
    }

    /// The number that X.509 starts at 0.
    pub fn version(&self) -> u32 {
        self.x509.version().0.saturating_add(1)
    }
}
