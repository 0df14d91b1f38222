//! The lines of certificates and chains.

use time::OffsetDateTime;

use super::certificate::{CertificateFacts, Standing};
use super::chain::ChainFacts;
use super::extension::Extensions;
use super::key::KeyFacts;
use super::name::Name;
use super::page::Page;
use crate::text::Tone;

pub(super) fn public_key(page: &mut Page, key: &KeyFacts) {
    page.line("Key", &key.algorithm);
    page.line("SPKI SHA-256", &key.spki_sha256);
    if let Some(as_rsa) = &key.spki_sha256_as_rsa {
        page.line("as plain RSA", as_rsa);
    }
}

/// The certificates of a chain, and whether it is one.
pub(super) fn chain(page: &mut Page, chain: &ChainFacts) {
    let length = match chain.chain.len() {
        0 => return,
        1 => "1 certificate".to_owned(),
        many => format!("{many} certificates"),
    };
    let order = if chain.in_order { ("in order", Tone::Good) } else { ("not in order: each must be followed by its issuer", Tone::Bad) };
    let end = chain.next_issuer.as_ref().map_or_else(|| "up to a self-signed one".to_owned(), |next| format!("issued by {next}"));
    page.toned("Chain", format!("{length}, {}, {end}", order.0), order.1);
    if chain.key_matches == Some(false) {
        page.toned("Chain", "its first certificate is not that of the key", Tone::Bad);
    }
    for (at, certificate) in chain.chain.iter().enumerate() {
        page.heading(format!("Certificate {} of {}", at + 1, chain.chain.len()));
        page.inside(|page| self::certificate(page, certificate));
    }
}

pub(super) fn certificate(page: &mut Page, certificate: &CertificateFacts) {
    page.line("Subject", if certificate.subject.is_empty() { "(empty)" } else { &certificate.subject });
    page.line("Issuer", if certificate.self_signed { "itself (self-signed)" } else { &certificate.issuer });
    page.line("Serial", pairs(&certificate.serial));
    let (state, tone) = match certificate.validity {
        Standing::NotYetValid => ("not yet valid".to_owned(), Tone::Bad),
        Standing::Valid => (format!("{} days left", certificate.days_left), Tone::Good),
        Standing::Ending => (format!("{} days left", certificate.days_left), Tone::Due),
        Standing::Expired => (format!("expired {} days ago", -certificate.days_left), Tone::Bad),
    };
    page.toned("Valid", format!("{} to {}, {state}", moment(certificate.not_before), moment(certificate.not_after)), tone);
    public_key(page, &certificate.key);
    page.line("Signature", &certificate.signature_algorithm);
    if certificate.version != 3 {
        page.toned("Version", certificate.version.to_string(), Tone::Due);
    }
    extensions(page, &certificate.extensions);
    page.line("SHA-256", pairs(&certificate.sha256));
    page.line("SHA-1", pairs(&certificate.sha1));
    page.line("Kafka", certificate.kafka_principal.clone().unwrap_or_default());
    if let Some(users) = &certificate.rabbitmq_user {
        let ways = [
            (&users.common_name, "common name"),
            (&users.distinguished_name, "distinguished name"),
            (&users.subject_alternative_name, "DNS name"),
        ];
        for (user, way) in ways {
            page.line("RabbitMQ", user.as_ref().map(|user| format!("{user} (by {way})")).unwrap_or_default());
        }
    }
}

pub(super) fn extensions(page: &mut Page, said: &Extensions) {
    let critical = |name| if said.is_critical(name) { " (critical)" } else { "" };
    let marked = |text: String, name| if text.is_empty() { text } else { text + critical(name) };
    page.line("Names", marked(joined(&said.names), "subjectAltName"));
    page.line("Issuer names", marked(joined(&said.issuer_names), "issuerAltName"));
    page.line("Key usage", marked(said.key_usage.join(", "), "keyUsage"));
    page.line("Extended usage", marked(said.extended_key_usage.join(", "), "extKeyUsage"));
    if let Some(constraints) = said.basic_constraints {
        let kind = if constraints.authority { "an authority" } else { "not an authority" };
        let length = constraints.path_length.map(|length| format!(", path length {length}")).unwrap_or_default();
        page.line("Constraints", marked(format!("{kind}{length}"), "basicConstraints"));
    }
    if let Some(constraints) = &said.name_constraints {
        page.line("Permits", marked(joined(&constraints.permitted), "nameConstraints"));
        page.line("Excludes", marked(joined(&constraints.excluded), "nameConstraints"));
    }
    page.line("Key id", said.subject_key_id.clone().unwrap_or_default());
    page.line("Issuer key id", said.authority_key_id.clone().unwrap_or_default());
    page.line("CRL", joined(&said.crl_distribution_points));
    page.line("OCSP", joined(&said.ocsp));
    page.line("CA issuers", joined(&said.ca_issuers));
    page.line("Policies", marked(said.policies.join(", "), "certificatePolicies"));
    for other in said.extensions.iter().filter(|extension| extension.value.is_some()) {
        let name = other.name.map_or_else(|| other.oid.clone(), |name| format!("{name} {}", other.oid));
        let tone = if other.critical && other.name.is_none() { Tone::Due } else { Tone::Plain };
        page.toned("Extension", name + if other.critical { " (critical)" } else { "" }, tone);
    }
    for problem in &said.malformed {
        page.toned("Malformed", problem, Tone::Bad);
    }
}

fn joined(names: &[Name]) -> String {
    names.iter().map(Name::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn moment(instant: OffsetDateTime) -> String {
    format!("{} {:02}:{:02} UTC", instant.date(), instant.hour(), instant.minute())
}

/// `0a1b` as `0A:1B`, as openssl and keytool print it.
fn pairs(hex: &str) -> String {
    let upper = hex.to_ascii_uppercase();
    upper.as_bytes().chunks(2).map(String::from_utf8_lossy).collect::<Vec<_>>().join(":")
}
