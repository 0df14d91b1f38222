//! A certificate in one file and its key in another.

use super::files::chain;
use super::{Check, FileState, View};
use crate::finding::{Finding, Rule, Severity};
use crate::keystore::{Contents, Held, KeyState};
use crate::pki::{AnyKey, Certificate};
use crate::settings::{Program, Reference, Role};

pub const RULES: &[&Rule] = &[&KEY_OF_ANOTHER_CERTIFICATE, &CHAIN_DEEPER_THAN_DEPTH];

pub(super) const CHECKS: &[Check] = &[key_of_another_certificate, chain_deeper_than_depth];

const KEY_OF_ANOTHER_CERTIFICATE: Rule = Rule {
    code: "key-of-another-certificate",
    severity: Severity::Error,
    title: "a key that does not belong to its certificate",
    why: "RabbitMQ starts, and clients say: bad signature. librdkafka says: key values mismatch.",
};

const CHAIN_DEEPER_THAN_DEPTH: Rule = Rule {
    code: "chain-deeper-than-depth",
    severity: Severity::Error,
    title: "more intermediate authorities than depth allows",
    why: "Erlang refuses the client: max_path_length_reached. Clients of the same authorities have chains of the same length.",
};

/// The certificates of `role`, each with what else belongs to the same users.
fn pairs<'a>(view: &View<'a>) -> Vec<(&'a Reference, &'a Contents, &'a Contents)> {
    let open = |(reference, state): &'a (Reference, FileState)| {
        if let FileState::Opened(contents) = state { Some((reference, contents)) } else { None }
    };
    let of = |role: Role| view.files.iter().filter_map(open).filter(move |(reference, _)| reference.role == role);
    of(Role::Certificate)
        .filter_map(|(certificate, contents)| {
            let (_, key) = of(Role::Key).find(|(key, _)| key.users == certificate.users)?;
            Some((certificate, contents, key))
        })
        .collect()
}

fn key(contents: &Contents) -> Option<&AnyKey> {
    contents.items.iter().find_map(|item| match &item.held {
        Held::Key { key: KeyState::Open(key), .. } => Some(key),
        Held::Key { .. } | Held::Trusted(_) | Held::Certificate(_) | Held::SecretKey { .. } => None,
        Held::PublicKey(_) | Held::Request(_) | Held::RevocationList(_) | Held::Unreadable { .. } => None,
    })
}

fn key_of_another_certificate(view: &View<'_>) -> Vec<Finding> {
    let differs = |(reference, certificate, key_file): (&Reference, &Contents, &Contents)| {
        let leaf = *chain(certificate).first()?;
        (!key(key_file)?.belongs_to(leaf)).then(|| {
            let message = format!("the certificate of {} is {}, and the key beside it is another's", reference.key, leaf.subject);
            view.finding(&KEY_OF_ANOTHER_CERTIFICATE, Some(reference.line), message, "put the key and the certificate of one pair there")
        })
    };
    pairs(view).into_iter().filter_map(differs).collect()
}

fn chain_deeper_than_depth(view: &View<'_>) -> Vec<Finding> {
    let depth = view.settings.get("ssl_options.depth").filter(|_| view.is(Program::RabbitMq));
    let allowed = depth.and_then(|setting| setting.value.meant().parse::<usize>().ok());
    let (Some(depth), Some(allowed)) = (depth, allowed) else { return Vec::new() };
    let deeper = |(reference, state): &(Reference, FileState)| {
        let FileState::Opened(contents) = state else { return None };
        let intermediates = chain(contents).into_iter().skip(1).filter(|certificate: &&Certificate| !certificate.is_self_signed()).count();
        (reference.role == Role::Certificate && reference.key == "ssl_options.certfile" && intermediates > allowed).then(|| {
            let message = format!("{} has {intermediates} intermediate authorities, and depth is {allowed}", reference.key);
            view.finding(&CHAIN_DEEPER_THAN_DEPTH, Some(depth.line), message, format!("set ssl_options.depth = {intermediates}"))
        })
    };
    view.files.iter().filter_map(deeper).collect()
}
