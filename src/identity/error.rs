//! Why nothing can be asked of an identity: the question lacks something, or is none that can be answered.

use crate::settings::{AmqpUriError, Text};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("{0} does not say whom it trusts: add --trust FILE or --system-roots")]
    NoTrust(String),
    #[error("{file} is the configuration of {program}; --as takes that of a client")]
    NotAClient { file: String, program: &'static str },
    #[error(
        "{file} logs in by {mechanism}; countersign does by PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and certificate: choose one by --mechanism"
    )]
    Mechanism { file: String, mechanism: Text },
    #[error("{0} does not say who logs in: add --user NAME and --user-password-file FILE")]
    NoUser(String),
    #[error("{0} logs in by a delegation token, which countersign does not: add --user NAME and --user-password-file FILE")]
    Token(String),
    #[error("{file}: {written:?} is not host:port with a port from 1 to 65535; an IPv6 address stands in brackets")]
    Target { file: String, written: Text },
    #[error("{file}, line {line}: {error}")]
    Url { file: String, line: usize, error: AmqpUriError },
    #[error("{file}, line {line}: this URL is of another client than the first; give each a file of its own")]
    OtherClient { file: String, line: usize },
    #[error("{0} has its key from elsewhere; --key is for a certificate by itself")]
    KeyUnused(String),
    #[error("--user says who logs in by password; with --mechanism external the certificate says it")]
    UserWithExternal,
}
