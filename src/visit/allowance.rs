//! What this process may use: open files and threads. Where it gets too few of them, that is said before anything is begun, and no
//! broker is blamed.

use std::io;
use std::num::NonZero;
use std::sync::RwLock;
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::Runtime;

/// Too little of something that the system gives to this process.
#[derive(Debug, thiserror::Error)]
pub enum Lack {
    #[error("this process may open {open} files only (ulimit -n); it needs about {needed} for {what}: allow it more")]
    Files { open: u64, needed: u64, what: &'static str },
    #[error(
        "this process may not start as many threads as it needs: {0}; allow it more (ulimit -u, ulimit -v, the limits of its container)"
    )]
    Threads(String),
    /// In the midst of the work, in the system's words.
    #[error("this process may not open another file, connection or thread: {0}; allow it more (ulimit -n, ulimit -u)")]
    Other(String),
}

/// Files that are open besides the connections: the streams, what is read and written, the runtime's own, and librdkafka's.
const STANDING: u64 = 64;

/// How many of `wanted` tasks may be under way at once, each of which has `each` files open. The limit of this process is raised as
/// far as they need and it may. `what` they are for: "the proof over loopback".
pub fn at_once(what: &'static str, wanted: usize, each: u64) -> Result<usize, Lack> {
    let needed = |tasks: usize| STANDING.saturating_add(each.saturating_mul(u64::try_from(tasks).unwrap_or(u64::MAX)));
    let open = allowed(needed(wanted));
    match usize::try_from(open.saturating_sub(STANDING) / each) {
        Ok(0) => Err(Lack::Files { open, needed: needed(1), what }),
        Ok(tasks) => Ok(tasks.min(wanted)),
        Err(_) => Ok(wanted),
    }
}

/// How many files this process may have open, once it asked for as many as it needs. Not for all that it could: whatever program it
/// starts may go through each of them.
fn allowed(needed: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let open = current.unwrap_or(u64::MAX);
    let more = maximum.map_or(needed, |most| most.min(needed));
    if open < more && setrlimit(Resource::Nofile, Rlimit { current: Some(more), maximum }).is_ok() { more } else { open }
}

/// A runtime on all cores. tokio itself panics where its threads cannot be started.
pub fn runtime() -> Result<Runtime, Lack> {
    let lack = |error: io::Error| Lack::Threads(error.to_string());
    // One for what blocks.
    let threads = 1 + thread::available_parallelism().map_or(1, NonZero::get);
    all_at_once(threads).map_err(lack)?;
    Runtime::new().map_err(|error| Lack::Other(error.to_string()))
}

/// Whether as many threads can be there at the same time.
fn all_at_once(threads: usize) -> io::Result<()> {
    let gate = RwLock::new(());
    thread::scope(|scope| {
        let closed = gate.write();
        let started = (0..threads).try_for_each(|_| thread::Builder::new().spawn_scoped(scope, || drop(gate.read())).map(drop));
        drop(closed);
        started
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_had_or_as_much_as_there_is() {
        assert!(matches!(at_once("a test", 1, 1), Ok(1)));
        // No system lets a process have all files of the world.
        let most = at_once("a test", usize::MAX, 1 << 10).unwrap_or_default();
        assert!(most < usize::MAX);
        let Err(lack) = at_once("a test", 1, u64::MAX) else { panic!() };
        assert!(lack.to_string().ends_with("for a test: allow it more"), "{lack}");
    }

    #[test]
    fn a_runtime_is_there_where_its_threads_can_be() {
        assert_eq!(runtime().unwrap().block_on(async { 7 }), 7);
    }
}
