//! Floor 1: what the user wants. The cluster file, and the [`ClusterSpec`] made of it.

mod authority;
mod aws;
mod clients;
mod draft;
mod entry;
mod holder;
mod kafka;
mod keep;
mod kubernetes;
mod listeners;
mod meeting;
mod name_template;
mod node;
mod parse;
mod problem;
mod push;
mod rabbitmq;
mod range;
mod reader;
mod sasl;
mod sink;
mod sink_fields;
mod spec;
mod vault;

pub use draft::Draft;
pub use holder::*;
pub use name_template::{NameTemplate, NameTemplateError};
pub use parse::parse;
pub use problem::Problem;
pub use sasl::SaslMechanism;
pub use sink::*;
pub use sink_fields::is_loopback;
pub use spec::*;
