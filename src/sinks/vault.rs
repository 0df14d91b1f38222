//! HashiCorp Vault and OpenBao: the KV secrets engine, version 2.
//!
//! Run against Vault 1.13.1. OpenBao has the same API (its variables, paths and answers were read, not run).
//!
//! What is written is written by check-and-set, over exactly the version that was seen; so of two who push at once, one learns of the
//! other. What became of a write whose answer never came is told by reading.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::Method;
use serde_json::{Value, json};

use super::said::one_line;
use super::vault_client::Client;
use super::vault_environment::Environment;
use super::vault_request::{Answer, Request, Twice};
use super::vault_secret::{self, Metadata, Read, Told};
use super::vault_session::Session;
use super::vault_settings::Settings;
use super::{LONGEST_NAME, MOST_LISTED, SinkError, Standing, State, Stored, Version, vault_error};
use crate::cluster::{HolderKind, NameTemplate, VaultSpec};
use crate::parcel::{COUNTERSIGN, MANAGED_BY, Ownership, Parcel};
use crate::pki::Secret;

/// How many secrets are looked at at once when they are listed.
const AT_ONCE: usize = 8;

/// Logged in.
#[derive(Debug)]
pub struct Vault {
    pub(super) session: Session,
    pub(super) mount: String,
    path: NameTemplate,
    cluster: String,
}

impl Vault {
    /// Reads the environment, the files that it and the cluster file name, and logs in.
    pub async fn open(spec: &VaultSpec, cluster: &str) -> Result<Self, SinkError> {
        let lookup = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let environment = Environment::new(&lookup);
        let client = Client::new(Settings::new(spec, &environment)?)?;
        let session = Session::open(client, spec.login.clone(), &spec.mount, &environment).await?;
        Ok(Self { session, mount: spec.mount.clone(), path: spec.path.clone(), cluster: cluster.to_owned() })
    }

    /// `https://vault.example:8200 secret/`, with the namespace before the mount.
    pub fn place(&self) -> String {
        let client = self.session.client();
        let namespace = client.namespace().map(|namespace| format!("{}/", namespace.trim_matches('/'))).unwrap_or_default();
        format!("{} {namespace}{}/", client.place(), self.mount)
    }

    pub fn mount(&self) -> &str {
        &self.mount
    }

    pub async fn look(&self, parcel: &Parcel) -> Result<Standing, SinkError> {
        let Some(read) = self.read(&parcel.address, None).await? else {
            // Marked, perhaps, and then never written.
            return Ok(Standing { version: None, state: State::Absent });
        };
        let version = Some(Version::Number(read.version));
        if read.value.is_none() {
            return Ok(Standing { version, state: State::Absent });
        }
        let changed = parcel.document.changes(read.text());
        let state = match parcel.label.ownership(&read.told) {
            whose @ Ownership::Another(_) => State::NotOurs { whose, changed },
            // Nobody else has this value: it was taken over, and then not labelled.
            whose @ Ownership::Foreign if !changed.is_empty() => State::NotOurs { whose, changed },
            Ownership::Ours | Ownership::Foreign if changed.is_empty() && parcel.label.is_told_by(&read.told) => State::Same,
            Ownership::Ours | Ownership::Foreign => State::Differs { changed },
        };
        Ok(Standing { version, state })
    }

    pub async fn list(&self) -> Result<Vec<Stored>, SinkError> {
        let (mut found, mut seen) = (BTreeSet::new(), 0);
        let depth = self.path.to_string().matches('/').count();
        for stem in BTreeSet::from(HolderKind::ALL.map(|kind| self.path.stem(&self.cluster, kind))) {
            let mut waiting = vec![stem.rfind('/').map_or("", |end| &stem[..=end]).to_owned()];
            while let Some(directory) = waiting.pop() {
                let names = self.names(&directory).await?;
                seen += 1 + names.len();
                if seen > MOST_LISTED {
                    return Err(SinkError::Endless { place: self.place(), most: MOST_LISTED });
                }
                let below = names.into_iter().filter(|name| is_plain(name)).map(|name| format!("{directory}{name}"));
                for path in below.filter(|path| path.starts_with(&stem)) {
                    let level = path.trim_end_matches('/').matches('/').count();
                    if !path.ends_with('/') && level == depth {
                        found.insert(path);
                    } else if path.ends_with('/') && level < depth {
                        waiting.push(path);
                    }
                }
            }
        }
        let ours = stream::iter(found).map(|address| self.ours(address)).buffer_unordered(AT_ONCE);
        let mut ours: Vec<Stored> = ours.try_filter_map(|stored| async { Ok(stored) }).try_collect().await?;
        ours.sort_unstable();
        Ok(ours)
    }

    /// What lies there of this cluster, and is not deleted.
    async fn ours(&self, address: String) -> Result<Option<Stored>, SinkError> {
        let Some(metadata) = self.metadata(&address).await? else { return Ok(None) };
        let Some(holder) = self.holder(&metadata.told) else { return Ok(None) };
        let is_live = match metadata.versions.get(&metadata.newest) {
            None | Some(vault_secret::VersionState { destroyed: true, .. }) => false,
            Some(state) if state.deletion_time.is_empty() => true,
            // It may be a time to come.
            Some(_) => self.read(&address, None).await?.is_some_and(|read| read.value.is_some()),
        };
        Ok(is_live.then_some(Stored { address, holder }))
    }

    fn holder(&self, told: &Told) -> Option<String> {
        let is = |name: &str, value: &str| told.get(name).is_some_and(|found| found == value);
        (is(MANAGED_BY, COUNTERSIGN) && is("cluster", &self.cluster))
            .then(|| told.get("holder").map(|holder| one_line(holder)).unwrap_or_default())
    }

    /// Deletes every version, so that each can be undeleted.
    pub async fn remove(&self, stored: &Stored) -> Result<(), SinkError> {
        let Some(metadata) = self.metadata(&stored.address).await? else { return Ok(()) };
        if self.holder(&metadata.told).as_ref() != Some(&stored.holder) {
            return Err(SinkError::Conflict { address: format!("{}/{}", self.mount, stored.address) });
        }
        let request = post("delete", format!("{}/delete/{}", self.mount, stored.address), &json!({ "versions": metadata.undestroyed() }));
        let answer = self.session.call(&request).await?;
        if answer.is_done() { Ok(()) } else { Err(self.refusal(&request, &answer)) }
    }

    pub async fn close(self) {
        self.session.close().await;
    }

    /// `None` where nothing is, and no version ever was.
    pub(super) async fn read(&self, address: &str, version: Option<u64>) -> Result<Option<Read>, SinkError> {
        let query = version.map(|version| format!("?version={version}")).unwrap_or_default();
        self.get("read", format!("{}/data/{address}{query}", self.mount), Read::parse).await
    }

    pub(super) async fn metadata(&self, address: &str) -> Result<Option<Metadata>, SinkError> {
        self.get("read", format!("{}/metadata/{address}", self.mount), Metadata::parse).await
    }

    async fn names(&self, directory: &str) -> Result<Vec<String>, SinkError> {
        let names = self.get("list", format!("{}/metadata/{directory}?list=true", self.mount), vault_secret::names).await?;
        Ok(names.unwrap_or_default())
    }

    async fn get<T>(&self, action: &'static str, path: String, parse: fn(&Secret) -> Option<T>) -> Result<Option<T>, SinkError> {
        let request = Request { action, method: Method::GET, path, body: None, twice: Twice::Harmless };
        let answer = self.session.call(&request).await?;
        match (answer.status, parse(&answer.body)) {
            (200 | 404, Some(parsed)) => Ok(Some(parsed)),
            (404, None) if vault_error::is_nothing(&answer) => Ok(None),
            (_, _) => Err(self.refusal(&request, &answer)),
        }
    }

    /// Over exactly what was `found`, where the server can tell: OpenBao takes `metadata_cas`, and may demand it
    /// (`metadata_cas_required`); Vault passes over it.
    pub(super) async fn tell<'p>(
        &self,
        address: &str,
        found: Option<&Metadata>,
        ours: impl IntoIterator<Item = (&'p str, String)>,
    ) -> Result<(), SinkError> {
        let nothing = Told::new();
        let told = vault_secret::told_with(found.map_or(&nothing, |found| &found.told), ours).map_err(|what| SinkError::Setting {
            what: format!("{}/{address} {what}", self.mount),
            fix: "take some of it away by `vault kv metadata put`".to_owned(),
        })?;
        let mut body = json!({ "custom_metadata": told });
        if let Some(version) = found.map_or(Some(0), |found| found.told_version) {
            body["metadata_cas"] = version.into();
        }
        let request = post("label", format!("{}/metadata/{address}", self.mount), &body);
        let answer = self.session.call(&request).await?;
        if answer.is_done() {
            return Ok(());
        }
        if !vault_error::is_other_version(&answer) {
            return Err(self.refusal(&request, &answer));
        }
        // It may be our own that was sent again.
        match self.metadata(address).await? {
            Some(now) if now.told == told => Ok(()),
            Some(_) | None => Err(SinkError::Conflict { address: format!("{}/{address}", self.mount) }),
        }
    }

    pub(super) fn refusal(&self, request: &Request, answer: &Answer) -> SinkError {
        vault_error::refusal(self.session.client().place(), request, answer)
    }
}

fn post(action: &'static str, path: String, body: &Value) -> Request {
    let body = Some(Secret::new(body.to_string().into_bytes()));
    Request { action, method: Method::POST, path, body, twice: Twice::Harmless }
}

/// Whether a name could be of our making, and stands in a path without escapes.
fn is_plain(name: &str) -> bool {
    let word = name.trim_end_matches('/');
    !matches!(word, "" | "." | "..")
        && word.len() <= LONGEST_NAME
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+=@".contains(&b))
}
