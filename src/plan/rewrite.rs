//! Why the files of a holder must be laid out again although its key and leaf will do.

use std::collections::BTreeMap;

use super::{Ingredients, Reason, made_from};
use crate::cluster::{Access, ClusterSpec, Holder, HolderId};
use crate::inventory::{Content, Generation, Inventory, ManifestEntry, Part};
use crate::layout::{self, HolderFile, Snippet};
use crate::pki::{Password, TrustBundle, sha256_hex};
use crate::snippet::{Passwords, Snippets};

/// One reason for each file that is not as it should be; empty when all are.
pub fn reasons(
    spec: &ClusterSpec,
    snippets: &Snippets<'_>,
    inventory: &Inventory,
    sasl_passwords: &BTreeMap<HolderId, Password>,
    trust: Option<&TrustBundle>,
    holder: &Holder,
    current: &Generation,
) -> Vec<Reason> {
    let (Ok(chain), Some(trust)) = (&current.chain, trust) else {
        return Vec::new();
    };
    let ingredients = Ingredients {
        leaf: &chain[0],
        trust,
        keystore_password: current.password.as_ref(),
        truststore_password: inventory.trust_password.as_ref(),
        sasl_passwords,
    };
    let files = layout::files(spec, holder);
    let mut reasons: Vec<Reason> = current
        .trespasses
        .iter()
        .map(|trespass| Reason::Trespass { path: trespass.path.display().to_string(), how: trespass.how.to_string() })
        .collect();
    match &current.written {
        Ok(written) if written.access != holder.access => {
            reasons.push(Reason::Owner { found: owner(&written.access), wanted: owner(&holder.access) });
        }
        Ok(_) => {}
        Err(why) => reasons.push(Reason::Unreadable { file: layout::MANIFEST.to_owned(), why: why.clone() }),
    }
    reasons.extend(edited(snippets, inventory, sasl_passwords, holder, current));
    reasons.extend(files.iter().filter_map(|file| {
        let mode = layout::mode(file.sensitivity(), &holder.access);
        file_reason(*file, mode, current, &made_from(spec, snippets, holder, *file, ingredients))
    }));
    let wanted = |path: &str| files.iter().any(|file| file.name() == path);
    let written = current.written.iter().flat_map(|written| &written.files);
    reasons.extend(written.filter(|entry| !wanted(&entry.path)).map(|entry| Reason::Unwanted { file: entry.path.clone() }));
    reasons
}

/// The configuration texts that are not what was written, nor what would be.
pub fn edited(
    snippets: &Snippets<'_>,
    inventory: &Inventory,
    sasl_passwords: &BTreeMap<HolderId, Password>,
    holder: &Holder,
    current: &Generation,
) -> Vec<Reason> {
    let passwords = current.password.as_ref().zip(inventory.trust_password.as_ref());
    let is_edited = |snippet: Snippet| {
        let Some(Content::Text(found)) = current.found.get(snippet.name()).map(|found| &found.content) else { return false };
        let wanted = passwords.and_then(|(keystore, truststore)| {
            snippets.render(holder, snippet, Passwords::Real { keystore, truststore, sasl: sasl_passwords })
        });
        wanted.is_none_or(|wanted| sha256_hex(wanted.as_bytes()) != *found)
    };
    let edited = Snippet::ALL.into_iter().filter(|snippet| is_edited(*snippet));
    edited.map(|snippet| Reason::HandEdited { file: snippet.name().to_owned() }).collect()
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
    let written = current.written.as_ref().map(|written| written.entry(file.name()));
    let (Some(found), Ok(Some(_)) | Err(_)) = (current.found.get(file.name()), &written) else {
        return Some(Reason::MissingFile { file: name() });
    };
    match &found.content {
        Content::Unreadable(why) => return Some(Reason::Unreadable { file: name(), why: why.clone() }),
        Content::PasswordDiffers => return Some(Reason::Password { file: name() }),
        Content::Changed => return Some(Reason::HandEdited { file: name() }),
        // Without a manifest a password is what stands there: the stores are judged by whether it opens them.
        Content::Text(_) if written.is_ok() && matches!(file, HolderFile::KeystorePassword | HolderFile::TruststorePassword) => {
            return Some(Reason::Password { file: name() });
        }
        Content::Text(_) if written.is_ok() && file == HolderFile::SaslPassword => return Some(Reason::SaslPassword { file: name() }),
        Content::Text(_) => {}
        Content::AsWritten => {}
    }
    if found.mode != mode && found.mode & 0o022 == 0 {
        return Some(Reason::FileMode { file: name(), found: format!("{:04o}", found.mode), wanted: format!("{mode:04o}") });
    }
    differing_part(written.ok()??, wanted).map(|part| match part {
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
