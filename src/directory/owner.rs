//! Users and groups of this machine.

use std::collections::BTreeMap;
use std::os::unix::fs::chown;
use std::path::Path;

use super::DirectoryError;
use crate::cluster::{Access, ClusterSpec};

/// The numbers behind every `owner` and `group` of a cluster file, looked up before anything is written.
#[derive(Debug, Default)]
pub struct Owners {
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
}

impl Owners {
    pub fn look_up(spec: &ClusterSpec) -> Result<Self, DirectoryError> {
        let mut owners = Self::default();
        for holder in &spec.holders {
            let unknown = |kind, name: &str| DirectoryError::NoSuchOwner { kind, name: name.to_owned(), holder: holder.id.to_string() };
            if let Some(name) = holder.access.owner.as_ref().filter(|name| !owners.users.contains_key(*name)) {
                let user = uzers::get_user_by_name(name).ok_or_else(|| unknown("user", name))?;
                owners.users.insert(name.clone(), user.uid());
            }
            if let Some(name) = holder.access.group.as_ref().filter(|name| !owners.groups.contains_key(*name)) {
                let group = uzers::get_group_by_name(name).ok_or_else(|| unknown("group", name))?;
                owners.groups.insert(name.clone(), group.gid());
            }
        }
        Ok(owners)
    }

    /// Gives `path` to whoever `access` names.
    pub(super) fn give(&self, path: &Path, access: &Access) -> Result<(), DirectoryError> {
        let number = |names: &BTreeMap<String, u32>, name: &Option<String>| name.as_ref().and_then(|name| names.get(name).copied());
        let (user, group) = (number(&self.users, &access.owner), number(&self.groups, &access.group));
        if user.is_none() && group.is_none() {
            return Ok(());
        }
        chown(path, user, group).map_err(|source| DirectoryError::io("change the owner of", path, source))
    }
}
