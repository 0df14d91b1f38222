//! Floor 5: what a sink is sent. One [`Parcel`] for each secret: where it goes, its value, and what everyone may read of it.

mod document;
mod label;
mod timing;

use std::collections::BTreeMap;
use std::fmt;

pub use document::Document;
pub use label::{COUNTERSIGN, Label, MANAGED_BY, Ownership};
use time::OffsetDateTime;
pub use timing::{Warning, warning};

use crate::cluster::{AuthorityName, AwsSpec, ClusterSpec, Holder, HolderId, SinkKind, SinkSpec, msk_secret};
use crate::inventory::{Content, Generation, HolderFiles, Inventory};
use crate::layout::HolderFile;
use crate::pki::{Certificate, Secret, TrustBundle};

/// One secret, on its way to a sink.
#[derive(Debug, Clone)]
pub struct Parcel {
    pub owner: Owner,
    /// What the sink calls it: the path below Vault's mount, the name in Secrets Manager, the name of a Kubernetes Secret.
    pub address: String,
    pub document: Document,
    pub label: Label,
}

/// Whom a secret is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    Holder(HolderId),
    /// What a SASL client logs in to Amazon MSK with.
    User(HolderId),
    /// What brokers must trust.
    Trust,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holder(id) => write!(f, "{id}"),
            // Tags take no brackets.
            Self::User(id) => write!(f, "{id} as user"),
            Self::Trust => f.write_str("trust"),
        }
    }
}

/// Why nothing can be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParcelError {
    #[error("{0} has no files yet; run `countersign apply` first")]
    Missing(Owner),
    #[error("{owner} is left alone: {why}")]
    Fault { owner: Owner, why: String },
    #[error("{file} of {owner} is not as it was written ({why}); run `countersign apply` first")]
    Damaged { owner: Owner, file: String, why: String },
    #[error("the certificate of {owner} has ended on {}; run `countersign apply` first", ended.date())]
    Ended { owner: Owner, ended: OffsetDateTime },
}

impl ParcelError {
    pub fn owner(&self) -> &Owner {
        match self {
            Self::Missing(owner) | Self::Fault { owner, .. } | Self::Damaged { owner, .. } | Self::Ended { owner, .. } => owner,
        }
    }
}

/// Everything that `sink` is to hold, in the order of the cluster file. `files` are those of the holders' generations in use.
pub fn parcels(
    spec: &ClusterSpec,
    sink: &SinkSpec,
    inventory: &Inventory,
    files: &BTreeMap<HolderId, HolderFiles>,
    now: OffsetDateTime,
) -> Vec<Result<Parcel, ParcelError>> {
    let holders = sink.holders.iter().filter_map(|id| spec.holder(id));
    let mut parcels: Vec<_> = holders.map(|holder| holder_parcel(spec, sink, holder, inventory, files, now)).collect();
    parcels.extend(spec.msk_users(sink).map(|holder| user_parcel(spec, holder, inventory, now)));
    if let SinkKind::Aws(AwsSpec { amazon_mq_ca: Some(name), .. }) = &sink.kind {
        parcels.extend(trust_parcel(spec, name, inventory));
    }
    parcels
}

fn holder_parcel(
    spec: &ClusterSpec,
    sink: &SinkSpec,
    holder: &Holder,
    inventory: &Inventory,
    files: &BTreeMap<HolderId, HolderFiles>,
    now: OffsetDateTime,
) -> Result<Parcel, ParcelError> {
    let owner = Owner::Holder(holder.id.clone());
    let (generation, leaf) = current(&owner, &holder.id, inventory)?;
    timing::not_ended(&owner, leaf, now)?;
    let files = files.get(&holder.id).filter(|files| files.generation == generation.number);
    let files = files.ok_or_else(|| ParcelError::Missing(owner.clone()))?;
    let wanted = files.files.iter().filter(|(file, _)| file.groups().iter().any(|group| sink.files.contains(group)));
    let document: BTreeMap<HolderFile, Secret> = wanted
        .map(|(file, bytes)| {
            let damaged = |why: String| ParcelError::Damaged { owner: owner.clone(), file: file.name().to_owned(), why };
            match generation.found.get(file.name()).map(|found| &found.content) {
                Some(Content::AsWritten) => Ok((*file, value(*file, bytes.clone().map_err(damaged)?))),
                Some(Content::Changed | Content::Text(_)) => Err(damaged("it was changed since".to_owned())),
                Some(Content::Unreadable(why)) => Err(damaged(why.clone())),
                Some(Content::PasswordDiffers) => Err(damaged("its password does not open it".to_owned())),
                None => Err(damaged("it is not there".to_owned())),
            }
        })
        .collect::<Result<_, ParcelError>>()?;
    let label = Label::of_leaf(&spec.name, &owner, generation.number, leaf);
    Ok(Parcel { address: sink.address(&spec.name, &holder.id), document: Document::Files(document), label, owner })
}

/// As a secret holds it: programs take it as it stands, and a line's end behind a password would be part of the password.
fn value(file: HolderFile, bytes: Secret) -> Secret {
    let text = bytes.expose();
    let end = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    if file.is_value() { Secret::new(text[..end].to_vec()) } else { bytes }
}

fn user_parcel(spec: &ClusterSpec, holder: &Holder, inventory: &Inventory, now: OffsetDateTime) -> Result<Parcel, ParcelError> {
    let owner = Owner::User(holder.id.clone());
    let (generation, leaf) = current(&owner, &holder.id, inventory)?;
    timing::not_ended(&owner, leaf, now)?;
    let password = generation.sasl_password.clone().ok_or_else(|| ParcelError::Missing(owner.clone()))?;
    let label = Label::of_leaf(&spec.name, &owner, generation.number, leaf);
    let document = Document::Credentials { user: holder.sasl_user().to_owned(), password };
    Ok(Parcel { address: msk_secret(&spec.name, &holder.id), document, label, owner })
}

fn current<'i>(owner: &Owner, id: &HolderId, inventory: &'i Inventory) -> Result<(&'i Generation, &'i Certificate), ParcelError> {
    let missing = || ParcelError::Missing(owner.clone());
    if let Some(why) = inventory.fault(id) {
        return Err(ParcelError::Fault { owner: owner.clone(), why: why.to_owned() });
    }
    let generation = inventory.holders.get(id).and_then(|state| state.current.as_ref()).ok_or_else(missing)?;
    let damaged = |file: String, why: String| ParcelError::Damaged { owner: owner.clone(), file, why };
    if let Some(trespass) = generation.trespasses.first() {
        return Err(damaged(trespass.path.display().to_string(), format!("it {}", trespass.how)));
    }
    match &generation.chain {
        Ok(chain) => Ok((generation, chain.first().ok_or_else(missing)?)),
        Err(unreadable) => Err(damaged(unreadable.file.clone(), unreadable.why.clone())),
    }
}

/// What RabbitMQ's nodes trust, for those that Amazon runs.
fn trust_parcel(spec: &ClusterSpec, name: &str, inventory: &Inventory) -> Option<Result<Parcel, ParcelError>> {
    let (node, _) = spec.rabbitmq_nodes().next()?;
    Some(trust(spec, spec.trusted_by(node), inventory).map(|(trust, label)| Parcel {
        owner: Owner::Trust,
        address: name.to_owned(),
        document: Document::Anchors(trust.to_pem()),
        label,
    }))
}

/// The roots of the authorities that `names` are, and what is told of them.
pub fn trust(spec: &ClusterSpec, names: &[AuthorityName], inventory: &Inventory) -> Result<(TrustBundle, Label), ParcelError> {
    let trust = inventory.anchors(names).ok_or(ParcelError::Missing(Owner::Trust))?;
    let newest = names.iter().filter_map(|name| inventory.authorities.get(name)?.last()).map(|generation| generation.number).max();
    let label = Label::of_trust(&spec.name, newest.unwrap_or_default(), trust.anchors());
    Ok((trust, label))
}
