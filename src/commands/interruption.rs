//! Ctrl-C while work is under way: the first ends the work and leaves what is known by then, the second ends the process.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use super::failure::Exit;

/// From now on, until it is dropped; after that a Ctrl-C ends the process as it would have before.
pub struct Interruption {
    over: Arc<AtomicBool>,
}

impl Interruption {
    pub fn begin() -> io::Result<Self> {
        let (again, over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        // In this order: what ends the process looks at the flag before it is set.
        flag::register_conditional_shutdown(SIGINT, Exit::Interrupted.code().into(), again.clone())?;
        flag::register(SIGINT, again)?;
        flag::register_conditional_default(SIGINT, over.clone())?;
        Ok(Self { over })
    }
}

impl Drop for Interruption {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}
