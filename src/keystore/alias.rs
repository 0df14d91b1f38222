//! Aliases made of names.

use std::collections::BTreeSet;

/// The common name of an RFC 2253 subject, else all of it: lower case, with a dash for all that is neither letter, digit, dot
/// nor dash.
pub fn of_subject(subject: &str) -> String {
    let name = subject.split(',').find_map(|part| part.strip_prefix("CN=")).unwrap_or(subject);
    slug(name)
}

pub fn slug(text: &str) -> String {
    let letters = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c.to_ascii_lowercase() } else { '-' });
    letters.collect::<String>().trim_matches('-').to_owned()
}

/// `wanted`, or `wanted-2` and so on where it is taken; taken from then on.
pub fn unique(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    let mut free = std::iter::once(wanted.to_owned()).chain(numbered).filter(|alias| !taken.contains(alias));
    let alias = free.next().unwrap_or_default();
    taken.insert(alias.clone());
    alias
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_readable() {
        assert_eq!(of_subject("CN=Orders Root 1,O=Acme\\, Inc."), "orders-root-1");
        assert_eq!(of_subject("O=Acme,C=DE"), "o-acme-c-de");
    }

    /// A name that looks like another's second is not taken for it.
    #[test]
    fn no_two_are_the_same() {
        let mut taken = BTreeSet::new();
        let given: Vec<String> = ["root-2", "root", "root"].iter().map(|name| unique(name, &mut taken)).collect();
        assert_eq!(given, ["root-2", "root", "root-3"]);
    }
}
