//! What each implementation would say of a path, by the rules that are known of it.
//!
//! Each has a file: what it passes over of the faults that were found, and what it objects to that is no fault. They look at the path
//! that the verdict is about; one that builds its paths otherwise may find another.

use super::node::Node;
use super::view::View;
use super::{Fault, Question, erlang, java, openssl, rustls};

/// Whose validation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Validator {
    /// Kafka's brokers and the Java clients: PKIX of JDK 17 and 25.
    Java,
    /// RabbitMQ: Erlang/OTP 25 and later.
    Erlang,
    /// librdkafka and Python clients: OpenSSL 3, at its security level 2.
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

impl Validator {
    const ALL: [Self; 4] = [Self::Java, Self::Erlang, Self::OpenSsl, Self::Rustls];

    fn passes_over(self, view: View<'_>, fault: &Fault) -> bool {
        match self {
            Self::Java => java::passes_over(view, fault),
            Self::Erlang => erlang::passes_over(view, fault),
            Self::OpenSsl => openssl::passes_over(view, fault),
            Self::Rustls => rustls::passes_over(view, fault),
        }
    }

    fn objection(self, view: View<'_>) -> Option<String> {
        match self {
            Self::Java => java::objection(view),
            Self::Erlang => erlang::objection(view),
            Self::OpenSsl => openssl::objection(view),
            Self::Rustls => rustls::objection(view),
        }
    }
}

pub(super) fn all(path: &[&Node<'_>], faults: &[Fault], question: &Question<'_>) -> Vec<Opinion> {
    let view = View { path, question };
    Validator::ALL.into_iter().map(|validator| opinion(validator, view, faults)).collect()
}

fn opinion(validator: Validator, view: View<'_>, faults: &[Fault]) -> Opinion {
    if faults.iter().any(|fault| !validator.passes_over(view, fault)) {
        return Opinion { validator, accepts: false, because: String::new() };
    }
    if let Some(because) = validator.objection(view) {
        return Opinion { validator, accepts: false, because };
    }
    let over: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.subject, fault.kind)).collect();
    let because = if over.is_empty() { String::new() } else { format!("it passes over that {}", over.join(", and that ")) };
    Opinion { validator, accepts: true, because }
}
