//! The files that the client is configured with.

use super::row::{Explanation, Row, Side};
use super::{Evidence, FileProblem, Step, Symptom};
use crate::finding::Rule;

pub const ROWS: &[Row] = &[
    Row {
        rule: &Rule::error(
            "file-unreadable",
            "a file of the client that cannot be read",
            "It is missing, or the user that runs this may not read it. Java says FileNotFoundException or AccessDeniedException, and a \
             client that runs as another user may well be able to.",
        ),
        explain: |evidence| match problem(evidence)? {
            (file, FileProblem::Unreadable(why)) => Some(client(
                format!("{file} cannot be read: {why}"),
                format!("check the path, and that the user who runs the client may read {file}"),
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "file-damaged",
            "a file of the client that is not what it should be",
            "It is cut off, damaged, or of another format than its name or its configured type says. Java says `Invalid keystore format` \
             or `toDerInputStream rejects tag type 45` of a PEM file that is configured as PKCS12.",
        ),
        explain: |evidence| match problem(evidence)? {
            (file, FileProblem::Damaged(why)) => Some(client(
                format!("{file} is not what it should be: {why}"),
                format!("make {file} anew, or name its true format; `countersign inspect` shows what is in it"),
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "file-password-wrong",
            "a password that does not open its file",
            "Java says `keystore password was incorrect` or `Keystore was tampered with, or password was incorrect`, librdkafka `Failed \
             to parse ssl.keystore.location PKCS#12 file`.",
        ),
        explain: |evidence| match problem(evidence)? {
            (file, FileProblem::WrongPassword) => Some(client(
                format!("the password does not open {file}"),
                format!(
                    "give the password that {file} was written with (--password-file, or ssl.keystore.password and \
                     ssl.truststore.password)"
                ),
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "key-locked",
            "an encrypted key without a password",
            "The private key is encrypted, and nobody gave a password for it. librdkafka says `Private key requires password but no \
             password configured (ssl.key.password)`.",
        ),
        explain: |evidence| match problem(evidence)? {
            (file, FileProblem::KeyLocked) => Some(client(
                format!("the private key in {file} is encrypted, and there is no password for it"),
                "give its password (--key-password-file, or ssl.key.password in the client's configuration), or use an unencrypted key \
                 of mode 0600",
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "key-mismatch",
            "a key that does not belong to the certificate",
            "A handshake proves that the client holds the key of its certificate (RFC 8446, 4.4.3), so no server takes this pair. \
             OpenSSL says `key values mismatch`, and it is usually a key that was left over from the last renewal.",
        ),
        explain: |evidence| match problem(evidence)? {
            (file, FileProblem::KeyMismatch { subject }) => Some(
                client(
                    format!("the private key in {file} does not belong to the certificate of {subject}"),
                    format!("put the key that {subject} was requested with beside it, or have a certificate issued for this key"),
                )
                .about(subject),
            ),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "no-key",
            "a client identity without a private key",
            "A certificate alone proves nothing: the client needs its key too. A truststore given as a keystore looks like this.",
        ),
        explain: |evidence| match problem(evidence)? {
            (file, FileProblem::NoKey) => Some(client(
                format!("there is no private key in {file}"),
                "name the file that holds the key (--key, ssl.key.location), or the keystore instead of the truststore",
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "no-certificate",
            "a client identity without a certificate",
            "A key alone says nothing about who holds it: the client needs the certificate that was issued for it.",
        ),
        explain: |evidence| match problem(evidence)? {
            (file, FileProblem::NoCertificate) => Some(client(
                format!("there is no certificate in {file}"),
                "name the file that holds the client's certificate and the chain above it (--as, ssl.certificate.location)",
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "no-anchors",
            "a truststore that trusts nobody",
            "Java says `the trustAnchors parameter must be non-empty`: a PKCS#12 file made by OpenSSL without the trusted-key-usage \
             attribute holds certificates, but no trusted ones, and without a password Java sees none at all.",
        ),
        explain: |evidence| match problem(evidence)? {
            (file, FileProblem::NoAnchors) => Some(client(
                format!("{file} holds no trusted certificate, so no server would be believed"),
                format!(
                    "put the authority of the brokers into {file} as a trusted certificate (keytool -importcert), or name another with \
                     --trust"
                ),
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "key-unsupported",
            "a key of a kind that TLS cannot use",
            "TLS 1.3 signs with ECDSA, EdDSA or RSA (RFC 8446, 4.2.3): DSA keys, RSA keys below 2048 bits and rare curves work with few \
             implementations or none.",
        ),
        explain: |evidence| match problem(evidence)? {
            (file, FileProblem::UnsupportedKey(kind)) => Some(client(
                format!("the key in {file} cannot be used for TLS: {kind}"),
                "make a new key, EC P-256 or RSA of 2048 bits or more, and have a certificate issued for it",
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "client-in-plaintext",
            "a client that is configured not to use TLS",
            "security.protocol is PLAINTEXT or SASL_PLAINTEXT (Kafka's default is PLAINTEXT), or the URL begins with amqp://. Such a \
             client sends its password and its messages in clear, so it is not followed.",
        ),
        explain: |evidence| match problem(evidence)? {
            (file, FileProblem::InPlaintext(setting)) => Some(client(
                format!("{file} says {setting}, which is not encrypted"),
                if evidence.is_kafka() {
                    "set security.protocol to SSL or SASL_SSL, and bootstrap.servers to the port of such a listener"
                } else {
                    "write amqps:// and the port of the TLS listener"
                },
            )),
            _ => None,
        },
    },
    Row {
        rule: &Rule::error(
            "files-unusable",
            "files that the client cannot be configured with",
            "The client's files failed in a way that has no code of its own. The raw cause is shown as it is.",
        ),
        explain: |evidence| {
            (evidence.fault.step == Step::Files).then(|| {
                client(
                    format!("the files of {} cannot be used: {}", evidence.identity, evidence.fault.symptom),
                    "mend the file that is named; `countersign check` tells more about each",
                )
            })
        },
    },
];

fn problem(evidence: &Evidence) -> Option<(&str, &FileProblem)> {
    match &evidence.fault.symptom {
        Symptom::File { file, problem } => Some((file, problem)),
        _ => None,
    }
}

fn client(cause: impl Into<String>, fix: impl Into<String>) -> Explanation {
    Explanation::new(Side::Client, cause, fix)
}
