//! One target at a time: what it is, told by what is in it, and what is wrong with it.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::configuration::Configuration;
use super::question::Question;
use crate::check::{self, Checked, FileState};
use crate::directory;
use crate::keystore::{self, Contents, Held, KeystoreError, Passwords};
use crate::pki::{Certificate, HostPort};
use crate::report::{Expiry, TargetPlace, TargetReport};
use crate::settings::{self, Settings};

/// What every target is held against.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    pub question: &'a Question,
    pub passwords: &'a Passwords,
}

/// How a file came to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    ByName,
    /// In a directory, or by a pattern.
    BySearch,
}

impl Judge<'_> {
    /// Everything that a word on the command line stands for: an endpoint, a file, or all that lies in a directory or fits a pattern.
    /// What is there wins over what could be an endpoint.
    pub fn word(&self, word: &str) -> Vec<TargetReport> {
        let path = PathBuf::from(word);
        if !path.exists()
            && let Ok(endpoint) = word.parse::<HostPort>()
        {
            return vec![self.endpoint(&endpoint)];
        }
        let files = directory::expand(std::slice::from_ref(&path));
        let reports: Vec<_> =
            files.par_iter().filter_map(|file| self.file(file, if *file == path { Asked::ByName } else { Asked::BySearch })).collect();
        if reports.is_empty() { vec![unreadable(word, TargetPlace::File, "there is nothing in it that could be checked")] } else { reports }
    }

    /// `None` for what was found in a directory and is of no known kind.
    fn file(&self, path: &Path, asked: Asked) -> Option<TargetReport> {
        let name = path.display().to_string();
        let bytes = match directory::read_foreign(path) {
            Ok(bytes) => bytes,
            Err(error) => return Some(unreadable(&name, TargetPlace::File, &error.to_string())),
        };
        if let Some(settings) = settings::read(bytes.expose()) {
            return Some(self.configuration(path, &settings));
        }
        match keystore::open(bytes.expose(), self.passwords) {
            Ok(contents) => Some(self.contents(&name, TargetPlace::File, &contents)),
            Err(KeystoreError::Unrecognised { .. }) if asked == Asked::BySearch => None,
            Err(error) => Some(unreadable(&name, TargetPlace::File, &error.to_string())),
        }
    }

    fn endpoint(&self, endpoint: &HostPort) -> TargetReport {
        unreadable(&endpoint.to_string(), TargetPlace::Endpoint, "endpoints are not looked at yet")
    }

    fn configuration(&self, path: &Path, settings: &Settings) -> TargetReport {
        let name = path.display().to_string();
        let Configuration { settings, files } = Configuration::open(path, settings, self.passwords);
        let findings = check::config(&name, &settings, &files);
        let opened = files.iter().filter_map(|(reference, state)| match state {
            FileState::Opened(contents) => Some(expiries(contents, &format!("{} ", reference.path))),
            FileState::Missing | FileState::Unreadable(_) | FileState::Refused(_) => None,
        });
        TargetReport::new(name, TargetPlace::File, findings, None, opened.flatten().collect())
    }

    fn contents(&self, name: &str, place: TargetPlace, contents: &Contents) -> TargetReport {
        let Checked { mut findings, verdict } = check::contents(name, contents, &self.question.options());
        if verdict.is_none() && self.question.has_anchors() {
            findings.push(check::nothing_to_judge(name));
        }
        TargetReport::new(name.to_owned(), place, findings, verdict, expiries(contents, ""))
    }
}

fn unreadable(name: &str, place: TargetPlace, why: &str) -> TargetReport {
    let finding = check::unreadable(name, why, "name one that can be read, or give its password");
    TargetReport::new(name.to_owned(), place, vec![finding], None, Vec::new())
}

/// `prefix` comes before the name of each entry.
fn expiries(contents: &Contents, prefix: &str) -> Vec<Expiry> {
    let mut expiries = Vec::new();
    for (index, item) in contents.items.iter().enumerate() {
        let entry = item.alias.as_ref().map_or_else(|| format!("{prefix}entry {}", index + 1), |alias| format!("{prefix}{alias}"));
        let certificates: &[Certificate] = match &item.held {
            Held::Key { chain, .. } => chain,
            Held::Trusted(certificate) | Held::Certificate(certificate) => std::slice::from_ref(&**certificate),
            Held::SecretKey { .. } | Held::PublicKey(_) | Held::Request(_) | Held::RevocationList(_) | Held::Unreadable { .. } => &[],
        };
        expiries.extend(certificates.iter().map(|certificate| Expiry {
            entry: entry.clone(),
            subject: certificate.subject.clone(),
            serial: certificate.serial.clone(),
            not_after: certificate.validity.not_after,
        }));
    }
    expiries
}
