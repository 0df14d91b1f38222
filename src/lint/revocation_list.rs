//! What is wrong with one revocation list by itself (RFC 5280, section 5).

use super::der::Element;
use super::facts::Extensions;
use super::findings::Findings;
use super::list_parts::Parts;
use super::oids::{self, Oid};
use super::{criticality, distinguished_names, distribution, encoding, identifiers, signature_algorithms, syntax, times};
use crate::finding::{Finding, Place, Rule, Severity};
use crate::pki::{RevocationList, hex};

pub const RULES: &[&Rule] = &[
    &LIST_VERSION,
    &LIST_WITHOUT_NEXT,
    &LIST_WITHOUT,
    &LIST_NUMBER,
    &LIST_ISSUER_EMPTY,
    &LIST_ALGORITHMS_DIFFER,
    &EMPTY_REVOKED,
    &ENTRY_REASON,
    &ENTRY_TWICE,
    &SCOPE_CONTRADICTS,
];

const LIST_VERSION: Rule = Rule {
    code: "list-version",
    severity: Severity::Error,
    title: "a revocation list of another version than 2",
    why: "RFC 5280, 5.1.2.1: a list with extensions is of version 2, and every list of an authority has extensions. rustls refuses version 1.",
};
const LIST_WITHOUT_NEXT: Rule = Rule {
    code: "list-without-next-update",
    severity: Severity::Error,
    title: "a revocation list that never ends",
    why: "RFC 5280, 5.1.2.5: nextUpdate must be in every list. rustls refuses the list, and nobody else knows when it is stale.",
};
const LIST_WITHOUT: Rule = Rule {
    code: "list-extension-missing",
    severity: Severity::Error,
    title: "a revocation list without number or key identifier",
    why: "RFC 5280, 5.2.1 and 5.2.3: authorityKeyIdentifier and cRLNumber must be in every list. rustls refuses a list without cRLNumber.",
};
const LIST_NUMBER: Rule = Rule {
    code: "list-number",
    severity: Severity::Error,
    title: "a number of a list that may not be",
    why: "RFC 5280, 5.2.3: a cRLNumber is not negative and has 20 octets at most. rustls refuses the rest.",
};
const LIST_ISSUER_EMPTY: Rule = Rule {
    code: "list-issuer-empty",
    severity: Severity::Error,
    title: "a revocation list of nobody",
    why: "RFC 5280, 5.1.2.3: the issuer has a name that is not empty.",
};
const LIST_ALGORITHMS_DIFFER: Rule = Rule {
    code: "list-algorithms-differ",
    severity: Severity::Error,
    title: "two different signature algorithms of a list",
    why: "RFC 5280, 5.1.1.2: both must be the same. Java, OpenSSL and rustls refuse the rest.",
};
const EMPTY_REVOKED: Rule = Rule {
    code: "list-empty-revoked",
    severity: Severity::Warning,
    title: "a list of revoked certificates that is empty",
    why: "RFC 5280, 5.1.2.6: when nothing is revoked, revokedCertificates must be absent.",
};
const ENTRY_REASON: Rule = Rule {
    code: "list-entry-reason",
    severity: Severity::Warning,
    title: "a reason that may not be",
    why: "RFC 5280, 5.3.1: 1 to 6 and 8 to 10; unspecified is left out, and removeFromCRL is for delta lists.",
};
const ENTRY_TWICE: Rule = Rule {
    code: "list-entry-twice",
    severity: Severity::Warning,
    title: "a certificate that is revoked twice",
    why: "Programs take the first entry or the last: date and reason differ by program.",
};
const SCOPE_CONTRADICTS: Rule = Rule {
    code: "list-scope",
    severity: Severity::Error,
    title: "a scope of a list that contradicts itself",
    why: "RFC 5280, 5.2.5: at most one of user, authority and attribute certificates, and not an empty sequence.",
};

/// Every finding about `list`. Its dates are compared with each other, not with the clock.
pub fn revocation_list(list: &RevocationList, place: &Place) -> Vec<Finding> {
    of_der(list.der(), place)
}

fn of_der(der: &[u8], place: &Place) -> Vec<Finding> {
    let mut found = Findings::at(place);
    if let Some(parts) = Parts::of(der) {
        encoding::whole(parts.whole, &syntax::CERTIFICATE_LIST, &mut found);
        extensions(&parts.extensions, &mut found);
        identifiers::authority_key_id_is_complete(&parts.extensions, &mut found);
        identifiers::key_ids_are_not_empty(&parts.extensions, &mut found);
        distribution::points_point_somewhere(&parts.extensions, &mut found);
        distinguished_names::name(parts.issuer, "issuer", &mut found);
        signature_algorithms::parameters(parts.inner_algorithm, "within the signed part", &mut found);
        signature_algorithms::is_known(parts.inner_algorithm, &mut found);
        signature_algorithms::pss_is_usual(parts.inner_algorithm, &mut found);
        signature_algorithms::digest_holds(parts.inner_algorithm, &mut found);
        for rule in [version, dates, needed_extensions, number, issuer, algorithms, entries, entries_twice, scope] {
            rule(&parts, &mut found);
        }
    }
    found.into_list()
}

fn extensions(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    encoding::extension_values(extensions, found);
    encoding::no_extension_twice(extensions, found);
    criticality::each_as_it_must(extensions, found);
    criticality::critical_is_known(extensions, found);
}

fn version(parts: &Parts<'_>, found: &mut Findings<'_>) {
    if parts.version != Some(1) {
        let version = parts.version.map_or(1, |version| version.saturating_add(1));
        found.add(
            &LIST_VERSION,
            format!("its version is {version}"),
            "let the authority write lists of version 2, with cRLNumber and authorityKeyIdentifier",
        );
    }
}

fn dates(parts: &Parts<'_>, found: &mut Findings<'_>) {
    let this = ("thisUpdate", parts.this_update);
    let dates: Vec<_> = [this].into_iter().chain(parts.next_update.map(|next| ("nextUpdate", next))).collect();
    times::syntax(&dates, found);
    times::type_fits_year(&dates, found);
    match parts.next_update {
        Some(next) => times::period_is_positive([this, ("nextUpdate", next)], found),
        None => found.add(&LIST_WITHOUT_NEXT, "it has no nextUpdate", "let the authority say when the next list comes (RFC 5280, 5.1.2.5)"),
    }
}

fn needed_extensions(parts: &Parts<'_>, found: &mut Findings<'_>) {
    const NEEDED: [Oid; 2] = [oids::AUTHORITY_KEY_ID, oids::CRL_NUMBER];
    for id in NEEDED.into_iter().filter(|id| parts.version == Some(1) && !parts.extensions.has(*id)) {
        let name = oids::name(id.as_bytes());
        found.add(&LIST_WITHOUT, format!("it has no {name}"), format!("let the authority write {name} into its lists"));
    }
}

fn number(parts: &Parts<'_>, found: &mut Findings<'_>) {
    for id in [oids::CRL_NUMBER, oids::DELTA_CRL] {
        let Some(number) = parts.extensions.body(id) else { continue };
        if number.content.len() > 20 || number.content.first().is_some_and(|first| *first >= 0x80) {
            let shown = hex(&number.content[..number.content.len().min(32)]);
            let message = format!("{} is {shown}, in hexadecimal", oids::name(id.as_bytes()));
            found.add(&LIST_NUMBER, message, "let the authority count its lists from 0 on");
        }
    }
}

fn issuer(parts: &Parts<'_>, found: &mut Findings<'_>) {
    if parts.issuer.content.is_empty() {
        found.add(&LIST_ISSUER_EMPTY, "the issuer is an empty name", "let an authority that has a subject sign the list");
    }
}

fn algorithms(parts: &Parts<'_>, found: &mut Findings<'_>) {
    if parts.inner_algorithm.raw != parts.outer_algorithm.raw {
        found.add(
            &LIST_ALGORITHMS_DIFFER,
            "the signed algorithm is not the one beside the signature",
            "have the list signed again: both must be the same, parameters included",
        );
    }
}

fn entries(parts: &Parts<'_>, found: &mut Findings<'_>) {
    if parts.revoked.is_some_and(|revoked| revoked.content.is_empty()) {
        found.add(&EMPTY_REVOKED, "revokedCertificates is there and empty", "let the authority leave it out when nothing is revoked");
    }
    for (serial, date, entry_extensions) in parts.entries() {
        let dates = [("revocationDate", date)];
        times::syntax(&dates, found);
        times::type_fits_year(&dates, found);
        extensions(&entry_extensions, found);
        reason(serial, &entry_extensions, parts.extensions.has(oids::DELTA_CRL), found);
    }
}

fn reason(serial: Element<'_>, extensions: &Extensions<'_>, is_delta: bool, found: &mut Findings<'_>) {
    let Some(reason) = extensions.body(oids::REASON_CODE).and_then(|reason| reason.number()) else { return };
    let problem = match reason {
        0 => "0, unspecified, which is left out",
        8 if !is_delta => "8, removeFromCRL, which is for delta lists",
        1..=6 | 8..=10 => return,
        _ => "none that there is",
    };
    let serial = hex(&serial.content[..serial.content.len().min(32)]);
    found.add(
        &ENTRY_REASON,
        format!("the reason of the serial number {serial} is {problem}"),
        "let the authority write a reason of RFC 5280, 5.3.1 or none",
    );
}

fn entries_twice(parts: &Parts<'_>, found: &mut Findings<'_>) {
    // With several issuers, serial numbers repeat.
    let mut seen = std::collections::BTreeSet::new();
    let twice = parts
        .entries()
        .filter(|(.., extensions)| !extensions.has(oids::CERTIFICATE_ISSUER))
        .find(|(serial, ..)| !seen.insert(serial.content));
    let is_indirect = parts.extensions.body(oids::ISSUING_DISTRIBUTION_POINT).is_some_and(|scope| scope.tagged(0x84).is_some());
    if let Some((serial, ..)) = twice.filter(|_| !is_indirect) {
        let serial = hex(&serial.content[..serial.content.len().min(32)]);
        found.add(
            &ENTRY_TWICE,
            format!("the serial number {serial} is revoked more than once"),
            "let the authority keep one entry for each certificate",
        );
    }
}

fn scope(parts: &Parts<'_>, found: &mut Findings<'_>) {
    let Some(scope) = parts.extensions.body(oids::ISSUING_DISTRIBUTION_POINT) else { return };
    let exclusive = scope.children().filter(|field| matches!(field.tag, 0x81 | 0x82 | 0x85) && field.content != [0]).count();
    let problem = match (scope.content, exclusive) {
        ([], _) => "is empty",
        (_, 2..) => "is for two kinds of certificates alone at once",
        _ => return,
    };
    found.add(
        &SCOPE_CONTRADICTS,
        format!("issuingDistributionPoint {problem}"),
        "let the authority write one list for each kind, or one for all",
    );
}

#[cfg(test)]
mod tests {
    use super::super::der::{ENUMERATED, INTEGER, SEQUENCE, UTC_TIME, UTF8_STRING};
    use super::super::specimen::{ECDSA_SHA256, algorithm, extension, name, sequence, tlv};
    use super::*;

    const THIS: &str = "240101000000Z";
    const NEXT: &str = "240201000000Z";

    fn entry(reason: Option<u8>) -> Vec<u8> {
        let reason = reason.map(|reason| extension(oids::REASON_CODE, false, &tlv(ENUMERATED, [reason])));
        let extensions = reason.map(|reason| sequence([reason])).unwrap_or_default();
        sequence([tlv(INTEGER, [7]), tlv(UTC_TIME, THIS), extensions])
    }

    fn number() -> Vec<u8> {
        extension(oids::CRL_NUMBER, false, &tlv(INTEGER, [1]))
    }

    fn key_id() -> Vec<u8> {
        extension(oids::AUTHORITY_KEY_ID, false, &sequence([tlv(0x80, [7; 20])]))
    }

    /// Version, dates, the list of revoked certificates, extensions.
    fn codes(version: &[u8], dates: &[&str], revoked: Option<Vec<u8>>, extensions: &[Vec<u8>]) -> Vec<&'static str> {
        let dates: Vec<u8> = dates.iter().flat_map(|date| tlv(UTC_TIME, date)).collect();
        let body = sequence([
            version.to_vec(),
            algorithm(ECDSA_SHA256, &[]),
            name(&[(oids::COMMON_NAME, UTF8_STRING, "root")]),
            dates,
            revoked.map(|revoked| tlv(SEQUENCE, revoked)).unwrap_or_default(),
            if extensions.is_empty() { vec![] } else { tlv(0xa0, tlv(SEQUENCE, extensions.concat())) },
        ]);
        let list = sequence([body, algorithm(ECDSA_SHA256, &[]), tlv(3, [0])]);
        of_der(&list, &Place::default()).iter().map(|finding| finding.rule.code).collect()
    }

    const V2: &[u8] = &[INTEGER, 1, 1];

    fn revoking(entries: &[Vec<u8>]) -> Vec<&'static str> {
        codes(V2, &[THIS, NEXT], Some(entries.concat()), &[key_id(), number()])
    }

    #[test]
    fn a_list_has_its_version_dates_number_and_issuer() {
        assert!(codes(V2, &[THIS, NEXT], None, &[key_id(), number()]).is_empty());
        assert_eq!(codes(&[], &[THIS, NEXT], None, &[]), ["list-version"]);
        assert_eq!(codes(V2, &[THIS], None, &[key_id(), number()]), ["list-without-next-update"]);
        assert_eq!(codes(V2, &[NEXT, THIS], None, &[key_id(), number()]), ["period-negative"]);
        assert_eq!(codes(V2, &[THIS, NEXT], None, &[number()]), ["list-extension-missing"]);
        assert_eq!(codes(V2, &[THIS, NEXT], None, &[key_id()]), ["list-extension-missing"]);
        let negative = extension(oids::CRL_NUMBER, false, &tlv(INTEGER, [0xff]));
        assert_eq!(codes(V2, &[THIS, NEXT], None, &[key_id(), negative]), ["list-number"]);
        let critical = extension(oids::CRL_NUMBER, true, &tlv(INTEGER, [1]));
        assert_eq!(codes(V2, &[THIS, NEXT], None, &[key_id(), critical]), ["extension-critical"]);
    }

    #[test]
    fn entries_have_reasons_that_there_are() {
        assert!(revoking(&[entry(Some(1))]).is_empty());
        assert_eq!(revoking(&[]), ["list-empty-revoked"]);
        assert_eq!(revoking(&[entry(None), entry(None)]), ["list-entry-twice"]);
        for reason in [0, 7, 8, 11] {
            assert_eq!(revoking(&[entry(Some(reason))]), ["list-entry-reason"], "{reason}");
        }
    }

    #[test]
    fn a_scope_is_one_scope() {
        let with = |scope: Vec<u8>| {
            codes(V2, &[THIS, NEXT], None, &[key_id(), number(), extension(oids::ISSUING_DISTRIBUTION_POINT, true, &scope)])
        };
        assert!(with(sequence([tlv(0x81, [0xff])])).is_empty());
        assert_eq!(with(sequence([])), ["list-scope"]);
        assert_eq!(with(sequence([tlv(0x81, [0xff]), tlv(0x82, [0xff])])), ["list-scope"]);
    }
}
