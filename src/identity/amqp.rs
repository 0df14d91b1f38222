//! Clients of RabbitMQ: a file of `amqps` URLs, one for each node.

use std::path::Path;

use super::draft::{Draft, Trust};
use super::login::Said;
use super::opened::{self, Opened};
use super::store::Trusting;
use super::{IdentityError, Target, bare};
use crate::diagnosis::{Fault, FileProblem, Via};
use crate::keystore::Passwords;
use crate::pki::Passphrase;
use crate::settings::{AmqpUri, AmqpUriError, Text};
use crate::visit::Credential;

/// Who logs in where the URL names nobody, in every client.
const GUEST: &str = "guest";

/// The text of a file that begins with a URL of AMQP.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    lines(text).next().is_some_and(|(_, line)| AmqpUri::is_meant(line)).then_some(text)
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

pub(super) fn draft(path: &Path, text: &str, besides: &Passwords) -> Result<Draft, IdentityError> {
    let name = path.display().to_string();
    let mut urls: Vec<AmqpUri> = Vec::new();
    let mut targets = Vec::new();
    let mut plaintext = None;
    for (line, url) in lines(text) {
        let file = || name.clone();
        match AmqpUri::parse(url) {
            Ok(url) if urls.first().is_none_or(|first| is_same_client(first, &url)) => {
                targets.push(Target::amqp(url.endpoint.clone(), url.vhost.clone()));
                urls.push(url);
            }
            Ok(_) => return Err(IdentityError::OtherClient { file: file(), line }),
            Err(AmqpUriError::Plaintext { endpoint, vhost }) => {
                targets.push(Target::amqp(endpoint, vhost));
                plaintext = plaintext.or(Some(line));
            }
            Err(error) => return Err(IdentityError::Url { file: file(), line, error }),
        }
    }
    let (Some(url), None) = (urls.first(), plaintext) else {
        let problem = FileProblem::InPlaintext(format!("amqp:// in line {}", plaintext.unwrap_or_default()));
        return Ok(Draft { targets, ..Draft::new(name.clone(), Via::AmqpUri, Err(Fault::file(name, problem))) });
    };
    let credential = credential(path, url, besides);
    let mut notes = notes(url);
    let trust = match &url.cacertfile {
        Some(file) => Trust::Given(opened(path, file, None, besides).and_then(|file| file.anchors(Trusting::Bundle))),
        None => {
            notes.push("the URL names no cacertfile: the system's roots are trusted".to_owned());
            Trust::Public
        }
    };
    Ok(Draft { trust, login: login(url), notes, targets, ..Draft::new(name, Via::AmqpUri, credential) })
}

/// Whether nothing differs but where it leads.
fn is_same_client(one: &AmqpUri, other: &AmqpUri) -> bool {
    let anywhere = |url: &AmqpUri| AmqpUri { endpoint: one.endpoint.clone(), vhost: String::new(), server_name: None, ..url.clone() };
    anywhere(one) == anywhere(other)
}

fn credential(path: &Path, url: &AmqpUri, besides: &Passwords) -> Result<Option<Credential>, Fault> {
    let name = || path.display().to_string();
    match (&url.certfile, &url.keyfile) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(Fault::file(name(), FileProblem::NoKey)),
        (None, Some(_)) => Err(Fault::file(name(), FileProblem::NoCertificate)),
        (Some(chain), Some(key)) => {
            let chain = opened(path, chain, None, besides)?;
            bare::pair(&chain, &opened(path, key, url.key_password.as_ref(), besides)?).map(Some)
        }
    }
}

fn opened(path: &Path, file: &str, key: Option<&Passphrase>, besides: &Passwords) -> Result<Opened, Fault> {
    Opened::named(path, &Text::written(file), &opened::passwords(None, key, besides))
}

/// Of several mechanisms the first that is known here.
fn login(url: &AmqpUri) -> Said {
    let known = |name: &&String| ["external", "plain", "amqplain"].iter().any(|known| known.eq_ignore_ascii_case(name));
    let mechanism = url.mechanisms.iter().find(known).or(url.mechanisms.first()).map_or("PLAIN", String::as_str);
    if mechanism.eq_ignore_ascii_case("external") {
        return Said::External;
    }
    let password = url.password.clone().unwrap_or_else(|| Passphrase::new(GUEST.to_owned()));
    let mechanism = if mechanism.eq_ignore_ascii_case("amqplain") { "PLAIN" } else { mechanism };
    let user = Text::written(url.user.as_deref().unwrap_or(GUEST));
    Said::Password { mechanism: Text::written(mechanism), user: Some(user), password: Some(password) }
}

fn notes(url: &AmqpUri) -> Vec<String> {
    let mut notes = Vec::new();
    if url.verify.as_deref().is_some_and(|verify| verify != "verify_peer") {
        notes.push("the client does not verify the broker's certificate (verify=verify_none); countersign does, always".to_owned());
    }
    if let Some(asked) =
        url.server_name.as_deref().filter(|name| !name.trim_end_matches('.').eq_ignore_ascii_case(&url.endpoint.host.to_string()))
    {
        notes.push(format!(
            "the client checks the name {:?} (server_name_indication); countersign checks the one it connects to",
            Text::written(asked)
        ));
    }
    if url.user.is_none() && matches!(login(url), Said::Password { .. }) {
        notes.push("the URL names no user: it is guest, as in every client".to_owned());
    }
    if url.vhost.is_empty() {
        notes.push("the URL ends in a slash: its virtual host has the empty name; / is written %2F".to_owned());
    }
    notes
}

/// A URL of the command line leads somewhere, and says nothing of who connects: what stands there, everybody can read.
pub fn target(url: &str) -> Result<Target, AmqpTargetError> {
    let url = AmqpUri::parse(url)?;
    if url.user.is_some() || url.password.is_some() || url.key_password.is_some() {
        Err(AmqpTargetError::Secret)
    } else if url.cacertfile.is_some() || url.certfile.is_some() || url.keyfile.is_some() || !url.mechanisms.is_empty() {
        Err(AmqpTargetError::Identity)
    } else {
        Ok(Target::amqp(url.endpoint, url.vhost))
    }
}

/// Why a URL cannot stand on the command line. Never holds the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmqpTargetError {
    #[error(transparent)]
    Url(#[from] AmqpUriError),
    #[error(
        "a user or password stands in it, where every process sees it: write the URL into a file for --as, or say --user and --user-password-file"
    )]
    Secret,
    #[error("it says who connects: write it into a file for --as")]
    Identity,
}
