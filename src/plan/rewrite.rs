//! Why the files of a holder must be laid out again although its key and leaf will do.

use std::collections::BTreeMap;

use super::{Ingredients, Reason, made_from};
use crate::cluster::{Access, ClusterSpec, Holder, HolderId};
use crate::inventory::{Content, Generation, Inventory, ManifestEntry, Part};
use crate::layout::{self, HolderFile};
use crate::pki::Password;
use crate::snippet::Snippets;

/// One reason for each file that is not as it should be; empty when all are.
pub fn reasons(
    spec: &ClusterSpec,
    snippets: &Snippets<'_>,
    inventory: &Inventory,
    sasl_passwords: &BTreeMap<HolderId, Password>,
    holder: &Holder,
    current: &Generation,
) -> Vec<Reason> {
    let (Ok(chain), Some(trust)) = (&current.chain, inventory.anchors(spec.trusted_by(holder))) else {
        return Vec::new();
    };
    let ingredients = Ingredients {
        leaf: &chain[0],
        trust: &trust,
        keystore_password: current.password.as_ref(),
        truststore_password: inventory.trust_password.as_ref(),
        sasl_passwords,
    };
    if current.written.is_empty() {
        let why = "it is not there, or damaged".to_owned();
        return vec![Reason::Unreadable { file: layout::MANIFEST.to_owned(), why }];
    }
    let files = layout::files(spec, holder);
    let mut reasons: Vec<Reason> = files
        .iter()
        .filter_map(|file| {
            file_reason(
                *file,
                layout::mode(file.sensitivity(), &holder.access),
                current,
                &made_from(spec, snippets, holder, *file, ingredients),
            )
        })
        .collect();
    if current.access != holder.access {
        reasons.insert(0, Reason::Owner { found: owner(&current.access), wanted: owner(&holder.access) });
    }
    let wanted = |path: &str| files.iter().any(|file| file.name() == path);
    reasons.extend(current.written.keys().filter(|path| !wanted(path)).map(|path| Reason::Unwanted { file: path.clone() }));
    reasons
}

/// As chown takes it.
fn owner(access: &Access) -> String {
    match (&access.owner, &access.group) {
        (None, None) => "nobody else".to_owned(),
        (owner, group) => {
            let group = group.as_ref().map(|group| format!(":{group}")).unwrap_or_default();
            format!("{}{group}", owner.as_deref().unwrap_or_default())
        }
    }
}

fn file_reason(file: HolderFile, mode: u32, current: &Generation, wanted: &BTreeMap<Part, String>) -> Option<Reason> {
    let name = || file.name().to_owned();
    let (Some(found), Some(written)) = (current.found.get(file.name()), current.written.get(file.name())) else {
        return Some(Reason::MissingFile { file: name() });
    };
    match &found.content {
        Content::Unreadable(why) => return Some(Reason::Unreadable { file: name(), why: why.clone() }),
        Content::PasswordDiffers => return Some(Reason::Password { file: name() }),
        Content::Changed if matches!(file, HolderFile::KeystorePassword | HolderFile::TruststorePassword) => {
            return Some(Reason::Password { file: name() });
        }
        Content::Changed if file == HolderFile::SaslPassword => return Some(Reason::SaslPassword { file: name() }),
        Content::Changed => return Some(Reason::HandEdited { file: name() }),
        Content::AsWritten => {}
    }
    if found.mode != mode {
        return Some(Reason::FileMode { file: name(), found: format!("{:04o}", found.mode), wanted: format!("{mode:04o}") });
    }
    differing_part(written, wanted).map(|part| match part {
        Part::Leaf => Reason::HandEdited { file: name() },
        Part::Anchors => Reason::TrustSet { file: name() },
        Part::Password => Reason::Password { file: name() },
        Part::SaslPassword => Reason::SaslPassword { file: name() },
        Part::Alias => Reason::Alias { file: name() },
        Part::Profile => Reason::Profile { file: name() },
        Part::Settings => Reason::Settings { file: name() },
    })
}

fn differing_part(written: &ManifestEntry, wanted: &BTreeMap<Part, String>) -> Option<Part> {
    wanted.keys().chain(written.made_from.keys()).find(|part| written.made_from.get(part) != wanted.get(part)).copied()
}
