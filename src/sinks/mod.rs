//! Floor 9: stores of secrets elsewhere. What is there is looked at, what differs is written, and what was written is read back.

mod aws;
mod aws_client;
mod aws_error;
mod aws_http;
mod aws_put;
#[cfg(test)]
mod aws_tests;
mod delivery;
mod error;
mod said;
mod vault;
mod vault_client;
mod vault_environment;
mod vault_error;
mod vault_login;
mod vault_put;
mod vault_request;
mod vault_secret;
mod vault_session;
mod vault_settings;

use std::fmt;
use std::time::Duration;

pub use aws::SecretsManager;
pub use delivery::{Delivery, Foreign, Mode, Outcome, Wishes, deliver};
pub use error::SinkError;
pub use vault::Vault;

use crate::parcel::{Ownership, Parcel};

/// Of an answer, in bytes. More than Vault lets one secret have (1 MiB), and than the names of [`MOST_LISTED`] of them.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;
/// How many secrets, and folders of them, are looked at when those of a cluster are listed.
const MOST_LISTED: usize = 100_000;
/// Of a name in a list that could be ours, in bytes; what AWS takes.
const LONGEST_NAME: usize = 512;
/// For all the calls that a list takes.
const LISTING: Duration = Duration::from_secs(300);

/// A store of secrets, open: reached, and logged in to.
#[derive(Debug)]
pub enum Sink {
    Vault(Vault),
    Aws(SecretsManager),
}

/// A version of one secret, as its store counts or names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// Vault's, from 1.
    Number(u64),
    /// Secrets Manager's `VersionId`.
    Id(String),
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Id(id) => f.write_str(id),
        }
    }
}

/// How the place of a parcel looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Of the newest version, be it deleted; `None` where there never was one.
    pub version: Option<Version>,
    pub state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing, or something that was deleted and can be written over.
    Absent,
    /// The same value, with the same label.
    Same,
    /// Ours, with these fields otherwise; none when only the label is.
    Differs { changed: Vec<String> },
    /// Not ours to write over. `changed` as in `Differs`.
    NotOurs { whose: Ownership, changed: Vec<String> },
}

/// A secret of this cluster, as the sink lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored {
    pub address: String,
    /// Whose it is, as its label has it: `kafka/broker-1`.
    pub holder: String,
}

impl Sink {
    /// Where it is, for people: `https://vault.example:8200 secret/`, `eu-central-1`.
    pub fn place(&self) -> String {
        match self {
            Self::Vault(vault) => vault.place(),
            Self::Aws(aws) => aws.place(),
        }
    }

    /// A parcel's address with what stands before it: `secret/orders/kafka/broker-1`.
    pub fn full_address(&self, address: &str) -> String {
        match self {
            Self::Vault(vault) => format!("{}/{address}", vault.mount()),
            Self::Aws(_) => address.to_owned(),
        }
    }

    /// Reads what lies at the parcel's address and compares. Changes nothing.
    pub async fn look(&self, parcel: &Parcel) -> Result<Standing, SinkError> {
        match self {
            Self::Vault(vault) => vault.look(parcel).await,
            Self::Aws(aws) => aws.look(parcel).await,
        }
    }

    /// Writes the parcel over exactly what `standing` saw, reads it back, and then lets it count. Sent again, it changes nothing.
    ///
    /// The error [`SinkError::Conflict`] says that another wrote there since.
    pub async fn put(&self, parcel: &Parcel, standing: &Standing) -> Result<Version, SinkError> {
        match self {
            Self::Vault(vault) => vault.put(parcel, standing).await,
            Self::Aws(aws) => aws.put(parcel, standing).await,
        }
    }

    /// Every secret below this sink's paths whose label names this cluster.
    pub async fn list(&self) -> Result<Vec<Stored>, SinkError> {
        let listing = async {
            match self {
                Self::Vault(vault) => vault.list().await,
                Self::Aws(aws) => aws.list().await,
            }
        };
        let in_time = tokio::time::timeout(LISTING, listing).await;
        in_time.unwrap_or_else(|_| Err(SinkError::Slow { place: self.place(), seconds: LISTING.as_secs() }))
    }

    /// Deletes so that it can be brought back: Vault keeps its versions, Secrets Manager waits for 30 days.
    pub async fn remove(&self, stored: &Stored) -> Result<(), SinkError> {
        match self {
            Self::Vault(vault) => vault.remove(stored).await,
            Self::Aws(aws) => aws.remove(stored).await,
        }
    }

    /// Gives back a token that logging in made.
    pub async fn close(self) {
        match self {
            Self::Vault(vault) => vault.close().await,
            Self::Aws(_) => {}
        }
    }
}
