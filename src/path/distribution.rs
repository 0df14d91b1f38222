//! Distribution points: which part of the certificates, and which reasons, a revocation list speaks of (RFC 5280, 4.2.1.13 and 5.2.5).

use x509_parser::extensions::{
    CRLDistributionPoint, DistributionPointName, GeneralName, IssuingDistributionPoint, ParsedExtension, ReasonFlags,
};

use super::alternative_name::describe;
use super::distinguished_name::DistinguishedName;
use super::node::Node;

/// A set of reasons, bits 1 to 8 as in ReasonFlags.
pub(super) type Reasons = u16;

pub(super) const ALL_REASONS: Reasons = 0x1fe;

/// A general name as far as two of them are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PointName {
    Directory(DistinguishedName),
    Other(String),
}

/// Where a certificate says that its revocation is told.
#[derive(Debug)]
pub(super) struct Point {
    names: Option<Vec<PointName>>,
    pub reasons: Reasons,
    /// Who tells, where it is not the certificate's issuer.
    tellers: Option<Vec<DistinguishedName>>,
}

/// What a revocation list says of its own scope.
#[derive(Debug, Default)]
pub(super) struct Scope {
    names: Option<Vec<PointName>>,
    only_users: bool,
    only_authorities: bool,
    only_attributes: bool,
    pub indirect: bool,
    reasons: Option<Reasons>,
}

impl Point {
    /// Those that `node` names; and the one that needs no naming, its issuer (RFC 5280, 6.3.3, the end).
    pub fn of(node: &Node<'_>) -> Vec<Self> {
        let named = node.extension(|parsed| match parsed {
            ParsedExtension::CRLDistributionPoints(points) => Some(points.points.as_slice()),
            _ => None,
        });
        let issuer = &node.issuer.name;
        let default = Self { names: Some(vec![PointName::Directory(issuer.clone())]), reasons: ALL_REASONS, tellers: None };
        named.unwrap_or_default().iter().map(|point| Self::read(point, issuer)).chain([default]).collect()
    }

    fn read(point: &CRLDistributionPoint<'_>, issuer: &DistinguishedName) -> Self {
        let tellers: Option<Vec<DistinguishedName>> = point.crl_issuer.as_ref().map(|names| names.iter().filter_map(directory).collect());
        let base = tellers.as_ref().and_then(|tellers| tellers.first()).unwrap_or(issuer);
        Self {
            names: point.distribution_point.as_ref().map(|name| names(name, base)),
            reasons: reasons(point.reasons.as_ref()).unwrap_or(ALL_REASONS),
            tellers,
        }
    }

    /// Whether a list by `teller` with that scope speaks of this point of `node` (RFC 5280, 6.3.3 b).
    pub fn is_told_by(&self, teller: &DistinguishedName, scope: &Scope, node: &Node<'_>) -> bool {
        let right_teller = match &self.tellers {
            Some(tellers) => tellers.contains(teller) && scope.indirect,
            None => *teller == node.issuer.name,
        };
        right_teller && self.is_named_in(scope) && scope.holds(node)
    }

    fn is_named_in(&self, scope: &Scope) -> bool {
        let Some(wanted) = &scope.names else { return true };
        match (&self.names, &self.tellers) {
            (Some(names), _) => names.iter().any(|name| wanted.contains(name)),
            (None, Some(tellers)) => tellers.iter().any(|teller| wanted.contains(&PointName::Directory(teller.clone()))),
            (None, None) => false,
        }
    }
}

impl Scope {
    /// `teller`: who issued the list.
    pub fn read(point: &IssuingDistributionPoint<'_>, teller: &DistinguishedName) -> Self {
        Self {
            names: point.distribution_point.as_ref().map(|name| names(name, teller)),
            only_users: point.only_contains_user_certs,
            only_authorities: point.only_contains_ca_certs,
            only_attributes: point.only_contains_attribute_certs,
            indirect: point.indirect_crl,
            reasons: reasons(point.only_some_reasons.as_ref()),
        }
    }

    pub fn reasons(&self) -> Reasons {
        self.reasons.unwrap_or(ALL_REASONS)
    }

    fn holds(&self, node: &Node<'_>) -> bool {
        let wrong_kind = if node.is_authority() { self.only_users } else { self.only_authorities };
        !wrong_kind && !self.only_attributes
    }
}

fn reasons(flags: Option<&ReasonFlags>) -> Option<Reasons> {
    flags.map(|flags| flags.flags & ALL_REASONS)
}

fn names(name: &DistributionPointName<'_>, base: &DistinguishedName) -> Vec<PointName> {
    match name {
        DistributionPointName::FullName(names) => {
            names.iter().map(|name| directory(name).map_or_else(|| PointName::Other(describe(name)), PointName::Directory)).collect()
        }
        DistributionPointName::NameRelativeToCRLIssuer(relative) => vec![PointName::Directory(base.below(relative))],
    }
}

fn directory(name: &GeneralName<'_>) -> Option<DistinguishedName> {
    match name {
        GeneralName::DirectoryName(name) => Some(DistinguishedName::read(name.as_raw()).name),
        _ => None,
    }
}
