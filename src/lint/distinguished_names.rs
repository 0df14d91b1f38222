//! Rules on subjects and issuers (RFC 5280, 4.1.2.4 and appendix A).

use super::der::{BMP_STRING, Element, IA5_STRING, PRINTABLE_STRING, TELETEX_STRING, UNIVERSAL_STRING, UTF8_STRING};
use super::facts::{Attribute, attributes};
use super::findings::Findings;
use super::oids::{self, Oid};
use super::text::{character_defect, quoted, text, type_name};
use crate::finding::{Rule, Severity};

pub const RULES: &[&Rule] = &[
    &ATTRIBUTE_LENGTH,
    &ATTRIBUTE_TYPE,
    &ATTRIBUTE_CHARACTERS,
    &STRING_TYPE_OBSOLETE,
    &COUNTRY_CODE,
    &ATTRIBUTE_TWICE,
    &ATTRIBUTE_SPACES,
    &CONTROL_CHARACTERS,
    &DOMAIN_COMPONENT,
    &SEVERAL_IN_ONE,
];

const ATTRIBUTE_LENGTH: Rule = Rule {
    code: "name-attribute-length",
    severity: Severity::Warning,
    title: "an attribute of a name is empty or too long",
    why: "RFC 5280, appendix A.1 gives each attribute a least and a greatest length. OpenSSL refuses to write others, and some programs to read them.",
};
const ATTRIBUTE_TYPE: Rule = Rule {
    code: "name-attribute-type",
    severity: Severity::Warning,
    title: "an attribute of a name has the wrong string type",
    why: "RFC 5280, appendix A.1 fixes the type of some attributes. Names are compared by their encoding: with the wrong one, no issuer is found.",
};
const ATTRIBUTE_CHARACTERS: Rule = Rule {
    code: "name-attribute-characters",
    severity: Severity::Warning,
    title: "characters that the string type does not have",
    why: "Programs read such a string differently or not at all (X.680, 41), so that names do not match.",
};
const STRING_TYPE_OBSOLETE: Rule = Rule {
    code: "name-string-type-obsolete",
    severity: Severity::Warning,
    title: "a string type of the past",
    why: "RFC 5280, 4.1.2.4: PrintableString or UTF8String for new names. TeletexString in particular is read in several ways.",
};
const COUNTRY_CODE: Rule = Rule {
    code: "country-code",
    severity: Severity::Warning,
    title: "C is not two letters",
    why: "countryName is a PrintableString of two characters, a code of ISO 3166 (RFC 5280, appendix A.1).",
};
const ATTRIBUTE_TWICE: Rule = Rule {
    code: "name-attribute-twice",
    severity: Severity::Note,
    title: "an attribute that a name has twice",
    why: "With two common names or organizations, programs take the first or the last one: Kafka's mapping rules and RabbitMQ's user differ.",
};
const ATTRIBUTE_SPACES: Rule = Rule {
    code: "name-attribute-spaces",
    severity: Severity::Warning,
    title: "spaces around an attribute of a name",
    why: "Comparison ignores them (RFC 5280, 7.1), but the principal of Kafka and the user of RabbitMQ keep them, invisibly.",
};
const CONTROL_CHARACTERS: Rule = Rule {
    code: "name-control-characters",
    severity: Severity::Warning,
    title: "control characters in a name",
    why: "Nobody sees them, and a NUL has made programs take a name for its beginning.",
};
const DOMAIN_COMPONENT: Rule = Rule {
    code: "domain-component",
    severity: Severity::Warning,
    title: "DC that is no label of a domain",
    why: "Each DC holds one label of a domain name (RFC 2247, RFC 4519, 2.4).",
};
const SEVERAL_IN_ONE: Rule = Rule {
    code: "name-part-with-several-attributes",
    severity: Severity::Note,
    title: "several attributes in one part of a name",
    why: "Programs write such a part in different orders: a Kafka ACL or a RabbitMQ user that spells it out may not match.",
};

/// Characters at most, and the types allowed where RFC 5280 fixes them.
const LIMITS: &[(Oid, usize)] = &[
    (oids::COMMON_NAME, 64),
    (oids::SURNAME, 32_768),
    (oids::GIVEN_NAME, 32_768),
    (oids::INITIALS, 32_768),
    (oids::GENERATION_QUALIFIER, 32_768),
    (oids::SERIAL_NUMBER, 64),
    (oids::LOCALITY, 128),
    (oids::STATE, 128),
    (oids::STREET, 128),
    (oids::ORGANIZATION, 64),
    (oids::ORGANIZATIONAL_UNIT, 64),
    (oids::TITLE, 64),
    (oids::POSTAL_CODE, 40),
    (oids::PSEUDONYM, 128),
    (oids::EMAIL_ADDRESS, 255),
];
const FIXED_TYPES: &[(Oid, u8)] = &[
    (oids::COUNTRY, PRINTABLE_STRING),
    (oids::SERIAL_NUMBER, PRINTABLE_STRING),
    (oids::DN_QUALIFIER, PRINTABLE_STRING),
    (oids::EMAIL_ADDRESS, IA5_STRING),
    (oids::DOMAIN_COMPONENT, IA5_STRING),
];
const DIRECTORY_TYPES: [u8; 5] = [PRINTABLE_STRING, UTF8_STRING, TELETEX_STRING, BMP_STRING, UNIVERSAL_STRING];

/// Every rule on one name; `whose` is `subject` or `issuer`.
pub fn name(name: Element<'_>, whose: &str, found: &mut Findings<'_>) {
    for attribute in attributes(name) {
        let label = format!("{} of the {whose}", oids::name(attribute.id.content));
        for rule in [length, string_type, characters, obsolete_type, country, spaces, control_characters, domain_component] {
            rule(attribute, &label, found);
        }
    }
    twice(name, whose, found);
    several_in_one(name, whose, found);
}

fn length(Attribute { id, value }: Attribute<'_>, label: &str, found: &mut Findings<'_>) {
    let (count, known) = (text(value).chars().count(), type_name(value.tag).is_some());
    let most = LIMITS.iter().find(|(oid, _)| oids::is(id, *oid)).map(|(_, most)| *most);
    if known && count == 0 {
        found.add(&ATTRIBUTE_LENGTH, format!("{label} is empty"), "issue it again without this attribute, or with a value");
    } else if let Some(most) = most.filter(|most| count > *most) {
        let fix = format!("issue it again with at most {most} characters (RFC 5280, appendix A.1)");
        found.add(&ATTRIBUTE_LENGTH, format!("{label} has {count} characters, and {most} are allowed"), fix);
    }
}

fn string_type(Attribute { id, value }: Attribute<'_>, label: &str, found: &mut Findings<'_>) {
    let fixed = FIXED_TYPES.iter().find(|(oid, _)| oids::is(id, *oid)).map(|(_, tag)| *tag);
    let limited = LIMITS.iter().any(|(oid, _)| oids::is(id, *oid));
    let is_right = fixed.map_or(!limited || DIRECTORY_TYPES.contains(&value.tag), |tag| tag == value.tag);
    if !is_right {
        let is = type_name(value.tag).map_or_else(|| format!("tag {:02X}", value.tag), str::to_owned);
        let should = fixed.and_then(type_name).unwrap_or("PrintableString or UTF8String");
        found.add(&ATTRIBUTE_TYPE, format!("{label} is a {is}"), format!("issue it again with a {should} (RFC 5280, appendix A.1)"));
    }
}

fn characters(Attribute { value, .. }: Attribute<'_>, label: &str, found: &mut Findings<'_>) {
    if let Some(problem) = character_defect(value.tag, value.content) {
        found.add(
            &ATTRIBUTE_CHARACTERS,
            format!("{label} holds {problem}"),
            "issue it again with a UTF8String where RFC 5280 allows one, or without the character",
        );
    }
}

fn obsolete_type(Attribute { value, .. }: Attribute<'_>, label: &str, found: &mut Findings<'_>) {
    if let (TELETEX_STRING | BMP_STRING | UNIVERSAL_STRING, Some(name)) = (value.tag, type_name(value.tag)) {
        found.add(&STRING_TYPE_OBSOLETE, format!("{label} is a {name}"), "issue it again with a UTF8String (RFC 5280, 4.1.2.4)");
    }
}

fn country(Attribute { id, value }: Attribute<'_>, label: &str, found: &mut Findings<'_>) {
    let is_code = value.content.len() == 2 && value.content.iter().all(u8::is_ascii_uppercase);
    if oids::is(id, oids::COUNTRY) && value.tag == PRINTABLE_STRING && !is_code {
        found.add(&COUNTRY_CODE, format!("{label} is {}", quoted(&text(value))), "issue it again with the two capital letters of ISO 3166");
    }
}

fn spaces(Attribute { value, .. }: Attribute<'_>, label: &str, found: &mut Findings<'_>) {
    let text = text(value);
    if type_name(value.tag).is_some() && text.trim() != text {
        found.add(&ATTRIBUTE_SPACES, format!("{label} is {}", quoted(&text)), "issue it again without spaces around the value");
    }
}

fn control_characters(Attribute { value, .. }: Attribute<'_>, label: &str, found: &mut Findings<'_>) {
    let text = text(value);
    if type_name(value.tag).is_some() && text.chars().any(char::is_control) {
        found.add(&CONTROL_CHARACTERS, format!("{label} is {}", quoted(&text)), "issue it again without control characters");
    }
}

fn domain_component(Attribute { id, value }: Attribute<'_>, label: &str, found: &mut Findings<'_>) {
    let text = text(value);
    let is_label = (1..=63).contains(&text.len())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if oids::is(id, oids::DOMAIN_COMPONENT) && !is_label {
        found.add(&DOMAIN_COMPONENT, format!("{label} is {}", quoted(&text)), "issue it again with one DC for each label of the domain");
    }
}

fn twice(name: Element<'_>, whose: &str, found: &mut Findings<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    for Attribute { id, .. } in attributes(name) {
        let may_repeat = [oids::ORGANIZATIONAL_UNIT, oids::DOMAIN_COMPONENT, oids::STREET].iter().any(|oid| oids::is(id, *oid));
        if !seen.insert(id.content) && !may_repeat {
            let label = oids::name(id.content);
            found.add(
                &ATTRIBUTE_TWICE,
                format!("the {whose} has {label} more than once"),
                "issue it again with one, and put host names into subjectAltName",
            );
        }
    }
}

fn several_in_one(name: Element<'_>, whose: &str, found: &mut Findings<'_>) {
    if let Some(part) = name.children().find(|part| part.children().nth(1).is_some()) {
        let labels: Vec<_> = part.children().filter_map(|each| Some(oids::name(each.child(0)?.content))).take(4).collect();
        found.add(
            &SEVERAL_IN_ONE,
            format!("{} stand together in one part of the {whose}", labels.join(" and ")),
            "issue it again with one attribute in each part",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::der::{BMP_STRING, SEQUENCE, SET};
    use super::super::specimen::{authority, name, oid, sequence, tlv};
    use super::*;

    fn codes(attributes: &[(Oid, u8, &str)]) -> Vec<&'static str> {
        authority().but(|authority| authority.subject = name(attributes)).codes()
    }

    #[test]
    fn each_attribute_has_its_length() {
        let longest = "x".repeat(64);
        assert!(codes(&[(oids::COMMON_NAME, UTF8_STRING, &longest)]).is_empty());
        assert_eq!(codes(&[(oids::COMMON_NAME, UTF8_STRING, &format!("{longest}x"))]), ["name-attribute-length"]);
        assert_eq!(codes(&[(oids::ORGANIZATION, UTF8_STRING, "")]), ["name-attribute-length"]);
    }

    #[test]
    fn some_attributes_have_one_type() {
        assert_eq!(codes(&[(oids::COUNTRY, UTF8_STRING, "DE")]), ["name-attribute-type"]);
        assert_eq!(codes(&[(oids::SERIAL_NUMBER, UTF8_STRING, "1")]), ["name-attribute-type"]);
        assert_eq!(codes(&[(oids::DOMAIN_COMPONENT, UTF8_STRING, "example")]), ["name-attribute-type"]);
        assert_eq!(codes(&[(oids::ORGANIZATION, IA5_STRING, "Example")]), ["name-attribute-type"]);
    }

    #[test]
    fn strings_have_the_characters_of_their_type() {
        assert_eq!(codes(&[(oids::COMMON_NAME, PRINTABLE_STRING, "a_b")]), ["name-attribute-characters"]);
        assert_eq!(codes(&[(oids::COMMON_NAME, TELETEX_STRING, "a")]), ["name-string-type-obsolete"]);
        assert_eq!(codes(&[(oids::COMMON_NAME, BMP_STRING, "\0a")]), ["name-string-type-obsolete"]);
        assert_eq!(codes(&[(oids::COMMON_NAME, UTF8_STRING, "a\tb")]), ["name-control-characters"]);
        assert_eq!(codes(&[(oids::COMMON_NAME, UTF8_STRING, "a ")]), ["name-attribute-spaces"]);
    }

    #[test]
    fn countries_have_two_capital_letters() {
        for bad in ["Germany", "de", "D"] {
            assert_eq!(codes(&[(oids::COUNTRY, PRINTABLE_STRING, bad)]), ["country-code"]);
        }
        assert!(codes(&[(oids::COUNTRY, PRINTABLE_STRING, "DE")]).is_empty());
    }

    #[test]
    fn domain_components_are_labels() {
        assert_eq!(codes(&[(oids::DOMAIN_COMPONENT, IA5_STRING, "example.com")]), ["domain-component"]);
        assert!(codes(&[(oids::DOMAIN_COMPONENT, IA5_STRING, "example"), (oids::DOMAIN_COMPONENT, IA5_STRING, "com")]).is_empty());
    }

    #[test]
    fn what_makes_principals_ambiguous_is_noted() {
        let cn = (oids::COMMON_NAME, UTF8_STRING, "a");
        assert_eq!(codes(&[cn, cn]), ["name-attribute-twice"]);
        let part = [oids::COMMON_NAME, oids::ORGANIZATION].map(|id| sequence([oid(id), tlv(UTF8_STRING, "a")])).concat();
        let both = authority().but(|authority| authority.subject = tlv(SEQUENCE, tlv(SET, part)));
        assert_eq!(both.codes(), ["name-part-with-several-attributes"]);
    }

    #[test]
    fn the_issuer_is_looked_at_too() {
        let found = authority().but(|authority| authority.issuer = name(&[(oids::COUNTRY, PRINTABLE_STRING, "ch")])).findings();
        assert_eq!(found[0].message, "C of the issuer is \"ch\"");
    }
}
