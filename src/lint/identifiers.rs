//! Rules on key identifiers (RFC 5280, 4.2.1.1 and 4.2.1.2; RFC 7093).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};

use x509_parser::error::X509Error;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::facts::{Extensions, Facts};
use super::findings::Findings;
use super::oids;
use crate::finding::{Rule, Severity};
use crate::pki::hex;

pub const RULES: &[&Rule] = &[
    &AUTHORITY_KEY_ID_MISSING,
    &AUTHORITY_KEY_ID_INCOMPLETE,
    &SUBJECT_KEY_ID_MISSING,
    &LEAF_KEY_ID_MISSING,
    &KEY_ID_EMPTY,
    &KEY_ID_UNUSUAL,
    &KEY_IDS_DIFFER,
];

const AUTHORITY_KEY_ID_MISSING: Rule = Rule {
    code: "authority-key-id-missing",
    severity: Severity::Warning,
    title: "no authorityKeyIdentifier",
    why: "RFC 5280, 4.2.1.1: it must be in every certificate that is not self-signed. With two generations of an authority, paths are found by it; \
          Python 3.13 refuses a certificate without.",
};
const AUTHORITY_KEY_ID_INCOMPLETE: Rule = Rule {
    code: "authority-key-id-incomplete",
    severity: Severity::Warning,
    title: "an authorityKeyIdentifier that identifies nothing",
    why: "RFC 5280, 4.2.1.1: it has a keyIdentifier, and issuer and serial number occur together or not at all.",
};
const SUBJECT_KEY_ID_MISSING: Rule = Rule {
    code: "subject-key-id-missing",
    severity: Severity::Warning,
    title: "an authority without subjectKeyIdentifier",
    why: "RFC 5280, 4.2.1.2: it must be in every certificate of an authority; what it signs points to it.",
};
const LEAF_KEY_ID_MISSING: Rule = Rule {
    code: "leaf-key-id-missing",
    severity: Severity::Note,
    title: "a leaf without subjectKeyIdentifier",
    why: "RFC 5280, 4.2.1.2 recommends it; TLS does not use it.",
};
const KEY_ID_EMPTY: Rule = Rule {
    code: "key-id-empty",
    severity: Severity::Warning,
    title: "an empty key identifier",
    why: "It identifies no key, and whoever compares it finds the wrong authority.",
};
const KEY_ID_UNUSUAL: Rule = Rule {
    code: "key-id-unusual",
    severity: Severity::Note,
    title: "a key identifier of another method",
    why: "It is no digest of the key by RFC 5280, 4.2.1.2 or RFC 7093, 2. That is allowed, and the reason that two tools make two identifiers of one key.",
};
const KEY_IDS_DIFFER: Rule = Rule {
    code: "key-ids-differ",
    severity: Severity::Warning,
    title: "a self-issued certificate that points to another key",
    why: "Where it is meant to be a root, OpenSSL does not take it for its own issuer.",
};

pub fn authority_key_id_is_there(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.version == 3 && !may_be_self_signed(facts) && !facts.extensions.has(oids::AUTHORITY_KEY_ID) {
        found.add(
            &AUTHORITY_KEY_ID_MISSING,
            "it has no authorityKeyIdentifier and is not self-signed",
            "issue it again with the key identifier of its issuer (RFC 5280, 4.2.1.1)",
        );
    }
}

/// Also where the signature is of a kind that cannot be verified here.
fn may_be_self_signed(facts: &Facts<'_>) -> bool {
    let verdict = || X509Certificate::from_der(facts.whole.raw).map(|(_, certificate)| certificate.verify_signature(None));
    facts.is_self_issued() && !matches!(verdict(), Ok(Err(X509Error::SignatureVerificationError)))
}

pub fn authority_key_id_is_complete(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    let Some(body) = extensions.body(oids::AUTHORITY_KEY_ID) else { return };
    let problem = match (body.tagged(0x80), body.tagged(0xa1), body.tagged(0x82)) {
        (_, Some(_), None) => "has an issuer without its serial number",
        (_, None, Some(_)) => "has a serial number without its issuer",
        (None, _, _) => "has no keyIdentifier",
        (Some(_), ..) => return,
    };
    found.add(
        &AUTHORITY_KEY_ID_INCOMPLETE,
        format!("authorityKeyIdentifier {problem}"),
        "issue it again with the keyIdentifier alone (RFC 5280, 4.2.1.1)",
    );
}

pub fn subject_key_id_is_there(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if facts.extensions.has(oids::SUBJECT_KEY_ID) || facts.version != 3 {
        return;
    }
    if facts.is_authority() {
        found.add(
            &SUBJECT_KEY_ID_MISSING,
            "it is an authority and has no subjectKeyIdentifier",
            "issue it again with a subjectKeyIdentifier (RFC 5280, 4.2.1.2)",
        );
    } else {
        found.add(&LEAF_KEY_ID_MISSING, "it has no subjectKeyIdentifier", "issue it with a subjectKeyIdentifier the next time");
    }
}

pub fn key_ids_are_not_empty(extensions: &Extensions<'_>, found: &mut Findings<'_>) {
    let own = extensions.body(oids::SUBJECT_KEY_ID);
    let issuers = extensions.body(oids::AUTHORITY_KEY_ID).and_then(|body| body.tagged(0x80));
    for (name, id) in [("subjectKeyIdentifier", own), ("authorityKeyIdentifier", issuers)] {
        if id.is_some_and(|id| id.content.is_empty()) {
            found.add(
                &KEY_ID_EMPTY,
                format!("{name} is empty"),
                "issue it again with the first 20 octets of SHA-256 over the key (RFC 7093, 2)",
            );
        }
    }
}

pub fn key_id_is_a_digest(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let (Some(id), Some(bits)) = (facts.extensions.body(oids::SUBJECT_KEY_ID), facts.key.child(1).and_then(|key| key.bits())) else {
        return;
    };
    let id = id.content;
    let is_digest = [bits, facts.key.raw].iter().any(|key| {
        [&SHA1_FOR_LEGACY_USE_ONLY, &SHA256, &SHA384, &SHA512].iter().any(|algorithm| {
            let digest = digest(algorithm, key);
            id == digest.as_ref() || id == &digest.as_ref()[..20]
        })
    });
    // RFC 5280, 4.2.1.2 (2): 0100 and the last 60 bits of SHA-1.
    let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, bits);
    let last = &sha1.as_ref()[12..];
    let is_short = matches!(id, [first, rest @ ..] if *first == last[0] & 0x0f | 0x40 && *rest == last[1..]);
    if !is_digest && !is_short && !id.is_empty() {
        let message = format!("the subjectKeyIdentifier {} is no usual digest of the key", hex(&id[..id.len().min(32)]));
        found.add(&KEY_ID_UNUSUAL, message, "nothing, as long as what it signs points to the same identifier");
    }
}

pub fn own_key_ids_agree(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let own = facts.extensions.body(oids::SUBJECT_KEY_ID);
    let issuers = facts.extensions.body(oids::AUTHORITY_KEY_ID).and_then(|body| body.tagged(0x80));
    if let (Some(own), Some(issuers)) = (own, issuers)
        && facts.is_self_issued()
        && facts.is_authority()
        && own.content != issuers.content
    {
        let [own, issuers] = [own, issuers].map(|id| hex(&id.content[..id.content.len().min(32)]));
        found.add(
            &KEY_IDS_DIFFER,
            format!("it is self-issued, its subjectKeyIdentifier is {own} and its authorityKeyIdentifier {issuers}"),
            "nothing if it carries a new key of the authority; a root is issued again with both the same",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::der::OCTET_STRING;
    use super::super::oids::{AUTHORITY_KEY_ID, SUBJECT_KEY_ID};
    use super::super::specimen::{authority, leaf, name, sequence, tlv};

    #[test]
    fn issuers_are_named_by_their_key() {
        assert_eq!(leaf().without(AUTHORITY_KEY_ID).codes(), ["authority-key-id-missing"]);
        let issuer = tlv(0xa1, tlv(0xa4, name(&[])));
        for incomplete in [sequence([]), sequence([tlv(0x80, [7; 20]), tlv(0x82, [1])])] {
            assert_eq!(leaf().with(AUTHORITY_KEY_ID, false, incomplete).codes(), ["authority-key-id-incomplete"]);
        }
        let both = sequence([tlv(0x80, [7; 20]), issuer, tlv(0x82, [1])]);
        assert!(leaf().with(AUTHORITY_KEY_ID, false, both).codes().is_empty());
    }

    #[test]
    fn keys_have_identifiers() {
        assert_eq!(authority().without(SUBJECT_KEY_ID).codes(), ["subject-key-id-missing"]);
        assert_eq!(leaf().without(SUBJECT_KEY_ID).codes(), ["leaf-key-id-missing"]);
        assert_eq!(leaf().with(SUBJECT_KEY_ID, false, tlv(OCTET_STRING, [])).codes(), ["key-id-empty"]);
        assert_eq!(leaf().with(SUBJECT_KEY_ID, false, tlv(OCTET_STRING, [1; 20])).codes(), ["key-id-unusual"]);
    }

    #[test]
    fn a_root_points_to_itself() {
        let root = authority().but(|root| root.issuer = root.subject.clone());
        assert_eq!(root.codes(), ["key-ids-differ"]);
    }
}
