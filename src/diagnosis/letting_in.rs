//! Probes that were let in: connections that a broker should have refused.

use super::Attempt;
use super::programs::words;
use super::row::{Diagnosis, Explanation, Side};
use crate::describe::{CertificateRequest, Protocol};
use crate::finding::Rule;

pub const RULES: &[&Rule] =
    &[&WITHOUT_CERTIFICATE, &FOREIGN_AUTHORITY, &EXPIRED, &WRONG_USAGE, &PLAINTEXT, &OLD_TLS, &WEAK_SUITES, &ANOTHER_NAME];

const WITHOUT_CERTIFICATE: Rule = Rule::error(
    "lets-in-without-certificate",
    "a broker that lets in clients without a certificate",
    "Whoever reaches the port is a client. Kafka's default is ssl.client.auth=none, on a SASL_SSL listener whatever is set for the whole \
     broker (KIP-684), and RabbitMQ's is verify_none; requested, or verify_peer without fail_if_no_peer_cert, asks and takes no for an \
     answer.",
);

const FOREIGN_AUTHORITY: Rule = Rule::error(
    "lets-in-foreign-authority",
    "a broker that lets in certificates of anybody",
    "The certificate was signed by a key that nobody knows, under the name of the right authority. A broker that takes it checks no \
     signature: it asks for no certificate at all, or a trust manager or verify_fun says yes to everything.",
);

const EXPIRED: Rule = Rule::error(
    "lets-in-expired",
    "a broker that lets in certificates that have ended",
    "A certificate that was lost or stolen is good for ever there. Java and Erlang both look at the dates unless they look at nothing.",
);

const WRONG_USAGE: Rule = Rule::error(
    "lets-in-wrong-usage",
    "a broker that lets in certificates for servers alone",
    "Without a look at the extended key usage (RFC 5280, 4.2.1.12) every server of the same authority can log in as a client. Java and \
     Erlang look.",
);

const PLAINTEXT: Rule = Rule::error(
    "lets-in-plaintext",
    "a port that speaks its protocol without TLS",
    "Passwords and messages are there for everyone on the way to read and to change, and no certificate protects anything.",
);

const OLD_TLS: Rule = Rule::error(
    "lets-in-old-tls",
    "a broker that speaks TLS 1.1 or 1.0",
    "Both must not be used (RFC 8996). Java has disabled them since 8u291 and 11.0.11, so somebody has enabled them again in \
     jdk.tls.disabledAlgorithms.",
);

const WEAK_SUITES: Rule = Rule::error(
    "lets-in-weak-suites",
    "a broker that takes cipher suites that protect nothing",
    "NULL, anonymous, export, RC4 and DES suites give no secrecy or no proof of who is there (RFC 9325, 4.1).",
);

const ANOTHER_NAME: Rule = Rule::error(
    "lets-in-another-name",
    "a server certificate that is valid under a name that no broker has",
    "A name that was made up is covered, by a wildcard for a whole domain: whoever holds the key can be any host there. RFC 9525, 7.1 \
     advises against wildcards.",
);

/// What it means that the attempt was let in at `endpoint`, and that the server had `asked` for a certificate, or had not.
pub fn let_in(attempt: Attempt, protocol: Protocol, endpoint: &str, asked: Option<&CertificateRequest>) -> Diagnosis {
    let (rule, cause, fix) = match attempt {
        Attempt::NoCertificate => {
            let cause = match asked {
                Some(_) => format!("client certificates are requested but not required at {endpoint}"),
                None => format!("client certificates are not requested at {endpoint}"),
            };
            (&WITHOUT_CERTIFICATE, cause, require(protocol))
        }
        Attempt::ForeignAuthority => {
            (&FOREIGN_AUTHORITY, taken(endpoint, asked, "a certificate that no known authority signed"), verify(protocol, asked))
        }
        Attempt::Expired => (&EXPIRED, taken(endpoint, asked, "a certificate that has ended"), verify(protocol, asked)),
        Attempt::WrongUsage => (&WRONG_USAGE, taken(endpoint, asked, "a certificate that is for servers alone"), verify(protocol, asked)),
        Attempt::Plaintext => (&PLAINTEXT, format!("{endpoint} answers without TLS"), encrypt(protocol)),
        Attempt::OldVersion => (&OLD_TLS, format!("{endpoint} speaks TLS 1.1 or 1.0"), allow_only_new(protocol)),
        Attempt::WeakSuites => (&WEAK_SUITES, format!("{endpoint} takes cipher suites that protect nothing"), allow_only_strong(protocol)),
        Attempt::OtherName => (
            &ANOTHER_NAME,
            format!("the certificate of {endpoint} is valid under a name that no broker has"),
            format!("issue it anew with the broker's own names instead of a wildcard ({})", words(protocol).broker_keystore),
        ),
    };
    Diagnosis { rule, explanation: Explanation::new(Side::Broker, cause, fix), symptom: None, log: None }
}

fn taken(endpoint: &str, asked: Option<&CertificateRequest>, what: &str) -> String {
    match asked {
        Some(_) => format!("{endpoint} took {what}"),
        None => format!("{endpoint} let in {what}, for it asks for none"),
    }
}

fn require(protocol: Protocol) -> String {
    let words = words(protocol);
    format!("set {}, with the clients' authority in {}", words.client_required, words.broker_truststore)
}

fn verify(protocol: Protocol, asked: Option<&CertificateRequest>) -> String {
    match (asked, protocol) {
        (None, _) => require(protocol),
        (Some(_), Protocol::Kafka) => {
            "take out ssl.engine.factory.class, ssl.trustmanager.algorithm and security.providers if they are set, or ask whoever ends \
             TLS before the broker"
                .to_owned()
        }
        (Some(_), Protocol::Amqp) => {
            "set ssl_options.verify = verify_peer and take out verify_fun from advanced.config, or ask whoever ends TLS before the node"
                .to_owned()
        }
    }
}

fn encrypt(protocol: Protocol) -> String {
    match protocol {
        Protocol::Kafka => "map the listener to SSL or SASL_SSL in listener.security.protocol.map, or take it out of listeners",
        Protocol::Amqp => "set listeners.tcp = none and listeners.ssl.default = 5671",
    }
    .to_owned()
}

fn allow_only_new(protocol: Protocol) -> String {
    match protocol {
        Protocol::Kafka => "set ssl.enabled.protocols=TLSv1.3,TLSv1.2, and put jdk.tls.disabledAlgorithms back",
        Protocol::Amqp => "set ssl_options.versions.1 = tlsv1.3 and ssl_options.versions.2 = tlsv1.2",
    }
    .to_owned()
}

fn allow_only_strong(protocol: Protocol) -> String {
    let suites = words(protocol).broker_suites;
    format!("take out {suites}, so that the defaults hold, or list there only suites with AES-GCM or ChaCha20-Poly1305 and ECDHE")
}
