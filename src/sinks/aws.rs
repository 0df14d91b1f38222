//! AWS Secrets Manager: one secret for each parcel, its value as `SecretString`, its label as tags.
//!
//! What users do next, once: for Amazon MSK, `aws kafka batch-associate-scram-secret --cluster-arn … --secret-arn-list …` with the
//! secrets whose names begin with `AmazonMSK_`; for Amazon MQ, `aws.arns.ssl_options.cacertfile = ARN` in the broker's
//! configuration, with the ARN of the secret that `amazon-mq-ca` names.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, SecretListEntry, Tag};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::aws_client::client;
use super::aws_error::{Asked, is_not_found};
use super::said::one_line;
use super::{LONGEST_NAME, MOST_LISTED, SinkError, Standing, State, Stored, Version};
use crate::cluster::{AwsSpec, HolderKind, TAG_PREFIX};
use crate::parcel::{COUNTERSIGN, Label, MANAGED_BY, Ownership, Parcel};
use crate::pki::Secret;

/// Bytes of a value, at most (AWS Secrets Manager quotas).
const LIMIT: usize = 65_536;
/// Secrets of one page of a list, at most; AWS gives no more.
const PAGE: i32 = 100;
/// The label of the version that counts.
pub(super) const CURRENT: &str = "AWSCURRENT";
/// What [`State`] calls a key that is not the cluster file's; no file and no field has that name.
pub(super) const KMS_KEY: &str = "kms-key";

/// Ready to be asked: region, endpoint and credentials are known.
pub struct SecretsManager {
    pub(super) client: Client,
    pub(super) spec: AwsSpec,
    pub(super) cluster: String,
    pub(super) place: String,
}

/// One version of a secret.
pub(super) struct Held {
    pub version: String,
    /// `None`: the value is binary.
    pub text: Option<Zeroizing<String>>,
    /// Its staging labels.
    pub stages: Vec<String>,
}

impl Held {
    pub fn is_of(&self, parcel: &Parcel) -> bool {
        self.text.as_ref().is_some_and(|text| parcel.document.changes(text).is_empty())
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'a> {
    Current,
    Id(&'a str),
}

impl SecretsManager {
    pub async fn open(spec: &AwsSpec, cluster: &str) -> Result<Self, SinkError> {
        let (client, place) = client(spec).await?;
        Ok(Self { client, spec: spec.clone(), cluster: cluster.to_owned(), place })
    }

    /// `AWS Secrets Manager in eu-central-1`, and where another endpoint than AWS's is named, `… at https://…`.
    pub fn place(&self) -> String {
        self.place.clone()
    }

    pub async fn look(&self, parcel: &Parcel) -> Result<Standing, SinkError> {
        self.value(parcel)?;
        let address = &parcel.address;
        let described = match self.client.describe_secret().secret_id(address).send().await {
            Ok(described) => described,
            Err(error) if is_not_found(&error) => return Ok(Standing { version: None, state: State::Absent }),
            Err(error) => return Err(self.asked("read", address).failed(&error)),
        };
        writable(address, &described)?;
        let held = self.held(address, Which::Current).await?;
        let mut changed = parcel.document.changes(held.as_ref().and_then(|held| held.text.as_deref()).map_or("", String::as_str));
        if self.spec.kms_key.as_deref().is_some_and(|wanted| !is_same_key(wanted, described.kms_key_id())) {
            changed.push(KMS_KEY.to_owned());
        }
        let tags = by_key(described.tags());
        let found = unprefixed(&tags);
        let told = parcel.label.is_told_by(&found) && self.spec.tags.iter().all(|(key, value)| tags.get(key) == Some(value));
        let state = match parcel.label.ownership(&found) {
            Ownership::Ours if changed.is_empty() && told => State::Same,
            Ownership::Ours => State::Differs { changed },
            whose @ (Ownership::Another(_) | Ownership::Foreign) => State::NotOurs { whose, changed },
        };
        Ok(Standing { version: held.map(|held| Version::Id(held.version)), state })
    }

    /// Those of this cluster whose names this sink gives: below its path, to users of Amazon MSK, or as Amazon MQ's trust.
    /// What is deleted already and waits for its end is left out.
    pub async fn list(&self) -> Result<Vec<Stored>, SinkError> {
        let filter = |key, value: &str| Filter::builder().key(key).values(value).build();
        let request = self
            .client
            .list_secrets()
            .max_results(PAGE)
            .filters(filter(FilterNameStringType::TagKey, &format!("{TAG_PREFIX}cluster")))
            .filters(filter(FilterNameStringType::TagValue, &self.cluster));
        let mut stored = Vec::new();
        let mut next = None;
        // Not by the SDK's paginator, which takes a page that points to itself for the last one.
        for _ in 0..MOST_LISTED / PAGE as usize {
            let page = request.clone().set_next_token(next.clone()).send().await;
            let page = page.map_err(|error| self.asked("list", "secrets").failed(&error))?;
            stored.extend(page.secret_list().iter().filter_map(|entry| self.stored(entry)));
            match page.next_token.filter(|token| !token.is_empty()) {
                None => {
                    stored.sort();
                    return Ok(stored);
                }
                same if same == next || stored.len() > MOST_LISTED => break,
                other => next = other,
            }
        }
        Err(SinkError::Endless { place: self.place(), most: MOST_LISTED })
    }

    /// The filters match whatever begins as they do.
    fn stored(&self, entry: &SecretListEntry) -> Option<Stored> {
        let found = unprefixed(&by_key(entry.tags()));
        let is = |key: &str, value: &str| found.get(key).is_some_and(|found| found == value);
        let (address, holder) = (entry.name()?, found.get("holder")?);
        let ours = is(MANAGED_BY, COUNTERSIGN)
            && is("cluster", &self.cluster)
            && entry.deleted_date().is_none()
            && self.names(address)
            && address.len() <= LONGEST_NAME;
        ours.then(|| Stored { address: address.to_owned(), holder: one_line(holder) })
    }

    fn names(&self, address: &str) -> bool {
        HolderKind::ALL.iter().any(|kind| address.starts_with(&self.spec.path.stem(&self.cluster, *kind)))
            || address.starts_with("AmazonMSK_")
            || self.spec.amazon_mq_ca.as_deref() == Some(address)
    }

    /// It can be restored for 30 days, the longest that AWS keeps it.
    pub async fn remove(&self, stored: &Stored) -> Result<(), SinkError> {
        let sent = self.client.delete_secret().secret_id(&stored.address).recovery_window_in_days(30).send().await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) if is_not_found(&error) => Ok(()),
            Err(error) => Err(self.asked("delete", &stored.address).failed(&error)),
        }
    }

    /// `None` where there is no such version, or no secret.
    pub(super) async fn held(&self, address: &str, which: Which<'_>) -> Result<Option<Held>, SinkError> {
        let request = self.client.get_secret_value().secret_id(address);
        let request = match which {
            Which::Current => request.version_stage(CURRENT),
            Which::Id(id) => request.version_id(id),
        };
        match request.send().await {
            Ok(got) => Ok(Some(Held {
                version: got.version_id.unwrap_or_default(),
                text: got.secret_string.map(Zeroizing::new),
                stages: got.version_stages.unwrap_or_default(),
            })),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(self.asked("read", address).failed(&error)),
        }
    }

    /// The value as it is sent; checked before any call is made.
    pub(super) fn value(&self, parcel: &Parcel) -> Result<Secret, SinkError> {
        let value = parcel.document.text();
        let bytes = value.expose().len();
        if bytes > LIMIT {
            return Err(SinkError::TooLarge { place: self.place(), address: parcel.address.clone(), bytes, limit: LIMIT });
        }
        Ok(value)
    }

    pub(super) fn tags(&self, label: &Label) -> Vec<Tag> {
        let tag = |key: String, value: String| Tag::builder().key(key).value(value).build();
        let ours = label.pairs().into_iter().map(|(key, value)| tag(format!("{TAG_PREFIX}{key}"), value));
        ours.chain(self.spec.tags.iter().map(|(key, value)| tag(key.clone(), value.clone()))).collect()
    }

    pub(super) fn asked<'a>(&'a self, action: &'static str, address: &'a str) -> Asked<'a> {
        Asked { place: &self.place, action, address, key: self.spec.kms_key.as_deref(), value: None }
    }
}

/// The client knows the credentials.
impl fmt::Debug for SecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsManager").field("place", &self.place).finish_non_exhaustive()
    }
}

fn writable(address: &str, described: &DescribeSecretOutput) -> Result<(), SinkError> {
    if let Some(date) = described.deleted_date() {
        let until =
            OffsetDateTime::from_unix_timestamp(date.secs()).map_or_else(|_| "a day unknown".to_owned(), |end| end.date().to_string());
        return Err(SinkError::PendingDeletion { address: address.to_owned(), until });
    }
    match described.owning_service() {
        None => Ok(()),
        Some(service) => Err(SinkError::Setting {
            what: format!("{address} is a secret of the AWS service {:?}, which alone may write it", one_line(service)),
            fix: "choose another path".to_owned(),
        }),
    }
}

/// Whether both name one KMS key; `found` is `None` for `aws/secretsmanager`.
///
/// AWS gives back what it was told: an id, an alias, or the ARN of either. ARNs are compared as they are, anything else by what
/// stands behind the account. A key and an alias cannot be compared, for what an alias means is known to KMS alone: they count as
/// different, the secret is encrypted anew, and from then on AWS gives back what the cluster file says.
pub(super) fn is_same_key(wanted: &str, found: Option<&str>) -> bool {
    fn resource(name: &str) -> (bool, &str) {
        let behind = name.starts_with("arn:").then(|| name.splitn(6, ':').nth(5)).flatten();
        (behind.is_some(), behind.unwrap_or(name))
    }
    let found = found.unwrap_or("alias/aws/secretsmanager");
    match (resource(wanted), resource(found)) {
        ((true, _), (true, _)) => wanted == found,
        ((_, wanted), (_, found)) => wanted.trim_start_matches("key/") == found.trim_start_matches("key/"),
    }
}

fn by_key(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))).collect()
}

fn unprefixed(tags: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    tags.iter().filter_map(|(key, value)| Some((key.strip_prefix(TAG_PREFIX)?.to_owned(), value.clone()))).collect()
}
