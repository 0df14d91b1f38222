//! A running broker: started, waited for, stopped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One cluster at a time on one machine.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process that is ended when this is dropped.
pub struct Broker {
    child: Child,
    log: PathBuf,
}

impl Broker {
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let out = File::create(log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}; run `tests/run install`"));
        Self { child, log: log.to_owned() }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until `ready` says so; a broker that ends before, or takes longer than two minutes, shows its log.
    pub fn wait(&mut self, mut ready: impl FnMut(&str) -> bool) {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let log = self.log();
            if ready(&log) {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the broker ended ({ended:?}):\n{log}");
            assert!(Instant::now() < until, "the broker is not ready after two minutes:\n{log}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Asks it to end, and sees that it does.
    pub fn stop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let until = Instant::now() + Duration::from_secs(20);
        while self.child.try_wait().unwrap().is_none() {
            if Instant::now() > until {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
    }
}
