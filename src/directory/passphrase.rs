//! Passphrases and tokens, from where the cluster file says they are kept, and passwords from where the user says.

use std::io::{IsTerminal, stderr, stdin};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use zeroize::Zeroizing;

use super::{DirectoryError, open, pipe};
use crate::cluster::SecretSource;
use crate::pki::{Passphrase, Password, Secret};

/// Fetches what a key or a store is opened with. It never stands in an argument list or an error.
pub fn passphrase(source: &SecretSource) -> Result<Password, DirectoryError> {
    let from = match source {
        SecretSource::File(path) => format!("passphrase in {}", path.display()),
        SecretSource::Env(name) => format!("passphrase in the environment variable {name}"),
        SecretSource::Command(_) => "passphrase that the command printed".to_owned(),
    };
    Password::new(first_line(source)?.expose().to_owned()).map_err(|source| DirectoryError::Password { from, source })
}

/// The first line of whatever is kept there, such as a token: any text, even none.
pub fn first_line(source: &SecretSource) -> Result<Passphrase, DirectoryError> {
    let text = match source {
        SecretSource::File(path) => {
            let (file, metadata) = open::foreign(path, open::PASSWORD)?;
            Zeroizing::new(super::text(path, open::read(file, &metadata, path, open::PASSWORD)?.expose())?)
        }
        SecretSource::Env(name) => Zeroizing::new(std::env::var(name).map_err(|_| DirectoryError::NoVariable(name.clone()))?),
        SecretSource::Command(command) => Zeroizing::new(String::from_utf8_lossy(from_command(command)?.expose()).into_owned()),
    };
    Ok(Passphrase::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// The lines of a file or pipe that the user named: 1 MiB at most.
pub fn read_passwords(path: &Path) -> Result<Vec<Passphrase>, DirectoryError> {
    let text = Zeroizing::new(super::text(path, open::read_named(path, open::PASSWORD)?.expose())?);
    Ok(text.lines().map(|line| Passphrase::new(line.to_owned())).collect())
}

/// The next line of standard input. What comes behind it is left for whoever reads next.
pub fn line_of_stdin() -> Result<Passphrase, DirectoryError> {
    let line = pipe::line(stdin(), "standard input", open::PASSWORD)?;
    Ok(Passphrase::new(String::from_utf8_lossy(line.expose()).into_owned()))
}

/// What a command prints. One that says nothing for long is ended; where there is a terminal it may be asking a person.
fn from_command(command: &str) -> Result<Secret, DirectoryError> {
    let failed = |why: String| DirectoryError::Command(why);
    let has_terminal = stdin().is_terminal() || stderr().is_terminal();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::inherit()).stderr(Stdio::inherit()).stdout(Stdio::piped());
    if !has_terminal {
        // To be ended with all that it started. At a terminal it could read no answer from there.
        shell.process_group(0);
    }
    let mut child = shell.spawn().map_err(|error| failed(error.to_string()))?;
    let printed = output(&mut child, if has_terminal { pipe::PERSON } else { pipe::SILENCE });
    if printed.is_err()
        && let Some(id) = i32::try_from(child.id()).ok().and_then(Pid::from_raw)
    {
        let _ = if has_terminal { kill_process(id, Signal::KILL) } else { kill_process_group(id, Signal::KILL) };
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    let printed = printed.map_err(|error| failed(error.to_string()))?;
    if status.success() { Ok(printed) } else { Err(failed(status.to_string())) }
}

/// All that `child` prints until it has ended.
fn output(child: &mut Child, patience: Duration) -> Result<Secret, DirectoryError> {
    let Some(stdout) = child.stdout.take() else { return Ok(Secret::new(Vec::new())) };
    let printed = pipe::drain(stdout, "it", open::PASSWORD, patience)?;
    pipe::await_end(child, "it", patience)?;
    Ok(printed)
}
