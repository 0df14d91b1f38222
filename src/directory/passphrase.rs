//! Passphrases and tokens, from where the cluster file says they are kept.

use std::path::Path;
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::DirectoryError;
use crate::cluster::SecretSource;
use crate::pki::{Passphrase, Password};

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
        SecretSource::File(path) => from_file(path)?,
        SecretSource::Env(name) => Zeroizing::new(std::env::var(name).map_err(|_| DirectoryError::NoVariable(name.clone()))?),
        SecretSource::Command(command) => from_command(command)?,
    };
    Ok(Passphrase::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn from_file(path: &Path) -> Result<Zeroizing<String>, DirectoryError> {
    super::read_text(path).map(Zeroizing::new)
}

fn from_command(command: &str) -> Result<Zeroizing<String>, DirectoryError> {
    let failed = |why: String| DirectoryError::Command(why);
    let output = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let text = Zeroizing::new(String::from_utf8_lossy(&output.stdout).into_owned());
    if output.status.success() { Ok(text) } else { Err(failed(output.status.to_string())) }
}
