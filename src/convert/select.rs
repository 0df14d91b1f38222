//! Which entries, and what they are called.

use std::str::FromStr;

use super::ConvertError;
use crate::keystore::Item;

/// Which entries are converted, and their new names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// All when empty.
    pub aliases: Vec<String>,
    pub renames: Vec<Rename>,
}

/// `OLD=NEW`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    pub from: String,
    pub to: String,
}

impl FromStr for Rename {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((from, to)) if !to.is_empty() => Ok(Self { from: from.to_owned(), to: to.to_owned() }),
            _ => Err("a new name is given as OLD=NEW; =NEW names an entry that has none"),
        }
    }
}

impl Selection {
    /// The entries that are meant, under their new names.
    pub(super) fn of(&self, items: &[Item]) -> Result<Vec<Item>, ConvertError> {
        let alias = |item: &Item| item.alias.clone().unwrap_or_default();
        for wanted in self.aliases.iter().chain(self.renames.iter().map(|rename| &rename.from)) {
            if !items.iter().any(|item| same(&alias(item), wanted)) {
                let nearest =
                    items.iter().map(alias).filter(|alias| !alias.is_empty()).min_by_key(|alias| strsim::levenshtein(alias, wanted));
                return Err(ConvertError::NoSuchAlias { alias: wanted.clone(), nearest });
            }
        }
        let chosen = items.iter().filter(|item| self.aliases.is_empty() || self.aliases.iter().any(|wanted| same(&alias(item), wanted)));
        let renamed = chosen.map(|item| {
            let rename = self.renames.iter().find(|rename| same(&alias(item), &rename.from));
            Item { alias: rename.map(|rename| rename.to.clone()).or_else(|| item.alias.clone()), ..item.clone() }
        });
        Ok(renamed.collect())
    }
}

/// As Java compares aliases.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
