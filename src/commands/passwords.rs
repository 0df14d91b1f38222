//! The passwords of what others wrote, from a file, the environment, standard input or a terminal; never from argv.

use std::io::BufRead;
use std::path::PathBuf;

use clap::Args;

use super::Context;
use super::failure::Failure;
use crate::directory;
use crate::keystore::Passwords;
use crate::pki::Passphrase;

#[derive(Debug, Default, Args)]
pub struct PasswordArgs {
    /// The first line of this file opens the stores and keys
    #[arg(long, value_name = "FILE", conflicts_with_all = ["password_env", "password_stdin"])]
    password_file: Option<PathBuf>,
    /// This environment variable opens the stores and keys
    #[arg(long, value_name = "NAME", conflicts_with = "password_stdin")]
    password_env: Option<String>,
    /// The first line of standard input opens the stores and keys
    #[arg(long)]
    password_stdin: bool,
    /// As --password-file, for keys with a password of their own
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key_password_env", "key_password_stdin"])]
    key_password_file: Option<PathBuf>,
    /// As --password-env, for keys with a password of their own
    #[arg(long, value_name = "NAME", conflicts_with = "key_password_stdin")]
    key_password_env: Option<String>,
    /// The next line of standard input opens the keys with a password of their own
    #[arg(long)]
    key_password_stdin: bool,
}

impl PasswordArgs {
    /// Reads them, the store's before the keys'.
    pub fn read(&self, _: &Context) -> Result<Passwords, Failure> {
        Ok(Passwords {
            store: source(self.password_file.as_deref(), self.password_env.as_deref(), self.password_stdin)?,
            key: source(self.key_password_file.as_deref(), self.key_password_env.as_deref(), self.key_password_stdin)?,
        })
    }
}

/// One password from whichever place is named.
pub fn source(file: Option<&std::path::Path>, variable: Option<&str>, stdin: bool) -> Result<Option<Passphrase>, Failure> {
    let first_line = |text: &str| Passphrase::new(text.lines().next().unwrap_or_default().to_owned());
    if let Some(path) = file {
        return Ok(Some(first_line(&directory::read_text(path)?)));
    }
    if let Some(name) = variable {
        let value = std::env::var(name)
            .map_err(|_| Failure::Usage(format!("the environment variable {name}, which is to hold a password, is not set")))?;
        return Ok(Some(Passphrase::new(value)));
    }
    if stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(|error| Failure::Usage(format!("no password on standard input: {error}")))?;
        return Ok(Some(first_line(&line)));
    }
    Ok(None)
}
