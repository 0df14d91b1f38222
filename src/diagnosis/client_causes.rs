//! What is said of a client's certificate that is refused: the causes with their values, from outside or out of the broker's log.

use super::Evidence;
use super::client_chain::Leads;
use super::phrases::{day, instant};
use super::programs::{KAFKA_DEBUG, words};
use super::row::{Explanation, Side};
use crate::path::FaultKind;
use crate::pki::Certificate;

pub fn revoked(evidence: &Evidence) -> Explanation {
    let leaf = leaf_name(evidence);
    client(format!("the broker says that {leaf} was revoked"), format!("have a certificate with a new key issued in place of {leaf}"))
        .about_any(evidence.leaf())
}

pub fn missing(evidence: &Evidence) -> Explanation {
    let words = words(evidence.protocol);
    let from = match &evidence.asked {
        Some(asked) if !asked.issuers.is_empty() => format!(" of {}", evidence.named_issuers()),
        _ => String::new(),
    };
    match evidence.leaf() {
        None => client(
            format!("{} requires a client certificate{from}, and {} has none", evidence.endpoint, evidence.identity),
            format!("give the client a certificate{from} and its key ({})", words.client_keystore),
        ),
        Some(leaf) => client(
            format!(
                "{} got no certificate: the client has {}, whose key makes no signature that the broker takes, or whose issuer it does \
                 not name",
                evidence.endpoint, leaf.subject
            ),
            format!("give the client a certificate{from} with an EC P-256 or RSA key ({})", words.client_keystore),
        )
        .about(&leaf.subject),
    }
}

pub fn expired(evidence: &Evidence) -> Explanation {
    let words = words(evidence.protocol);
    match evidence.own_fault(|kind| matches!(kind, FaultKind::Expired(_))) {
        Some((certificate, FaultKind::Expired(on))) => client(
            format!("{} {} ended on {}", part(evidence, certificate), certificate.subject, day(on)),
            format!("renew it and have the client load it ({})", words.client_keystore),
        )
        .about(&certificate.subject),
        _ => Explanation::new(
            Side::Broker,
            format!(
                "the broker says that a certificate has ended or not begun, and by this machine's clock ({}) that is true of none that \
                 {} sends",
                instant(evidence.now),
                evidence.identity
            ),
            format!(
                "compare the broker's clock with this one (NTP), and renew the authority in {} if that has ended",
                words.broker_truststore
            ),
        )
        .about_any(evidence.leaf()),
    }
}

pub fn not_yet_valid(evidence: &Evidence) -> Option<Explanation> {
    let (certificate, kind) = evidence.own_fault(|kind| matches!(kind, FaultKind::NotYetValid(_)))?;
    let FaultKind::NotYetValid(since) = kind else { return None };
    Some(
        client(
            format!(
                "{} {} is valid from {} on, and here it is {}",
                part(evidence, certificate),
                certificate.subject,
                instant(since),
                instant(evidence.now)
            ),
            "compare the clocks of this machine, the broker and the authority (NTP), or issue the certificate anew with a start in the \
             past",
        )
        .about(&certificate.subject),
    )
}

pub fn wrong_usage(evidence: &Evidence) -> Option<Explanation> {
    let (certificate, kind) = evidence.own_fault(|kind| matches!(kind, FaultKind::Purpose { .. } | FaultKind::KeyUsage { .. }))?;
    Some(
        client(
            format!("{} {} {kind}", part(evidence, certificate), certificate.subject),
            "issue it anew with clientAuth and digitalSignature; the certificate of a server does not do for a client",
        )
        .about(&certificate.subject),
    )
}

pub fn chain_incomplete(evidence: &Evidence) -> Option<Explanation> {
    let Leads::Short { top } = evidence.leads()? else { return None };
    Some(
        client(
            format!(
                "the client sends {} without the certificate of its issuer {}, and the broker trusts {}",
                top.subject,
                top.issuer,
                whom_the_broker_trusts(evidence)
            ),
            format!("append the certificate of {} to the client's chain ({})", top.issuer, words(evidence.protocol).client_keystore),
        )
        .about(&evidence.leaf()?.subject),
    )
}

pub fn issuer_unknown(evidence: &Evidence) -> Explanation {
    let words = words(evidence.protocol);
    let trusted = whom_the_broker_trusts(evidence);
    if let Some(authority) = evidence.authority_of_both() {
        return Explanation::new(
            Side::Broker,
            format!("{authority} issued the client's certificate and the broker's own, and the broker trusts {trusted} alone"),
            format!("add {authority} to {} of the broker", words.broker_truststore),
        )
        .about_any(evidence.leaf());
    }
    let (cause, authority, or) = match evidence.leads() {
        Some(Leads::Home) => (
            format!(
                "the broker does not take the issuer of {}, though it trusts {trusted}: an authority of the same name with another key, \
                 or an intermediate that is not sent",
                leaf_name(evidence)
            ),
            "the authority that issued it".to_owned(),
            String::new(),
        ),
        Some(Leads::Unclear { top } | Leads::Short { top }) => (
            format!(
                "{} was issued by {}, and the broker trusts {trusted}: that is another authority, or an intermediate that the client does \
                 not send along",
                top.subject, top.issuer
            ),
            top.issuer.clone(),
            format!(", or, if {} is an intermediate, append its certificate to the client's chain ({})", top.issuer, words.client_keystore),
        ),
        Some(Leads::Elsewhere { top }) => (
            format!("the chain of {} ends at {}, and the broker trusts {trusted}", leaf_name(evidence), top.issuer),
            top.issuer.clone(),
            String::new(),
        ),
        None => (
            format!("the broker does not trust the client's issuer, and trusts {trusted}"),
            "the client's authority".to_owned(),
            String::new(),
        ),
    };
    Explanation::new(
        Side::Client,
        cause,
        format!(
            "show a certificate of an authority that the broker trusts; if the client belongs to the cluster, add {authority} to {} of \
             the broker{or}",
            words.broker_truststore
        ),
    )
    .about_any(evidence.leaf())
}

pub fn refused(evidence: &Evidence) -> Explanation {
    let asked = if evidence.asked.is_some() { "" } else { ", though it asked for no client certificate" };
    let cause = format!("{} broke off after the client's side of the handshake{asked}: {}", evidence.endpoint, evidence.fault.symptom);
    let fix = if evidence.is_kafka() {
        format!("Kafka tells the reason only at DEBUG: {KAFKA_DEBUG}")
    } else {
        "look into RabbitMQ's log at this time, or hand it over with --broker-log".to_owned()
    };
    Explanation::new(Side::Broker, cause, fix).about_any(evidence.leaf())
}

pub fn whom_the_broker_trusts(evidence: &Evidence) -> String {
    match &evidence.asked {
        Some(asked) if !asked.issuers.is_empty() => evidence.named_issuers(),
        _ => "authorities that it does not name".to_owned(),
    }
}

fn leaf_name(evidence: &Evidence) -> &str {
    evidence.leaf().map_or("the client's certificate", |leaf| &leaf.subject)
}

/// What the certificate is to the client.
fn part(evidence: &Evidence, certificate: &Certificate) -> &'static str {
    if evidence.leaf() == Some(certificate) { "the client's certificate" } else { "the authority that the client sends along," }
}

pub fn client(cause: impl Into<String>, fix: impl Into<String>) -> Explanation {
    Explanation::new(Side::Client, cause, fix)
}
