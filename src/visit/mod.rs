//! Floor 8: one identity at one endpoint, step by step, as a client would.

mod tls;
mod visitor;

pub use visitor::{Credential, Login, Mechanism, Visitor};
