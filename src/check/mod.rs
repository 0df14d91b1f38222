//! Floor 6: findings about certificates, stores, chains, configuration files and the directory. One rule for each function.

mod authority;
mod chain;
mod chain_rules;
mod cluster;
mod contents;
mod drift;
mod encrypted_key;
mod endpoint;
mod entry;
mod erlang_pem;
mod everything;
mod exposure;
mod form;
mod holder;
mod journal;
mod kafka_blocks;
mod kafka_pem;
mod leaf;
mod order;
mod ownership;
mod readers;
mod reload;
mod store;
mod strength;
mod trust;
mod unreadable;
mod validity;
mod view;

pub use cluster::{cluster, ground};
pub use contents::{Checked, Options, contents};
pub use endpoint::endpoint;
pub use entry::passwords;
pub use erlang_pem::{ErlangFile, erlang_pem};
pub use everything::Cluster;
pub use exposure::exposure;
pub use form::form;
pub use kafka_pem::{KafkaStore, kafka_pem, not_for_kafka};
pub use reload::{Allowed, Change, reload, reload_of_served};
pub use unreadable::{UNREADABLE, nothing_to_judge, unreadable};

use crate::finding::Rule;
use crate::{configuration, lint};

/// Every rule of this floor, by the file it stands in.
const OWN: &[&[&Rule]] = &[
    authority::RULES,
    chain::RULES,
    chain_rules::RULES,
    cluster::RULES,
    drift::RULES,
    endpoint::RULES,
    entry::RULES,
    erlang_pem::RULES,
    exposure::RULES,
    holder::RULES,
    journal::RULES,
    kafka_pem::RULES,
    leaf::RULES,
    order::RULES,
    ownership::RULES,
    readers::RULES,
    reload::RULES,
    store::RULES,
    strength::RULES,
    unreadable::RULES,
    validity::RULES,
];

/// Every rule there is: of this floor and of those below.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [OWN, configuration::RULES, lint::RULES].into_iter().flatten().copied().flatten().copied()
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod reload_tests;
#[cfg(test)]
#[cfg(test)]
mod tests;
#[cfg(test)]
mod verdict_tests;
