//! Writing one secret, so that at each step a cut leaves what the next run completes.

use reqwest::Method;
use serde_json::json;

use super::vault::Vault;
use super::vault_request::{Request, Twice};
use super::vault_secret::{self, Told};
use super::{SinkError, Standing, State, Version, vault_error};
use crate::parcel::{MANAGED_BY, Ownership, Parcel};
use crate::pki::Secret;

/// What of a label says whose a secret is.
const MARK: [&str; 3] = [MANAGED_BY, "cluster", "holder"];

impl Vault {
    pub async fn put(&self, parcel: &Parcel, standing: &Standing) -> Result<Version, SinkError> {
        let seen = match &standing.version {
            Some(Version::Number(number)) => *number,
            Some(Version::Id(_)) | None => 0,
        };
        let is_written = match &standing.state {
            State::Absent => false,
            State::Same => true,
            State::Differs { changed } | State::NotOurs { changed, .. } => changed.is_empty(),
        };
        let version = match (is_written, &standing.state) {
            (true, _) => seen,
            (false, State::Absent) => self.write_marked(parcel, seen).await?,
            (false, State::Same | State::Differs { .. } | State::NotOurs { .. }) => self.write(parcel, seen).await?,
        };
        let back = self.read(&parcel.address, Some(version)).await?;
        let back = back.filter(|back| back.value.is_some() && parcel.document.changes(back.text()).is_empty());
        back.ok_or_else(|| self.not_as_sent(parcel))?;
        let found = self.metadata(&parcel.address).await?;
        self.tell(&parcel.address, found.as_ref(), parcel.label.pairs()).await?;
        Ok(Version::Number(version))
    }

    /// Whose it is to be is told before there is anything: cut in between, it is not taken for another's by the next run.
    async fn write_marked(&self, parcel: &Parcel, seen: u64) -> Result<u64, SinkError> {
        let found = self.metadata(&parcel.address).await?;
        let before = found.as_ref().map(|found| found.told.clone()).unwrap_or_default();
        let mark = parcel.label.pairs().into_iter().filter(|(name, _)| MARK.contains(name));
        if parcel.label.ownership(&before) != Ownership::Ours {
            self.tell(&parcel.address, found.as_ref(), mark).await?;
        }
        let outcome = self.write(parcel, seen).await;
        if let Err(SinkError::Conflict { .. }) = &outcome {
            self.unmark(parcel, &before).await?;
        }
        outcome
    }

    /// Another wrote there since the mark was set. Unless it was countersign, which tells a generation, the mark is wrong.
    async fn unmark(&self, parcel: &Parcel, before: &Told) -> Result<(), SinkError> {
        let mut now = self.metadata(&parcel.address).await?.unwrap_or_default();
        if now.told.contains_key("generation") || parcel.label.ownership(&now.told) != Ownership::Ours {
            return Ok(());
        }
        now.told.retain(|name, _| !MARK.contains(&name.as_str()));
        let earlier = before.iter().filter(|(name, _)| MARK.contains(&name.as_str()));
        self.tell(&parcel.address, Some(&now), earlier.map(|(name, value)| (name.as_str(), value.clone()))).await
    }

    /// The version that holds the parcel now: the one that is written, or one that is found to be the same.
    async fn write(&self, parcel: &Parcel, seen: u64) -> Result<u64, SinkError> {
        let body = json!({ "data": &parcel.document, "options": { "cas": seen } });
        let body = Secret::new(body.to_string().into_bytes());
        let path = format!("{}/data/{}", self.mount, parcel.address);
        let request = Request { action: "write", method: Method::POST, path, body: Some(body), twice: Twice::Never };
        let mut left = self.session.client().retries();
        loop {
            let outcome = self.session.call(&request).await;
            let is_conflict = matches!(&outcome, Ok(answer) if vault_error::is_other_version(answer));
            let error = match outcome {
                Ok(answer) if answer.is_done() => match vault_secret::written(&answer.body) {
                    Some(version) => return Ok(version),
                    None => self.refusal(&request, &answer),
                },
                Ok(answer) => self.refusal(&request, &answer),
                Err(error) => error,
            };
            if !is_conflict && !is_open(&error) {
                return Err(error);
            }
            let now = match self.read(&parcel.address, None).await {
                Ok(now) => now,
                Err(_) => return Err(error),
            };
            match now {
                Some(now) if now.version > seen && now.value.is_some() && parcel.document.changes(now.text()).is_empty() => {
                    return Ok(now.version);
                }
                Some(now) if is_conflict || now.version > seen => return Err(self.conflict(parcel)),
                None if is_conflict => return Err(self.conflict(parcel)),
                Some(_) | None if left == 0 || !matches!(error, SinkError::Unreachable { .. }) => return Err(error),
                // It never arrived. Should it still do so: only one of the two can be written.
                Some(_) | None => left -= 1,
            }
        }
    }

    fn conflict(&self, parcel: &Parcel) -> SinkError {
        SinkError::Conflict { address: format!("{}/{}", self.mount, parcel.address) }
    }

    fn not_as_sent(&self, parcel: &Parcel) -> SinkError {
        let address = format!("{}/{}", self.mount, parcel.address);
        SinkError::NotAsSent { place: self.session.client().place().to_owned(), address }
    }
}

/// Whether a write may have been done all the same.
fn is_open(error: &SinkError) -> bool {
    matches!(error, SinkError::Unreachable { .. } | SinkError::Slow { .. } | SinkError::Refused { status: 200 | 500.., .. })
}
