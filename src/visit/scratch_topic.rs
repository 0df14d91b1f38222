//! A topic that is made for the proof and removed again, however the proof ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::librdkafka::{Heard, Librdkafka};
use crate::diagnosis::{Fault, Step};

/// Make one before the work that may be cancelled, and let go of it by [`ScratchTopic::remove`] after, whether that came to its end
/// or not: all that was ever asked for is removed.
#[must_use = "the topic stays behind unless it is removed"]
pub struct ScratchTopic {
    name: String,
    admin: AdminClient<Heard>,
    heard: Heard,
    deadline: Duration,
    asked: AtomicBool,
    made: AtomicBool,
}

impl std::fmt::Debug for ScratchTopic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScratchTopic").field("name", &self.name).field("made", &self.made).finish_non_exhaustive()
    }
}

impl ScratchTopic {
    /// Asks nothing of the broker yet.
    pub fn new(client: &Librdkafka, name: impl Into<String>) -> Result<Self, Fault> {
        let heard = Heard::default();
        let admin = client.client(&heard).map_err(|error| Fault::other(Step::Topic, error))?;
        let deadline = client.deadline();
        Ok(Self { name: name.into(), admin, heard, deadline, asked: AtomicBool::default(), made: AtomicBool::default() })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes it with one partition on each of `brokers`, in their order. Brokers learn of it a moment later.
    pub async fn create(&self, brokers: &[i32]) -> Result<(), Fault> {
        let assignment: Vec<&[i32]> = brokers.iter().map(std::slice::from_ref).collect();
        let count = i32::try_from(brokers.len()).unwrap_or(i32::MAX);
        let new = NewTopic::new(&self.name, count, TopicReplication::Variable(&assignment)).set("min.insync.replicas", "1");
        self.asked.store(true, Ordering::Relaxed);
        let results = self.admin.create_topics([&new], &self.options()).await;
        self.first(results)?;
        self.made.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Removes it, if it was ever asked for.
    pub async fn remove(self) -> Result<(), Fault> {
        const PAUSE: Duration = Duration::from_millis(50);
        const LATE: Duration = Duration::from_secs(1);
        let begun = Instant::now();
        let removed = loop {
            if !self.asked.load(Ordering::Relaxed) {
                break Ok(());
            }
            let removed = self.admin.delete_topics(&[&self.name], &self.options()).await;
            let unknown = matches!(first(&removed), Err(Some(RDKafkaErrorCode::UnknownTopicOrPartition)));
            match self.made.load(Ordering::Relaxed) {
                true => break self.first(removed),
                false if !unknown => break self.first(removed),
                // Whoever waited for it was cancelled: it may be made yet, or never.
                false if begun.elapsed() > LATE => break Ok(()),
                false => tokio::time::sleep(PAUSE).await,
            }
        };
        // It waits for its threads when it is dropped; nobody else has to.
        tokio::task::spawn_blocking(move || drop(self.admin));
        removed
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new().operation_timeout(Some(self.deadline)).request_timeout(Some(self.deadline))
    }

    fn first(&self, results: Result<Vec<Result<String, (String, RDKafkaErrorCode)>>, KafkaError>) -> Result<(), Fault> {
        match (first(&results), &results) {
            (Ok(()), _) => Ok(()),
            (Err(Some(code)), _) => Err(Fault::new(Step::Topic, self.heard.symptom(code, |_| Some(&self.name)))),
            (Err(None), Err(error)) => Err(Fault::other(Step::Topic, error)),
            (Err(None), Ok(_)) => Err(Fault::other(Step::Topic, "the broker says nothing of the topic")),
        }
    }
}

/// What happened to the only topic of a request.
fn first(results: &Result<Vec<Result<String, (String, RDKafkaErrorCode)>>, KafkaError>) -> Result<(), Option<RDKafkaErrorCode>> {
    match results {
        Ok(results) => match results.first() {
            Some(Ok(_)) => Ok(()),
            Some(Err((_, code))) => Err(Some(*code)),
            None => Err(None),
        },
        Err(error) => Err(error.rdkafka_error_code()),
    }
}
