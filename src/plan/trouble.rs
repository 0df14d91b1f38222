//! What is wrong and no run of `apply` can mend.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::{Descent, succession};
use crate::cluster::{AuthorityName, AuthorityOrigin, AuthoritySpec, ClusterSpec, Holder, HolderId};
use crate::inventory::{Inventory, KeyFile};
use crate::layout;
use crate::pki::{Certificate, Password};

/// A state that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Trouble {
    /// Something lies in a holder's place that is not countersign's: the holder is left alone, whatever is due.
    #[serde(rename = "holder-fault")]
    Holder { holder: String, why: String },
    /// What a run that was cut short left behind cannot be removed.
    Leftover { why: String },
    /// The key of an authority is not what it should be: it can sign nothing that is due later.
    AuthorityKey { file: String, why: String },
    /// A new issuing authority is due, and the key of its root cannot be had.
    RootKey {
        file: String,
        why: String,
        subject: String,
        /// Of the issuing authority that it is to follow.
        #[serde(with = "time::serde::rfc3339")]
        not_after: OffsetDateTime,
    },
    /// An authority signs nothing any more, and nobody takes what it signed.
    AuthorityEnded {
        authority: &'static str,
        subject: String,
        #[serde(with = "time::serde::rfc3339")]
        not_after: OffsetDateTime,
    },
    /// An authority ends within the time in which leafs are renewed: nothing that it signs lives longer.
    AuthorityEnds {
        authority: &'static str,
        subject: String,
        #[serde(with = "time::serde::rfc3339")]
        not_after: OffsetDateTime,
    },
    /// Made while a clock ran ahead, or seen by one that runs behind.
    AuthorityNotYetValid {
        authority: &'static str,
        subject: String,
        #[serde(with = "time::serde::rfc3339")]
        not_before: OffsetDateTime,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holder { holder, why } => write!(f, "{holder}: {why}"),
            Self::Leftover { why } => f.write_str(why),
            Self::AuthorityKey { file, why } => {
                write!(f, "{file} {why}: nothing that is due later can be signed with it; restore it from a backup")
            }
            Self::RootKey { file, why, subject, not_after } => write!(
                f,
                "{file} {why}, and what is to follow {subject}, which ends {}, must be signed with it: put it there for one run of `countersign apply`, which keeps a copy beside the new one",
                not_after.date()
            ),
            Self::AuthorityEnded { authority, subject, not_after } => write!(
                f,
                "expired: {subject} ({authority}) ended {}; it can sign nothing, and nobody takes what it signed. Put another in its place: `countersign apply --new-authority`, after an authority that was brought along was exchanged in the cluster file",
                not_after.date()
            ),
            Self::AuthorityEnds { authority, subject, not_after } => write!(
                f,
                "{subject} ({authority}) ends {}, and with it everything that it signed. Put another in its place: `countersign apply --new-authority`, after an authority that was brought along was exchanged in the cluster file",
                not_after.date()
            ),
            Self::AuthorityNotYetValid { authority, subject, not_before } => write!(
                f,
                "not yet valid: {subject} ({authority}) begins {}; set this machine's clock right, or put a new authority in its place",
                not_before.date()
            ),
        }
    }
}

/// What is wrong with the certificates of `name` that everyone below it depends on, the one that signs first.
pub fn of_authority(spec: &ClusterSpec, name: AuthorityName, inventory: &Inventory, now: OffsetDateTime) -> Option<Trouble> {
    let certificates = inventory.signing_generation(name, &spec.leaf, now)?.state.as_ref().ok()?;
    [certificates.signing(), &certificates.root].into_iter().find_map(|certificate| of_certificate(name, certificate, now))
}

/// The key of the root, where the next issuing authority is to be made and it cannot be had.
pub fn of_root_key(spec: &ClusterSpec, authority: &AuthoritySpec, inventory: &Inventory, now: OffsetDateTime) -> Option<Trouble> {
    let AuthorityOrigin::Own(own) = &authority.origin else { return None };
    let ends = succession::due(authority.name, own, spec, inventory, now).into_iter().find_map(|due| match due {
        Descent::Issuing { ends } => Some(ends),
        Descent::Founded | Descent::Successor { .. } | Descent::Asked { .. } => None,
    })?;
    inventory.signing_line(authority.name, &spec.leaf, now).filter(|line| line.with_root_key().is_none())?;
    let signing = inventory.signing_generation(authority.name, &spec.leaf, now)?;
    let certificates = signing.state.as_ref().ok()?;
    let why = match &certificates.root_key {
        KeyFile::Broken(why) => why.clone(),
        KeyFile::Absent | KeyFile::Plain | KeyFile::Encrypted => "is not there".to_owned(),
    };
    let file = layout::authority_path(authority.name, signing.number).join(layout::ROOT_KEY).display().to_string();
    Some(Trouble::RootKey { file, why, subject: certificates.signing().subject.clone(), not_after: ends })
}

/// An authority that signs yet, and ends sooner than the next renewal of what it signs.
pub fn of_its_end(spec: &ClusterSpec, name: AuthorityName, inventory: &Inventory, now: OffsetDateTime) -> Option<Trouble> {
    let certificates = inventory.signing_generation(name, &spec.leaf, now)?.state.as_ref().ok()?;
    let certificate = [certificates.signing(), &certificates.root].into_iter().min_by_key(|one| one.validity.not_after)?;
    let not_after = certificate.validity.not_after;
    let ends = now <= not_after && now >= spec.leaf.latest_renewal(not_after);
    ends.then(|| Trouble::AuthorityEnds { authority: name.path(), subject: certificate.subject.clone(), not_after })
}

/// A holder's own fault, or that of a client whose password its files must hold and nobody can read.
pub fn of_holders<'s>(
    spec: &'s ClusterSpec,
    inventory: &Inventory,
    sasl_passwords: &BTreeMap<HolderId, Password>,
) -> BTreeMap<&'s HolderId, String> {
    let closed = |user: &&Holder| inventory.fault(&user.id).is_some() && !sasl_passwords.contains_key(&user.id);
    let why = |holder: &Holder| match inventory.fault(&holder.id) {
        Some(why) => Some(why.to_owned()),
        None => spec
            .sasl_passwords_of(holder)
            .into_iter()
            .find(closed)
            .map(|user| format!("its files hold the password of {}, and that cannot be read: mend {} first", user.id, user.id)),
    };
    spec.holders.iter().filter_map(|holder| Some((&holder.id, why(holder)?))).collect()
}

/// What the journal says of the clock by which this is planned.
pub fn of_clock(inventory: &Inventory, now: OffsetDateTime) -> Option<String> {
    /// Between the clocks of machines that take turns.
    const APART: Duration = Duration::minutes(5);
    /// Longer than nearly everyone lets pass between two renewals.
    const LONG: Duration = Duration::days(400);
    let last = inventory.journal.last()?;
    if now < last.saturating_sub(APART) {
        let issued = "what is issued by a clock that is wrong ends too early, and what another one issued is not valid yet";
        Some(format!(
            "this machine's clock says {}, and the last line of the journal is of {}: {issued}; set it right",
            now.date(),
            last.date()
        ))
    } else if now > last.saturating_add(LONG) {
        let issued = "what is issued by a clock that runs ahead is not valid yet for anybody else";
        Some(format!(
            "the last line of the journal is of {}, and this machine's clock says {}: see that it is right; {issued}",
            last.date(),
            now.date()
        ))
    } else {
        None
    }
}

fn of_certificate(authority: AuthorityName, certificate: &Certificate, now: OffsetDateTime) -> Option<Trouble> {
    let (authority, subject, validity) = (authority.path(), certificate.subject.clone(), certificate.validity);
    if now > validity.not_after {
        Some(Trouble::AuthorityEnded { authority, subject, not_after: validity.not_after })
    } else if now < validity.not_before {
        Some(Trouble::AuthorityNotYetValid { authority, subject, not_before: validity.not_before })
    } else {
        None
    }
}
