//! Name constraints (RFC 5280, 4.2.1.10 and 6.1.3 b, c): every name below a constrained CA is compared with every subtree of its form.

use std::net::IpAddr;

use x509_parser::asn1_rs::{Any, Class, FromDer, Tag};
use x509_parser::extensions::{GeneralName, ParsedExtension};

use super::alternative_name::{self, Name};
use super::budget::Budget;
use super::distinguished_name::DistinguishedName;
use super::node::{Node, Trust};
use super::subtree::{Domain, Relation, Side, Subtree};
use super::{FaultKind, alternative_name::describe};
use crate::pki::{Certificate, San, Subject};

/// The subtrees of one CA, with what they are called.
#[derive(Debug, Default)]
pub(super) struct NameConstraints {
    pub permitted: Vec<(Subtree, String)>,
    pub excluded: Vec<(Subtree, String)>,
}

/// What is wrong, and with which certificate of `path` (leaf first).
pub(super) fn faults(path: &[&Node<'_>], budget: &mut Budget) -> Vec<(usize, FaultKind)> {
    let mut faults = Vec::new();
    for (at, authority) in path.iter().enumerate() {
        let constraints = match read(authority) {
            Ok(None) => continue,
            Ok(Some(constraints)) => constraints,
            Err(problem) => {
                faults.push((at, FaultKind::MalformedNameConstraints { problem }));
                continue;
            }
        };
        if !authority.is_authority() && at == 0 {
            faults.push((at, FaultKind::NameConstraintsInLeaf));
        }
        for (below, node) in path[..at].iter().enumerate() {
            // RFC 5280, 6.1.3: a self-issued certificate in the middle is not looked at.
            if below > 0 && node.is_self_issued() {
                continue;
            }
            let by = &authority.certificate.subject;
            match compare(alternative_name::names(node), by, &constraints, budget) {
                Some(found) => faults.extend(found.into_iter().map(|kind| (below, kind))),
                None => {
                    faults.push((below, FaultKind::TooManyNames { by: by.clone() }));
                    return faults;
                }
            }
        }
    }
    faults
}

/// What stands against a leaf with this subject and these names below `issuers`, the one that signs it first: it is yet to be issued,
/// and one that is issued all the same is taken by nobody.
pub fn forbidden<'a>(issuers: impl IntoIterator<Item = &'a Certificate>, subject: &Subject, names: &[San]) -> Vec<FaultKind> {
    let (reading, called) = (DistinguishedName::of(subject), subject.to_string());
    let octets: Vec<Vec<u8>> = names.iter().map(octets).collect();
    let alternative: Vec<GeneralName<'_>> = names.iter().zip(&octets).filter_map(|(name, octets)| general_name(name, octets)).collect();
    let alternative = (!alternative.is_empty()).then_some(alternative.as_slice());
    let mut budget = Budget::default();
    let mut faults = Vec::new();
    for issuer in issuers {
        let read = match Node::new(issuer, Trust::None) {
            Some(node) => read(&node),
            None => continue,
        };
        match read {
            Ok(None) => {}
            Ok(Some(constraints)) => {
                let names = alternative_name::names_of_leaf(alternative, &reading, &called);
                let found = compare(names, &issuer.subject, &constraints, &mut budget);
                faults.extend(found.unwrap_or_else(|| vec![FaultKind::TooManyNames { by: issuer.subject.clone() }]));
            }
            Err(problem) => faults.push(FaultKind::MalformedNameConstraints { problem }),
        }
    }
    faults
}

fn octets(name: &San) -> Vec<u8> {
    match name {
        San::Ip(IpAddr::V4(ip)) => ip.octets().to_vec(),
        San::Ip(IpAddr::V6(ip)) => ip.octets().to_vec(),
        San::Dns(_) | San::Uri(_) | San::Other(_) => Vec::new(),
    }
}

/// `None` for what is never issued here.
fn general_name<'a>(name: &'a San, octets: &'a [u8]) -> Option<GeneralName<'a>> {
    match name {
        San::Dns(dns) => Some(GeneralName::DNSName(dns)),
        San::Ip(_) => Some(GeneralName::IPAddress(octets)),
        San::Uri(uri) => Some(GeneralName::URI(uri)),
        San::Other(_) => None,
    }
}

/// `None` when the budget is used up.
fn compare(names: Vec<(Name<'_>, String)>, by: &str, constraints: &NameConstraints, budget: &mut Budget) -> Option<Vec<FaultKind>> {
    let by = || by.to_owned();
    let mut faults = Vec::new();
    for (name, called) in names {
        budget.compare(constraints.permitted.len() + constraints.excluded.len())?;
        let fault = match (excluded(&name, constraints), permitted(&name, constraints)) {
            (Excluded::By(subtree), _) => FaultKind::NameExcluded { name: called, by: by(), subtree: subtree.to_owned() },
            (Excluded::Unclear, _) | (_, Relation::Unclear) => FaultKind::NameNotComparable { name: called, by: by() },
            (Excluded::No, Relation::Outside) => FaultKind::NameNotPermitted { name: called, by: by() },
            (Excluded::No, Relation::Inside) => continue,
        };
        faults.push(fault);
    }
    Some(faults)
}

enum Excluded<'c> {
    By(&'c str),
    No,
    Unclear,
}

fn excluded<'c>(name: &Name<'_>, constraints: &'c NameConstraints) -> Excluded<'c> {
    let mut result = Excluded::No;
    for (subtree, called) in constraints.excluded.iter().filter(|(subtree, _)| name.is_of(subtree.form())) {
        match subtree.relation(name, Side::Excluded) {
            Relation::Inside => return Excluded::By(called),
            Relation::Unclear => result = Excluded::Unclear,
            Relation::Outside => {}
        }
    }
    result
}

/// Inside where no subtree speaks of its form.
fn permitted(name: &Name<'_>, constraints: &NameConstraints) -> Relation {
    let mut relations = constraints
        .permitted
        .iter()
        .filter(|(subtree, _)| name.is_of(subtree.form()))
        .map(|(subtree, _)| subtree.relation(name, Side::Permitted));
    let Some(first) = relations.next() else { return Relation::Inside };
    relations.fold(first, |sum, relation| match (sum, relation) {
        (Relation::Inside, _) | (_, Relation::Inside) => Relation::Inside,
        (Relation::Unclear, _) | (_, Relation::Unclear) => Relation::Unclear,
        (Relation::Outside, Relation::Outside) => Relation::Outside,
    })
}

/// `None` without the extension. Malformed beyond what the parser sees is told; what it sees is told as the extension's fault.
pub(super) fn read(node: &Node<'_>) -> Result<Option<NameConstraints>, String> {
    let extension = node.extensions().iter().find(|extension| matches!(extension.parsed_extension(), ParsedExtension::NameConstraints(_)));
    let Some(extension) = extension else { return Ok(None) };
    let mut constraints = NameConstraints::default();
    let (_, sequence) = Any::from_der(extension.value).map_err(|_| "they are not a SEQUENCE")?;
    let mut rest = sequence.data;
    while !rest.is_empty() {
        let (after, subtrees) = Any::from_der(rest).map_err(|_| "a list of subtrees cannot be read")?;
        rest = after;
        match (subtrees.class(), subtrees.tag().0) {
            (Class::ContextSpecific, 0) => constraints.permitted.extend(list(subtrees.data)?),
            (Class::ContextSpecific, 1) => constraints.excluded.extend(list(subtrees.data)?),
            _ => return Err("something other than permitted and excluded subtrees stands in them".to_owned()),
        }
    }
    if constraints.permitted.iter().any(|(subtree, _)| *subtree == Subtree::Dns(Domain::All)) {
        return Err("they permit every host by an empty dNSName".to_owned());
    }
    if constraints.permitted.is_empty() && constraints.excluded.is_empty() {
        return Err("they have no subtree".to_owned());
    }
    Ok(Some(constraints))
}

fn list(mut der: &[u8]) -> Result<Vec<(Subtree, String)>, String> {
    let mut subtrees = Vec::new();
    while !der.is_empty() {
        let (rest, subtree) = Any::from_der(der).map_err(|_| "a subtree cannot be read")?;
        if subtree.tag() != Tag::Sequence {
            return Err("a subtree is not a SEQUENCE".to_owned());
        }
        der = rest;
        let (bounds, base) = GeneralName::from_der(subtree.data).map_err(|_| "the base of a subtree cannot be read")?;
        // minimum 0 is the default, and should not be written; nothing else is allowed.
        if !(bounds.is_empty() || bounds == [0x80, 1, 0]) {
            return Err("a subtree has a minimum or a maximum".to_owned());
        }
        let called = describe(&base);
        subtrees.push((Subtree::read(&base).map_err(|problem| format!("{problem} ({called})"))?, called));
    }
    Ok(subtrees)
}
