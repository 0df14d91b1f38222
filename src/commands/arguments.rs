//! What stands on the command line is seen by every process, and is not passed on to logs: a password may stand in it.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::failure::Failure;
use crate::pki::quotable;

/// Refuses a URL with a user or password in it, wherever it stands.
pub fn refuse_secrets(mut arguments: impl Iterator<Item = String>) -> Result<(), Failure> {
    let is_secret = |word: &String| word.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
    match arguments.any(|word| is_secret(&word)) {
        true => Err(Failure::Usage(
            "a user or password stands in a URL on the command line, where every process sees it: write the URL into a file for --as, or \
             say --user and --user-password-file"
                .to_owned(),
        )),
        false => Ok(()),
    }
}

/// The same error, or one that leaves out the word that it is about: of a word in the wrong place nobody knows what it is.
pub fn without_secrets(error: clap::Error) -> clap::Error {
    let said = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        Some(_) | None => None,
    };
    let misplaced = said(ContextKind::InvalidArg).filter(|_| error.kind() == ErrorKind::UnknownArgument);
    let is_option = misplaced.is_none_or(|word| word.starts_with('-'));
    let words = [misplaced, said(ContextKind::InvalidValue), said(ContextKind::InvalidSubcommand)];
    if is_option && words.into_iter().flatten().all(|word| quotable(word) == word) {
        return error;
    }
    let of = said(ContextKind::InvalidArg).filter(|_| misplaced.is_none()).map(|name| format!(" for {name}")).unwrap_or_default();
    let message =
        format!("a word on the command line{of} is not understood; it is not shown, for it may be a secret. For more, try --help");
    clap::Error::raw(error.kind(), message + "\n")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Cli;
    use super::*;

    #[test]
    fn no_mistake_on_the_command_line_tells_a_password() {
        for words in [
            "verify --password S3cret",
            "verify --password=S3cret",
            "verify --passwordS3cret",
            "verify -pS3cret",
            "verify --kafka orders:S3cret@broker.example:9093",
            "verify --kafka https://orders:S3cret@broker.example",
            "check --at passwordS3cret",
            "apply S3cret --now",
            "passwordS3cret",
        ] {
            let error = Cli::try_parse_from(["countersign"].into_iter().chain(words.split(' '))).unwrap_err();
            let said = without_secrets(error).render().to_string();
            assert!(!said.to_lowercase().contains("s3cret") && said.starts_with("error: "), "{words}: {said}");
        }
    }

    #[test]
    fn a_slip_is_shown() {
        let error = Cli::try_parse_from(["countersign", "verify", "--kafak", "a:1"]).unwrap_err();
        assert!(without_secrets(error).render().to_string().contains("--kafak"));
    }

    #[test]
    fn a_url_with_a_password_is_refused_wherever_it_stands() {
        let refused = |words: &str| refuse_secrets(words.split(' ').map(str::to_owned)).is_err();
        assert!(refused("check amqps://orders:S3cret@rabbit.example/v"));
        assert!(refused("--as amqps://orders@rabbit.example"));
        assert!(!refused("verify --amqp amqps://rabbit.example/v --kafka a:1 user@host"));
    }
}
