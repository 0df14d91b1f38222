//! Floor 5: findings about certificates, stores, chains, configuration files and the directory. One rule for each function.

mod alternative_names;
mod authority;
mod certificate;
mod chain;
mod chain_rules;
mod cluster;
mod config;
mod config_authorization;
mod config_certificates;
mod config_client;
mod config_client_auth;
mod config_contradictions;
mod config_files;
mod config_keys;
mod config_listeners;
mod config_pairs;
mod config_quorum;
mod config_rabbitmq;
mod config_rabbitmq_login;
mod config_slips;
mod config_stores;
mod config_values;
mod contents;
mod criticality;
mod der;
mod distinguished_names;
mod distribution;
mod drift;
mod encoding;
mod encrypted_key;
mod endpoint;
mod entry;
mod erlang_pem;
mod facts;
mod fields;
mod finding;
mod findings;
mod form;
mod general_names;
mod grammar;
mod holder;
mod identifiers;
mod kafka_blocks;
mod kafka_pem;
mod leaf;
mod list_parts;
mod name_constraints;
mod name_syntax;
mod oids;
mod order;
mod place;
mod policies;
mod post_quantum;
mod public_key;
mod purposes;
mod readers;
mod reload;
mod request;
mod revocation_list;
mod rsa_keys;
mod signature_algorithms;
mod store;
mod strength;
mod strict;
mod subject_keys;
mod syntax;
mod text;
mod times;
mod transparency;
mod unreadable;
mod usages;
mod validity;
mod view;

pub use certificate::certificate;
pub use cluster::{Cluster, cluster};
pub use config::{FileState, config};
pub use contents::{Checked, Options, contents};
pub use endpoint::endpoint;
pub use entry::passwords;
pub use erlang_pem::{ErlangFile, erlang_pem};
pub use finding::{Finding, Place, Rule, Severity};
pub use form::form;
pub use kafka_pem::{KafkaStore, kafka_pem, not_for_kafka};
pub use public_key::public_key;
pub use reload::{Allowed, Change, reload};
pub use request::request;
pub use revocation_list::revocation_list;
pub use unreadable::{UNREADABLE, nothing_to_judge, unreadable};

/// Every rule there is, by the file it stands in.
pub const RULES: &[&[&Rule]] = &[
    alternative_names::RULES,
    authority::RULES,
    chain::RULES,
    chain_rules::RULES,
    cluster::RULES,
    config_authorization::RULES,
    config_certificates::RULES,
    config_client::RULES,
    config_client_auth::RULES,
    config_contradictions::RULES,
    config_files::RULES,
    config_keys::RULES,
    config_listeners::RULES,
    config_pairs::RULES,
    config_quorum::RULES,
    config_rabbitmq::RULES,
    config_rabbitmq_login::RULES,
    config_slips::RULES,
    config_stores::RULES,
    config_values::RULES,
    criticality::RULES,
    distinguished_names::RULES,
    distribution::RULES,
    drift::RULES,
    encoding::RULES,
    endpoint::RULES,
    entry::RULES,
    erlang_pem::RULES,
    fields::RULES,
    general_names::RULES,
    holder::RULES,
    identifiers::RULES,
    kafka_pem::RULES,
    leaf::RULES,
    name_constraints::RULES,
    order::RULES,
    policies::RULES,
    post_quantum::RULES,
    readers::RULES,
    reload::RULES,
    purposes::RULES,
    request::RULES,
    revocation_list::RULES,
    rsa_keys::RULES,
    signature_algorithms::RULES,
    store::RULES,
    strength::RULES,
    subject_keys::RULES,
    times::RULES,
    transparency::RULES,
    unreadable::RULES,
    usages::RULES,
    validity::RULES,
];

#[cfg(test)]
mod config_file_tests;
#[cfg(test)]
mod config_kafka_tests;
#[cfg(test)]
mod config_rabbitmq_tests;
#[cfg(test)]
mod config_tests;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod reload_tests;
#[cfg(test)]
mod specimen;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod verdict_tests;
