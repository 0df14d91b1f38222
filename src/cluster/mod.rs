//! Floor 1: what the user wants. The cluster file, and the [`ClusterSpec`] made of it.

mod authority;
mod clients;
mod draft;
mod entry;
mod holder;
mod kafka;
mod listeners;
mod node;
mod parse;
mod problem;
mod rabbitmq;
mod range;
mod reader;
mod sasl;
mod spec;

pub use draft::Draft;
pub use holder::*;
pub use parse::parse;
pub use problem::Problem;
pub use sasl::SaslMechanism;
pub use spec::*;
