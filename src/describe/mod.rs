//! Floor 3: what `inspect` shows: certificates, keys, stores and endpoints put into words and into JSON.
//!
//! Each `…Facts` serialises to what `--format json` prints; [`file_page`] and [`endpoint_page`] make lines for people of the same values.

mod alert;
mod certificate;
mod certificate_page;
mod chain;
mod cipher;
mod endpoint_page;
mod extension;
mod file;
mod file_page;
mod key;
mod name;
mod observation;
mod oid;
mod page;
mod protocol;
mod rabbitmq;
mod request;
mod revocation;

pub use alert::alert_name;
pub use certificate::{CertificateFacts, Standing};
pub use chain::ChainFacts;
pub use cipher::{CipherSuite, Weakness};
pub use endpoint_page::endpoint_page;
pub use extension::{BasicConstraints, Extension, Extensions, NameConstraints};
pub use file::{FileFacts, HeldFacts, ItemFacts};
pub use file_page::file_page;
pub use key::{KeyFacts, Locked, PrivateKeyFacts};
pub use name::{Name, NameKind};
pub use observation::{AcceptedVersion, CertificateRequest, EndpointFacts, Observation, RefusedVersion, TlsVersion};
pub use protocol::{Protocol, plain_speaker};
pub use rabbitmq::RabbitmqUsers;
pub use request::RequestFacts;
pub use revocation::RevocationListFacts;
