//! Rules on certificate policies (RFC 5280, 4.2.1.4, 4.2.1.5, 4.2.1.11 and 4.2.1.14; RFC 6818, 3).

use super::der::{BMP_STRING, Element, IA5_STRING, SEQUENCE, UTF8_STRING, VISIBLE_STRING};
use super::facts::Facts;
use super::findings::Findings;
use super::name_syntax::uri_problem;
use super::oids::{self, Oid};
use super::text::{character_defect, quoted, text, type_name};
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[
    &POLICY_TWICE,
    &ANY_POLICY_QUALIFIED,
    &NOTICE_TEXT_TYPE,
    &NOTICE_TEXT,
    &NOTICE_REFERENCE,
    &STATEMENT_URI,
    &MAPPINGS_IN_LEAF,
    &MAPPING_ANY,
    &MAPPING_STRANGE,
    &CONSTRAINTS_EMPTY,
    &CONSTRAINTS_IN_LEAF,
];

const POLICY_TWICE: Rule = Rule {
    code: "policy-twice",
    severity: Severity::Error,
    title: "a policy occurs twice",
    why: "RFC 5280, 4.2.1.4: a policy must not appear more than once. OpenSSL and Java refuse the certificate.",
};
const ANY_POLICY_QUALIFIED: Rule = Rule {
    code: "any-policy-qualified",
    severity: Severity::Warning,
    title: "anyPolicy with an unknown qualifier",
    why: "RFC 5280, 4.2.1.4: anyPolicy takes the two qualifiers of that section alone.",
};
const NOTICE_TEXT_TYPE: Rule = Rule {
    code: "notice-text-type",
    severity: Severity::Warning,
    title: "a user notice in the wrong string type",
    why: "RFC 5280, 4.2.1.4 and RFC 6818, 3: an explicitText is a UTF8String, not an IA5String; VisibleString and BMPString are of the past.",
};
const NOTICE_TEXT: Rule = Rule {
    code: "notice-text",
    severity: Severity::Warning,
    title: "a user notice that is empty, too long, or has control characters",
    why: "RFC 5280, 4.2.1.4: at most 200 characters, none of them for control. Strict readers refuse the extension.",
};
const NOTICE_REFERENCE: Rule = Rule {
    code: "notice-reference",
    severity: Severity::Warning,
    title: "a user notice by reference",
    why: "RFC 5280, 4.2.1.4: authorities should not use noticeRef.",
};
const STATEMENT_URI: Rule = Rule {
    code: "practice-statement-uri",
    severity: Severity::Warning,
    title: "a practice statement that is no URI",
    why: "RFC 5280, 4.2.1.4: the pointer to a practice statement is a URI.",
};
const MAPPINGS_IN_LEAF: Rule = Rule {
    code: "policy-mappings-in-leaf",
    severity: Severity::Warning,
    title: "policyMappings in a leaf",
    why: "RFC 5280, 4.2.1.5: it is for certificates of authorities.",
};
const MAPPING_ANY: Rule = Rule {
    code: "policy-mapping-any",
    severity: Severity::Error,
    title: "a mapping from or to anyPolicy",
    why: "RFC 5280, 4.2.1.5: policies must not be mapped to or from anyPolicy. Java, OpenSSL and every path validation refuse the path.",
};
const MAPPING_STRANGE: Rule = Rule {
    code: "policy-mapping-strange",
    severity: Severity::Warning,
    title: "a mapping of a policy that is not asserted",
    why: "RFC 5280, 4.2.1.5: each issuerDomainPolicy should also be in certificatePolicies.",
};
const CONSTRAINTS_EMPTY: Rule = Rule {
    code: "policy-constraints-empty",
    severity: Severity::Error,
    title: "policyConstraints without a constraint",
    why: "RFC 5280, 4.2.1.11: it must not be an empty sequence, nor have negative numbers.",
};
const CONSTRAINTS_IN_LEAF: Rule = Rule {
    code: "policy-constraints-in-leaf",
    severity: Severity::Warning,
    title: "policy constraints in a leaf",
    why: "RFC 5280, 4.2.1.11 and 4.2.1.14: policyConstraints and inhibitAnyPolicy are for certificates of authorities.",
};

fn policies<'a>(facts: &Facts<'a>) -> impl Iterator<Item = Element<'a>> {
    facts.extensions.body(oids::CERTIFICATE_POLICIES).into_iter().flat_map(|body| body.children())
}

/// Policy, kind of qualifier, and the qualifier.
fn qualifiers<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (Element<'a>, Element<'a>, Element<'a>)> {
    policies(facts).flat_map(|policy| {
        let qualifiers = policy.child(1).into_iter().flat_map(|list| list.children());
        qualifiers.filter_map(move |each| Some((policy.child(0)?, each.child(0)?, each.child(1)?)))
    })
}

fn notices<'a>(facts: &Facts<'a>) -> impl Iterator<Item = Element<'a>> {
    qualifiers(facts).filter(|(_, kind, _)| oids::is(*kind, oids::USER_NOTICE)).map(|(_, _, notice)| notice)
}

fn texts<'a>(facts: &Facts<'a>) -> impl Iterator<Item = Element<'a>> {
    notices(facts).filter_map(|notice| notice.children().find(|part| part.tag != SEQUENCE))
}

pub fn no_policy_twice(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    if let Some(policy) = policies(facts).filter_map(|policy| policy.child(0)).find(|id| !seen.insert(id.content)) {
        found.add(
            &POLICY_TWICE,
            format!("certificatePolicies has {} more than once", oids::name(policy.content)),
            "issue it again with each policy once",
        );
    }
}

pub fn any_policy_has_known_qualifiers(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let known = |kind: Element<'_>| oids::is(kind, oids::CPS_POINTER) || oids::is(kind, oids::USER_NOTICE);
    for (_, kind, _) in qualifiers(facts).filter(|(policy, kind, _)| oids::is(*policy, oids::ANY_POLICY) && !known(*kind)) {
        let message = format!("anyPolicy has the qualifier {}", oids::dotted(kind.content));
        found.add(&ANY_POLICY_QUALIFIED, message, "issue it again without this qualifier (RFC 5280, 4.2.1.4)");
    }
}

pub fn notice_is_utf8(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for text in texts(facts).filter(|text| matches!(text.tag, IA5_STRING | VISIBLE_STRING | BMP_STRING)) {
        let message = format!("an explicitText is a {}", type_name(text.tag).unwrap_or_default());
        found.add(&NOTICE_TEXT_TYPE, message, "issue it again with a UTF8String (RFC 6818, 3)");
    }
}

pub fn notice_is_readable(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for element in texts(facts).filter(|text| matches!(text.tag, UTF8_STRING | IA5_STRING | VISIBLE_STRING | BMP_STRING)) {
        let text = text(element);
        let count = text.chars().count();
        let problem = if count == 0 {
            "is empty".to_owned()
        } else if count > 200 {
            format!("has {count} characters, and 200 are allowed")
        } else if text.chars().any(char::is_control) {
            "has control characters".to_owned()
        } else if let Some(problem) = character_defect(element.tag, element.content) {
            format!("holds {problem}")
        } else {
            continue;
        };
        found.add(
            &NOTICE_TEXT,
            format!("the explicitText {} {problem}", quoted(&text)),
            "issue it again with a short text, or better with none",
        );
    }
}

pub fn notice_has_no_reference(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if notices(facts).any(|notice| notice.tagged(SEQUENCE).is_some()) {
        found.add(&NOTICE_REFERENCE, "a user notice has a noticeRef", "issue it again without (RFC 5280, 4.2.1.4)");
    }
}

pub fn statement_is_uri(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for (_, _, uri) in qualifiers(facts).filter(|(_, kind, _)| oids::is(*kind, oids::CPS_POINTER)) {
        let text = text(uri);
        let problem = if uri.tag == IA5_STRING { uri_problem(&text) } else { Some("is no IA5String") };
        if let Some(problem) = problem {
            found.add(
                &STATEMENT_URI,
                format!("the practice statement {} {problem}", quoted(&text)),
                "issue it again with an absolute URI, or without the qualifier",
            );
        }
    }
}

pub fn leaf_maps_no_policies(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.extensions.has(oids::POLICY_MAPPINGS) && !facts.is_authority() {
        found.add(&MAPPINGS_IN_LEAF, "it has policyMappings and is no authority", "issue it again without policyMappings");
    }
}

fn mappings<'a>(facts: &Facts<'a>) -> impl Iterator<Item = [Element<'a>; 2]> {
    let pairs = facts.extensions.body(oids::POLICY_MAPPINGS).into_iter().flat_map(|body| body.children());
    pairs.filter_map(|pair| Some([pair.child(0)?, pair.child(1)?]))
}

pub fn any_policy_is_not_mapped(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if mappings(facts).flatten().any(|id| oids::is(id, oids::ANY_POLICY)) {
        found.add(&MAPPING_ANY, "policyMappings has anyPolicy", "issue it again without this mapping (RFC 5280, 4.2.1.5)");
    }
}

pub fn mapped_policies_are_asserted(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let asserted: std::collections::BTreeSet<_> = policies(facts).filter_map(|policy| policy.child(0)).map(|id| id.content).collect();
    if asserted.contains(oids::ANY_POLICY.as_bytes()) {
        return;
    }
    for [from, _] in mappings(facts).filter(|[from, _]| !asserted.contains(from.content)) {
        let message = format!("policyMappings maps {}, which certificatePolicies does not have", oids::name(from.content));
        found.add(&MAPPING_STRANGE, message, "issue it again with the policy in both");
    }
}

pub fn policy_constraints_constrain(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let is_negative = |number: &Element<'_>| number.content.first().is_some_and(|first| *first >= 0x80);
    let constraints = facts.extensions.body(oids::POLICY_CONSTRAINTS);
    if constraints.is_some_and(|constraints| constraints.content.is_empty()) {
        found.add(&CONSTRAINTS_EMPTY, "policyConstraints is empty", "issue it again without, or with a constraint");
    }
    let numbers =
        constraints.into_iter().flat_map(|constraints| constraints.children()).chain(facts.extensions.body(oids::INHIBIT_ANY_POLICY));
    if numbers.into_iter().any(|number| is_negative(&number)) {
        found.add(&CONSTRAINTS_EMPTY, "a policy constraint is negative", "issue it again with a number of certificates from 0 on");
    }
}

pub fn leaf_constrains_no_policies(facts: &Facts<'_>, found: &mut Findings<'_>) {
    const FOR_AUTHORITIES: [Oid; 2] = [oids::POLICY_CONSTRAINTS, oids::INHIBIT_ANY_POLICY];
    for id in FOR_AUTHORITIES.into_iter().filter(|id| facts.extensions.has(*id) && !facts.is_authority()) {
        let name = oids::name(id.as_bytes());
        found.add(&CONSTRAINTS_IN_LEAF, format!("it has {name} and is no authority"), format!("issue it again without {name}"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{Specimen, authority, leaf, oid, sequence, tlv};
    use super::*;

    const POLICY: Oid = Oid::new_unwrap("1.3.6.1.4.1.99999.2");

    fn qualified(policy: Oid, kind: Oid, qualifier: Vec<u8>) -> Vec<&'static str> {
        let qualifiers = sequence([sequence([oid(kind), qualifier])]);
        leaf().with(oids::CERTIFICATE_POLICIES, false, sequence([sequence([oid(policy), qualifiers])])).codes()
    }

    #[test]
    fn a_policy_stands_once() {
        let policy = || sequence([oid(POLICY)]);
        assert_eq!(leaf().with(oids::CERTIFICATE_POLICIES, false, sequence([policy(), policy()])).codes(), ["policy-twice"]);
        assert!(leaf().with(oids::CERTIFICATE_POLICIES, false, sequence([policy()])).codes().is_empty());
    }

    #[test]
    fn qualifiers_keep_to_their_form() {
        let notice = |tag, text: &str| qualified(POLICY, oids::USER_NOTICE, sequence([tlv(tag, text)]));
        assert!(notice(UTF8_STRING, "for tests").is_empty());
        assert_eq!(notice(IA5_STRING, "for tests"), ["notice-text-type"]);
        assert_eq!(notice(VISIBLE_STRING, "for tests"), ["notice-text-type"]);
        assert_eq!(notice(UTF8_STRING, &"x".repeat(201)), ["notice-text"]);
        assert_eq!(notice(UTF8_STRING, "a\nb"), ["notice-text"]);
        assert_eq!(notice(UTF8_STRING, ""), ["notice-text"]);
        let reference = sequence([tlv(UTF8_STRING, "a"), sequence([])]);
        assert_eq!(qualified(POLICY, oids::USER_NOTICE, sequence([reference])), ["notice-reference"]);
        assert_eq!(qualified(POLICY, oids::CPS_POINTER, tlv(IA5_STRING, "somewhere")), ["practice-statement-uri"]);
        assert_eq!(qualified(oids::ANY_POLICY, POLICY, tlv(IA5_STRING, "x")), ["any-policy-qualified"]);
    }

    fn mapped(base: Specimen, from: Oid) -> Vec<&'static str> {
        let policies = sequence([sequence([oid(POLICY)])]);
        let mappings = sequence([sequence([oid(from), oid(POLICY)])]);
        base.with(oids::CERTIFICATE_POLICIES, false, policies).with(oids::POLICY_MAPPINGS, true, mappings).codes()
    }

    #[test]
    fn mappings_are_between_policies_of_an_authority() {
        assert!(mapped(authority(), POLICY).is_empty());
        assert_eq!(mapped(leaf(), POLICY), ["policy-mappings-in-leaf"]);
        assert_eq!(mapped(authority(), POLICY_ELSEWHERE), ["policy-mapping-strange"]);
        assert_eq!(mapped(authority(), oids::ANY_POLICY), ["policy-mapping-any", "policy-mapping-strange"]);
    }

    const POLICY_ELSEWHERE: Oid = Oid::new_unwrap("1.3.6.1.4.1.99999.3");

    #[test]
    fn constraints_constrain_an_authority() {
        let require = || sequence([tlv(0x80, [0])]);
        assert!(authority().with(oids::POLICY_CONSTRAINTS, true, require()).codes().is_empty());
        assert_eq!(authority().with(oids::POLICY_CONSTRAINTS, true, sequence([])).codes(), ["policy-constraints-empty"]);
        assert_eq!(authority().with(oids::INHIBIT_ANY_POLICY, true, tlv(2, [0xff])).codes(), ["policy-constraints-empty"]);
        assert_eq!(leaf().with(oids::POLICY_CONSTRAINTS, true, require()).codes(), ["policy-constraints-in-leaf"]);
    }
}
