//! What `check` is asked about a chain: anchors, intermediates, revocation lists, a name, a purpose and a moment.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Context;
use super::failure::Failure;
use crate::directory;
use crate::keystore::{self, Contents, Held, Passwords};
use crate::ops::Question;
use crate::pki::{Certificate, Host, Lifetime, RevocationList, Usage};

#[derive(Debug, Args)]
pub struct QuestionArgs {
    /// What to trust, in any format; with it, the chain of each file is judged from its first certificate on; repeatable
    #[arg(long, value_name = "FILE", requires = "targets")]
    anchors: Vec<PathBuf>,
    /// Certificates that may stand between, in any format and order; repeatable
    #[arg(long, value_name = "FILE", requires = "anchors")]
    intermediates: Vec<PathBuf>,
    /// Revocation lists; with any, every certificate of a chain needs one that covers it; repeatable
    #[arg(long, value_name = "FILE", requires = "anchors")]
    crl: Vec<PathBuf>,
    /// The DNS name by which the holder is reached
    #[arg(long, value_name = "NAME", value_parser = dns_name, conflicts_with = "ip")]
    hostname: Option<Host>,
    /// The address by which the holder is reached
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<IpAddr>,
    /// What the certificate is to be used for
    #[arg(long, value_enum, default_value_t = Purpose::Any)]
    purpose: Purpose,
    /// The moment to check for, such as 2026-10-01T12:00:00Z [default: now]
    #[arg(long, value_name = "RFC3339", value_parser = moment)]
    at: Option<OffsetDateTime>,
    /// Warn about certificates that end within this
    #[arg(long, value_name = "30d", default_value = "30d")]
    expires_within: Lifetime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Purpose {
    Server,
    Client,
    Any,
}

impl QuestionArgs {
    pub fn read(&self, context: &Context, passwords: &Passwords) -> Result<Question, Failure> {
        let anchors = self.anchors.iter().map(|path| certificates(path, context, passwords)).collect::<Result<Vec<_>, _>>()?.concat();
        if anchors.is_empty() && !self.anchors.is_empty() {
            return Err(Failure::Usage("there is no certificate in what --anchors names: nothing could be trusted".to_owned()));
        }
        let intermediates = self.intermediates.iter().map(|path| certificates(path, context, passwords)).collect::<Result<Vec<_>, _>>()?;
        let lists = self.crl.iter().map(|path| revocation_lists(path, context, passwords)).collect::<Result<Vec<_>, _>>()?;
        Ok(Question {
            at: self.at.unwrap_or(context.now),
            expires_within: self.expires_within.duration(),
            purpose: match self.purpose {
                Purpose::Server => Some(Usage::ServerAuth),
                Purpose::Client => Some(Usage::ClientAuth),
                Purpose::Any => None,
            },
            name: self.hostname.clone().or_else(|| self.ip.map(Host::Ip)),
            anchors,
            intermediates: intermediates.concat(),
            revocation_lists: lists.concat(),
        })
    }
}

fn certificates(path: &Path, context: &Context, passwords: &Passwords) -> Result<Vec<Certificate>, Failure> {
    let contents = contents(path, context, passwords)?;
    Ok(contents.iter().flat_map(Contents::certificates).cloned().collect())
}

fn revocation_lists(path: &Path, context: &Context, passwords: &Passwords) -> Result<Vec<RevocationList>, Failure> {
    let mut lists = Vec::new();
    for item in contents(path, context, passwords)?.map(|contents| contents.items).unwrap_or_default() {
        match item.held {
            Held::RevocationList(list) => lists.push(*list),
            Held::Key { .. }
            | Held::Trusted(_)
            | Held::Certificate(_)
            | Held::SecretKey { .. }
            | Held::PublicKey(_)
            | Held::Request(_)
            | Held::Unreadable { .. } => {}
        }
    }
    Ok(lists)
}

/// What a file holds; nothing when it is empty, as the bundle of a root's own certificates may be. Says which part is damaged.
fn contents(path: &Path, context: &Context, passwords: &Passwords) -> Result<Option<Contents>, Failure> {
    let bytes = directory::read_named(path)?;
    if bytes.expose().iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let contents = keystore::open(bytes.expose(), passwords).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    for item in &contents.items {
        if let Held::Unreadable { what, problem, .. } = &item.held {
            context.console.warn(&format!("{}: {what}: {problem}; the rest is used", path.display()));
        }
    }
    Ok(Some(contents))
}

fn dns_name(text: &str) -> Result<Host, String> {
    match text.parse::<Host>().map_err(|error| error.to_string())? {
        Host::Ip(_) => Err("that is an address; name it by --ip".to_owned()),
        host @ Host::Dns(_) => Ok(host),
    }
}

fn moment(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|error| format!("{error}; write it as 2026-10-01T12:00:00Z"))
}
