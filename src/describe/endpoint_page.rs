//! The lines of a TLS endpoint.

use super::certificate_page::chain;
use super::observation::{AcceptedVersion, EndpointFacts, TlsVersion};
use super::page::Page;
use crate::text::{Text, Tone};

/// An endpoint, below its own name.
pub fn endpoint_page(target: &str, facts: &EndpointFacts) -> Text {
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
            None => page.toned("Client", "is asked for no certificate", Tone::Due),
            Some(request) => {
                page.toned("Client", "is asked for a certificate", Tone::Good);
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
    page.text
}

fn version(page: &mut Page, accepted: &AcceptedVersion) {
    let tone = match accepted.version {
        TlsVersion::V1_0 | TlsVersion::V1_1 => Tone::Bad,
        TlsVersion::V1_2 | TlsVersion::V1_3 => Tone::Good,
    };
    let group = accepted.group.as_ref().map(|group| format!(", key exchange by {group}")).unwrap_or_default();
    page.toned(accepted.version.name(), format!("accepted{group}"), tone);
    for suite in &accepted.cipher_suites {
        match suite.weakness {
            None => page.line("  Suite", &suite.name),
            Some(weakness) => page.toned("  Suite", format!("{} ({})", suite.name, weakness.text()), Tone::Due),
        }
    }
    if let Some(why) = &accepted.cut_short {
        page.toned("  Suite", format!("and maybe more: {why}"), Tone::Due);
    }
}
