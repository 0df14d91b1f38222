//! Distribution points: which part of the certificates, and which reasons, a revocation list speaks of (RFC 5280, 4.2.1.13 and 5.2.5).

use x509_parser::asn1_rs::Any;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::alternative_name::describe;
use super::der::elements;
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

const DISTRIBUTION_POINTS: &str = "2.5.29.31";

impl Point {
    /// Those that `node` names, and the one that goes without naming: whatever its issuer tells of all it issued (RFC 5280, 6.3.3, the
    /// end). Where `node` names points of its own, a list for another point of the same issuer is not for it.
    pub fn of(node: &Node<'_>) -> Vec<Self> {
        let issuer = &node.issuer.name;
        let extension = node.extensions().iter().find(|extension| extension.oid.to_id_string() == DISTRIBUTION_POINTS);
        let sequence = extension.and_then(|extension| elements(extension.value)?.into_iter().next());
        let named = sequence.and_then(|sequence| elements(sequence.data)).unwrap_or_default();
        let mut points: Vec<Self> = named.iter().filter_map(|point| Self::read(point, issuer)).collect();
        let names = points.is_empty().then(|| vec![PointName::Directory(issuer.clone())]);
        points.push(Self { names, reasons: ALL_REASONS, tellers: None });
        points
    }

    /// DistributionPoint: `[0]` its name, `[1]` the reasons, `[2]` who tells.
    fn read(point: &Any<'_>, issuer: &DistinguishedName) -> Option<Self> {
        let fields = elements(point.data)?;
        let field = |tag| fields.iter().find(|field| field.tag().0 == tag);
        let tellers: Option<Vec<DistinguishedName>> = match field(2) {
            Some(names) => Some(general_names(names.data)?.iter().filter_map(directory).collect()),
            None => None,
        };
        let base = tellers.as_ref().and_then(|tellers| tellers.first()).unwrap_or(issuer);
        let names = match field(0) {
            Some(name) => Some(names(name, base)?),
            None => None,
        };
        let reasons = field(1).map_or(ALL_REASONS, |bits| reasons(bits.data));
        Some(Self { names, reasons, tellers })
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
    /// IssuingDistributionPoint of a list by `teller`, DER: `[0]` its name, `[3]` the reasons, the others are BOOLEAN.
    pub fn read(der: &[u8], teller: &DistinguishedName) -> Option<Self> {
        let (_, sequence) = Any::from_der(der).ok()?;
        let mut scope = Self::default();
        for field in elements(sequence.data)? {
            let set = || field.data.first().is_some_and(|octet| *octet != 0);
            match field.tag().0 {
                0 => scope.names = Some(names(&field, teller)?),
                1 => scope.only_users = set(),
                2 => scope.only_authorities = set(),
                3 => scope.reasons = Some(reasons(field.data)),
                4 => scope.indirect = set(),
                5 => scope.only_attributes = set(),
                _ => return None,
            }
        }
        Some(scope)
    }

    pub fn reasons(&self) -> Reasons {
        self.reasons.unwrap_or(ALL_REASONS)
    }

    fn holds(&self, node: &Node<'_>) -> bool {
        let wrong_kind = if node.is_authority() { self.only_users } else { self.only_authorities };
        !wrong_kind && !self.only_attributes
    }
}

/// The content of a BIT STRING: how many bits of the last octet are unused, then the octets, bit 0 highest.
fn reasons(content: &[u8]) -> Reasons {
    let bit = |index: usize| content.get(1 + index / 8).is_some_and(|octet| octet & (0x80 >> (index % 8)) != 0);
    (1..=8).filter(|index| bit(*index)).fold(0, |all, index| all | 1 << index)
}

/// DistributionPointName, in its explicit tag: `[0]` general names, `[1]` a relative name.
fn names(name: &Any<'_>, base: &DistinguishedName) -> Option<Vec<PointName>> {
    let (_, choice) = Any::from_der(name.data).ok()?;
    match choice.tag().0 {
        0 => Some(general_names(choice.data)?.iter().map(point_name).collect()),
        1 => Some(vec![PointName::Directory(base.below(choice.data)?)]),
        _ => None,
    }
}

fn point_name(name: &GeneralName<'_>) -> PointName {
    directory(name).map_or_else(|| PointName::Other(describe(name)), PointName::Directory)
}

/// The content of a GeneralNames.
pub(super) fn general_names(mut der: &[u8]) -> Option<Vec<GeneralName<'_>>> {
    let mut names = Vec::new();
    while !der.is_empty() {
        let (rest, name) = GeneralName::from_der(der).ok()?;
        names.push(name);
        der = rest;
    }
    Some(names)
}

pub(super) fn directory(name: &GeneralName<'_>) -> Option<DistinguishedName> {
    match name {
        GeneralName::DirectoryName(name) => Some(DistinguishedName::read(name.as_raw()).name),
        _ => None,
    }
}
