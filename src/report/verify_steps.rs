//! One visit, step by step: what each has shown, and how long it took.

use super::matrix::milliseconds;
use super::{counted, place};
use crate::diagnosis::{Acceptance, Cell, Fact, Handshake, Verdict};
use crate::text::{Line, Text};

/// How far what a step has shown stands in.
const INDENT: usize = 34;
/// More issuers than these are counted, not listed.
const ISSUERS: usize = 8;

pub fn verify_steps(cell: &Cell) -> Text {
    let who = format!("{} ({}) at {}", cell.identity, cell.via.name(), place(&cell.target, &cell.endpoint));
    let mut text = Text::from(Line::of(who));
    for step in &cell.steps {
        let mut head = format!("  {:>10}  {:<18}", milliseconds(step.took), step.fact.step().name());
        for line in lines(&step.fact) {
            text.push(Line::of(format_args!("{:<INDENT$}{line}", std::mem::take(&mut head))));
        }
    }
    if let Verdict::Failed(failure) = &cell.verdict {
        let fault = &failure.evidence.fault;
        let head = format!("  {:>10}  {}", "FAILED", fault.step.name());
        text.push(Line::of(format_args!("{head:<INDENT$}{}", fault.symptom)));
    }
    text
}

/// At least one.
fn lines(fact: &Fact) -> Vec<String> {
    match fact {
        Fact::Resolve { addresses } => vec![joined(addresses)],
        Fact::Connect { address, from } => vec![format!("{address} from {from}")],
        Fact::Handshake(handshake) => handshake_lines(handshake),
        Fact::Acceptance(acceptance) => acceptance_lines(acceptance),
        Fact::Greeting { server, mechanisms } if mechanisms.is_empty() => vec![server.clone()],
        Fact::Greeting { server, mechanisms } => vec![format!("{server}; mechanisms: {}", mechanisms.join(", "))],
        Fact::Login { mechanism, user: Some(user), .. } => vec![format!("{mechanism} as {user}")],
        Fact::Login { mechanism, user: None, .. } => vec![mechanism.clone()],
        Fact::VirtualHost { name } => vec![name.clone()],
        Fact::Metadata { cluster, brokers } => {
            let cluster = cluster.as_ref().map_or("no cluster id".to_owned(), |id| format!("cluster {id}"));
            let brokers = brokers.iter().map(|broker| format!("broker {} at {}:{}", broker.id, broker.host, broker.port));
            [cluster].into_iter().chain(brokers).collect()
        }
        Fact::Topic { name, partitions, created } => {
            let created = if *created { ", created for this and removed again" } else { "" };
            vec![format!("{name}, {}{created}", counted(*partitions, "partition"))]
        }
        Fact::Produce { topic, partition, transactional } => {
            let transaction = if *transactional { ", in a transaction that was committed" } else { "" };
            vec![format!("{topic}, partition {partition}{transaction}")]
        }
        Fact::Publish { exchange } if exchange.is_empty() => vec!["the default exchange".to_owned()],
        Fact::Publish { exchange } => vec![exchange.clone()],
        Fact::Consume { bytes } => vec![format!("the same {}", counted(*bytes, "byte"))],
    }
}

fn handshake_lines(handshake: &Handshake) -> Vec<String> {
    let Handshake { protocol, cipher, group, served, anchor, ocsp_staple, days_left } = handshake;
    let served = served.iter().map(|served| format!("served: {}, until {}", served.subject, served.not_after.date()));
    let anchor = anchor.as_ref().map_or("ends at no anchor".to_owned(), |anchor| format!("anchor: {anchor}"));
    let staple = if *ocsp_staple { "with an OCSP response" } else { "without an OCSP response" };
    let left = if *days_left < 0 { "past its end" } else { "left" };
    let days = format!("{} {left}, {staple}", counted(days_left.unsigned_abs(), "day"));
    [format!("{protocol}, {cipher}, {group}")].into_iter().chain(served).chain([anchor, days]).collect()
}

fn acceptance_lines(acceptance: &Acceptance) -> Vec<String> {
    let Acceptance { certificate_requested, requested_issuers, shown, issuer_named } = acceptance;
    let asked = match (certificate_requested, requested_issuers.as_slice()) {
        (false, _) => "no certificate was asked for".to_owned(),
        (true, []) => "a certificate of any issuer was asked for".to_owned(),
        (true, issuers) if issuers.len() > ISSUERS => format!("a certificate was asked for, of any of {} issuers", issuers.len()),
        (true, issuers) => format!("a certificate was asked for, of {}", issuers.join(" or ")),
    };
    let fits = match issuer_named {
        Some(true) => ", which fits",
        Some(false) => ", though its issuer is none of these: Java and OpenSSL would show nothing",
        None => "",
    };
    let shown = shown.as_ref().map_or("none was shown".to_owned(), |subject| format!("shown: {subject}{fits}"));
    vec![asked, shown]
}

fn joined(addresses: &[impl ToString]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
