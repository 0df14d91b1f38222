//! The lines of a file.

use super::certificate_page::{self, extensions, moment, public_key};
use super::file::{FileFacts, HeldFacts, ItemFacts};
use super::key::PrivateKeyFacts;
use super::page::Page;
use crate::keystore::{Answer, Protected, Reader, Scheme, Seal};
use crate::text::{Text, Tone};

/// A file, below its own name.
pub fn file_page(target: &str, facts: &FileFacts) -> Text {
    let mut page = Page::default();
    let count = match facts.items.len() {
        0 => "empty".to_owned(),
        1 => "1 item".to_owned(),
        many => format!("{many} items"),
    };
    page.heading(format!("{target}: {}, {count}", facts.format.name()));
    page.inside(|page| {
        match facts.seal {
            Seal::Intact => page.toned("Seal", "intact: the password fits", Tone::Good),
            Seal::Unchecked => page.toned("Seal", "not checked: no password was given", Tone::Due),
            Seal::Absent => {}
        }
        for scheme in &facts.schemes {
            page.line("Protection", scheme_text(scheme));
        }
        readers(page, &facts.readers);
        for item in &facts.items {
            self::item(page, item);
        }
    });
    page.text
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

/// Those of one mind on one line.
fn readers(page: &mut Page, readers: &[Reader]) {
    for same in readers.chunk_by(|a, b| a.answer == b.answer) {
        let programs = same.iter().map(|reader| reader.program.to_string()).collect::<Vec<_>>().join(", ");
        match &same[0].answer {
            Answer::Yes => page.line("Readable by", programs),
            Answer::If(condition) => page.line("Readable by", format!("{programs}, if {condition}")),
            Answer::No(why) => page.line("Not by", format!("{programs}: {why}")),
        }
    }
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
                    PrivateKeyFacts::Open(key) => public_key(page, key),
                    PrivateKeyFacts::Locked { message, .. } => page.toned("Key", format!("locked: {message}"), Tone::Due),
                }
                page.line("Certificate", certificate.map(|number| format!("item {number}")).unwrap_or_default());
                certificate_page::chain(page, chain);
            });
        }
        HeldFacts::TrustedCertificate { certificate } => {
            page.heading(heading("trusted certificate"));
            page.inside(|page| certificate_page::certificate(page, certificate));
        }
        HeldFacts::Certificate { certificate, issued_by } => {
            page.heading(heading("certificate"));
            page.inside(|page| {
                certificate_page::certificate(page, certificate);
                page.line("Issued by", issued_by.map(|number| format!("item {number}")).unwrap_or_default());
            });
        }
        HeldFacts::SecretKey { algorithm } => page.heading(heading(&format!("secret key ({algorithm}), not shown"))),
        HeldFacts::PublicKey(key) => {
            page.heading(heading("public key"));
            page.inside(|page| public_key(page, key));
        }
        HeldFacts::Request(request) => {
            page.heading(heading("certification request"));
            page.inside(|page| {
                page.line("Subject", &request.subject);
                public_key(page, &request.key);
                page.line("Signature", &request.signature_algorithm);
                if !request.proves_possession {
                    page.toned("Signature", "is not by the key that it asks for", Tone::Bad);
                }
                extensions(page, &request.extensions);
            });
        }
        HeldFacts::RevocationList(list) => {
            page.heading(heading("revocation list"));
            page.inside(|page| {
                page.line("Issuer", &list.issuer);
                page.line("Updated", moment(list.this_update));
                let tone = if list.stale { Tone::Bad } else { Tone::Good };
                page.toned("Next update", list.next_update.map_or_else(|| "not said".to_owned(), moment), tone);
                page.line("Number", list.number.clone().unwrap_or_default());
                page.line("Revoked", list.revoked.to_string());
                page.line("Signature", &list.signature_algorithm);
                page.line("Issuer key", list.authority_key_id.clone().unwrap_or_default());
            });
        }
        HeldFacts::Unreadable { what, problem, at } => {
            let at = at.map(|at| format!(" at byte {at}")).unwrap_or_default();
            page.toned("", heading(&format!("{what}, unreadable{at}: {problem}")), Tone::Bad);
        }
    }
}
