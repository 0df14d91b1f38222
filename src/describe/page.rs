//! Lines for people: a label, a text, and how it is to be taken. Whoever prints them decides on width and colour.

use time::OffsetDateTime;

use super::certificate::{CertificateFacts, Standing};
use super::chain::ChainFacts;
use super::extension::Extensions;
use super::file::{FileFacts, HeldFacts, ItemFacts};
use super::key::{KeyFacts, PrivateKeyFacts};
use super::name::Name;
use super::observation::{AcceptedVersion, EndpointFacts, TlsVersion};
use crate::keystore::{Format, Protected, Scheme, Seal};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How far it stands in.
    pub depth: usize,
    /// Empty in a heading.
    pub label: &'static str,
    pub text: String,
    pub outlook: Outlook,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    Plain,
    Good,
    /// Soon to be seen to.
    Due,
    Bad,
}

/// Lines at one depth.
#[derive(Debug, Default)]
pub(super) struct Page {
    depth: usize,
    pub(super) lines: Vec<Line>,
}

impl Page {
    pub(super) fn heading(&mut self, text: impl Into<String>) {
        self.toned("", text, Outlook::Plain);
    }

    /// Nothing when `text` is empty.
    pub(super) fn line(&mut self, label: &'static str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.toned(label, text, Outlook::Plain);
        }
    }

    pub(super) fn toned(&mut self, label: &'static str, text: impl Into<String>, outlook: Outlook) {
        self.lines.push(Line { depth: self.depth, label, text: text.into(), outlook });
    }

    pub(super) fn inside(&mut self, write: impl FnOnce(&mut Self)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }
}

/// A file, below its own name.
pub fn file(target: &str, facts: &FileFacts) -> Vec<Line> {
    let mut page = Page::default();
    let count = match facts.items.len() {
        0 => "empty".to_owned(),
        1 => "1 item".to_owned(),
        many => format!("{many} items"),
    };
    page.heading(format!("{target}: {}, {count}", format_name(facts.format)));
    page.inside(|page| {
        match facts.seal {
            Seal::Intact => page.toned("Seal", "intact: the password fits", Outlook::Good),
            Seal::Unchecked => page.toned("Seal", "not checked: no password was given", Outlook::Due),
            Seal::Absent => {}
        }
        for scheme in &facts.schemes {
            page.line("Protection", scheme_text(scheme));
        }
        for item in &facts.items {
            self::item(page, item);
        }
    });
    page.lines
}

/// An endpoint, below its own name.
pub fn endpoint(target: &str, facts: &EndpointFacts) -> Vec<Line> {
    let mut page = Page::default();
    page.heading(format!("{target}: TLS endpoint"));
    page.inside(|page| {
        for accepted in &facts.accepted {
            version(page, accepted);
        }
        for refused in &facts.refused {
            page.line(refused.version.name(), format!("refused: {}", refused.how));
        }
        match &facts.client_certificate {
            None => page.toned("Client", "is asked for no certificate", Outlook::Due),
            Some(request) => {
                page.toned("Client", "is asked for a certificate", Outlook::Good);
                page.line("Issued by", if request.issuers.is_empty() { "any: no issuer is named" } else { "" });
                for issuer in &request.issuers {
                    page.line("Issued by", issuer);
                }
                page.line("Signing by", request.signature_schemes.join(", "));
            }
        }
        chain(page, &facts.served);
        for other in &facts.also_served {
            page.heading("Other cipher suites bring another chain");
            chain(page, other);
        }
    });
    page.lines
}

fn version(page: &mut Page, accepted: &AcceptedVersion) {
    let outlook = match accepted.version {
        TlsVersion::V1_0 | TlsVersion::V1_1 => Outlook::Bad,
        TlsVersion::V1_2 | TlsVersion::V1_3 => Outlook::Good,
    };
    let group = accepted.group.as_ref().map(|group| format!(", key exchange by {group}")).unwrap_or_default();
    page.toned(accepted.version.name(), format!("accepted{group}"), outlook);
    for suite in &accepted.cipher_suites {
        match suite.weakness {
            None => page.line("  Suite", &suite.name),
            Some(weakness) => page.toned("  Suite", format!("{} ({})", suite.name, weakness.text()), Outlook::Due),
        }
    }
    if let Some(why) = &accepted.cut_short {
        page.toned("  Suite", format!("and maybe more: {why}"), Outlook::Due);
    }
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Pem => "PEM",
        Format::Der => "DER",
        Format::Pkcs7 => "PKCS#7",
        Format::Pkcs12 => "PKCS#12",
        Format::Jks => "JKS",
        Format::Jceks => "JCEKS",
    }
}

fn scheme_text(scheme: &Scheme) -> String {
    let of = match scheme.protects {
        Protected::Keys => "keys",
        Protected::Certificates => "certificates",
        Protected::Store => "store",
    };
    let iterations = scheme.iterations.map(|count| format!(", {count} iterations")).unwrap_or_default();
    format!("{of}: {}{iterations}", scheme.name)
}

fn item(page: &mut Page, item: &ItemFacts) {
    let alias = item.alias.as_ref().map(|alias| format!(" {alias:?}")).unwrap_or_default();
    let created = item.created.map(|created| format!(", {}", created.date())).unwrap_or_default();
    let heading = |what: &str| format!("{}. {what}{alias}{created}", item.number);
    match &item.held {
        HeldFacts::PrivateKey { key, certificate, chain } => {
            page.heading(heading("private key"));
            page.inside(|page| {
                match key {
                    PrivateKeyFacts::Open(key) => self::key(page, key),
                    PrivateKeyFacts::Locked { message, .. } => page.toned("Key", format!("locked: {message}"), Outlook::Due),
                }
                page.line("Certificate", certificate.map(|number| format!("item {number}")).unwrap_or_default());
                self::chain(page, chain);
            });
        }
        HeldFacts::TrustedCertificate { certificate } => {
            page.heading(heading("trusted certificate"));
            page.inside(|page| self::certificate(page, certificate));
        }
        HeldFacts::Certificate { certificate, issued_by } => {
            page.heading(heading("certificate"));
            page.inside(|page| {
                self::certificate(page, certificate);
                page.line("Issued by", issued_by.map(|number| format!("item {number}")).unwrap_or_default());
            });
        }
        HeldFacts::SecretKey { algorithm } => page.heading(heading(&format!("secret key ({algorithm}), not shown"))),
        HeldFacts::PublicKey(key) => {
            page.heading(heading("public key"));
            page.inside(|page| self::key(page, key));
        }
        HeldFacts::Request(request) => {
            page.heading(heading("certification request"));
            page.inside(|page| {
                page.line("Subject", &request.subject);
                key(page, &request.key);
                page.line("Signature", &request.signature_algorithm);
                if !request.proves_possession {
                    page.toned("Signature", "is not by the key that it asks for", Outlook::Bad);
                }
                extensions(page, &request.extensions);
            });
        }
        HeldFacts::RevocationList(list) => {
            page.heading(heading("revocation list"));
            page.inside(|page| {
                page.line("Issuer", &list.issuer);
                page.line("Updated", moment(list.this_update));
                let outlook = if list.stale { Outlook::Bad } else { Outlook::Good };
                page.toned("Next update", list.next_update.map_or_else(|| "not said".to_owned(), moment), outlook);
                page.line("Number", list.number.clone().unwrap_or_default());
                page.line("Revoked", list.revoked.to_string());
                page.line("Signature", &list.signature_algorithm);
                page.line("Issuer key", list.authority_key_id.clone().unwrap_or_default());
            });
        }
        HeldFacts::Unreadable { what, problem, at } => {
            let at = at.map(|at| format!(" at byte {at}")).unwrap_or_default();
            page.toned("", heading(&format!("{what}, unreadable{at}: {problem}")), Outlook::Bad);
        }
    }
}

fn key(page: &mut Page, key: &KeyFacts) {
    page.line("Key", &key.algorithm);
    page.line("SPKI SHA-256", &key.spki_sha256);
}

/// The certificates of a chain, and whether it is one.
pub(super) fn chain(page: &mut Page, chain: &ChainFacts) {
    let length = match chain.chain.len() {
        0 => return,
        1 => "1 certificate".to_owned(),
        many => format!("{many} certificates"),
    };
    let order =
        if chain.in_order { ("in order", Outlook::Good) } else { ("not in order: each must be followed by its issuer", Outlook::Bad) };
    let end = chain.next_issuer.as_ref().map_or_else(|| "up to a self-signed one".to_owned(), |next| format!("issued by {next}"));
    page.toned("Chain", format!("{length}, {}, {end}", order.0), order.1);
    if chain.key_matches == Some(false) {
        page.toned("Chain", "its first certificate is not that of the key", Outlook::Bad);
    }
    for (at, certificate) in chain.chain.iter().enumerate() {
        page.heading(format!("Certificate {} of {}", at + 1, chain.chain.len()));
        page.inside(|page| self::certificate(page, certificate));
    }
}

fn certificate(page: &mut Page, certificate: &CertificateFacts) {
    page.line("Subject", if certificate.subject.is_empty() { "(empty)" } else { &certificate.subject });
    page.line("Issuer", if certificate.self_signed { "itself (self-signed)" } else { &certificate.issuer });
    page.line("Serial", pairs(&certificate.serial));
    let (state, outlook) = match certificate.validity {
        Standing::NotYetValid => ("not yet valid".to_owned(), Outlook::Bad),
        Standing::Valid => (format!("{} days left", certificate.days_left), Outlook::Good),
        Standing::Ending => (format!("{} days left", certificate.days_left), Outlook::Due),
        Standing::Expired => (format!("expired {} days ago", -certificate.days_left), Outlook::Bad),
    };
    page.toned("Valid", format!("{} to {}, {state}", moment(certificate.not_before), moment(certificate.not_after)), outlook);
    key(page, &certificate.key);
    page.line("Signature", &certificate.signature_algorithm);
    if certificate.version != 3 {
        page.toned("Version", certificate.version.to_string(), Outlook::Due);
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

fn extensions(page: &mut Page, said: &Extensions) {
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
        let outlook = if other.critical && other.name.is_none() { Outlook::Due } else { Outlook::Plain };
        page.toned("Extension", name + if other.critical { " (critical)" } else { "" }, outlook);
    }
    for problem in &said.malformed {
        page.toned("Malformed", problem, Outlook::Bad);
    }
}

fn joined(names: &[Name]) -> String {
    names.iter().map(Name::to_string).collect::<Vec<_>>().join(", ")
}

fn moment(instant: OffsetDateTime) -> String {
    format!("{} {:02}:{:02} UTC", instant.date(), instant.hour(), instant.minute())
}

/// `0a1b` as `0A:1B`, as openssl and keytool print it.
fn pairs(hex: &str) -> String {
    let upper = hex.to_ascii_uppercase();
    upper.as_bytes().chunks(2).map(String::from_utf8_lossy).collect::<Vec<_>>().join(":")
}
