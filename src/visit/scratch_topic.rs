//! A topic that is made for the proof and removed again, however the proof ends.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication, TopicResult};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};

use super::aside::Aside;
use super::librdkafka::Librdkafka;
use super::librdkafka_error::Heard;
use crate::diagnosis::{Fault, Step};

/// Make one before the work that may be cancelled, and let go of it by [`ScratchTopic::remove`] after, whether that came to its end
/// or not: all that was ever asked for is removed.
#[must_use = "the topic stays behind unless it is removed"]
pub struct ScratchTopic {
    name: String,
    admin: Aside<AdminClient<Heard>>,
    heard: Heard,
    deadline: Duration,
    state: Mutex<State>,
}

/// Whether there is anything to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Never asked for, or refused: a topic of this name is somebody else's.
    Absent,
    /// Asked for, and nobody has heard the answer.
    Asked,
    Made,
}

impl std::fmt::Debug for ScratchTopic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScratchTopic").field("name", &self.name).field("state", &self.state).finish_non_exhaustive()
    }
}

impl ScratchTopic {
    /// Asks nothing of the broker yet.
    pub fn new(client: &Librdkafka, name: impl Into<String>) -> Result<Self, Fault> {
        let heard = Heard::default();
        let admin = client.client(&heard).map_err(|error| Fault::other(Step::Topic, error))?;
        let deadline = client.deadline();
        Ok(Self { name: name.into(), admin: Aside::new(admin), heard, deadline, state: Mutex::new(State::Absent) })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes it with one partition on each of `brokers`, in their order. Brokers learn of it a moment later.
    pub async fn create(&self, brokers: &[i32]) -> Result<(), Fault> {
        let assignment: Vec<&[i32]> = brokers.iter().map(std::slice::from_ref).collect();
        let count = i32::try_from(brokers.len()).unwrap_or(i32::MAX);
        let new = NewTopic::new(&self.name, count, TopicReplication::Variable(&assignment)).set("min.insync.replicas", "1");
        self.enter(State::Asked);
        let result = only(self.admin.create_topics([&new], &self.options()).await);
        match &result {
            Ok(()) => self.enter(State::Made),
            // Without an answer it may have been made.
            Err(Refusal::Code(code)) if *code == RDKafkaErrorCode::RequestTimedOut || (*code as i32) < 0 => {}
            Err(Refusal::Code(_)) => self.enter(State::Absent),
            Err(Refusal::Other(_)) => {}
        }
        result.map_err(|refusal| self.fault(refusal))
    }

    /// Removes it, if it was ever asked for.
    pub async fn remove(self) -> Result<(), Fault> {
        const PAUSE: Duration = Duration::from_millis(50);
        const LATE: Duration = Duration::from_secs(1);
        let begun = Instant::now();
        loop {
            let state = self.state();
            if state == State::Absent {
                break Ok(());
            }
            match (only(self.admin.delete_topics(&[&self.name], &self.options()).await), state) {
                // Whoever waited for it was cancelled: it may be made yet, or never.
                (Err(Refusal::Code(RDKafkaErrorCode::UnknownTopicOrPartition)), State::Asked) if begun.elapsed() < LATE => {
                    tokio::time::sleep(PAUSE).await;
                }
                (Err(Refusal::Code(RDKafkaErrorCode::UnknownTopicOrPartition)), State::Asked) => break Ok(()),
                (result, State::Absent | State::Asked | State::Made) => break result.map_err(|refusal| self.fault(refusal)),
            }
        }
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new().operation_timeout(Some(self.deadline)).request_timeout(Some(self.deadline))
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn fault(&self, refusal: Refusal) -> Fault {
        match refusal {
            Refusal::Code(code) => Fault::new(Step::Topic, self.heard.symptom(code, |_| Some(&self.name))),
            Refusal::Other(cause) => Fault::other(Step::Topic, cause),
        }
    }
}

enum Refusal {
    Code(RDKafkaErrorCode),
    Other(String),
}

/// What happened to the only topic of a request.
fn only(results: KafkaResult<Vec<TopicResult>>) -> Result<(), Refusal> {
    match results.map(|results| results.into_iter().next()) {
        Ok(Some(Ok(_))) => Ok(()),
        Ok(Some(Err((_, code)))) | Err(KafkaError::AdminOp(code)) => Err(Refusal::Code(code)),
        Ok(None) => Err(Refusal::Other("the broker says nothing of the topic".to_owned())),
        Err(error) => Err(Refusal::Other(error.to_string())),
    }
}
