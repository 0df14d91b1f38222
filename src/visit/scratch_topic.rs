//! Topics that are made for the proof and removed again, however the proof ends.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::steward::Steward;
use super::unique::unique;
use crate::diagnosis::Fault;
use crate::pki::HostPort;

/// Make it before the work that may be cancelled, and let go of it by [`ScratchTopics::remove`] after, whether that came to its end or
/// not: all that was ever asked for is removed.
///
/// Each topic has a name that nobody else has: another run that makes and removes its own at the same time is no business of this one.
#[must_use = "the topics stay behind unless they are removed"]
#[derive(Debug)]
pub struct ScratchTopics {
    steward: Steward,
    /// In which order they are asked: the controller first.
    brokers: Vec<HostPort>,
    topics: Mutex<BTreeMap<String, State>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Asked for, and nobody has heard the answer.
    Asked,
    Made,
}

const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const REQUEST_TIMED_OUT: i16 = 7;
const TOPIC_ALREADY_EXISTS: i16 = 36;

impl ScratchTopics {
    /// Asks nothing of the brokers yet.
    pub fn new(steward: Steward, brokers: Vec<HostPort>) -> Self {
        Self { steward, brokers, topics: Mutex::default() }
    }

    /// Makes one with one partition on each of `leaders`, in their order; its name: `prefix`, a hyphen and 16 hexadecimal digits.
    /// Brokers learn of it a moment later.
    pub async fn create(&self, prefix: &str, leaders: &[i32]) -> Result<String, Fault> {
        /// A name that is taken is drawn again. Nobody is so unlucky that often, but somebody may say so.
        const DRAWN: usize = 4;
        let mut drawn = 0;
        loop {
            drawn += 1;
            let name = format!("{prefix}-{}", &unique()[..16]);
            self.topics().insert(name.clone(), State::Asked);
            let result = self.steward.create_topic(&self.brokers, &name, leaders).await;
            let code = result.as_ref().err().and_then(|fault| fault.symptom.kafka_code());
            // What was refused is not there, or somebody else's. Without an answer it may have been made.
            if code.is_some_and(|code| code != REQUEST_TIMED_OUT) {
                self.topics().remove(&name);
            }
            match result {
                Ok(()) => {
                    self.topics().insert(name.clone(), State::Made);
                    return Ok(name);
                }
                Err(_) if code == Some(TOPIC_ALREADY_EXISTS) && drawn < DRAWN => {}
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Removes all that was ever asked for.
    pub async fn remove(self) -> Result<(), Fault> {
        let topics: Vec<(String, State)> = self.topics().iter().map(|(name, state)| (name.clone(), *state)).collect();
        let mut result = Ok(());
        for (name, state) in topics {
            result = result.and(self.remove_one(&name, state).await);
        }
        result
    }

    async fn remove_one(&self, name: &str, state: State) -> Result<(), Fault> {
        const PAUSE: Duration = Duration::from_millis(50);
        const LATE: Duration = Duration::from_secs(1);
        let begun = Instant::now();
        loop {
            match self.steward.delete_topic(&self.brokers, name).await {
                Err(fault) if fault.symptom.kafka_code() == Some(UNKNOWN_TOPIC_OR_PARTITION) => match state {
                    // Whoever waited for it was cancelled: it may be made yet, or never.
                    State::Asked if begun.elapsed() < LATE => tokio::time::sleep(PAUSE).await,
                    // Or somebody else has removed it.
                    State::Asked | State::Made => break Ok(()),
                },
                result => break result,
            }
        }
    }

    fn topics(&self) -> MutexGuard<'_, BTreeMap<String, State>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
