//! Which leaf an endpoint serves, at each address of its name.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;
use time::OffsetDateTime;

use super::dial::{Addresses, Deadline};
use super::{Visitor, tls};
use crate::diagnosis::{Fault, Step};
use crate::pki::{Certificate, HostPort};

/// What was shown at one address.
#[derive(Debug, Clone)]
pub struct ServedAt {
    pub address: IpAddr,
    /// Leaf first; whether or not the visitor takes it.
    pub chain: Result<Vec<Certificate>, Fault>,
}

/// Connects to every address of `endpoint` anew: no session is resumed, so that what is served is what it would show anybody now.
///
/// # Errors
/// The name leads nowhere.
pub async fn served(visitor: &Visitor, endpoint: &HostPort, limit: Duration, now: OffsetDateTime) -> Result<Vec<ServedAt>, Fault> {
    let addresses = Addresses::of(endpoint, Deadline::after(limit)).await?;
    let shown = addresses.each().map(|(address, alone)| async move {
        let chain = shown(visitor, endpoint, &alone, Deadline::after(limit), now).await;
        ServedAt { address, chain }
    });
    Ok(join_all(shown).await)
}

async fn shown(
    visitor: &Visitor,
    endpoint: &HostPort,
    addresses: &Addresses,
    deadline: Deadline,
    now: OffsetDateTime,
) -> Result<Vec<Certificate>, Fault> {
    let client = tls::Client::new(visitor.credential.as_deref(), visitor.anchors.clone(), &visitor.versions, now)?;
    let stream = addresses.connect(deadline).await?;
    let shaken = deadline.within(Step::Handshake, client.handshake(&endpoint.host, stream)).await;
    match (client.seen().served, shaken) {
        (served, _) if !served.is_empty() => Ok(served),
        (_, Err(fault)) => Err(fault),
        (_, Ok(_)) => Err(Fault::other(Step::Handshake, "it shows no certificate")),
    }
}
