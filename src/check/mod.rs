//! Floor 5: findings about certificates, stores, chains, configuration files and the directory. One rule for each function.

mod authority;
mod chain;
mod chain_rules;
mod cluster;
mod contents;
mod drift;
mod encrypted_key;
mod entry;
mod erlang_pem;
mod finding;
mod holder;
mod kafka_blocks;
mod kafka_pem;
mod leaf;
mod order;
mod place;
mod readers;
mod reload;
mod store;
mod strength;
mod validity;
mod view;

pub use cluster::{Cluster, cluster};
pub use contents::{Checked, Options, contents};
pub use entry::passwords;
pub use erlang_pem::{ErlangFile, erlang_pem};
pub use finding::{Finding, Place, Rule, Severity};
pub use kafka_pem::{KafkaStore, kafka_pem, not_for_kafka};
pub use reload::{Allowed, Change, reload};

/// Every rule there is, by the file it stands in.
pub const RULES: &[&[&Rule]] = &[
    authority::RULES,
    chain::RULES,
    chain_rules::RULES,
    cluster::RULES,
    drift::RULES,
    entry::RULES,
    erlang_pem::RULES,
    holder::RULES,
    kafka_pem::RULES,
    leaf::RULES,
    order::RULES,
    readers::RULES,
    reload::RULES,
    store::RULES,
    strength::RULES,
    validity::RULES,
];

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod reload_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod verdict_tests;
