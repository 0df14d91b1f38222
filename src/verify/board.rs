//! Where results are put as they come, so that an interruption loses none.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::diagnosis::{Attempt, Cell, Probe, ProbeOutcome, Verdict, VerifyReport};

/// Results in their order, whatever the order in which they came.
#[derive(Debug)]
pub struct Board {
    inner: Mutex<Inner>,
    failed: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Inner {
    cells: BTreeMap<usize, Cell>,
    probes: BTreeMap<(usize, Attempt), Probe>,
    expected: usize,
}

impl Board {
    pub fn new() -> Self {
        Self { inner: Mutex::default(), failed: watch::Sender::new(false) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `order` is that of the meeting.
    pub fn cell(&self, order: usize, cell: Cell) {
        let failed = matches!(cell.verdict, Verdict::Failed(_));
        self.inner().cells.insert(order, cell);
        self.note(failed);
    }

    /// Goes on with a cell that is there already.
    pub fn amend(&self, order: usize, change: impl FnOnce(&mut Cell)) {
        let mut inner = self.inner();
        let Some(cell) = inner.cells.get_mut(&order) else { return };
        change(cell);
        let failed = matches!(cell.verdict, Verdict::Failed(_));
        drop(inner);
        self.note(failed);
    }

    /// Whether the cell is there, and nothing in it has failed yet.
    pub fn passed(&self, order: usize) -> bool {
        self.inner().cells.get(&order).is_some_and(|cell| matches!(cell.verdict, Verdict::Passed))
    }

    /// `order` is that of the target.
    pub fn probe(&self, order: usize, probe: Probe) {
        let failed = !matches!(probe.outcome, ProbeOutcome::Refused { .. });
        self.inner().probes.insert((order, probe.attempt), probe);
        self.note(failed);
    }

    fn note(&self, failed: bool) {
        if failed {
            self.failed.send_replace(true);
        }
    }

    /// Ends with the first failure.
    pub async fn failure(&self) {
        let mut failed = self.failed.subscribe();
        let _ = failed.wait_for(|failed| *failed).await;
    }

    /// How many results there will be, as far as is known.
    pub fn expect(&self, results: usize) {
        self.inner().expected = results;
    }

    pub fn expect_more(&self, results: usize) {
        self.inner().expected += results;
    }

    /// Tells how many results are there, of how many.
    pub fn done(&self, progress: impl Fn(usize, usize)) {
        let (done, of) = {
            let inner = self.inner();
            (inner.cells.len() + inner.probes.len(), inner.expected)
        };
        progress(done, of);
    }

    pub fn report(self) -> VerifyReport {
        let Inner { cells, probes, .. } = self.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        VerifyReport { cells: cells.into_values().collect(), probes: probes.into_values().collect(), cut_short: None }
    }
}
