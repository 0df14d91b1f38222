//! Floor 5: findings about certificates, stores, chains, configuration files and the directory. One rule for each function.

mod alternative_names;
mod certificate;
mod criticality;
mod der;
mod distinguished_names;
mod distribution;
mod encoding;
mod facts;
mod fields;
mod finding;
mod findings;
mod general_names;
mod grammar;
mod identifiers;
mod list_parts;
mod name_constraints;
mod name_syntax;
mod oids;
mod policies;
mod post_quantum;
mod public_key;
mod purposes;
mod request;
mod revocation_list;
mod rsa_keys;
mod signature_algorithms;
#[cfg(test)]
mod specimen;
mod strict;
mod subject_keys;
mod syntax;
mod text;
mod times;
mod transparency;
mod usages;

pub use certificate::certificate;
pub use finding::{Finding, Place, Rule, Severity};
pub use public_key::public_key;
pub use request::request;
pub use revocation_list::revocation_list;

/// Every rule there is, by the file it stands in.
pub const RULES: &[&[&Rule]] = &[
    alternative_names::RULES,
    criticality::RULES,
    distinguished_names::RULES,
    distribution::RULES,
    encoding::RULES,
    fields::RULES,
    general_names::RULES,
    identifiers::RULES,
    name_constraints::RULES,
    policies::RULES,
    post_quantum::RULES,
    purposes::RULES,
    request::RULES,
    revocation_list::RULES,
    rsa_keys::RULES,
    signature_algorithms::RULES,
    subject_keys::RULES,
    times::RULES,
    transparency::RULES,
    usages::RULES,
];

#[cfg(test)]
mod tests {
    use super::RULES;

    #[test]
    fn every_code_is_unique_and_in_kebab_case() {
        let mut codes: Vec<_> = RULES.iter().flat_map(|rules| rules.iter()).map(|rule| rule.code).collect();
        for code in &codes {
            assert!(code.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-'), "{code}");
        }
        codes.sort_unstable();
        let all = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
