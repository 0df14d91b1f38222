//! Floor 3: what is wrong with one certificate, revocation list, request or key by itself. One rule for each function.

mod alternative_names;
mod certificate;
mod criticality;
mod der;
mod distinguished_names;
mod distribution;
mod encoding;
mod facts;
mod fields;
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
mod strict;
mod subject_keys;
mod syntax;
mod text;
mod times;
mod transparency;
mod usages;

pub use certificate::certificate;
pub use public_key::public_key;
pub use request::request;
pub use revocation_list::revocation_list;

use crate::finding::Rule;

/// Every rule of this floor, by the file it stands in.
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
mod specimen;
