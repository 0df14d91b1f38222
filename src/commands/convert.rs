//! `convert`: any file of keys and certificates as another.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::Context;
use super::console::Format;
use super::failure::{Exit, Failure};
use super::passwords::{self, PasswordArgs, source};
use crate::convert::{self, Converted, Losses, Order, Rename, Selection, Target};
use crate::directory::{self, Existing};
use crate::keystore::{Contents, Passwords, Pkcs12Profile};
use crate::ops::DeedError;
use crate::pki::{Certificate, Password};

/// Turn a store, a chain or a key into another format
///
/// The source is recognised by what is in it, the target chosen by its extension or --to. The target is readable by its owner
/// alone, and written whole or not at all.
///
/// PEM, DER and PKCS#7 hold no aliases. A chain is written leaf first and ends below its root, unless the source has the root
/// in the chain too.
#[derive(Debug, Args)]
pub struct Convert {
    /// PEM, DER, PKCS#7, PKCS#12, JKS or JCEKS
    #[arg(value_name = "SRC")]
    from: PathBuf,
    /// What is written
    #[arg(value_name = "DST")]
    target: PathBuf,
    /// The format of the target
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Option<To>,
    /// How a PKCS#12 target is encrypted
    #[arg(long, value_enum, value_name = "PROFILE")]
    profile: Option<Profile>,
    #[command(flatten)]
    passwords: PasswordArgs,
    /// The first line of this file seals the target, and encrypts its keys
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to_password_env", "to_password_stdin"])]
    to_password_file: Option<PathBuf>,
    /// This environment variable seals the target, and encrypts its keys
    #[arg(long, value_name = "NAME", conflicts_with = "to_password_stdin")]
    to_password_env: Option<String>,
    /// The next line of standard input, after those that open the source, seals the target, and encrypts its keys
    #[arg(long)]
    to_password_stdin: bool,
    /// As --to-password-file, for the keys of JKS and JCEKS alone
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to_key_password_env", "to_key_password_stdin"])]
    to_key_password_file: Option<PathBuf>,
    /// As --to-password-env, for the keys of JKS and JCEKS alone
    #[arg(long, value_name = "NAME", conflicts_with = "to_key_password_stdin")]
    to_key_password_env: Option<String>,
    /// As --to-password-stdin, one line later, for the keys of JKS and JCEKS alone
    #[arg(long)]
    to_key_password_stdin: bool,
    /// Only the entry of this name; may be repeated
    #[arg(long = "alias", value_name = "NAME")]
    aliases: Vec<String>,
    /// Another name for an entry; may be repeated
    #[arg(long = "rename", value_name = "OLD=NEW")]
    renames: Vec<Rename>,
    /// Certificates that complete the chains of keys, in any order; may be repeated
    #[arg(long = "chain", value_name = "FILE")]
    chains: Vec<PathBuf>,
    /// Leave out what the target cannot hold, and what does not open
    #[arg(long)]
    allow_loss: bool,
    /// Replace a target that is there already
    #[arg(long)]
    overwrite: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    Pem,
    Der,
    Pkcs7,
    Pkcs12,
    Jks,
    Jceks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// AES-256 and SHA-256: Java 8u301 and 11.0.12, OpenSSL 1.1.1, librdkafka
    Modern,
    /// 3DES and SHA-1: every Java, every OpenSSL
    Java8,
}

impl Convert {
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        let target = self.format()?;
        if directory::same_file(&self.from, &self.target) {
            return Err(Failure::Usage(format!("{} is the source: name another file for the target", self.target.display())));
        }
        let passwords = self.passwords.read()?;
        let [password, key_password] = self.target_passwords()?;
        let contents = opened(&self.from, &passwords, context)?;
        let chain = self.chain(&passwords, context)?;
        let order = Order {
            selection: &Selection { aliases: self.aliases.clone(), renames: self.renames.clone() },
            target,
            chain: &chain,
            password: password.as_ref(),
            key_password: key_password.as_ref(),
            losses: if self.allow_loss { Losses::Accepted } else { Losses::Refused },
            now: context.now,
            entropy: &context.entropy,
        };
        let converted = convert::convert(&contents, order).map_err(|error| Failure::Convert { source: self.from.clone(), error })?;
        let existing = if self.overwrite { Existing::Replaced } else { Existing::Refused };
        directory::write_secret(&self.target, &converted.bytes, existing)?;
        self.tell(context, target, &converted);
        Ok(Exit::Done)
    }

    fn format(&self) -> Result<Target, Failure> {
        let extension = self.target.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        let target = match self.to {
            Some(To::Pem) => Some(Target::Pem),
            Some(To::Der) => Some(Target::Der),
            Some(To::Pkcs7) => Some(Target::Pkcs7),
            Some(To::Pkcs12) => Some(Target::Pkcs12(Pkcs12Profile::Modern)),
            Some(To::Jks) => Some(Target::Jks),
            Some(To::Jceks) => Some(Target::Jceks),
            None => extension.and_then(|extension| Target::of_extension(&extension)),
        };
        let target =
            target.ok_or_else(|| Failure::Usage(format!("the extension of {} names no format: name it by --to", self.target.display())))?;
        match (target, self.profile) {
            (target, None) => Ok(target),
            (Target::Pkcs12(_), Some(Profile::Modern)) => Ok(Target::Pkcs12(Pkcs12Profile::Modern)),
            (Target::Pkcs12(_), Some(Profile::Java8)) => Ok(Target::Pkcs12(Pkcs12Profile::Java8)),
            (other, Some(_)) => Err(Failure::Usage(format!("--profile is for PKCS#12, and the target is {other}"))),
        }
    }

    /// The target's own, which must be one that every program can read; for the store, and for its keys.
    fn target_passwords(&self) -> Result<[Option<Password>; 2], Failure> {
        let store = source(self.to_password_file.as_deref(), self.to_password_env.as_deref(), self.to_password_stdin)?;
        let key = source(self.to_key_password_file.as_deref(), self.to_key_password_env.as_deref(), self.to_key_password_stdin)?;
        let checked = |given: Option<crate::pki::Passphrase>| {
            given
                .map(|text| Password::new(text.expose().to_owned()))
                .transpose()
                .map_err(|error| Failure::Usage(format!("for the target, {error}")))
        };
        Ok([checked(store)?, checked(key)?])
    }

    fn chain(&self, passwords: &Passwords, context: &Context) -> Result<Vec<Certificate>, Failure> {
        let mut certificates = Vec::new();
        for path in &self.chains {
            certificates.extend(opened(path, passwords, context)?.certificates().cloned());
        }
        Ok(certificates)
    }

    fn tell(&self, context: &Context, target: Target, converted: &Converted) {
        for loss in &converted.losses {
            context.console.warn(&format!("left out: {loss}"));
        }
        match context.console.format {
            Format::Json => context.console.json(&json!({
                "target": self.target,
                "format": target.to_string(),
                "entries": converted.pieces.iter().map(|piece| json!({
                    "alias": target.has_aliases().then_some(&piece.alias),
                    "kind": piece.kind(),
                    "certificates": piece.certificates(),
                })).collect::<Vec<_>>(),
                "left_out": converted.losses,
            })),
            Format::Human => context.console.say(format_args!(
                "{}: {target} with {}",
                self.target.display(),
                converted.pieces.iter().map(|piece| piece.summary(target)).collect::<Vec<_>>().join(", ")
            )),
        }
    }
}

fn opened(path: &Path, passwords: &Passwords, context: &Context) -> Result<Contents, Failure> {
    let bytes = directory::read_named(path)?;
    let opened = passwords::open_or_ask(bytes.expose(), passwords, &path.display().to_string(), &context.console);
    opened.map_err(|error| DeedError::Unreadable { path: path.to_owned(), error }.into())
}
