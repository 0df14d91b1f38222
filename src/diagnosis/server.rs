//! What else can be wrong with the server's certificate: dates, usages, signatures.

use super::phrases::{day, instant};
use super::programs::words;
use super::row::{Explanation, Row, Side};
use super::{Evidence, Symptom};
use crate::finding::Rule;
use crate::path::{Fault, FaultKind};

pub const ROWS: &[Row] = &[
    Row {
        rule: &Rule::error(
            "server-expired",
            "a server certificate that has ended",
            "Every client refuses it from that second on. Java says `validity check failed` and `NotAfter: …`, OpenSSL `certificate has \
             expired` (10). A broker goes on serving what it has read until it is told to read anew, so the file may be right already.",
        ),
        explain: |evidence| {
            let (fault, on) = evidence.server_fault(|fault| match fault.kind {
                FaultKind::Expired(on) if fault.at == 0 => Some(on),
                _ => None,
            })?;
            let words = words(evidence.protocol);
            Some(
                Explanation::new(
                    Side::Broker,
                    format!("the certificate {} of {} ended on {}", fault.subject, evidence.endpoint, day(on)),
                    format!("renew it in {} and have the broker read it: {}", words.broker_keystore, words.reload),
                )
                .about(&fault.subject),
            )
        },
    },
    Row {
        rule: &Rule::error(
            "server-not-yet-valid",
            "a server certificate that has not begun",
            "It was issued for a later time, or the clock of this machine is behind. Java says `NotBefore: …`, OpenSSL `certificate is \
             not yet valid` (9).",
        ),
        explain: |evidence| {
            let (fault, since) = evidence.server_fault(|fault| match fault.kind {
                FaultKind::NotYetValid(since) => Some(since),
                _ => None,
            })?;
            Some(
                Explanation::new(
                    Side::Broker,
                    format!(
                        "the certificate {} is valid from {} on, and here it is {}",
                        fault.subject,
                        instant(since),
                        instant(evidence.now)
                    ),
                    "compare the clocks of this machine, the broker and the authority (NTP), or issue the certificate anew with a start \
                     in the past",
                )
                .about(&fault.subject),
            )
        },
    },
    Row {
        rule: &Rule::error(
            "server-authority-expired",
            "an authority of the server that has ended",
            "A chain holds only while every certificate of it does. OpenSSL and Erlang look at the dates of the root too, Java does not \
             look at those of its own anchors.",
        ),
        explain: |evidence| {
            let (fault, on) = evidence.server_fault(|fault| match fault.kind {
                FaultKind::Expired(on) if fault.at > 0 => Some(on),
                _ => None,
            })?;
            let (side, fix) = if evidence.trusts_name(&fault.subject) {
                (Side::Client, "renew the authority and put its new certificate into the truststores of clients and brokers")
            } else {
                (Side::Broker, "renew the authority, issue the broker's certificate below it, and serve the new chain")
            };
            Some(
                Explanation::new(
                    side,
                    format!("{}, the authority above the certificate of {}, ended on {}", fault.subject, evidence.endpoint, day(on)),
                    fix,
                )
                .about(&fault.subject),
            )
        },
    },
    Row {
        rule: &Rule::error(
            "server-wrong-usage",
            "a server certificate that is not for servers",
            "Its extended key usage, or that of an authority above it, leaves out serverAuth (RFC 5280, 4.2.1.12). Java says `Extended \
             key usage does not permit use for TLS server authentication`, OpenSSL `unsuitable certificate purpose` (26).",
        ),
        explain: |evidence| {
            let (fault, allowed) = evidence.server_fault(|fault| match &fault.kind {
                FaultKind::Purpose { allowed, .. } | FaultKind::KeyUsage { allowed, .. } => Some(allowed.clone()),
                _ => None,
            })?;
            Some(
                Explanation::new(
                    Side::Broker,
                    format!("{} may not be used by a TLS server: it allows {allowed}", fault.subject),
                    "issue it anew with serverAuth, and clientAuth too where brokers connect to each other, and with digitalSignature",
                )
                .about(&fault.subject),
            )
        },
    },
];

/// Asked after the name: these are rarer.
pub const REST: &[Row] = &[
    Row {
        rule: &Rule::error(
            "server-chain-invalid",
            "a server chain that breaks a rule",
            "A signature, a path length, a name constraint, a critical extension or the like (RFC 5280, 6.1). The cause names the rule; \
             `countersign check HOST:PORT` says which implementations mind.",
        ),
        explain: |evidence| {
            let Symptom::ServerRefused { verdict, error } = &evidence.fault.symptom else { return None };
            let explanation = match verdict.faults.first() {
                Some(fault) => Explanation::new(
                    Side::Broker,
                    format!("{} {}", fault.subject, fault.kind),
                    "issue it anew without that fault; `countersign check` on the endpoint explains each",
                )
                .about(&fault.subject),
                None => Explanation::new(
                    Side::Broker,
                    format!("{} holds by RFC 5280, and the TLS library refuses it: {error}", evidence.server_subject()),
                    "issue it anew as version 3, with SHA-256, an EC P-256 or RSA 2048 key and subject alternative names",
                )
                .about_any(evidence.served.first()),
            };
            Some(explanation)
        },
    },
    Row {
        rule: &Rule::error(
            "server-key-mismatch",
            "a server that does not hold the key of its certificate",
            "The signature in the handshake proves the key (RFC 8446, 4.4.3), and this one is not by the key of the served certificate. \
             RabbitMQ starts with a keyfile that does not belong to its certfile and fails each handshake; OpenSSL says `bad signature`.",
        ),
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::Misbehaved { error } if error.to_ascii_lowercase().contains("signature") => Some(
                Explanation::new(
                    Side::Broker,
                    format!("{} serves {} and signs with another key: {error}", evidence.endpoint, evidence.server_subject()),
                    format!("put the key that belongs to the certificate into {}", words(evidence.protocol).broker_keystore),
                )
                .about_any(evidence.served.first()),
            ),
            _ => None,
        },
    },
];

impl Evidence {
    /// The first fault of the served chain for which `pick` has something.
    fn server_fault<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<(&Fault, T)> {
        let Symptom::ServerRefused { verdict, .. } = &self.fault.symptom else { return None };
        verdict.faults.iter().find_map(|fault| Some((fault, pick(fault)?)))
    }
}
