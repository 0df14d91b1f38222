//! Floor 5: findings about certificates, stores, chains, configuration files and the directory. One rule for each function.

mod endpoint;
mod finding;

pub use endpoint::endpoint;
pub use finding::{Finding, Place, Rule, Severity};

/// Every rule there is, by the file it stands in.
pub const RULES: &[&[&Rule]] = &[endpoint::RULES];
