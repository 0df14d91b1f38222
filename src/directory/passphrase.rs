//! Passphrases, from where the cluster file says they are kept.

use std::path::Path;
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::DirectoryError;
use crate::cluster::SecretSource;
use crate::pki::Password;

/// Fetches a passphrase. It never stands in an argument list or an error.
pub fn passphrase(source: &SecretSource) -> Result<Password, DirectoryError> {
    let (from, text) = match source {
        SecretSource::File(path) => (format!("passphrase in {}", path.display()), from_file(path)?),
        SecretSource::Env(name) => {
            let text = std::env::var(name).map_err(|_| DirectoryError::NoVariable(name.clone()))?;
            (format!("passphrase in the environment variable {name}"), Zeroizing::new(text))
        }
        SecretSource::Command(command) => ("passphrase that the command printed".to_owned(), from_command(command)?),
    };
    let first_line = text.lines().next().unwrap_or_default().to_owned();
    Password::new(first_line).map_err(|source| DirectoryError::Password { from, source })
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
