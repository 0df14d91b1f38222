//! What each implementation would say of a path, by the rules that are known of it.

use super::node::Node;
use super::{Fault, Question};

/// Whose validation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Validator {
    /// Kafka's brokers and the Java clients: PKIX of JDK 17 and 25.
    Java,
    /// RabbitMQ: Erlang/OTP 25 and later.
    Erlang,
    /// librdkafka and Python clients: OpenSSL 3.
    #[serde(rename = "openssl")]
    OpenSsl,
    Rustls,
}

/// What one implementation would say.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Opinion {
    pub validator: Validator,
    pub accepts: bool,
    /// Why, in one sentence; empty where it agrees with the verdict for the verdict's reason.
    pub because: String,
}

pub(super) fn all(_path: &[&Node<'_>], _faults: &[Fault], _question: &Question<'_>) -> Vec<Opinion> {
    Vec::new()
}
