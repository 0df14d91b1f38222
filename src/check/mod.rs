//! Floor 5: findings about certificates, stores, chains, configuration files and the directory. One rule for each function.

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
mod finding;

pub use config::{FileState, config};
pub use finding::{Finding, Place, Rule, Severity};

/// Every rule there is, by the file it stands in.
pub const RULES: &[&[&Rule]] = &[
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
];

#[cfg(test)]
mod config_file_tests;
#[cfg(test)]
mod config_kafka_tests;
#[cfg(test)]
mod config_rabbitmq_tests;
#[cfg(test)]
mod config_tests;
