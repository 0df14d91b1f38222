//! What comes out of pipes and terminals: up to a limit, and not waited for without end.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::Child;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use zeroize::Zeroizing;

use super::DirectoryError;
use crate::pki::Secret;

/// How long a pipe may say nothing. Whoever writes to it may have to fetch it from afar.
pub const SILENCE: Duration = Duration::from_secs(60);
/// How long a person may think about an answer.
pub const PERSON: Duration = Duration::from_secs(600);
/// How long a pipe that was opened by its name may have nobody at its other end.
const NOBODY: Duration = Duration::from_secs(3);

/// All that comes out of a pipe or a device, called `name`.
pub fn drain(mut pipe: impl Read + AsFd, name: &str, limit: u64, patience: Duration) -> Result<Secret, DirectoryError> {
    let failed = |source| failed(name, source);
    let mut bytes = Zeroizing::new(Vec::new());
    let mut chunk = Zeroizing::new([0; 8192]);
    let never_waits = fcntl_getfl(&pipe).map_err(|errno| failed(errno.into()))?.contains(OFlags::NONBLOCK);
    let mut is_forsaken = never_waits && await_word(pipe.as_fd(), name, NOBODY).is_err();
    loop {
        if !is_forsaken {
            await_word(pipe.as_fd(), name, patience)?;
        }
        match pipe.read(&mut *chunk) {
            Ok(0) if is_forsaken => return Err(silent(name, NOBODY)),
            Ok(0) => return Ok(bytes.into()),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(failed(error)),
        }
        is_forsaken = false;
        if bytes.len() as u64 > limit {
            return Err(DirectoryError::too_large(name.to_owned(), limit));
        }
    }
}

/// The next line, without its end. Nothing behind it is taken.
pub fn line(pipe: impl AsFd, name: &str, limit: u64) -> Result<Secret, DirectoryError> {
    let mut line = Zeroizing::new(Vec::new());
    let mut byte = [0];
    loop {
        await_word(pipe.as_fd(), name, SILENCE)?;
        match rustix::io::read(&pipe, &mut byte) {
            Ok(1) if byte != *b"\n" => line.push(byte[0]),
            Ok(_) => break,
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(errno) => return Err(failed(name, errno.into())),
        }
        if line.len() as u64 > limit {
            return Err(DirectoryError::too_large(name.to_owned(), limit));
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line.into())
}

/// Waits until `child` has ended.
pub fn await_end(child: &Child, name: &str, patience: Duration) -> Result<(), DirectoryError> {
    let Some(id) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return Ok(()) };
    let process = pidfd_open(id, PidfdFlags::empty()).map_err(|errno| failed(name, errno.into()))?;
    await_word(process.as_fd(), name, patience)
}

/// Waits for something to read, be it the end.
fn await_word(pipe: BorrowedFd<'_>, name: &str, patience: Duration) -> Result<(), DirectoryError> {
    let timeout = Timespec { tv_sec: patience.as_secs().cast_signed(), tv_nsec: 0 };
    loop {
        match poll(&mut [PollFd::from_borrowed_fd(pipe, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Err(silent(name, patience)),
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(failed(name, errno.into())),
        }
    }
}

fn silent(name: &str, patience: Duration) -> DirectoryError {
    DirectoryError::Silent { name: name.to_owned(), seconds: patience.as_secs() }
}

fn failed(name: &str, source: io::Error) -> DirectoryError {
    DirectoryError::Io { doing: "read", path: name.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn told(result: Result<Secret, DirectoryError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_pipe_is_read_to_its_end_and_no_further_than_the_limit() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"0123456789").unwrap();
        drop(writer);
        assert_eq!(drain(reader.try_clone().unwrap(), "it", 10, SILENCE).unwrap().expose(), b"0123456789");
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"0123456789").unwrap();
        assert!(told(drain(reader, "it", 9, SILENCE)).starts_with("it is larger than"));
    }

    #[test]
    fn a_pipe_that_says_nothing_is_not_waited_for_without_end() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"begun").unwrap();
        assert_eq!(told(drain(reader, "it", 10, Duration::from_secs(1))), "it said nothing for 1 s; see who writes to it");
    }

    #[test]
    fn a_line_is_taken_without_what_follows() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"one\r\ntwo").unwrap();
        drop(writer);
        let lines = [(); 3].map(|()| line(&reader, "it", 3 + 1).unwrap().expose().to_vec());
        assert_eq!(lines, [b"one".to_vec(), b"two".to_vec(), Vec::new()]);
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"longer").unwrap();
        assert!(told(line(reader, "it", 5)).starts_with("it is larger than"));
    }
}
