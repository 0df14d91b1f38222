//! How much is done about brokers that nobody named but another broker. Whoever answers may tell of a thousand that are not there,
//! or that keep us waiting; the user asked for none of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::agenda::Target;
use crate::diagnosis::Symptom;

/// How many visits may fail, and attempts prove nothing.
const FAILURES: usize = 128;

/// How long it may take in all, in deadlines.
const DEADLINES: u32 = 60;

#[derive(Debug)]
pub struct Patience {
    failures: AtomicUsize,
    until: Instant,
    whole: Duration,
}

impl Patience {
    pub fn new(deadline: Duration) -> Self {
        let whole = deadline.saturating_mul(DEADLINES);
        Self { failures: AtomicUsize::new(0), until: Instant::now() + whole, whole }
    }

    /// Why nobody goes to `target` any more, once that is so.
    pub fn over(&self, target: &Target) -> Option<Symptom> {
        target.told_by.as_ref()?;
        let why = if self.failures.load(Ordering::Relaxed) >= FAILURES {
            format!("{FAILURES} visits to brokers that others told of have failed already")
        } else if Instant::now() >= self.until {
            format!("visits to brokers that others told of have taken {} s already", self.whole.as_secs())
        } else {
            return None;
        };
        Some(Symptom::Untried { why })
    }

    pub fn failed(&self, target: &Target) {
        if target.told_by.is_some() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }
}
