//! What the user has run: by `sh -c`, for so long and no longer.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::{DirectoryError, pipe};

/// So much of what a command says on stderr is kept: its end.
const KEPT: usize = 1000;

/// Runs `command` with these variables besides its own. What it prints is no data of ours, and is dropped.
///
/// # Errors
/// It did not end in time, and was ended with all that it started; or it failed: then with the last that it said on stderr.
pub fn run_command(command: &str, environment: &[(&str, &OsStr)], timeout: Duration) -> Result<(), DirectoryError> {
    let failed = |why: String| DirectoryError::Command(why);
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).envs(environment.iter().copied()).process_group(0);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = shell.spawn().map_err(|error| failed(error.to_string()))?;
    let said = child.stderr.take().map(|stderr| std::thread::Builder::new().spawn(move || tail(stderr)));
    let ended = pipe::await_end(&child, "the command", timeout);
    if let Some(id) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Whatever it left running would hold stderr open.
        let _ = kill_process_group(id, Signal::KILL);
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    let said = said.and_then(Result::ok).and_then(|thread| thread.join().ok()).unwrap_or_default();
    let said = if said.is_empty() { String::new() } else { format!("; it said: {said}") };
    match ended {
        Err(_) => Err(failed(format!("it did not end within {} s{said}", timeout.as_secs()))),
        Ok(()) if status.success() => Ok(()),
        Ok(()) => Err(failed(format!("{status}{said}"))),
    }
}

/// The end of what is said.
fn tail(mut stderr: impl Read) -> String {
    let (mut kept, mut part) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = stderr.read(&mut part) {
        kept.extend_from_slice(&part[..count]);
        kept.drain(..kept.len().saturating_sub(KEPT));
    }
    String::from_utf8_lossy(&kept).trim().to_owned()
}
