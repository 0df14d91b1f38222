//! Floor 9: from whatever a user has to who visits: a client's configuration, a store, a certificate with its key, an `amqps` URL, or
//! a holder of the directory → a [`Visitor`], or why there can be none.
//!
//! What cannot be used (a key of another certificate, a wrong password, a truststore without trust) is no mistake in the question but
//! the answer to it: a [`Candidate`] whose visitor is the [`Fault`] that its own program would meet.

mod amqp;
mod bare;
mod draft;
mod error;
mod files;
mod holder;
mod kafka;
mod login;
mod opened;
mod store;

use std::path::{Path, PathBuf};

pub use amqp::{AmqpTargetError, target as amqp_target};
pub use error::IdentityError;
pub use login::Chosen;

use crate::describe::{Protocol, TlsVersion};
use crate::diagnosis::{Fault, Via};
use crate::inventory::HolderFiles;
use crate::keystore::Passwords;
use crate::pki::{HostPort, Passphrase};
use crate::visit::Visitor;

/// Who would connect, where to, and whether it can.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// `clients/orders`, or the file that the client is configured by.
    pub name: String,
    pub via: Via,
    pub visitor: Result<Visitor, Fault>,
    /// What is worth knowing and no failure: how countersign does other than this client would.
    pub notes: Vec<String>,
    /// Where its configuration leads. A store and a certificate lead nowhere.
    pub targets: Vec<Target>,
}

/// Where to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub endpoint: HostPort,
    pub protocol: Protocol,
    /// RabbitMQ's; `None` with Kafka.
    pub vhost: Option<String>,
}

impl Target {
    pub const fn kafka(endpoint: HostPort) -> Self {
        Self { endpoint, protocol: Protocol::Kafka, vhost: None }
    }

    pub const fn amqp(endpoint: HostPort, vhost: String) -> Self {
        Self { endpoint, protocol: Protocol::Amqp, vhost: Some(vhost) }
    }
}

/// What is said besides; it counts before what an identity says itself.
#[derive(Debug, Default)]
pub struct Besides {
    /// The key of a certificate that comes alone.
    pub key: Option<PathBuf>,
    /// What is trusted, and nothing else.
    pub trust: Vec<PathBuf>,
    /// What the system trusts is trusted too.
    pub system_roots: bool,
    pub user: Option<(String, Passphrase)>,
    pub mechanism: Option<Chosen>,
    /// Each is tried by itself. None: what the client would offer.
    pub versions: Vec<TlsVersion>,
    /// For what is closed and whose password is said nowhere else.
    pub passwords: Passwords,
}

/// Whoever `path` is the identity of: a configuration, a URL, a store, or a certificate.
pub fn from_file(path: &Path, besides: &Besides) -> Result<Vec<Candidate>, IdentityError> {
    files::draft(path, besides)?.finish(besides)
}

/// A holder, by its PEM files.
pub fn from_holder(files: &HolderFiles, besides: &Besides) -> Result<Vec<Candidate>, IdentityError> {
    if besides.key.is_some() {
        return Err(IdentityError::KeyUnused(files.holder.to_string()));
    }
    holder::draft(files).finish(besides)
}

/// Nobody but who is named by `besides`: a user with a password, or a client that says nothing of itself.
pub fn from_arguments(besides: &Besides) -> Result<Vec<Candidate>, IdentityError> {
    let name = besides.user.as_ref().map_or("anonymous", |(user, _)| user);
    draft::Draft::new(name.to_owned(), Via::Arguments, Ok(None)).finish(besides)
}
