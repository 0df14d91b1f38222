//! A running broker: started, waited for, stopped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Held while a cluster runs.
pub struct Alone(#[allow(dead_code)] File);

/// One cluster at a time on one machine, whichever thread or test program asks. The system lets go when the program ends.
pub fn alone() -> Alone {
    let path = std::env::temp_dir().join("countersign-tests.lock");
    let file = File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.lock().unwrap();
    Alone(file)
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

    /// Waits until `ready` says so; a broker that ends before, or takes longer than two minutes, shows the end of its log.
    pub fn wait(&mut self, mut ready: impl FnMut(&str) -> bool) {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let log = self.log();
            if ready(&log) {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the broker ended ({ended:?}):\n{}", tail(&log));
            assert!(Instant::now() < until, "the broker is not ready after two minutes:\n{}", tail(&log));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Asks it to end, and sees that it does; false when it had to be killed.
    pub fn stop(&mut self) -> bool {
        if self.child.try_wait().unwrap().is_some() {
            return true;
        }
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        false
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The last lines, where the cause stands.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(80)..].join("\n")
}
