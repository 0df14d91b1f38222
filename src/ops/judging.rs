//! One target at a time: what it is, told by what is in it, and what is wrong with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rayon::prelude::*;

use super::configuration::Configuration;
use super::opening::{endpoint_named, open};
use super::{DeedError, Question};
use crate::check::{self, Allowed, Change, Checked, Options};
use crate::directory;
use crate::endpoint::observe;
use crate::finding::Finding;
use crate::keystore::{Contents, Format, KeystoreError, Passwords, Seal};
use crate::pki::{Certificate, HostPort, Usage};
use crate::report::{Expiry, TargetPlace, TargetReport};
use crate::settings::{self, Settings};

/// For each connection to an endpoint.
const PATIENCE: Duration = Duration::from_secs(5);

/// What every target is held against.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    pub question: &'a Question,
    pub passwords: &'a Passwords,
    /// What each file is to take the place of.
    pub replaced: Option<&'a Replaced>,
}

/// What a broker has now.
#[derive(Debug)]
pub enum Replaced {
    Stored(Contents),
    /// The leaf that it serves.
    Served(Box<Certificate>),
}

impl Replaced {
    /// A file, or what is served at `host:port`.
    pub fn read(word: &str, passwords: &Passwords) -> Result<Self, DeedError> {
        let path = PathBuf::from(word);
        let Some(endpoint) = endpoint_named(&path) else {
            let bytes = directory::read_named(&path)?;
            let opened = open(bytes.expose(), passwords);
            return opened.map(Self::Stored).map_err(|error| DeedError::Unreadable { path, error });
        };
        let failed = |why: String| DeedError::Replaced { word: word.to_owned(), why };
        let observed = observe(&endpoint, Some(&endpoint.host), PATIENCE).map_err(|error| failed(error.to_string()))?;
        let leaf = observed.served.into_iter().next().ok_or_else(|| failed("no certificate is served there".to_owned()))?;
        Ok(Self::Served(Box::new(leaf)))
    }

    fn taken_over_by(&self, name: &str, next: &Contents) -> Vec<Finding> {
        // Both are lifted by static settings of the broker that no file of these shows.
        let allowed = Allowed { subject: Change::Refused, names: Change::Refused };
        match self {
            Self::Stored(current) => check::reload(name, current, next, allowed),
            Self::Served(leaf) => check::reload_of_served(name, leaf, next, allowed),
        }
    }
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
        if let Some(endpoint) = endpoint_named(&path) {
            return vec![self.endpoint(&endpoint)];
        }
        let files = directory::expand(std::slice::from_ref(&path));
        let asked = |file: &PathBuf| if *file == path { Asked::ByName } else { Asked::BySearch };
        let reports: Vec<_> = files.par_iter().filter_map(|file| self.file(file, asked(file))).collect();
        if reports.is_empty() { vec![unreadable(word, TargetPlace::File, "there is nothing in it that could be checked")] } else { reports }
    }

    /// `None` for what was found in a directory and is of no known kind.
    fn file(&self, path: &Path, asked: Asked) -> Option<TargetReport> {
        let name = path.display().to_string();
        let read = match asked {
            Asked::ByName => directory::read_named(path),
            Asked::BySearch => directory::read_foreign(path),
        };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => return Some(unreadable(&name, TargetPlace::File, &error.to_string())),
        };
        if let Some(settings) = settings::read(bytes.expose()) {
            return Some(self.configuration(path, &settings));
        }
        match open(bytes.expose(), self.passwords) {
            Ok(contents) => {
                let mut report = self.contents(&name, &contents);
                report.add(self.beside(&name, bytes.expose(), &contents));
                report.add(directory::mode_of(path).and_then(|mode| check::exposure(&name, &contents, mode)));
                Some(report)
            }
            Err(KeystoreError::Unrecognised { .. }) if asked == Asked::BySearch => None,
            Err(error) => Some(unreadable(&name, TargetPlace::File, &error.to_string())),
        }
    }

    fn contents(&self, name: &str, contents: &Contents) -> TargetReport {
        let Checked { mut findings, verdict } = check::contents(name, contents, &self.question.options());
        // A verdict alone says what is wrong with the certificates of a chain.
        if !self.question.has_anchors() {
            findings.extend(check::form(name, contents));
        } else if verdict.is_none() {
            findings.push(check::nothing_to_judge(name));
        }
        findings.extend(self.replaced.iter().flat_map(|replaced| replaced.taken_over_by(name, contents)));
        TargetReport::new(name.to_owned(), TargetPlace::File, findings, verdict, expiries(contents, ""))
    }

    /// What the contents do not show: the bytes, and the passwords that opened them.
    fn beside(&self, name: &str, bytes: &[u8], contents: &Contents) -> Vec<Finding> {
        let for_kafka = match contents.format {
            Format::Pem => check::not_for_kafka(name, bytes, self.passwords.keys.first().or(self.passwords.store.as_ref())),
            Format::Der | Format::Pkcs7 | Format::Pkcs12 | Format::Jks | Format::Jceks => None,
        };
        let opened_by = if contents.seal == Seal::Intact { check::passwords(name, self.passwords) } else { Vec::new() };
        for_kafka.into_iter().chain(opened_by).collect()
    }

    /// The configuration itself, then each file that it names as far as a file shows it by itself.
    fn configuration(&self, path: &Path, settings: &Settings) -> TargetReport {
        let name = path.display().to_string();
        let configuration = Configuration::open(path, settings, self.passwords);
        let alone = Options { anchors: &[], ..self.question.options() };
        let mut findings = crate::configuration::config(&name, &configuration.settings, &configuration.files);
        let mut certificates = Vec::new();
        for (named, contents) in configuration.opened() {
            findings.extend(check::contents(&named.to_string(), contents, &alone).findings);
            certificates.extend(expiries(contents, &format!("{named} ")));
        }
        findings.extend(configuration.pem);
        TargetReport::new(name, TargetPlace::File, findings, None, certificates)
    }

    fn endpoint(&self, target: &HostPort) -> TargetReport {
        let name = target.to_string();
        let options = self.question.options();
        let host = options.name.unwrap_or(&target.host);
        let observed = match observe(target, Some(host), PATIENCE) {
            Ok(observed) => observed,
            Err(error) => return unreadable(&name, TargetPlace::Endpoint, &error.to_string()),
        };
        let served = observed.contents();
        let options = Options { name: Some(host), purpose: options.purpose.or(Some(Usage::ServerAuth)), ..options };
        let Checked { mut findings, verdict } = check::contents(&name, &served, &options);
        findings.extend(check::endpoint(&name, &observed, host));
        if verdict.is_none() {
            findings.extend(check::form(&name, &served));
        }
        TargetReport::new(name, TargetPlace::Endpoint, findings, verdict, expiries(&served, ""))
    }
}

fn unreadable(name: &str, place: TargetPlace, why: &str) -> TargetReport {
    let fix = match place {
        TargetPlace::File => "name a file that can be read, or an endpoint as host:port; give the password where it has one",
        TargetPlace::Endpoint => "see that it runs there and speaks TLS",
    };
    TargetReport::new(name.to_owned(), place, vec![check::unreadable(name, why, fix)], None, Vec::new())
}

/// `prefix` comes before the name of each entry.
fn expiries(contents: &Contents, prefix: &str) -> Vec<Expiry> {
    let mut expiries = Vec::new();
    for (index, item) in contents.items.iter().enumerate() {
        let entry = item.alias.as_ref().map_or_else(|| format!("{prefix}entry {}", index + 1), |alias| format!("{prefix}{alias}"));
        expiries.extend(item.certificates().iter().map(|certificate| Expiry {
            entry: entry.clone(),
            subject: certificate.subject.clone(),
            serial: certificate.serial.clone(),
            not_after: certificate.validity.not_after,
        }));
    }
    expiries
}
