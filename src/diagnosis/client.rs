//! The client's certificate as the server sees it. An alert seldom says why, so what was sent is judged as the server would.

use rustls::AlertDescription;

use super::client_causes::{
    chain_incomplete, client, expired, issuer_unknown, missing, not_yet_valid, refused, revoked, whom_the_broker_trusts, wrong_usage,
};
use super::client_chain::Leads;
use super::row::Row;
use super::{Evidence, Step};
use crate::finding::Rule;
use crate::path::FaultKind;
use crate::pki::Certificate;

pub const MISSING: Rule = Rule::error(
    "client-certificate-missing",
    "a client without the certificate that the server requires",
    "Kafka logs `Empty client certificate chain` at DEBUG and sends bad_certificate or certificate_required, RabbitMQ logs \
     `no_client_certificate_provided`. A Java client also sends none when its issuer is not among those that the broker names.",
);

pub const CHAIN_INCOMPLETE: Rule = Rule::error(
    "client-chain-incomplete",
    "a client that leaves out an intermediate certificate",
    "A client must send every certificate between its own and the root (RFC 8446, 4.4.2). Kafka says `PKIX path building failed` at \
     DEBUG, RabbitMQ `Fatal - Unknown CA`: the same as for an authority that they do not trust.",
);

pub const ISSUER_UNKNOWN: Rule = Rule::error(
    "client-issuer-unknown",
    "a client certificate of an authority that the broker does not trust",
    "The client is none of the cluster's, or the broker's truststore lacks its authority. Kafka says `PKIX path building failed` at \
     DEBUG and sends certificate_unknown, RabbitMQ logs `Fatal - Unknown CA`; librdkafka and Java send no certificate then and look as \
     if they had none.",
);

pub const EXPIRED: Rule = Rule::error(
    "client-expired",
    "a client certificate that has ended",
    "Kafka logs `NotAfter: …` at DEBUG and sends certificate_expired or certificate_unknown, RabbitMQ logs `Fatal - Certificate \
     Expired`. A client that runs on goes on showing the certificate it has loaded.",
);

pub const NOT_YET_VALID: Rule = Rule::error(
    "client-not-yet-valid",
    "a client certificate that has not begun",
    "It was issued for a later time, or by a machine whose clock is ahead. Kafka logs `NotBefore: …` at DEBUG; RabbitMQ calls it \
     `Certificate Expired` as well.",
);

pub const WRONG_USAGE: Rule = Rule::error(
    "client-wrong-usage",
    "a client certificate that is not for clients",
    "Its extended key usage leaves out clientAuth (RFC 5280, 4.2.1.12). Kafka logs `Extended key usage does not permit use for TLS \
     client authentication` at DEBUG, RabbitMQ `{bad_cert,invalid_ext_key_usage}`.",
);

pub const REVOKED: Rule = Rule::error(
    "client-revoked",
    "a client certificate that was revoked",
    "The server asks a revocation list or an OCSP responder, and the answer is that the certificate is no longer good (RFC 5280, 5; RFC \
     6960).",
);

pub const REFUSED: Rule = Rule::error(
    "client-refused",
    "a client that is refused for a reason that is not said",
    "The server broke off after it had seen the client's certificate, and nothing is wrong with that certificate from here. Kafka tells \
     the reason only at DEBUG of org.apache.kafka.common.network; RabbitMQ logs it.",
);

pub const ROWS: &[Row] = &[
    Row { rule: &REVOKED, explain: |evidence| (evidence.alert()? == AlertDescription::CertificateRevoked).then(|| revoked(evidence)) },
    Row {
        rule: &MISSING,
        explain: |evidence| {
            let required = evidence.alert() == Some(AlertDescription::CertificateRequired);
            (evidence.certificate_was_refused() && (evidence.leaf().is_none() || required)).then(|| missing(evidence))
        },
    },
    Row {
        rule: &Rule::error(
            "client-is-authority",
            "an authority's own certificate shown as a client's",
            "Erlang and rustls refuse a CA as the other end (`Bad Certificate`, `CaUsedAsEndEntity`), and the key of an authority has no \
             business on a client's disk.",
        ),
        explain: |evidence| {
            let leaf = refused_leaf(evidence)?;
            let known = || evidence.trusts_name(&leaf.subject) || evidence.asked.iter().any(|asked| asked.issuers.contains(&leaf.subject));
            (leaf.authority.is_authority && (!leaf.is_self_signed() || known())).then(|| {
                client(
                    format!("{} shows {}, which is the certificate of an authority", evidence.identity, leaf.subject),
                    format!("have {} issue a certificate for the client with a key of its own, and show that", leaf.subject),
                )
                .about(&leaf.subject)
            })
        },
    },
    Row {
        rule: &Rule::error(
            "client-self-signed",
            "a self-signed client certificate",
            "Nobody vouches for it but itself. RabbitMQ refuses it even where it is in cacertfile (`Bad Certificate`); Kafka takes one \
             only when it is in its truststore.",
        ),
        explain: |evidence| {
            // Kafka may know it and have said that it has ended.
            let untimely = evidence.alert() == Some(AlertDescription::CertificateExpired);
            let leaf = refused_leaf(evidence).filter(|leaf| leaf.is_self_signed() && !untimely)?;
            Some(
                client(
                    format!(
                        "the client's certificate {} is self-signed, and the broker trusts {}",
                        leaf.subject,
                        whom_the_broker_trusts(evidence)
                    ),
                    "have a certificate issued by an authority that the broker trusts, and show that",
                )
                .about(&leaf.subject),
            )
        },
    },
    Row { rule: &NOT_YET_VALID, explain: |evidence| if judges_itself(evidence) { not_yet_valid(evidence) } else { None } },
    Row {
        rule: &EXPIRED,
        explain: |evidence| {
            let ended = evidence.own_fault(|kind| matches!(kind, FaultKind::Expired(_))).is_some();
            let said = evidence.alert() == Some(AlertDescription::CertificateExpired);
            (judges_itself(evidence) && (ended || said)).then(|| expired(evidence))
        },
    },
    Row { rule: &WRONG_USAGE, explain: |evidence| if judges_itself(evidence) { wrong_usage(evidence) } else { None } },
    Row {
        rule: &CHAIN_INCOMPLETE,
        explain: |evidence| {
            refused_leaf(evidence)?;
            chain_incomplete(evidence)
        },
    },
    Row {
        rule: &ISSUER_UNKNOWN,
        explain: |evidence| {
            refused_leaf(evidence)?;
            // The names are right and a word about the certificate was said: then it is another key. Nothing said: it may be anything.
            let said =
                evidence.alert().is_some_and(|alert| matches!(alert, AlertDescription::UnknownCA | AlertDescription::CertificateUnknown));
            (evidence.leads() != Some(Leads::Home) || said).then(|| issuer_unknown(evidence))
        },
    },
    Row {
        rule: &REFUSED,
        explain: |evidence| (evidence.client_was_refused() || evidence.fault.step == Step::Acceptance).then(|| refused(evidence)),
    },
];

/// Whether what is wrong with the client's own chain can be the reason: unknown_ca says that it is not.
fn judges_itself(evidence: &Evidence) -> bool {
    refused_leaf(evidence).is_some() && evidence.alert() != Some(AlertDescription::UnknownCA)
}

fn refused_leaf(evidence: &Evidence) -> Option<&Certificate> {
    evidence.leaf().filter(|_| evidence.certificate_was_refused())
}
