//! Who owns a place, who may write there, and whether that makes what lies in it somebody else's.

use std::fmt;
use std::path::PathBuf;

/// A place at which others may exchange what decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trespass {
    /// Relative to the root of the directory; empty for the root itself, `..` for what it lies in.
    pub path: PathBuf,
    pub how: Intrusion,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intrusion {
    /// It belongs to neither root nor whoever runs countersign, nor to whom the cluster file gives it.
    Owner { user: u32, name: Option<String> },
    /// Its group, or everyone, may write to it. The permission bits.
    Writable { mode: u32 },
    /// What lies in it may be renamed by everyone. The permission bits.
    Replaceable { mode: u32 },
}

impl Intrusion {
    /// What stands in `mode` of a directory or file of `owner`, of which only `allowed` may be the owner.
    pub fn of(owner: u32, mode: u32, allowed: &[u32], name: impl FnOnce(u32) -> Option<String>) -> Option<Self> {
        if !allowed.contains(&owner) {
            return Some(Self::Owner { user: owner, name: name(owner) });
        }
        (mode & 0o022 != 0).then_some(Self::Writable { mode: mode & 0o7777 })
    }
}

/// `belongs to nobody (uid 65534)`, to go on with after the path.
impl fmt::Display for Intrusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner { user, name: Some(name) } => write!(f, "belongs to {name} (uid {user})"),
            Self::Owner { user, name: None } => write!(f, "belongs to uid {user}"),
            Self::Writable { mode } if mode & 0o002 != 0 => write!(f, "may be written by everyone (mode {mode:04o})"),
            Self::Writable { mode } => write!(f, "may be written by its group (mode {mode:04o})"),
            Self::Replaceable { mode } => write!(f, "lets everyone rename what lies in it (mode {mode:04o})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_place_is_ours_exactly_when_an_allowed_owner_alone_may_write(owner in 0u32..3, mode in 0u32..0o10000) {
            let found = Intrusion::of(owner, mode, &[0, 2], |_| None);
            prop_assert_eq!(found.is_none(), owner != 1 && mode & 0o022 == 0);
        }
    }
}
