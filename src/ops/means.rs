//! What every deed works with besides its subject.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::rand::SystemRandom;
use time::OffsetDateTime;

/// The clock as it was read once, random numbers, and whom to tell how far it is.
#[derive(Debug, Clone, Copy)]
pub struct Means<'a> {
    pub now: OffsetDateTime,
    pub entropy: &'a SystemRandom,
    pub progress: Progress<'a>,
}

/// What a deed tells while it is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// A piece of work of so many steps, such as "issuing".
    Begins {
        work: &'static str,
        steps: usize,
    },
    /// There are more steps than it seemed: so many.
    Grows(usize),
    /// So many of its steps are done now.
    Reached(usize),
    Ends,
}

/// Whoever listens to how far a deed is. It may be told from several threads.
#[derive(Clone, Copy)]
pub struct Progress<'a>(Option<&'a (dyn Fn(Told) + Sync)>);

impl<'a> Progress<'a> {
    /// Nobody listens.
    pub const SILENT: Progress<'static> = Progress(None);

    pub fn to(listener: &'a (dyn Fn(Told) + Sync)) -> Self {
        Self(Some(listener))
    }

    /// Begins a piece of work; it ends with what is returned.
    pub fn begin(self, work: &'static str, steps: usize) -> Underway<'a> {
        self.tell(Told::Begins { work, steps });
        Underway { progress: self, done: AtomicUsize::new(0) }
    }

    fn tell(self, told: Told) {
        if let Self(Some(listener)) = self {
            listener(told);
        }
    }
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Progress(told)" } else { "Progress(silent)" })
    }
}

/// A piece of work that is not done yet.
#[derive(Debug)]
pub struct Underway<'a> {
    progress: Progress<'a>,
    done: AtomicUsize,
}

impl Underway<'_> {
    pub fn step(&self, steps: usize) {
        let before = self.done.fetch_add(steps, Ordering::Relaxed);
        self.progress.tell(Told::Reached(before + steps));
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.progress.tell(Told::Ends);
    }
}
