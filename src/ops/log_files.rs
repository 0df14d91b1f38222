//! The logs of `--broker-log`, read while they are written.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::DeedError;
use crate::diagnosis::{BrokerLog, VerifyReport};
use crate::directory;

/// RabbitMQ's log reaches its file up to 2 s late: it is opened with `delayed_write` (Erlang, file:open/2), which gathers lines for
/// that long before it writes them. So a failure whose reason stands in no line yet is worth waiting for, and no other one: who has
/// been told everything else already must not be kept.
const LATE: Duration = Duration::from_millis(2200);

/// How often is looked for what is new.
const OFTEN: Duration = Duration::from_millis(100);

/// A broker's log: what is written while this runs, or all of it when nothing is.
#[derive(Debug)]
pub struct LogFile<'a> {
    path: &'a Path,
    before: u64,
}

impl<'a> LogFile<'a> {
    /// As long as they are now.
    pub fn begin(paths: &'a [PathBuf]) -> Result<Vec<Self>, DeedError> {
        paths.iter().map(|path| Ok(Self { path, before: directory::length_of(path)? })).collect()
    }

    fn written(&self) -> Result<String, DeedError> {
        Ok(directory::read_log(self.path, self.before)?)
    }

    fn whole(&self) -> Result<String, DeedError> {
        Ok(directory::read_log(self.path, 0)?)
    }
}

/// Diagnoses what failed by the logs, and waits for their lines as long as these may tell more.
pub fn explain(report: &mut VerifyReport, logs: &[LogFile<'_>]) -> Result<(), DeedError> {
    let mut seen = vec![0; logs.len()];
    let begun = Instant::now();
    while !logs.is_empty() {
        for (log, seen) in logs.iter().zip(&mut seen) {
            let written = log.written()?;
            if written.len() > std::mem::replace(seen, written.len()) {
                report.diagnose_by(&BrokerLog::parse(&written));
            }
        }
        if !report.awaits_log() || begun.elapsed() >= LATE {
            break;
        }
        sleep(OFTEN);
    }
    for (log, seen) in logs.iter().zip(seen) {
        if seen == 0 {
            report.diagnose_by(&BrokerLog::parse(&log.whole()?));
        }
    }
    Ok(())
}
