//! What a client asks of Kafka itself: who are you, who are the brokers, what of this topic.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};

use super::kafka_error::refused;
use super::kafka_metadata::{Metadata, metadata};
use super::kafka_wire::{Answer, Body, Malformed, Request, Wire};
use crate::diagnosis::{Fact, Fault, Step, Symptom};

/// A conversation with one broker. What must not be heard by others is only said on a stream of TLS: `login` is there for no other.
///
/// ```compile_fail
/// # use countersign::visit::{FewIterations, KafkaSession, Login};
/// async fn in_plaintext(mut session: KafkaSession<tokio::net::TcpStream>, login: &Login) {
///     let _ = session.login(login, FewIterations::Refused).await;
/// }
/// ```
///
/// ```
/// # use countersign::visit::{FewIterations, KafkaSession, Login};
/// async fn over_tls(mut session: KafkaSession<tokio_rustls::client::TlsStream<tokio::net::TcpStream>>, login: &Login) {
///     let _ = session.login(login, FewIterations::Refused).await;
/// }
/// ```
#[derive(Debug)]
pub struct KafkaSession<S> {
    wire: Wire<S>,
    /// Which requests this broker takes, in which versions.
    offers: Vec<Offer>,
}

/// Between two questions after what is not there yet.
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug, Clone, Copy)]
struct Offer {
    key: i16,
    min: i16,
    max: i16,
}

impl<S: AsyncRead + AsyncWrite + Unpin> KafkaSession<S> {
    /// ApiVersions: the first request on a connection, and on one with SASL the only time that it may be made. Every broker takes
    /// version 0, whichever else it refuses (KIP-511).
    pub async fn greet(stream: S) -> Result<Self, Fault> {
        let mut wire = Wire::new(stream);
        let failed = |symptom| Fault::new(Step::Greeting, symptom);
        let answer = wire.ask(Request::ApiVersions, 0, &Body::default()).await.map_err(failed)?;
        let (code, offers) = api_versions(&answer).map_err(|Malformed(at)| {
            let until = answer.len().min(at + 16);
            failed(Symptom::OtherProtocol { answer: answer[until.saturating_sub(64)..until].to_vec() })
        })?;
        if code != 0 {
            return Err(failed(refused(code, None, None)));
        }
        Ok(Self { wire, offers })
    }

    pub fn greeting(&self) -> Fact {
        Fact::Greeting { server: "Kafka".to_owned(), mechanisms: Vec::new() }
    }

    /// The brokers, and what there is to know of each of `topics`, as far as the client may know it. Never makes a topic.
    pub async fn metadata(&mut self, topics: &[&str]) -> Result<Metadata, Fault> {
        self.describe(topics).await.map_err(|symptom| Fault::new(Step::Metadata, symptom))
    }

    /// The same of a broker that should tell of itself, as `id`: one that has just started may learn of that a moment later.
    pub async fn metadata_of_itself(&mut self, topics: &[&str], id: Option<i32>) -> Result<Metadata, Fault> {
        const LATE: Duration = Duration::from_secs(1);
        let begun = Instant::now();
        loop {
            let metadata = self.metadata(topics).await?;
            if id.is_none_or(|id| metadata.lists(id)) || begun.elapsed() >= LATE {
                return Ok(metadata);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until this broker knows `topic` with these leaders, by partition; the caller's deadline ends it. A broker that does not
    /// know a new topic yet answers a client that may not create it as if it might not write.
    pub async fn until_known(&mut self, topic: &str, leaders: &[i32]) -> Result<(), Fault> {
        loop {
            let metadata = self.describe(&[topic]).await.map_err(|symptom| Fault::new(Step::Topic, symptom))?;
            if metadata.topics.iter().any(|found| found.name == topic && found.leaders().eq(leaders.iter().copied())) {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Whether the client may have a producer id, as an idempotent producer needs one (KIP-98).
    pub async fn producer_id(&mut self) -> Result<(), Fault> {
        const COORDINATOR_LOAD_IN_PROGRESS: i16 = 14;
        let failed = |symptom| Fault::new(Step::Produce, symptom);
        let version = self.version(Request::InitProducerId, 0..=1).map_err(failed)?;
        loop {
            let body = Body::default().no_string().int32(i32::MAX);
            let read = |answer: &mut Answer<'_>| {
                let _throttled = answer.int32()?;
                answer.int16()
            };
            match self.ask(Request::InitProducerId, version, &body, read).await.map_err(failed)? {
                0 => return Ok(()),
                // A broker that has given out none yet fetches a block of them first.
                COORDINATOR_LOAD_IN_PROGRESS => tokio::time::sleep(PAUSE).await,
                code => return Err(failed(refused(code, None, None))),
            }
        }
    }

    async fn describe(&mut self, topics: &[&str]) -> Result<Metadata, Symptom> {
        // From 4 on the request says whether topics may be made, and from 8 on the answer what the client may do with them.
        let version = self.version(Request::Metadata, 4..=8)?;
        let count = i32::try_from(topics.len()).map_err(|_| Symptom::Other("too many topics".to_owned()))?;
        let body = topics.iter().try_fold(Body::default().int32(count), |body, topic| body.string(topic))?.boolean(false);
        let body = if version >= 8 { body.boolean(false).boolean(true) } else { body };
        self.ask(Request::Metadata, version, &body, |answer| metadata(answer, version, topics)).await
    }

    pub(super) async fn ask<T>(
        &mut self,
        api: Request,
        version: i16,
        body: &Body,
        read: impl FnOnce(&mut Answer<'_>) -> Result<T, Malformed>,
    ) -> Result<T, Symptom> {
        let answer = self.wire.ask(api, version, body).await?;
        read(&mut Answer::new(&answer))
            .map_err(|Malformed(at)| Symptom::Other(format!("the answer to {api} in version {version} makes no sense at byte {at}")))
    }

    /// The newest of `ours` that the broker takes.
    pub(super) fn version(&self, api: Request, ours: RangeInclusive<i16>) -> Result<i16, Symptom> {
        let (from, to) = ours.into_inner();
        match self.offers.iter().find(|offer| offer.key == api as i16) {
            Some(theirs) if theirs.min.max(from) <= theirs.max.min(to) => Ok(theirs.max.min(to)),
            Some(Offer { min, max, .. }) => {
                Err(Symptom::Other(format!("the broker takes {api} in the versions {min} to {max}, not {from} to {to}")))
            }
            None => Err(Symptom::Other(format!("the broker does not take {api}"))),
        }
    }
}

fn api_versions(answer: &[u8]) -> Result<(i16, Vec<Offer>), Malformed> {
    let mut answer = Answer::new(answer);
    let code = answer.int16()?;
    Ok((code, answer.array(|answer| Ok(Offer { key: answer.int16()?, min: answer.int16()?, max: answer.int16()? }))?))
}
