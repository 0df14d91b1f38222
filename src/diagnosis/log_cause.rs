//! The lines of a broker's log that tell a cause, by the part of them that stays the same from release to release.

use rustls::AlertDescription;

use super::{Evidence, LoginKind, Step, Symptom};
use crate::path::FaultKind;

/// What a line of a log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogCause {
    NoCertificate,
    IssuerUnknown,
    Expired,
    NotYetValid,
    WrongUsage,
    Revoked,
    /// Something about the chain above the leaf: path length, key usage of an authority.
    ChainInvalid,
    /// Erlang's word for a self-signed certificate, an authority's, or one with a wrong signature.
    BadCertificate,
    /// The client did not take the server's certificate.
    ServerRefused,
    NoSuite,
    NoVersion,
    NoKey,
    /// A TLS client at a port without TLS.
    TlsToPlaintext,
    SaslExpected,
    MechanismMissing,
    ExternalNotEnabled,
    ExternalUserMissing,
    ExternalNameMissing,
    ExternalWithoutCertificate,
    LoginRefused,
    TopicDenied,
    GroupDenied,
    ClusterDenied,
    TransactionalIdDenied,
}

/// What stands in the line, the special before the general.
const KNOWN: &[(&str, LogCause)] = &[
    // Kafka, on Java.
    ("Empty client certificate chain", LogCause::NoCertificate),
    ("PKIX path building failed", LogCause::IssuerUnknown),
    ("Extended key usage does not permit use for TLS client", LogCause::WrongUsage),
    ("NotAfter: ", LogCause::Expired),
    ("NotBefore: ", LogCause::NotYetValid),
    ("Certificate has been revoked", LogCause::Revoked),
    ("pathLenConstraint violated", LogCause::ChainInvalid),
    ("does not have keyCertSign bit set", LogCause::ChainInvalid),
    ("CA key usage check failed", LogCause::ChainInvalid),
    ("no cipher suites in common", LogCause::NoSuite),
    ("No available authentication scheme", LogCause::NoSuite),
    ("are not accepted by server preferences", LogCause::NoVersion),
    ("Unsupported SASL mechanism", LogCause::MechanismMissing),
    ("during SASL handshake", LogCause::SaslExpected),
    ("due to invalid credentials with SASL mechanism", LogCause::LoginRefused),
    ("Invalid username or password", LogCause::LoginRefused),
    // RabbitMQ, on Erlang.
    ("no_client_certificate_provided", LogCause::NoCertificate),
    ("certificate_required", LogCause::NoCertificate),
    ("SERVER ALERT: Fatal - Certificate required", LogCause::NoCertificate),
    ("SERVER ALERT: Fatal - Unknown CA", LogCause::IssuerUnknown),
    ("SERVER ALERT: Fatal - Certificate Expired", LogCause::Expired),
    ("{bad_cert,invalid_ext_key_usage}", LogCause::WrongUsage),
    ("{key_usage_mismatch,", LogCause::WrongUsage),
    ("SERVER ALERT: Fatal - Certificate Revoked", LogCause::Revoked),
    ("{bad_cert,max_path_length_reached}", LogCause::ChainInvalid),
    ("{bad_cert,invalid_key_usage}", LogCause::ChainInvalid),
    ("SERVER ALERT: Fatal - Bad Certificate", LogCause::BadCertificate),
    ("record_type_mismatch", LogCause::ServerRefused),
    ("received CLIENT ALERT: Fatal - ", LogCause::ServerRefused),
    ("no_suitable_ciphers", LogCause::NoSuite),
    ("SERVER ALERT: Fatal - Insufficient Security", LogCause::NoSuite),
    ("SERVER ALERT: Fatal - Protocol Version", LogCause::NoVersion),
    ("malformed_handshake_data", LogCause::NoKey),
    ("{options,{keyfile,", LogCause::NoKey),
    ("{options,{certfile,", LogCause::NoKey),
    ("{bad_header,<<22,3,", LogCause::TlsToPlaintext),
    ("TLS client detected on non-TLS AMQP port", LogCause::TlsToPlaintext),
    ("EXTERNAL login refused: no name found", LogCause::ExternalNameMissing),
    ("presented no TLS (x.509) certificate", LogCause::ExternalWithoutCertificate),
    ("EXTERNAL login refused: user ", LogCause::ExternalUserMissing),
    ("unknown authentication mechanism 'EXTERNAL'", LogCause::ExternalNotEnabled),
    ("unknown authentication mechanism", LogCause::MechanismMissing),
    (" login refused: ", LogCause::LoginRefused),
];

/// What Kafka's authorizer writes of which kind of resource.
const DENIED: &[(&str, LogCause)] = &[
    ("resource = Topic:", LogCause::TopicDenied),
    ("resource = Group:", LogCause::GroupDenied),
    ("resource = Cluster:", LogCause::ClusterDenied),
    ("resource = TransactionalId:", LogCause::TransactionalIdDenied),
];

impl LogCause {
    pub fn of(line: &str) -> Option<Self> {
        let among = |known: &[(&str, Self)]| known.iter().find(|(part, _)| line.contains(part)).map(|(_, cause)| *cause);
        if line.contains(" is Denied operation") {
            return among(DENIED);
        }
        if line.contains("InvalidReceiveException") {
            return is_size_of_a_tls_record(line).then_some(Self::TlsToPlaintext);
        }
        among(KNOWN)
    }

    /// Whether a line that names no connection can be about this failure: a log has many lines of many clients.
    pub fn fits(self, line: &str, evidence: &Evidence) -> bool {
        let symptom = &evidence.fault.symptom;
        let step = evidence.fault.step;
        let refused = evidence.client_was_refused();
        let alert = evidence.alert();
        let leaf = evidence.leaf();
        match self {
            Self::NoCertificate => refused && (leaf.is_none() || alert == Some(AlertDescription::CertificateRequired)),
            Self::IssuerUnknown | Self::Revoked | Self::ChainInvalid => refused && leaf.is_some(),
            Self::Expired => {
                let own = |kind: &FaultKind| matches!(kind, FaultKind::Expired(_) | FaultKind::NotYetValid(_));
                refused && (alert == Some(AlertDescription::CertificateExpired) || evidence.own_fault(own).is_some())
            }
            Self::NotYetValid => refused && evidence.own_fault(|kind| matches!(kind, FaultKind::NotYetValid(_))).is_some(),
            Self::WrongUsage => {
                refused && evidence.own_fault(|kind| matches!(kind, FaultKind::Purpose { .. } | FaultKind::KeyUsage { .. })).is_some()
            }
            Self::BadCertificate => {
                let odd = leaf.is_some_and(|leaf| leaf.is_self_signed() || leaf.authority.is_authority);
                refused && (odd || (leaf.is_some() && alert == Some(AlertDescription::BadCertificate)))
            }
            Self::ServerRefused => matches!(symptom, Symptom::ServerRefused { .. }),
            Self::NoSuite | Self::NoVersion | Self::NoKey => {
                step == Step::Handshake && matches!(symptom, Symptom::Alert(_) | Symptom::Closed | Symptom::NothingInCommon { .. })
            }
            Self::TlsToPlaintext => {
                step == Step::Handshake && matches!(symptom, Symptom::Closed | Symptom::NotTls { .. } | Symptom::Plaintext { .. })
            }
            Self::SaslExpected => matches!(symptom, Symptom::Closed) && step > Step::Acceptance,
            Self::MechanismMissing | Self::ExternalNotEnabled => step == Step::Login,
            Self::ExternalNameMissing | Self::ExternalWithoutCertificate => step == Step::Login && evidence.login == LoginKind::Certificate,
            Self::ExternalUserMissing => {
                let ours = super::amqp::quoted_after(line, "user ").is_none_or(|user| leaf.is_none_or(|leaf| names(leaf, user)));
                step == Step::Login && evidence.login == LoginKind::Certificate && ours
            }
            Self::LoginRefused => match &evidence.login {
                LoginKind::Password { user, .. } => {
                    step == Step::Login && super::amqp::quoted_after(line, "user ").is_none_or(|named| named == user)
                }
                LoginKind::Certificate | LoginKind::Anonymous => false,
            },
            Self::TopicDenied => is_denied(evidence, line, 29),
            Self::GroupDenied => is_denied(evidence, line, 30),
            Self::ClusterDenied => is_denied(evidence, line, 31),
            Self::TransactionalIdDenied => is_denied(evidence, line, 53),
        }
    }
}

/// By the code that Kafka answered; where it answered none, by the principal.
fn is_denied(evidence: &Evidence, line: &str, code: i16) -> bool {
    let ours = || evidence.fault.step >= Step::Metadata && line.contains(&format!("Principal = {} is Denied", evidence.principal()));
    evidence.kafka_code().map_or_else(ours, |answered| answered == code)
}

/// Whether the user name can be the certificate's: its subject, or something that it has.
fn names(leaf: &crate::pki::Certificate, user: &str) -> bool {
    leaf.subject.contains(user) || user.contains("CN=") || leaf.names.iter().any(|name| name.to_string().contains(user))
}

/// The first four bytes of a TLS record, read as the size of a request: type 20 to 23, version 3, and the high byte of a length.
fn is_size_of_a_tls_record(line: &str) -> bool {
    let size = line.split_once("size = ").map(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
    let size = size.and_then(|digits| digits.parse::<u32>().ok()).map(u32::to_be_bytes);
    size.is_some_and(|[kind, major, ..]| (20..=23).contains(&kind) && major == 3)
}
