//! What whoever looks after a topic asks of single brokers, on connections of its own.

use std::time::Duration;

use time::OffsetDateTime;

use super::dial::{Addresses, Deadline};
use super::kafka::KafkaSession;
use super::kafka_metadata::Metadata;
use super::{Visitor, tls};
use crate::diagnosis::{Fault, Step};
use crate::pki::HostPort;

/// What the broker at `endpoint` tells `visitor` of the brokers and of `topic`.
pub async fn metadata_of(
    visitor: &Visitor,
    endpoint: &HostPort,
    topic: &str,
    limit: Duration,
    now: OffsetDateTime,
) -> Result<Metadata, Fault> {
    let deadline = Deadline::after(limit);
    let asked = async { session(visitor, endpoint, deadline, now).await?.metadata(&[topic]).await };
    deadline.within(Step::Topic, asked).await
}

/// Waits until the broker at `endpoint` knows that `topic` has these leaders, by partition.
pub async fn until_known(
    visitor: &Visitor,
    endpoint: &HostPort,
    topic: &str,
    leaders: &[i32],
    limit: Duration,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let deadline = Deadline::after(limit);
    let known = async { session(visitor, endpoint, deadline, now).await?.until_known(topic, leaders).await };
    deadline.within(Step::Topic, known).await
}

async fn session(
    visitor: &Visitor,
    endpoint: &HostPort,
    deadline: Deadline,
    now: OffsetDateTime,
) -> Result<KafkaSession<tls::Stream>, Fault> {
    let client = tls::Client::new(visitor.credential.as_deref(), visitor.anchors.clone(), &visitor.versions, now)?;
    let stream = Addresses::of(endpoint, deadline).await?.connect(deadline).await?;
    let mut session = KafkaSession::greet(client.handshake(&endpoint.host, stream).await?).await?;
    session.login(&visitor.login, visitor.few_iterations()).await?;
    Ok(session)
}
