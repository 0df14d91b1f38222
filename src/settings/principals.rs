//! Who is who: `super.users` and `ssl.principal.mapping.rules`.

use super::Text;

/// The entries of `super.users`, which `;` separates because distinguished names have commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuperUsers(pub Vec<Text>);

impl SuperUsers {
    pub fn of(value: &Text) -> Self {
        Self(value.items(';').collect())
    }

    pub fn contains(&self, principal: &str) -> bool {
        self.0.iter().any(|user| user.meant().strip_prefix("User:") == Some(principal))
    }
}

/// `ssl.principal.mapping.rules`: `DEFAULT`, or `RULE:pattern/replacement/` with `L` or `U` after it (KIP-371).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingRules {
    /// How many rules stand before `DEFAULT`, or in all.
    pub patterns: usize,
    pub has_default: bool,
}

impl MappingRules {
    /// `Err` is the rest that is no rule.
    pub fn of(value: &Text) -> Result<Self, Text> {
        Self::parse(value.meant()).map_err(|rest| value.part(rest))
    }

    fn parse(value: &str) -> Result<Self, &str> {
        let mut rules = Self { patterns: 0, has_default: false };
        let mut rest = value.trim();
        while !rest.is_empty() {
            let after = match rest.strip_prefix("RULE:") {
                Some(rule) => {
                    rules.patterns += 1;
                    end_of_rule(rule).ok_or(rest)?
                }
                None => {
                    rules.has_default = true;
                    rest.strip_prefix("DEFAULT").ok_or(rest)?
                }
            };
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if after.is_empty() => after,
                None => return Err(after),
            };
        }
        Ok(rules)
    }
}

/// What follows `pattern/replacement/[LU]`. A slash in either is escaped by a backslash.
fn end_of_rule(text: &str) -> Option<&str> {
    let slash = |text: &str| {
        let mut escaping = false;
        text.find(|c: char| {
            let ends = c == '/' && !escaping;
            escaping = c == '\\' && !escaping;
            ends
        })
    };
    let replacement = &text[slash(text).filter(|at| *at > 0)? + 1..];
    let after = &replacement[slash(replacement)? + 1..];
    Some(after.strip_prefix(['L', 'U']).unwrap_or(after))
}
