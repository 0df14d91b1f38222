//! Settings of a running node, changed by Kafka's own request (KIP-226, KIP-339): IncrementalAlterConfigs.

use tokio::io::{AsyncRead, AsyncWrite};

use super::kafka::KafkaSession;
use super::kafka_error::refused;
use super::kafka_wire::{Body, Request};
use crate::diagnosis::{Fault, Step, Symptom};

/// What becomes of one setting. What is set outlives restarts and wins over server.properties, until it is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Set { key: String, value: String },
    Remove { key: String },
}

impl Change {
    /// Which setting.
    pub fn key(&self) -> &str {
        match self {
            Self::Set { key, .. } | Self::Remove { key } => key,
        }
    }
}

/// So much of what a node says of its reason is kept.
const REASON: usize = 2000;

impl<S: AsyncRead + AsyncWrite + Unpin> KafkaSession<S> {
    /// Changes settings of the node with this id, which must be the one at the other end. All of them, or none.
    ///
    /// That it answers "done" does not say that it uses them: of an unchanged path it looks at the file afterwards, and says what is
    /// wrong in its log alone.
    pub async fn alter_node(&mut self, id: u32, changes: &[Change]) -> Result<(), Fault> {
        self.alter(id, changes).await.map_err(|symptom| Fault::new(Step::Settings, symptom))
    }

    async fn alter(&mut self, id: u32, changes: &[Change]) -> Result<(), Symptom> {
        /// The kind of resource whose settings are a node's (`ConfigResource.Type`).
        const NODE: i8 = 4;
        const SET: i8 = 0;
        const DELETE: i8 = 1;
        let version = self.version(Request::IncrementalAlterConfigs, 0..=0)?;
        let count = i32::try_from(changes.len()).map_err(|_| Symptom::Other("too many settings".to_owned()))?;
        let body = Body::default().int32(1).int8(NODE).string(&id.to_string())?.int32(count);
        let body = changes.iter().try_fold(body, |body, change| match change {
            Change::Set { key, value } => body.string(key)?.int8(SET).string(value),
            Change::Remove { key } => Ok(body.string(key)?.int8(DELETE).no_string()),
        })?;
        let body = body.boolean(false);
        let answered = self.ask(Request::IncrementalAlterConfigs, version, &body, |answer| {
            let _throttled = answer.int32()?;
            answer.some_of(1, |answer| {
                let (code, message) = (answer.int16()?, answer.nullable_text(REASON)?);
                let _kind = answer.int8()?;
                let _name = answer.text(0)?;
                Ok(Some((code, message)))
            })
        });
        match answered.await?.0.into_iter().next() {
            Some((0, _)) => Ok(()),
            Some((code, message)) => Err(refused(code, message.filter(|message| !message.is_empty()), None)),
            None => Err(Symptom::Other("the node says nothing of its settings".to_owned())),
        }
    }
}
