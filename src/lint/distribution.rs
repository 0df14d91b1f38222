//! Rules on where revocation lists and issuers are found (RFC 5280, 4.2.1.13, 4.2.1.15, 4.2.2; RFC 9608).

use super::der::Element;
use super::facts::{Extensions, Facts};
use super::findings::Findings;
use super::general_names::general_name;
use super::oids::{self, Oid};
use super::text::quoted;
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] =
    &[&POINT_EMPTY, &POINT_RELATIVE, &POINT_UNREACHABLE, &LOCATION_OVER_TLS, &ACCESS_LOCATION, &NO_REVOCATION, &NO_CHECK_MISPLACED];

const POINT_EMPTY: Rule = Rule {
    code: "distribution-point-empty",
    severity: Severity::Error,
    title: "a distribution point that points nowhere",
    why: "RFC 5280, 4.2.1.13: a distribution point has a name or a cRLIssuer. Java refuses the certificate.",
};
const POINT_RELATIVE: Rule = Rule {
    code: "distribution-point-relative",
    severity: Severity::Warning,
    title: "a distribution point with a relative name",
    why: "RFC 5280, 4.2.1.13: authorities should not use nameRelativeToCRLIssuer, and must not with several issuers.",
};
const POINT_UNREACHABLE: Rule = Rule {
    code: "distribution-point-unreachable",
    severity: Severity::Warning,
    title: "a distribution point that cannot be fetched",
    why: "RFC 5280, 4.2.1.13: one name should be an http or ldap URI. Programs fetch nothing else.",
};
const LOCATION_OVER_TLS: Rule = Rule {
    code: "location-over-tls",
    severity: Severity::Note,
    title: "a list or issuer that is fetched over TLS",
    why: "RFC 5280, 8: fetching over https asks for the validation that it is meant to help.",
};
const ACCESS_LOCATION: Rule = Rule {
    code: "access-location",
    severity: Severity::Warning,
    title: "an access location that is no URI",
    why: "RFC 5280, 4.2.2.1: OCSP and caIssuers are given by http or ldap URIs. Programs ask nothing else.",
};
const NO_REVOCATION: Rule = Rule {
    code: "no-revocation-contradicted",
    severity: Severity::Warning,
    title: "noRevAvail beside revocation",
    why: "RFC 9608, 3: noRevAvail must not be in an authority's certificate, nor with CRL distribution points or OCSP.",
};
const NO_CHECK_MISPLACED: Rule = Rule {
    code: "ocsp-nocheck-misplaced",
    severity: Severity::Warning,
    title: "ocsp-nocheck without OCSPSigning",
    why: "RFC 6960, 4.2.2.2.1: it is for the certificates of OCSP responders.",
};

/// Every distribution point of both extensions that have some.
fn points<'a>(extensions: &Extensions<'a>) -> impl Iterator<Item = (&'static str, Element<'a>)> {
    let lists = [(oids::CRL_DISTRIBUTION_POINTS, "cRLDistributionPoints"), (oids::FRESHEST_CRL, "freshestCRL")];
    let bodies: Vec<_> = lists.into_iter().filter_map(|(id, name)| Some((name, extensions.body(id)?))).collect();
    bodies.into_iter().flat_map(|(name, body)| body.children().map(move |point| (name, point)))
}

pub fn points_point_somewhere(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    for (name, point) in points(extensions) {
        if point.tagged(0xa0).is_none() && point.tagged(0xa2).is_none() {
            let has = if point.content.is_empty() { "is empty" } else { "has reasons alone" };
            found.add(
                &POINT_EMPTY,
                format!("a distribution point of {name} {has}"),
                "issue it again with the URI of the revocation list (RFC 5280, 4.2.1.13)",
            );
        }
    }
}

pub fn points_are_absolute(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    for (name, point) in points(extensions) {
        if point.tagged(0xa0).is_some_and(|place| place.tagged(0xa1).is_some()) {
            found.add(
                &POINT_RELATIVE,
                format!("a distribution point of {name} has a nameRelativeToCRLIssuer"),
                "issue it again with a URI",
            );
        }
    }
}

pub fn points_can_be_fetched(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    for (holder, point) in points(extensions) {
        let Some(names) = point.tagged(0xa0).and_then(|place| place.tagged(0xa0)) else { continue };
        names.children().for_each(|name| general_name(name, holder, found));
        let schemes = ["http:", "https:", "ldap:", "ldaps:", "ftp:"];
        if !names.children().any(|name| name.tag == 0x86 && schemes.iter().any(|scheme| begins_with(name, scheme))) {
            found.add(
                &POINT_UNREACHABLE,
                format!("a distribution point of {holder} has no http or ldap URI"),
                "issue it again with an http URI of the list",
            );
        }
    }
}

fn begins_with(name: Element<'_>, scheme: &str) -> bool {
    name.content.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme.as_bytes()))
}

pub fn locations_need_no_tls(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    let of_points = points(extensions).filter_map(|(name, point)| Some((name, point.tagged(0xa0)?.tagged(0xa0)?)));
    let uris = of_points.flat_map(|(name, names)| names.children().map(move |uri| (name, uri)));
    let of_access = descriptions(extensions).map(|(name, _, location)| (name, location));
    for (name, uri) in uris.chain(of_access).filter(|(_, uri)| uri.tag == 0x86 && begins_with(*uri, "https:")) {
        let text = quoted(&String::from_utf8_lossy(uri.content));
        found.add(
            &LOCATION_OVER_TLS,
            format!("the URI {text} of {name} is fetched over TLS"),
            "issue it again with an http URI: what lies there is signed",
        );
    }
}

/// Extension, method and location.
fn descriptions<'a>(extensions: &Extensions<'a>) -> impl Iterator<Item = (&'static str, Element<'a>, Element<'a>)> {
    let lists = [(oids::AUTHORITY_INFO_ACCESS, "authorityInfoAccess"), (oids::SUBJECT_INFO_ACCESS, "subjectInfoAccess")];
    let bodies: Vec<_> = lists.into_iter().filter_map(|(id, name)| Some((name, extensions.body(id)?))).collect();
    bodies.into_iter().flat_map(|(name, body)| body.children().filter_map(move |each| Some((name, each.child(0)?, each.child(1)?))))
}

pub fn access_locations_are_uris(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    for (name, method, location) in descriptions(extensions) {
        general_name(location, name, found);
        if location.tag != 0x86 {
            let message = format!("the location of {} in {name} is no URI", oids::dotted(method.content));
            found.add(&ACCESS_LOCATION, message, "issue it again with an http URI (RFC 5280, 4.2.2.1)");
        }
    }
}

pub fn no_revocation_is_meant(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if !facts.extensions.has(oids::NO_REV_AVAIL) {
        return;
    }
    const LISTS: [Oid; 2] = [oids::CRL_DISTRIBUTION_POINTS, oids::FRESHEST_CRL];
    let beside = if facts.is_authority() {
        "and is an authority".to_owned()
    } else if let Some(list) = LISTS.into_iter().find(|list| facts.extensions.has(*list)) {
        format!("and {}", oids::name(list.as_bytes()))
    } else if descriptions(&facts.extensions).any(|(_, method, _)| oids::is(method, oids::OCSP)) {
        "and an OCSP responder".to_owned()
    } else {
        return;
    };
    found.add(&NO_REVOCATION, format!("it has noRevAvail {beside}"), "issue it again with one of the two (RFC 9608, 3)");
}

pub fn no_check_is_for_responders(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.extensions.has(oids::OCSP_NO_CHECK) && !facts.has_purpose(oids::OCSP_SIGNING) {
        found.add(&NO_CHECK_MISPLACED, "it has ocsp-nocheck and does not sign OCSP responses", "issue it again without ocsp-nocheck");
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{leaf, null, oid, sequence, tlv};
    use super::*;

    fn points(point: Vec<u8>) -> Vec<&'static str> {
        leaf().with(oids::CRL_DISTRIBUTION_POINTS, false, sequence([point])).codes()
    }

    fn at(name: Vec<u8>) -> Vec<u8> {
        sequence([tlv(0xa0, tlv(0xa0, name))])
    }

    #[test]
    fn points_lead_to_a_list() {
        assert!(points(at(tlv(0x86, "http://crl.example.com/root.crl"))).is_empty());
        assert_eq!(points(sequence([])), ["distribution-point-empty"]);
        assert_eq!(points(sequence([tlv(0x81, [6, 0x40])])), ["distribution-point-empty"]);
        let relative = sequence([oid(oids::COMMON_NAME), tlv(0x0c, "crl")]);
        assert_eq!(points(sequence([tlv(0xa0, tlv(0xa1, relative))])), ["distribution-point-relative"]);
        assert_eq!(points(at(tlv(0x82, "crl.example.com"))), ["distribution-point-unreachable"]);
        assert_eq!(points(at(tlv(0x86, "https://crl.example.com/root.crl"))), ["location-over-tls"]);
        assert_eq!(points(at(tlv(0x86, "crl.example.com/root.crl"))), ["uri-syntax", "distribution-point-unreachable"]);
    }

    #[test]
    fn access_is_by_uri() {
        let access = |location| leaf().with(oids::AUTHORITY_INFO_ACCESS, false, sequence([sequence([oid(oids::OCSP), location])])).codes();
        assert!(access(tlv(0x86, "http://ocsp.example.com")).is_empty());
        assert_eq!(access(tlv(0x82, "ocsp.example.com")), ["access-location"]);
    }

    #[test]
    fn no_revocation_means_none() {
        let short = || leaf().with(oids::NO_REV_AVAIL, false, null());
        assert!(short().codes().is_empty());
        let points = sequence([at(tlv(0x86, "http://crl.example.com/root.crl"))]);
        assert_eq!(short().with(oids::CRL_DISTRIBUTION_POINTS, false, points).codes(), ["no-revocation-contradicted"]);
        let ocsp = sequence([sequence([oid(oids::OCSP), tlv(0x86, "http://ocsp.example.com")])]);
        assert_eq!(short().with(oids::AUTHORITY_INFO_ACCESS, false, ocsp).codes(), ["no-revocation-contradicted"]);
    }

    #[test]
    fn no_check_is_for_ocsp() {
        assert_eq!(leaf().with(oids::OCSP_NO_CHECK, false, null()).codes(), ["ocsp-nocheck-misplaced"]);
        let responder = leaf().with(oids::EXTENDED_KEY_USAGE, false, sequence([oid(oids::OCSP_SIGNING)]));
        assert!(responder.with(oids::OCSP_NO_CHECK, false, null()).codes().is_empty());
    }
}
