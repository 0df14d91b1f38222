//! TLS itself: whether the port speaks it, and whether both sides have a version and a suite in common.

use rustls::AlertDescription;

use super::programs::words;
use super::row::{Explanation, Row, Side};
use super::{Evidence, Step, Symptom};
use crate::describe::{Protocol, TlsVersion, plain_speaker};
use crate::finding::Rule;

pub const PLAINTEXT_PORT: Rule = Rule::error(
    "plaintext-port",
    "a port that speaks the protocol without TLS",
    "A TLS client at a PLAINTEXT listener is an enormous request to Kafka (`InvalidReceiveException: Invalid receive (size = 369295616 \
     …)`: 0x16030100, the head of a TLS record) and a bad header to RabbitMQ (`{bad_header,<<22,3,1,…>>}`). Both close the connection.",
);

pub const VERSION_MISMATCH: Rule = Rule::error(
    "version-mismatch",
    "no version of TLS in common",
    "Kafka says `The client supported protocol versions … are not accepted by server preferences`, and the alert is protocol_version. \
     TLS 1.0 and 1.1 are dead (RFC 8996).",
);

pub const SUITE_MISMATCH: Rule = Rule::error(
    "suite-mismatch",
    "no cipher suite, group or signature scheme in common",
    "Kafka says `no cipher suites in common` or `No available authentication scheme`, RabbitMQ `no_suitable_ciphers`. A broker whose key \
     fits no suite that is offered says the same: DSA, Ed25519, a key usage without digitalSignature, or an intermediate first in its \
     certfile.",
);

pub const BROKER_WITHOUT_KEY: Rule = Rule::error(
    "broker-without-key",
    "a broker that cannot use its own key or certificate",
    "RabbitMQ reads its files at each handshake: with a key or certificate that is missing, unreadable, locked or not PEM it resets the \
     connection right after ClientHello and, before 4.1.1, logs nothing at all.",
);

pub const ROWS: &[Row] = &[
    Row {
        rule: &PLAINTEXT_PORT,
        explain: |evidence| match &evidence.fault.symptom {
            Symptom::Plaintext { protocol } => Some(plaintext_port(evidence, protocol)),
            Symptom::NotTls { answer } if plain_speaker(answer) == Some("AMQP") => Some(plaintext_port(evidence, "AMQP")),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "not-tls",
            "a port that does not speak TLS",
            "Something else listens there, a web server or a proxy that expects its own header first (PROXY protocol); or it closes at \
             the first words of TLS. Java says `Unrecognized SSL message, plaintext connection?`, OpenSSL `wrong version number`.",
        ),
        explain: |evidence| {
            let cause = match &evidence.fault.symptom {
                Symptom::NotTls { answer } => {
                    let speaker = plain_speaker(answer).map(|name| format!(", as {name} does")).unwrap_or_default();
                    format!("{} answers TLS with \"{}\"{speaker}", evidence.endpoint, shortened(answer))
                }
                Symptom::Closed if evidence.ended_at_hello() && evidence.is_kafka() => {
                    format!(
                        "{} closes the connection at the first words of TLS, as a listener without TLS or a proxy without a broker does",
                        evidence.endpoint
                    )
                }
                _ => return None,
            };
            Some(Explanation::new(
                Side::Broker,
                cause,
                match evidence.protocol {
                    Protocol::Kafka => {
                        "use the port of an SSL or SASL_SSL listener (listeners and listener.security.protocol.map), and look at what \
                         stands before the broker"
                    }
                    Protocol::Amqp => "use the port of listeners.ssl, 5671 as a rule, and look at what stands before the broker",
                },
            ))
        },
    },
    Row {
        rule: &VERSION_MISMATCH,
        explain: |evidence| {
            let no_version = match &evidence.fault.symptom {
                Symptom::Alert(alert) => *alert == AlertDescription::ProtocolVersion,
                Symptom::NothingInCommon { error } => {
                    ["version", "tls12", "tls13"].iter().any(|word| error.to_ascii_lowercase().contains(word))
                }
                _ => false,
            };
            no_version.then(|| version_mismatch(evidence))
        },
    },
    Row {
        rule: &BROKER_WITHOUT_KEY,
        explain: |evidence| {
            let keyless = match &evidence.fault.symptom {
                Symptom::Closed => !evidence.is_kafka(),
                // Who has asked for a certificate has agreed on version and suite before.
                Symptom::Alert(AlertDescription::HandshakeFailure) => !evidence.is_kafka() || evidence.asked.is_some(),
                Symptom::Alert(AlertDescription::InternalError) => true,
                _ => false,
            };
            (keyless && evidence.ended_at_hello()).then(|| broker_without_key(evidence))
        },
    },
    Row {
        rule: &SUITE_MISMATCH,
        explain: |evidence| {
            let nothing = match &evidence.fault.symptom {
                Symptom::Alert(AlertDescription::HandshakeFailure) => evidence.ended_at_hello(),
                Symptom::Alert(alert) => *alert == AlertDescription::InsufficientSecurity,
                Symptom::NothingInCommon { .. } => true,
                _ => false,
            };
            nothing.then(|| suite_mismatch(evidence))
        },
    },
];

pub fn plaintext_port(evidence: &Evidence, protocol: &str) -> Explanation {
    let fix = match evidence.protocol {
        Protocol::Kafka => {
            "connect to the port of its SSL or SASL_SSL listener, or map this listener to one of these in listener.security.protocol.map"
        }
        Protocol::Amqp => "connect to the port of listeners.ssl (5671 as a rule) instead of listeners.tcp (5672)",
    };
    Explanation::new(Side::Broker, format!("{} speaks {protocol} without TLS", evidence.endpoint), fix)
}

pub fn version_mismatch(evidence: &Evidence) -> Explanation {
    let Evidence { endpoint, offered, fault, .. } = evidence;
    let names = offered.iter().map(|version| version.name()).collect::<Vec<_>>().join(" and ");
    if evidence.offers_less_than_usual() {
        return Explanation::new(
            Side::Client,
            format!("{} offers {names} alone, which {endpoint} does not take: {}", evidence.identity, fault.symptom),
            "have the client offer TLS 1.2 and 1.3 (ssl.enabled.protocols, the client library's versions, or no --tls here)",
        );
    }
    Explanation::new(
        Side::Broker,
        format!("{endpoint} takes none of the TLS versions that the client offers, {names}: {}", fault.symptom),
        format!("allow TLS 1.2 and 1.3 in {} of the broker", words(evidence.protocol).broker_versions),
    )
}

pub fn suite_mismatch(evidence: &Evidence) -> Explanation {
    let words = words(evidence.protocol);
    Explanation::new(
        Side::Broker,
        format!(
            "{} has no cipher suite, group or signature in common with the client, or no key that fits one: {}",
            evidence.endpoint, evidence.fault.symptom
        ),
        format!(
            "allow TLS_AES_128_GCM_SHA256 and ECDHE suites with AES-GCM in {}, and see that there is an EC or RSA key in {} whose \
             certificate comes first",
            words.broker_suites, words.broker_keystore
        ),
    )
    .about_any(evidence.served.first())
}

pub fn broker_without_key(evidence: &Evidence) -> Explanation {
    let words = words(evidence.protocol);
    Explanation::new(
        Side::Broker,
        format!(
            "{} breaks off before it has shown a certificate, as {} does when it cannot use its own key or certificate",
            evidence.endpoint, words.broker
        ),
        format!(
            "see that {} exist, can be read by the broker's user, hold a key and the certificate that belongs to it, and that the key's \
             password is right; then {}",
            words.broker_keystore, words.reload
        ),
    )
}

fn shortened(answer: &[u8]) -> String {
    answer[..answer.len().min(16)].escape_ascii().to_string()
}

impl Evidence {
    /// Whether the client was told to leave out a version that is in use.
    fn offers_less_than_usual(&self) -> bool {
        !self.offered.is_empty() && ![TlsVersion::V1_2, TlsVersion::V1_3].iter().all(|version| self.offered.contains(version))
    }

    /// Whether the server broke off before it showed a certificate of its own.
    pub(super) fn ended_at_hello(&self) -> bool {
        self.fault.step == Step::Handshake && self.served.is_empty()
    }
}
