//! The passwords of what others wrote, from a file, the environment, standard input or a terminal; never from argv.

use std::io::{IsTerminal, stderr, stdin};
use std::path::PathBuf;

use clap::Args;

use super::console::Console;
use super::failure::Failure;
use crate::directory;
use crate::keystore::{self, Contents, KeystoreError, Passwords};
use crate::ops::{open, wants_password};
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
    /// The lines of this file open the keys that have passwords of their own: each is tried
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
    pub fn read(&self) -> Result<Passwords, Failure> {
        Ok(Passwords {
            store: source(self.password_file.as_deref(), self.password_env.as_deref(), self.password_stdin)?,
            keys: self.keys()?,
        })
    }

    fn keys(&self) -> Result<Vec<Passphrase>, Failure> {
        if let Some(path) = &self.key_password_file {
            return Ok(directory::read_passwords(path)?);
        }
        Ok(source(None, self.key_password_env.as_deref(), self.key_password_stdin)?.into_iter().collect())
    }
}

/// As [`open`](crate::ops::open); where a password is wanted and none was given, whoever sits at the terminal is asked, once.
pub fn open_or_ask(bytes: &[u8], passwords: &Passwords, what: &str, console: &Console) -> Result<Contents, KeystoreError> {
    let opened = open(bytes, passwords);
    let wanted = match &opened {
        Ok(contents) => wants_password(contents),
        Err(error) => {
            matches!(error, KeystoreError::WrongPassword(_) | KeystoreError::WrongKeyPassword(_) | KeystoreError::WrongPasswordOrDamaged(_))
        }
    };
    let given = passwords.store.is_some() || !passwords.keys.is_empty();
    if given || !wanted || !can_ask() {
        return opened;
    }
    match console.ask_password(&format!("Password of {what} (empty: go on without)")) {
        Some(password) => keystore::open(bytes, &Passwords { store: Some(password), ..Passwords::default() }),
        None => opened,
    }
}

/// Whether somebody sits at a terminal and sees the question.
pub fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// One password from whichever place is named.
pub fn source(file: Option<&std::path::Path>, variable: Option<&str>, from_stdin: bool) -> Result<Option<Passphrase>, Failure> {
    if let Some(path) = file {
        return Ok(Some(directory::read_passwords(path)?.into_iter().next().unwrap_or_default()));
    }
    if let Some(name) = variable {
        let value = std::env::var(name)
            .map_err(|_| Failure::Usage(format!("the environment variable {name}, which is to hold a password, is not set")))?;
        return Ok(Some(Passphrase::new(value)));
    }
    Ok(from_stdin.then(directory::line_of_stdin).transpose()?)
}
