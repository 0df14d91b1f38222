//! What the broker's own log decides, before anything is guessed from outside.

use super::log_cause::LogCause;
use super::programs::KAFKA_DEBUG;
use super::row::{Explanation, Row, Side};
use super::{Evidence, Step, Symptom};
use super::{client, client_causes, kafka_access, login, tls};

pub const ROWS: &[Row] = &[
    Row { rule: &client::REVOKED, explain: |evidence| heard(evidence, LogCause::Revoked).then(|| client_causes::revoked(evidence)) },
    Row { rule: &client::MISSING, explain: |evidence| heard(evidence, LogCause::NoCertificate).then(|| client_causes::missing(evidence)) },
    // Erlang says that it has expired of one that has not begun too.
    Row {
        rule: &client::NOT_YET_VALID,
        explain: |evidence| {
            let said = heard(evidence, LogCause::NotYetValid) || heard(evidence, LogCause::Expired);
            if said { client_causes::not_yet_valid(evidence) } else { None }
        },
    },
    Row {
        rule: &client::EXPIRED,
        explain: |evidence| {
            (heard(evidence, LogCause::Expired) || heard(evidence, LogCause::NotYetValid)).then(|| client_causes::expired(evidence))
        },
    },
    Row {
        rule: &client::WRONG_USAGE,
        explain: |evidence| {
            let otherwise = || {
                Explanation::new(
                    Side::Client,
                    format!("the broker says that the certificate of {} may not be used by a client", evidence.identity),
                    "issue it, and the authorities above it, anew with clientAuth and digitalSignature",
                )
                .about_any(evidence.leaf())
            };
            heard(evidence, LogCause::WrongUsage).then(|| client_causes::wrong_usage(evidence).unwrap_or_else(otherwise))
        },
    },
    Row {
        rule: &client::CHAIN_INCOMPLETE,
        explain: |evidence| {
            if heard(evidence, LogCause::IssuerUnknown) && !is_plain_self_signed(evidence) {
                client_causes::chain_incomplete(evidence)
            } else {
                None
            }
        },
    },
    Row {
        rule: &client::ISSUER_UNKNOWN,
        explain: |evidence| {
            (heard(evidence, LogCause::IssuerUnknown) && !is_plain_self_signed(evidence)).then(|| client_causes::issuer_unknown(evidence))
        },
    },
    Row {
        rule: &client::REFUSED,
        explain: |evidence| {
            let line = evidence.log.iter().find(|line| LogCause::of(line) == Some(LogCause::ChainInvalid))?;
            heard(evidence, LogCause::ChainInvalid).then(|| {
                // A chain that is sound from here is too long for the broker alone.
                let sound = evidence.own_fault(|_| true).is_none();
                let fix = if sound && !evidence.is_kafka() {
                    "raise ssl_options.depth to the number of authorities between a client's certificate and its root, at least"
                } else {
                    "make that authority anew with CA:TRUE, keyCertSign and a path length that allows the chain"
                };
                let cause = format!("the broker does not take an authority above the certificate of {}: {line}", evidence.identity);
                Explanation::new(if sound { Side::Broker } else { Side::Client }, cause, fix).about_any(evidence.leaf())
            })
        },
    },
    Row { rule: &tls::VERSION_MISMATCH, explain: |evidence| heard(evidence, LogCause::NoVersion).then(|| tls::version_mismatch(evidence)) },
    Row { rule: &tls::BROKER_WITHOUT_KEY, explain: |evidence| heard(evidence, LogCause::NoKey).then(|| tls::broker_without_key(evidence)) },
    Row { rule: &tls::SUITE_MISMATCH, explain: |evidence| heard(evidence, LogCause::NoSuite).then(|| tls::suite_mismatch(evidence)) },
    Row {
        rule: &tls::PLAINTEXT_PORT,
        explain: |evidence| {
            heard(evidence, LogCause::TlsToPlaintext)
                .then(|| tls::plaintext_port(evidence, if evidence.is_kafka() { "Kafka" } else { "AMQP" }))
        },
    },
    Row {
        rule: &login::SASL_EXPECTED,
        explain: |evidence| heard(evidence, LogCause::SaslExpected).then(|| login::sasl_expected(evidence)),
    },
    Row {
        rule: &login::EXTERNAL_NOT_ENABLED,
        explain: |evidence| heard(evidence, LogCause::ExternalNotEnabled).then(|| login::external_not_enabled(evidence, &[])),
    },
    Row {
        rule: &login::MECHANISM_MISSING,
        explain: |evidence| heard(evidence, LogCause::MechanismMissing).then(|| login::mechanism_missing(evidence, offered(evidence))),
    },
    Row {
        rule: &login::EXTERNAL_WITHOUT_CERTIFICATE,
        explain: |evidence| heard(evidence, LogCause::ExternalWithoutCertificate).then(|| login::external_without_certificate(evidence)),
    },
    Row {
        rule: &login::EXTERNAL_NAME_MISSING,
        explain: |evidence| heard(evidence, LogCause::ExternalNameMissing).then(|| login::external_name_missing(evidence)),
    },
    Row {
        rule: &login::EXTERNAL_USER_MISSING,
        explain: |evidence| heard(evidence, LogCause::ExternalUserMissing).then(|| login::external_user_missing(evidence)),
    },
    Row {
        rule: &login::LOGIN_REFUSED,
        explain: |evidence| heard(evidence, LogCause::LoginRefused).then(|| login::login_refused(evidence)),
    },
    Row { rule: &kafka_access::TOPIC, explain: |evidence| denied(evidence, LogCause::TopicDenied).then(|| kafka_access::topic(evidence)) },
    Row { rule: &kafka_access::GROUP, explain: |evidence| denied(evidence, LogCause::GroupDenied).then(|| kafka_access::group(evidence)) },
    Row {
        rule: &kafka_access::TRANSACTIONAL_ID,
        explain: |evidence| denied(evidence, LogCause::TransactionalIdDenied).then(|| kafka_access::transactional_id(evidence)),
    },
    Row {
        rule: &kafka_access::CLUSTER,
        explain: |evidence| denied(evidence, LogCause::ClusterDenied).then(|| kafka_access::cluster(evidence)),
    },
];

/// How to hear more, where Kafka's log tells of the failure and not of its cause.
pub fn how_to_hear_more(evidence: &Evidence) -> Option<String> {
    let is_told = evidence.log.iter().any(|line| LogCause::of(line).is_some());
    let is_bare = evidence.log.iter().any(|line| line.contains("SSL handshake failed"));
    (evidence.is_kafka() && is_bare && !is_told).then(|| format!("; Kafka's log has no cause for it at INFO: {KAFKA_DEBUG}"))
}

/// Whether the log says so of a connection that came as far as TLS. Where the client itself refused, that decides.
fn heard(evidence: &Evidence, cause: LogCause) -> bool {
    evidence.fault.step >= Step::Handshake
        && !matches!(evidence.fault.symptom, Symptom::ServerRefused { .. })
        && evidence.log.iter().any(|line| LogCause::of(line) == Some(cause))
}

/// An error code of Kafka's is as certain, and of this very request.
fn denied(evidence: &Evidence, cause: LogCause) -> bool {
    evidence.kafka_code().is_none() && heard(evidence, cause)
}

/// There is a row for these, and it says more.
fn is_plain_self_signed(evidence: &Evidence) -> bool {
    evidence.leaf().is_some_and(|leaf| leaf.is_self_signed())
}

fn offered(evidence: &Evidence) -> &[String] {
    match &evidence.fault.symptom {
        Symptom::Mechanism { offered, .. } => offered,
        _ => &[],
    }
}
